"""Whether hits can be stored: why the last batch could not be, and whether a hit could be now."""

from __future__ import annotations

import logging
from typing import Protocol

from counter.clock import Clock
from counter.errors import CounterError, StoreError
from counter.event import Event

log = logging.getLogger(__name__)


class ProbeStore(Protocol):
    """What is asked of a store."""

    async def verify(self, now: float) -> None: ...

    async def probe(self, event: Event | None, now: float) -> None: ...


class StorageHealth:
    """Belongs to the writer, which reports every batch and looks here while no hit waits."""

    def __init__(self, store: ProbeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.failing: StoreError | None = None  # why the last batch could not be written
        self.suspect: Event | None = None  # an event of that batch: storage is back when it can be stored

    def works(self) -> None:
        """A hit was stored."""
        if self.failing is not None:
            log.warning("hits are stored again")
        self.failing = self.suspect = None

    def fails(self, error: CounterError, hits: int = 0) -> None:
        """`hits` of them could not be stored, or a look failed."""
        before = str(self.failing) if self.failing is not None else ""
        self.failing = as_store_error(error)
        if hits or str(error) != before:  # once a second would fill the log
            log.error("hits could not be stored", extra={"hits": hits, "error": str(error)})

    async def verify(self) -> None:
        """Is what was stored still what the next start will read?"""
        try:
            await self._store.verify(self._clock.now())
        except StoreError as error:
            self.fails(error)

    async def probe(self) -> None:
        """Would a hit be stored now? Only what was really written says so."""
        try:
            await self._store.probe(self.suspect, self._clock.now())
        except StoreError as error:
            self.fails(error)
        except ValueError as error:  # it is this event that can't be stored
            self.suspect = None
            log.error("an event can't be stored", extra={"error": str(error)})
        else:
            self.works()


def as_store_error(error: Exception) -> StoreError:
    return error if isinstance(error, StoreError) else StoreError(f"{type(error).__name__}: {error}")
