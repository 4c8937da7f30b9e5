"""The main chart of a report page: its points, its annotations, and the sentence that sums it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from counter.accounts import Annotation
from counter.question import Sums
from counter.reports.answer import ReportAnswer, metrics
from dashboard.access.call import Call
from dashboard.report.chart import BOTTOM, HEIGHT, STRETCH, TOP, Chart, ChartMark, ChartPoint, draw_chart
from dashboard.report.chart_points import Buckets, axis_text, metric_text
from dashboard.report.choices import compared_span
from dashboard.report.figures import Figure, series_figure
from dashboard.report.links import Links
from dashboard.report.request import ONLINE, ReportRequest
from dashboard.words.catalogue import Words

WORTH_TELLING: Final = 2  # points, before one is the highest and another the lowest


class Note(msgspec.Struct, frozen=True):
    """One annotation below the chart."""

    number: int
    day: int
    text: str
    remove: str  # the target of the form that removes it


class ChartExtras(msgspec.Struct, frozen=True):
    """What the chart shows in addition to the series of the answer."""

    annotations: tuple[Annotation, ...] = ()
    minutes: tuple[tuple[int, int], ...] = ()  # (UTC second of the minute, visitors in it), of the visitors online


class NumberRow(msgspec.Struct, frozen=True):
    """One line of the chart as a table."""

    point: ChartPoint
    before: ChartPoint | None


class ChartView(msgspec.Struct, frozen=True):
    """Everything `_chart.html` needs."""

    chart: Chart
    metric: str
    title: str
    summary: str  # read aloud in place of the drawing
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[NumberRow, ...]
    now_label: str
    before_label: str  # '' without a comparison
    notes: tuple[Note, ...]
    figure: str  # JSON
    height: int = HEIGHT
    stretch: int = STRETCH
    top: int = TOP
    bottom: int = BOTTOM


def chart_view(
    call: Call, wanted: ReportRequest, links: Links, answer: ReportAnswer, span: str, extras: ChartExtras
) -> ChartView:
    """The chart of the chosen metric; for visitors online, the last half hour."""
    buckets, found = Buckets(call.words, call.site, call.now, links), extras.annotations
    if wanted.metric == ONLINE:
        points, before = buckets.minutes(extras.minutes), []
        span = call.words("report.last_minutes")
    else:
        points = buckets.points(answer.report, wanted.metric)
        before = buckets.points(answer.compared, wanted.metric, linked=False) if answer.compared else []
    noted = [buckets.index_of(answer.report, note.day) for note in found]
    drawn = draw_chart(points, before, wanted.metric, noted)
    title = call.words("report.online_by_minute" if wanted.metric == ONLINE else f"metric.{wanted.metric}")
    figure = series_figure(points, before, call.words, metric=wanted.metric, title=title)
    return ChartView(
        chart=drawn,
        metric=wanted.metric,
        title=title,
        summary=summary(call.words, wanted.metric, title, span, points, answer.report.totals),
        ticks=tuple((tick.y, axis_text(call.words, wanted.metric, tick.value)) for tick in drawn.ticks),
        rows=tuple(number_rows(points, before)),
        now_label=span,
        before_label=compared_span(call.words, answer) if before else "",
        notes=tuple(_notes(found, links)),
        figure=msgspec.json.encode(with_marks(figure, drawn.marks)).decode(),
    )


def with_marks(figure: Figure, marks: Sequence[ChartMark]) -> Figure:
    """The figure with the numbers of annotations over their buckets, as the drawing has them."""
    top = figure["layout"]["yaxis"]["range"][1]
    lines = [
        {"type": "scatter", "mode": "lines", "x": [mark.index] * 2, "y": [0, top], "hoverinfo": "skip",
         "line": {"dash": "dot", "width": 1}, "meta": {"role": "before"}}
        for mark in marks
    ]  # fmt: skip
    numbers = [
        {"x": mark.index, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "text": mark.text}
        for mark in marks
    ]
    return {"data": [*lines, *figure["data"]], "layout": {**figure["layout"], "annotations": numbers}}


def summary(words: Words, metric: str, title: str, span: str, points: Sequence[ChartPoint], totals: Sums) -> str:
    """The drawing in a sentence: the whole, the highest and the lowest of what is over."""
    known = [point for point in points if point.value is not None]
    over = [point for point in known if not point.unfinished]
    whole = "" if metric == ONLINE else metric_text(words, metric, metrics(totals, (metric,))[metric])
    if len(over) < WORTH_TELLING:
        told = "; ".join(f"{point.label}: {point.text}" for point in known) or whole
        return words("report.chart_short", metric=title, span=span, told=told)
    value: Callable[[ChartPoint], float] = _value
    highest, lowest = max(over, key=value), min(over, key=value)
    name = "report.chart_of_minutes" if metric == ONLINE else "report.chart_summary"
    return words(
        name, metric=title, span=span, highest=highest.text, highest_at=highest.label, lowest=lowest.text,
        lowest_at=lowest.label, **({"whole": whole} if whole else {}),
    )  # fmt: skip


def number_rows(points: Sequence[ChartPoint], before: Sequence[ChartPoint]) -> list[NumberRow]:
    """Every bucket that has begun, with the one it is compared with."""
    return [
        NumberRow(point, before[index] if index < len(before) else None)
        for index, point in enumerate(points)
        if not point.ahead
    ]


def _value(point: ChartPoint) -> float:
    return point.value or 0


def _notes(found: Sequence[Annotation], links: Links) -> list[Note]:
    return [
        Note(number, one.day, one.text, links.to(f"/annotations/{one.key}/remove"))
        for number, one in enumerate(found, 1)
    ]
