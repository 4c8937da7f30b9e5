"""Who is online now: distinct visitors with an event in the last 300 seconds, never from imports."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

WINDOW = 300  # seconds
REFRESH = 10  # seconds between two looks at the clock
MOST = 200_000  # visitors remembered over all sites, about 25 MB; beyond it the longest silent are forgotten


class Online:
    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._counts: dict[int, int] = {}

    def see(self, seen: Iterable[tuple[int, int, int]]) -> None:
        """(site key, visitor, UTC seconds) of events, as they are committed."""
        for site_key, visitor, at in seen:
            key = (site_key, visitor)
            self._seen[key] = max(at, self._seen.pop(key, 0))
        while len(self._seen) > MOST:
            self._seen.popitem(last=False)

    def refresh(self, now: float) -> set[int]:
        """Forget who has been silent for too long; returns the sites whose number changed."""
        since = now - WINDOW
        gone = [key for key, at in self._seen.items() if at < since]
        for key in gone:
            del self._seen[key]
        counts: dict[int, int] = {}
        for site_key, _ in self._seen:
            counts[site_key] = counts.get(site_key, 0) + 1
        changed = {key for key in counts.keys() | self._counts.keys() if counts.get(key, 0) != self._counts.get(key, 0)}
        self._counts = counts
        return changed

    def count(self, site_key: int) -> int:
        """Visitors online at the last refresh."""
        return self._counts.get(site_key, 0)
