"""Start counts of single pages: what a page had counted before. Part of the page's `all`, not of its site's."""

from __future__ import annotations

import sqlite3
from typing import Final

from counter.errors import UsageError
from counter.store.catalog.audit import audit

MOST: Final = 1000  # pages of a site with a start count: all of them are kept in memory
LARGEST: Final = 2**53  # of a count, as of a site's: the largest that JSON can hold exactly


def read_page_starts(connection: sqlite3.Connection) -> dict[int, dict[str, int]]:
    """The start counts of all sites: by site key, then by path in order."""
    found: dict[int, dict[str, int]] = {}
    for site_key, path, count in connection.execute("select site_key, path, count from page_start order by 1, 2"):
        found.setdefault(site_key, {})[path] = count
    return found


def set_page_start(
    connection: sqlite3.Connection, site_key: int, path: str, count: int, now: float, actor: str
) -> None:
    """Set or replace the start count of the page with a normalised path. UsageError beyond the limits."""
    if not 0 <= count <= LARGEST:
        raise UsageError(f"the start count is {count:,}, it must be 0 to {LARGEST:,} views")
    here = read_page_starts(connection).get(site_key, {})
    if path not in here and len(here) >= MOST:
        raise UsageError(f"the site has {MOST:,} pages with a start count, and that is the limit; remove one first")
    connection.execute("insert or replace into page_start values (?, ?, ?)", (site_key, path, count))
    audit(connection, site_key, "page_start.set", f"{path}: {count}, it was {here.get(path, 0)}", now, actor)


def remove_page_start(connection: sqlite3.Connection, site_key: int, path: str, now: float, actor: str) -> None:
    """Take the start count of a page away. UsageError when it has none."""
    gone = connection.execute("delete from page_start where site_key = ? and path = ?", (site_key, path)).rowcount
    if not gone:
        raise UsageError(f"the page {path[:80]!r} has no start count")
    audit(connection, site_key, "page_start.removed", path, now, actor)
