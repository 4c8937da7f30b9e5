"""Texts and tuples of texts to ids: each text stands once. Runs in the writer's thread, inside its transaction.

Ids found are remembered; `forget` drops them all, after a rollback, because an id of a rolled-back row would lie.
"""

from __future__ import annotations

import sqlite3

import msgspec

from counter.event import Client, Origin, Place
from counter.question import CLIENT_DIMENSIONS, ORIGIN_DIMENSIONS, OTHER, PLACE_DIMENSIONS, Dimension

NEW_VALUES_A_DAY = 10_000  # per site and dimension; what comes beyond is "(other)", in raw rows and rollups alike
REMEMBERED = 50_000  # texts, and tuples of texts; about 12 MB each


class Dictionary:
    """The dictionaries of one writer connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._values: dict[tuple[int, Dimension, str], int] = {}
        self._tuples: dict[tuple[int, str, tuple[str, ...]], int] = {}
        self._parts: dict[tuple[str, int], tuple[int, ...]] = {}

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
        return self._tuple_id("client", CLIENT_DIMENSIONS, site_key, day, client)

    def place(self, site_key: int, day: int, place: Place) -> int:
        return self._tuple_id("place", PLACE_DIMENSIONS, site_key, day, place)

    def origin(self, site_key: int, day: int, origin: Origin) -> int:
        return self._tuple_id("origin", ORIGIN_DIMENSIONS, site_key, day, origin)

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
            *self._tuple_parts("client", client, len(CLIENT_DIMENSIONS)),
            *self._tuple_parts("place", place, len(PLACE_DIMENSIONS)),
            *self._tuple_parts("origin", origin, len(ORIGIN_DIMENSIONS)),
            entry,
        )

    def _find(self, key: tuple[int, Dimension, str]) -> int | None:
        found = self._connection.execute(
            "select id from value where site_key = ? and dimension = ? and text = ?", key
        ).fetchone()
        return None if found is None else int(found[0])

    def _make(self, key: tuple[int, Dimension, str], day: int) -> int | None:
        """A new id, or None when the day has had its new values."""
        site_key, dimension, text = key
        if text != OTHER:
            made = self._connection.execute(
                "insert into value_count values (?, ?, ?, 1)"
                " on conflict do update set count = count + 1 returning count",
                (site_key, day, dimension),
            ).fetchone()[0]
            if made > NEW_VALUES_A_DAY:
                return None
        cursor = self._connection.execute("insert into value (site_key, dimension, text) values (?, ?, ?)", key)
        return cursor.lastrowid or 0

    def _tuple_id(
        self, table: str, dimensions: tuple[Dimension, ...], site_key: int, day: int, texts: tuple[str, ...]
    ) -> int:
        key = (site_key, table, texts)
        known = self._tuples.get(key)
        if known is None:
            ids = tuple(
                self.value(site_key, day, dimension, text) for dimension, text in zip(dimensions, texts, strict=True)
            )
            known = self._find_tuple(table, dimensions, ids)
            if len(self._tuples) >= REMEMBERED:
                self._tuples.clear()
            if all(not text or (site_key, dimension, text) in self._values
                   for dimension, text in zip(dimensions, texts, strict=True)):  # fmt: skip
                self._tuples[key] = known
        return known

    def _find_tuple(self, table: str, dimensions: tuple[Dimension, ...], ids: tuple[int, ...]) -> int:
        columns = ", ".join(dimension.name.lower() for dimension in dimensions)
        marks = ", ".join("?" * len(ids))
        found = self._connection.execute(
            f"select id from {table} where ({columns}) = ({marks})",  # noqa: S608 - names of our own tables
            ids,
        ).fetchone()
        if found is not None:
            return int(found[0])
        cursor = self._connection.execute(
            f"insert into {table} ({columns}) values ({marks})",  # noqa: S608 - names of our own tables
            ids,
        )
        return cursor.lastrowid or 0

    def _tuple_parts(self, table: str, tuple_id: int, width: int) -> tuple[int, ...]:
        key = (table, tuple_id)
        parts = self._parts.get(key)
        if parts is None:
            row = self._connection.execute(
                f"select * from {table} where id = ?",  # noqa: S608 - one of our own three tables
                (tuple_id,),
            ).fetchone()
            parts = tuple(row[1 : width + 1])
            if len(self._parts) >= REMEMBERED:
                self._parts.clear()
            self._parts[key] = parts
        return parts
