"""Slow down password guessing: failures are counted by address, never by account.

The secrets of links and tokens have 256 bits. They can't be guessed, so they are not counted here: a wrong link that
someone was tricked into opening must not block a right password.

    begin(address, now) -> seconds to wait    0: go ahead, then report the result with `end`

Pure: `now` is a monotonic clock's. What is counted is forgotten at a restart, which gives ten guesses more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counter.address import group
from counter.errors import Overloaded

FREE: Final = 10  # failures of one address within WINDOW before it waits
WINDOW: Final = 300  # seconds
FIRST_WAIT: Final = 30  # seconds; each further failure doubles it
LONGEST_WAIT: Final = 900  # seconds
AT_ONCE: Final = 3  # attempts of one address that are checked at the same time
QUEUE: Final = 20  # attempts in all; each password takes a tenth of a second, one after the other
MOST: Final = 10_000  # addresses; beyond it the one that failed longest ago is forgotten


@dataclass(slots=True)
class Failures:
    """The failures of one address."""

    failures: int = 0
    since: float = 0.0  # of the first failure
    until: float = 0.0  # it has to wait until then
    running: int = 0

    def over(self, now: float) -> bool:
        """Whether it can be forgotten."""
        return not self.running and now >= max(self.since, self.until) + WINDOW


class Attempts:
    """The tallies, the address that failed last at the end."""

    def __init__(self) -> None:
        self._tallies: dict[str, Failures] = {}
        self._running = 0

    def __len__(self) -> int:
        return len(self._tallies)

    def begin(self, address: str, now: float) -> int:
        """Seconds that `address` (IPv6 by its /64) has to wait; 0: its attempt has begun, and `end` must follow.

        Overloaded when too many have begun.
        """
        key = group(address)
        tally = self._tallies.get(key)
        if tally is not None and tally.over(now):
            del self._tallies[key]
            tally = None
        if tally is not None:
            if now < tally.until:
                return int(tally.until - now) + 1
            # Guesses sent at the same time count as wrong until they prove right.
            if tally.running >= AT_ONCE or (tally.running and tally.failures + tally.running >= FREE):
                return 1
        if self._running >= QUEUE:
            raise Overloaded("too many people sign in just now; try again in a few seconds")
        if tally is None:
            tally = self._tallies[key] = self._room_for(Failures())
        tally.running += 1
        self._running += 1
        return 0

    def end(self, address: str, now: float, *, failed: bool) -> None:
        """Report an attempt as right or wrong. A right one clears nothing: it may be for the guesser's own account."""
        key = group(address)
        tally = self._tallies[key]
        tally.running -= 1
        self._running -= 1
        if failed:
            self._count(tally, now)
            self._tallies[key] = self._tallies.pop(key)
        elif not tally.failures and not tally.running:
            del self._tallies[key]

    @staticmethod
    def _count(tally: Failures, now: float) -> None:
        if not tally.failures:
            tally.since = now
        tally.failures += 1
        if tally.failures >= FREE:
            tally.until = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tally.failures - FREE, 10))

    def _room_for(self, tally: Failures) -> Failures:
        if len(self._tallies) >= MOST:
            oldest = next((key for key, one in self._tallies.items() if not one.running), None)
            if oldest is not None:
                del self._tallies[oldest]
        return tally
