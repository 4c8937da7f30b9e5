"""Whose write-ahead log lies beside the database?

After a kill the log holds the last hits, and SQLite plays it onto whatever file has the database's name. When that is
a backup which somebody moved there, the result is a damaged database. So each start of a writer draws a random
number, puts it into the database file and into the marker file beside it; a log is played only onto the file that has
the number of the marker.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from counter.errors import StorageReason, StoreError
from counter.store.sqlite.failures import reason_of
from counter.store.sqlite.open_file import WAL, WAL_MODE, mode_of

MARKER: Final = "counter.exists"  # stands by a database that was made: it must never be made again in silence
NUMBER_BYTES: Final = 16
PATIENCE_MS: Final = 500  # that a reader of an old state may keep the number out of the file at a start


class Marker(msgspec.Struct, frozen=True):
    """The numbers that the file may have. Two, when a reader kept the second in the log."""

    openings: tuple[str, ...] = ()


def refuse_foreign_log(path: Path) -> None:
    """StoreError when the log beside the database at `path` was not written for this file; nothing is changed."""
    log = path.with_name(path.name + WAL)
    if not (path.exists() and path.stat().st_size and log.exists() and log.stat().st_size):
        return
    marker, number = read_marker(path.parent), _number_in_file(path)
    if mode_of(path) != WAL_MODE or (number and marker.openings and number not in marker.openings):
        raise StoreError(_FOREIGN.format(log=log, path=path))
    if not number or not marker.openings:  # of an earlier version, or copied without its marker
        _check_together(path, log)


_FOREIGN: Final = (
    "{log} was written for another file than {path}: together they would make a damaged database. If a backup was"
    " copied here by hand, run 'counter restore FILE --force' with it, which puts the log away; if not, put the former"
    " {path.name} back: the log holds its last hits"
)


def read_marker(folder: Path) -> Marker:
    """What the marker file in `folder` says; one of an earlier version says nothing."""
    try:
        return msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker)
    except (OSError, msgspec.DecodeError):
        return Marker()


def mark_opening(connection: sqlite3.Connection, folder: Path) -> None:
    """Draw the number of this start, and write it into the database file, past the log, and into the marker."""
    number = secrets.token_bytes(NUMBER_BYTES)
    connection.execute("update file_mark set opening = ?", (number,))
    connection.execute(f"pragma busy_timeout = {PATIENCE_MS}")
    busy = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
    former = read_marker(folder).openings[-1:] if busy else ()
    _write_marker(folder, Marker((*former, number.hex())))


def _write_marker(folder: Path, marker: Marker) -> None:
    """Whole or not at all, and on the disk before the first hit: an old marker would disown the log of tomorrow."""
    new = folder / (MARKER + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(marker))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / MARKER)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _number_in_file(path: Path) -> str:
    """The number in the database file alone, without its log; '' when there is none, or the file can't be read so."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            row = connection.execute("select opening from file_mark").fetchone()
    except sqlite3.Error:
        return ""
    return bytes(row[0]).hex() if row else ""


def _check_together(path: Path, log: Path) -> None:
    """StoreError when file and log do not make a whole database; a reader that can't write plays nothing."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            answer = connection.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if reason_of(error, path) != StorageReason.DAMAGED:
            return  # the disk is to blame: opening the database says it
        answer = str(error)
    if answer != "ok":
        raise StoreError(_FOREIGN.format(log=log, path=path) + f" (SQLite says: {answer})")
