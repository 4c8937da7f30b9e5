"""Days that a site brought along from a former counter."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counter.question import HistoryDay
from counter.store.catalog.audit import audit


def read_history(connection: sqlite3.Connection, site_key: int | None) -> dict[int, list[HistoryDay]]:
    """The days of one site or of all, by site key."""
    rows = connection.execute(
        "select * from history where ? is null or site_key = ? order by site_key, day", (site_key, site_key)
    )
    days: dict[int, list[HistoryDay]] = {}
    for key, *rest in rows:
        days.setdefault(key, []).append(HistoryDay(*rest))
    return days


def put_history(
    connection: sqlite3.Connection, site_key: int, days: Sequence[HistoryDay], note: str, now: float, actor: str
) -> None:
    """Keep days of a former counter; a date that is imported again is replaced."""
    connection.executemany(
        "insert or replace into history values (?, ?, ?, ?, ?)",
        [(site_key, day.day, day.visits, day.visitors, day.pageviews) for day in days],
    )
    audit(connection, site_key, "history.imported", note, now, actor)
