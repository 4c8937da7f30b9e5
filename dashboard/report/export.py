"""Exports of a report: the rows of a panel, or all of it, as CSV or JSON.

Numbers are never formatted: counts are integers, rates are of 100 with one decimal, durations are seconds. A CSV file
is UTF-8 with a byte order mark, because Excel misreads a file without one; Python's `utf-8-sig` and every spreadsheet
remove it. Texts are quoted, and one that a spreadsheet would run gets an apostrophe
(dashboard/report/csv_cells.py).

The whole as CSV has one number a line:

    section   tab           value        detail   metric     number
    totals                                        visitors   12
    series    day           2024-11-21            visitors   3
    pages     entry_pages   /                     visits     7
    hours     hours         monday       13       visits     2
    bots      bots          Googlebot    search list   count      4

`compared` and `compared_series` are those of the period it is compared with; the value of `compared` is the moment that
its totals end at, where the period of the report is not over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from counter.calendar.localtime import day_date
from counter.calendar.periods import Period
from counter.question import Bucket, Report
from counter.reports.answer import metrics, total_metrics
from counter.site import ActiveSite
from counter.web.report import filter_json, report_json
from dashboard.report.csv_cells import Cell, csv_lines
from dashboard.report.panels import PANELS, Panel, Tab, TabKind
from dashboard.report.reading import Reading
from dashboard.report.request import ReportRequest, dimension_of, key_of
from dashboard.report.tables import Table, table_of

MOST_ROWS: Final = 100_000  # of one panel
MOST_ROWS_EACH: Final = 1000  # of every tab in the whole
MARK: Final = "\ufeff"
HEAD: Final = ("section", "tab", "value", "detail", "metric", "number")
# Every breakdown once: the map shows the same rows as the list of countries.
EXPORTED: Final[tuple[tuple[Panel, Tab], ...]] = tuple(
    (panel, tab) for panel in PANELS for tab in panel.tabs if tab.kind != TabKind.MAP
)


def panel_csv(table: Table) -> bytes:
    """A tab's rows, all numbers of a row in one line."""
    return (MARK + csv_lines([table.columns, *table.lines])).encode("utf-8", "replace")


def panel_json(head: Mapping[str, Any], panel: Panel, tab: Tab, wanted: ReportRequest, table: Table) -> bytes:
    """A tab's rows as the API has a breakdown; `head` says of which site, period and moment."""
    filters = [filter_json(one) for one in wanted.filters] if _takes_filters(tab) else []
    return msgspec.json.encode({**head, "filters": filters, **_tab_json(panel, tab, wanted, table)})


def whole_csv(wanted: ReportRequest, reading: Reading, site: ActiveSite) -> bytes:
    return (MARK + csv_lines([HEAD, *_lines(wanted, reading, site)])).encode("utf-8", "replace")


def whole_json(head: Mapping[str, Any], wanted: ReportRequest, reading: Reading, site: ActiveSite) -> bytes:
    """The answer of `GET /api/v1/report`, with every tab as a breakdown, and with bots and drops."""
    report = report_json(wanted.query, reading.answer, site)
    report["week_hours"] = _keyed(table_of(_tab("hours"), wanted, reading))
    report["breakdowns"] = [
        _tab_json(panel, tab, wanted, table_of(tab, wanted, reading)) for panel, tab in EXPORTED if tab.dimension
    ]
    counted_apart = {name: _keyed(table_of(_tab(name), wanted, reading)) for name in ("bots", "drops")}
    return msgspec.json.encode({**head, **report, **counted_apart})


def file_name(site_id: str, what: tuple[str, ...], period: Period, ending: str) -> str:
    """A plain ASCII name, with no character that is special in a header or a file system."""
    words = [re.sub(r"[^A-Za-z0-9_]+", "-", one).strip("-") for one in (site_id, *what)]
    return (
        "-".join([word for word in words if word] + [f"{day_date(period.start)}", f"{day_date(period.end - 1)}"])
        + ending
    )


def _takes_filters(tab: Tab) -> bool:
    return tab.kind not in {TabKind.BOTS, TabKind.DROPS}


def _tab(name: str) -> Tab:
    return next(tab for _, tab in EXPORTED if tab.name == name)


def _tab_json(panel: Panel, tab: Tab, wanted: ReportRequest, table: Table) -> dict[str, Any]:
    dimension, key = dimension_of(tab, wanted), key_of(tab, wanted)
    return {
        "panel": panel.name,
        "tab": tab.name,
        **({"by": dimension.name.lower()} if dimension else {}),
        **({"key": key} if key else {}),
        **({"only": [filter_json(one) for one in tab.only]} if tab.only else {}),
        "total_rows": table.total_rows,
        "rows": _keyed(table),
    }


def _keyed(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, line, strict=True)) for line in table.lines]


# The whole as lines ------------------------------------------------------------------------------------------------


def _lines(wanted: ReportRequest, reading: Reading, site: ActiveSite) -> Iterator[tuple[Cell, ...]]:
    answer = reading.answer
    yield from _numbers("totals", "", "", "", total_metrics(answer.report.totals))
    yield from _series("series", answer.report, site)
    if answer.compared is not None and answer.compared_totals is not None:
        until = "" if answer.until is None else site.local.iso(answer.until)
        yield from _numbers("compared", "", until, "", total_metrics(answer.compared_totals))
        yield from _series("compared_series", answer.compared, site)
    for panel, tab in EXPORTED:
        table = table_of(tab, wanted, reading)
        for line in table.lines:
            value, *rest = (str(text) for text in line[: len(table.keys)])
            numbers = dict(zip(table.numbers, line[len(table.keys) :], strict=True))
            yield from _numbers(panel.name, tab.name, value, " ".join(rest), numbers)


def _series(section: str, report: Report, site: ActiveSite) -> Iterator[tuple[Cell, ...]]:
    bucket = report.question.bucket
    for point in report.series:
        start = site.local.iso(point.start) if bucket == Bucket.HOUR else str(day_date(point.start))
        yield from _numbers(section, str(bucket), start, "", metrics(point.sums))


def _numbers(
    section: str, tab: str, value: str, detail: str, numbers: Mapping[str, Cell]
) -> Iterator[tuple[Cell, ...]]:  # fmt: skip
    for metric, number in numbers.items():
        yield (section, tab, value, detail, metric, number)
