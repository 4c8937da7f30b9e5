"""One breakdown: its parts are added up in `temp.answer`, then the rows that are asked for are read from there."""

from __future__ import annotations

import sqlite3
from typing import Final

from counter.calendar.series import Parts
from counter.question import UNKNOWN, Breakdown, By, Dimension, Question, Row, Sums
from counter.store.sqlite.report.filters import dictionary_of
from counter.store.sqlite.report.matches import Parameters
from counter.store.sqlite.sql import SqlPart, statement
from counter.store.sqlite.visit_values import VISIT_PARTS


class SortColumn(SqlPart):
    """What a breakdown is sorted by; the names are those of `Order`."""

    VISITS = "visits"
    VISITORS = "visitors"
    PAGEVIEWS = "pageviews"
    EVENTS = "events"
    ENGAGED = "engaged"


_VALUES_OF_EVENTS: Final = {
    Dimension.EVENT: "report_values_of_event",
    Dimension.GOAL: "report_values_of_goal",
    Dimension.PROPERTY: "report_values_of_property",
    Dimension.PROPERTY_KEY: "report_values_of_property_key",
}


def break_down(connection: sqlite3.Connection, question: Question, by: By, source: Parts | Parameters) -> Breakdown:
    """From parts of the rollups, or from the matching events with what queries about them are asked with."""
    connection.execute("delete from temp.value_sum")
    connection.execute("delete from temp.answer")
    if isinstance(source, Parts):
        _add_up_rollup(connection, question, by, source)
    else:
        _add_up_matches(connection, by, source)
    unknown = connection.execute(
        "select id from value where site_key = ? and dimension = ? and text = ?",
        (question.site_key, int(dictionary_of(by.dimension)), UNKNOWN),
    ).fetchone()
    asked = {"search": by.search, "limit": by.limit, "offset": by.offset, "unknown": unknown and unknown[0]}
    top = statement("report_top", SortColumn[by.order.name])
    rows = connection.execute(top, asked).fetchall()
    total = rows[0][-1] if rows else _count_rows(connection, top, asked)
    return Breakdown(by, tuple(Row(text, Sums(*numbers)) for text, *numbers, _ in rows), total)


def _count_rows(connection: sqlite3.Connection, top: str, asked: Parameters) -> int:
    """How many rows there are when the page asked for lies behind them."""
    row = connection.execute(top, {**asked, "limit": 1, "offset": 0}).fetchone()
    return int(row[-1]) if row else 0


def _add_up_rollup(connection: sqlite3.Connection, question: Question, by: By, parts: Parts) -> None:
    """The breakdown to `temp.answer`: whole months, the days at their edges, and the tail."""
    asked = {"site": question.site_key, "dimension": int(by.dimension)}
    connection.execute(
        statement("report_rollup_months"), {**asked, "first": parts.months.start, "last": parts.months.stop}
    )
    for sign, many in ((1, parts.more), (-1, parts.less)):
        for days in many:
            more = {"sign": sign, "first": days.start, "last": days.stop}
            connection.execute(statement("report_rollup_days"), {**asked, **more})
    connection.execute(statement("report_rollup_tail"), {**asked, "start": question.start, "end": question.end})
    connection.execute("insert into temp.answer select * from temp.value_sum")


def _add_up_matches(connection: sqlite3.Connection, by: By, asked: Parameters) -> None:
    """The parts of the breakdown to `temp.answer`."""
    asked = {**asked, "key": by.key}
    if by.dimension in VISIT_PARTS:
        parts = VISIT_PARTS[by.dimension]
        connection.execute(statement("report_visit_values", *parts), asked)
        connection.execute(statement("report_by_visit", *parts), asked)
    elif by.dimension in _VALUES_OF_EVENTS:
        connection.execute("delete from temp.value_event")
        connection.execute(statement(_VALUES_OF_EVENTS[by.dimension]), asked)
        connection.execute(statement("report_by_value"), asked)
    elif by.dimension == Dimension.PAGE:
        connection.execute(statement("report_pages"), asked)
        connection.execute(statement("report_by_page"), asked)
    elif by.dimension == Dimension.HOST:
        connection.execute(statement("report_hosts"), asked)
        connection.execute(statement("report_by_host"), asked)
    else:
        connection.execute(statement("report_by_exit"), asked)
