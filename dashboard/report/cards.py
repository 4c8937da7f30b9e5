"""The cards above the chart: each metric's number, how it changed, and the link that draws it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from counter.question import Dimension, Filter
from counter.reports.answer import ReportAnswer, metrics, rate
from dashboard.report.chart_points import metric_text
from dashboard.report.links import Links
from dashboard.report.request import METRICS, ONLINE
from dashboard.words import numbers
from dashboard.words.catalogue import Words

CONVERSION: Final = "conversion_rate"
RATES: Final = ("bounce_rate", CONVERSION)  # percentages: they change by points, not by per cent
LOWER_IS_BETTER: Final = ("bounce_rate",)


class MetricChange(msgspec.Struct, frozen=True):
    """How a number stands beside the one before."""

    text: str
    direction: str  # up, down or same
    good: str  # good, bad, or '' for neither
    before: str  # the number before, in words


class Card(msgspec.Struct, frozen=True):
    """One metric. Without a `url` it can't be drawn."""

    metric: str
    text: str
    url: str
    current: bool
    change: MetricChange | None = None


def make_cards(words: Words, links: Links, answer: ReportAnswer, online: int, current: str) -> list[Card]:
    """A card for each metric that a chart can show, and the conversion rate while a goal is filtered."""
    now = _with_conversion(metrics(answer.report.totals), answer.report.question.filters, answer.base)
    before: dict[str, int | float | None] = {}
    if answer.compared is not None and answer.compared_totals is not None:
        filters = answer.compared.question.filters
        before = _with_conversion(metrics(answer.compared_totals), filters, answer.compared_base)
    return list(_cards(words, links, now, before, online, current))


def make_change(words: Words, metric: str, now: float | None, before: float | None) -> MetricChange:
    """The change of one number; a rate's in points, everything else's in per cent."""
    text = metric_text(words, metric, before)
    if now is None or before is None or (metric not in RATES and not before):
        grew = bool(now) and not before and metric not in RATES
        return MetricChange(words("report.new") if grew else numbers.EM_DASH, "up" if grew else "same", "", text)
    if metric in RATES:
        by = round(now - before, 1)
        sign = "+" if by > 0 else ""
        shown = words("report.points", number=sign + numbers.decimal(words, by))
    else:
        by = round((now - before) / before * 100, 1)
        shown = numbers.change(words, by)
    direction = "up" if by > 0 else "down" if by < 0 else "same"
    better = "" if not by else "good" if (by > 0) != (metric in LOWER_IS_BETTER) else "bad"
    return MetricChange(shown, direction, better, text)


def _cards(words: Words, links: Links, now: dict[str, int | float | None], before: dict[str, int | float | None],
           online: int, current: str) -> Iterator[Card]:  # fmt: skip
    for metric in METRICS:
        value = online if metric == ONLINE else now[metric]
        change = make_change(words, metric, value, before[metric]) if metric in before else None
        url = links.report(metric=None if metric == METRICS[0] else metric)
        yield Card(metric, metric_text(words, metric, value), url, metric == current, change)
    if CONVERSION in now:
        change = make_change(words, CONVERSION, now[CONVERSION], before[CONVERSION]) if before else None
        yield Card(CONVERSION, metric_text(words, CONVERSION, now[CONVERSION]), "", current=False, change=change)


def _with_conversion(
    found: dict[str, int | float | None], filters: tuple[Filter, ...], base: int | None
) -> dict[str, int | float | None]:
    """The share of visitors that reached the goal among all that pass the other filters."""
    if not any(one.dimension == Dimension.GOAL for one in filters):
        return found
    return {**found, CONVERSION: rate(int(found["visitors"] or 0), base or 0)}
