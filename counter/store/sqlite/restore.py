"""Putting a backup in the place of the database. What was there is kept under a name with the time, whatever it is."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Final

from counter.errors import StoreError
from counter.store.sqlite.engine import APPLICATION_ID, FILE_NAME, DataLock, migrations
from counter.store.sqlite.log_owner import MARKER, refuse_foreign_log
from counter.store.sqlite.part import COMPANIONS, free_name, is_database_of_ours, part_of

LOG_MARKS: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # how a write-ahead log begins


def replace_database(folder: Path, source: Path, force: bool, now: float) -> tuple[Path, ...]:
    """Put the backup `source` in the place of the database; returns where the old one, and its log, went.

    Refuses while a service holds the data, when `source` is damaged, and, without `force`, to replace anything.
    """
    lock = DataLock(folder)
    lock.acquire()
    try:
        target = folder / FILE_NAME
        if target.exists() and not force:
            raise StoreError(f"{target} exists; --force replaces it and keeps it under another name")
        with part_of(target) as part:
            shutil.copyfile(source, part)
            _verify_backup(part, source)
            kept = _put_aside(target, now)
            part.rename(target)
        (folder / MARKER).touch(mode=0o600)
        return kept
    finally:
        lock.release()


def _verify_backup(copy: Path, source: Path) -> None:
    """Refuse what is no whole backup of ours; the sentence names `source`, the file that was given."""
    connection = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
    try:
        application = connection.execute("pragma application_id").fetchone()[0]
        version = connection.execute("pragma user_version").fetchone()[0]
        problem = connection.execute("pragma integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{source} is not a backup of visitor-counter: {error}") from error
    finally:
        connection.close()
    if application != APPLICATION_ID or not 0 < version <= len(migrations()):
        raise StoreError(
            f"{source} is not a backup of this visitor-counter: application id {application:#x}, schema {version}"
        )
    if problem != "ok":
        raise StoreError(f"{source} is damaged: {problem}")


def _put_aside(target: Path, now: float) -> tuple[Path, ...]:
    """Rename the database and its log; a log left behind would be played onto the new file.

    Both get the same name, so that SQLite opens them as one. Renamed files replace none: a second restore kept the
    backup of the first, and the data of before were nowhere.
    """
    with contextlib.suppress(sqlite3.Error, OSError, StoreError):  # damaged: that is when people restore
        _empty_log(target)
    _remove_empty_log(target)
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    name = free_name(target.parent, f"{FILE_NAME}.replaced-{moment}")
    kept = []
    for companion in ("", *COMPANIONS):
        old = Path(f"{target}{companion}")
        if old.exists():
            kept.append(old.rename(f"{name}{companion}"))
    return tuple(kept)


def _empty_log(target: Path) -> None:
    """Bring what stands in the log into the database, if both are sound and ours; otherwise both stay as they are.

    SQLite deletes the log of an empty file and one that it can't read, and plays any other, also that of another
    database.
    """
    refuse_foreign_log(target)
    with Path(f"{target}-wal").open("rb") as log, target.open("rb") as file:
        if log.read(4) not in LOG_MARKS or not is_database_of_ours(file.read(72)):
            return
    with contextlib.closing(sqlite3.connect(f"file:{target}?mode=ro", uri=True)) as reader:
        application = reader.execute("pragma application_id").fetchone()[0]  # of page 1 as the log has it
        if application != APPLICATION_ID or reader.execute("pragma quick_check(1)").fetchone()[0] != "ok":
            return
    with contextlib.closing(sqlite3.connect(target, timeout=10)) as writer:
        writer.execute("pragma secure_delete = on")
        writer.execute("pragma wal_checkpoint(truncate)")


def _remove_empty_log(target: Path) -> None:
    """Readers leave a log without content behind, and its index."""
    log = Path(f"{target}-wal")
    if not log.exists() or not log.stat().st_size:
        log.unlink(missing_ok=True)
        Path(f"{target}-shm").unlink(missing_ok=True)
