"""Databases that appear under their name when they are whole; until then they are NAME.part.

    with part_of(target) as part, copied(connection, part) as copy: ...    then part.rename(target)

A `.part` is its owner's alone from the first byte on and locked while it is written. A process that is killed leaves
it without a lock, and `sweep` removes it: at the next backup into that folder, and at the start of the service.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from counter.errors import StoreError

PART: Final = ".part"
COMPANIONS: Final = ("-journal", "-wal", "-shm")  # of a database, behind its name
OUR_ID: Final = 0x76636E74  # the application id, "vcnt"
OURS: Final = OUR_ID.to_bytes(4)  # as it is at byte 68 of a database


@contextlib.contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """The new, empty file to write; what has no other name at the end of the block is removed."""
    part = target.with_name(target.name + PART)
    _remove_when_stale(part)
    handle = _create(part)
    try:
        yield part
    finally:
        if _is_at(part, handle):
            _remove(part)
        os.close(handle)  # last: SQLite loses its own locks on a file when any descriptor of it is closed


@contextlib.contextmanager
def copied(source: sqlite3.Connection, part: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the whole database in `part`. It is marked as ours first, or what was cut could not be recognised."""
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute(f"pragma page_size = {int(source.execute('pragma page_size').fetchone()[0])}")
        copy.execute(f"pragma application_id = {OUR_ID}")
        source.backup(copy)
        yield copy


def sweep(folder: Path) -> None:
    """Remove every `.part` of ours that no process writes."""
    for part in folder.glob(f"*{PART}"):
        _remove_when_stale(part)


def free_name(folder: Path, stem: str, ending: str = "") -> Path:
    """A path that neither a database nor its log has: the first of `stem`, `stem-2`, `stem-3` ..."""
    number = 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{ending}"
        if not any(os.path.lexists(f"{path}{companion}") for companion in ("", *COMPANIONS)):
            return path
        number += 1


def is_database_of_ours(head: bytes) -> bool:
    """Whether a file with these first 72 bytes is."""
    return head.startswith(b"SQLite format 3\0") and head[68:72] == OURS


def _create(part: Path) -> int:
    while True:
        try:
            handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise StoreError(
                f"{part} is there already: another process is writing it, or it is none of ours; wait, or move it away"
            ) from None
        with contextlib.suppress(OSError):  # a file system without locks: what can't be locked is not swept either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_at(part, handle):
            return handle
        os.close(handle)  # another process swept it before it was locked


def _remove_when_stale(part: Path) -> None:
    with contextlib.suppress(OSError):  # gone, a link, or not ours to read
        handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_ours(part, handle) and _is_at(part, handle):
                _remove(part)
        finally:
            os.close(handle)


def _is_ours(part: Path, handle: int) -> bool:
    """A database with our mark, or the empty beginning of one: other programs use the ending `.part`, too."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return False
    head = os.pread(handle, 72, 0)
    return is_database_of_ours(head) if head else part.name.endswith(f".db{PART}")


def _is_at(path: Path, handle: int) -> bool:
    """Whether the open file still has that name."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _remove(part: Path) -> None:
    """The companions first: without the file nothing says that they are ours."""
    for companion in (*COMPANIONS, ""):
        Path(f"{part}{companion}").unlink(missing_ok=True)
