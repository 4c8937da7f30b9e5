"""How to install the tracker: the lines for the pages of a site, and whether the first hit has arrived."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from aiohttp import web

from counter.labels import country_name
from counter.question import LoggedHit, Question
from counter.web.tracker import snippet
from dashboard import render
from dashboard.access.call import Call
from dashboard.access.sessions import base_url


async def get_install(call: Call) -> web.StreamResponse:
    """The snippet; without a hit yet the page waits for it, with a script live and without by being read again."""
    site, config = call.site.site, call.service.config
    base = base_url(call.request, call.service)
    image = f"{base}/widget/{quote(site.id)}.svg?count=1&path=/"
    newest = await call.service.store.reports.newest()  # read first: the page is sent what comes after it
    last = await _last_hit(call)
    return render.page(
        call, "install.html",
        line=snippet(config.tracker, base, site.id),
        pinned=snippet(config.tracker, base, site.id, pinned=True),
        widget="<visitor-counter></visitor-counter>",
        noscript=f'<noscript><img src="{escape(image)}" alt=""></noscript>',
        newest=newest, last=last,
        country=country_name(last.country, call.words.language) if last and last.country else "",
        reached_from_here=not config.server.public_url, base=base,
    )  # fmt: skip


async def _last_hit(call: Call) -> LoggedHit | None:
    """The newest hit of the site, however it came."""
    reports, key = call.service.store.reports, call.site.site.key
    days = await reports.counted_days(key)
    if days is None:
        return None
    hits = await reports.hits(Question(key, days[0], days[1] + 1), None, 1)
    return hits[0] if hits else None
