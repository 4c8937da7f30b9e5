"""`counter.store.protocols.Accounts`, whatever the engine: readers answer questions, the writer changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from counter.accounts import Annotation, AuditLine, Invitation, Session, User
from counter.store.catalog import invitations, sessions, users
from counter.store.catalog.annotations import add_annotation, remove_annotation
from counter.store.catalog.audit import read_audit
from counter.store.catalog.connection import RunChange, RunQuestion


class ReadAccounts:
    """What can be asked without the lock."""

    def __init__(self, ask: RunQuestion) -> None:
        self._ask = ask

    async def users(self) -> list[User]:
        """Every user, by login."""
        return await self._ask(users.read_users)

    async def sessions(self) -> list[Session]:
        """Every session that is stored, over or not."""
        return await self._ask(sessions.read_sessions)

    async def invitations(self) -> list[Invitation]:
        """Every link that was not used, over or not."""
        return await self._ask(invitations.read_invitations)

    async def audit_log(self, site_key: int | None, limit: int) -> list[AuditLine]:
        """The last `limit` lines, newest first: of one site, or all that there are."""
        return await self._ask(partial(read_audit, site_key=site_key, limit=limit))


class WriteAccounts(ReadAccounts):
    """What the holder of the lock changes, each in one transaction; `actor` goes into the audit log."""

    def __init__(self, ask: RunQuestion, change: RunChange) -> None:
        super().__init__(ask)
        self._change = change

    async def add_user(self, user: User, now: float, *, actor: str = "") -> User:
        return await self._change(users.add_user, user, now, actor)

    async def change_user(self, user: User, now: float, known: User | None = None, *, actor: str = "") -> User:
        """Store `user`. UsageError when it is no longer `known`, from which it was made: no change undoes another."""
        return await self._change(users.change_user, user, now, actor, known)

    async def remove_user(self, user_key: int, now: float, *, actor: str = "") -> None:
        await self._change(users.remove_user, user_key, now, actor)

    async def set_password(
        self,
        user_key: int,
        password: str,
        now: float,
        but: bytes | None = None,
        known: str | None = None,
        *,
        actor: str = "",
    ) -> None:
        """Store a new hash ('': no password fits); the user's links and all sessions but `but` end with it.

        NotAuthorized when the old hash is no longer `known`: who knew an older password changes nothing.
        """
        await self._change(users.set_password, user_key, password, now, actor, but, known)

    async def add_session(self, session: Session, password: str | None = None) -> None:
        """Keep a session; NotAuthorized when its user is gone, or `password` is no longer the user's hash."""
        await self._change(sessions.add_session, session, password)

    async def touch_sessions(self, seen: Sequence[tuple[bytes, int]]) -> None:
        """(digest, UTC second) of sessions that were used; those that ended meanwhile stay ended."""
        await self._change(sessions.touch_sessions, seen)

    async def end_session(self, digest: bytes) -> None:
        await self._change(sessions.end_session, digest)

    async def end_sessions(self, user_key: int, but: bytes | None = None) -> None:
        await self._change(sessions.end_sessions, user_key, but)

    async def add_invitation(self, invitation: Invitation, now: float, *, actor: str = "") -> None:
        await self._change(invitations.add_invitation, invitation, now, actor)

    async def take_invitation(self, digest: bytes, now: float, *, actor: str = "") -> None:
        await self._change(invitations.take_invitation, digest, now, actor)

    async def accept_invitation(self, digest: bytes, password: str, now: float, *, actor: str = "") -> None:
        """NotAuthorized for a link that is not known or is over."""
        await self._change(invitations.accept_invitation, digest, password, now, actor)

    async def expire_accounts(self, now: float) -> Mapping[str, int]:
        """Remove sessions and links that are over; returns how many."""
        return await self._change(_expire, now)

    async def add_annotation(self, annotation: Annotation, now: float, *, actor: str = "") -> Annotation:
        return await self._change(add_annotation, annotation, now, actor)

    async def remove_annotation(self, site_key: int, key: int, now: float, *, actor: str = "") -> None:
        """UsageError when there is no such annotation of this very site."""
        await self._change(remove_annotation, site_key, key, now, actor)


def _expire(connection: sqlite3.Connection, now: float) -> dict[str, int]:
    return {
        "sessions": sessions.expire_sessions(connection, now),
        "invitations": invitations.expire_invitations(connection, now),
    }
