"""The SQLite store: one object that keeps every protocol of `counter.store.protocols`."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from counter.errors import Replaced, StoreError
from counter.event import Event
from counter.query import Difference, HistoryDay, Repair
from counter.site import Goal, Site, Token, TokenMay
from counter.store.protocols import Appended, Batch, RefusedValue
from counter.store.sqlite import catalog, mend, recount, upkeep
from counter.store.sqlite.account_methods import AsksAccounts, ChangesAccounts
from counter.store.sqlite.append import Appender
from counter.store.sqlite.clock_mark import look_at_clock
from counter.store.sqlite.engine import (
    FILE_NAME,
    SAVED,
    DataLock,
    ThreadedConnection,
    migrations,
    open_writer,
    prepare,
    schema_version,
)
from counter.store.sqlite.failures import store_error
from counter.store.sqlite.fold import fold
from counter.store.sqlite.open_file import OpenFile
from counter.store.sqlite.readers import Readers
from counter.store.sqlite.reports import SqliteReports
from counter.store.sqlite.transaction import transaction
from counter.trust import Moment, Trust

log = logging.getLogger(__name__)

T = TypeVar("T")


class SqliteReadOnly(AsksAccounts):
    """What can be asked without the lock; a service may write meanwhile. Open with `async with`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._readers = Readers(self._path)
        self.reports = SqliteReports(self._readers)

    async def __aenter__(self) -> Self:
        if not self._path.exists():
            raise StoreError(f"there is no database {self._path} yet; start the service once: counter serve")
        try:
            await self._readers.open()
            await self._check_schema()
        except BaseException:
            await self._readers.close()  # an open connection would keep the process from ending
            raise
        return self

    async def _check_schema(self) -> None:
        version = await self._readers.ask(schema_version)
        newest = len(migrations())
        if version != newest:
            raise StoreError(
                f"{self._path} has schema {version}, this version reads {newest}; start the service once: counter serve"
            )

    async def __aexit__(self, *_: object) -> None:
        await self._readers.close()

    async def sites(self) -> list[Site]:
        return await self._readers.ask(catalog.read_sites)

    async def removed_ids(self) -> list[str]:
        return await self._readers.ask(catalog.removed_ids)

    async def tokens(self) -> dict[bytes, Token]:
        return await self._readers.ask(catalog.read_tokens)

    async def check(self) -> list[Difference]:
        """Every number that the raw rows do not confirm; reads only, on a connection of its own, while hits go on."""
        return (await recount.check(self._path)).differences

    async def backup(self, target: Path) -> None:
        """A consistent copy while the service writes. StoreError names what went wrong; nothing is left behind."""
        await self._readers.run(upkeep.back_up, target)


class SqliteStore(SqliteReadOnly, ChangesAccounts):
    """Holds the lock, the one writer connection and the readers. Open with `async with`."""

    def __init__(self, folder: Path, durability: str, visit_timeout: int) -> None:
        """`visit_timeout` in seconds."""
        super().__init__(folder)
        self._folder = folder
        self._durability = durability
        self._visit_timeout = visit_timeout
        self._lock = DataLock(folder)
        self._writer: ThreadedConnection | None = None
        self._appender: Appender | None = None
        self._file: OpenFile | None = None
        self._saving: asyncio.Task[Path | None] | None = None

    async def __aenter__(self) -> Self:
        self._lock.acquire()
        try:
            path = await asyncio.to_thread(prepare, self._folder)
            self._file = OpenFile(path)
            self._writer, self._appender = await self._open_writer()
            await self._readers.open()
            await self.fold()
            self._file.note_log()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        saved = await self._saving if self._saving is not None else None
        parts = [self._readers.close, self._writer.close] if self._writer is not None else [self._readers.close]
        if self._file is not None and self._file.overwritten:
            parts.reverse()  # the writer would play its log onto the new content, if it were the last to close
        try:
            for close in parts:
                await close()
            if self._file is not None:
                if saved is not None:
                    self._leave(saved, self._file)
                self._file.close()
        finally:
            self._writer = self._appender = self._file = self._saving = None
            self._lock.release()

    async def _open_writer(self) -> tuple[ThreadedConnection, Appender]:
        writer = open_writer(self._path, self._durability)
        try:
            _ = await writer
            return writer, await writer.run(partial(Appender, visit_timeout=self._visit_timeout))
        except BaseException as error:
            await writer.close()  # an open connection would keep the process from ending
            if isinstance(error, sqlite3.Error):
                raise store_error(error, self._path) from error
            raise

    # EventWriter ---------------------------------------------------------------------------------------------

    async def append(self, batch: Batch, now: float) -> Appended:
        """Write the batch and return after its commit. StoreError: nothing of it is stored; others may be retried.

        RefusedValue says that an event in it can't be stored at all.
        """
        return await self._write(lambda appender, _: appender.append(batch, now), now)

    async def verify(self, now: float) -> None:
        """Replaced when the open file is not the one at its path; what it holds is then saved under another name."""
        await self._write(lambda _, __: None, now)

    async def probe(self, event: Event | None, now: float) -> None:
        """StoreError when hits can't be stored: a row is really written, `event` is tried and taken back."""
        await self._write(lambda appender, _: appender.probe(event, now), now)

    async def quarantine(self, event: Event, error: str, now: float) -> None:
        appender = self._need_appender()
        await self._change(lambda _: appender.quarantine(event, error, now))

    async def fold(self) -> int:
        """Add what is not yet in the breakdown rollups; returns how many events."""
        return await self._change(fold, after=self._need_appender().visitors.tail_folded)

    # Upkeep --------------------------------------------------------------------------------------------------

    async def repair(self, now: float, *, lower: bool) -> Repair:
        """Recount while hits go on, then replace the days that differ; without `lower`, no number may fall."""
        found = await recount.check(self._path)
        if not found.differences:
            return Repair()
        forget = self._need_appender().forget
        kept = await self._change(mend.mend, found.days, found.months, now, lower, after=forget)
        return Repair(len(found.differences), sum(not kept.has(one) for one in found.differences))

    async def look_at_clock(self, moment: Moment, first: Moment | None) -> Trust:
        return await self._change(look_at_clock, moment, first)

    async def prune(self, now: float, salts_gone: Sequence[tuple[int, int]]) -> Mapping[str, int]:
        return await self._change(
            upkeep.prune, now, salts_gone, after=self._need_appender().forget if salts_gone else None
        )

    async def expire(self, now: float, ip_days: int, hit_days: int) -> Mapping[str, int]:
        """Erase addresses and raw rows past their days (0: keep), a portion a transaction; totals never move."""
        gone = {"addresses": 0, "hits": 0}
        while ip_days and (more := await self._change(upkeep.expire_addresses, now, ip_days)):
            gone["addresses"] += more
        while hit_days and (
            more := await self._change(upkeep.expire_hits, now, hit_days, after=self._need_appender().forget)
        ):
            gone["hits"] += more
        return gone

    # Catalog -------------------------------------------------------------------------------------------------

    async def add_site(self, site: Site, now: float) -> Site:
        return await self._change(catalog.add_site, site, now)

    async def change_site(self, site: Site, now: float) -> Site:
        return await self._change(catalog.change_site, site, now, after=self._need_appender().forget)

    async def remove_site(self, site_id: str, now: float) -> None:
        await self._change(catalog.remove_site, site_id, now)

    async def add_token(self, site_key: int, digest: bytes, now: float, may: TokenMay = TokenMay.WRITE) -> None:
        await self._change(catalog.add_token, site_key, digest, now, may)

    async def add_goal(self, site_key: int, goal: Goal, now: float) -> None:
        """Add a goal; hits from before it was made count towards it too, as far as their raw rows are there."""
        await self._change(catalog.add_goal, site_key, goal, now, after=self._need_appender().visitors.tail_folded)

    async def remove_goal(self, site_key: int, name: str, now: float) -> None:
        await self._change(catalog.remove_goal, site_key, name, now)

    async def audit(self, action: str, detail: str, now: float, site_key: int | None = None) -> None:
        """A line of the audit log, about one site or all."""
        await self._change(catalog.audit, site_key, action, detail, now)

    async def put_history(self, site_key: int, days: Sequence[HistoryDay], note: str, now: float) -> None:
        await self._change(catalog.put_history, site_key, days, note, now)

    # -----------------------------------------------------------------------------------------------------------

    async def _change(self, function: Callable[..., T], *args: object, after: Callable[[], None] | None = None) -> T:
        """Run `function(connection, *args)` in one write transaction, then `after()` once it is committed."""

        def change(appender: Appender, connection: sqlite3.Connection) -> T:
            try:
                with transaction(connection):
                    result = function(connection, *args)
            except BaseException:
                appender.forget()
                raise
            if after is not None:
                after()
            return result

        return await self._write(change)

    async def _write(self, function: Callable[[Appender, sqlite3.Connection], T], now: float | None = None) -> T:
        """Run `function` in the writer's thread, and believe it only when the file is still the one at its path."""
        appender, file = self._need_appender(), self._need_file()

        def write(connection: sqlite3.Connection) -> T:
            file.verify()
            try:
                result = function(appender, connection)
            except sqlite3.Error:
                file.verify()  # of a file that was written over SQLite says that it is damaged
                raise
            file.verify()
            return result

        try:
            return await self._need_writer().run(write)
        except Replaced:
            if now is not None and self._saving is None:
                self._saving = asyncio.create_task(self._save(now), name="save")
            raise
        except sqlite3.Error as error:
            await self._free_writer()
            raise store_error(error, self._path) from error
        except RefusedValue:
            raise
        except ValueError as error:  # aiosqlite's word for a connection that was closed
            raise StoreError(f"the database can't be written: {error}") from error

    async def _free_writer(self) -> None:
        """A transaction that can't even be rolled back is left behind with its connection; a new one takes over."""
        writer = self._need_writer()
        try:
            if not await writer.run(lambda connection: connection.in_transaction):
                return
            self._writer, self._appender = await self._open_writer()
            await writer.close()
        except (StoreError, sqlite3.Error, ValueError) as error:
            log.error("the writer could not be replaced", extra={"error": str(error)})

    async def _save(self, now: float) -> Path | None:
        """All that the open file holds, under a name of its own: without that it would end with the process."""
        stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        target = self._folder / f"{SAVED}{stamp}"
        try:
            await self.backup(target)
        except (StoreError, sqlite3.Error, OSError) as error:
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

    def _need_writer(self) -> ThreadedConnection:
        if self._writer is None:
            raise StoreError("the store is closed")
        return self._writer

    def _need_appender(self) -> Appender:
        if self._appender is None:
            raise StoreError("the store is closed")
        return self._appender

    def _need_file(self) -> OpenFile:
        if self._file is None:
            raise StoreError("the store is closed")
        return self._file
