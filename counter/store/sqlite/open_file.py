"""The database file that is open, compared with what lies at its path.

Who moves a backup over the database, or removes it, leaves the service with a file that nothing leads to any more:
SQLite goes on writing there, and every hit is gone with the process. So each transaction is followed by a look at the
path, before anybody is answered.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from counter.errors import Replaced

WAL: Final = "-wal"
SHARED_MEMORY: Final = "-shm"
WAL_MODE: Final = b"\x02\x02"  # bytes 18 and 19 of a database with a write-ahead log; a backup has b"\x01\x01"
_MODE_AT: Final = 18


class OpenFile:
    """Made before SQLite opens the database, closed after it: closing a file ends all of the process's locks on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + WAL)
        self._handle: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._file = _identity(os.fstat(self._handle))
        self._log_file: tuple[int, int] | None = None
        self.replaced = False  # what the last look said

    def note_log(self) -> None:
        """The log that is there now is ours: it stays as long as the database is open."""
        self._log_file = _look(self._log)

    @property
    def gone(self) -> bool:
        """Nothing lies at the path."""
        return _look(self._path) is None

    @property
    def removed(self) -> bool:
        """The file has no name any more, here or elsewhere: it ends with the process."""
        return self._handle is not None and not os.fstat(self._handle).st_nlink

    @property
    def moved(self) -> bool:
        """Another file, or none, lies at the path."""
        at_path = _look(self._path)
        if at_path != self._file and self._handle is not None:
            self._file = _identity(os.fstat(self._handle))  # some network file systems number their files again
        return at_path != self._file

    @property
    def overwritten(self) -> bool:
        """The file is the same, its content is not."""
        return self._handle is not None and os.pread(self._handle, 2, _MODE_AT) != WAL_MODE

    def verify(self) -> None:
        """Replaced: the file at the path, its log or its content is another one than SQLite has open."""
        problem = self._problem()
        self.replaced = bool(problem)
        if problem:
            raise Replaced(
                f"{problem} while it is in use, so nothing more is stored; restart the service (a backup is put in"
                " place by 'counter restore FILE --force', with the service stopped)"
            )

    def _problem(self) -> str:
        if self.moved:
            how = "moved or removed" if self.gone else "replaced by another file"
            return f"{self._path} was {how}"
        if self.overwritten:
            return f"{self._path} was written over by another program"
        if self._log_file is not None and _look(self._log) != self._log_file:
            return f"{self._log} was moved, removed or replaced"
        return ""

    def remove_log(self) -> None:
        """Remove the log that lies at the path, if it is ours: SQLite leaves it when the database was moved."""
        if self._log_file is not None and _look(self._log) == self._log_file:
            self._log.unlink()
            self._log.with_name(self._path.name + SHARED_MEMORY).unlink(missing_ok=True)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def mode_of(path: Path) -> bytes:
    """Bytes 18 and 19 of the file; only for a database that this process does not have open."""
    with path.open("rb") as file:
        return file.read(_MODE_AT + 2)[_MODE_AT:]


def _look(path: Path) -> tuple[int, int] | None:
    try:
        return _identity(path.stat())
    except OSError:
        return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
