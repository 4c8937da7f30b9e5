"""Rows of a tab with all their columns, unformatted: what the page of all rows and every export show.

Reading, Tab -> Table        the first columns say what a row is, the rest are its numbers
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from counter.question import Breakdown, Dimension, Order
from counter.reports.answer import ALL, ROW_METRICS, ReportAnswer, metrics
from counter.site import WEEKDAYS
from dashboard.report.panels import Tab, TabKind
from dashboard.report.reading import Reading
from dashboard.report.request import ReportRequest, dimension_of
from dashboard.words.catalogue import Words
from dashboard.words.numbers import decimal, duration, number, percent

RATES: Final = frozenset({"bounce_rate", "conversion_rate"})
DURATIONS: Final = frozenset({"visit_duration", "engaged"})
ORDERS: Final = {order.value: order for order in Order}

Number = int | float | None
TableLine = tuple[str | Number, ...]


class Table(msgspec.Struct, frozen=True):
    """`lines` have the texts of `keys`, then the `numbers`; of `total_rows` these are the ones asked for."""

    keys: tuple[str, ...]
    numbers: tuple[str, ...]
    lines: tuple[TableLine, ...]
    total_rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.keys, *self.numbers)


def table_of(
    tab: Tab, wanted: ReportRequest, reading: Reading, *, search: str = "", limit: int | None = None, offset: int = 0
) -> Table:
    """The table of a tab. Breakdowns come searched and cut by the query, the rest is searched and cut here."""
    table = _whole(tab, reading)
    if tab in reading.breakdowns:
        return table
    found = tuple(line for line in table.lines if search.lower() in str(line[0]).lower())
    cut = found[offset : None if limit is None else offset + limit]
    return msgspec.structs.replace(table, lines=cut, total_rows=len(found))


def sortable(tab: Tab, wanted: ReportRequest) -> tuple[str, ...]:
    """The columns that the rows of a tab can be sorted by."""
    dimension = dimension_of(tab, wanted)
    return () if dimension is None else tuple(name for name in ROW_METRICS[dimension] if name in ORDERS)


def shown(words: Words, metric: str, value: str | Number) -> str:
    """One number of a table as the reader's language writes it; a text unchanged."""
    if isinstance(value, str):
        return value
    if metric in RATES:
        return percent(words, value)
    if metric in DURATIONS:
        return duration(words, value)
    return decimal(words, value) if metric == "views_per_visit" else number(words, value)


def title_of(words: Words, metric: str) -> str:
    """The heading over the numbers of a metric."""
    return words("rows.count") if metric == "count" else words(f"metric.{metric}")


def _whole(tab: Tab, reading: Reading) -> Table:
    match tab.kind:
        case TabKind.ROWS | TabKind.MAP | TabKind.KEYS:
            return _of_breakdown(reading.breakdowns[tab], reading.answer)
        case TabKind.HEAT:
            return _of_week(reading)
        case TabKind.BOTS:
            bots = (((one.name, one.category, one.reason), one.count) for one in reading.bots)
            return _of_counts(("name", "category", "reason"), bots)
        case TabKind.DROPS:
            return _of_counts(("reason",), (((one.reason,), one.count) for one in reading.drops))


def _of_breakdown(breakdown: Breakdown, answer: ReportAnswer) -> Table:
    goals = breakdown.by.dimension == Dimension.GOAL
    wanted = ROW_METRICS[breakdown.by.dimension]
    lines: list[TableLine] = []
    for row in breakdown.rows:
        rates = (answer.conversion_rate(row.sums.visitors),) if goals else ()
        lines.append((row.value, *metrics(row.sums, wanted).values(), *rates))
    numbers = (*wanted, "conversion_rate") if goals else wanted
    return Table(("value",), numbers, tuple(lines), breakdown.total_rows)


def _of_week(reading: Reading) -> Table:
    lines = tuple((WEEKDAYS[day], hour, *metrics(sums).values()) for day, hour, sums in reading.week_hours)
    return Table(("weekday", "hour"), ALL, lines, len(lines))


def _of_counts(keys: tuple[str, ...], counts: Iterable[tuple[tuple[str, ...], int]]) -> Table:
    """Days added up, the largest first."""
    found: Counter[tuple[str, ...]] = Counter()
    for key, count in counts:
        found[key] += count
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    lines: tuple[TableLine, ...] = tuple((*key, count) for key, count in ordered)
    return Table(keys, ("count",), lines, len(lines))
