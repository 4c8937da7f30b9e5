"""The main chart: points in the reader's words, and from them the geometry of an SVG. Pure, and without colours.

Across, everything is per cent of the width, so that the drawing fits any screen and its texts keep their size; down,
it is pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, groupby
from typing import Final

import msgspec

HEIGHT: Final = 280  # px, with the labels below
TOP: Final = 28  # px, above the highest point: room for the numbers of annotations
BOTTOM: Final = 248  # px, where zero is
STRETCH: Final = 1000  # units across the part that is stretched
TICKS: Final = 4  # above zero, at most
LETTER: Final = 8  # px of the widest letters of a label
GAP: Final = 20  # px between two labels
ROOMS: Final = (("", 250), ("mid", 640), ("wide", 1000))  # px, the least width of a plot, by class of what needs it
DOTTED: Final = 62  # up to so many points each has its dot
SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)  # steps of an axis of durations below an hour
STEPS: Final = (1, 2, 3, 4, 6, 7, 12, 14, 24, 28, 48, 56, 84, 168, 336)  # between labels: of hours, days, months


class ChartPoint(msgspec.Struct, frozen=True):
    """One bucket of a chart, in the reader's words."""

    label: str  # which bucket: `Thu, 21 Nov 2024`
    value: float | None  # None: unknown, or still to come
    text: str  # the value with its unit; an em dash for None
    url: str = ""  # of the report of that bucket alone; '' for none
    short: str = ""  # the label below the axis: `21 Nov`
    unfinished: bool = False  # now lies within it
    ahead: bool = False  # it has not begun


class Tick(msgspec.Struct, frozen=True):
    """A line across."""

    y: float
    value: float


class Label(msgspec.Struct, frozen=True):
    """A text below the axis. `room` is the class of the screens that are wide enough for it: '', mid, wide."""

    x: str
    text: str
    room: str


class Slot(msgspec.Struct, frozen=True):
    """The place of one bucket: a column to point at, and its dot if it has one."""

    left: str
    x: str
    y: float | None
    title: str
    dot: bool


class ChartMark(msgspec.Struct, frozen=True):
    """Annotations of one bucket by their numbers: `1`, `2–4`."""

    x: str
    text: str
    index: int  # of the bucket


class Chart(msgspec.Struct, frozen=True):
    """Everything a template needs to draw; paths are in STRETCH units across and px down."""

    line: str
    open_end: str  # from the last finished bucket to the one that is not over
    area: str
    before: str
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    slots: tuple[Slot, ...]
    slot_width: str
    marks: tuple[ChartMark, ...]


def draw_chart(points: Sequence[ChartPoint], before: Sequence[ChartPoint], metric: str,
               noted: Sequence[int] = ()) -> Chart:  # fmt: skip
    """The geometry. `before` are as many points as there are of a comparison, side by side with the first; what goes
    beyond is left out. `noted` are the indexes of the points with annotations, in the order of these.
    """
    before = before[: len(points)]
    highest = max((point.value for point in (*points, *before) if point.value), default=TICKS)
    ticks = tuple(tick_values(highest, metric))
    scale = Scale(len(points), ticks[-1])
    ends = next((index for index, point in enumerate(points) if point.unfinished), len(points))
    heights = [scale.y(point.value) for point in points]
    finished = [*heights[:ends], *([None] * (len(points) - ends))]
    last = ends - 1 if ends < len(points) else None
    return Chart(
        line=path(scale, finished),
        open_end=_open_end(scale, heights, last),
        area=area(scale, heights),
        before=path(scale, [scale.y(point.value) for point in before]),
        ticks=tuple(Tick(scale.height(value), value) for value in ticks),
        labels=tuple(labels(points, scale)),
        slots=tuple(_slots(points, before, scale, heights)),
        slot_width=per_cent(1 / max(1, len(points))),
        marks=tuple(_marks(noted, scale)),
    )


class Scale(msgspec.Struct, frozen=True):
    """Where the middle of a point's column is, and how high a value is."""

    points: int
    top: float

    def part(self, index: int) -> float:
        """Of the width, 0 to 1."""
        return (index + 0.5) / self.points

    def height(self, value: float) -> float:
        return round(BOTTOM - value / self.top * (BOTTOM - TOP), 1)

    def y(self, value: float | None) -> float | None:
        return None if value is None else self.height(value)

    def at(self, index: int, y: float) -> str:
        return f"{round(self.part(index) * STRETCH, 1):g},{y:g}"


def tick_values(highest: float, metric: str) -> Iterator[float]:
    """Zero and up to four round numbers above it; the last is at least `highest`."""
    step = tick_step(max(highest, 0) / TICKS, metric)
    yield 0
    for number in count(1):
        yield number * step
        if number * step >= highest:
            return


def tick_step(least: float, metric: str) -> float:
    """The smallest round number that is not below `least`: whole for counts, in clock steps for durations."""
    if metric == "visit_duration":
        return next((step for step in SECONDS if step >= least), 3600 * _round_up(least / 3600, whole=True))
    return _round_up(least, whole=metric not in {"views_per_visit", "bounce_rate"})


def path(scale: Scale, heights: Sequence[float | None]) -> str:
    """A line through the known values, interrupted at unknown ones. A lone point is a line without length, which
    round caps turn into a dot."""
    return " ".join(
        "M" + "L".join(scale.at(index, y) for index, y in (run if len(run) > 1 else run * 2)) for run in _runs(heights)
    )


def area(scale: Scale, heights: Sequence[float | None]) -> str:
    """What lies between the line and zero."""
    shapes = []
    for run in _runs(heights):
        first, last = run[0][0], run[-1][0]
        above = "L".join(scale.at(index, y) for index, y in run)
        shapes.append(f"M{scale.at(first, BOTTOM)}L{above}L{scale.at(last, BOTTOM)}Z")
    return " ".join(shapes)


def labels(points: Sequence[ChartPoint], scale: Scale) -> Iterator[Label]:
    """As many as have room on each width of screen, at equal steps; wider screens add to the labels of narrow ones."""
    if not points:
        return
    width = LETTER * max(len(point.short) for point in points) + GAP
    steps: list[tuple[str, int]] = []
    for room, pixels in reversed(ROOMS):
        finer = steps[-1][1] if steps else 1
        steps.append((room, label_step(len(points), max(1, pixels // width), finer)))
    for index, point in enumerate(points):
        fitting = [room for room, step in steps if index % step == 0]
        if fitting and point.short:
            yield Label(per_cent(scale.part(index)), point.short, fitting[-1])


def label_step(points: int, most: int, of: int = 1) -> int:
    """How many points from one label to the next, so that there are at most `most`; a multiple of `of`."""
    least = -(-points // most)
    return next((step for step in STEPS if step >= least and step % of == 0), -(-least // of) * of)


def per_cent(part: float) -> str:
    return f"{round(part * 100, 3):g}%"


def _open_end(scale: Scale, heights: Sequence[float | None], last: int | None) -> str:
    """The dashed piece to the bucket that is not over; without a finished one before it there is only its dot."""
    if last is None:
        return ""
    begin = heights[last] if last >= 0 else None
    end = heights[last + 1]
    if end is None:
        return ""
    start = scale.at(last, begin) if begin is not None else scale.at(last + 1, end)
    return f"M{start}L{scale.at(last + 1, end)}"


def _runs(heights: Iterable[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Neighbours that are known, by index."""
    for known, group in groupby(enumerate(heights), key=lambda pair: pair[1] is not None):
        if known:
            yield [(index, y) for index, y in group if y is not None]


def _slots(points: Sequence[ChartPoint], before: Sequence[ChartPoint], scale: Scale,
           heights: Sequence[float | None]) -> Iterator[Slot]:  # fmt: skip
    dotted = len(points) <= DOTTED
    for index, (point, y) in enumerate(zip(points, heights, strict=True)):
        title = f"{point.label}: {point.text}"
        if index < len(before):
            title += f"\n{before[index].label}: {before[index].text}"
        yield Slot(per_cent(index / scale.points), per_cent(scale.part(index)), y, title, dotted)


def _marks(noted: Sequence[int], scale: Scale) -> Iterator[ChartMark]:
    """Annotations of one bucket share a mark."""
    for index, group in groupby(enumerate(noted, 1), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        text = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
        yield ChartMark(per_cent(scale.part(index)), text, index)


def _round_up(least: float, *, whole: bool) -> float:
    """1, 2, 2.5 or 5 times a power of ten."""
    power = 1.0 if whole else 0.001
    while True:
        for digit in (1, 2, 2.5, 5):
            step = round(digit * power, 4)
            if step >= least and not (whole and step % 1):
                return step
        power *= 10
