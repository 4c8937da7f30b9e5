"""Countries a site was visited from: a list in memory, asked anew from the rollups every ten minutes at most.

It changes rarely, so nobody waits for a newer one: it is shown as it was while a task asks, and only the very first
reader waits. The question covers the whole past, whose closed months are rolled up.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from counter.errors import CounterError
from counter.question import UNKNOWN, By, Dimension, Question
from counter.store.protocols import Reports

log = logging.getLogger(__name__)

FRESH = 600.0  # seconds
ALL = 300  # more than there are codes of countries
FIRST_DAY = 0  # 1970-01-01: no hit is older


@dataclass(slots=True)
class _Cached:
    codes: tuple[str, ...] | None = None
    until: float = 0.0  # monotonic seconds; nobody asks before, not after a failure either
    asking: asyncio.Task[None] | None = None


class Countries:
    """Codes of countries by site, those with the most visitors first. Belongs to one event loop."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._seen: dict[int, _Cached] = {}

    async def of(self, site_key: int, today: int, now: float, *, wait: bool = True) -> tuple[str, ...] | None:
        """The countries up to the local day `today`; None when they are not known. `now` is monotonic seconds.

        Never raises. With `wait` the first reader of a site gets an answer, without it what is there at once: no
        hit waits for a report.
        """
        seen = self._seen.setdefault(site_key, _Cached())
        if now >= seen.until:
            seen.until = now + FRESH
            seen.asking = asyncio.create_task(self._renew(seen, site_key, today), name="countries")
        if wait and seen.codes is None:
            await self.settled()
        return seen.codes

    async def settled(self) -> None:
        """Until no question is under way."""
        asking = [seen.asking for seen in self._seen.values() if seen.asking is not None]
        if asking:
            await asyncio.wait(asking)

    async def close(self) -> None:
        """Nothing is asked any more: the store is about to close."""
        for seen in self._seen.values():
            if seen.asking is not None:
                seen.asking.cancel()
        await self.settled()

    async def _renew(self, seen: _Cached, site_key: int, today: int) -> None:
        question = Question(site_key, FIRST_DAY, today + 1, breakdowns=(By(Dimension.COUNTRY, limit=ALL),))
        try:
            (report,) = await self._reports.report([question])
        except CounterError as error:  # the next look is in ten minutes, and what was known stays
            log.warning("the countries seen could not be read", extra={"error": str(error)})
        else:
            seen.codes = tuple(row.value for row in report.breakdowns[0].rows if _is_country(row.value))
        finally:
            seen.asking = None


def _is_country(value: str) -> bool:
    """`Unknown` is none, nor is `(other)`."""
    return value != UNKNOWN and len(value) == 2 and value.isascii() and value.isupper()
