"""What a doctor wants to know of the database file, also of one that is damaged, and without changing anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from counter.errors import StorageReason
from counter.store.sqlite.engine import FILE_NAME, migrations
from counter.store.sqlite.failures import reason_of

CLOCK_MARK = 4  # the first schema with this table


class Vitals(msgspec.Struct, frozen=True):
    """Sizes in bytes, times in UTC seconds; `error` says why the rest is not known."""

    exists: bool
    size: int = 0
    wal_size: int = 0
    written_at: float = 0.0  # when the file itself was last written: by a checkpoint
    wal_written_at: float = 0.0
    error: str = ""
    reason: StorageReason = StorageReason.DAMAGED  # of `error`
    journal_mode: str = ""
    schema: int = 0
    newest_schema: int = 0  # that this program knows
    events: int = 0
    events_a_day: float = 0.0  # written in the last seven days that had any
    last_event_at: int = 0
    quarantine: int = 0
    trusted_at: int = 0  # when the clock was last believed; 0: it was not looked at yet
    doubted_at: int = 0  # since when it is in doubt; 0: it is believed


def read_vitals(folder: Path) -> Vitals:
    """Of the database below `folder`; never raises for what ails it."""
    path = folder / FILE_NAME
    wal = path.with_name(FILE_NAME + "-wal")
    newest = len(migrations())
    try:
        file = path.stat()
    except OSError as error:
        known = "" if isinstance(error, FileNotFoundError) else str(error.strerror or error)
        return Vitals(exists=bool(known), error=known, reason=reason_of(error, path), newest_schema=newest)
    log = wal.stat() if wal.exists() else None
    seen = Vitals(
        True, file.st_size, log.st_size if log else 0, file.st_mtime, log.st_mtime if log else 0.0, newest_schema=newest
    )
    try:
        # Without a log nobody has it open: told so, SQLite makes no files beside it.
        how = "mode=ro" if log else "immutable=1"
        with closing(sqlite3.connect(f"file:{path}?{how}", uri=True, timeout=5)) as connection:
            return _ask(connection, seen)
    except sqlite3.Error as error:
        return msgspec.structs.replace(seen, error=str(error), reason=reason_of(error, path))


def _ask(connection: sqlite3.Connection, seen: Vitals) -> Vitals:
    def one(sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0] or 0)

    schema = one("pragma user_version")
    trusted_at, doubted_at = _clock_mark(connection) if schema >= CLOCK_MARK else (0, 0)
    return msgspec.structs.replace(
        seen,
        journal_mode=connection.execute("pragma journal_mode").fetchone()[0],
        schema=schema,
        events=one("select max(id) from event") - one("select min(id) - 1 from event"),
        events_a_day=_events_a_day(connection),
        last_event_at=one("select at from event order by id desc limit 1") if one("select max(id) from event") else 0,
        quarantine=one("select count(*) from quarantine"),
        trusted_at=trusted_at,
        doubted_at=doubted_at,
    )


def _clock_mark(connection: sqlite3.Connection) -> tuple[int, int]:
    row = connection.execute("select trusted_at, coalesce(doubted_at, 0) from clock_mark").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _events_a_day(connection: sqlite3.Connection) -> float:
    rows = connection.execute("select utc_day, event_id from written order by utc_day desc limit 8").fetchall()
    if len(rows) < 2:
        return 0.0
    days, events = rows[0][0] - rows[-1][0], rows[0][1] - rows[-1][1]
    return int(events) / int(days)
