"""The check: every number is counted again from the raw rows, on a connection of its own while hits go on.

What differs is replaced in `counter.store.sqlite.mend`.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from counter.errors import StoreError
from counter.question import Difference
from counter.store.sqlite.engine import ThreadedConnection, open_reader
from counter.store.sqlite.fold import bounds, sum_up
from counter.store.sqlite.sql import SqlPart, run_script, statement

PORTION: Final = 100_000  # events counted again at a time: so much and no more is held beside the sums
NICE: Final = 10  # a tenth of a busy processor; at 19 it could take hours, and the log grows while it reads
LISTED: Final = 200  # differences of a table; more than that is one story


class StoredTable(SqlPart):
    """The tables of sums that raw rows prove."""

    HOURS = "total_hour"
    DAYS = "total_day"
    VALUES = "rollup_day"


class CountedTable(SqlPart):
    """The same, counted again."""

    HOURS = "temp.recount_hour"
    DAYS = "temp.recount_day"
    VALUES = "temp.recount_rollup"


class SumKey(SqlPart):
    """What names a row of each, beside the site."""

    HOURS = "day, hour"
    DAYS = "day"
    VALUES = "day, dimension, value_id"


TABLES: Final = (
    (StoredTable.HOURS, CountedTable.HOURS, SumKey.HOURS),
    (StoredTable.DAYS, CountedTable.DAYS, SumKey.DAYS),
    (StoredTable.VALUES, CountedTable.VALUES, SumKey.VALUES),
)
_MONTH_KEY: Final = "month, dimension, value_id"

Sides = tuple[dict[tuple[int, ...], tuple[int, ...]], dict[tuple[int, ...], tuple[int, ...]]]


class RecountResult(NamedTuple):
    """What a check found: the first differences of each table to tell, and all places that need mending."""

    differences: list[Difference]
    days: list[tuple[int, int]]  # site key, local day
    months: list[tuple[int, int]]  # site key, 12 * year + month - 1


async def check(path: Path) -> RecountResult:
    """Count everything again on a connection of its own, at a low priority; cancelled, it ends at once."""
    try:
        async with (connection := open_reader(path)):
            return await _interruptible(connection)
    except (sqlite3.Error, ValueError) as error:
        raise StoreError(f"the database can't be recounted: {error}") from error


async def _interruptible(connection: ThreadedConnection) -> RecountResult:
    try:
        return await connection.run(_check)
    except asyncio.CancelledError:
        await connection.interrupt()
        raise


def _check(connection: sqlite3.Connection) -> RecountResult:
    if sys.platform == "linux":  # where a thread has a priority of its own
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    connection.execute("begin")
    try:
        _refuse_damage(connection)
        return find_differences(connection)
    finally:
        if connection.in_transaction:
            connection.execute("rollback")


def _refuse_damage(connection: sqlite3.Connection) -> None:
    """Raw rows of a damaged file prove nothing, and an index that is gone makes no number differ but every hit fail."""
    problem = connection.execute("pragma quick_check(1)").fetchone()[0]
    if problem != "ok":
        problem = " ".join(problem.split())
        raise StoreError(
            f"the database file is damaged ({problem}), so no number was recounted or mended; keep a copy of the"
            " folder, then put a backup in its place: counter restore FILE --force"
        )


def find_differences(connection: sqlite3.Connection) -> RecountResult:
    """Recount everything that raw rows can recount; inside the caller's snapshot."""
    last = bounds(connection)[1]
    recount(connection, 0, last)
    differences: list[Difference] = []
    for stored, counted, key in TABLES:
        rows = connection.execute(statement("recount_differences", stored, counted, key), {"limit": LISTED})
        differences += _differences(stored.value, key.value, rows)
    differences += _compare_logged(connection, last)
    rows = connection.execute(statement("recount_month_differences"), {"limit": LISTED})
    months = list(_differences("rollup_month", _MONTH_KEY, rows))
    if not differences and not months:
        return RecountResult([], [], [])
    days = _wrong_days(connection) | {(one.site_key, one.day) for one in differences}
    wrong_months = sorted(connection.execute(statement("recount_wrong_months")))
    return RecountResult(differences + months, sorted(days), wrong_months)


def recount(connection: sqlite3.Connection, after: int, upto: int) -> None:
    """Fill temp.recount_hour, recount_day and recount_rollup from the events in (after, upto]."""
    run_script(connection, "recount_scratch")
    mark = bounds(connection)[0]
    for start in range(after, upto, PORTION):
        end = min(start + PORTION, upto)
        connection.execute(statement("recount_add_hours"), {"after": start, "upto": end})
        sum_up(connection, start, min(end, max(mark, start)))
        connection.execute(statement("recount_add_values"))
    connection.execute(statement("recount_add_days"))


def _differences(table: str, key: str, rows: Iterable[tuple[int, ...]]) -> Iterator[Difference]:
    """Of rows that begin with 0 (stored) or 1 (counted), the site and the columns of `key`."""
    names = key.split(", ")
    sides: Sides = ({}, {})
    for side, *row in rows:
        sides[side][tuple(row[: len(names) + 1])] = tuple(row[len(names) + 1 :])
    stored, counted = sides
    for where in sorted(stored.keys() | counted.keys()):
        site_key, day, *values = where
        what = " ".join(f"{name}={value}" for name, value in zip(names[1:], values, strict=True))
        yield Difference(table, site_key, day, what, stored.get(where), counted.get(where))


def _wrong_days(connection: sqlite3.Connection) -> set[tuple[int, int]]:
    return {place for parts in TABLES for place in connection.execute(statement("recount_wrong_days", *parts))}


def _compare_logged(connection: sqlite3.Connection, last: int) -> list[Difference]:
    """How many events of a day came from logs: it decides whether the day takes log lines."""
    rows = connection.execute(statement("recount_logged_differences"), {"after": 0, "upto": last, "limit": LISTED})
    return [Difference("total_day", site, day, "logged", (stored,), (counted,)) for site, day, stored, counted in rows]
