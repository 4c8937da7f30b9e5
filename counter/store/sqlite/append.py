"""Appending a batch: one transaction that writes events, visits, totals and drops, or nothing at all.

Breakdowns are not touched here: `fold.py` adds them later, in larger portions, behind a watermark.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from counter.event import Event, Kind, Outcome, Via
from counter.question import DayTotal, Dimension
from counter.store.carrying import carried_origin, carrier_hash
from counter.store.protocols import Appended, Batch, RefusedValue
from counter.store.sqlite.dictionary import Dictionary
from counter.store.sqlite.drops import write_drops
from counter.store.sqlite.duplicates import find_known_lines, refuse
from counter.store.sqlite.failures import is_refusal
from counter.store.sqlite.rows import ENGAGED, SECONDS, BatchRows, PageView
from counter.store.sqlite.sql import VIA, statement
from counter.store.sqlite.transaction import transaction
from counter.store.sqlite.visitors import Key, Visitors
from counter.store.visiting import ENGAGED_CAP, Added, VisitorDay


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
            if is_refusal(error):
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
        rows = BatchRows(engaging=any(event.kind == Kind.ENGAGED for event in batch.events))
        known_lines = find_known_lines(self._connection, batch)
        refused = refuse(self._connection, batch.events, known_lines)
        keys = [_key(event) for event in batch.events]
        self.visitors.look_up(keys)
        outcomes = tuple(
            refused[index] if index in refused else self._add(event, keys[index], rows)
            for index, event in enumerate(batch.events)
        )
        known_drops = write_drops(self._connection, batch.drops, known_lines, rows.lines, now)
        rows.write(self._connection)
        if rows.events:
            self._note_last(now)
        gained = tuple(DayTotal(*key, *sums) for key, sums in rows.days().items())
        return Appended(outcomes, gained, tuple(rows.seen), known_drops)

    def _first_time(self, batch_id: str, now: float) -> bool:
        done = self._connection.execute("insert or ignore into batch values (?, ?)", (batch_id, int(now)))
        return done.rowcount == 1

    def _note_last(self, now: float) -> None:
        """Until which event has been written on this UTC day: what retention counts from."""
        self._connection.execute(
            "insert into written values (?, ?) on conflict do update set event_id = excluded.event_id",
            (int(now) // 86400, self._next_id - 1),
        )

    # Adding an event -----------------------------------------------------------------------------------------

    def _add(self, event: Event, key: Key, rows: BatchRows) -> Outcome:
        if event.kind == Kind.ENGAGED:
            return self._engage(event, rows)
        if event.via is Via.PROXY:
            return self._carry(event, key, rows)
        site_key, day = event.site_key, event.day
        path = self._dictionary.value(site_key, day, Dimension.PAGE, event.path)
        name = self._dictionary.value(site_key, day, Dimension.EVENT, event.name) if event.kind == Kind.CUSTOM else None
        host = self._dictionary.value(site_key, day, Dimension.HOST, event.host)
        event_id = self._next_id
        self._next_id += 1
        what = path if name is None else name
        added, visitor_id = self._place_in_visit(event, key, event_id, path, what, host, rows)
        title = self._dictionary.value(site_key, day, Dimension.TITLE, event.title)
        props = self._dictionary.props(site_key, day, event.props) if event.props else None
        rows.events.append((
            event_id, added.visit.id, event.at, event.hour, day, int(event.kind), added.adds, added.seconds, path,
            title, VIA[event.via], name, added.exit_was, None, None, props, host,
        ))  # fmt: skip
        rows.add_up(event, added)
        if event.hit_id:
            rows.hit_ids.append((event_id, site_key, event.hit_id))
            if rows.engaging and event.kind == Kind.PAGEVIEW:
                rows.views[(site_key, event.hit_id)] = PageView(
                    event_id, visitor_id, added.visit.id, event.at, event.hour, day, path, host
                )
        if event.via != Via.LOG:
            rows.seen.append((site_key, visitor_id, event.at))
        if event.line is not None:
            rows.lines.append((site_key, event.line, 1))
        return Outcome.COUNTED

    def _carry(self, event: Event, key: Key, rows: BatchRows) -> Outcome:
        """A page view through an image proxy: it belongs to a carrier and adds nothing else."""
        site_key, day = event.site_key, event.day
        path = self._dictionary.value(site_key, day, Dimension.PAGE, event.path)
        title = self._dictionary.value(site_key, day, Dimension.TITLE, event.title)
        host = self._dictionary.value(site_key, day, Dimension.HOST, event.host)
        event_id = self._next_id
        self._next_id += 1
        carrier = self.visitors.get(key)
        if carrier is None:
            origin = self._dictionary.origin(site_key, day, carried_origin(event))
            carrier = VisitorDay(event_id)
            carrier.start(event_id, event.at, day, event.hour, event.kind, path, (0, 0, origin, path))
            self.visitors.add(key, carrier)
            rows.visitors.append((event_id, *key))
            rows.visits.append((event_id, site_key, None, None, 0, 0, origin, 0))
        rows.events.append((
            event_id, carrier.id, event.at, event.hour, day, int(Kind.PAGEVIEW), 0, 0, path, title, VIA[event.via],
            None, None, None, None, None, host,
        ))  # fmt: skip
        rows.add_up_carried(event)
        if event.hit_id:
            rows.hit_ids.append((event_id, site_key, event.hit_id))
        return Outcome.COUNTED

    def _place_in_visit(
        self, event: Event, key: Key, event_id: int, path: int, what: int, host: int, rows: BatchRows
    ) -> tuple[Added, int]:
        visitor_day = self.visitors.get(key)
        if visitor_day is None:
            visitor_day = VisitorDay(event_id)
            self.visitors.add(key, visitor_day)
            rows.visitors.append((event_id, *key))
        else:
            visit = visitor_day.nearest(event.at, self._timeout)
            if visit is not None:
                return visitor_day.join(visit, event.at, event.kind, what, path, host), visitor_day.id
        values = (
            self._dictionary.client(event.site_key, event.day, event.client),
            self._dictionary.place(event.site_key, event.day, event.place),
            self._dictionary.origin(event.site_key, event.day, event.origin),
            path,
        )
        repeats = self._dictionary.repeats(values, [visit.values for visit in visitor_day.visits])
        again = visitor_day.id if visitor_day.visits else None
        rows.visits.append((event_id, event.site_key, again, event.address, *values[:3], repeats))
        added = visitor_day.start(event_id, event.at, event.day, event.hour, event.kind, what, values, host)
        return added, visitor_day.id

    def _engage(self, event: Event, rows: BatchRows) -> Outcome:
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
                VIA[event.via], None, None, view.event_id, more, None, view.host,
            ))  # fmt: skip
            self._next_id += 1
            rows.hour(event.site_key, view.day, view.hour)[ENGAGED] += more
            rows.hour(event.site_key, visit.day, visit.hour)[SECONDS] += seconds
        return Outcome.COUNTED

    def _find_view(self, key: tuple[int, str]) -> PageView | None:
        row = self._connection.execute(statement("page_view"), key).fetchone()
        return PageView(*row) if row else None


def _key(event: Event) -> Key:
    """Whose day an event is of: a visitor's, or that of the carrier of a page and a proxy."""
    who = carrier_hash(event) if event.via is Via.PROXY else event.visitor
    return event.site_key, event.day, who
