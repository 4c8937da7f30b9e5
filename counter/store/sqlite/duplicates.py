"""What the store has already: retries, log lines imported before, days counted live. Asked once a batch."""

from __future__ import annotations

import sqlite3

import msgspec

from counter.event import Event, Kind, Outcome, Via
from counter.store.protocols import Batch
from counter.store.sqlite.sql import statement

KnownLines = dict[tuple[int, int | None], int]  # (site key, line) -> 1 when it was counted, 0 when it was dropped


def find_known_lines(connection: sqlite3.Connection, batch: Batch) -> KnownLines:
    """The log lines of the batch that an earlier import has seen."""
    asked = [
        (item.site_key, item.line) for items in (batch.events, batch.drops) for item in items if item.line is not None
    ]
    if not asked:
        return {}
    rows = connection.execute(statement("known_lines"), (msgspec.json.encode(asked).decode(),))
    return {(site, line): counted for site, line, counted in rows}


def refuse(
    connection: sqlite3.Connection, events: tuple[Event, ...], known_lines: KnownLines
) -> dict[int, Outcome]:  # fmt: skip
    """Outcomes, by index, of events that are not added: retries, known lines, hits of a day that takes none."""
    refused: dict[int, Outcome] = {}
    hit_ids = _known_hit_ids(connection, events)
    lines: set[tuple[int, int]] = set()
    taken: dict[tuple[int, int], bool] = {}
    closed: dict[tuple[int, int], bool] = {}
    for index, event in enumerate(events):
        if event.hit_id and event.kind != Kind.ENGAGED:  # engaged time is no hit, and the largest wins anyhow
            key = (event.site_key, event.hit_id)
            if key in hit_ids:
                refused[index] = Outcome.DUPLICATE
            hit_ids.add(key)
        if event.via == Via.API and _is_closed(connection, event, closed):
            refused[index] = Outcome.DAY_CLOSED
        if event.line is None:
            continue
        line = (event.site_key, event.line)
        if known_lines.get(line) == 1 or line in lines:
            refused[index] = Outcome.KNOWN
        elif not event.overlap and _is_taken(connection, event, taken):
            refused[index] = Outcome.DAY_TAKEN
        else:
            lines.add(line)
    return refused


def _known_hit_ids(connection: sqlite3.Connection, events: tuple[Event, ...]) -> set[tuple[int, str]]:
    asked: dict[int, list[str]] = {}
    for event in events:
        if event.hit_id:
            asked.setdefault(event.site_key, []).append(event.hit_id)
    # A question a site: plain texts in the list are found four times as fast as pairs.
    return {
        (site_key, row[0])
        for site_key, ids in asked.items()
        for row in connection.execute(statement("known_hit_ids"), (msgspec.json.encode(ids).decode(), site_key))
    }


def _is_closed(connection: sqlite3.Connection, event: Event, closed: dict[tuple[int, int], bool]) -> bool:
    """Whether raw rows of the event's day are gone; only a server dates its hits so far back."""
    key = (event.site_key, event.day)
    if key not in closed:
        row = connection.execute("select 1 from closed_day where site_key = ? and day = ?", key).fetchone()
        closed[key] = row is not None
    return closed[key]


def _is_taken(connection: sqlite3.Connection, event: Event, taken: dict[tuple[int, int], bool]) -> bool:
    """Whether the event's day already has hits that did not come from logs."""
    key = (event.site_key, event.day)
    if key not in taken:
        row = connection.execute(
            "select pageviews + events > logged from total_day where site_key = ? and day = ?", key
        ).fetchone()
        taken[key] = bool(row and row[0])
    return taken[key]
