"""Texts and tuples of texts to ids: each text stands once. Runs in the writer's thread, inside its transaction.

Ids found are remembered; `forget` drops them all, after a rollback, because an id of a rolled-back row would lie.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from counter.event import Client, Origin, Place
from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, OTHER, PLACE_DIMENSIONS, Dimension
from counter.store.sqlite.sql import SqlPart, statement, statement_of_rows

NEW_VALUES_A_DAY = 10_000  # per site and dimension; what comes beyond is "(other)", in raw rows and rollups alike
REMEMBERED = 50_000  # texts, and tuples of texts; about 12 MB each


class TupleTable(SqlPart):
    """The dictionaries of tuples."""

    CLIENT = "client"
    PLACE = "place"
    ORIGIN = "origin"


class TupleColumns(SqlPart):
    """What each has in addition to the id: value ids, in the order of its dimensions."""

    CLIENT = ", ".join(dimension.name.lower() for dimension in CLIENT_DIMENSIONS)
    PLACE = ", ".join(dimension.name.lower() for dimension in PLACE_DIMENSIONS)
    ORIGIN = ", ".join(dimension.name.lower() for dimension in ORIGIN_DIMENSIONS)


_DIMENSIONS: Final = {
    TupleTable.CLIENT: CLIENT_DIMENSIONS,
    TupleTable.PLACE: PLACE_DIMENSIONS,
    TupleTable.ORIGIN: ORIGIN_DIMENSIONS,
}


class Dictionary:
    """The dictionaries of one writer connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._values: dict[tuple[int, Dimension, str], int] = {}
        self._tuples: dict[tuple[int, TupleTable, tuple[str, ...]], int] = {}
        self._parts: dict[tuple[TupleTable, int], tuple[int, ...]] = {}

    def forget(self) -> None:
        self._values.clear()
        self._tuples.clear()
        self._parts.clear()

    def value(self, site_key: int, day: int, dimension: Dimension, text: str) -> int:
        """The id of `text`; 0 for ''. A new text beyond the cap of its day is `(other)`."""
        if not text:
            return 0
        key = (site_key, dimension, text)
        known = self._values.get(key)
        if known is None:
            known = self._find(key)
            if known is None:
                known = self._make(key, day)
                if known is None:  # not remembered: on another day the text may get an id of its own
                    return self.value(site_key, day, dimension, OTHER)
            if len(self._values) >= REMEMBERED:
                self._values.clear()
            self._values[key] = known
        return known

    def client(self, site_key: int, day: int, client: Client) -> int:
        return self._tuple_id(TupleTable.CLIENT, site_key, day, client)

    def place(self, site_key: int, day: int, place: Place) -> int:
        return self._tuple_id(TupleTable.PLACE, site_key, day, place)

    def origin(self, site_key: int, day: int, origin: Origin) -> int:
        return self._tuple_id(TupleTable.ORIGIN, site_key, day, origin)

    def props(self, site_key: int, day: int, text: str) -> str:
        """The properties (a JSON object of text to text), with keys and values beyond the cap as `(other)`."""
        props: dict[str, str] = msgspec.json.decode(text, type=dict[str, str])
        kept = {
            self._capped(site_key, day, Dimension.PROPERTY_KEY, key): self._capped(
                site_key, day, Dimension.PROPERTY, value
            )
            for key, value in props.items()
        }
        return text if kept == props else msgspec.json.encode(kept).decode()

    def _capped(self, site_key: int, day: int, dimension: Dimension, text: str) -> str:
        """`text`, or `(other)` when the day has had its new values."""
        self.value(site_key, day, dimension, text)
        return text if not text or (site_key, dimension, text) in self._values else OTHER

    def visit_values(self, values: tuple[int, int, int, int]) -> tuple[int, ...]:
        """Ids of client, place, origin and entry page to one value id per entry of VISIT_DIMENSIONS."""
        client, place, origin, entry = values
        return (
            *self._tuple_parts(TupleTable.CLIENT, client),
            *self._tuple_parts(TupleTable.PLACE, place),
            *self._tuple_parts(TupleTable.ORIGIN, origin),
            entry,
        )

    def repeats(self, values: tuple[int, int, int, int], earlier: Sequence[tuple[int, int, int, int]]) -> int:
        """Bit n is set when one of the earlier visits of the same visitor brought the same VISIT_DIMENSIONS[n]."""
        if not earlier:
            return 0
        mine, others = self.visit_values(values), [self.visit_values(one) for one in earlier]
        return sum(1 << bit for bit, value in enumerate(mine) if any(other[bit] == value for other in others))

    def _find(self, key: tuple[int, Dimension, str]) -> int | None:
        found = self._connection.execute(
            "select id from value where site_key = ? and dimension = ? and text = ?", key
        ).fetchone()
        return None if found is None else int(found[0])

    def _make(self, key: tuple[int, Dimension, str], day: int) -> int | None:
        """A new id, or None when the day has had its new values."""
        site_key, dimension, text = key
        if text != OTHER:
            made = self._connection.execute(statement("count_new_value"), (site_key, day, dimension)).fetchone()[0]
            if made > NEW_VALUES_A_DAY:
                return None
        cursor = self._connection.execute("insert into value (site_key, dimension, text) values (?, ?, ?)", key)
        return cursor.lastrowid or 0

    def _tuple_id(self, table: TupleTable, site_key: int, day: int, texts: tuple[str, ...]) -> int:
        key = (site_key, table, texts)
        known = self._tuples.get(key)
        if known is None:
            dimensions = _DIMENSIONS[table]
            ids = tuple(
                self.value(site_key, day, dimension, text) for dimension, text in zip(dimensions, texts, strict=True)
            )
            known = self._find_tuple(table, ids)
            if len(self._tuples) >= REMEMBERED:
                self._tuples.clear()
            if all(not text or (site_key, dimension, text) in self._values
                   for dimension, text in zip(dimensions, texts, strict=True)):  # fmt: skip
                self._tuples[key] = known
        return known

    def _find_tuple(self, table: TupleTable, ids: tuple[int, ...]) -> int:
        parts = (table, TupleColumns[table.name])
        found = self._connection.execute(statement_of_rows("find_tuple", len(ids), 1, *parts), ids).fetchone()
        if found is not None:
            return int(found[0])
        return self._connection.execute(statement_of_rows("add_tuple", len(ids), 1, *parts), ids).lastrowid or 0

    def _tuple_parts(self, table: TupleTable, tuple_id: int) -> tuple[int, ...]:
        key = (table, tuple_id)
        parts = self._parts.get(key)
        if parts is None:
            read = statement("read_tuple", table, TupleColumns[table.name])
            parts = tuple(self._connection.execute(read, (tuple_id,)).fetchone())
            if len(self._parts) >= REMEMBERED:
                self._parts.clear()
            self._parts[key] = parts
        return parts
