"""The answer to a Question, read through one connection in the caller's snapshot.

Without filters totals and series come from the tables of totals, breakdowns from the rollups and the short tail that
is not folded yet. With filters, and for properties, everything comes from raw rows: the matching events are found
once, in temporary tables, and every number of the question is read from these. Both ways give the same numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from counter.calendar.series import (
    Parts,
    make_series,
    parts_of,
    refuse_many_hours,
    refuse_more_than_totals,
    totals_alone,
)
from counter.errors import UnknownSite
from counter.question import (
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
from counter.store.sqlite.fold import SUMS, bounds, sum_up
from counter.store.sqlite.fold import make_scratch as make_fold_scratch
from counter.store.sqlite.readers import query
from counter.store.sqlite.report.filters import dictionary_of
from counter.store.sqlite.report.matches import Parameters, find, make_sums, parameters_of, parameters_of_matches
from counter.store.sqlite.report.until import sums_of_days
from counter.store.sqlite.report.week import week_hours, week_hours_of_matches

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
        refuse_more_than_totals(question)
    if not raw and any(_needs_rollups(question) for question in questions):
        _make_delta(connection)
    make_sums(connection)
    return list(_reports(connection, questions, raw=raw))


def _reports(connection: sqlite3.Connection, questions: Sequence[Question], *, raw: bool) -> Iterator[Report]:
    found: Question | None = None  # whose events the temporary tables have
    for question in questions:
        if raw or question.filters:
            if found is None or not _finds_the_same(question, found):
                find(connection, question)
            yield _from_raw_rows(connection, question)
            found = question
        else:
            yield _from_rollups(connection, question)
            found = None


def _finds_the_same(question: Question, other: Question) -> bool:
    """Whether totals alone are asked of the events that the other one has found."""
    return question == msgspec.structs.replace(totals_alone(other), before=question.before)


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
    asked = parameters_of(question)
    if question.before is not None:
        return _until(connection, question, question.before)
    where = "where site_key = :site and day >= :start and day < :end"
    totals = connection.execute(f"select {_SUMMED} from total_day {where}", asked).fetchone()  # noqa: S608
    found: dict[int, Sums] = {}
    if question.bucket is not None:
        table, point = _POINTS.get(question.bucket, ("total_day", "day"))
        # Grouped: where a site has moved to another zone, one hour can have rows in two days.
        rows = connection.execute(f"select {point}, {_SUMMED} from {table} {where} group by 1", asked)  # noqa: S608
        found = {start: Sums(*numbers) for start, *numbers in rows}
    sources: dict[bool, Parts | Parameters] = {}
    if question.breakdowns:
        sources[False] = _parts(connection, question)
    raw = any(by.dimension in RAW_ONLY for by in question.breakdowns)
    if raw:
        find(connection, question, only_with_props=True)
        sources[True] = parameters_of_matches(connection, question)
    return Report(
        question,
        _sums(totals),
        make_series(question, found, zone),
        tuple(_break_down(connection, question, by, sources[by.dimension in RAW_ONLY]) for by in question.breakdowns),
        _incomplete_days(connection, asked) if raw else (),
        week_hours(connection, question, zone),
    )


def _until(connection: sqlite3.Connection, question: Question, before: int) -> Report:
    """Totals up to a moment: whole hours, and raw rows of the one that it lies in."""
    sums = sums_of_days(connection, [(question.site_key, question.start, question.end, before)])[question.site_key]
    return Report(question, sums, incomplete_days=_incomplete_days(connection, parameters_of(question)))


def _parts(connection: sqlite3.Connection, question: Question) -> Parts:
    """The months and days of the rollups that the question's period is the sum of."""
    first, last = connection.execute(
        "select min(day), max(day) from total_day where site_key = ?", (question.site_key,)
    ).fetchone()
    if first is None:
        return Parts(range(0))
    return parts_of(max(question.start, first), min(question.end, last + 1), first, last + 1)


def _add_up_rollup(connection: sqlite3.Connection, question: Question, by: By, parts: Parts) -> None:
    """The breakdown to `temp.answer`: whole months, the days at their edges, and the tail."""
    asked = {"site": question.site_key, "dimension": int(by.dimension)}
    connection.execute(query("report_rollup_months"), {**asked, "first": parts.months.start, "last": parts.months.stop})
    for sign, many in ((1, parts.more), (-1, parts.less)):
        for days in many:
            more = {"sign": sign, "first": days.start, "last": days.stop}
            connection.execute(query("report_rollup_days"), {**asked, **more})
    connection.execute(query("report_rollup_tail"), {**asked, "start": question.start, "end": question.end})
    connection.execute("insert into temp.answer select * from temp.value_sum")


# From raw rows -----------------------------------------------------------------------------------------------------


def _from_raw_rows(connection: sqlite3.Connection, question: Question) -> Report:
    """From the events that were found."""
    zone = _zone(connection, question.site_key)
    asked = parameters_of_matches(connection, question)
    totals = "report_totals" if question.before is None else "report_totals_before"
    found: dict[int, Sums] = {}
    if question.bucket is not None:
        point, apart = ("hour", "(split or spread)") if question.bucket == Bucket.HOUR else ("day", "split")
        statement = query("report_points").replace("{point}", point).replace("{apart}", apart)
        rows = connection.execute(statement, asked)
        found = {start: Sums(*numbers) for start, *numbers in rows}
    return Report(
        question,
        _sums(connection.execute(query(totals), asked).fetchone()),
        make_series(question, found, zone),
        tuple(_break_down(connection, question, by, asked) for by in question.breakdowns),
        _incomplete_days(connection, asked),
        week_hours_of_matches(connection, question, zone, asked),
    )


def _add_up_found(connection: sqlite3.Connection, by: By, asked: Parameters) -> None:
    """The parts of the breakdown to `temp.answer`."""
    asked = {**asked, "key": by.key}
    dimension = by.dimension
    if dimension in _VISIT_COLUMNS:
        value, join = _VISIT_COLUMNS[dimension]
        values, statement = (
            query(name).replace("{value}", value).replace("{join}", join)
            for name in ("report_visit_values", "report_by_visit")
        )
        connection.execute(values, asked)
    elif dimension in _TOUCHES:
        connection.execute("delete from temp.touch")
        connection.execute(query(_TOUCHES[dimension]), asked)
        statement = query("report_by_touch")
    elif dimension == Dimension.PAGE:
        connection.execute(query("report_pages"), asked)
        statement = query("report_by_page")
    else:
        statement = query("report_by_exit")
    connection.execute(statement, asked)


def _incomplete_days(connection: sqlite3.Connection, asked: Parameters) -> tuple[int, ...]:
    sql = "select day from closed_day where site_key = :site and day >= :start and day < :end order by day"
    return tuple(day for (day,) in connection.execute(sql, asked))


# Rows --------------------------------------------------------------------------------------------------------------


def _break_down(connection: sqlite3.Connection, question: Question, by: By, source: Parts | Parameters) -> Breakdown:
    """From parts of the rollups, or from the found events with what queries about them are asked with."""
    connection.execute("delete from temp.value_sum")
    connection.execute("delete from temp.answer")
    if isinstance(source, Parts):
        _add_up_rollup(connection, question, by, source)
    else:
        _add_up_found(connection, by, source)
    unknown = connection.execute(
        "select id from value where site_key = ? and dimension = ? and text = ?",
        (question.site_key, int(dictionary_of(by.dimension)), UNKNOWN),
    ).fetchone()
    asked = {"search": by.search, "limit": by.limit, "offset": by.offset, "unknown": unknown and unknown[0]}
    statement = query("report_top").replace("{order}", Order(by.order).value).replace("{text}", _TEXT)
    rows = connection.execute(statement, asked).fetchall()
    total = rows[0][-1] if rows else _count_rows(connection, statement, asked)
    return Breakdown(by, tuple(Row(text, Sums(*numbers)) for text, *numbers, _ in rows), total)


def _count_rows(connection: sqlite3.Connection, statement: str, asked: Parameters) -> int:
    """How many rows there are when the page asked for lies behind them."""
    row = connection.execute(statement, {**asked, "limit": 1, "offset": 0}).fetchone()
    return int(row[-1]) if row else 0


def _sums(row: tuple[int | None, ...]) -> Sums:
    return Sums(*(number or 0 for number in row))
