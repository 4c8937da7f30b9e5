"""The hits that just came in: quickly at any history, so only among the events that arrived last."""

from __future__ import annotations

import sqlite3
from typing import Final

from counter.question import LoggedHit
from counter.store.sqlite.hits import logged
from counter.store.sqlite.sql import statement

LOOKED_AT: Final = 200_000  # events that arrived last, of all sites
# A hit may say that it happened up to 300 s ahead, and a clock may be set back: what was written a day earlier is old.
EARLY: Final = 86_400  # seconds


def newest_event(connection: sqlite3.Connection) -> int:
    """The largest id that an event has had; 0 before the first."""
    row = connection.execute(
        "select max((select coalesce(max(id), 0) from event), (select event_id from watermark))"
    ).fetchone()
    return int(row[0])


def find_recent(connection: sqlite3.Connection, site_key: int, since: int, limit: int) -> list[LoggedHit]:
    """The `limit` hits that arrived last of those that happened at `since` (UTC seconds) or later, newest first."""
    row = connection.execute(
        "select coalesce(max(event_id), 0) from written where utc_day < ?", ((since - EARLY) // 86_400,)
    ).fetchone()
    return _find(connection, site_key, int(row[0]), since, limit)


def find_after(connection: sqlite3.Connection, site_key: int, hit: int, limit: int) -> list[LoggedHit]:
    """The `limit` hits that arrived last of those after hit `hit`, in order of arrival."""
    return _find(connection, site_key, hit, 0, limit)[::-1]


def _find(connection: sqlite3.Connection, site_key: int, after: int, since: int, limit: int) -> list[LoggedHit]:
    bounded = max(after, newest_event(connection) - LOOKED_AT)
    asked = {"site": site_key, "after": bounded, "since": since, "limit": limit}
    return logged(connection, [hit for (hit,) in connection.execute(statement("live_hits"), asked)])
