"""The series of a report: every bucket of its period, from the days or hours that an engine found. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from counter.errors import BadInput
from counter.localtime import SLOT, LocalTime, day_date, day_number
from counter.query import Bucket, Point, Question, Sums

HOURLY_DAYS: Final = 31  # local days that a series of hours may cover


def make_series(question: Question, found: Mapping[int, Sums], zone: str) -> tuple[Point, ...]:
    """Every bucket of the question, those without anything too.

    `found` is by hour (the UTC second at which the wall hour began) for Bucket.HOUR and else by local day; `zone` is
    the site's. The first and the last bucket hold what of their week or month lies in the period.
    """
    if question.bucket is None:
        return ()
    if question.bucket == Bucket.HOUR:
        # What is left of another zone's hours, where raw rows were gone when the site moved, is shown beside.
        others = {start for start, sums in found.items() if sums != Sums()}
        starts = sorted({*_hours(question, LocalTime(zone)), *others})
        return tuple(Point(start, found.get(start, Sums())) for start in starts)
    sums: dict[int, Sums] = dict.fromkeys(_buckets(question), Sums())
    for day, more in found.items():
        start = max(bucket_of(day, question.bucket, question.first_weekday), question.start)
        sums[start] = add(sums[start], more)
    return tuple(Point(start, numbers) for start, numbers in sums.items())


def refuse_many_hours(question: Question) -> None:
    """BadInput when a series of hours would be longer than anybody reads."""
    days = question.end - question.start
    if question.bucket == Bucket.HOUR and days > HOURLY_DAYS:
        raise BadInput(f"hours are shown for at most {HOURLY_DAYS} days, and this period has {days}; ask for days")


def bucket_of(day: int, bucket: Bucket, first_weekday: int) -> int:
    """The first local day of the calendar week or month that `day` is in; the day itself for days."""
    date = day_date(day)
    if bucket == Bucket.WEEK:
        return day - (date.weekday() - first_weekday) % 7
    if bucket == Bucket.MONTH:
        return day_number(date.replace(day=1))
    return day


def add(one: Sums, other: Sums) -> Sums:
    return Sums(
        one.pageviews + other.pageviews, one.visits + other.visits, one.visitors + other.visitors,
        one.bounces + other.bounces, one.seconds + other.seconds, one.events + other.events,
        one.engaged + other.engaged,
    )  # fmt: skip


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
        first = day_date(day).replace(day=1)
        return day_number((first + dt.timedelta(days=32)).replace(day=1))
    return day + 1


def _hours(question: Question, local: LocalTime) -> Iterator[int]:
    """The wall hours of the period's days: 23, 24 or 25 a day, none of a date that the zone skips."""
    for at in range(local.midnight(question.start), local.midnight(question.end), SLOT):
        yield local.day_hour(at)[1]
