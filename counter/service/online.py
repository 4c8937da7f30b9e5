"""Who is online now: distinct visitors with an event in the last 300 seconds, never from imports."""

from __future__ import annotations

from collections.abc import Iterable

WINDOW = 300  # seconds
REFRESH = 10  # seconds between two looks at the clock
MOST = 50_000  # visitors surely remembered a site, at most twice as many (12 MB); then those seen longest ago go


class Online:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: dict[int, dict[int, int]] = {}  # site key -> visitor -> last seen
        self._counts: dict[int, int] = {}

    def see(self, seen: Iterable[tuple[int, int, int]]) -> None:
        """(site key, visitor, UTC seconds) of events, as they are committed."""
        for site_key, visitor, at in seen:
            site = self._seen.get(site_key)
            if site is None:
                site = self._seen[site_key] = {}
            # Taken out and put in again: who was seen last stands last. A late event makes nobody older.
            site[visitor] = max(at, site.pop(visitor, 0))
        for site_key, site in self._seen.items():
            if len(site) > 2 * self._most:
                # All at once: taking the first entry of a dictionary again and again is quadratic.
                self._seen[site_key] = dict(list(site.items())[-self._most :])

    def refresh(self, now: float) -> set[int]:
        """Forget who has been silent for too long; returns the sites whose number changed."""
        since = now - WINDOW
        for site_key, site in list(self._seen.items()):
            self._seen[site_key] = {visitor: at for visitor, at in site.items() if at >= since}
        counts = {site_key: len(site) for site_key, site in self._seen.items()}
        changed = {key for key in counts.keys() | self._counts.keys() if counts.get(key, 0) != self._counts.get(key, 0)}
        self._counts = counts
        return changed

    def count(self, site_key: int) -> int:
        """Visitors online at the last refresh."""
        return self._counts.get(site_key, 0)
