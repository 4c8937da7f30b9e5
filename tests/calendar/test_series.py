"""What days are made of: whole months and some days, and the clock of a zone by which hours have their place."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.calendar.localtime import LocalTime, day_number
from counter.calendar.series import Parts, clock_of, parts_of
from tests.kit.events import DAY, HOUR, day_of


def days_of_month(month: int) -> range:
    first = dt.date(month // 12, month % 12 + 1, 1)
    after = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return range(day_number(first), day_number(after))


def months(*texts: str) -> range:
    numbers = [int(text[:4]) * 12 + int(text[5:]) - 1 for text in texts]
    return range(numbers[0], numbers[-1] + 1)


def days(first: str, last: str) -> range:
    return range(day_of(first), day_of(last) + 1)


@given(st.integers(0, 20_000), st.lists(st.integers(0, 500), min_size=3, max_size=3))
def test_months_and_days_more_and_less_are_the_days_of_the_period(first: int, gaps: list[int]) -> None:
    start, end, last = first + gaps[0], first + sum(gaps[:2]), first + sum(gaps)
    parts = parts_of(start, end, first, last)
    found: Counter[int] = Counter()
    for month in parts.months:
        found.update(day for day in days_of_month(month) if first <= day < last)
    for more in parts.more:
        found.update(more)
    for less in parts.less:
        found.subtract(less)
    assert {day: count for day, count in found.items() if count} == dict.fromkeys(range(start, end), 1)
    assert sum(map(len, parts.more)) + sum(map(len, parts.less)) <= 2 * 16  # half a month at each edge


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2024-01-01", "2024-12-31", Parts(months("2024-01", "2024-12"))),
        ("2024-10-04", "2024-11-21", Parts(months("2024-10", "2024-11"), less=(days("2024-10-01", "2024-10-03"),))),
        ("2024-10-30", "2024-11-30", Parts(months("2024-11"), more=(days("2024-10-30", "2024-10-31"),))),
        ("2024-11-03", "2024-11-20", Parts(
            months("2024-11"), less=(days("2024-11-01", "2024-11-02"), days("2024-11-21", "2024-11-21")))),
        ("2024-11-15", "2024-11-20", Parts(range(0), more=(days("2024-11-15", "2024-11-20"),))),
        ("2024-11-21", "2024-11-21", Parts(range(0), more=(days("2024-11-21", "2024-11-21"),))),
    ],
)  # fmt: skip
def test_a_month_is_taken_whole_where_most_of_it_is_asked_for(first: str, last: str, expected: Parts) -> None:
    """The site has something from 2024-01-01 to 2024-11-21, or to the end of the period."""
    asked = days(first, last)
    parts = parts_of(asked.start, asked.stop, day_of("2024-01-01"), max(asked.stop, day_of("2024-11-22")))
    assert parts == expected


@pytest.mark.parametrize(
    ("zone", "date"),
    [
        ("UTC", "2024-11-21"),
        ("Asia/Kolkata", "2024-11-21"),
        ("Europe/Berlin", "2024-03-31"),
        ("Europe/Berlin", "2024-10-27"),
        ("Australia/Lord_Howe", "2024-04-07"),
        ("Australia/Lord_Howe", "2024-10-06"),
        ("Antarctica/Troll", "2024-03-31"),
        ("Asia/Kathmandu", "1986-01-01"),
        ("Asia/Pyongyang", "2015-08-15"),
        ("Asia/Pyongyang", "2018-05-05"),
        ("Pacific/Apia", "2011-12-31"),
        ("America/St_Johns", "2010-11-07"),
    ],
)
def test_every_hour_that_begins_has_its_place_by_the_clock_of_its_day(zone: str, date: str) -> None:
    day = day_of(date)
    local = LocalTime(zone)
    spans = clock_of(zone, day - 1, day + 2)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    for at in range((day - 1) * DAY, (day + 2) * DAY, 300):
        of_day, hour = local.day_hour(at)
        [(shift, later)] = [rest for since, until, *rest in spans if since <= hour < until]
        fits = [one for one in (shift, later) if (hour + one) % HOUR == 0 and (hour + one) // DAY == of_day]
        assert (hour + (fits or [shift])[0]) % DAY // HOUR == dt.datetime.fromtimestamp(at, ZoneInfo(zone)).hour
