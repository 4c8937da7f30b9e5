"""Reports as people ask for them: a period by name, a comparison, rates next to counts. API and dashboard share it.

A query becomes questions that are answered in one snapshot: the report, what it is compared with, and the visitors
that conversion rates are shares of.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import msgspec

from counter.calendar.localtime import LocalTime
from counter.calendar.periods import Compare, Period, compared_period
from counter.calendar.series import totals_alone
from counter.errors import BadInput
from counter.question import (
    VISIT_DIMENSIONS,
    Bucket,
    By,
    Dimension,
    Filter,
    Question,
    Report,
    Sums,
)
from counter.site import Site
from counter.store.protocols import Reports

MOST_POINTS: Final = 1500  # of a series: four years of days

COUNTS: Final = ("visitors", "visits", "pageviews", "events", "engaged")
ALL: Final = (*COUNTS, "bounce_rate", "visit_duration", "views_per_visit")
# The numbers that a row of a breakdown can have. Bounces and durations belong to visits: pages and events have none.
ROW_METRICS: Final[dict[Dimension, tuple[str, ...]]] = {
    **dict.fromkeys(VISIT_DIMENSIONS, ALL),
    Dimension.PAGE: COUNTS,
    Dimension.HOST: COUNTS,
    Dimension.EXIT_PAGE: ("visits",),
    Dimension.EVENT: ("visitors", "visits", "events"),
    Dimension.GOAL: ("visitors", "visits", "events"),
    Dimension.PROPERTY_KEY: ("visitors", "visits", "pageviews", "events"),
    Dimension.PROPERTY: ("visitors", "visits", "pageviews", "events"),
}


class ReportQuery(msgspec.Struct, frozen=True):
    """What a client of the API or a reader wants to know about one site."""

    period: Period
    filters: tuple[Filter, ...] = ()
    bucket: Bucket | None = None
    breakdowns: tuple[By, ...] = ()
    compare: Compare | None = None
    week_hours: bool = False  # of the period itself, never of what it is compared with


class ReportAnswer(msgspec.Struct, frozen=True):
    """The report, what it is compared with, and the visitors that conversion rates are shares of.

    An unfinished period is compared with the same part of the other one: `compared_totals` and `compared_base` end at
    `until`, the present time of day on the last day of `compared`, whose series and totals are of whole days.
    """

    report: Report
    compared: Report | None = None
    compared_totals: Sums | None = None
    until: int | None = None  # UTC second; None: of whole days
    base: int | None = None  # visitors of the question without its filters on goals
    compared_base: int | None = None
    extras: tuple[Report, ...] = ()  # answers to the `extras` of the caller, from the same snapshot

    def conversion_rate(self, visitors: int) -> float | None:
        """Visitors that reached a goal as a percentage of all that pass the other filters; None without any."""
        return rate(visitors, self.base or 0)


async def read_answer(
    reports: Reports, site: Site, asked: ReportQuery, today: int, now: int, extras: Sequence[Question] = ()
) -> ReportAnswer:
    """Ask the store, everything in one snapshot. BadInput: more points than a series may have; TooExpensive.

    `now` is a UTC second, `today` its local day. `extras` are questions of the caller's own, answered in
    `ReportAnswer.extras`.
    """
    many, until = [[_question(site, asked, asked.period)]], None
    if asked.compare is not None:
        other = compared_period(asked.period, asked.compare, today)
        if asked.period.start <= today < asked.period.end:
            until = LocalTime(site.timezone).same_time(other.end - 1, now)
        whole = msgspec.structs.replace(many[0][0], start=other.start, end=other.end, breakdowns=(), week_hours=False)
        many.append(_as_far_as(whole, until))
    count = len(many)
    if wants_conversion(asked):
        many += [[_without_goals(one) for one in questions] for questions in many]
    answers = iter(await reports.report([*chain.from_iterable(many), *extras]))
    found = [[next(answers) for _ in questions] for questions in many]
    sums = [_sums_of(reports) for reports in found]
    bases = [one.visitors for one in sums[count:]]
    return ReportAnswer(
        report=found[0][0],
        compared=_with_all_incomplete_days(found[1]) if count > 1 else None,
        compared_totals=sums[1] if count > 1 else None,
        until=until,
        base=bases[0] if bases else None,
        compared_base=bases[1] if len(bases) > 1 else None,
        extras=tuple(answers),
    )


def _as_far_as(question: Question, until: int | None) -> list[Question]:
    """The question; with a moment of its last day also that day, and that day up to the moment."""
    if until is None:
        return [question]
    day = msgspec.structs.replace(totals_alone(question), start=question.end - 1)
    return [question, day, msgspec.structs.replace(day, before=until)]


def _sums_of(reports: Sequence[Report]) -> Sums:
    """The answers to `_as_far_as` added up: the whole without its last day, plus that day up to the moment."""
    if len(reports) == 1:
        return reports[0].totals
    numbers = zip(*(msgspec.structs.astuple(one.totals) for one in reports), strict=True)
    return Sums(*(whole - day + until for whole, day, until in numbers))


def _with_all_incomplete_days(reports: Sequence[Report]) -> Report:
    """The first of the reports, with the incomplete days of the others added."""
    days = {day for one in reports for day in one.incomplete_days}
    return msgspec.structs.replace(reports[0], incomplete_days=tuple(sorted(days)))


def wants_conversion(asked: ReportQuery) -> bool:
    """Whether the question is about goals."""
    dimensions = [*(one.dimension for one in asked.filters), *(by.dimension for by in asked.breakdowns)]
    return Dimension.GOAL in dimensions


def metrics(sums: Sums, wanted: tuple[str, ...] = ALL) -> dict[str, int | float | None]:
    """Counts and rates by name; a rate without visits is None. Durations in seconds, rates of 100."""
    everything: dict[str, int | float | None] = {
        **{name: getattr(sums, name) for name in COUNTS},
        "bounce_rate": rate(sums.bounces, sums.visits),
        "visit_duration": _share(sums.seconds, sums.visits, 0),
        "views_per_visit": _share(sums.pageviews - sums.proxied, sums.visits, 1),
    }
    return {name: everything[name] for name in wanted}


def total_metrics(sums: Sums) -> dict[str, int | float | None]:
    """The numbers of a whole report: all that a row can have, and how many of the page views came through proxies."""
    return {**metrics(sums), "proxied": sums.proxied}


def rate(part: int, whole: int) -> float | None:
    """`part` in 100 of `whole`, with one decimal; None of nothing."""
    return _share(100 * part, whole, 1)


def _share(part: int, whole: int, digits: int) -> float | int | None:
    if not whole:
        return None
    return round(part / whole, digits) if digits else round(part / whole)


def _question(site: Site, asked: ReportQuery, period: Period) -> Question:
    _refuse_many_points(asked.bucket, period)
    return Question(
        site.key,
        period.start,
        period.end,
        asked.filters,
        asked.bucket,
        site.first_weekday_number,
        asked.breakdowns,
        asked.week_hours,
    )


def _without_goals(question: Question) -> Question:
    """The same question for totals alone, and without its filters on goals."""
    filters = tuple(one for one in question.filters if one.dimension != Dimension.GOAL)
    return msgspec.structs.replace(totals_alone(question), filters=filters)


def _refuse_many_points(bucket: Bucket | None, period: Period) -> None:
    days = period.end - period.start
    points = {None: 0, Bucket.HOUR: 0, Bucket.DAY: days, Bucket.WEEK: days // 7, Bucket.MONTH: days // 30}[bucket]
    if points > MOST_POINTS:
        raise BadInput(
            f"a series of {days:,} days by {bucket} would have {points:,} points, {MOST_POINTS:,} at most;"
            " ask for a longer bucket or a shorter period"
        )
