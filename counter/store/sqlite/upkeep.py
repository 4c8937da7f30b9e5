"""What keeps the store right and small: check and repair, pruning, expiry, backup. Never on the way of a hit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from counter.errors import StoreError
from counter.query import Difference
from counter.store.sqlite.drops import trim_drop_log
from counter.store.sqlite.fold import ADD_UP, SUMS, bounds, fold, sum_up
from counter.store.sqlite.reports import query

PRUNE_AFTER = 48 * 3600  # seconds that hit ids and batch ids are kept
PORTION = 20_000  # rows a transaction erases, so that hits do not wait for all of them
_NOT_CLOSED = "not exists (select 1 from closed_day c where c.site_key = {t}.site_key and c.day = {t}.day)"
_COMPARED = 200  # differences listed; more than that is one story


def find_differences(connection: sqlite3.Connection) -> list[Difference]:
    """Recount everything that raw rows can recount; inside the caller's snapshot. Empty: every number agrees."""
    _recount(connection)
    return [
        *_compare(connection, "total_hour", "recount_hour", "day, hour"),
        *_compare(connection, "total_day", "recount_day", "day"),
        *_compare_logged(connection),
        *_compare(connection, "rollup_day", "delta", "day, dimension, value_id"),
        *_months_against_days(connection),
    ]


def repair(connection: sqlite3.Connection) -> int:
    """Replace what does not agree by what the raw rows say; inside the caller's transaction."""
    fold(connection)
    found = find_differences(connection)
    if not found:
        return 0
    _replace(connection, "total_hour", "recount_hour")
    connection.execute(f"delete from total_day where {_NOT_CLOSED.format(t='total_day')}")  # noqa: S608
    connection.execute(
        f"insert into total_day select r.site_key, r.day, {_prefixed('r')}, coalesce(l.logged, 0) from recount_day r"  # noqa: S608
        f" left join ({_LOGGED}) l on l.site_key = r.site_key and l.day = r.day"
        f" where {_NOT_CLOSED.format(t='r')}"
    )
    _replace(connection, "rollup_day", "delta")
    rebuild_months(connection)
    return len(found)


def rebuild_months(connection: sqlite3.Connection) -> None:
    connection.execute("delete from rollup_month")
    connection.execute(f"insert into rollup_month {_MONTHS} {ADD_UP}")


def close_days_of_events(connection: sqlite3.Connection, condition: str, values: Sequence[object], reason: str) -> None:
    """Mark the days of the events that are about to go: they can't be recounted any more."""
    connection.execute(
        "insert or ignore into closed_day select distinct v.site_key, e.day, ? from event e"  # noqa: S608 - our own
        f" join visit v on v.id = e.visit_id where {condition}",
        (reason, *values),
    )


def prune(connection: sqlite3.Connection, now: float, salts_gone: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Remove what only serves 48 hours: hit ids, batch ids, and the visitors whose salt is gone."""
    fold(connection)  # so that no visitor is still on the way to the table
    mark = _written_before(connection, now - PRUNE_AFTER)
    hit_ids = connection.execute("delete from hit_id where event_id <= ?", (mark,)).rowcount
    batches = connection.execute("delete from batch where at < ?", (int(now) - PRUNE_AFTER,)).rowcount
    visitors = sum(
        connection.execute("delete from visitor where site_key = ? and day = ?", key).rowcount for key in salts_gone
    )
    trim_drop_log(connection)
    return {"hit_ids": hit_ids, "batches": batches, "visitors": visitors}


def expire_addresses(connection: sqlite3.Connection, now: float, days: int) -> int:
    """Erase a portion of the addresses written more than `days` days ago; returns how many, 0 when all are gone."""
    mark = _written_before(connection, now - days * 86400)
    gone = connection.execute(
        "update visit set address = null where id in ("
        " select id from visit where id <= ? and address is not null limit ?)",
        (mark, PORTION),
    ).rowcount
    connection.execute(
        "update drop_log set address = null where written_at < ? and address is not null",
        (int(now) - days * 86400,),
    )
    return gone


def expire_hits(connection: sqlite3.Connection, now: float, days: int) -> int:
    """Erase a portion of the raw rows written more than `days` days ago; totals stay. Returns how many events went."""
    fold(connection)
    mark = _written_before(connection, now - days * 86400)
    first = connection.execute("select min(id) from event").fetchone()[0]
    if first is None or first > mark:
        return 0
    last = min(mark, first + PORTION)
    # Events that stay lose the first event of their visit, so their days can't be recounted either.
    later = "e.id <= ? or (e.visit_id <= ? and e.visit_id <> e.id)"
    close_days_of_events(connection, later, (last, last), "expired")
    gone = connection.execute("delete from event where id <= ?", (last,)).rowcount
    connection.execute("delete from hit_id where event_id <= ?", (last,))
    connection.execute(
        "delete from visit where id <= ? and not exists (select 1 from event e where e.visit_id = visit.id"
        " and e.visit_id <> e.id)",
        (last,),
    )
    return gone


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """A consistent copy of the whole database, taken while the service writes; appears under its name when whole."""
    if target.exists():
        raise StoreError(f"{target} exists; name a new file, so that an old backup is never lost to a failed one")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            connection.backup(copy)
            copy.execute("pragma journal_mode = delete")
            problem = copy.execute("pragma quick_check").fetchone()[0]
        finally:
            copy.close()
        if problem != "ok":
            raise StoreError(f"the backup does not pass SQLite's check: {problem}")
        part.chmod(0o600)
        part.rename(target)
    except sqlite3.Error as error:
        raise StoreError(f"the backup to {target} failed: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _written_before(connection: sqlite3.Connection, moment: float) -> int:
    """The last event written before the UTC day of `moment` began; what is kept is kept a little longer."""
    row = connection.execute(
        "select coalesce(max(event_id), 0) from written where utc_day < ?", (int(moment) // 86400,)
    ).fetchone()
    return int(row[0])


def _recount(connection: sqlite3.Connection) -> None:
    connection.execute("drop table if exists temp.recount_hour")
    connection.execute("drop table if exists temp.recount_day")
    connection.execute(f"create temp table recount_hour (site_key, day, hour, {SUMS})")
    connection.execute(f"insert into temp.recount_hour {query('recount_hours')}")
    connection.execute(
        f"create temp table recount_day as select site_key, day, {_summed(SUMS)} from temp.recount_hour group by 1, 2"  # noqa: S608
    )
    sum_up(connection, 0, bounds(connection)[0])


def _compare(connection: sqlite3.Connection, stored: str, counted: str, key: str) -> list[Difference]:
    """Rows that differ between a stored table and its recount; a row of zeros equals no row."""
    names = ["site_key", *key.split(", ")]
    zero = " and ".join(f"{name} = 0" for name in SUMS.split(", "))

    def rows(table: str, other: str) -> list[tuple[int, ...]]:
        columns = f"{', '.join(names)}, {SUMS}"
        return connection.execute(
            f"select {columns} from {table} t where {_NOT_CLOSED.format(t='t')} and not ({zero})"  # noqa: S608
            f" except select {columns} from {other} limit {_COMPARED}"
        ).fetchall()

    width = len(names)
    ours = {row[:width]: row[width:] for row in rows(stored, f"temp.{counted}")}
    theirs = {row[:width]: row[width:] for row in rows(f"temp.{counted}", stored)}
    return [
        Difference(stored, where[0], where[1], _what(names[2:], where[2:]), ours.get(where), theirs.get(where))
        for where in sorted(ours.keys() | theirs.keys())
    ]


_LOGGED = (
    "select v.site_key, e.day, count(*) as logged from event e join visit v on v.id = e.visit_id"
    " where e.via = 4 and e.kind in (1, 2) group by 1, 2"
)


def _compare_logged(connection: sqlite3.Connection) -> list[Difference]:
    """How many events of a day came from logs: it decides whether the day takes log lines."""
    rows = connection.execute(
        f"select t.site_key, t.day, t.logged, coalesce(l.logged, 0) from total_day t left join ({_LOGGED}) l"  # noqa: S608
        f" on l.site_key = t.site_key and l.day = t.day where {_NOT_CLOSED.format(t='t')}"
        f" and t.logged <> coalesce(l.logged, 0) limit {_COMPARED}"
    )
    return [Difference("total_day", site, day, "logged", (stored,), (counted,)) for site, day, stored, counted in rows]


def _what(names: list[str], values: tuple[int, ...]) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


_MONTHS = (
    "select site_key, dimension, cast(strftime('%Y', day * 86400, 'unixepoch') as integer) * 12"  # noqa: S608
    " + cast(strftime('%m', day * 86400, 'unixepoch') as integer) - 1 as month, value_id, "
    + ", ".join(f"sum({name}) as {name}" for name in SUMS.split(", "))
    + " from rollup_day where true group by 1, 2, 3, 4"
)


def _months_against_days(connection: sqlite3.Connection) -> list[Difference]:
    zero = " and ".join(f"{name} = 0" for name in SUMS.split(", "))
    columns = f"site_key, month, dimension, value_id, {SUMS}"
    stored = f"select {columns} from rollup_month where not ({zero})"  # noqa: S608
    counted = f"select {columns} from ({_MONTHS}) where not ({zero})"  # noqa: S608
    ours = {row[:4]: row[4:] for row in connection.execute(f"{stored} except {counted} limit {_COMPARED}")}
    theirs = {row[:4]: row[4:] for row in connection.execute(f"{counted} except {stored} limit {_COMPARED}")}
    return [
        Difference("rollup_month", where[0], where[1], _what(["dimension", "value_id"], where[2:]),
                   ours.get(where), theirs.get(where))
        for where in sorted(ours.keys() | theirs.keys())
    ]  # fmt: skip


def _replace(connection: sqlite3.Connection, table: str, source: str) -> None:
    connection.execute(f"delete from {table} where {_NOT_CLOSED.format(t=table)}")  # noqa: S608
    connection.execute(f"insert into {table} select * from temp.{source} t where {_NOT_CLOSED.format(t='t')}")  # noqa: S608


def _summed(names: str) -> str:
    return ", ".join(f"sum({name}) as {name}" for name in names.split(", "))


def _prefixed(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in SUMS.split(", "))
