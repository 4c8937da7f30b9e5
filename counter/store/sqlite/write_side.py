"""The one connection that writes, the file that it has open, and what is remembered between two batches.

What runs here is believed only when the file is still the one at its path. When it is not, all that it holds is saved
under another name, since nothing would lead to it once the process has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from counter.errors import Replaced, StoreError
from counter.store.protocols import RefusedValue
from counter.store.sqlite import upkeep
from counter.store.sqlite.append import Appender
from counter.store.sqlite.engine import SAVED, ThreadedConnection, open_writer
from counter.store.sqlite.failures import store_error
from counter.store.sqlite.open_file import OpenFile
from counter.store.sqlite.part import free_name
from counter.store.sqlite.readers import Readers

log = logging.getLogger(__name__)

T = TypeVar("T")


class WriteSide:
    """Between `open` and `close` functions run in the writer's thread, one after the other."""

    def __init__(self, path: Path, durability: str, visit_timeout: int, readers: Readers) -> None:
        """`visit_timeout` in seconds; `readers` are those of the same file: they can read it to the end."""
        self._path = path
        self._durability = durability
        self._visit_timeout = visit_timeout
        self._readers = readers
        self._connection: ThreadedConnection | None = None
        self._appender: Appender | None = None
        self._file: OpenFile | None = None
        self._saving: asyncio.Task[Path | None] | None = None

    @property
    def appender(self) -> Appender:
        if self._appender is None:
            raise StoreError("the store is closed")
        return self._appender

    async def open(self) -> None:
        """Open the prepared database, for writing and for reading. What failed half-way is ended by `close`."""
        self._file = OpenFile(self._path)
        self._connection, self._appender = await self._connect()
        await self._readers.open()
        self._file.note_log()

    async def close(self) -> None:
        """Close writer and readers."""
        saved = await self._saving if self._saving is not None else None
        parts = [self._readers.close] + ([self._connection.close] if self._connection is not None else [])
        if self._file is not None and self._file.overwritten:
            parts.reverse()  # the writer would play its log onto the new content, if it were the last to close
        try:
            for close in parts:
                await close()
            if self._file is not None:
                if saved is not None and self._file.moved:
                    self._leave(saved, self._file)
                self._file.close()
        finally:
            self._connection = self._appender = self._file = self._saving = None

    async def run(self, function: Callable[[Appender, sqlite3.Connection], T], now: float | None = None) -> T:
        """Run `function` in the writer's thread. Replaced: the file at the path is another one, nothing counts.

        With `now`, in UTC seconds, what the open file holds is then saved. StoreError: a later try may do.
        RefusedValue: it would not.
        """
        if self._connection is None or self._file is None:
            raise StoreError("the store is closed")
        try:
            result = await self._connection.run(_guarded, self._file, partial(function, self.appender))
        except Replaced:
            if now is not None and self._saving is None:
                self._saving = asyncio.create_task(self._save(now), name="save")
            raise
        except sqlite3.Error as error:
            await self._free(self._connection)
            raise store_error(error, self._path) from error
        except RefusedValue:
            raise
        except ValueError as error:  # aiosqlite's word for a connection that was closed
            raise StoreError(f"the database can't be written: {error}") from error
        if self._saving is not None and self._saving.done():
            self._saving = None  # the file is back
        return result

    async def _connect(self) -> tuple[ThreadedConnection, Appender]:
        connection = open_writer(self._path, self._durability)
        try:
            _ = await connection
            return connection, await connection.run(partial(Appender, visit_timeout=self._visit_timeout))
        except BaseException as error:
            await connection.close()  # an open connection would keep the process from ending
            if isinstance(error, sqlite3.Error):
                raise store_error(error, self._path) from error
            raise

    async def _free(self, connection: ThreadedConnection) -> None:
        """A transaction that can't even be rolled back is left behind with its connection; a new one takes over."""
        try:
            if await connection.run(_is_stuck) and connection is self._connection:
                self._connection, self._appender = await self._connect()
                await connection.close()
        except (StoreError, sqlite3.Error, ValueError) as error:
            log.error("the writer could not be replaced", extra={"error": str(error)})

    async def _save(self, now: float) -> Path | None:
        """All that the open file holds, under a name of its own."""
        try:
            if self._file is not None and self._file.removed:  # perhaps with its folder
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            moment = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
            target = free_name(self._path.parent, f"{SAVED}{moment}")
            await self._readers.run(upkeep.back_up, target)
        except (StoreError, sqlite3.Error, OSError, ValueError, OverflowError) as error:
            log.error("what the database held could not be saved", extra={"error": str(error)})
            return None
        log.warning("what the database held before it was taken away is saved", extra={"file": str(target)})
        return target

    def _leave(self, saved: Path, file: OpenFile) -> None:
        """All of the log is saved, so it must not meet another file; a database that was removed comes back."""
        with contextlib.suppress(OSError):
            file.remove_log()
            if file.gone:
                saved.rename(self._path)
                log.warning("the database that was removed is back, with all that was stored")


def _guarded(connection: sqlite3.Connection, file: OpenFile, function: Callable[[sqlite3.Connection], T]) -> T:
    if file.replaced or file.moved:  # nothing more is written: who gets 503 is not in what is saved
        file.verify()
    try:
        result = function(connection)
    except sqlite3.Error:
        file.verify()  # of a file that was written over SQLite says that it is damaged
        raise
    file.verify()
    return result


def _is_stuck(connection: sqlite3.Connection) -> bool:
    return connection.in_transaction
