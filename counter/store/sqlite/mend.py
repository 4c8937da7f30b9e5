"""Mending: sums that differ are replaced by what the raw rows say, with the old ones in the audit log.

It runs in the writer's transaction, and only over the events of the days that differ. A recount that is lower than
what is stored may as well say that raw rows were lost: then what is stored is all that is left. So a day in which any
sum would fall, and its month, are kept as they are, unless the owner wants them lowered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from counter.calendar.localtime import day_date, month_of, month_text
from counter.question import Difference
from counter.store.catalog.audit import audit
from counter.store.sqlite.fold import SUMS, fold
from counter.store.sqlite.recount import LOGGED, TABLES, recount
from counter.store.sqlite.upkeep import MONTH, MONTHS, NOT_CLOSED

_NAMES: Final = SUMS.split(", ")
_FALLS: Final = " or ".join(f"s.{name} > coalesce(c.{name}, 0)" for name in _NAMES)
_SUMMED: Final = ", ".join(f"sum({name})" for name in _NAMES)
_WRONG_MONTH: Final = f"(site_key, {MONTH.format(day='day')}) in (select site_key, month from temp.wrong_month)"  # noqa: S608

Place = tuple[int, int]  # site key; local day or month
Old = dict[tuple[int, ...], tuple[int, ...]]


class Unlowered(NamedTuple):
    """The days and months that were left as they are, because a sum would have fallen."""

    days: frozenset[Place] = frozenset()
    months: frozenset[Place] = frozenset()

    def has(self, one: Difference) -> bool:
        return (one.site_key, one.day) in (self.months if one.table == "rollup_month" else self.days)


def mend(
    connection: sqlite3.Connection, days: Sequence[Place], months: Sequence[Place], now: float, lower: bool, actor: str
) -> Unlowered:
    """Replace the sums of these days and months inside the caller's transaction; without `lower`, none may fall."""
    fold(connection)
    _note_places(connection, "wrong_day", "day", days)
    after, upto = _span(connection)
    recount(connection, after, upto)
    falling: frozenset[Place] = frozenset() if lower else _falling_days(connection)
    _leave_out(connection, "wrong_day", "day", falling)
    before = _day_totals(connection)
    _mend_days(connection, after, upto)
    _audit_days(connection, before, now, actor)
    return Unlowered(falling, _mend_months(connection, months, falling, now, lower, actor))


def _note_places(connection: sqlite3.Connection, table: str, name: str, places: Sequence[Place]) -> None:
    connection.execute(f"drop table if exists temp.{table}")
    connection.execute(f"create temp table {table} (site_key, {name}, primary key (site_key, {name})) without rowid")
    connection.executemany(f"insert or ignore into temp.{table} values (?, ?)", places)  # noqa: S608 - our own names


def _leave_out(connection: sqlite3.Connection, table: str, name: str, places: frozenset[Place]) -> None:
    connection.executemany(f"delete from temp.{table} where site_key = ? and {name} = ?", sorted(places))  # noqa: S608


def _span(connection: sqlite3.Connection) -> tuple[int, int]:
    """Between these ids lie all events of the wrong days, and all events of the visits that began in them."""
    first, last = connection.execute(
        "select min(id), max(id) from event where day in (select day from temp.wrong_day)"
    ).fetchone()
    if first is None:
        return 0, 0
    later = connection.execute(
        "select max(id) from event where visit_id between ? and ? and visit_id <> id", (first, last)
    ).fetchone()[0]
    return first - 1, max(last, later or 0)


def _falling_days(connection: sqlite3.Connection) -> frozenset[Place]:
    """The wrong days in which any sum of any table is higher than its recount."""
    return frozenset(
        place
        for stored, counted, key in TABLES
        for place in connection.execute(
            f"select distinct s.site_key, s.day from {stored} s"  # noqa: S608 - names of our own
            f" left join temp.{counted} c using (site_key, {key}) where {_to_mend('s')} and ({_FALLS})"
        )
    )


def _mend_days(connection: sqlite3.Connection, after: int, upto: int) -> None:
    for table, source in (("total_hour", "recount_hour"), ("rollup_day", "recount_rollup")):
        _clear(connection, table)
        connection.execute(f"insert into {table} select * from temp.{source} t where {_to_mend('t')}")  # noqa: S608
    _clear(connection, "total_day")
    connection.execute(
        f"insert into total_day select t.*, coalesce(l.logged, 0) from temp.recount_day t"  # noqa: S608
        f" left join ({LOGGED}) l on l.site_key = t.site_key and l.day = t.day where {_to_mend('t')}",
        {"after": after, "upto": upto},
    )


def _mend_months(
    connection: sqlite3.Connection,
    months: Sequence[Place],
    kept_days: frozenset[Place],
    now: float,
    lower: bool,
    actor: str,
) -> frozenset[Place]:
    """Add the months up again: those named, and those of the days that were mended. Returns those that were kept."""
    _note_places(connection, "wrong_month", "month", months)
    connection.execute(
        f"insert or ignore into temp.wrong_month select site_key, {MONTH.format(day='day')} from temp.wrong_day"  # noqa: S608
    )
    kept: frozenset[Place] = frozenset() if lower else _falling_months(connection) | _months_of(kept_days)
    _leave_out(connection, "wrong_month", "month", kept)
    before = _month_totals(connection)
    connection.execute("delete from rollup_month where (site_key, month) in (select * from temp.wrong_month)")
    connection.execute(f"insert into rollup_month {MONTHS.format(where=_WRONG_MONTH)}")
    _audit_months(connection, before, now, actor)
    return kept


def _falling_months(connection: sqlite3.Connection) -> frozenset[Place]:
    rows = connection.execute(
        f"select distinct s.site_key, s.month from rollup_month s left join ({MONTHS.format(where=_WRONG_MONTH)}) c"  # noqa: S608
        " using (site_key, dimension, month, value_id)"
        f" where (s.site_key, s.month) in (select * from temp.wrong_month) and ({_FALLS})"
    )
    return frozenset(rows)


def _months_of(days: frozenset[Place]) -> frozenset[Place]:
    """The month of a kept day can't be added up: that day may be too high."""
    return frozenset((site_key, month_of(day)) for site_key, day in days)


def _clear(connection: sqlite3.Connection, table: str) -> None:
    connection.execute(f"delete from {table} where {_to_mend(table)}")  # noqa: S608


def _to_mend(table: str) -> str:
    """The rows of days to be mended; days whose raw rows are gone stay as they are."""
    wrong = f"({table}.site_key, {table}.day) in (select site_key, day from temp.wrong_day)"  # noqa: S608
    return f"{wrong} and {NOT_CLOSED.format(t=table)}"


# The audit log ---------------------------------------------------------------------------------------------------


def _day_totals(connection: sqlite3.Connection) -> Old:
    """The totals of the wrong days, all of them, those without a row too."""
    rows = connection.execute(
        f"select w.site_key, w.day, {SUMS} from temp.wrong_day w left join total_day using (site_key, day)"  # noqa: S608
    )
    return {row[:2]: tuple(number or 0 for number in row[2:]) for row in rows}


def _month_totals(connection: sqlite3.Connection) -> Old:
    """The sums of each dimension of the wrong months."""
    rows = connection.execute(
        f"select site_key, month, dimension, {_SUMMED} from rollup_month"  # noqa: S608 - names of our own
        " where (site_key, month) in (select * from temp.wrong_month) group by 1, 2, 3"
    )
    return {row[:3]: row[3:] for row in rows}


def _audit_days(connection: sqlite3.Connection, before: Old, now: float, actor: str) -> None:
    after = _day_totals(connection)
    for (site_key, day), old in sorted(before.items()):
        changes = ", ".join(_changes(old, after[site_key, day])) or "totals as before, breakdowns counted again"
        audit(connection, site_key, "day.mended", f"{day_date(day)}: {changes}", now, actor)


def _audit_months(connection: sqlite3.Connection, before: Old, now: float, actor: str) -> None:
    after, nothing = _month_totals(connection), (0,) * len(_NAMES)
    for place in sorted(before.keys() | after.keys()):
        changes = ", ".join(_changes(before.get(place, nothing), after.get(place, nothing)))
        if changes:
            site_key, month, dimension = place
            audit(
                connection,
                site_key,
                "month.mended",
                f"{month_text(month)} dimension {dimension}: {changes}",
                now,
                actor,
            )


def _changes(old: tuple[int, ...], new: tuple[int, ...]) -> Iterator[str]:
    for name, was, now_is in zip(_NAMES, old, new, strict=True):
        if was != now_is:
            yield f"{name} {was} to {now_is}"
