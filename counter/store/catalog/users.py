"""Users: who may sign in, and what they may do. The audit log has their changes without secrets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

import msgspec

from counter.accounts import LONGEST_LANGUAGE, THEMES, Role, User, check_login
from counter.errors import NotAuthorized, UsageError
from counter.store.catalog.audit import audit
from counter.store.catalog.sessions import end_sessions


def read_users(connection: sqlite3.Connection) -> list[User]:
    """Every user, by login."""
    access: dict[int, dict[int, Role]] = {}
    for user_key, site_key, role in connection.execute("select user_key, site_key, role from access"):
        access.setdefault(user_key, {})[site_key] = Role(role)
    return [
        User(key, login, bool(owner), access.get(key, {}), password, language, theme, made_at)
        for key, login, owner, password, language, theme, made_at in connection.execute(
            "select key, login, owner, password, language, theme, made_at from user order by login"
        )
    ]


def find_user(connection: sqlite3.Connection, user_key: int) -> User:
    """The user of that key, or UsageError."""
    for user in read_users(connection):
        if user.key == user_key:
            return user
    raise UsageError(f"there is no user with the key {user_key}")


def add_user(connection: sqlite3.Connection, user: User, now: float, actor: str) -> User:
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
    audit(connection, None, "user.added", _described(connection, made), now, actor)
    return made


def change_user(connection: sqlite3.Connection, user: User, now: float, actor: str, known: User | None = None) -> User:
    """Store `user` under its key, with `known` only while that is what is stored; when it was made stays."""
    before = find_user(connection, user.key)
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
        audit(connection, None, "user.changed", f"from {old} to {new}", now, actor)
    if before.password != user.password:
        audit(connection, None, "user.password_changed", user.login, now, actor)
    return user


def remove_user(connection: sqlite3.Connection, user_key: int, now: float, actor: str) -> None:
    """Remove a user with sessions and links; what the user wrote stays."""
    user = find_user(connection, user_key)
    if user.owner:
        _keep_an_owner(connection, user)
    connection.execute("delete from access where user_key = ?", (user_key,))
    connection.execute("delete from session where user_key = ?", (user_key,))
    connection.execute("delete from invitation where user_key = ?", (user_key,))
    connection.execute("delete from user where key = ?", (user_key,))
    audit(connection, None, "user.removed", user.login, now, actor)


def set_password(
    connection: sqlite3.Connection,
    user_key: int,
    password: str,
    now: float,
    actor: str,
    but: bytes | None = None,
    known: str | None = None,
) -> None:
    """Store a new hash ('': no password fits), with `known` only in the place of that one; links and all sessions
    but `but` end in the same transaction."""
    user = find_user(connection, user_key)
    if known not in (None, user.password):
        raise NotAuthorized("the password was changed meanwhile; sign in again")
    connection.execute("update user set password = ? where key = ?", (password, user_key))
    connection.execute("delete from invitation where user_key = ?", (user_key,))
    end_sessions(connection, user_key, but)
    audit(connection, None, "user.password_set" if password else "user.password_cleared", user.login, now, actor)


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
