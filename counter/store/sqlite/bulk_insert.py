"""Many rows in few statements.

`executemany` hands the interpreter lock over at each row, and under load each hand-over can wait a switch
interval (5 ms) for the event loop: 256 rows could take a second. One `insert ... values (...), (...)` of up to
64 rows hands it over once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

SIZES = (64, 16, 4, 1)


def insert_rows(connection: sqlite3.Connection, head: str, rows: Sequence[tuple[object, ...]], tail: str = "") -> None:
    """Insert `rows`, all of one width. `head` is `insert into TABLE (COLUMNS)`, `tail` an `on conflict` clause."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            part = rows[start : start + size]
            connection.execute(_statement(head, tail, len(part[0]), size), tuple(chain.from_iterable(part)))
            start += size


@lru_cache(maxsize=256)
def _statement(head: str, tail: str, width: int, size: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{head} values {', '.join([row] * size)} {tail}"
