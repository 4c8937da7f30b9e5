"""What a service is without HTTP: the store, the one writer, and what of the store is in memory.

A command without a running service has a core of its own; `Service` adds what serving needs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from counter.clock import Clock
from counter.config import Config
from counter.service.accounts import AccountBook
from counter.service.book import Book
from counter.service.writer import Writer
from counter.site import Sites, Token
from counter.store.open import Store
from counter.store.protocols import Appended


@dataclass(slots=True, kw_only=True)
class Core:
    """All that a change needs: it writes through the store, and reloads what of it is here."""

    config: Config
    clock: Clock
    store: Store
    sites: Sites = field(default_factory=Sites)
    tokens: dict[bytes, Token] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    accounts: AccountBook = field(default_factory=AccountBook)
    accounts_turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one reads them at a time: the last is newest
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.store, self.clock, self.config.storage.queue_hits, self.committed)

    def committed(self, appended: Appended) -> None:
        """A batch is durable: what it gained is in memory before its hits are answered."""
        self.book.add(appended.gained)

    async def load(self) -> None:
        """At the start: all that is stored."""
        await self.reload_sites()
        await self.reload_accounts()

    async def reload_sites(self) -> None:
        """After a change of the catalog: what is in force is what is stored, and no batch comes between."""
        async with self.writer.turn:
            self.sites.replace(await self.store.catalog.sites())
            self.tokens = await self.store.catalog.tokens()
            self.book.load(await self.store.reports.day_totals(), await self.store.reports.history())
            self.book.load_page_starts(await self.store.catalog.page_starts())

    async def reload_accounts(self) -> None:
        """After each change of a user, a session or a link: who may do what is what is stored when this was called."""
        async with self.accounts_turn:
            users, invitations = await self.store.accounts.users(), await self.store.accounts.invitations()
            self.accounts.load(users, await self.store.accounts.sessions(), invitations)
