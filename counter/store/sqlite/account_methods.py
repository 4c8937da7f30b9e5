"""The methods of `counter.store.protocols.Accounts`: questions through the readers, changes through the writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from counter.accounts import Annotation, AuditLine, Invitation, Session, SiteToken, User
from counter.store.sqlite import accounts, notes
from counter.store.sqlite.readers import Readers

T = TypeVar("T")


class AsksAccounts:
    """What can be asked without the lock."""

    _readers: Readers

    async def users(self) -> list[User]:
        return await self._readers.ask(accounts.read_users)

    async def sessions(self) -> list[Session]:
        return await self._readers.ask(accounts.read_sessions)

    async def invitations(self) -> list[Invitation]:
        return await self._readers.ask(accounts.read_invitations)

    async def audit_log(self, site_key: int | None, limit: int) -> list[AuditLine]:
        return await self._readers.ask(partial(notes.read_audit, site_key=site_key, limit=limit))

    async def site_tokens(self, site_key: int) -> list[SiteToken]:
        return await self._readers.ask(partial(notes.read_site_tokens, site_key=site_key))


class ChangesAccounts:
    """What the holder of the lock changes, each in one transaction."""

    async def _change(self, function: Callable[..., T], *args: object, after: Callable[[], None] | None = None) -> T:
        raise NotImplementedError  # the store's own

    async def add_user(self, user: User, now: float) -> User:
        return await self._change(accounts.add_user, user, now)

    async def change_user(self, user: User, now: float, known: User | None = None) -> User:
        """Store `user`. UsageError when it is no longer `known`, from which it was made: no change undoes another."""
        return await self._change(accounts.change_user, user, now, known)

    async def remove_user(self, user_key: int, now: float) -> None:
        await self._change(accounts.remove_user, user_key, now)

    async def set_password(
        self, user_key: int, password: str, now: float, but: bytes | None = None, known: str | None = None
    ) -> None:
        """Store a new hash ('': no password fits); the user's links and all sessions but `but` end with it.

        NotAuthorized when the old hash is no longer `known`: who knew an older password changes nothing.
        """
        await self._change(accounts.set_password, user_key, password, now, but, known)

    async def add_session(self, session: Session, password: str | None = None) -> None:
        """Keep a session; NotAuthorized when its user is gone, or `password` is no longer the user's hash."""
        await self._change(accounts.add_session, session, password)

    async def touch_sessions(self, seen: Sequence[tuple[bytes, int]]) -> None:
        await self._change(accounts.touch_sessions, seen)

    async def end_session(self, digest: bytes) -> None:
        await self._change(accounts.end_session, digest)

    async def end_sessions(self, user_key: int, but: bytes | None = None) -> None:
        await self._change(accounts.end_sessions, user_key, but)

    async def add_invitation(self, invitation: Invitation, now: float) -> None:
        await self._change(accounts.add_invitation, invitation, now)

    async def take_invitation(self, digest: bytes, now: float) -> None:
        await self._change(accounts.take_invitation, digest, now)

    async def accept_invitation(self, digest: bytes, password: str, now: float) -> None:
        """NotAuthorized for a link that is not known or is over."""
        await self._change(accounts.accept_invitation, digest, password, now)

    async def expire_accounts(self, now: float) -> Mapping[str, int]:
        """Remove sessions and links that are over; returns how many."""
        return await self._change(accounts.expire, now)

    async def add_annotation(self, annotation: Annotation, now: float) -> Annotation:
        return await self._change(notes.add_annotation, annotation, now)

    async def remove_annotation(self, site_key: int, key: int, now: float) -> None:
        await self._change(notes.remove_annotation, site_key, key, now)

    async def remove_token(self, site_key: int, digest: bytes, now: float) -> None:
        await self._change(notes.remove_token, site_key, digest, now)
