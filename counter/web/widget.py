"""The routes of the widget: one view of one snapshot, answered as HTML or as JSON; images are in counter.web.image.

The reader's own address, country and browser only go into answers marked `private, no-store`.
"""

from __future__ import annotations

import logging
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from counter.errors import BadInput, Overloaded, StoreError
from counter.event import DropReason
from counter.question import Metric
from counter.service.book import Snapshot, SnapshotQuery, Tally, take_snapshot
from counter.service.service import SERVICE, Service
from counter.service.writer import RETRY_AFTER
from counter.web.collect import count_query
from counter.web.embedding import FRAMEABLE, SHARED, own_sources
from counter.web.pages import public_url
from counter.web.request import visitor_address
from counter.web.totals import parse_query
from counter.widget.options import Options, options_from
from counter.widget.render import render_html, render_json
from counter.widget.view import Reader, view_of

log = logging.getLogger(__name__)

PRIVATE = "private, no-store"


class WidgetAnswer(NamedTuple):
    """What to show, and the status: 503 when the hit could not be stored or the numbers could not be read."""

    snapshot: Snapshot
    status: int

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.status == 200 else {"Retry-After": str(RETRY_AFTER)}


async def get_html(request: web.Request) -> web.Response:
    """The numbers as a page for an iframe, or with `fragment=1` for a server-side include. Shows the reader's IP."""
    options = request_options(request)
    found = await find_numbers(request, options)
    view = view_of(found.snapshot, options, reader_of(request), _about(request, options))
    page = render_html(view, fragment=options.fragment)
    headers = {
        "Cache-Control": PRIVATE,
        "Content-Security-Policy": _frame_policy(request),
        **FRAMEABLE,
        **found.headers,
    }
    return web.Response(text=page, status=found.status, content_type="text/html", headers=headers)


async def get_json(request: web.Request) -> web.Response:
    """What the other forms show, for the script to draw: every word, number and icon is decided here. Never counts."""
    options = request_options(request)
    snapshot = await _snapshot(request, _query(request, Metric.VISITS, counting=False), options)
    body = render_json(view_of(snapshot, options, reader_of(request), _about(request, options)))
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": PRIVATE, **SHARED})


def _frame_policy(request: web.Request) -> str:
    own = own_sources(request)
    return f"default-src 'none'; style-src {own}; img-src {own} data:; frame-ancestors *; base-uri 'none'"


def request_options(request: web.Request) -> Options:
    return options_from(request.query, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


def is_counting(request: web.Request) -> bool:
    return request.query.get("count") == "1"


def _query(request: web.Request, metric: Metric, *, counting: bool) -> SnapshotQuery:
    """Whose numbers: a page's with `path`. Where that is the path to be counted, the site's; `scope` says otherwise."""
    query = {"metric": metric.value, **request.query, "site": request.match_info["site"]}
    scope = query.get("scope", "site" if counting else "page")
    if scope not in ("site", "page"):
        raise BadInput(f"scope is {scope[:40]!a}; allowed are site, page.")
    if scope == "site":
        query["path"] = ""
    return parse_query(query)


async def find_numbers(
    request: web.Request, options: Options, metric: Metric = Metric.VISITS, *, image: bool = False
) -> WidgetAnswer:
    """Count if asked to. An `image` or a frame is always drawn: with em dashes rather than broken.

    `metric` is what is shown when the query names none.
    """
    counting, status = is_counting(request), 200
    asked = _query(request, metric, counting=counting)
    try:
        if counting:
            await _count(request, asked, image=image)
    except (StoreError, Overloaded) as error:
        log.error("a hit of a counting image was not stored", extra={"error": str(error)})
        status = 503
    try:
        return WidgetAnswer(await _snapshot(request, asked, options), status)
    except StoreError as error:
        log.error("the numbers of a page could not be read", extra={"error": str(error)})
        return WidgetAnswer(_unknown(request.app[SERVICE], asked), 503)


async def _count(request: web.Request, asked: SnapshotQuery, *, image: bool) -> None:
    verdict = await count_query(request, request.app[SERVICE], asked.site_id, image=image)
    if verdict.reason == DropReason.RATE_LIMITED:
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(verdict.retry_after)})


async def _snapshot(request: web.Request, asked: SnapshotQuery, options: Options) -> Snapshot:
    """The snapshot with the time of this reading: its numbers may be hours old on a quiet site."""
    service = request.app[SERVICE]
    snapshot = await service.snapshots.of(asked)
    now = service.clock.now()
    local = service.sites.public(asked.site_id).local
    countries = None
    if "countries" in options.lines:
        countries = await service.countries.of(
            snapshot.site.key, local.day(int(now)), service.clock.monotonic(), wait=not is_counting(request)
        )
    return msgspec.structs.replace(snapshot, generated_at=int(now), local_time=local.text(now), countries=countries)


def _unknown(service: Service, asked: SnapshotQuery) -> Snapshot:
    """A snapshot of no number."""
    site = service.sites.public(asked.site_id)
    online, now = service.online.count(site.site.key), service.clock.now()
    empty = take_snapshot(site.site, site.local, asked.metric, Tally(), online, now, asked.path)
    counts = {name: msgspec.structs.replace(count, value=None) for name, count in empty.counts.items()}
    return msgspec.structs.replace(empty, counts=counts)


def reader_of(request: web.Request) -> Reader:
    """The reader; only for answers that are not cached."""
    service = request.app[SERVICE]
    address = visitor_address(request, service)
    agent = service.pipeline.agents.look_up(request.headers.get(hdrs.USER_AGENT, ""))
    system = " \u00b7 ".join(name for name in (agent.browser, agent.system) if name)
    return Reader(address, service.pipeline.geo.place(address).country, system)


def _about(request: web.Request, options: Options) -> str:
    """Where the numbers are explained: a full URL, since a fragment is on another site's page."""
    base = public_url(request, request.app[SERVICE])
    return f"{base}/widget/{quote(request.match_info['site'], safe='')}/about?lang={options.language.tag}"
