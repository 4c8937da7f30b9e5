"""The series of a report: every bucket of its period, from the days or hours that an engine found. Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from counter.calendar.localtime import SLOT, LocalTime, day_date, day_number
from counter.errors import BadInput
from counter.question import Bucket, Point, Question, Sums

HOUR: Final = 3600  # seconds
DAY: Final = 86_400
HOURLY_DAYS: Final = 31  # local days that a series of hours may cover


def make_series(question: Question, found: Mapping[int, Sums], zone: str) -> tuple[Point, ...]:
    """Every bucket of the question, including the empty ones.

    `found` is by hour (the UTC second at which the wall hour began) for Bucket.HOUR and else by local day; `zone` is
    the site's. The first and the last bucket hold what of their week or month lies in the period.
    """
    if question.bucket is None:
        return ()
    if question.bucket == Bucket.HOUR:
        # Hours of a former time zone, whose raw rows were gone when the site moved, are buckets of their own.
        others = {start for start, sums in found.items() if sums != Sums()}
        starts = sorted({*_hours(question, LocalTime(zone)), *others})
        return tuple(Point(start, found.get(start, Sums())) for start in starts)
    starts = list(_buckets(question))
    parts: list[list[Sums]] = [[] for _ in starts]
    for day, sums in found.items():
        parts[bisect_right(starts, day) - 1].append(sums)
    return tuple(Point(start, add_up(part)) for start, part in zip(starts, parts, strict=True))


def refuse_many_hours(question: Question) -> None:
    """BadInput when a series of hours would be too long to read."""
    days = question.end - question.start
    if question.bucket == Bucket.HOUR and days > HOURLY_DAYS:
        raise BadInput(f"hours are shown for at most {HOURLY_DAYS} days, and this period has {days}; ask for days")


def refuse_more_than_totals(question: Question) -> None:
    """BadInput when a question with `before` asks for more than totals."""
    if question.before is not None and question != totals_alone(question):
        raise BadInput(f"a question up to a moment ({question.before}) may ask for totals alone")


def totals_alone(question: Question) -> Question:
    """The same question for its totals alone."""
    return msgspec.structs.replace(question, bucket=None, breakdowns=(), week_hours=False)


def bucket_of(day: int, bucket: Bucket, first_weekday: int) -> int:
    """The first local day of the calendar week or month that `day` is in; the day itself for days."""
    date = day_date(day)
    if bucket == Bucket.WEEK:
        return day - (date.weekday() - first_weekday) % 7
    if bucket == Bucket.MONTH:
        return day_number(date.replace(day=1))
    return day


def add_up(many: Sequence[Sums]) -> Sums:
    """Several sums added up."""
    if len(many) < 2:
        return many[0] if many else Sums()
    return Sums(*map(sum, zip(*map(msgspec.structs.astuple, many), strict=True)))


class Parts(NamedTuple):
    """Days as a sum: whole months (12 * year + month - 1), plus some days, minus some days of these months."""

    months: range
    more: tuple[range, ...] = ()
    less: tuple[range, ...] = ()


def parts_of(start: int, end: int, first: int, last: int) -> Parts:
    """The local days [start, end), clipped to [first, last), in which the site has anything.

    A month at an edge is taken whole, minus its other days, where these are fewer: a period up to today reads none.
    """
    months: list[int] = []
    more: list[range] = []
    less: list[range] = []
    day = start
    while day < end:
        begins = bucket_of(day, Bucket.MONTH, 0)
        ends = _month_after(begins)
        inside = range(day, min(end, ends))
        others = [days for days in (range(max(begins, first), day), range(inside.stop, min(ends, last))) if days]
        # A month has as many values as several of its days.
        if sum(map(len, others)) + 1 < len(inside):
            date = day_date(day)
            months.append(date.year * 12 + date.month - 1)
            less += others
        else:
            more.append(inside)
        day = ends
    return Parts(range(months[0], months[-1] + 1) if months else range(0), tuple(more), tuple(less))


@lru_cache(maxsize=64)
def clock_of(zone: str, start: int, end: int) -> tuple[tuple[int, int, int, int], ...]:
    """The clock of the local days [start, end): (since, until, shift, later), all in seconds, the first two of UTC.

    An hour that begins in [since, until) begins at the wall time `shift` later than UTC, and `later` is the shift at
    its end. They differ only in the 3,599 seconds before a change of the clock. Berlin, 2026-10-25, in UTC:

        00:00:01 - 01:00:00   shift 7200, later 3600   an hour that begins here ends after the change
        01:00:00 -            shift 3600, later 3600

    The spans reach two days further, so that hours of a former time zone are covered.
    """
    there = ZoneInfo(zone)
    first, last = (start - 2) * DAY, (end + 2) * DAY
    shifts = [(at, _shift(there, at)) for at in (*range(first, last, DAY), last)]
    changes = [_change(there, one[0], other[0]) for one, other in pairwise(shifts) if one[1] != other[1]]
    spans: list[tuple[int, int, int, int]] = []
    for since, until in pairwise((first, *changes, last)):
        shift, later = _shift(there, since), _shift(there, until)
        split = max(since, until - HOUR + 1)
        spans += [(since, split, shift, shift), (split, until, shift, later)]
    return tuple(spans)


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second of the new shift, between two moments with one change between them."""
    old = _shift(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _shift(zone, middle) == old:
            low = middle
        else:
            high = middle
    return high


def _shift(zone: ZoneInfo, at: int) -> int:
    shift = dt.datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if shift is None else round(shift.total_seconds())


def _buckets(question: Question) -> Iterator[int]:
    day = question.start
    while day < question.end:
        yield day
        day = _next(day, question)


def _next(day: int, question: Question) -> int:
    """The first day of the bucket after the one that `day` is in."""
    if question.bucket == Bucket.WEEK:
        return bucket_of(day, Bucket.WEEK, question.first_weekday) + 7
    if question.bucket == Bucket.MONTH:
        return _month_after(day)
    return day + 1


def _month_after(day: int) -> int:
    """The first day of the next month."""
    first = day_date(day).replace(day=1)
    return day_number((first + dt.timedelta(days=32)).replace(day=1))


def _hours(question: Question, local: LocalTime) -> Iterator[int]:
    """The wall hours of the period's days: 23, 24 or 25 a day, none of a date that the zone skips."""
    for at in range(local.midnight(question.start), local.midnight(question.end), SLOT):
        yield local.day_hour(at)[1]
