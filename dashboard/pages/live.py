"""The live page, and the server-sent events that keep it alive."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

from aiohttp import web

from counter.question import LoggedHit
from counter.reports.grammar import read_number, refuse_unknown
from counter.web.head import only_looks
from dashboard import render
from dashboard.access.call import Call
from dashboard.access.sessions import find_session
from dashboard.live.events import event_text, hit_facts, live_links, now_facts
from dashboard.live.feed import Feed, read_held, read_now
from dashboard.live.hub import LIVE, LiveHub

SHOWN: Final = 100  # hits on the page at a time
RESUMED: Final = 50  # hits that a reader who comes back is sent of those it missed
LARGEST_ID: Final = 2**62
RETRY: Final = "retry: 3000\n\n"  # milliseconds that a browser waits before it comes back
ALIVE: Final = ": alive\n\n"
HEADERS: Final = {
    **render.HEADERS,
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


async def get_live(call: Call) -> web.StreamResponse:
    """The state as it is now; without a script it is read again by the page's own link."""
    held = await read_held(call.service, call.site.site.key)
    now = read_now(call.service, call.site.site.key, held)
    return render.page(
        call, "live.html",
        now=now_facts(call, now),
        hits=[hit_facts(call, hit) for hit in reversed(held.hits[-SHOWN:])],
        blank=defaultdict(str),
        links=live_links(call),
        newest=held.newest,
        most_hits=SHOWN,
    )  # fmt: skip


async def get_events(call: Call) -> web.StreamResponse:
    """`hit` for each hit as it comes, `now` when the moment changes; until the session or the role ends."""
    refuse_unknown(call.request.query, ("after",))
    hub = call.request.config_dict[LIVE]
    asked = _resumed_after(call)
    if only_looks(call.request):  # a stream without a body has no end either
        hub.refuse_too_many(call)
        return web.StreamResponse(headers=HEADERS)
    with hub.reading(call) as feed:
        after, missed = (None, []) if asked is None else await _missed(call, asked)
        answer = web.StreamResponse(headers=HEADERS)
        await answer.prepare(call.request)
        try:
            await LiveStream(call, hub, feed, answer).follow(after, missed)
        except (ConnectionError, TimeoutError):
            if call.request.transport is not None:
                call.request.transport.abort()  # it does not read: what it was sent is not kept for it
    return answer


class LiveStream:
    """One open stream."""

    def __init__(self, call: Call, hub: LiveHub, feed: Feed, answer: web.StreamResponse) -> None:
        self._call = call
        self._hub = hub
        self._feed = feed
        self._answer = answer
        self._told = ""  # the moment as it was told last

    async def follow(self, after: int | None, missed: list[LoggedHit]) -> None:
        """Send what there is, wait for the next turn, and again.

        A page that was just made, and a reader who comes back, may know hits that the feed has yet to read. Such a
        reader waits for the turn that has them: an older one would take its numbers back and bring the hits again.
        """
        await self._send(RETRY + self._hits(missed))
        last = missed[-1].hit if missed else after
        self._feed.reach(last or 0)
        while self._may_go_on():
            turn = self._feed.turn
            newest = self._feed.newest
            if self._feed.now is not None and (last is None or last <= newest):
                news = [] if last is None else self._feed.since(last)
                last = newest
                await self._send(self._hits(news[-SHOWN:]) + self._moment(newest))
            try:
                async with asyncio.timeout(self._hub.pauses.keep_alive):
                    await turn.wait()
            except TimeoutError:
                await self._send(ALIVE)

    def _may_go_on(self) -> bool:
        """Whether this reader would be let in now as it was then."""
        call, service = self._call, self._call.service
        found, site = find_session(call.request, service), service.sites.by_key(call.site.site.key)
        if self._hub.closing or self._feed.task.done() or found is None or site is None:
            return False
        same_reader = found.user.key == call.user.key and found.user.role(site.site.key) == call.role
        return same_reader and site.site == call.site.site

    def _hits(self, hits: list[LoggedHit]) -> str:
        call = self._call
        return "".join(
            self._feed.text(
                (hit.hit, call.words.tag, call.administers),
                lambda hit=hit: event_text("hit", hit.hit, hit_facts(call, hit)),  # type: ignore[misc]
            )
            for hit in hits
        )

    def _moment(self, newest: int) -> str:
        """The moment, unless it is the one that was told last."""
        now = self._feed.now
        if now is None:
            return ""
        call = self._call
        told = self._feed.text(("now", call.words.tag), lambda: event_text("now", newest, now_facts(call, now)))
        if told == self._told:
            return ""
        self._told = told
        return told

    async def _send(self, text: str) -> None:
        if text:
            async with asyncio.timeout(self._hub.pauses.slowest):
                await self._answer.write(text.encode("utf-8", "replace"))


async def _missed(call: Call, asked: int) -> tuple[int, list[LoggedHit]]:
    """The last hit the reader has, and what came after it. A number that no hit has yet, as after a backup was
    restored, is that of the newest."""
    reports = call.service.store.reports
    after = min(asked, await reports.newest())
    return after, await reports.after(call.site.site.key, after, RESUMED)


def _resumed_after(call: Call) -> int | None:
    """The last hit the reader has: a browser that comes back tells it by itself, a page at its first request."""
    said = call.request.headers.get("Last-Event-ID", "")
    if said.isascii() and said.isdigit() and len(said) <= 18:
        return int(said)
    return read_number(call.request.query, "after", 0, 0, LARGEST_ID) if "after" in call.request.query else None
