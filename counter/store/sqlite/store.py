"""The SQLite store: one object that keeps every protocol of `counter.store.protocols`."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

from counter.errors import StoreError
from counter.event import Event
from counter.question import Difference, Repair
from counter.store.catalog.accounts import ReadAccounts, WriteAccounts
from counter.store.protocols import Appended, Batch
from counter.store.sqlite import mend, recount, upkeep
from counter.store.sqlite.append import Appender
from counter.store.sqlite.catalog import ReadCatalog, WriteCatalog
from counter.store.sqlite.clock_mark import look_at_clock
from counter.store.sqlite.engine import (
    FILE_NAME,
    DataLock,
    migrations,
    prepare,
    schema_version,
)
from counter.store.sqlite.fold import fold
from counter.store.sqlite.log_owner import refuse_foreign_log
from counter.store.sqlite.readers import Readers
from counter.store.sqlite.reports import SqliteReports
from counter.store.sqlite.transaction import transaction
from counter.store.sqlite.write_side import WriteSide
from counter.trust import Moment, Trust

log = logging.getLogger(__name__)

T = TypeVar("T")


class SqliteReadOnly:
    """What can be asked without the lock; a service may write meanwhile. Open with `async with`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._readers = Readers(self._path)
        self.reports = SqliteReports(self._readers)
        self.catalog = ReadCatalog(self._readers.ask)
        self.accounts = ReadAccounts(self._readers.ask)

    async def __aenter__(self) -> Self:
        if not self._path.exists():
            raise StoreError(f"there is no database {self._path} yet; start the service once: counter serve")
        refuse_foreign_log(self._path)  # read together they would make up numbers, and a damaged backup
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

    async def check(self) -> list[Difference]:
        """Every number that the raw rows do not confirm; reads only, on a connection of its own, while hits go on."""
        return (await recount.check(self._path)).differences

    async def backup(self, target: Path) -> None:
        """A consistent copy while the service writes. StoreError names what went wrong; nothing is left behind."""
        await self._readers.run(upkeep.back_up, target)


class SqliteStore(SqliteReadOnly):
    """Holds the lock, the one writer connection and the readers. Open with `async with`."""

    def __init__(self, folder: Path, durability: str, visit_timeout: int) -> None:
        """`visit_timeout` in seconds."""
        super().__init__(folder)
        self._folder = folder
        self._lock = DataLock(folder)
        self._side = WriteSide(self._path, durability, visit_timeout, self._readers)
        self.catalog: WriteCatalog = WriteCatalog(self._readers.ask, self._change, self._side)
        self.accounts: WriteAccounts = WriteAccounts(self._readers.ask, self._change)

    async def __aenter__(self) -> Self:
        self._lock.acquire()
        try:
            await asyncio.to_thread(prepare, self._folder)
            await self._side.open()
            await self.fold()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._side.close()
        finally:
            self._lock.release()

    # EventWriter ---------------------------------------------------------------------------------------------

    async def append(self, batch: Batch, now: float) -> Appended:
        """Write the batch and return after its commit. StoreError: nothing of it is stored; others may be retried.

        RefusedValue says that an event in it can't be stored at all.
        """
        return await self._side.run(lambda appender, _: appender.append(batch, now), now)

    async def verify(self, now: float) -> None:
        """Replaced when the open file is not the one at its path; what it holds is then saved under another name."""
        await self._side.run(lambda _, __: None, now)

    async def probe(self, event: Event | None, now: float) -> None:
        """StoreError when hits can't be stored: a row is really written, `event` is tried and taken back."""
        await self._side.run(lambda appender, _: appender.probe(event, now), now)

    async def quarantine(self, event: Event, error: str, now: float) -> None:
        appender = self._side.appender
        await self._change(lambda _: appender.quarantine(event, error, now))

    async def fold(self) -> int:
        """Add what is not yet in the breakdown rollups; returns how many events."""
        return await self._change(fold, after=self._side.appender.visitors.tail_folded)

    # Upkeep --------------------------------------------------------------------------------------------------

    async def repair(self, now: float, *, lower: bool, actor: str = "") -> Repair:
        """Recount while hits go on, then replace the days that differ; without `lower`, no number may fall."""
        found = await recount.check(self._path)
        if not found.differences:
            return Repair()
        forget = self._side.appender.forget
        kept = await self._change(mend.mend, found.days, found.months, now, lower, actor, after=forget)
        tables = tuple(sorted({one.table for one in found.differences}))
        return Repair(len(found.differences), sum(not kept.has(one) for one in found.differences), tables)

    async def look_at_clock(self, moment: Moment, first: Moment | None) -> Trust:
        return await self._change(look_at_clock, moment, first)

    async def prune(self, now: float, salts_gone: Sequence[tuple[int, int]]) -> Mapping[str, int]:
        return await self._change(
            upkeep.prune, now, salts_gone, after=self._side.appender.forget if salts_gone else None
        )

    async def expire(self, now: float, ip_days: int, hit_days: int) -> Mapping[str, int]:
        """Erase addresses and raw rows past their days (0: keep), a portion a transaction; totals never move."""
        gone = {"addresses": 0, "hits": 0}
        while ip_days and (more := await self._change(upkeep.expire_addresses, now, ip_days)):
            gone["addresses"] += more
        while hit_days and (
            more := await self._change(upkeep.expire_hits, now, hit_days, after=self._side.appender.forget)
        ):
            gone["hits"] += more
        return gone

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

        return await self._side.run(change)
