"""Changes of users, their sessions and links. Secrets are digests or hashes here already."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from counter.accounts import Invitation, Session, User
from counter.service.changes.change import ActorChange, ChangedCore


class AddUser(ActorChange, frozen=True, tag=True):
    """Make an account. Returns it with its key; UsageError when it may not be."""

    user: User

    async def apply(self, core: ChangedCore) -> User:
        made = await core.store.accounts.add_user(self.user, core.clock.now(), actor=self.actor)
        await core.reload_accounts()
        return made


class ChangeUser(ActorChange, frozen=True, tag=True):
    """Store `user`; UsageError when it is no longer `before`, which it was made from. Returns it."""

    user: User
    before: User

    async def apply(self, core: ChangedCore) -> User:
        changed = await core.store.accounts.change_user(self.user, core.clock.now(), self.before, actor=self.actor)
        await core.reload_accounts()
        return changed


class RemoveUser(ActorChange, frozen=True, tag=True):
    """Remove an account with its sessions and links; UsageError for the last owner."""

    user_key: int

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.remove_user(self.user_key, core.clock.now(), actor=self.actor)
        await core.reload_accounts()


class SetPassword(ActorChange, frozen=True, tag=True):
    """Store a hash ('': no password fits); links and all sessions but `but` end.

    NotAuthorized when the hash before is no longer `before`.
    """

    user_key: int
    password: str
    but: bytes | None = None
    before: str | None = None  # a hash; None: whatever it is

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.set_password(
            self.user_key, self.password, core.clock.now(), self.but, self.before, actor=self.actor
        )
        await core.reload_accounts()


class Invite(ActorChange, frozen=True, tag=True):
    """Keep a link to choose a password; an older one of the same user works no longer."""

    invitation: Invitation

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.add_invitation(self.invitation, core.clock.now(), actor=self.actor)
        await core.reload_accounts()


class AcceptInvitation(ActorChange, frozen=True, tag=True):
    """A link was used: the hash is its user's from now on. NotAuthorized for one that is not known or is over."""

    digest: bytes
    password: str

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.accept_invitation(self.digest, self.password, core.clock.now(), actor=self.actor)
        await core.reload_accounts()


class BeginSession(ActorChange, frozen=True, tag=True):
    """Sign in, in the place of the session that the browser had; NotAuthorized when the hash is another by now."""

    session: Session
    password: str  # the hash that was asked for
    former: bytes | None = None  # the digest of the session before

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.add_session(self.session, self.password)
        if self.former is not None:
            await core.store.accounts.end_session(self.former)
        await core.reload_accounts()


class EndSession(ActorChange, frozen=True, tag=True):
    digest: bytes

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.end_session(self.digest)
        await core.reload_accounts()


class EndOtherSessions(ActorChange, frozen=True, tag=True):
    """End all sessions of a user but one."""

    user_key: int
    but: bytes

    async def apply(self, core: ChangedCore) -> None:
        await core.store.accounts.end_sessions(self.user_key, self.but)
        await core.reload_accounts()


class NoteUse(ActorChange, frozen=True, tag=True):
    """A session is in use; one that ended meanwhile stays ended."""

    session: Session  # as it is known

    async def apply(self, core: ChangedCore) -> None:
        now, digest = int(core.clock.now()), self.session.digest
        if digest in core.accounts.sessions:  # in memory first: the next request must not write again
            core.accounts.sessions[digest] = msgspec.structs.replace(self.session, seen_at=now)
            await core.store.accounts.touch_sessions([(digest, now)])


class ExpireAccounts(ActorChange, frozen=True, tag=True):
    """Remove sessions and links that are over. Returns how many of each."""

    async def apply(self, core: ChangedCore) -> Mapping[str, int]:
        gone = await core.store.accounts.expire_accounts(core.clock.now())
        if any(gone.values()):
            await core.reload_accounts()
        return gone
