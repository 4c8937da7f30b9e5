"""Visits of one visitor on one day: which visit an event joins, and what it adds. Pure; any engine uses it.

The rules are those of docs/counting: an event joins the visitor's nearest visit within the timeout, else starts
one; visits never merge and an entry page never changes. What an event adds is decided once, here, when it
arrives; totals, rollups, check and repair are sums of that.
"""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

from counter.event import Kind

ENGAGED_CAP = 1800  # seconds that one page view can engage at most


class Adds(IntFlag):
    """The bits of `event.adds`."""

    STARTS_VISIT = 1
    STARTS_VISITOR = 2
    BOUNCE = 4
    UNBOUNCE = 8
    EXIT = 16
    FIRST_IN_VISIT = 32
    FIRST_IN_DAY = 64
    FIRST_OF_HOST = 128  # in its visit
    FIRST_OF_HOST_IN_DAY = 256


# Plain integers: combining IntFlag members costs 1 us each, and this runs for every hit.
(
    STARTS_VISIT,
    STARTS_VISITOR,
    BOUNCE,
    UNBOUNCE,
    EXIT,
    FIRST_IN_VISIT,
    FIRST_IN_DAY,
    FIRST_OF_HOST,
    FIRST_OF_HOST_IN_DAY,
) = (int(bit) for bit in Adds)
STARTS = STARTS_VISIT | EXIT | FIRST_IN_VISIT | FIRST_OF_HOST
FIRST_OF_ALL = STARTS | STARTS_VISITOR | FIRST_IN_DAY | FIRST_OF_HOST_IN_DAY


class Visit:
    """What must be known of a visit to continue it; times in UTC seconds."""

    __slots__ = (
        "begin", "bounced", "day", "end", "exit_at", "exit_path", "host", "hosts", "hour", "id", "seen", "values",
    )  # fmt: skip

    def __init__(
        self, id: int, at: int, day: int, hour: int, values: tuple[int, int, int, int], host: int = 0,  # noqa: A002
    ) -> None:  # fmt: skip
        self.id = id
        self.begin = at
        self.end = at
        self.day = day  # of the event that arrived first, never moved
        self.hour = hour
        self.values = values  # ids of client, place, origin and entry page
        self.exit_at = at
        self.exit_path = values[3]
        self.bounced = False
        self.host = host  # the id of its first event's
        self.hosts: set[int] | None = None  # of its other events; most visits have none
        self.seen: set[tuple[int, int]] | None = None  # (kind, path or name) of its events

    def gap(self, at: int) -> int:
        """Seconds between `at` and the visit; 0 inside it."""
        if at > self.end:
            return at - self.end
        return max(0, self.begin - at)

    def stretch(self, at: int) -> int:
        """Make the visit reach `at`; returns the seconds its duration grows."""
        if at > self.end:
            grown, self.end = at - self.end, at
        elif at < self.begin:
            grown, self.begin = self.begin - at, at
        else:
            grown = 0
        return grown

    def has_host(self, host: int) -> bool:
        """Whether one of its events was on a page of the host."""
        return host == self.host or (self.hosts is not None and host in self.hosts)

    def note_host(self, host: int) -> None:
        """An event on a page of a host that it did not have yet."""
        if self.hosts is None:
            self.hosts = set()
        self.hosts.add(host)


class Added(NamedTuple):
    """What one event adds, to be stored with it."""

    visit: Visit
    adds: int
    seconds: int
    exit_was: int | None


class VisitorDay:
    """One visitor's visits of one local day, in order of arrival."""

    __slots__ = ("engaged", "id", "visits")

    def __init__(self, id: int) -> None:  # noqa: A002
        self.id = id  # the id of the first visit
        self.visits: list[Visit] = []
        self.engaged: dict[int, int] | None = None  # largest engaged time by page view, seconds

    def nearest(self, at: int, timeout: int) -> Visit | None:
        """The visit an event at `at` joins: the nearest with a gap of at most `timeout` seconds."""
        best = min(self.visits, key=lambda visit: visit.gap(at))
        return best if best.gap(at) <= timeout else None

    def start(self, event_id: int, at: int, day: int, hour: int, kind: Kind, what: int,
              values: tuple[int, int, int, int], host: int = 0) -> Added:  # fmt: skip
        """An event that begins a visit. `what`: the path's id, or the name's of a custom event."""
        visit = Visit(event_id, at, day, hour, values, host)
        adds = STARTS
        if not self.visits:
            adds = FIRST_OF_ALL
        else:
            adds |= 0 if self._seen_today(kind, what) else FIRST_IN_DAY
            adds |= 0 if self._has_host(host) else FIRST_OF_HOST_IN_DAY
        if kind == Kind.PAGEVIEW:
            adds |= BOUNCE
            visit.bounced = True
        else:
            visit.seen = {(kind, what)}
        self.visits.append(visit)
        return Added(visit, adds, 0, None)

    def join(self, visit: Visit, at: int, kind: Kind, what: int, path: int, host: int = 0) -> Added:
        """An event that continues `visit`; one bounce less when it is the second."""
        adds = 0
        seen = self._seen(visit)
        key = (int(kind), what)
        if key not in seen:
            adds |= FIRST_IN_VISIT
            if not self._seen_today(kind, what):
                adds |= FIRST_IN_DAY
            seen.add(key)
        if not visit.has_host(host):
            adds |= FIRST_OF_HOST
            adds |= 0 if self._has_host(host) else FIRST_OF_HOST_IN_DAY
            visit.note_host(host)
        if visit.bounced:
            visit.bounced = False
            adds |= UNBOUNCE
        exit_was = None
        if at >= visit.exit_at:
            visit.exit_at = at
            if path != visit.exit_path:
                adds |= EXIT
                exit_was, visit.exit_path = visit.exit_path, path
        return Added(visit, adds, visit.stretch(at), exit_was)

    def engage(self, visit: Visit, view_id: int, view_at: int, seconds: int) -> tuple[int, int]:
        """Engaged time of a page view: (seconds more for the page view, seconds more for the visit)."""
        if self.engaged is None:
            self.engaged = {}
        before = self.engaged.get(view_id, 0)
        largest = max(before, min(seconds, ENGAGED_CAP))
        self.engaged[view_id] = largest
        return largest - before, visit.stretch(view_at + largest)

    def _seen(self, visit: Visit) -> set[tuple[int, int]]:
        if visit.seen is None:  # one page view so far: most visits stay so, and a set costs 216 bytes
            visit.seen = {(int(Kind.PAGEVIEW), visit.values[3])}
        return visit.seen

    def _seen_today(self, kind: Kind, what: int) -> bool:
        key = (int(kind), what)
        return any(key in self._seen(visit) for visit in self.visits)

    def _has_host(self, host: int) -> bool:
        return any(visit.has_host(host) for visit in self.visits)
