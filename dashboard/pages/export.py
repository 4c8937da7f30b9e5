"""A report to take away: one panel or the whole, as CSV or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from counter.web.report import report_head
from dashboard import render
from dashboard.access.call import Call
from dashboard.pages.panel import panel_of, read_order, read_search, without_series
from dashboard.report import export
from dashboard.report.panels import Panel, Tab
from dashboard.report.reading import Reading, read_tabs
from dashboard.report.request import REPORT_KEYS, ReportRequest, read_report_request
from dashboard.report.tables import table_of

CSV: Final = "text/csv; charset=utf-8"
JSON: Final = "application/json"
PANEL_KEYS: Final = (*REPORT_KEYS, "order", "search")


async def get_panel_csv(call: Call) -> web.StreamResponse:
    """All rows of the open tab."""
    panel, tab, wanted, reading, search = await _read_panel(call)

    def make() -> bytes:
        return export.panel_csv(table_of(tab, wanted, reading, search=search, limit=export.MOST_ROWS))

    return await _send(call, wanted, make, CSV, (panel.name, tab.name), ".csv")


async def get_panel_json(call: Call) -> web.StreamResponse:
    panel, tab, wanted, reading, search = await _read_panel(call)
    head = report_head(call.request, call.site, wanted.period, call.now)

    def make() -> bytes:
        table = table_of(tab, wanted, reading, search=search, limit=export.MOST_ROWS)
        return export.panel_json(head, panel, tab, wanted, table)

    return await _send(call, wanted, make, JSON, (panel.name, tab.name), ".json")


async def get_csv(call: Call) -> web.StreamResponse:
    """Totals, series and the first thousand rows of every tab, one number a line."""
    wanted, reading = await _read_whole(call)
    site = call.site
    return await _send(call, wanted, lambda: export.whole_csv(wanted, reading, site), CSV, ("report",), ".csv")


async def get_json(call: Call) -> web.StreamResponse:
    """The same in the form of the API."""
    wanted, reading = await _read_whole(call)
    site = call.site
    head = report_head(call.request, site, wanted.period, call.now)

    def make() -> bytes:
        return export.whole_json(head, wanted, reading, site)

    return await _send(call, wanted, make, JSON, ("report",), ".json")


async def _read_panel(call: Call) -> tuple[Panel, Tab, ReportRequest, Reading, str]:
    panel = panel_of(call)
    wanted = without_series(await read_report_request(call, PANEL_KEYS))
    tab, search = wanted.open_tabs[panel.name], read_search(call)
    order = read_order(call, tab, wanted)
    reading = await read_tabs(
        call, wanted, [tab], limit=export.MOST_ROWS, search=search, order=order, compare=False
    )  # fmt: skip
    return panel, tab, wanted, reading, search


async def _read_whole(call: Call) -> tuple[ReportRequest, Reading]:
    """Every tab, of properties their names."""
    wanted = msgspec.structs.replace(await read_report_request(call), key="")
    tabs = [tab for _, tab in export.EXPORTED]
    return wanted, await read_tabs(call, wanted, tabs, limit=export.MOST_ROWS_EACH)


async def _send(call: Call, wanted: ReportRequest, make: Callable[[], bytes], kind: str, what: tuple[str, ...],
                ending: str) -> web.StreamResponse:  # fmt: skip
    """The file, made and packed in a thread: a hundred thousand rows take longer than anybody else should wait."""
    name, request = export.file_name(call.site.site.id, what, wanted.period, ending), call.request

    def answer() -> web.Response:
        return render.answer(request, make(), kind, Content_Disposition=f'attachment; filename="{name}"')

    return await asyncio.to_thread(answer)
