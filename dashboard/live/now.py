"""What is going on, from the hits of the last half hour. Pure: hits and the time go in, numbers come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from counter.event import Via
from counter.question import LoggedHit
from counter.service.online import WINDOW

MINUTE: Final = 60  # seconds
MINUTES: Final = 30
SPAN: Final = MINUTES * MINUTE  # seconds that are looked at
ROWS: Final = 10  # of each list


class Now(msgspec.Struct, frozen=True):
    """One moment of a site. Every count is of distinct visitors, the largest first."""

    online: int  # seen within five minutes, as everywhere
    pages: tuple[tuple[str, int], ...]  # of the last five minutes: the page that each visitor saw last
    sources: tuple[tuple[str, int], ...]  # of the last half hour, as the next
    countries: tuple[tuple[str, int], ...]  # every one of them, by code
    minutes: tuple[tuple[int, int], ...]  # (UTC second of the minute, visitors in it)


def look(hits: Sequence[LoggedHit], now: int, online: int, *, whole: bool = True) -> Now:
    """The moment `now` of the hits in the order of arrival; not `whole`: older ones of the half hour are missing."""
    recent = [hit for hit in hits if now - SPAN <= hit.at and hit.via != Via.PROXY]  # an image proxy is no visitor
    return Now(
        online=online,
        pages=_pages(hit for hit in recent if hit.at >= now - WINDOW)[:ROWS],
        sources=_visitors_by((hit.source, hit.visitor) for hit in recent)[:ROWS],
        countries=_visitors_by((hit.country, hit.visitor) for hit in recent),
        minutes=minutes_of(recent, now, whole=whole),
    )


def minutes_of(hits: Iterable[LoggedHit], now: int, *, whole: bool = True) -> tuple[tuple[int, int], ...]:
    """Distinct visitors of each of the last thirty minutes, the one that runs last. Minutes of which hits may be
    missing are left out."""
    last = now - now % MINUTE
    seen: dict[int, set[int]] = {last - MINUTE * back: set() for back in reversed(range(MINUTES))}
    oldest = now
    for hit in hits:
        oldest = min(oldest, hit.at)
        if hit.at - hit.at % MINUTE in seen and hit.via != Via.PROXY:
            seen[hit.at - hit.at % MINUTE].add(hit.visitor)
    return tuple((minute, len(visitors)) for minute, visitors in seen.items() if whole or minute >= oldest)


def _pages(hits: Iterable[LoggedHit]) -> tuple[tuple[str, int], ...]:
    last: dict[int, LoggedHit] = {}
    for hit in hits:
        if hit.visitor not in last or hit.at >= last[hit.visitor].at:
            last[hit.visitor] = hit
    return _sorted(Counter(hit.path for hit in last.values()))


def _visitors_by(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return _sorted(Counter(value for value, _ in set(pairs)))


def _sorted(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
