"""One panel alone, as its tabs fetch it, and the page of all its rows."""

from __future__ import annotations

import msgspec
from aiohttp import web

from counter.errors import BadInput
from counter.question import Order
from counter.reports.grammar import LONGEST_VALUE
from counter.text import clean
from dashboard import render
from dashboard.access.call import Call
from dashboard.report.filters import filtering
from dashboard.report.panel_views import panel_view
from dashboard.report.panels import BY_NAME, Panel, Tab
from dashboard.report.reading import read_tabs
from dashboard.report.request import ROWS_KEYS, TOP_ROWS, ReportRequest, links_of, read_page, read_report_request
from dashboard.report.rows import PAGE_ROWS, rows_view
from dashboard.report.tables import sortable


async def get_panel(call: Call) -> web.StreamResponse:
    """The panel with the open tab, the same as on the report."""
    panel = panel_of(call)
    wanted = without_series(await read_report_request(call))
    reading = await read_tabs(call, wanted, [wanted.open_tabs[panel.name]], limit=TOP_ROWS, compare=False)
    view = panel_view(call, wanted, links_of(call, wanted), panel, reading)
    return render.html(call, render.fragment(call, "_panel.html", panel=view))


async def get_rows(call: Call) -> web.StreamResponse:
    """Every row of the open tab with all its numbers, a hundred a page."""
    panel = panel_of(call)
    wanted = without_series(await read_report_request(call, ROWS_KEYS))
    links, page = links_of(call, wanted), read_page(call.request.query)
    tab = wanted.open_tabs[panel.name]
    order, search = read_order(call, tab, wanted), read_search(call)
    reading = await read_tabs(
        call, wanted, [tab], limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS, search=search, order=order, compare=False
    )
    view = rows_view(call, wanted, links, panel, reading, search=search, page=page)
    return render.page(call, "rows.html", view=view, filtering=filtering(call.words, links))


def panel_of(call: Call) -> Panel:
    """The panel of the path; 404 for one there is none of."""
    panel = BY_NAME.get(call.request.match_info["panel"])
    if panel is None:
        raise web.HTTPNotFound
    return panel


def without_series(wanted: ReportRequest) -> ReportRequest:
    """The same question without a chart."""
    return msgspec.structs.replace(wanted, query=msgspec.structs.replace(wanted.query, bucket=None))


def read_order(call: Call, tab: Tab, wanted: ReportRequest) -> Order | None:
    """The column that rows are to be sorted by; None for the metric, or what is nearest to it."""
    text = call.request.query.get("order")
    if text is None:
        return None
    known = sortable(tab, wanted)
    if text not in known:
        raise BadInput(f"order is {text[:40]!r}, it may be {', '.join(known) or 'left out: these rows have one order'}")
    return Order(text)


def read_search(call: Call) -> str:
    return clean(call.request.query.get("search", ""), LONGEST_VALUE)
