"""The answer to a Question, read through one connection in the caller's snapshot.

Without filters totals and series come from the tables of totals, breakdowns from the rollups and the short tail that
is not folded yet. With filters, and for properties, everything comes from raw rows: the matching events are found
once, in temporary tables, and every number of the question is read from these. Both ways give the same numbers.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from typing import Final

from counter.errors import UnknownSite
from counter.localtime import day_date, day_number
from counter.query import (
    CLIENT_DIMENSIONS,
    ORIGIN_DIMENSIONS,
    PLACE_DIMENSIONS,
    UNKNOWN,
    Breakdown,
    Bucket,
    By,
    Dimension,
    Order,
    Question,
    Report,
    Row,
    Sums,
)
from counter.store.series import make_series, refuse_many_hours
from counter.store.sqlite.fold import SUMS, bounds, sum_up
from counter.store.sqlite.fold import make_scratch as make_fold_scratch
from counter.store.sqlite.found import Asked, asked_of, asked_of_found, find, make_scratch
from counter.store.sqlite.readers import query
from counter.store.sqlite.wanted import dictionary_of

RAW_ONLY: Final = frozenset({Dimension.PROPERTY, Dimension.PROPERTY_KEY})
_SUMMED: Final = ", ".join(f"sum({name})" for name in SUMS.split(", "))
_TEXT: Final = (
    "case typeof(value) when 'integer' then (select v.text from value v where v.id = row.value) else value end"
)
_POINTS: Final = {Bucket.HOUR: ("total_hour", "hour")}  # else days
_VISIT_COLUMNS: Final = {  # value of a dimension, and what it is joined from
    **{one: (f"d.{one.name.lower()}", "join client d on d.id = v.client_id") for one in CLIENT_DIMENSIONS},
    **{one: (f"d.{one.name.lower()}", "join place d on d.id = v.place_id") for one in PLACE_DIMENSIONS},
    **{one: (f"d.{one.name.lower()}", "join origin d on d.id = v.origin_id") for one in ORIGIN_DIMENSIONS},
    Dimension.ENTRY_PAGE: ("v.entry_page", ""),
}
_TOUCHES: Final = {
    Dimension.EVENT: "report_touch_event",
    Dimension.GOAL: "report_touch_goal",
    Dimension.PROPERTY: "report_touch_property",
    Dimension.PROPERTY_KEY: "report_touch_property_key",
}


def answer(connection: sqlite3.Connection, questions: Sequence[Question], *, raw: bool = False) -> list[Report]:
    """One report a question; `raw` reads even unfiltered ones from raw rows, to compare. UnknownSite, BadInput."""
    for question in questions:
        refuse_many_hours(question)
    if not raw and any(_needs_rollups(question) for question in questions):
        _make_delta(connection)
    return [
        _from_raw_rows(connection, question) if raw or question.filters else _from_rollups(connection, question)
        for question in questions
    ]


def _needs_rollups(question: Question) -> bool:
    return not question.filters and any(by.dimension not in RAW_ONLY for by in question.breakdowns)


def _make_delta(connection: sqlite3.Connection) -> None:
    """What the tail adds to the rollups, once for all questions of the snapshot."""
    after, upto = bounds(connection)
    if upto > after:
        sum_up(connection, after, upto)
    else:
        make_fold_scratch(connection)


def _zone(connection: sqlite3.Connection, site_key: int) -> str:
    row = connection.execute("select timezone from site where key = ?", (site_key,)).fetchone()
    if row is None:
        raise UnknownSite(f"there is no site with the key {site_key}")
    return str(row[0])


# From rollups ------------------------------------------------------------------------------------------------------


def _from_rollups(connection: sqlite3.Connection, question: Question) -> Report:
    zone = _zone(connection, question.site_key)
    make_scratch(connection)
    asked = asked_of(question)
    where = "where site_key = :site and day >= :start and day < :end"
    totals = connection.execute(f"select {_SUMMED} from total_day {where}", asked).fetchone()  # noqa: S608
    found: dict[int, Sums] = {}
    if question.bucket is not None:
        table, point = _POINTS.get(question.bucket, ("total_day", "day"))
        # Grouped: where a site has moved to another zone, one hour can have rows in two days.
        rows = connection.execute(f"select {point}, {_SUMMED} from {table} {where} group by 1", asked)  # noqa: S608
        found = {start: Sums(*numbers) for start, *numbers in rows}
    raw = any(by.dimension in RAW_ONLY for by in question.breakdowns)
    if raw:
        find(connection, question, only_with_props=True)
    return Report(
        question,
        _sums(totals),
        make_series(question, found, zone),
        tuple(_break_down(connection, question, by, raw=by.dimension in RAW_ONLY) for by in question.breakdowns),
        _incomplete_days(connection, asked) if raw else (),
    )


def _add_up_rollup(connection: sqlite3.Connection, question: Question, by: By) -> None:
    asked = {**asked_of(question), "dimension": int(by.dimension), **_months(question.start, question.end)}
    connection.execute(query("report_by_rollup"), asked)


def _months(start: int, end: int) -> dict[str, int]:
    """The whole months inside [start, end) as numbers, and the days where the edges end and begin again."""
    first, last = day_date(start), day_date(end)
    if first.day > 1:
        first = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    last = last.replace(day=1)
    if first >= last:
        return {"first_month": 0, "last_month": 0, "first_edge": end, "last_edge": end}
    return {
        "first_month": first.year * 12 + first.month - 1,
        "last_month": last.year * 12 + last.month - 1,
        "first_edge": day_number(first),
        "last_edge": day_number(last),
    }


# From raw rows -----------------------------------------------------------------------------------------------------


def _from_raw_rows(connection: sqlite3.Connection, question: Question) -> Report:
    zone = _zone(connection, question.site_key)
    find(connection, question)
    asked = asked_of_found(connection, question)
    found: dict[int, Sums] = {}
    if question.bucket is not None:
        point = _POINTS.get(question.bucket, ("total_day", "day"))[1]
        rows = connection.execute(query("report_points").replace("{point}", point), asked)
        found = {start: Sums(*numbers) for start, *numbers in rows}
    return Report(
        question,
        _sums(connection.execute(query("report_totals"), asked).fetchone()),
        make_series(question, found, zone),
        tuple(_break_down(connection, question, by, raw=True) for by in question.breakdowns),
        _incomplete_days(connection, asked),
    )


def _add_up_found(connection: sqlite3.Connection, question: Question, by: By) -> None:
    """The parts of the breakdown to `temp.answer`."""
    asked = {**asked_of_found(connection, question), "key": by.key}
    dimension = by.dimension
    if dimension in _VISIT_COLUMNS:
        value, join = _VISIT_COLUMNS[dimension]
        statement = query("report_by_visit").replace("{value}", value).replace("{join}", join)
    elif dimension in _TOUCHES:
        connection.execute("delete from temp.touch")
        connection.execute(query(_TOUCHES[dimension]), asked)
        statement = query("report_by_touch")
    elif dimension == Dimension.PAGE:
        connection.execute("delete from temp.page_sum")
        connection.execute(query("report_pages"), asked)
        statement = query("report_by_page")
    else:
        statement = query("report_by_exit")
    connection.execute(statement, asked)


def _incomplete_days(connection: sqlite3.Connection, asked: Asked) -> tuple[int, ...]:
    sql = "select day from closed_day where site_key = :site and day >= :start and day < :end order by day"
    return tuple(day for (day,) in connection.execute(sql, asked))


# Rows --------------------------------------------------------------------------------------------------------------


def _break_down(connection: sqlite3.Connection, question: Question, by: By, *, raw: bool) -> Breakdown:
    connection.execute("delete from temp.answer")
    (_add_up_found if raw else _add_up_rollup)(connection, question, by)
    unknown = connection.execute(
        "select id from value where site_key = ? and dimension = ? and text = ?",
        (question.site_key, int(dictionary_of(by.dimension)), UNKNOWN),
    ).fetchone()
    asked = {"search": by.search, "limit": by.limit, "offset": by.offset, "unknown": unknown and unknown[0]}
    statement = query("report_top").replace("{order}", Order(by.order).value).replace("{text}", _TEXT)
    rows = connection.execute(statement, asked).fetchall()
    total = rows[0][-1] if rows else _count_rows(connection, statement, asked)
    return Breakdown(by, tuple(Row(text, Sums(*numbers)) for text, *numbers, _ in rows), total)


def _count_rows(connection: sqlite3.Connection, statement: str, asked: Asked) -> int:
    """How many rows there are when the page asked for lies behind them."""
    row = connection.execute(statement, {**asked, "limit": 1, "offset": 0}).fetchone()
    return int(row[-1]) if row else 0


def _sums(row: tuple[int | None, ...]) -> Sums:
    return Sums(*(number or 0 for number in row))
