"""Weekdays and wall hours of a period, from hours: those of the totals, or those of the events that were found."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from counter.calendar.series import clock_of
from counter.question import Question, Sums
from counter.store.sqlite.fold import SUMS
from counter.store.sqlite.readers import query
from counter.store.sqlite.report.matches import Parameters

TOTALS: Final = "total_hour"
MATCHES: Final = "temp.hour_sum"

WeekHours = tuple[tuple[int, int, Sums], ...]


def week_hours(connection: sqlite3.Connection, question: Question, zone: str) -> WeekHours:
    """From the totals; nothing when the question does not ask for it."""
    return _added_up(connection, question, zone, TOTALS) if question.week_hours else ()


def week_hours_of_matches(
    connection: sqlite3.Connection, question: Question, zone: str, asked: Parameters
) -> WeekHours:
    """From the events that were found; nothing when the question does not ask for it."""
    if not question.week_hours:
        return ()
    connection.execute(query("report_hours"), asked)
    return _added_up(connection, question, zone, MATCHES)


def _added_up(connection: sqlite3.Connection, question: Question, zone: str, hours: str) -> WeekHours:
    days = connection.execute(
        "select min(day), max(day) from total_day where site_key = :site and day >= :start and day < :end",
        {"site": question.site_key, "start": question.start, "end": question.end},
    ).fetchone()
    if days[0] is None:
        return ()
    start, end = days[0], days[1] + 1
    asked = {"site": question.site_key, "start": start, "end": end, "clock": json.dumps(clock_of(zone, start, end))}
    connection.execute("delete from temp.week_hour")
    connection.execute(query("report_week_hours").replace("{hours}", hours), asked)
    rows = connection.execute(f"select place, {SUMS} from temp.week_hour order by place")  # noqa: S608 - names of our own
    found = ((place, Sums(*numbers)) for place, *numbers in rows)
    return tuple((*divmod(place, 24), sums) for place, sums in found if sums != Sums())
