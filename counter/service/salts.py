"""The salts of a running service: a hit finds its salt in memory, or waits until a thread has read or made it.

The first hit of a site and day needs a folder, a file lock that another process may hold, and two syncs. Meanwhile
the loop answers everyone else.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from counter.collect.identify import Salts
from counter.errors import StorageReason, StoreError


class SaltMissing(StoreError):
    """The salt of a site and day is not in memory. Who does not wait for it has not stored the hit."""

    def __init__(self, site_key: int, day: int) -> None:
        super().__init__(f"the salt {site_key}-{day} is not in memory", StorageReason.SALTS)
        self.site_key = site_key
        self.day = day


class ServiceSalts(Salts):
    """Salts for an event loop: `key` never touches the disk, `fetch` does it in a thread."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._coming: dict[tuple[int, int], asyncio.Task[None]] = {}

    def key(self, site_key: int, day: int, now: float) -> bytes:
        """The 32 bytes for a site and its local day; SaltMissing when they have to be fetched first."""
        salt = self._cache.get((site_key, day))
        if salt is None or salt.expired(now):
            raise SaltMissing(site_key, day)
        return salt.key

    async def fetch(self, site_key: int, day: int, now: float) -> None:
        """Read the salt into memory, made at `now` (UTC seconds) if need be. Raises StoreError as `Salts.key` does.

        All hits that wait for one salt wait for the same thread, and go on in the order in which they came.
        """
        pair = (site_key, day)
        task = self._coming.get(pair)
        if task is None:
            task = self._coming[pair] = asyncio.create_task(self._fetch(pair, now))
        await asyncio.shield(task)  # a visitor who leaves does not take the salt from the others

    async def _fetch(self, pair: tuple[int, int], now: float) -> None:
        try:
            self._cache[pair] = await asyncio.to_thread(self._read_or_make, pair, now)
        finally:
            del self._coming[pair]
