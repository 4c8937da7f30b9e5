"""The rows that a batch writes, collected while its events are added, and written in few statements.

`executemany` hands the interpreter lock over at each row, and under load each hand-over can wait a switch
interval (5 ms) for the event loop: 256 rows could take a second. One `insert ... values (...), (...)` of up to
64 rows hands it over once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

from counter.event import Event, Kind, Via
from counter.store.sqlite.sql import SUMS, statement_of_rows
from counter.store.visiting import BOUNCE, STARTS_VISITOR, UNBOUNCE, Added

PAGEVIEWS, VISITS, VISITORS, BOUNCES, SECONDS, EVENTS, ENGAGED, PROXIED = range(len(SUMS))
SIZES: Final = (64, 16, 4, 1)


class PageView(NamedTuple):
    """A page view that engaged time may belong to."""

    event_id: int
    visitor_id: int
    visit_id: int
    at: int
    hour: int
    day: int
    path: int
    host: int


class BatchRows:
    """What one batch is about to write: the columns of a row in the order of its table's statement."""

    def __init__(self, engaging: bool) -> None:
        self.engaging = engaging  # some engaged time is among the events: page views are remembered for it
        self.visits: list[tuple[object, ...]] = []
        self.events: list[tuple[object, ...]] = []
        self.visitors: list[tuple[object, ...]] = []
        self.hit_ids: list[tuple[object, ...]] = []
        self.lines: list[tuple[object, ...]] = []
        self.hours: dict[tuple[int, int, int], list[int]] = {}
        self.logged: dict[tuple[int, int], int] = {}
        self.seen: list[tuple[int, int, int]] = []
        self.views: dict[tuple[int, str], PageView] = {}  # by site and hit id

    def hour(self, site_key: int, day: int, hour: int) -> list[int]:
        """The sums of an hour, to be added to."""
        key = (site_key, day, hour)
        sums = self.hours.get(key)
        if sums is None:
            sums = self.hours[key] = [0] * len(SUMS)
        return sums

    def add_up(self, event: Event, added: Added) -> None:
        """An event counts in its own hour; its visit's part in the hour where the visit started."""
        visit, adds = added.visit, added.adds
        own = self.hour(event.site_key, event.day, event.hour)
        own[PAGEVIEWS if event.kind == Kind.PAGEVIEW else EVENTS] += 1
        if adds & 1:
            own[VISITS] += 1
            own[VISITORS] += 1 if adds & STARTS_VISITOR else 0
            own[BOUNCES] += 1 if adds & BOUNCE else 0
        elif adds & UNBOUNCE or added.seconds:
            start = self.hour(event.site_key, visit.day, visit.hour)
            start[BOUNCES] -= 1 if adds & UNBOUNCE else 0
            start[SECONDS] += added.seconds
        if event.via == Via.LOG:
            key = (event.site_key, event.day)
            self.logged[key] = self.logged.get(key, 0) + 1

    def add_up_carried(self, event: Event) -> None:
        """A view through an image proxy is a page view of its hour, and nothing else."""
        own = self.hour(event.site_key, event.day, event.hour)
        own[PAGEVIEWS] += 1
        own[PROXIED] += 1

    def days(self) -> dict[tuple[int, int], list[int]]:
        """The sums of the hours, by site and day."""
        days: dict[tuple[int, int], list[int]] = {}
        for (site_key, day, _), sums in self.hours.items():
            known = days.get((site_key, day))
            days[(site_key, day)] = list(sums) if known is None else [a + b for a, b in zip(known, sums, strict=True)]
        return days

    def write(self, connection: sqlite3.Connection) -> None:
        """Write them inside the caller's transaction."""
        insert_rows(connection, "add_visits", self.visits)
        insert_rows(connection, "add_events", self.events)
        insert_rows(connection, "add_visitors", self.visitors)
        insert_rows(connection, "add_hit_ids", self.hit_ids)
        insert_rows(connection, "add_log_lines", sorted(self.lines))
        insert_rows(connection, "add_to_hours", [(*key, *sums) for key, sums in self.hours.items()])
        days = [(*key, *sums, self.logged.get(key, 0)) for key, sums in self.days().items()]
        insert_rows(connection, "add_to_days", days)


def insert_rows(connection: sqlite3.Connection, name: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Write `rows`, all of one width, with the statement `name`, which inserts {rows}."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            part = rows[start : start + size]
            statement = statement_of_rows(name, len(part[0]), size)
            connection.execute(statement, tuple(chain.from_iterable(part)))
            start += size
