"""Sessions: browsers that are signed in. Of a session's secret only the digest is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from counter.accounts import SESSION_IDLE, SESSION_LASTS, Session
from counter.errors import NotAuthorized


def read_sessions(connection: sqlite3.Connection) -> list[Session]:
    """Every session that is stored, over or not."""
    rows = connection.execute("select digest, user_key, made_at, seen_at, agent from session order by made_at, digest")
    return [Session(*row) for row in rows]


def add_session(connection: sqlite3.Connection, session: Session, password: str | None) -> None:
    """Keep a session; with `password`, only while that is still the hash of its user."""
    row = connection.execute("select password from user where key = ?", (session.user_key,)).fetchone()
    if row is None or password not in (None, row[0]):
        raise NotAuthorized("the account or its password was changed meanwhile; sign in again")
    connection.execute(
        "insert into session (digest, user_key, made_at, seen_at, agent) values (?, ?, ?, ?, ?)",
        (session.digest, session.user_key, session.made_at, session.seen_at, session.agent),
    )


def touch_sessions(connection: sqlite3.Connection, seen: Sequence[tuple[bytes, int]]) -> None:
    """(digest, UTC second) of sessions that were used; those that ended meanwhile stay ended."""
    connection.executemany(
        "update session set seen_at = max(seen_at, ?) where digest = ?", [(at, digest) for digest, at in seen]
    )


def end_session(connection: sqlite3.Connection, digest: bytes) -> None:
    connection.execute("delete from session where digest = ?", (digest,))


def end_sessions(connection: sqlite3.Connection, user_key: int, but: bytes | None) -> None:
    """End all sessions of a user, but the one with the digest `but`."""
    connection.execute("delete from session where user_key = ? and digest is not ?", (user_key, but))


def expire_sessions(connection: sqlite3.Connection, now: float) -> int:
    """Remove sessions that count no longer; returns how many."""
    at = int(now)
    return connection.execute(
        "delete from session where made_at <= ? or seen_at <= ?", (at - SESSION_LASTS, at - SESSION_IDLE)
    ).rowcount
