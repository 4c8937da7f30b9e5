"""Invitations: links that work once, to choose a password. Of a link's secret only the digest is kept."""

from __future__ import annotations

import sqlite3

from counter.accounts import Invitation
from counter.errors import NotAuthorized
from counter.store.catalog.audit import audit
from counter.store.catalog.users import find_user, set_password


def read_invitations(connection: sqlite3.Connection) -> list[Invitation]:
    """Every link that was not used, over or not."""
    rows = connection.execute("select digest, user_key, until from invitation order by until, digest")
    return [Invitation(*row) for row in rows]


def add_invitation(connection: sqlite3.Connection, invitation: Invitation, now: float, actor: str) -> None:
    """Keep a link; an older one of the same user works no longer."""
    user = find_user(connection, invitation.user_key)
    connection.execute("delete from invitation where user_key = ?", (user.key,))
    connection.execute(
        "insert into invitation (digest, user_key, until) values (?, ?, ?)",
        (invitation.digest, invitation.user_key, invitation.until),
    )
    audit(connection, None, "user.invited", user.login, now, actor)


def take_invitation(connection: sqlite3.Connection, digest: bytes, now: float, actor: str) -> None:
    """Take a link back; one that is gone already is no error."""
    asked = "select u.login from invitation i join user u on u.key = i.user_key where i.digest = ?"
    row = connection.execute(asked, (digest,)).fetchone()
    if row is not None:
        connection.execute("delete from invitation where digest = ?", (digest,))
        audit(connection, None, "user.invitation_removed", row[0], now, actor)


def accept_invitation(connection: sqlite3.Connection, digest: bytes, password: str, now: float, actor: str) -> None:
    """The link is used: its user has the password of this hash, and neither links nor sessions from before."""
    row = connection.execute("select user_key, until from invitation where digest = ?", (digest,)).fetchone()
    if row is None or Invitation(digest, *row).over(now):
        raise NotAuthorized("this link was used before, was replaced by another or is too old; ask for a new one")
    set_password(connection, row[0], password, now, actor)


def expire_invitations(connection: sqlite3.Connection, now: float) -> int:
    """Remove links that count no longer; returns how many."""
    return connection.execute("delete from invitation where until <= ?", (int(now),)).rowcount
