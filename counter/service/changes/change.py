"""What all changes have in common: an actor, and a way to be applied."""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

import msgspec

from counter.clock import Clock
from counter.service.accounts import AccountBook
from counter.service.writer import Writer
from counter.site import Sites
from counter.store.protocols import StoreParts

Result_co = TypeVar("Result_co", covariant=True)

# Who changes something without having signed in; anybody else is a login.
COMMAND_LINE: Final = "command line"
NIGHTLY: Final = "nightly"
CONFIG: Final = "config.toml"


class ChangedCore(Protocol):
    """What a change is applied to: `counter.service.core.Core`, with or without a service around it."""

    @property
    def clock(self) -> Clock: ...

    @property
    def store(self) -> StoreParts: ...

    @property
    def writer(self) -> Writer: ...

    @property
    def sites(self) -> Sites: ...

    @property
    def accounts(self) -> AccountBook: ...

    async def reload_sites(self) -> None: ...

    async def reload_accounts(self) -> None: ...


class Change(Protocol[Result_co]):
    """Any change: a struct that can be sent through the command socket."""

    async def apply(self, core: ChangedCore) -> Result_co:
        """Write, and bring what is in memory up to date with what was written. What is refused is not written."""


class ActorChange(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of every change."""

    actor: str  # who makes it, for the audit log: a login, or one of those above
