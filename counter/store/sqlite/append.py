"""Appending a batch: one transaction that writes events, visits, totals and drops, or nothing at all.

Breakdowns are not touched here: `fold.py` adds them later, in larger portions, behind a watermark.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from counter.event import Event, Kind, Outcome, Via
from counter.question import DayTotal, Dimension
from counter.store.protocols import Appended, Batch, RefusedValue
from counter.store.sqlite.bulk_insert import insert_rows
from counter.store.sqlite.dictionary import Dictionary
from counter.store.sqlite.drops import write_drops
from counter.store.sqlite.duplicates import find_known_lines, refuse
from counter.store.sqlite.transaction import transaction
from counter.store.sqlite.visitors import Key, Visitors
from counter.store.visiting import (
    BOUNCE,
    ENGAGED_CAP,
    STARTS_VISITOR,
    UNBOUNCE,
    Added,
    VisitorDay,
)

VIA = {Via.SNIPPET: 1, Via.PIXEL: 2, Via.API: 3, Via.LOG: 4}
SUMS = ("pageviews", "visits", "visitors", "bounces", "seconds", "events", "engaged")
PAGEVIEWS, VISITS, VISITORS, BOUNCES, SECONDS, EVENTS, ENGAGED = range(len(SUMS))
ADD_UP = " on conflict do update set " + ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)

_EVENT = (
    "insert into event (id, visit_id, at, hour, day, kind, adds, seconds, path_id, title_id, via, name_id,"
    " exit_was, view_id, engaged, props)"
)


class _View(NamedTuple):
    """A page view that engaged time may belong to."""

    event_id: int
    visitor_id: int
    visit_id: int
    at: int
    hour: int
    day: int
    path: int


class _Rows:
    """What one batch is about to write."""

    def __init__(self, engaging: bool) -> None:
        self.engaging = engaging  # some engaged time is among the events: page views are remembered for it
        self.visits: list[tuple[object, ...]] = []
        self.events: list[tuple[object, ...]] = []
        self.tail: list[tuple[object, ...]] = []
        self.hit_ids: list[tuple[object, ...]] = []
        self.lines: list[tuple[object, ...]] = []
        self.hours: dict[tuple[int, int, int], list[int]] = {}
        self.logged: dict[tuple[int, int], int] = {}
        self.seen: list[tuple[int, int, int]] = []
        self.views: dict[tuple[int, str], _View] = {}  # by site and hit id

    def hour(self, site_key: int, day: int, hour: int) -> list[int]:
        key = (site_key, day, hour)
        sums = self.hours.get(key)
        if sums is None:
            sums = self.hours[key] = [0] * len(SUMS)
        return sums


class Appender:
    """Writes batches through one connection; lives in that connection's thread."""

    def __init__(self, connection: sqlite3.Connection, visit_timeout: int) -> None:
        self._connection = connection
        self._timeout = visit_timeout  # seconds
        self._dictionary = Dictionary(connection)
        self.visitors = Visitors(connection)
        self._next_id = 0  # of the next event; 0 until the database was asked

    def append(self, batch: Batch, now: float) -> Appended:
        """Write `batch` whole. On any error nothing is written and nothing is remembered of it.

        RefusedValue when it holds a value that the database does not take; every other error may pass.
        """
        with self._refusals(), transaction(self._connection):
            appended = self._write(batch, now)
        self.visitors.shrink()
        return appended

    def probe(self, event: Event | None, now: float) -> None:
        """Whether hits can be stored: a row is really written, and `event` is tried and taken back."""
        with self._refusals(), transaction(self._connection):
            if event is not None:
                self._connection.execute("savepoint trial")
                self._write(Batch((event,)), now)
                self._connection.execute("rollback to trial")
                self._connection.execute("release trial")
            self._connection.execute("update file_mark set probed_at = ?", (int(now),))
        self.forget()

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.forget()
            if _is_refusal(error):
                raise RefusedValue(str(error)) from error
            raise

    def forget(self) -> None:
        """What is remembered may be wrong: rows were rolled back, or changed by upkeep."""
        self._dictionary.forget()
        self.visitors.forget()
        self._next_id = 0

    def quarantine(self, event: Event, error: str, now: float) -> None:
        """Put aside an event that the store refuses, so that its neighbours can be written."""
        self._connection.execute(
            "insert into quarantine (at, error, event) values (?, ?, ?)",
            (int(now), error[:1000], ascii(msgspec.structs.replace(event, address=None))[:8000]),
        )

    def _read_next_id(self) -> int:
        row = self._connection.execute(
            "select max((select coalesce(max(id), 0) from event), (select event_id from watermark)) + 1"
        ).fetchone()
        return int(row[0])

    def _write(self, batch: Batch, now: float) -> Appended:
        if batch.id and not self._first_time(batch.id, now):
            return Appended(outcomes=(Outcome.DUPLICATE,) * len(batch.events), gained=())
        self._next_id = self._next_id or self._read_next_id()
        rows = _Rows(engaging=any(event.kind == Kind.ENGAGED for event in batch.events))
        known_lines = find_known_lines(self._connection, batch)
        refused = refuse(self._connection, batch.events, known_lines)
        keys = [(event.site_key, event.day, event.visitor) for event in batch.events]
        self.visitors.look_up(keys)
        outcomes = tuple(
            refused[index] if index in refused else self._add(event, keys[index], rows)
            for index, event in enumerate(batch.events)
        )
        known_drops = write_drops(self._connection, batch.drops, known_lines, rows.lines, now)
        self._flush(rows, now)
        return Appended(outcomes, self._gained(rows), tuple(rows.seen), known_drops)

    def _first_time(self, batch_id: str, now: float) -> bool:
        done = self._connection.execute("insert or ignore into batch values (?, ?)", (batch_id, int(now)))
        return done.rowcount == 1

    # Adding an event -----------------------------------------------------------------------------------------

    def _add(self, event: Event, key: Key, rows: _Rows) -> Outcome:
        if event.kind == Kind.ENGAGED:
            return self._engage(event, rows)
        site_key, day = event.site_key, event.day
        path = self._dictionary.value(site_key, day, Dimension.PAGE, event.path)
        name = self._dictionary.value(site_key, day, Dimension.EVENT, event.name) if event.kind == Kind.CUSTOM else None
        event_id = self._next_id
        self._next_id += 1
        added, visitor_id = self._place_in_visit(event, key, event_id, path, path if name is None else name, rows)
        title = self._dictionary.value(site_key, day, Dimension.TITLE, event.title)
        props = self._dictionary.props(site_key, day, event.props) if event.props else None
        rows.events.append((
            event_id, added.visit.id, event.at, event.hour, day, int(event.kind), added.adds, added.seconds, path,
            title, VIA[event.via], name, added.exit_was, None, None, props,
        ))  # fmt: skip
        self._add_up(event, added, rows)
        if event.hit_id:
            rows.hit_ids.append((event_id, site_key, event.hit_id))
            if rows.engaging and event.kind == Kind.PAGEVIEW:
                rows.views[(site_key, event.hit_id)] = _View(
                    event_id, visitor_id, added.visit.id, event.at, event.hour, day, path
                )
        if event.via != Via.LOG:
            rows.seen.append((site_key, visitor_id, event.at))
        if event.line is not None:
            rows.lines.append((site_key, event.line, 1))
        return Outcome.COUNTED

    def _place_in_visit(
        self, event: Event, key: Key, event_id: int, path: int, what: int, rows: _Rows
    ) -> tuple[Added, int]:
        visitor_day = self.visitors.get(key)
        if visitor_day is None:
            visitor_day = VisitorDay(event_id)
            self.visitors.add(key, visitor_day)
            rows.tail.append((event_id, *key))
        else:
            visit = visitor_day.nearest(event.at, self._timeout)
            if visit is not None:
                return visitor_day.join(visit, event.at, event.kind, what, path), visitor_day.id
        values = (
            self._dictionary.client(event.site_key, event.day, event.client),
            self._dictionary.place(event.site_key, event.day, event.place),
            self._dictionary.origin(event.site_key, event.day, event.origin),
            path,
        )
        repeats = self._repeats(visitor_day, values)
        again = visitor_day.id if visitor_day.visits else None
        rows.visits.append((event_id, event.site_key, again, event.address, *values[:3], repeats))
        return visitor_day.start(event_id, event.at, event.day, event.hour, event.kind, what, values), visitor_day.id

    def _repeats(self, visitor_day: VisitorDay, values: tuple[int, int, int, int]) -> int:
        """Bit n is set when the visitor already brought the same value of VISIT_DIMENSIONS[n] today."""
        if not visitor_day.visits:
            return 0
        mine = self._dictionary.visit_values(values)
        earlier = [self._dictionary.visit_values(visit.values) for visit in visitor_day.visits]
        return sum(1 << bit for bit, value in enumerate(mine) if any(other[bit] == value for other in earlier))

    def _add_up(self, event: Event, added: Added, rows: _Rows) -> None:
        """An event counts in its own hour; its visit's part in the hour where the visit started."""
        visit, adds = added.visit, added.adds
        own = rows.hour(event.site_key, event.day, event.hour)
        own[PAGEVIEWS if event.kind == Kind.PAGEVIEW else EVENTS] += 1
        if adds & 1:
            own[VISITS] += 1
            own[VISITORS] += 1 if adds & STARTS_VISITOR else 0
            own[BOUNCES] += 1 if adds & BOUNCE else 0
        elif adds & UNBOUNCE or added.seconds:
            start = rows.hour(event.site_key, visit.day, visit.hour)
            start[BOUNCES] -= 1 if adds & UNBOUNCE else 0
            start[SECONDS] += added.seconds
        if event.via == Via.LOG:
            key = (event.site_key, event.day)
            rows.logged[key] = rows.logged.get(key, 0) + 1

    def _engage(self, event: Event, rows: _Rows) -> Outcome:
        """Engaged time for a page view: the largest value wins, and may extend the visit."""
        key = (event.site_key, event.view)
        view = rows.views.get(key) or self._find_view(key)
        visitor_day = self.visitors.by_id(view.visitor_id) if view else None
        if view is None or visitor_day is None:
            return Outcome.UNKNOWN_VIEW
        visit = next(visit for visit in visitor_day.visits if visit.id == view.visit_id)
        more, seconds = visitor_day.engage(visit, view.event_id, view.at, min(event.engaged_s, ENGAGED_CAP))
        if more or seconds:
            rows.events.append((
                self._next_id, visit.id, event.at, view.hour, view.day, int(Kind.ENGAGED), 0, seconds, view.path, 0,
                VIA[event.via], None, None, view.event_id, more, None,
            ))  # fmt: skip
            self._next_id += 1
            rows.hour(event.site_key, view.day, view.hour)[ENGAGED] += more
            rows.hour(event.site_key, visit.day, visit.hour)[SECONDS] += seconds
        return Outcome.COUNTED

    def _find_view(self, key: tuple[int, str]) -> _View | None:
        row = self._connection.execute(
            "select e.id, coalesce(v.visitor_id, v.id), v.id, e.at, e.hour, e.day, e.path_id from hit_id h"
            " join event e on e.id = h.event_id join visit v on v.id = e.visit_id"
            " where h.site_key = ? and h.id = ? and e.kind = 1",
            key,
        ).fetchone()
        return _View(*row) if row else None

    # Writing -------------------------------------------------------------------------------------------------

    def _flush(self, rows: _Rows, now: float) -> None:
        connection = self._connection
        insert_rows(connection, "insert into visit", rows.visits)
        insert_rows(connection, _EVENT, rows.events)
        insert_rows(connection, "insert into visitor_tail", rows.tail)
        insert_rows(connection, "insert into hit_id", rows.hit_ids)
        insert_rows(connection, "insert into log_line", sorted(rows.lines),
                    " on conflict do update set counted = max(counted, excluded.counted)")  # fmt: skip
        insert_rows(connection, "insert into total_hour", [(*key, *sums) for key, sums in rows.hours.items()], ADD_UP)
        insert_rows(connection, "insert into total_day",
                    [(*key, *sums, rows.logged.get(key, 0)) for key, sums in _days(rows).items()],
                    ADD_UP + ", logged = logged + excluded.logged")  # fmt: skip
        if rows.events:
            connection.execute(
                "insert into written values (?, ?) on conflict do update set event_id = excluded.event_id",
                (int(now) // 86400, self._next_id - 1),
            )

    def _gained(self, rows: _Rows) -> tuple[DayTotal, ...]:
        return tuple(DayTotal(*key, *sums) for key, sums in _days(rows).items())


def _days(rows: _Rows) -> dict[tuple[int, int], list[int]]:
    days: dict[tuple[int, int], list[int]] = {}
    for (site_key, day, _), sums in rows.hours.items():
        known = days.get((site_key, day))
        days[(site_key, day)] = list(sums) if known is None else [a + b for a, b in zip(known, sums, strict=True)]
    return days


# What one value can cause. A full disk, a lack of memory and the like pass, and their hits must not be put aside.
_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, ValueError, OverflowError, TypeError, LookupError)


def _is_refusal(error: BaseException) -> bool:
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.InterfaceError)):
        return "binding parameter" in str(error)  # the rest of these is about the connection
    return isinstance(error, _REFUSALS)
