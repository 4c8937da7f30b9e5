"""Where a row of a breakdown leads: to the report narrowed to its value, and to the one without it."""

from __future__ import annotations

from typing import Final

from counter.question import OTHER, Dimension, Filter, Operator
from counter.reports.grammar import MOST_FILTERS
from dashboard.report.links import Links
from dashboard.report.panels import Tab
from dashboard.report.request import ReportRequest, dimension_of, key_of

LONGEST_URL: Final = 8000  # bytes; servers refuse longer request lines


def filter_of(tab: Tab, wanted: ReportRequest, value: str, operator: Operator = Operator.IS) -> Filter | None:
    """The filter for the value of a row; None when no filter can select it."""
    dimension, key = dimension_of(tab, wanted), key_of(tab, wanted)
    if dimension is None or value == OTHER or (not value and dimension != Dimension.PROPERTY):
        return None
    return Filter(dimension, operator, (value,), key)


def row_links(links: Links, tab: Tab, wanted: ReportRequest, value: str) -> tuple[str, str]:
    """Where a row leads, and where its opposite does."""
    found = []
    for operator in (Operator.IS, Operator.IS_NOT):
        one = filter_of(tab, wanted, value, operator)
        found.append(short(links.filtered(one, *tab.only)) if one else "")
    return found[0], found[1]


def is_filtered(tab: Tab, wanted: ReportRequest, value: str) -> bool:
    """Whether the report is narrowed to the row already."""
    asked = (dimension_of(tab, wanted), key_of(tab, wanted), Operator.IS)
    return any((one.dimension, one.key, one.operator) == asked and value in one.values for one in wanted.filters)


def short(url: str) -> str:
    """The URL, or '' when it is too long, or asks for more filters than are taken."""
    return url if len(url) <= LONGEST_URL and url.count("filter=") <= MOST_FILTERS else ""
