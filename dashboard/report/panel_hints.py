"""The hints of a panel: why it has no rows, what is missing, and how to get more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from counter.question import UNKNOWN, Dimension, Filter
from dashboard.report.panels import Tab
from dashboard.report.reading import Reading
from dashboard.report.row_labels import CAMPAIGNS
from dashboard.words.catalogue import Words

_PLACES: Final = frozenset({Dimension.REGION, Dimension.CITY})
_HINTS: Final = frozenset({"screens", "events", "goals", "properties", "outbound", "downloads", "not_found"})


def empty(words: Words, filters: tuple[Filter, ...]) -> str:
    """The sentence of a panel without rows."""
    return words("panels.empty.filtered" if filters else "panels.empty.period")


def gone_days(words: Words, tab: Tab, reading: Reading) -> str:
    """A notice that raw rows are gone which only this tab needs; for the other tabs the page says so once."""
    gone = reading.apart[tab].incomplete_days if tab in reading.apart else ()
    return words("report.incomplete", count=len(gone)) if gone and not reading.answer.report.incomplete_days else ""


def hint_of(words: Words, tab: Tab, dimension: Dimension, values: Iterable[str]) -> str:
    """What to do when every value is unknown; '' when some are known."""
    if any(value != UNKNOWN for value in values):
        return ""
    if dimension in CAMPAIGNS:
        return words("panels.hint.utm")
    if dimension in _PLACES:
        return words("panels.hint.places")
    if dimension == Dimension.COUNTRY:
        return words("panels.hint.countries")
    return words(f"panels.hint.{tab.name}") if tab.name in _HINTS else ""
