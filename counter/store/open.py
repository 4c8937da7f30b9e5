"""The only module that names an engine."""

from __future__ import annotations

from pathlib import Path

from counter.store.sqlite.engine import wal_reset_bug
from counter.store.sqlite.store import SqliteStore

Store = SqliteStore


def open_store(folder: Path, durability: str, visit_timeout_minutes: int) -> Store:
    """The store below `folder`, to be entered with `async with`; raises Locked when another process holds it."""
    return SqliteStore(folder, durability, visit_timeout_minutes * 60)


__all__ = ["Store", "open_store", "wal_reset_bug"]
