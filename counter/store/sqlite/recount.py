"""The check: every number is counted again from the raw rows, on a connection of its own while hits go on.

What differs is replaced in `counter.store.sqlite.mend`.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from counter.errors import StoreError
from counter.question import Difference
from counter.store.sqlite.engine import ThreadedConnection, open_reader
from counter.store.sqlite.fold import ADD_UP, SUMS, bounds, sum_up
from counter.store.sqlite.readers import query
from counter.store.sqlite.upkeep import MONTHS, NOT_CLOSED

PORTION: Final = 100_000  # events counted again at a time: so much and no more is held beside the sums
NICE: Final = 10  # a tenth of a busy processor; at 19 it could take hours, and the log grows while it reads
LISTED: Final = 200  # differences of a table; more than that is one story
FROM_LOG: Final = 4  # event.via

LOGGED = f"""
select v.site_key, e.day, count(*) as logged from event e join visit v on v.id = e.visit_id
where e.via = {FROM_LOG} and e.kind in (1, 2) and e.id > :after and e.id <= :upto group by 1, 2
"""  # noqa: S608 - a number of our own

# The tables of sums: stored, counted again, and the key beside the site.
TABLES: Final = (
    ("total_hour", "recount_hour", "day, hour"),
    ("total_day", "recount_day", "day"),
    ("rollup_day", "recount_rollup", "day, dimension, value_id"),
)
_ZERO = " and ".join(f"{name} = 0" for name in SUMS.split(", "))
_SUMMED = ", ".join(f"sum({name}) as {name}" for name in SUMS.split(", "))


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
        differences += _compare(connection, stored, counted, key)
    differences += _compare_logged(connection, last)
    months = _months_against_days(connection)
    if not differences and not months:
        return RecountResult([], [], [])
    days = set(_wrong_days(connection)) | {(one.site_key, one.day) for one in differences}
    return RecountResult(differences + months, sorted(days), sorted(set(_wrong_months(connection))))


def recount(connection: sqlite3.Connection, after: int, upto: int) -> None:
    """Fill temp.recount_hour, recount_day and recount_rollup from the events in (after, upto]."""
    keys = {"recount_hour": "site_key, day, hour", "recount_rollup": "site_key, dimension, day, value_id"}
    for table, key in keys.items():
        connection.execute(f"drop table if exists temp.{table}")
        connection.execute(f"create temp table {table} ({key}, {SUMS}, primary key ({key})) without rowid")
    mark = bounds(connection)[0]
    for start in range(after, upto, PORTION):
        end = min(start + PORTION, upto)
        connection.execute(
            f"insert into temp.recount_hour select * from ({query('recount_hours')}) where true {ADD_UP}",  # noqa: S608
            {"after": start, "upto": end},
        )
        sum_up(connection, start, min(end, max(mark, start)))
        connection.execute(f"insert into temp.recount_rollup select * from temp.delta where true {ADD_UP}")  # noqa: S608
    connection.execute("drop table if exists temp.recount_day")
    connection.execute(
        f"create temp table recount_day as select site_key, day, {_SUMMED} from temp.recount_hour group by 1, 2"  # noqa: S608
    )


def _compare(connection: sqlite3.Connection, stored: str, counted: str, key: str) -> list[Difference]:
    """Rows that differ between a stored table and its recount; a row of zeros equals no row."""
    names = ["site_key", *key.split(", ")]
    width = len(names)
    ours, theirs = (
        {row[:width]: row[width:] for row in connection.execute(f"{rows} limit {LISTED}")}
        for rows in _both_ways(stored, f"temp.{counted}", ", ".join(names))
    )
    return [
        Difference(stored, where[0], where[1], _what(names[2:], where[2:]), ours.get(where), theirs.get(where))
        for where in sorted(ours.keys() | theirs.keys())
    ]


def _both_ways(stored: str, counted: str, key: str) -> tuple[str, str]:
    """What only the stored table has, and what only the recount has."""
    one, other = (
        f"select {key}, {SUMS} from {table} t where {NOT_CLOSED.format(t='t')} and not ({_ZERO})"  # noqa: S608
        for table in (stored, counted)
    )
    return f"{one} except {other}", f"{other} except {one}"


def _wrong_days(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    wanted = " union ".join(
        f"select site_key, day from ({rows})"  # noqa: S608 - names of our own
        for stored, counted, key in TABLES
        for rows in _both_ways(stored, f"temp.{counted}", f"site_key, {key}")
    )
    return [(site_key, day) for site_key, day in connection.execute(wanted)]


def _compare_logged(connection: sqlite3.Connection, last: int) -> list[Difference]:
    """How many events of a day came from logs: it decides whether the day takes log lines."""
    rows = connection.execute(
        f"select t.site_key, t.day, t.logged, coalesce(l.logged, 0) from total_day t left join ({LOGGED}) l"  # noqa: S608
        f" on l.site_key = t.site_key and l.day = t.day where {NOT_CLOSED.format(t='t')}"
        f" and t.logged <> coalesce(l.logged, 0) limit {LISTED}",
        {"after": 0, "upto": last},
    )
    return [Difference("total_day", site, day, "logged", (stored,), (counted,)) for site, day, stored, counted in rows]


_MONTH_KEY = "site_key, month, dimension, value_id"


def _months_both_ways() -> tuple[str, str]:
    stored = f"select {_MONTH_KEY}, {SUMS} from rollup_month where not ({_ZERO})"  # noqa: S608
    counted = f"select {_MONTH_KEY}, {SUMS} from ({MONTHS.format(where='true')}) where not ({_ZERO})"  # noqa: S608
    return f"{stored} except {counted}", f"{counted} except {stored}"


def _months_against_days(connection: sqlite3.Connection) -> list[Difference]:
    ours, theirs = (
        {row[:4]: row[4:] for row in connection.execute(f"{rows} limit {LISTED}")} for rows in _months_both_ways()
    )
    return [
        Difference("rollup_month", where[0], where[1], _what(["dimension", "value_id"], where[2:]),
                   ours.get(where), theirs.get(where))
        for where in sorted(ours.keys() | theirs.keys())
    ]  # fmt: skip


def _wrong_months(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    one, other = _months_both_ways()
    wanted = f"select site_key, month from ({one}) union select site_key, month from ({other})"  # noqa: S608
    return [(site_key, month) for site_key, month in connection.execute(wanted)]


def _what(names: list[str], values: tuple[int, ...]) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
