"""Periods of the counter and of reports: two local days each, half-open.

`all` is a different function, never an unbounded period: it begins with the first day that has anything.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Final, NamedTuple

from counter.calendar.localtime import day_date, day_number
from counter.errors import BadInput

FIRST_DATE: Final = dt.date(1970, 1, 1)
LAST_DATE: Final = dt.date(9998, 12, 31)  # so that the day after it and the week around it are dates as well
NAMES: Final = (
    "today", "yesterday", "this_week", "last_week", "this_month", "last_month", "7d", "28d", "12m", "year",
    "last_year", "all",
)  # fmt: skip


class Period(NamedTuple):
    """Local days [start, end), counted from 1970-01-01."""

    start: int
    end: int


class Compare(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    LAST_YEAR = "last_year"


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


def named_period(name: str, today: int, first_weekday: int, counted: tuple[int, int] | None) -> Period:
    """The period of a report; BadInput for a name that is none.

    `7d` and `28d` end with today, `12m` holds this month and the eleven before it. `counted` is the first and the
    last day with any visits, for `all`; None when there are none.
    """
    date = day_date(today)
    if name in {"7d", "28d"}:
        return Period(today + 1 - int(name[:-1]), today + 1)
    if name == "12m":
        return Period(day_number(_months_later(date.replace(day=1), -11)), today + 1)
    if name in {"year", "last_year"}:
        year = date.year - (name == "last_year")
        return Period(day_number(dt.date(year, 1, 1)), day_number(dt.date(year + 1, 1, 1)))
    if name == "all":
        first, last = counted or (today, today)
        return Period(min(first, today), max(last, today) + 1)
    if name in NAMES:
        return periods(today, first_weekday)[name]
    raise BadInput(f"period is {name[:40]!r}, it may be {', '.join(NAMES)}, or give from and to")


def dated_period(first: dt.date, last: dt.date) -> Period:
    """From one date to another, both inclusive; BadInput when they don't form a period."""
    for what, date in (("from", first), ("to", last)):
        if not FIRST_DATE <= date <= LAST_DATE:
            raise BadInput(f"{what} is {date}, it may lie between {FIRST_DATE} and {LAST_DATE}")
    if first > last:
        raise BadInput(f"from is {first}, which is after {last}, the value of to")
    return Period(day_number(first), day_number(last) + 1)


def compared_period(period: Period, compare: Compare, today: int) -> Period:
    """What `period` is compared with: as many days before it, or the same dates a year before.

    Whole months are compared with the same number of whole months. For an unfinished period only the days up to today
    are compared, so half a month is compared with half a month. These are whole days; `counter.reports.answer` cuts
    the last one at the same time of day. BadInput before 1970.
    """
    first, after = day_date(period.start), day_date(period.end)
    if compare == Compare.LAST_YEAR:
        start, end = day_number(_years_earlier(first)), day_number(_years_earlier(after))
    elif first.day == after.day == 1:
        months = (after.year - first.year) * 12 + after.month - first.month
        start, end = day_number(_months_later(first, -months)), period.start
    else:
        start, end = 2 * period.start - period.end, period.start
    if start < 0:
        raise BadInput(f"there is nothing before {FIRST_DATE} to compare the period from {first} with")
    if period.start <= today < period.end:
        end = min(end, start + today + 1 - period.start)
    return Period(start, max(end, start + 1))


def _months_later(date: dt.date, months: int) -> dt.date:
    """The first of a month, some months later or earlier."""
    month = date.year * 12 + date.month - 1 + months
    if month < 12:
        raise BadInput(f"there is nothing before {FIRST_DATE} to compare with")
    return dt.date(month // 12, month % 12 + 1, 1)


def _years_earlier(date: dt.date) -> dt.date:
    """The same date a year before; 28 February for the 29th."""
    try:
        return date.replace(year=date.year - 1)
    except ValueError:
        return date.replace(year=date.year - 1, day=28)
