"""Read-only connections: a few for short questions, a few for those that may take long and have a time limit."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from counter.errors import StoreError, TooExpensive
from counter.store.sqlite.engine import ThreadedConnection, open_reader

P = ParamSpec("P")
T = TypeVar("T")

TIME_LIMIT: Final = 20.0  # seconds that a question of a report may take
SCRATCH_KIB: Final = 65_536  # of a question's temporary tables held in memory; the rest goes to a file
SORT_KIB: Final = 16_384  # of pages read, and of rows sorted at a time
STEPS: Final = 200_000  # of SQLite's virtual machine between two looks at the clock: a few milliseconds


class Pool:
    """Some connections of one kind, each lent to one question at a time."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._free: asyncio.Queue[ThreadedConnection] = asyncio.Queue()
        self._all: list[ThreadedConnection] = []

    async def open(self) -> None:
        for _ in range(self._size):
            connection = await open_reader(self._path)
            self._all.append(connection)  # type: ignore[arg-type]
            self._free.put_nowait(connection)  # type: ignore[arg-type]

    async def close(self) -> None:
        for connection in self._all:
            await connection.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[ThreadedConnection]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


class Readers:
    """The read-only connections; a question that fails to be asked is a StoreError."""

    def __init__(self, path: Path, size: int = 2) -> None:
        self._short = Pool(path, size)
        self._long = Pool(path, size)

    async def open(self) -> None:
        await self._short.open()
        await self._long.open()

    async def close(self) -> None:
        await self._short.close()
        await self._long.close()

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run `question` in one read transaction of one connection."""
        async with self._short.connection() as connection:
            return await _ask(connection, partial(_in_snapshot, question))

    async def ask_long(self, question: Callable[[sqlite3.Connection], T], limit: float = TIME_LIMIT) -> T:
        """The same for what may take long, beside the short ones; TooExpensive after `limit` seconds of work."""
        async with self._long.connection() as connection:
            return await _ask(connection, partial(_in_time, question, limit))

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, ...)` outside of a transaction; SQLite's backup takes its own."""
        async with self._short.connection() as connection:
            return await connection.run(function, *args, **kwargs)


async def _ask(connection: ThreadedConnection, question: Callable[[sqlite3.Connection], T]) -> T:
    try:
        return await connection.run(question)
    except (sqlite3.Error, ValueError) as error:  # ValueError: the connection was closed
        raise StoreError(f"the database can't be read: {error}") from error


def _in_snapshot(question: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    with snapshot(connection):
        return question(connection)


def _in_time(question: Callable[[sqlite3.Connection], T], limit: float, connection: sqlite3.Connection) -> T:
    deadline = time.monotonic() + limit
    connection.execute(f"pragma temp.cache_size = -{SCRATCH_KIB}")
    connection.execute(f"pragma cache_size = -{SORT_KIB}")
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        return _in_snapshot(question, connection)
    except sqlite3.OperationalError as error:
        if time.monotonic() > deadline:
            raise TooExpensive(
                f"the question takes longer than {limit:g} seconds; ask for a shorter period or use fewer filters"
            ) from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")
