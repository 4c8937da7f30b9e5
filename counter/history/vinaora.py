"""The table of the Vinaora Visitors Counter, from an SQL dump: its counts, by the end of each of its buckets.

`#__vvisit_counter` has a row a bucket (of fifteen minutes, say): `time` is the end of the bucket in Unix seconds,
`visits` all that came, of which `guests` and `members` are people and `bots` are not. The dump is read as a stream,
whoever wrote it; every other table in it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from counter.errors import UsageError
from counter.history.sql_statements import Insert, Statements, TableState
from counter.history.sql_text import SqlText

COLUMNS: Final = ("time", "visits", "guests", "bots", "members")
NEEDED: Final = COLUMNS[:2]
MOST: Final = 2**53
_TABLE: Final = re.compile(r".*vvisit_?counter", re.IGNORECASE | re.DOTALL)
_NUMBER: Final = re.compile(r"\+?(\d{1,17})(?:\.0*)?", re.ASCII)
_HEX: Final = re.compile(r"0x([0-9a-f]{1,14})", re.ASCII | re.IGNORECASE)


class VinaoraRow(NamedTuple):
    """What came within one bucket. `end` in Unix seconds: the first second after it."""

    end: int
    visits: int
    guests: int
    bots: int
    members: int

    @property
    def people(self) -> int:
        return self.guests + self.members


class VinaoraDump:
    """A dump, and the one table in it whose rows are taken: `table`, by default the one that Vinaora's name fits."""

    def __init__(self, pieces: Iterable[str], where: str, table: str = "") -> None:
        self._statements = Statements(SqlText(pieces), where)
        self._where = where
        self._asked = table
        self._rows: dict[str, int] = {}  # of each table that fits
        self._others: dict[str, None] = {}  # tables with rows that do not fit; a few, for a message
        self._columns: dict[str, tuple[str, ...]] = {}

    @property
    def table(self) -> str:
        """The table whose rows were taken, with its database when the dump names it; '' before any."""
        return next(iter(self._rows), "")

    def buckets(self) -> Iterator[VinaoraRow]:
        """The buckets, in the order of the dump; to be discarded when an error follows.

        UsageError names the line and what is wrong with it: no such column, a value that is no whole number; rows of
        two tables that fit; a table that is made again after its rows.
        """
        for one in self._statements:
            if not self._fits(one.table):
                if isinstance(one, Insert) and len(self._others) < 20:
                    self._others[one.table] = None
            elif isinstance(one, TableState):
                self._make(one)
            else:
                yield from self._insert(one)
        self._check_one()

    def _fits(self, table: str) -> bool:
        own = _own(table)
        return self._asked.lower() in {table.lower(), own.lower()} if self._asked else bool(_TABLE.fullmatch(own))

    def _make(self, made: TableState) -> None:
        if made.emptied and self._rows.get(made.table):
            raise UsageError(
                f"{self._where}, line {made.line}: the table {made.table} is emptied or made again after its rows;"
                " two dumps in one file? Take one of them"
            )
        if made.columns:
            self._columns[made.table] = self._columns[_own(made.table)] = made.columns

    def _insert(self, insert: Insert) -> Iterator[VinaoraRow]:
        where = f"{self._where}, line {insert.line}"
        columns = insert.columns or self._columns.get(insert.table) or self._columns.get(_own(insert.table), ())
        _check(columns, where)
        for line, values in insert.rows:
            self._rows[insert.table] = self._rows.get(insert.table, 0) + 1
            yield _bucket(values, columns, f"{self._where}, line {line}")

    def _check_one(self) -> None:
        if len(self._rows) > 1:
            fit = " and ".join(f"{table} ({count:,} rows)" for table, count in self._rows.items())
            raise UsageError(f"{self._where} has {len(self._rows)} tables that fit: {fit}. Name one with --table")
        if not self._rows:
            missing = f"the table {self._asked}" if self._asked else "a table such as jos_vvisit_counter"
            others = f"; tables with rows: {', '.join(self._others)}" if self._others else ""
            raise UsageError(f"{self._where} has no rows of {missing}{others}")


def _own(table: str) -> str:
    return table.rpartition(".")[2]


def _check(columns: tuple[str, ...], where: str) -> None:
    for name in NEEDED:
        if name not in columns:
            known = ", ".join(columns) or "none named, and no CREATE TABLE before it"
            raise UsageError(f"{where}: the table has no column {name!r} (columns: {known})")


def _bucket(values: list[str], columns: tuple[str, ...], where: str) -> VinaoraRow:
    if len(values) != len(columns):
        row = ",".join(values)
        raise UsageError(f"{where}: a row has {len(values)} values and the table {len(columns)} columns: ({row[:60]})")
    named = dict(zip(columns, values, strict=True))
    end, visits, guests, bots, members = (_count(named.get(name, "0"), name, where) for name in COLUMNS)
    return VinaoraRow(end, visits, guests, bots, members)


def _count(text: str, name: str, where: str) -> int:
    if text.lower() in {"null", "default"}:
        return 0
    if found := _NUMBER.fullmatch(text):
        number = int(found[1])
    else:
        number = int(found[1], 16) if (found := _HEX.fullmatch(text)) else -1
    if not 0 <= number <= MOST:
        raise UsageError(f"{where}: {name} is {text[:24]!r}, it must be a whole number from 0 to {MOST}")
    return number
