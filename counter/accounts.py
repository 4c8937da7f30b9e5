"""The noun User and what belongs to an account: sessions, invitations, annotations and audit lines."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from counter.errors import BadInput
from counter.site import TokenMay

DAY: Final = 86_400  # seconds
SESSION_LASTS: Final = 30 * DAY  # seconds after signing in, however busy
SESSION_IDLE: Final = 7 * DAY  # seconds without a request
INVITATION_LASTS: Final = DAY  # seconds
THEMES: Final = ("", "light", "dark")  # '' follows the reader's system
SHORTEST_PASSWORD: Final = 10  # characters
LONGEST_PASSWORD: Final = 256  # characters
LONGEST_LANGUAGE: Final = 35  # characters of BCP 47
LONGEST_ANNOTATION: Final = 500  # characters

# Controls, line breaks and direction overrides; joiners stay, because emoji and Persian need them.
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LOGIN = re.compile(r"[A-Za-z0-9._@+-]{1,64}")
_COMMONEST = frozenset({
    "0000000000", "0123456789", "0987654321", "1111111111", "1234512345", "123456789a", "1234567890", "12345678910",
    "1q2w3e4r5t", "1qaz2wsx3edc", "9876543210", "aa12345678", "aaaaaaaaaa", "abcd123456", "abcdefghij",
    "administrator", "asdfghjkl123", "baseball123", "changeme123", "football123", "iloveyou123", "letmein123",
    "password01", "password12", "password123", "password1234", "passwordpassword", "princess123", "q1w2e3r4t5",
    "qwerty12345", "qwerty123456", "qwertyuiop", "qwertyuiop123", "welcome123", "zaq12wsxcde3",
})  # fmt: skip


class Role(StrEnum):
    OWNER = "owner"  # everything, on every site
    ADMIN = "admin"  # changes one site
    VIEWER = "viewer"  # reads one site


class User(msgspec.Struct, frozen=True):
    """One account. `key` is never reused; `login` is what its holder types, in upper or lower case."""

    key: int
    login: str
    owner: bool = False
    access: dict[int, Role] = {}  # by site key: ADMIN or VIEWER
    password: str = ""  # an argon2 hash; '' until a one-time link was used
    language: str = ""  # BCP 47; '' is what the browser asks for
    theme: str = ""  # one of THEMES
    made_at: int = 0  # UTC seconds

    def role(self, site_key: int) -> Role | None:
        """The user's role on a site: OWNER everywhere for an owner, None without access."""
        return Role.OWNER if self.owner else self.access.get(site_key)


class Session(msgspec.Struct, frozen=True):
    """A browser that is signed in; only the digest of its secret is stored."""

    digest: bytes
    user_key: int
    made_at: int  # UTC seconds
    seen_at: int  # UTC seconds
    agent: str = ""  # as shown to the user: "Firefox on Linux"

    def over(self, now: float) -> bool:
        """Whether it has ended: too old, or idle for too long."""
        return now >= min(self.made_at + SESSION_LASTS, self.seen_at + SESSION_IDLE)


class Invitation(msgspec.Struct, frozen=True):
    """A one-time link to choose a password; only the digest of its secret is stored."""

    digest: bytes
    user_key: int
    until: int  # UTC seconds

    def over(self, now: float) -> bool:
        return now >= self.until


class Annotation(msgspec.Struct, frozen=True):
    """What happened on a day of a site, in the words of a user."""

    key: int
    site_key: int
    day: int  # local
    text: str
    login: str  # the author's, even after the account is gone


class SiteToken(msgspec.Struct, frozen=True):
    """A token as the list of its site shows it."""

    digest: bytes
    may: TokenMay
    made_at: int  # UTC seconds


class AuditLine(NamedTuple):
    """A change by an owner or an admin; never with a secret in it."""

    at: int  # UTC seconds
    site_id: str  # '' when it concerns no single site
    action: str
    detail: str
    actor: str = ""  # a login, or what acts by itself, such as the command line; '' before it was kept


def same_login(login: str) -> str:
    """The key under which equal logins compare equal: ASCII case is ignored, nothing else is folded."""
    return login.lower() if login.isascii() else login


def check_login(text: str) -> str:
    """The login as it is stored, or BadInput."""
    if not _LOGIN.fullmatch(text):
        raise BadInput(f"the login is {text[:80]!r}, it must be 1 to 64 of the letters a-z, digits and . _ @ + -")
    return text


def check_password(password: str, login: str) -> None:
    """BadInput for a password that is guessed first or can't be typed again; the message does not repeat it."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(
            f"the password has {len(password)} characters, it must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}"
        )
    if any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in password):
        raise BadInput("the password has characters that can't be typed; letters, digits, signs and spaces can")
    folded = password.lower()
    if login and not folded.replace(same_login(login), ""):
        raise BadInput("the password is only the login, again and again; choose one that nobody can guess")
    if folded in _COMMONEST:
        raise BadInput("the password is one of the commonest there are; choose one that nobody can guess")


def check_annotation(text: str) -> str:
    """The text as it is stored, or BadInput."""
    kept = text.strip()
    if not 1 <= len(kept) <= LONGEST_ANNOTATION or _NO_TEXT.search(kept):
        raise BadInput(
            f"the annotation has {len(kept)} characters, it must have 1 to {LONGEST_ANNOTATION}, in one line and"
            " without control characters"
        )
    return kept
