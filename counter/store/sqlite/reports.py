"""Questions about events, asked through read-only connections; each answer is one snapshot."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from counter.errors import StoreError
from counter.localtime import day_date, day_number
from counter.query import DayTotal, DropCount, HistoryDay
from counter.store.sqlite.engine import ThreadedConnection, open_reader
from counter.store.sqlite.fold import SUMS, bounds, sum_up

P = ParamSpec("P")
T = TypeVar("T")


@cache
def query(name: str) -> str:
    """The text of `queries/NAME.sql`."""
    return (resources.files("counter.store.sqlite") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


class Readers:
    """A small pool of read-only connections; a question that fails to be asked is a StoreError."""

    def __init__(self, path: Path, size: int = 2) -> None:
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

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run `question` in one read transaction of one connection."""
        async with self._one() as connection:
            try:
                return await connection.run(partial(_in_snapshot, question))
            except (sqlite3.Error, ValueError) as error:  # ValueError: the connection was closed
                raise StoreError(f"the database can't be read: {error}") from error

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, ...)` outside of a transaction; SQLite's backup takes its own."""
        async with self._one() as connection:
            return await connection.run(function, *args, **kwargs)

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[ThreadedConnection]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


def _in_snapshot(question: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    with snapshot(connection):
        return question(connection)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")


class SqliteReports:
    """`counter.store.protocols.Reports`."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def day_totals(self, site_key: int | None = None) -> list[DayTotal]:
        """Every counted day of one site, or of all sites."""
        sql = f"select site_key, day, {SUMS} from total_day where ? is null or site_key = ? order by 1, 2"  # noqa: S608
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (site_key, site_key)).fetchall())
        return [DayTotal(*row) for row in rows]

    async def hour_totals(self, site_key: int, day: int) -> list[tuple[int, DayTotal]]:
        """The hours of one local day that have anything: (UTC second of its start, sums)."""
        sql = f"select hour, site_key, day, {SUMS} from total_hour where site_key = ? and day = ? order by 1"  # noqa: S608
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (site_key, day)).fetchall())
        return [(hour, DayTotal(*rest)) for hour, *rest in rows]

    async def page_days(self, site_key: int, path: str, since: int) -> tuple[list[DayTotal], DayTotal]:
        """One page: its days from `since` on, and all of its days together (with day 0)."""
        asked = {"site": site_key, "path": path, "since": since}
        rows = await self._readers.ask(lambda connection: connection.execute(query("page_days"), asked).fetchall())
        days = [DayTotal(site_key, day, *sums) for day, *sums in rows if day is not None]
        whole = [DayTotal(site_key, 0, *(number or 0 for number in sums)) for day, *sums in rows if day is None]
        return days, whole[0]

    async def breakdown(self, site_key: int, dimension: int, start: int, end: int) -> dict[str, DayTotal]:
        """The sums of [start, end) in local days, by value; `Unknown` is one of them."""
        asked = {"site": site_key, "dimension": dimension, "start": start, "end": end, **_months(start, end)}

        def question(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
            sum_up(connection, *bounds(connection))
            return connection.execute(query("breakdown"), asked).fetchall()

        rows = await self._readers.ask(question)
        return {str(text): DayTotal(site_key, 0, *numbers) for text, *numbers in rows}  # type: ignore[arg-type]

    async def drops(self, site_key: int, start: int, end: int) -> list[DropCount]:
        """What was not counted in [start, end), per day and reason."""
        sql = "select day, reason, count from drop_count where site_key = ? and day >= ? and day < ? order by 1, 2"
        asked = (site_key, start, end)
        rows = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchall())
        return [DropCount(*row) for row in rows]

    async def online(self, since: int) -> list[tuple[int, int, int]]:
        """(site key, visitor, last seen) of live events since `since`, among the last 200,000 events."""
        sql = (
            "select v.site_key, coalesce(v.visitor_id, v.id), max(e.at) from event e join visit v on v.id = e.visit_id"
            " where e.id > (select max(id) - 200000 from event) and e.at >= ? and e.via <> 4 and e.kind <> 3"
            " group by 1, 2"
        )
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (since,)).fetchall())
        return [(site_key, visitor, at) for site_key, visitor, at in rows]

    async def known_lines(self, site_key: int, lines: Sequence[int]) -> dict[int, bool]:
        """Which of these log lines an earlier import has seen, and whether it counted them."""
        sql = (
            "select l.hash, l.counted from json_each(?) j cross join log_line l"
            " where l.site_key = ? and l.hash = j.value"
        )
        asked = (json.dumps(list(lines)), site_key)
        rows = await self._readers.ask(lambda connection: connection.execute(sql, asked).fetchall())
        return {line: bool(counted) for line, counted in rows}

    async def live_days(self, site_key: int) -> set[int]:
        """The local days that have hits which did not come from access logs; they take no log lines."""
        sql = "select day from total_day where site_key = ? and pageviews + events > logged"
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (site_key,)).fetchall())
        return {row[0] for row in rows}

    async def history(self, site_key: int | None = None) -> dict[int, list[HistoryDay]]:
        """Days brought along from former counters, by site key."""
        sql = "select * from history where ? is null or site_key = ? order by site_key, day"
        rows = await self._readers.ask(lambda connection: connection.execute(sql, (site_key, site_key)).fetchall())
        found: dict[int, list[HistoryDay]] = {}
        for key, *rest in rows:
            found.setdefault(key, []).append(HistoryDay(*rest))
        return found


def _months(start: int, end: int) -> dict[str, int]:
    """The whole months inside [start, end) as numbers, and the days where the edges end and begin again."""
    first, last = day_date(start), day_date(end)
    if first.day > 1:
        first = _next_month(first)
    last = last.replace(day=1)
    if first >= last:
        return {"first_month": 0, "last_month": 0, "first_edge": end, "last_edge": end}
    return {
        "first_month": first.year * 12 + first.month - 1,
        "last_month": last.year * 12 + last.month - 1,
        "first_edge": day_number(first),
        "last_edge": day_number(last),
    }


def _next_month(date: dt.date) -> dt.date:
    return dt.date(date.year + date.month // 12, date.month % 12 + 1, 1)
