"""The hit log: single hits, newest first, each value a filter; for admins also as a file."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from counter.calendar.periods import NAMES
from counter.collect.typed import as_stored
from counter.errors import TooExpensive
from counter.question import LoggedHit, Question
from counter.reports.grammar import read_filters, read_number, refuse_unknown
from dashboard import render
from dashboard.access.call import Call
from dashboard.report.csv_cells import csv_lines
from dashboard.report.filters import asks_for_filter, filtered_url, filtering
from dashboard.report.links import QUESTION
from dashboard.report.request import Days, read_days
from dashboard.sites.hit_export import COLUMNS, as_csv, as_ndjson, send_hits
from dashboard.sites.hits import HITS, HitLinks, make_rows

SHOWN: Final = 50  # hits of a page
LARGEST_ID: Final = 2**62
KEYS: Final = (*QUESTION, "before")  # of the report's question, what is not about hits is only kept for the way back
SHORT: Final = ("today", "yesterday", "7d", "28d")  # what is offered when a period takes too long


async def get_hits(call: Call) -> web.StreamResponse:
    query, site = call.request.query, call.site.site
    filters = read_filters(query)
    if asks_for_filter(query):
        base = HitLinks(site.id, query, filters).base
        raise render.see(filtered_url(call.words, site.id, query, filters).replace(base, base + HITS, 1))
    days, question = await _read(call)
    before = read_number(query, "before", LARGEST_ID, 1, LARGEST_ID) if "before" in query else None
    hits: list[LoggedHit] = []
    expensive = False
    try:
        hits = await call.service.store.reports.hits(question, before, SHOWN + 1)
    except TooExpensive:
        expensive = True
    links = HitLinks(site.id, query, question.filters)
    shown = hits[:SHOWN]
    return await asyncio.to_thread(
        render.page, call.at_rest(), "hits.html", 422 if expensive else 200,
        days=days,
        links=links,
        filtering=msgspec.structs.replace(filtering(call.words, links), action=links.base + HITS),
        rows=make_rows(call, shown, links),
        before=before,
        older=links.older(shown[-1].hit) if len(hits) > SHOWN else "",
        expensive=expensive,
        periods=SHORT if expensive else NAMES,
    )  # fmt: skip


async def get_hits_csv(call: Call) -> web.StreamResponse:
    _, question = await _read(call)
    return await send_hits(call, question, "csv", csv_lines([COLUMNS]), as_csv)


async def get_hits_ndjson(call: Call) -> web.StreamResponse:
    _, question = await _read(call)
    return await send_hits(call, question, "ndjson", "", as_ndjson)


async def _read(call: Call) -> tuple[Days, Question]:
    refuse_unknown(call.request.query, KEYS)
    days = await read_days(call)
    filters = as_stored(read_filters(call.request.query), call.site.site.query_keys)
    return days, Question(call.site.site.key, days.period.start, days.period.end, filters)
