"""One write transaction, which can't get stuck.

COMMIT can fail, and then ROLLBACK too, on a disk that has just gone; the transaction stays open. The next one rolls it
back first, so the writer goes on as soon as the disk does.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """`begin immediate`, the block, `commit`; on any error nothing of the block is written."""
    if connection.in_transaction:
        connection.execute("rollback")
    try:
        connection.execute("begin immediate")
        yield
        connection.execute("commit")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """End the open transaction, if there is one. What can't be rolled back now is rolled back by the next."""
    if not connection.in_transaction:
        return
    try:
        connection.execute("rollback")
    except sqlite3.Error as error:
        log.error("a transaction could not be rolled back yet", extra={"error": str(error)})
