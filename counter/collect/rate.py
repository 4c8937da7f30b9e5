"""How many hits one address may send in a minute. Fixed windows: a dictionary that is emptied each minute."""

from __future__ import annotations

from counter.address import group

WINDOW = 60  # seconds
MOST = 200_000  # addresses counted in one window, each by itself; 34 MB when half are IPv6
# Addresses beyond MOST share counts, by their hash. Letting them through would leave a crowd without any limit,
# refusing them would shut out every newcomer. In a minute the service can answer far fewer hits per shared count than
# a limit of hundreds, so only a shared count with a flood in it is refused.
SHARED = 4096


class RateLimiter:
    def __init__(self, per_minute: int, most: int = MOST) -> None:
        """`per_minute` 0 switches it off; `most` addresses are counted each by itself."""
        self._limit = per_minute
        self._most = most
        self._counts: dict[str | int, int] = {}  # by address, or by number of a shared count
        self._ends = 0.0

    @property
    def limit(self) -> int:
        """Hits a minute from one address; 0 is any number."""
        return self._limit

    def wait(self, address: str, now: float) -> int:
        """Count one hit of `address` (IPv6 by its /64); seconds to wait, 0 when it is welcome. `now` is monotonic."""
        if not self._limit:
            return 0
        if now >= self._ends:
            self._counts = {}
            self._ends = now + WINDOW
        key: str | int = group(address)
        count = self._counts.get(key, 0)
        if not count and len(self._counts) >= self._most:
            key = hash(key) % SHARED  # hashes of texts differ from process to process: a sender can't choose a count
            count = self._counts.get(key, 0)
        if count >= self._limit:
            return int(self._ends - now) + 1
        self._counts[key] = count + 1
        return 0

    def __len__(self) -> int:
        """Counts held now, at most `most` + SHARED."""
        return len(self._counts)
