"""The routes of the widget: one view of one snapshot, answered as HTML, as an image or as JSON.

What is the reader's own (his address, his country, his browser) goes only into answers marked `private, no-store`;
an image that may be cached has none of it, whoever asks.
"""

from __future__ import annotations

import hashlib

import msgspec
from aiohttp import hdrs, web

from counter.event import DropReason
from counter.stats.totals import Snapshot
from counter.web.collect import count_query
from counter.web.middleware import NOSNIFF
from counter.web.parts import SERVICE, Service
from counter.web.request import visitor_address
from counter.web.totals import ANSWERS, Asked, is_known, parse_query
from counter.web.widget import Options, options_from, render_html, render_svg
from counter.web.widget_json import render_json

PRIVATE = "private, no-store"
_WIDGET_CSP = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors *; base-uri 'none'"
_SVG_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_SHARED = {"Access-Control-Allow-Origin": "*", **NOSNIFF}


async def get_html(request: web.Request) -> web.Response:
    """The numbers as a page for an iframe, or with `fragment=1` for a server-side include. Shows the reader's IP."""
    service = request.app[SERVICE]
    asked, options = _asked(request), _options(request)
    if _is_counting(request):
        await _count(request, service, asked)
    answer = await request.app[ANSWERS].to(asked)
    page = render_html(_now(service, answer.snapshot), options, visitor_address(request, service))
    headers = {"Cache-Control": PRIVATE, "Content-Security-Policy": _WIDGET_CSP, **_SHARED}
    return web.Response(text=page, content_type="text/html", headers=headers)


async def get_json(request: web.Request) -> web.Response:
    """What the other forms show, for the script to draw: every word, number and icon is decided here. Never counts."""
    service = request.app[SERVICE]
    asked, options = _asked(request), _options(request)
    answer = await request.app[ANSWERS].to(asked)
    body = render_json(_now(service, answer.snapshot), options, visitor_address(request, service))
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": PRIVATE, **_SHARED})


async def get_svg(request: web.Request) -> web.Response:
    """The numbers as an image. Read-only it may be cached, so no address is in it; counting it is the visitor's own."""
    service = request.app[SERVICE]
    asked, options = _asked(request), _options(request)
    headers = {"Content-Security-Policy": _SVG_CSP, **_SHARED}
    counting = _is_counting(request)
    if counting:
        await _count(request, service, asked)
    answer = await request.app[ANSWERS].to(asked)
    address = visitor_address(request, service) if counting else None
    image = render_svg(_now(service, answer.snapshot), options, address).encode()
    if counting:
        headers["Cache-Control"] = PRIVATE
    else:
        etag = f'"{hashlib.blake2b(image, digest_size=12).hexdigest()}"'
        headers |= {"Cache-Control": "public, max-age=60", "ETag": etag, "Vary": "Accept-Language"}
        if is_known(request, etag):
            return web.Response(status=304, headers=headers)
    return web.Response(body=image, content_type="image/svg+xml", charset="utf-8", headers=headers)


def _options(request: web.Request) -> Options:
    return options_from(request.query, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


def _is_counting(request: web.Request) -> bool:
    return request.query.get("count") == "1"


def _asked(request: web.Request) -> Asked:
    """Whose numbers: a page's with `path`, unless that is the path to be counted; then the whole site's."""
    query = {**request.query, "site": request.match_info["site"]}
    if _is_counting(request):
        query["path"] = ""
    return parse_query(query)


def _now(service: Service, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the time of this reading: its numbers may be hours old on a quiet site."""
    now = service.clock.now()
    local = service.sites.get(snapshot.site.id).local
    return msgspec.structs.replace(snapshot, generated_at=int(now), local_time=local.text(now))


async def _count(request: web.Request, service: Service, asked: Asked) -> None:
    verdict = await count_query(request, service, asked.site_id)
    if verdict.reason == DropReason.RATE_LIMITED:
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(verdict.retry_after)})
