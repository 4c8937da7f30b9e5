"""The live hub: a commit wakes the sites that somebody looks at; each is read once, for all who look.

Nothing is kept for a single reader: each has the number of the last hit it was sent, and takes what is newer from
what its site holds. Who reads slowly gets less, who does not read at all is let go; no memory piles up.
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
    channel: Feed


class LiveHub:
    """Who looks at which site."""

    def __init__(self, service: Service, pauses: Pauses | None = None) -> None:
        self.pauses = pauses or Pauses()
        self.channels: dict[int, Feed] = {}  # by site key
        self.closing = False
        self._service = service
        self._readers: set[_Reading] = set()
        service.watchers.append(self.committed)

    def committed(self, appended: Appended) -> None:
        """Wake the sites that were seen live; what an import brings wakes nobody."""
        for site_key in {site_key for site_key, _, _ in appended.seen} & self.channels.keys():
            self.channels[site_key].wake()

    @contextmanager
    def reading(self, call: Call) -> Iterator[Feed]:
        """The site's channel, as long as the block runs; 503 when too many are looking already."""
        self.refuse_too_many(call)
        site_key = call.site.site.key
        channel = self.channels.get(site_key)
        if channel is None or channel.task.done():
            channel = self.channels[site_key] = Feed(self._service, site_key, self.pauses)
        reading = _Reading(call, channel)
        self._readers.add(reading)
        try:
            yield channel
        finally:
            self._readers.discard(reading)
            if all(other.channel is not channel for other in self._readers) and not self.closing:
                if self.channels.get(site_key) is channel:
                    del self.channels[site_key]
                channel.task.cancel()

    async def close(self) -> None:
        """Every reader's stream ends now, so that none keeps the service from stopping."""
        self.closing = True
        channels = list(self.channels.values())
        for channel in channels:
            channel.turn.set()
            channel.task.cancel()
        await asyncio.gather(*(channel.task for channel in channels), return_exceptions=True)

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
