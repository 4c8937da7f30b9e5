"""The live hub: a commit wakes the feeds of the sites that are watched; each is read once for all its readers.

Nothing is kept for a single reader: each has the number of the last hit it was sent, and takes what is newer from
what its site holds. A slow reader gets less, one that does not read at all is disconnected; no memory piles up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from counter.service.service import Service
from counter.store.protocols import Appended
from dashboard.access.call import Call
from dashboard.live.feed import Feed, Pauses, read_held
from dashboard.live.now import minutes_of

MOST_READERS: Final = 100
MOST_OF_A_SESSION: Final = 6
RETRY_AFTER: Final = "30"  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """One open stream; its connection may be gone before the stream finds out."""

    call: Call
    feed: Feed


class LiveHub:
    """The feeds of the sites that are watched."""

    def __init__(self, service: Service, pauses: Pauses | None = None) -> None:
        self.pauses = pauses or Pauses()
        self.feeds: dict[int, Feed] = {}  # by site key
        self.closing = False
        self._service = service
        self._readers: set[_Reading] = set()
        service.watchers.append(self.committed)

    def committed(self, appended: Appended) -> None:
        """Wake the feeds of sites with live visitors; an import wakes none."""
        for site_key in {site_key for site_key, _, _ in appended.seen} & self.feeds.keys():
            self.feeds[site_key].wake()

    @contextmanager
    def reading(self, call: Call) -> Iterator[Feed]:
        """The site's feed while the block runs; 503 when there are too many readers already."""
        self.refuse_too_many(call)
        site_key = call.site.site.key
        feed = self.feeds.get(site_key)
        if feed is None or feed.task.done():
            feed = self.feeds[site_key] = Feed(self._service, site_key, self.pauses)
        reading = _Reading(call, feed)
        self._readers.add(reading)
        try:
            yield feed
        finally:
            self._readers.discard(reading)
            if all(other.feed is not feed for other in self._readers) and not self.closing:
                if self.feeds.get(site_key) is feed:
                    del self.feeds[site_key]
                feed.task.cancel()

    async def close(self) -> None:
        """End every stream now, so that none keeps the service from stopping."""
        self.closing = True
        feeds = list(self.feeds.values())
        for feed in feeds:
            feed.turn.set()
            feed.task.cancel()
        await asyncio.gather(*(feed.task for feed in feeds), return_exceptions=True)

    def refuse_too_many(self, call: Call) -> None:
        alive = [one.call for one in self._readers if one.call.request.transport is not None]
        own = sum(other.secret == call.secret for other in alive)
        if self.closing or len(alive) >= MOST_READERS or own >= MOST_OF_A_SESSION:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": RETRY_AFTER})


LIVE: Final = web.AppKey("live", LiveHub)


def add_live(app: web.Application, service: Service) -> None:
    """The hub, for as long as the application runs."""
    hub = app[LIVE] = LiveHub(service)

    async def close(_: web.Application) -> None:
        await hub.close()

    app.on_shutdown.append(close)


async def per_minute(call: Call) -> list[tuple[int, int]]:
    """(UTC second at which a minute began, distinct visitors in it) of the last thirty minutes, the one that runs
    last; on a very busy site as far back as the last hits that are read."""
    held = await read_held(call.service, call.site.site.key)
    return list(minutes_of(held.hits, call.now, whole=held.whole))
