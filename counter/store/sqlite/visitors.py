"""Who has been here today: visitor-days by hash, from a bounded cache or the database. In the writer's thread."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from counter.event import Kind
from counter.store.sqlite.sql import statement
from counter.store.visiting import VisitorDay

CACHED = 20_000  # visitor-days; about 900 bytes each

Key = tuple[int, int, int]  # site key, day, hash


class Visitors:
    """Finds the visitor-days of a batch in one question, and keeps those lately seen."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._days: OrderedDict[int, VisitorDay] = OrderedDict()  # by visitor id, lately used last
        self._ids: dict[Key, int] = {}  # of the cached ones
        self._keys: dict[int, Key] = {}
        self._tail: dict[Key, int] = {}  # of all that are not yet in the sorted table
        self.read_tail()

    def read_tail(self) -> None:
        rows = self._connection.execute("select site_key, day, hash, visitor_id from visitor_tail")
        self._tail = {(site, day, hashed): visitor for site, day, hashed, visitor in rows}

    def forget(self) -> None:
        """After a rollback, or when rows changed under us: what is cached may never have been."""
        self._days.clear()
        self._ids.clear()
        self._keys.clear()
        self.read_tail()

    def tail_folded(self) -> None:
        self._tail.clear()

    def look_up(self, keys: Iterable[Key]) -> None:
        """Bring the known visitors of `keys` into the cache; the others are new."""
        ids, tail = self._ids, self._tail
        asked: dict[tuple[int, int], list[int]] = {}
        for key in keys:
            if key in ids:
                continue
            visitor_id = tail.get(key)
            if visitor_id is None:
                asked.setdefault(key[:2], []).append(key[2])
            else:
                self._fetch(key, visitor_id)
        for (site_key, day), hashes in asked.items():
            rows = self._connection.execute(
                statement("visitors_of_day"), (msgspec.json.encode(hashes).decode(), site_key, day)
            )
            for hashed, visitor_id in rows.fetchall():
                self._fetch((site_key, day, hashed), visitor_id)

    def get(self, key: Key) -> VisitorDay | None:
        visitor_id = self._ids.get(key)
        if visitor_id is None:
            return None
        self._days.move_to_end(visitor_id)
        return self._days[visitor_id]

    def by_id(self, visitor_id: int) -> VisitorDay | None:
        """The visitor-day that a page view belongs to; the same object as `get` gives while it is cached."""
        day = self._days.get(visitor_id)
        if day is None:
            day = self.load(visitor_id)
            if day is not None:
                self._days[visitor_id] = day
        return day

    def add(self, key: Key, day: VisitorDay) -> None:
        """A visitor who is new today."""
        self._tail[key] = day.id
        self._remember(key, day)

    def shrink(self) -> None:
        """Between batches: forget those not seen for longest."""
        while len(self._days) > CACHED:
            visitor_id, _ = self._days.popitem(last=False)
            key = self._keys.pop(visitor_id, None)
            if key is not None:
                del self._ids[key]

    def load(self, visitor_id: int) -> VisitorDay | None:
        """The visitor-day as its stored events made it: they are played again in the order they arrived."""
        visits = {
            row[0]: row[1:] for row in self._connection.execute(statement("visits_of_visitor"), {"id": visitor_id})
        }
        if visitor_id not in visits:
            return None
        asked = {"visits": msgspec.json.encode(list(visits)).decode()}
        rows = self._connection.execute(statement("events_of_visits"), asked)
        return _play(visitor_id, visits, rows)

    def _fetch(self, key: Key, visitor_id: int) -> None:
        day = self._days.get(visitor_id) or self.load(visitor_id)
        if day is not None:
            self._remember(key, day)

    def _remember(self, key: Key, day: VisitorDay) -> None:
        self._days[day.id] = day
        self._days.move_to_end(day.id)
        self._ids[key] = day.id
        self._keys[day.id] = key


def _play(
    visitor_id: int, visits: dict[int, tuple[int, int, int]], rows: Iterable[tuple[int, ...]]
) -> VisitorDay | None:
    day = VisitorDay(visitor_id)
    by_id = {}
    times: dict[int, int] = {}
    engaged: dict[int, int] = {}
    for event_id, visit_id, at, local_day, hour, kind, what, path, view_id, more, host in rows:
        times[event_id] = at
        if event_id != visit_id and visit_id not in by_id:
            continue  # its first event has expired; it is of another day
        if event_id == visit_id:
            values = (*visits[visit_id], path)
            by_id[visit_id] = day.start(event_id, at, local_day, hour, Kind(kind), what, values, host).visit
        elif kind == Kind.ENGAGED:
            engaged[view_id] = engaged.get(view_id, 0) + more
            day.engage(by_id[visit_id], view_id, times[view_id], engaged[view_id])
        else:
            day.join(by_id[visit_id], at, Kind(kind), what, path, host)
    return day if day.visits else None
