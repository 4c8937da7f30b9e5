"""The only module that names an engine."""

from __future__ import annotations

from pathlib import Path

from counter.store.sqlite.engine import wal_reset_bug
from counter.store.sqlite.part import sweep
from counter.store.sqlite.restore import replace_database
from counter.store.sqlite.store import SqliteReadOnly, SqliteStore
from counter.store.sqlite.vitals import Vitals, read_vitals

Store = SqliteStore
ReadOnlyStore = SqliteReadOnly


def open_store(folder: Path, durability: str, visit_timeout_minutes: int) -> Store:
    """The store below `folder`, to be entered with `async with`; raises Locked when another process holds it."""
    return SqliteStore(folder, durability, visit_timeout_minutes * 60)


def open_reports(folder: Path) -> ReadOnlyStore:
    """The store below `folder` for reading only; a service may be writing meanwhile."""
    return SqliteReadOnly(folder)


__all__ = [
    "ReadOnlyStore",
    "Store",
    "Vitals",
    "open_reports",
    "open_store",
    "read_vitals",
    "replace_database",
    "sweep",
    "wal_reset_bug",
]
