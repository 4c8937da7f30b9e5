"""Weekdays and wall hours of a period, from hours: those of the totals, or those of the events that were found."""

from __future__ import annotations

import json
import sqlite3

from counter.calendar.series import clock_of
from counter.question import Question, Sums
from counter.store.sqlite.report.matches import Parameters
from counter.store.sqlite.sql import SqlPart, statement

WeekHours = tuple[tuple[int, int, Sums], ...]


class HourTable(SqlPart):
    """Where hours are added up: all of them, or those of the matching events."""

    TOTALS = "total_hour"
    MATCHES = "temp.hour_sum"


def week_hours(connection: sqlite3.Connection, question: Question, zone: str) -> WeekHours:
    """From the totals; nothing when the question does not ask for it."""
    return _added_up(connection, question, zone, HourTable.TOTALS) if question.week_hours else ()


def week_hours_of_matches(
    connection: sqlite3.Connection, question: Question, zone: str, asked: Parameters
) -> WeekHours:
    """From the events that were found; nothing when the question does not ask for it."""
    if not question.week_hours:
        return ()
    connection.execute(statement("report_hours"), asked)
    return _added_up(connection, question, zone, HourTable.MATCHES)


def _added_up(connection: sqlite3.Connection, question: Question, zone: str, hours: HourTable) -> WeekHours:
    days = connection.execute(
        statement("report_counted_span"),
        {"site": question.site_key, "start": question.start, "end": question.end},
    ).fetchone()
    if days[0] is None:
        return ()
    start, end = days[0], days[1] + 1
    asked = {"site": question.site_key, "start": start, "end": end, "clock": json.dumps(clock_of(zone, start, end))}
    connection.execute("delete from temp.week_hour")
    connection.execute(statement("report_week_hours", hours), asked)
    rows = connection.execute(statement("report_week"))
    found = ((place, Sums(*numbers)) for place, *numbers in rows)
    return tuple((*divmod(place, 24), sums) for place, sums in found if sums != Sums())
