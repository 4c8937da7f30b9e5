"""How many hits one address may send in a minute. Fixed windows: a dictionary that is emptied each minute."""

from __future__ import annotations

from counter.ingest.address import group

WINDOW = 60  # seconds
MOST = 200_000  # addresses counted in one window, about 25 MB; those beyond are let through


class RateLimiter:
    def __init__(self, per_minute: int) -> None:
        """`per_minute` 0 switches it off."""
        self._limit = per_minute
        self._counts: dict[str, int] = {}
        self._ends = 0.0

    def wait(self, address: str, now: float) -> int:
        """Count one hit of `address` (IPv6 by its /64); seconds to wait, 0 when it is welcome. `now` is monotonic."""
        if not self._limit:
            return 0
        if now >= self._ends:
            self._counts = {}
            self._ends = now + WINDOW
        key = group(address)
        count = self._counts.get(key, 0)
        if count >= self._limit:
            return int(self._ends - now) + 1
        if count or len(self._counts) < MOST:
            self._counts[key] = count + 1
        return 0
