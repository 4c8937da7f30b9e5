"""How functions over a connection are run: by one of the readers, or by the one writer in a transaction."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection
from typing import Protocol, TypeVar

T = TypeVar("T")


class RunQuestion(Protocol):
    async def __call__(self, question: Callable[[Connection], T]) -> T:
        """Run `question` in one read transaction; StoreError when the database can't be read."""


class RunChange(Protocol):
    async def __call__(self, function: Callable[..., T], *args: object, after: Callable[[], None] | None = None) -> T:
        """Run `function(connection, *args)` in one write transaction, then `after()` once it is committed."""
