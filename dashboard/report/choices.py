"""The menus over a report: which period, compared with what, drawn in what; and the steps to its neighbours. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import msgspec

from counter.calendar.localtime import day_date, day_number
from counter.calendar.periods import LAST_DATE, NAMES, Compare, Period, named_period
from counter.reports.answer import ReportAnswer
from counter.site import ActiveSite
from dashboard.report.links import Links
from dashboard.report.request import NO_COMPARE, ReportRequest, buckets_of
from dashboard.words import numbers
from dashboard.words.catalogue import Words

NEVER_SHIFTED: Final = "all"


class Option(msgspec.Struct, frozen=True):
    """One line of a menu."""

    text: str
    url: str
    current: bool


class Choices(msgspec.Struct, frozen=True):
    """Everything that can be chosen in a report besides filters and metrics."""

    span: str  # the days of the report in words
    period: str  # its name
    periods: tuple[Option, ...]
    first: str  # dates as a form has them
    last: str
    latest: str  # no form asks beyond it
    earlier: str  # the URL of the period before, '' when there is none
    later: str
    compare: str
    compares: tuple[Option, ...]
    bucket: str
    buckets: tuple[Option, ...]


def make_choices(words: Words, links: Links, wanted: ReportRequest, site: ActiveSite, today: int) -> Choices:
    """The menus of one question."""
    period, bucket = wanted.period, wanted.query.bucket
    return Choices(
        span=numbers.span(words, period.start, period.end - 1),
        period=words(f"period.{wanted.period_name}"),
        periods=tuple(
            Option(words(f"period.{name}"), links.report(period=name, bucket=None), name == wanted.period_name)
            for name in NAMES
        ),
        first=str(day_date(period.start)),
        last=str(day_date(period.end - 1)),
        latest=str(LAST_DATE),
        earlier=_neighbour(links, wanted, site, today, -1),
        later=_neighbour(links, wanted, site, today, 1),
        compare=words(f"compare.{_compare_name(wanted)}"),
        compares=tuple(_compares(words, links, wanted)),
        bucket=words(f"bucket.{bucket.value}") if bucket else "",
        buckets=tuple(
            Option(words(f"bucket.{one.value}"), links.report(bucket=one.value), one == bucket)
            for one in buckets_of(period)
        ),
    )


def compared_span(words: Words, answer: ReportAnswer) -> str:
    """The days that a report is compared with; '' for none."""
    if answer.compared is None:
        return ""
    question = answer.compared.question
    return numbers.span(words, question.start, question.end - 1)


def shifted(period: Period, by: int) -> Period | None:
    """The period `by` times its own length later; whole months stay whole months. None outside of our calendar."""
    first, after = day_date(period.start), day_date(period.end)
    if first.day == after.day == 1:
        months = (after.year - first.year) * 12 + after.month - first.month
        start, end = _month_after(first, by * months), _month_after(after, by * months)
        return Period(day_number(start), day_number(end)) if start and end else None
    days = by * (period.end - period.start)
    inside = period.start + days >= 0 and period.end + days <= day_number(LAST_DATE)
    return Period(period.start + days, period.end + days) if inside else None


def period_name(period: Period, today: int, first_weekday: int) -> str | None:
    """The common name of a period, if it has one today."""
    return next(
        (name for name in NAMES if name != "all" and named_period(name, today, first_weekday, None) == period), None
    )


def _neighbour(links: Links, wanted: ReportRequest, site: ActiveSite, today: int, by: int) -> str:
    """The URL of a neighbouring period; '' if there is none: before 1970, after today, and for all days."""
    found = None if wanted.period_name == NEVER_SHIFTED else shifted(wanted.period, by)
    if found is None or (by > 0 and found.start > today):
        return ""
    name = period_name(found, today, site.site.first_weekday_number)
    if name is not None:
        return links.report(period=name)
    return links.report(from_=str(day_date(found.start)), to=str(day_date(found.end - 1)))


def _compares(words: Words, links: Links, wanted: ReportRequest) -> Iterator[Option]:
    current = _compare_name(wanted)
    for name in (*(one.value for one in Compare), NO_COMPARE):
        yield Option(words(f"compare.{name}"), links.report(compare=name), name == current)


def _compare_name(wanted: ReportRequest) -> str:
    return NO_COMPARE if wanted.query.compare is None else wanted.query.compare.value


def _month_after(first: dt.date, months: int) -> dt.date | None:
    """The first of a month, some months later; None outside of our calendar."""
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1) if 1970 * 12 <= number <= LAST_DATE.year * 12 else None
