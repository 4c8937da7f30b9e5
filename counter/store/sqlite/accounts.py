"""Users, their sessions and links. Changes run in the writer's thread; the audit log tells them without secrets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from counter.accounts import (
    LONGEST_LANGUAGE,
    SESSION_IDLE,
    SESSION_LASTS,
    THEMES,
    Invitation,
    Role,
    Session,
    User,
    check_login,
)
from counter.errors import NotAuthorized, UsageError
from counter.store.sqlite.catalog import audit

_USER = "key, login, owner, password, language, theme, made_at"


def read_users(connection: sqlite3.Connection) -> list[User]:
    """Every user, by login."""
    access: dict[int, dict[int, Role]] = {}
    for user_key, site_key, role in connection.execute("select user_key, site_key, role from access"):
        access.setdefault(user_key, {})[site_key] = Role(role)
    return [
        User(key, login, bool(owner), access.get(key, {}), password, language, theme, made_at)
        for key, login, owner, password, language, theme, made_at in connection.execute(
            f"select {_USER} from user order by login"  # noqa: S608 - names of our own
        )
    ]


def add_user(connection: sqlite3.Connection, user: User, now: float) -> User:
    """Add a user; the key is given here. The first is an owner, or nobody could let in others."""
    _check(connection, user)
    if not user.owner and not _owners(connection):
        raise UsageError("there is no owner yet; the first user must be one: 'counter user add LOGIN --owner'")
    cursor = connection.execute(
        "insert into user (login, owner, password, language, theme, made_at) values (?, ?, ?, ?, ?, ?)",
        (user.login, int(user.owner), user.password, user.language, user.theme, int(now)),
    )
    made = msgspec.structs.replace(user, key=cursor.lastrowid or 0, made_at=int(now))
    _put_access(connection, made)
    audit(connection, None, "user.added", _described(connection, made), now)
    return made


def change_user(connection: sqlite3.Connection, user: User, now: float, known: User | None = None) -> User:
    """Store `user` under its key, with `known` only while that is what is stored; when it was made stays."""
    before = _user(connection, user.key)
    if known not in (None, before):
        raise UsageError(f"user {before.login!r} was changed meanwhile; look again, and repeat what is still wanted")
    user = msgspec.structs.replace(user, made_at=before.made_at)
    _check(connection, user)
    if before.owner and not user.owner:
        _keep_an_owner(connection, before)
    connection.execute(
        "update user set login = ?, owner = ?, password = ?, language = ?, theme = ? where key = ?",
        (user.login, int(user.owner), user.password, user.language, user.theme, user.key),
    )
    _put_access(connection, user)
    old, new = (_described(connection, one) for one in (before, user))
    if old != new:
        audit(connection, None, "user.changed", f"from {old} to {new}", now)
    if before.password != user.password:
        audit(connection, None, "user.password_changed", user.login, now)
    return user


def remove_user(connection: sqlite3.Connection, user_key: int, now: float) -> None:
    """Remove a user with sessions and links; what the user wrote stays."""
    user = _user(connection, user_key)
    if user.owner:
        _keep_an_owner(connection, user)
    for table in ("access", "session", "invitation"):
        connection.execute(f"delete from {table} where user_key = ?", (user_key,))  # noqa: S608 - names of our own
    connection.execute("delete from user where key = ?", (user_key,))
    audit(connection, None, "user.removed", user.login, now)


def set_password(
    connection: sqlite3.Connection,
    user_key: int,
    password: str,
    now: float,
    but: bytes | None = None,
    known: str | None = None,
) -> None:
    """Store a new hash ('': no password fits), with `known` only in the place of that one; links and all sessions
    but `but` end in the same transaction."""
    user = _user(connection, user_key)
    if known not in (None, user.password):
        raise NotAuthorized("the password was changed meanwhile; sign in again")
    connection.execute("update user set password = ? where key = ?", (password, user_key))
    connection.execute("delete from invitation where user_key = ?", (user_key,))
    end_sessions(connection, user_key, but)
    audit(connection, None, "user.password_set" if password else "user.password_cleared", user.login, now)


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


def read_invitations(connection: sqlite3.Connection) -> list[Invitation]:
    """Every link that was not used, over or not."""
    rows = connection.execute("select digest, user_key, until from invitation order by until, digest")
    return [Invitation(*row) for row in rows]


def add_invitation(connection: sqlite3.Connection, invitation: Invitation, now: float) -> None:
    """Keep a link; an older one of the same user works no longer."""
    user = _user(connection, invitation.user_key)
    connection.execute("delete from invitation where user_key = ?", (user.key,))
    connection.execute(
        "insert into invitation (digest, user_key, until) values (?, ?, ?)",
        (invitation.digest, invitation.user_key, invitation.until),
    )
    audit(connection, None, "user.invited", user.login, now)


def take_invitation(connection: sqlite3.Connection, digest: bytes, now: float) -> None:
    """Take a link back; one that is gone already is no error."""
    asked = "select u.login from invitation i join user u on u.key = i.user_key where i.digest = ?"
    row = connection.execute(asked, (digest,)).fetchone()
    if row is not None:
        connection.execute("delete from invitation where digest = ?", (digest,))
        audit(connection, None, "user.invitation_removed", row[0], now)


def accept_invitation(connection: sqlite3.Connection, digest: bytes, password: str, now: float) -> None:
    """The link is used: its user has the password of this hash, and neither links nor sessions from before."""
    row = connection.execute("select user_key, until from invitation where digest = ?", (digest,)).fetchone()
    if row is None or Invitation(digest, *row).over(now):
        raise NotAuthorized("this link was used before, was replaced by another or is too old; ask for a new one")
    set_password(connection, row[0], password, now)


def expire(connection: sqlite3.Connection, now: float) -> dict[str, int]:
    """Remove sessions and links that count no longer."""
    at = int(now)
    sessions = connection.execute(
        "delete from session where made_at <= ? or seen_at <= ?", (at - SESSION_LASTS, at - SESSION_IDLE)
    ).rowcount
    invitations = connection.execute("delete from invitation where until <= ?", (at,)).rowcount
    return {"sessions": sessions, "invitations": invitations}


def _user(connection: sqlite3.Connection, user_key: int) -> User:
    for user in read_users(connection):
        if user.key == user_key:
            return user
    raise UsageError(f"there is no user with the key {user_key}")


def _check(connection: sqlite3.Connection, user: User) -> None:
    check_login(user.login)
    taken = connection.execute("select key from user where login = ? and key <> ?", (user.login, user.key)).fetchone()
    if taken:
        raise UsageError(f"user {user.login!r} exists already; capitals do not make another login")
    if user.theme not in THEMES or len(user.language) > LONGEST_LANGUAGE:
        raise UsageError(
            f"the theme is {user.theme[:40]!r} and the language {user.language[:40]!r}, they must be one of"
            f" {', '.join(map(repr, THEMES))} and a tag of at most {LONGEST_LANGUAGE} characters"
        )
    sites = _site_ids(connection)
    for site_key, role in user.access.items():
        if site_key not in sites or role == Role.OWNER:
            raise UsageError(
                f"{user.login!r} can't be {role} of the site with the key {site_key}; a role is admin or viewer,"
                " of a site that exists"
            )


def _owners(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select count(*) from user where owner").fetchone()[0])


def _keep_an_owner(connection: sqlite3.Connection, user: User) -> None:
    if _owners(connection) == 1:
        raise UsageError(f"{user.login!r} is the last owner; make another one first")


def _put_access(connection: sqlite3.Connection, user: User) -> None:
    connection.execute("delete from access where user_key = ?", (user.key,))
    connection.executemany(
        "insert into access (user_key, site_key, role) values (?, ?, ?)",
        [(user.key, site_key, role.value) for site_key, role in user.access.items()],
    )


def _site_ids(connection: sqlite3.Connection) -> Mapping[int, str]:
    return dict(connection.execute("select key, id from site").fetchall())


def _described(connection: sqlite3.Connection, user: User) -> str:
    """What may be told of a user; whether there is a password, never its hash."""
    sites = _site_ids(connection)
    told = {
        "login": user.login, "owner": user.owner,
        "access": {sites[key]: role for key, role in sorted(user.access.items())},
        "language": user.language, "theme": user.theme,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False)
