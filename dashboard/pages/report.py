"""`GET /dashboard/sites/{site}`: the report. Each link of it is the whole question, and all numbers one snapshot."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from multidict import MultiDict

from counter.calendar.localtime import day_date
from counter.errors import BadInput, TooExpensive
from counter.reports.grammar import read_filters
from dashboard import render
from dashboard.access.call import Call
from dashboard.live.hub import per_minute
from dashboard.report.cards import make_cards
from dashboard.report.choices import compared_span, make_choices
from dashboard.report.filters import FORM_KEYS, asks_for_filter, filtered_url, filtering
from dashboard.report.links import Links
from dashboard.report.page_chart import ChartExtras, chart_view
from dashboard.report.panel_views import PanelView, lazy_view, panel_view
from dashboard.report.panels import PANELS, TabKind
from dashboard.report.reading import Reading, read_tabs
from dashboard.report.request import (
    ONLINE,
    REPORT_KEYS,
    TOP_ROWS,
    ReportRequest,
    links_of,
    read_report_request,
    refuse_unknown_keys,
)

COUNTED_APART: Final = frozenset(
    {TabKind.BOTS, TabKind.DROPS}
)  # loaded when they scroll into view: they are no part of the numbers above


async def get_report(call: Call) -> web.StreamResponse:
    """The whole page; the filter form's fields are answered with the URL they mean."""
    try:
        if asks_for_filter(call.request.query):
            raise render.see(_form_url(call))
        wanted = await read_report_request(call)
    except BadInput as error:
        return _refused(call, error)
    try:
        return await _show(call, wanted)
    except (BadInput, TooExpensive) as error:
        return _refused(call, error, wanted)


async def _show(call: Call, wanted: ReportRequest) -> web.Response:
    shown = [tab for tab in wanted.open_tabs.values() if tab.kind not in COUNTED_APART]
    reading = await read_tabs(call, wanted, shown, limit=TOP_ROWS)
    extras, empty = await _read_extras(call, wanted), await _why_empty(call, wanted, reading)
    return await asyncio.to_thread(_page, call.at_rest(), wanted, reading, extras, empty, _online(call))


def _online(call: Call) -> int:
    """Visitors online now, as the live page says it."""
    online = call.service.online
    online.refresh(call.now)
    return online.count(call.site.site.key)


async def _read_extras(call: Call, wanted: ReportRequest) -> ChartExtras:
    """What the store is asked for the chart alone."""
    if wanted.metric == ONLINE:
        return ChartExtras(minutes=tuple(await per_minute(call)))
    period = wanted.period
    return ChartExtras(
        tuple(await call.service.store.reports.annotations(call.site.site.key, period.start, period.end))
    )


def _page(
    call: Call, wanted: ReportRequest, reading: Reading, extras: ChartExtras, empty: str, online: int
) -> web.Response:
    """In a thread: to draw a month in hours took 130 ms, and hits do not wait for it."""
    links = links_of(call, wanted)
    answer, site, today = reading.answer, call.site, call.site.local.day(call.now)
    choices = make_choices(call.words, links, wanted, site, today)
    return render.page(
        call, "report.html",
        wanted=wanted, links=links, choices=choices,
        filtering=filtering(call.words, links),
        cards=make_cards(call.words, links, answer, online, wanted.metric),
        compared=compared_span(call.words, answer),
        same_time=answer.until is not None,
        view=chart_view(call, wanted, links, answer, choices.span, extras),
        panels=_panels(call, wanted, links, reading),
        incomplete=len(answer.report.incomplete_days),
        incomplete_before=len(answer.compared.incomplete_days) if answer.compared else 0,
        note_day=str(day_date(min(max(wanted.period.start, today), wanted.period.end - 1))),
        empty=empty,
    )  # fmt: skip


def _panels(call: Call, wanted: ReportRequest, links: Links, reading: Reading) -> list[PanelView]:
    return [
        lazy_view(call, wanted, links, panel, reading)
        if wanted.open_tabs[panel.name].kind in COUNTED_APART
        else panel_view(call, wanted, links, panel, reading)
        for panel in PANELS
    ]


async def _why_empty(call: Call, wanted: ReportRequest, reading: Reading) -> str:
    """Why the report is empty: its filters, its period, or no hits at all; '' when it is not."""
    totals = reading.answer.report.totals
    if totals.pageviews or totals.events or totals.visits:
        return ""
    if await call.service.store.reports.counted_days(call.site.site.key) is None:
        return "site"
    return "filters" if wanted.filters else "period"


def _form_url(call: Call) -> str:
    query = call.request.query
    once = MultiDict(query.items())
    once.popall("f_value", None)  # any of several values
    refuse_unknown_keys(once, (*REPORT_KEYS, *FORM_KEYS))
    return filtered_url(call.words, call.site.site.id, query, read_filters(query))


def _refused(call: Call, error: BadInput | TooExpensive, wanted: ReportRequest | None = None) -> web.Response:
    """Why there is no report, in the frame of the page, with the filters that could be read, to change them."""
    links = links_of(call, wanted) if wanted else Links(call.site.site.id, MultiDict(), ())
    return render.page(
        call, "report_refused.html", error.status,
        code=error.code, sentence=str(error), wanted=wanted, links=links,
        filtering=filtering(call.words, links) if wanted else None,
        choices=make_choices(call.words, links, wanted, call.site, call.site.local.day(call.now)) if wanted else None,
    )  # fmt: skip
