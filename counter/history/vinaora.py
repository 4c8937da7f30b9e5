"""The table of the Vinaora Visitors Counter, from an SQL dump: its counts, by the end of each of its buckets.

`#__vvisit_counter` has a row a bucket (of fifteen minutes, say): `time` is the end of the bucket in Unix seconds,
`visits` all that came, of which `guests` and `members` are people and `bots` are not. The dump is read as a stream,
as mysqldump and phpMyAdmin write it; every other table in it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from counter.errors import UsageError

COLUMNS: Final = ("time", "visits", "guests", "bots", "members")
NEEDED: Final = COLUMNS[:2]
MOST: Final = 2**53
_NAME: Final = r"[`\"]?(\w*vvisit_?counter)[`\"]?"
_CREATE: Final = re.compile(rf"^\s*create\s+table\s+(?:if\s+not\s+exists\s+)?{_NAME}\s*\(", re.IGNORECASE)
_COLUMN: Final = re.compile(r"^\s*[`\"](\w+)[`\"]\s+\w")
_INSERT: Final = re.compile(
    rf"^\s*(?:insert|replace)\s+(?:ignore\s+)?into\s+{_NAME}\s*(?:\(([^()]*)\)\s*)?values\s*", re.IGNORECASE
)
_ROW: Final = re.compile(r"\s*,?\s*\(([^()]*)\)")
_NUMBER: Final = re.compile(r"'?(\d{1,16})'?")


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


def read_buckets(lines: Iterable[str], where: str) -> Iterator[VinaoraRow]:
    """The buckets of a dump, in its order; `lines` are those of the file.

    UsageError names the line and what is wrong with it: no such column, or a value that is no whole number.
    """
    columns: tuple[str, ...] = ()
    creating = inserting = False
    for number, line in enumerate(lines, start=1):
        text = line
        if found := _CREATE.match(text):
            columns, creating = (), True
            continue
        if creating:
            if found := _COLUMN.match(text):
                columns += (found[1].lower(),)
            creating = ";" not in text
            continue
        if found := _INSERT.match(text):
            named = tuple(name.strip(" `\"'").lower() for name in found[2].split(",")) if found[2] else columns
            _check(named, f"{where}, line {number}")
            columns, inserting, text = named, True, text[found.end() :]
        if inserting:
            for row in _ROW.finditer(text):
                yield _bucket(row[1], columns, f"{where}, line {number}")
            inserting = not text.rstrip().endswith(";")


def _check(columns: tuple[str, ...], where: str) -> None:
    for name in NEEDED:
        if name not in columns:
            known = ", ".join(columns) or "none named, and no CREATE TABLE before it"
            raise UsageError(f"{where}: the table has no column {name!r} (columns: {known})")


def _bucket(row: str, columns: tuple[str, ...], where: str) -> VinaoraRow:
    values = row.split(",")
    if len(values) != len(columns):
        raise UsageError(f"{where}: a row has {len(values)} values and the table {len(columns)} columns: ({row[:60]})")
    named = dict(zip(columns, values, strict=True))
    end, visits, guests, bots, members = (_count(named.get(name, "0").strip(), name, where) for name in COLUMNS)
    return VinaoraRow(end, visits, guests, bots, members)


def _count(text: str, name: str, where: str) -> int:
    if text.lower() == "null":
        return 0
    found = _NUMBER.fullmatch(text)
    if found is None or int(found[1]) > MOST:
        raise UsageError(f"{where}: {name} is {text[:24]!r}, it must be a whole number from 0 to {MOST}")
    return int(found[1])
