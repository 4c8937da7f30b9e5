"""The audit log: one line for each change, written in the change's own transaction, never with a secret in it."""

from __future__ import annotations

import sqlite3

from counter.accounts import AuditLine


def audit(
    connection: sqlite3.Connection, site_key: int | None, action: str, detail: str, now: float, actor: str
) -> None:
    """A line about one site, or about all of them (None), by `actor`: a login, or what acts by itself."""
    connection.execute(
        "insert into audit (at, site_key, action, detail, actor) values (?, ?, ?, ?, ?)",
        (int(now), site_key, action, detail, actor),
    )


def read_audit(connection: sqlite3.Connection, site_key: int | None, limit: int) -> list[AuditLine]:
    """The last `limit` lines, newest first: of one site, or all that there are."""
    rows = connection.execute(
        "select a.at, coalesce(s.id, ''), a.action, a.detail, a.actor from audit a"
        " left join site s on s.key = a.site_key where :site is null or a.site_key = :site"
        " order by a.id desc limit :limit",
        {"site": site_key, "limit": limit},
    )
    return [AuditLine(*row) for row in rows]
