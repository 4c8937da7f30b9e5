"""The accounts in memory: who is signed in is asked on every page, and must not wait for the store."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from counter.accounts import Invitation, Session, User, same_login


def new_secret() -> str:
    """256 random bits for a cookie, a link or the first owner; what is stored of them is `token_digest`."""
    return secrets.token_urlsafe(32)


@dataclass(slots=True, repr=False)  # what is in it is not to be logged
class AccountBook:
    """What is stored of users, sessions and links; replaced whole by `Core.reload_accounts`."""

    users: dict[int, User] = field(default_factory=dict)  # by key
    sessions: dict[bytes, Session] = field(default_factory=dict)  # by digest; `over` says whether one still counts
    invitations: dict[bytes, Invitation] = field(default_factory=dict)  # by digest; the same
    setup_secret: str = field(default_factory=new_secret)  # who knows it may make the first owner

    @property
    def needs_setup(self) -> bool:
        """Whether there is no owner yet: only then the setup secret is of use."""
        return not any(user.owner for user in self.users.values())

    def by_login(self, text: str) -> User | None:
        """The user of a login as it was typed, in any case of letters."""
        wanted = same_login(text)
        return next((user for user in self.users.values() if same_login(user.login) == wanted), None)

    def load(self, users: Iterable[User], sessions: Iterable[Session], invitations: Iterable[Invitation]) -> None:
        """Replace all. Sessions and links of nobody are left out; when a session was seen is what is later."""
        self.users = {user.key: user for user in users}
        self.sessions = {one.digest: self._as_seen(one) for one in sessions if one.user_key in self.users}
        self.invitations = {one.digest: one for one in invitations if one.user_key in self.users}

    def _as_seen(self, stored: Session) -> Session:
        known = self.sessions.get(stored.digest, stored)
        return msgspec.structs.replace(stored, seen_at=max(stored.seen_at, known.seen_at))
