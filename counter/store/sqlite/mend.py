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
from counter.store.sqlite.fold import fold
from counter.store.sqlite.recount import TABLES, CountedTable, StoredTable, recount
from counter.store.sqlite.sql import SUMS, run_script, statement

_REPLACED: Final = ((StoredTable.HOURS, CountedTable.HOURS), (StoredTable.VALUES, CountedTable.VALUES))

RollupKey = tuple[int, int]  # site key; local day or month
Old = dict[tuple[int, ...], tuple[int, ...]]


class Unlowered(NamedTuple):
    """The days and months that were left as they are, because a sum would have fallen."""

    days: frozenset[RollupKey] = frozenset()
    months: frozenset[RollupKey] = frozenset()

    def has(self, one: Difference) -> bool:
        return (one.site_key, one.day) in (self.months if one.table == "rollup_month" else self.days)


def mend(
    connection: sqlite3.Connection,
    days: Sequence[RollupKey],
    months: Sequence[RollupKey],
    now: float,
    lower: bool,
    actor: str,
) -> Unlowered:
    """Replace the sums of these days and months inside the caller's transaction; without `lower`, none may fall."""
    fold(connection)
    run_script(connection, "mend_scratch")
    connection.executemany("insert or ignore into temp.wrong_day values (?, ?)", days)
    after, upto = _span(connection)
    recount(connection, after, upto)
    falling: frozenset[RollupKey] = frozenset() if lower else _falling_days(connection)
    connection.executemany("delete from temp.wrong_day where site_key = ? and day = ?", sorted(falling))
    before = _day_totals(connection)
    _mend_days(connection, after, upto)
    _audit_days(connection, before, now, actor)
    return Unlowered(falling, _mend_months(connection, months, falling, now, lower, actor))


def _span(connection: sqlite3.Connection) -> tuple[int, int]:
    """Between these ids lie all events of the wrong days, and all events of the visits that began in them."""
    first, last = connection.execute(statement("mend_span")).fetchone()
    if first is None:
        return 0, 0
    later = connection.execute(statement("mend_span_of_visits"), (first, last)).fetchone()[0]
    return first - 1, max(last, later or 0)


def _falling_days(connection: sqlite3.Connection) -> frozenset[RollupKey]:
    """The wrong days in which any sum of any table is higher than its recount."""
    return frozenset(place for parts in TABLES for place in connection.execute(statement("mend_falling_days", *parts)))


def _mend_days(connection: sqlite3.Connection, after: int, upto: int) -> None:
    for stored, counted in _REPLACED:
        connection.execute(statement("mend_clear_days", stored))
        connection.execute(statement("mend_put_rows", stored, counted))
    connection.execute(statement("mend_clear_days", StoredTable.DAYS))
    connection.execute(statement("mend_put_days"), {"after": after, "upto": upto})


def _mend_months(
    connection: sqlite3.Connection,
    months: Sequence[RollupKey],
    kept_days: frozenset[RollupKey],
    now: float,
    lower: bool,
    actor: str,
) -> frozenset[RollupKey]:
    """Add the months up again: those named, and those of the days that were mended. Returns those that were kept."""
    connection.executemany("insert or ignore into temp.wrong_month values (?, ?)", months)
    connection.execute(statement("mend_note_months"))
    kept: frozenset[RollupKey] = frozenset() if lower else _falling_months(connection) | _months_of(kept_days)
    connection.executemany("delete from temp.wrong_month where site_key = ? and month = ?", sorted(kept))
    before = _month_totals(connection)
    connection.execute(statement("mend_clear_months"))
    connection.execute(statement("mend_put_months"))
    _audit_months(connection, before, now, actor)
    return kept


def _falling_months(connection: sqlite3.Connection) -> frozenset[RollupKey]:
    return frozenset(connection.execute(statement("mend_falling_months")))


def _months_of(days: frozenset[RollupKey]) -> frozenset[RollupKey]:
    """The month of a kept day can't be added up: that day may be too high."""
    return frozenset((site_key, month_of(day)) for site_key, day in days)


# The audit log ---------------------------------------------------------------------------------------------------


def _day_totals(connection: sqlite3.Connection) -> Old:
    """The totals of the wrong days, all of them, those without a row too."""
    rows = connection.execute(statement("mend_day_totals"))
    return {row[:2]: tuple(number or 0 for number in row[2:]) for row in rows}


def _month_totals(connection: sqlite3.Connection) -> Old:
    """The sums of each dimension of the wrong months."""
    rows = connection.execute(statement("mend_month_totals"))
    return {row[:3]: row[3:] for row in rows}


def _audit_days(connection: sqlite3.Connection, before: Old, now: float, actor: str) -> None:
    after = _day_totals(connection)
    for (site_key, day), old in sorted(before.items()):
        changes = ", ".join(_changes(old, after[site_key, day])) or "totals as before, breakdowns counted again"
        audit(connection, site_key, "day.mended", f"{day_date(day)}: {changes}", now, actor)


def _audit_months(connection: sqlite3.Connection, before: Old, now: float, actor: str) -> None:
    after, nothing = _month_totals(connection), (0,) * len(SUMS)
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
    for name, was, now_is in zip(SUMS, old, new, strict=True):
        if was != now_is:
            yield f"{name} {was} to {now_is}"
