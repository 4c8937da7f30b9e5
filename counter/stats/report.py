"""Reports as people ask for them: a period by name, a comparison, rates beside counts. API and dashboard share it.

What is asked becomes questions, these are answered in one snapshot: the report, what it is compared with, and the
visitors that conversion rates are shares of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from counter.errors import BadInput
from counter.query import (
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
from counter.stats.periods import Compare, Period, compared_period
from counter.store.protocols import Reports

MOST_POINTS: Final = 1500  # of a series: four years of days
DAILY_DAYS: Final = 100  # longer periods are drawn in months unless asked otherwise

COUNTS: Final = ("visitors", "visits", "pageviews", "events", "engaged")
ALL: Final = (*COUNTS, "bounce_rate", "visit_duration", "views_per_visit")
# What a row of a breakdown can tell. A bounce and a duration belong to a visit, so a page or an event has none.
ROW_METRICS: Final[dict[Dimension, tuple[str, ...]]] = {
    **dict.fromkeys(VISIT_DIMENSIONS, ALL),
    Dimension.PAGE: COUNTS,
    Dimension.EXIT_PAGE: ("visits",),
    Dimension.EVENT: ("visitors", "visits", "events"),
    Dimension.GOAL: ("visitors", "visits", "events"),
    Dimension.PROPERTY_KEY: ("visitors", "visits", "pageviews", "events"),
    Dimension.PROPERTY: ("visitors", "visits", "pageviews", "events"),
}


class Asked(msgspec.Struct, frozen=True):
    """What somebody wants to know of one site."""

    period: Period
    filters: tuple[Filter, ...] = ()
    bucket: Bucket | None = None
    breakdowns: tuple[By, ...] = ()
    compare: Compare | None = None
    week_hours: bool = False  # of the period itself, never of what it is compared with


class Answer(msgspec.Struct, frozen=True):
    """The report, what it is compared with, and the visitors that conversion rates are shares of."""

    report: Report
    compared: Report | None = None
    base: int | None = None  # visitors of the question without its filters on goals
    compared_base: int | None = None
    beside: tuple[Report, ...] = ()  # what was asked in the same snapshot

    def conversion_rate(self, visitors: int) -> float | None:
        """Visitors that reached a goal in 100 of all that the other filters let pass; None without any."""
        return rate(visitors, self.base or 0)


async def read_answer(
    reports: Reports, site: Site, asked: Asked, today: int, beside: Sequence[Question] = ()
) -> Answer:
    """Ask the store, everything in one snapshot. BadInput: more points than a series may have; TooExpensive.

    `beside` are questions of the caller's own, answered in `Answer.beside`.
    """
    question = _question(site, asked, asked.period)
    questions = [question]
    if asked.compare is not None:
        other = compared_period(asked.period, asked.compare, today)
        questions.append(
            msgspec.structs.replace(question, start=other.start, end=other.end, breakdowns=(), week_hours=False)
        )
    count = len(questions)
    if wants_conversion(asked):
        questions += [_without_goals(one) for one in questions]
    asked_here = len(questions)
    answers = await reports.report([*questions, *beside])
    bases = [one.totals.visitors for one in answers[count:asked_here]]
    return Answer(
        report=answers[0],
        compared=answers[1] if count > 1 else None,
        base=bases[0] if bases else None,
        compared_base=bases[1] if len(bases) > 1 else None,
        beside=tuple(answers[asked_here:]),
    )


def wants_conversion(asked: Asked) -> bool:
    """Whether the question is about goals."""
    dimensions = [*(one.dimension for one in asked.filters), *(by.dimension for by in asked.breakdowns)]
    return Dimension.GOAL in dimensions


def default_bucket(period: Period) -> Bucket:
    """What a period is drawn in when nobody says: two days in hours, some months in days, more in months."""
    days = period.end - period.start
    if days <= 2:
        return Bucket.HOUR
    return Bucket.DAY if days <= DAILY_DAYS else Bucket.MONTH


def metrics(sums: Sums, wanted: tuple[str, ...] = ALL) -> dict[str, int | float | None]:
    """Counts and rates by name; a rate without visits is None. Durations in seconds, rates of 100."""
    everything: dict[str, int | float | None] = {
        **{name: getattr(sums, name) for name in COUNTS},
        "bounce_rate": rate(sums.bounces, sums.visits),
        "visit_duration": _share(sums.seconds, sums.visits, 0),
        "views_per_visit": _share(sums.pageviews, sums.visits, 1),
    }
    return {name: everything[name] for name in wanted}


def rate(part: int, whole: int) -> float | None:
    """`part` in 100 of `whole`, with one decimal; None of nothing."""
    return _share(100 * part, whole, 1)


def _share(part: int, whole: int, digits: int) -> float | int | None:
    if not whole:
        return None
    return round(part / whole, digits) if digits else round(part / whole)


def _question(site: Site, asked: Asked, period: Period) -> Question:
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
    filters = tuple(one for one in question.filters if one.dimension != Dimension.GOAL)
    return msgspec.structs.replace(question, filters=filters, bucket=None, breakdowns=(), week_hours=False)


def _refuse_many_points(bucket: Bucket | None, period: Period) -> None:
    days = period.end - period.start
    points = {None: 0, Bucket.HOUR: 0, Bucket.DAY: days, Bucket.WEEK: days // 7, Bucket.MONTH: days // 30}[bucket]
    if points > MOST_POINTS:
        raise BadInput(
            f"a series of {days:,} days by {bucket} would have {points:,} points, {MOST_POINTS:,} at most;"
            " ask for a longer bucket or a shorter period"
        )
