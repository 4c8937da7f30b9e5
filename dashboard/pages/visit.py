"""One visit: who it was as far as is known, and its path from the entry page to the exit page."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from counter.event import PAGEVIEW
from counter.question import LoggedHit
from dashboard import render
from dashboard.access.call import Call
from dashboard.sites.hits import HitLinks, HitRow, is_named, make_rows

SHOWN: Final = 500  # hits of a path; a page that sends one each second makes thousands
CAMPAIGN: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
NUMBER: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Stop:
    """One hit of the path."""

    row: HitRow
    after: int | None  # seconds since the hit before; None of the first
    entry: bool
    exit: bool


async def get_visit(call: Call) -> web.StreamResponse:
    """404 for a visit of another site, as for one that never was."""
    number = call.request.match_info["visit"]
    if not NUMBER.fullmatch(number):
        raise web.HTTPNotFound
    hits = await call.service.store.reports.visit(call.site.site.key, int(number))
    if not hits:
        raise web.HTTPNotFound
    links = HitLinks(call.site.site.id, call.request.query, ())
    stops = path_of(hits, make_rows(call, hits[:SHOWN], links))
    return await asyncio.to_thread(
        render.page, call.at_rest(), "visit.html",
        stops=stops,
        who=stops[0].row,
        first=hits[0],
        language=hits[0].language if is_named(hits[0].language) else "",
        screen=hits[0].screen if is_named(hits[0].screen) else "",
        links=links,
        number=int(number),
        count=len(hits),
        lasted=max(hit.at + hit.engaged for hit in hits) - hits[0].at,  # as reports count it
        pageviews=sum(hit.name == PAGEVIEW for hit in hits),
        engaged=sum(hit.engaged for hit in hits),
        campaign=[(name, text) for name in CAMPAIGN if is_named(text := getattr(hits[0], name))],
    )  # fmt: skip


def path_of(hits: list[LoggedHit], rows: list[HitRow]) -> list[Stop]:
    """The hits in the order of time, as many as there are rows. The entry is the first to arrive, the exit the last,
    as reports have them."""
    return [
        Stop(row, hit.at - hits[index - 1].at if index else None, hit.hit == hit.visit, index == len(hits) - 1)
        for index, (hit, row) in enumerate(zip(hits, rows, strict=False))
    ]
