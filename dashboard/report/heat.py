"""The hours of the week as a table of 7 by 24 cells, paler and darker.

It stays a table: each cell already has what a chart would show on hovering, for everyone and without a megabyte of
script.
"""

from __future__ import annotations

from typing import Final

import msgspec

from counter.question import Sums
from counter.site import ActiveSite
from dashboard.words.catalogue import Words
from dashboard.words.numbers import hour, number, weekday, weekday_short

LEVELS: Final = 9  # of shades; 0 is no visits at all
METRICS: Final = ("visits", "visitors", "pageviews")


class HeatCell(msgspec.Struct, frozen=True):
    level: int
    number: str
    title: str


class HeatRow(msgspec.Struct, frozen=True):
    short: str
    weekday: str
    cells: tuple[HeatCell, ...]


class HeatView(msgspec.Struct, frozen=True):
    hint: str
    hours: tuple[str, ...]
    rows: tuple[HeatRow, ...]


def heat_metric(metric: str) -> str:
    """What the cells count: the chosen metric, visits where an hour has no such number."""
    return metric if metric in METRICS else METRICS[0]


def heat_view(
    words: Words, site: ActiveSite, week_hours: tuple[tuple[int, int, Sums], ...], metric: str
) -> HeatView | None:
    """The table, its weeks beginning on the site's first weekday; None when nothing happened."""
    counted = heat_metric(metric)
    numbers = {(day, at): int(getattr(sums, counted)) for day, at, sums in week_hours}
    most = max(numbers.values(), default=0)
    if not most:
        return None
    first = site.site.first_weekday_number
    rows = tuple(_row(words, (first + step) % 7, numbers, most) for step in range(7))
    return HeatView(
        words("panels.heat_hint", metric=words(f"metric.{counted}")), tuple(hour(words, at) for at in range(24)), rows
    )


def level_of(count: int, most: int) -> int:
    """0 of nothing, else 1 to 9 in equal steps up to the most."""
    return min(LEVELS, 1 + count * LEVELS // most) if count else 0


def _row(words: Words, day: int, numbers: dict[tuple[int, int], int], most: int) -> HeatRow:
    name = weekday(words, day)
    cells = tuple(_cell(words, name, at, numbers.get((day, at), 0), most) for at in range(24))
    return HeatRow(weekday_short(words, day), name, cells)


def _cell(words: Words, day: str, at: int, count: int, most: int) -> HeatCell:
    text = number(words, count)
    title = words("panels.heat_cell", weekday=day, hour=hour(words, at), number=text)
    return HeatCell(level_of(count, most), text, title)
