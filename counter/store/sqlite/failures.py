"""What SQLite's errors mean for the owner: is the disk full, can it not be read, or is the file damaged?

Only a damaged or foreign file is a reason to restore a backup; the sentence about a full disk must not suggest it.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Final

from counter.errors import StorageReason, StoreError, system_reason

_REASONS: Final = {
    sqlite3.SQLITE_FULL: StorageReason.FULL,
    sqlite3.SQLITE_READONLY: StorageReason.READ_ONLY,
    sqlite3.SQLITE_IOERR: StorageReason.DISK,
    sqlite3.SQLITE_CANTOPEN: StorageReason.DISK,
    sqlite3.SQLITE_PERM: StorageReason.DISK,
    sqlite3.SQLITE_CORRUPT: StorageReason.DAMAGED,
    sqlite3.SQLITE_NOTADB: StorageReason.DAMAGED,
}
_ADVICE: Final = {
    StorageReason.FULL: "the data are whole: make room, nothing else is needed",
    StorageReason.READ_ONLY: "the data are whole: make the disk writable again, nothing else is needed",
    StorageReason.DISK: "the data may well be whole: look at the disk, its free space and its permissions first",
    StorageReason.DAMAGED: "restore with 'counter restore FILE'",
}
_REFUSALS: Final = (
    sqlite3.IntegrityError, sqlite3.DataError, ValueError, OverflowError, TypeError, LookupError,
)  # fmt: skip
NO_ROOM: Final = 64 * 1024  # bytes; SQLite reports an I/O error when not even its shared memory finds room


def reason_of(error: BaseException, path: Path) -> StorageReason:
    """Why SQLite, or the system, failed on the database at `path`."""
    if isinstance(error, OSError):
        return system_reason(error)
    reason = _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, StorageReason.OTHER)
    if reason == StorageReason.DISK and (free := free_bytes(path)) is not None and free < NO_ROOM:
        return StorageReason.FULL
    return reason


def store_error(error: BaseException, path: Path, what: str = "the database can't be written") -> StoreError:
    """`error` as a sentence of `what` failed, why, how much room the disk has, and what to do."""
    reason = reason_of(error, path)
    if reason == StorageReason.OTHER:
        return StoreError(f"{what}: {error}")
    return StoreError(f"{what}: {error}; {reason} ({_room(path)}); {_ADVICE[reason]}", reason)


def is_refusal(error: BaseException) -> bool:
    """Whether one value can be the cause. A full disk and the like pass, and their hits must not be put aside."""
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.InterfaceError)):
        return "binding parameter" in str(error)  # the rest of these is about the connection
    return isinstance(error, _REFUSALS)


def free_bytes(path: Path) -> int | None:
    """Free space of the disk that holds `path`; None when it can't be seen."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def _room(path: Path) -> str:
    free = free_bytes(path)
    return "free space unknown" if free is None else f"{free / 1e6:,.1f} MB are free in {path.parent}"
