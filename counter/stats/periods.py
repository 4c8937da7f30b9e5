"""Periods of the counter: two local days each, half-open. `all` is a different function, never an unbounded period."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from counter.localtime import day_date, day_number


class Period(NamedTuple):
    """Local days [start, end), counted from 1970-01-01."""

    start: int
    end: int


def periods(today: int, first_weekday: int) -> dict[str, Period]:
    """The six periods of the classic counter, in its order. `first_weekday`: 0 is Monday.

    Weeks and months are calendar ones, whole: `this_week` ends after its last day, not after today.
    """
    date = day_date(today)
    week = today - (date.weekday() - first_weekday) % 7
    month = day_number(date.replace(day=1))
    next_month = day_number((date.replace(day=1) + dt.timedelta(days=32)).replace(day=1))
    last_month = day_number((date.replace(day=1) - dt.timedelta(days=1)).replace(day=1))
    return {
        "today": Period(today, today + 1),
        "yesterday": Period(today - 1, today),
        "this_week": Period(week, week + 7),
        "last_week": Period(week - 7, week),
        "this_month": Period(month, next_month),
        "last_month": Period(last_month, month),
    }
