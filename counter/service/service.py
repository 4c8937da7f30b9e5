"""What the routes share: the parts of one running service, put together in `counter.app`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from counter.address import Networks
from counter.clock import Clock
from counter.collect.pipeline import Pipeline
from counter.config import Config
from counter.errors import NotAuthorized, StoreError
from counter.passwords import Passwords
from counter.service.accounts import AccountBook
from counter.service.book import Book
from counter.service.countries import Countries
from counter.service.last_check import Checked
from counter.service.online import Online
from counter.service.proxies import UntrustedPeers
from counter.service.salts import ServiceSalts
from counter.service.writer import Writer
from counter.site import Sites, Token, TokenMay
from counter.store.open import Store
from counter.store.protocols import Appended
from counter.trust import Moment, Trust


@dataclass(slots=True)
class Service:
    """One running service."""

    config: Config
    clock: Clock
    store: Store
    sites: Sites
    salts: ServiceSalts  # the pipeline's
    pipeline: Pipeline
    trusted_proxies: Networks
    book: Book = field(default_factory=Book)
    online: Online = field(default_factory=Online)
    tokens: dict[bytes, Token] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)  # answers given, by X-Counter
    unknown_keys: int = 0
    untrusted: UntrustedPeers = field(default_factory=UntrustedPeers)
    checked: Checked | None = None  # the last check of all numbers
    trust: Trust | None = None  # in the clock, at the last look
    doubt_seen: Moment | None = None  # the first look in a doubt that goes on
    notices: list[str] = field(default_factory=list)  # what the owner should know, for /readyz
    accounts: AccountBook = field(default_factory=AccountBook)
    accounts_turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one reads them at a time: the last is newest
    passwords: Passwords = field(default_factory=Passwords)
    watchers: list[Callable[[Appended], None]] = field(default_factory=list)  # told of each batch, after the numbers
    countries: Countries = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.countries = Countries(self.store.reports)
        self.writer = Writer(self.store, self.clock, self.config.storage.queue_hits, self.committed)

    @property
    def failing(self) -> StoreError | None:
        """Why a hit that came now would not be stored; None when it would."""
        return self.writer.failing or self.salts.failing

    def committed(self, appended: Appended) -> None:
        """A batch is durable: its numbers show before its hits are answered."""
        self.book.add(appended.gained)
        self.online.see(appended.seen)
        for told in self.watchers:
            told(appended)

    async def reload_sites(self) -> None:
        """After a change of the catalog: what is in force is what is stored, and no batch comes between."""
        async with self.writer.turn:
            self.sites.replace(await self.store.sites())
            self.tokens = await self.store.tokens()
            self.book.load(await self.store.reports.day_totals(), await self.store.reports.history())

    async def reload_accounts(self) -> None:
        """After each change of a user, a session or a link: who may do what is what is stored when this was called."""
        async with self.accounts_turn:
            users, invitations = await self.store.users(), await self.store.invitations()
            self.accounts.load(users, await self.store.sessions(), invitations)

    def token_site(self, header: str, may: TokenMay = TokenMay.WRITE) -> int | None:
        """The site key of a `Bearer` token, None without one; NotAuthorized for one that is not known, or may not."""
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        digest = token_digest(secret.strip())
        for known, token in self.tokens.items():
            if hmac.compare_digest(known, digest):
                if token.may == may:
                    return token.site_key
                raise NotAuthorized(f"this is a token to {token.may}, and one to {may} is needed; {_MAKE_TOKEN[may]}")
        raise NotAuthorized(f"the {may} token is not known; {_MAKE_TOKEN[may]}")


_MAKE_TOKEN = {
    TokenMay.WRITE: "make one with 'counter site token ID'",
    TokenMay.READ: "make one with 'counter site token ID --read'",
}


def token_digest(token: str) -> bytes:
    """What is stored of a token; the token itself is 256 random bits and shown once."""
    return hashlib.blake2b(token.encode("utf-8", "surrogateescape"), digest_size=32).digest()


SERVICE = web.AppKey("service", Service)
