"""What keeps the store small and safe: pruning, expiry, backup. Never on the way of a hit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from counter.errors import StoreError
from counter.store.sqlite.drops import trim_drop_log
from counter.store.sqlite.fold import fold
from counter.store.sqlite.part import copied, part_of, sweep
from counter.store.sqlite.sql import statement

PRUNE_AFTER = 48 * 3600  # seconds that hit ids and batch ids are kept
CAP_DAYS = 3  # days that counts of new values are kept; a site's own day may be one behind
PUT_ASIDE = 10_000  # events in the quarantine; the oldest go first
PORTION = 20_000  # rows a transaction erases, so that hits do not wait for all of them


def rebuild_months(connection: sqlite3.Connection) -> None:
    connection.execute("delete from rollup_month")
    connection.execute(statement("rebuild_months"))


def prune(connection: sqlite3.Connection, now: float, salts_gone: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Remove what only serves 48 hours: hit ids, batch ids, and the visitors whose salt is gone."""
    fold(connection)  # so that no visitor is still on the way to the table
    mark = _written_before(connection, now - PRUNE_AFTER)
    hit_ids = connection.execute("delete from hit_id where event_id <= ?", (mark,)).rowcount
    batches = connection.execute("delete from batch where at < ?", (int(now) - PRUNE_AFTER,)).rowcount
    visitors = sum(
        connection.execute("delete from visitor where site_key = ? and day = ?", key).rowcount for key in salts_gone
    )
    trim_drop_log(connection)
    connection.execute("delete from value_count where day < ?", (int(now) // 86400 - CAP_DAYS,))
    connection.execute("delete from quarantine where id <= (select max(id) from quarantine) - ?", (PUT_ASIDE,))
    return {"hit_ids": hit_ids, "batches": batches, "visitors": visitors}


def expire_addresses(connection: sqlite3.Connection, now: float, days: int) -> int:
    """Erase a portion of the addresses written more than `days` days ago; returns how many, 0 when all are gone."""
    mark = _written_before(connection, now - days * 86400)
    gone = connection.execute(statement("erase_addresses"), (mark, PORTION)).rowcount
    connection.execute(statement("erase_dropped_addresses"), (int(now) - days * 86400,))
    return gone


def expire_hits(connection: sqlite3.Connection, now: float, days: int) -> int:
    """Erase a portion of the raw rows written more than `days` days ago; totals stay. Returns how many events went."""
    fold(connection)
    mark = _written_before(connection, now - days * 86400)
    first = connection.execute("select min(id) from event").fetchone()[0]
    if first is None or first > mark:
        return 0
    last = min(mark, first + PORTION)
    connection.execute(statement("close_expiring_days"), {"last": last})
    gone = connection.execute("delete from event where id <= ?", (last,)).rowcount
    connection.execute("delete from hit_id where event_id <= ?", (last,))
    connection.execute(statement("remove_empty_visits"), (last,))
    return gone


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """A consistent copy of the whole database, taken while the service writes; appears under its name when whole."""
    if target.exists():
        raise StoreError(f"{target} exists; name a new file, so that an old backup is never lost to a failed one")
    sweep(target.parent)
    try:
        with part_of(target) as part:
            with copied(connection, part) as copy:
                copy.execute("pragma journal_mode = delete")
                _end_sessions(copy)
                problem = copy.execute("pragma quick_check").fetchone()[0]
            if problem != "ok":
                raise StoreError(f"the backup does not pass SQLite's check: {problem}")
            part.rename(target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the backup to {target} failed: {error}") from error


def _end_sessions(copy: sqlite3.Connection) -> None:
    """Who is signed in, and links that were not used yet, do not come back with a backup."""
    copy.execute("pragma secure_delete = on")
    known = {name for (name,) in copy.execute("select name from sqlite_master where type = 'table'")}
    for table, change in (("session", "delete from session"), ("invitation", "delete from invitation")):
        if table in known:  # a backup before a migration may not have them yet
            copy.execute(change)


def _written_before(connection: sqlite3.Connection, moment: float) -> int:
    """The last event written before the UTC day of `moment` began; what is kept is kept a little longer."""
    row = connection.execute(
        "select coalesce(max(event_id), 0) from written where utc_day < ?", (int(moment) // 86400,)
    ).fetchone()
    return int(row[0])
