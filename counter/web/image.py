"""The routes of images: the widget and the badge, as SVG or PNG, which may be counted with, and kept when they are not.

An image that may be kept never has the reader's own address, country and browser in it, nor does one that an image
proxy fetches.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

from aiohttp import hdrs, web

from counter.collect.agents.image_proxies import image_proxy
from counter.errors import BadInput
from counter.question import Metric
from counter.service.book import Snapshot
from counter.service.service import SERVICE
from counter.web.collect import NO_STORE
from counter.web.embedding import SHARED, SVG_POLICY
from counter.web.totals import etag_matches
from counter.web.widget import find_numbers, is_counting, reader_of, request_options
from counter.widget.badge import badge_from, render_badge
from counter.widget.options import Options
from counter.widget.png import LARGEST_SCALE, check_png, draw_png
from counter.widget.render import render_svg
from counter.widget.view import Reader, view_of

Draw = Callable[[Snapshot, Reader | None], str]


async def get_svg(request: web.Request) -> web.Response:
    """The numbers as an image. Read-only it may be cached, so no address is in it; counting it is the visitor's own."""
    return await _answer_widget(request, scale=0)


async def get_png(request: web.Request) -> web.Response:
    """The same image for readers whose programs show no SVG; 501 without the extra `png`."""
    return await _answer_widget(request, _scale(request))


async def get_badge(request: web.Request) -> web.Response:
    """One number as a small image, with the same rules. Through an image proxy there are views, and no visits."""
    return await _answer_badge(request, scale=0)


async def get_badge_png(request: web.Request) -> web.Response:
    """The badge for readers whose programs show no SVG; 501 without the extra `png`."""
    return await _answer_badge(request, _scale(request))


async def _answer_widget(request: web.Request, scale: int) -> web.Response:
    options = request_options(request)
    return await _answer(
        request, options, lambda snapshot, reader: render_svg(view_of(snapshot, options, reader)), Metric.VISITS, scale
    )


async def _answer_badge(request: web.Request, scale: int) -> web.Response:
    badge = badge_from(request.query, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    return await _answer(
        request, badge.options, lambda snapshot, _: render_badge(snapshot, badge), Metric.PAGEVIEWS, scale
    )


async def _answer(request: web.Request, options: Options, draw: Draw, metric: Metric, scale: int) -> web.Response:
    """An SVG, or with a `scale` of 1 or more a PNG; `metric` is what is shown when the query names none."""
    found = await find_numbers(request, options, metric, image=True)
    private = is_counting(request)
    svg = draw(found.snapshot, reader_of(request) if private and _has_reader(request) else None)
    kind = "image/png" if scale else "image/svg+xml; charset=utf-8"
    headers = {**SHARED, **found.headers, "Content-Type": kind}
    if not scale:
        headers["Content-Security-Policy"] = SVG_POLICY
    if private or found.status != 200:
        headers |= NO_STORE
    else:
        etag = f'"{hashlib.blake2b(f"{scale}{svg}".encode(), digest_size=12).hexdigest()}"'
        headers |= {"Cache-Control": "public, max-age=60", "ETag": etag, "Vary": "Accept-Language"}
        if etag_matches(request, etag):
            return web.Response(status=304, headers=headers)
    image = await asyncio.to_thread(draw_png, svg, scale) if scale else svg.encode()
    return web.Response(body=image, status=found.status, headers=headers)


def _scale(request: web.Request) -> int:
    """How many pixels of a PNG a pixel of the SVG is. Raised here is also `NotInstalled`: before anything counts."""
    check_png()
    asked = request.query.get("scale", "1")
    if asked not in {str(scale) for scale in range(1, LARGEST_SCALE + 1)}:
        raise BadInput(f"scale is {asked[:40]!a}; allowed are 1 to {LARGEST_SCALE} (times the size in pixels).")
    return int(asked)


def _has_reader(request: web.Request) -> bool:
    """Whether the request is a reader's own; bots have none, and those of an image proxy are hidden."""
    agent = request.headers.get(hdrs.USER_AGENT, "")
    if request.app[SERVICE].pipeline.agents.look_up(agent).bot is not None:
        return False
    return image_proxy(agent, request.headers.get(hdrs.VIA, ""), request.headers.get(hdrs.REFERER, "")) is None
