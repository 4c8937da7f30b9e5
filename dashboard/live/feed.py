"""One site while it is watched live: read once for all readers, at most once a second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from counter.errors import StoreError
from counter.question import LoggedHit
from counter.service.service import Service
from dashboard.live.now import SPAN, Now, look

log = logging.getLogger(__name__)

MOST_HITS: Final = 5000  # held of a site's last half hour
AT_ONCE: Final = 1000  # if more came between two reads, the whole half hour is read again


class Pauses(NamedTuple):
    """Intervals and timeouts, in seconds."""

    between: float = 1.0  # two reads of one site
    tick: float = 10.0  # at most, without a hit: visitors go offline
    keep_alive: float = 15.0  # of silence, before a proxy takes a connection for dead
    slowest: float = 10.0  # for a reader to take what it was sent


class Held(NamedTuple):
    """The hits of a site's last half hour in the order of arrival."""

    hits: list[LoggedHit]
    newest: int  # every hit up to this one is included
    whole: bool  # False: older ones of the half hour are missing


async def read_held(service: Service, site_key: int) -> Held:
    """What the store has now, without imported hits."""
    newest = await service.store.reports.newest()
    since = int(service.clock.now()) - SPAN
    found = await service.store.reports.recent(site_key, since, MOST_HITS)
    hits = sorted(found, key=lambda hit: hit.hit)
    return Held(hits, max([newest, *(hit.hit for hit in hits[-1:])]), len(hits) < MOST_HITS)


def read_now(service: Service, site_key: int, held: Held) -> Now:
    """The numbers of this moment; visitors online are counted as everywhere, and refreshed first."""
    now = service.clock.now()
    service.online.refresh(now)
    return look(held.hits, int(now), service.online.count(site_key), whole=held.whole)


class Feed:
    """The source of a site's live readers. `turn` is set when there is news, and then replaced for the next turn."""

    def __init__(self, service: Service, site_key: int, pauses: Pauses) -> None:
        self._service = service
        self._site_key = site_key
        self._pauses = pauses
        self._woken = asyncio.Event()
        self._texts: dict[tuple[object, ...], str] = {}
        self._held = Held([], 0, whole=False)
        self.now: Now | None = None  # None until the first read
        self.reads = 0
        self.turn = asyncio.Event()
        self.task = asyncio.create_task(self._follow(), name="live")

    @property
    def newest(self) -> int:
        return self._held.newest

    def wake(self) -> None:
        """Something was committed."""
        self._woken.set()

    def reach(self, hit: int) -> None:
        """Read again if a reader knows of a newer hit than the feed."""
        if hit > self._held.newest:
            self.wake()

    def since(self, hit: int) -> list[LoggedHit]:
        """The hits that arrived after `hit`, as far as they are held."""
        return [one for one in self._held.hits if one.hit > hit] if hit < self._held.newest else []

    def text(self, key: tuple[object, ...], make: Callable[[], str]) -> str:
        """What several readers are sent is made once a turn; it must depend on `key` alone."""
        if key not in self._texts:
            self._texts[key] = make()
        return self._texts[key]

    async def _follow(self) -> None:
        self._woken.set()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pauses.tick):
                    await self._woken.wait()
            try:
                await self._read()
            except StoreError as error:
                log.error("live hits could not be read", extra={"site_key": self._site_key, "error": str(error)})
                self._woken.set()  # to be tried again
            else:
                self._publish()
            await asyncio.sleep(self._pauses.between)

    async def _read(self) -> None:
        """The store is asked only when something was committed; time alone moves what is held."""
        since = int(self._service.clock.now()) - SPAN
        if self._woken.is_set():
            self._woken.clear()
            self.reads += 1
            self._held = await self._more()
        hits = [hit for hit in self._held.hits if hit.at >= since]
        whole = self._held.whole or len(hits) < len(self._held.hits)
        self._held = Held(hits[-MOST_HITS:], self._held.newest, whole and len(hits) <= MOST_HITS)

    async def _more(self) -> Held:
        if self.now is None:
            return await read_held(self._service, self._site_key)
        reports = self._service.store.reports
        newest = await reports.newest()  # read first: a hit that comes in between has a larger number
        found = await reports.after(self._site_key, self._held.newest, AT_ONCE)
        if len(found) >= AT_ONCE:
            return await read_held(self._service, self._site_key)
        newest = max([newest, *(hit.hit for hit in found)])
        return Held(self._held.hits + found, newest, self._held.whole)

    def _publish(self) -> None:
        self.now = read_now(self._service, self._site_key, self._held)
        self._texts = {}
        turn, self.turn = self.turn, asyncio.Event()
        turn.set()
