"""The mark of the clock: when it was last believed. It stands in the file, so that a restart or a hit can't move it."""

from __future__ import annotations

import sqlite3

from counter.store.sqlite.sql import statement
from counter.trust import Moment, Trust, look


def look_at_clock(connection: sqlite3.Connection, moment: Moment, first: Moment | None) -> Trust:
    """Look at the clock, and keep what came of it, inside the caller's transaction."""
    trust = look(_read(connection, moment), moment, first)
    connection.execute(
        "insert or replace into clock_mark (one, trusted_at, doubted_at) values (1, ?, ?)",
        (trust.trusted_at, trust.doubted_at),
    )
    return trust


def _read(connection: sqlite3.Connection, moment: Moment) -> Trust:
    row = connection.execute("select trusted_at, doubted_at from clock_mark").fetchone()
    if row is not None:
        return Trust(*row)
    # Before the first mark: the newest moment that the server's clock has written down.
    newest: int = connection.execute(statement("newest_moment")).fetchone()[0]
    return Trust(newest or moment.wall)
