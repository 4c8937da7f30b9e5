"""`GET /dashboard/`: all sites that the reader may see, each with today so far, and who is online."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from counter.question import Sums
from counter.site import ActiveSite
from counter.text import clean
from dashboard import render
from dashboard.access.call import Call
from dashboard.sites.cards import days_of, make_card, make_sum, matches, same_time_yesterday

SEARCHED: Final = 12  # sites; with more there is a box to search them
LONGEST_SEARCH: Final = 200  # characters


async def get_overview(call: Call) -> web.StreamResponse:
    """The sites by what they have today, the busiest first, and all of them together."""
    sites = call.sites
    wanted = clean(call.request.query.get("q", ""), LONGEST_SEARCH)
    shown = [site for site in sites if matches(site, wanted)]
    until = await _until(call, shown)
    online, book = call.service.online, call.service.book
    online.refresh(call.now)  # as the live page does, so that both say the same
    cards = [
        make_card(call.words, site, book, known, online.count(site.site.key), call.now)
        for site, known in zip(shown, until, strict=True)
    ]
    days = [sum(each) for each in zip(*(days_of(site, book, call.now) for site in shown), strict=True)]
    return render.page(
        call, "overview.html",
        sites=len(sites),
        search=wanted,
        searched=len(sites) > SEARCHED or bool(wanted),
        whole=make_sum(call.words, cards, until, days) if len(cards) > 1 else None,
        cards=sorted(cards, key=lambda card: (-card.numbers[0].today, -card.numbers[1].today, card.name.casefold())),
    )  # fmt: skip


async def get_online(call: Call) -> web.StreamResponse:
    """`{"sites": {id: visitors}, "sum": visitors}` of the reader's sites, at the last look at the clock."""
    online = call.service.online
    online.refresh(call.now)
    found = {site.site.id: online.count(site.site.key) for site in call.sites}
    body = msgspec.json.encode({"sites": found, "sum": sum(found.values())})
    return render.answer(call.request, body, "application/json")


async def _until(call: Call, sites: list[ActiveSite]) -> list[Sums | None]:
    """What each site had by this time yesterday, in one question; None where a former counter counted a part of it."""
    book = call.service.book
    asked = [(site.site.key, *same_time_yesterday(site, call.now)) for site in sites]
    found = await call.service.store.reports.until(asked) if asked else {}
    return [
        None if book.is_brought(key, day) or book.is_brought(key, day + 1) else found.get(key, Sums())
        for key, day, _ in asked
    ]
