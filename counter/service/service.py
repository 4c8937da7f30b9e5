"""What the routes share: the parts of one running service, put together in `counter.app`."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from counter.address import Networks
from counter.collect.pipeline import Pipeline
from counter.errors import NotAuthorized, StoreError
from counter.passwords import Passwords
from counter.service.book import Snapshots
from counter.service.core import Core
from counter.service.countries import Countries
from counter.service.last_check import Checked
from counter.service.online import Online
from counter.service.proxies import ProxySigns
from counter.service.salts import ServiceSalts
from counter.site import TokenMay
from counter.store.protocols import Appended
from counter.trust import Moment, Trust


@dataclass(slots=True, kw_only=True)
class Service(Core):
    """One running service."""

    salts: ServiceSalts  # the pipeline's
    pipeline: Pipeline
    trusted_proxies: Networks
    online: Online = field(default_factory=Online)
    outcomes: Counter[str] = field(default_factory=Counter)  # answers given, by X-Counter
    unknown_keys: int = 0
    proxies: ProxySigns = field(default_factory=ProxySigns)
    checked: Checked | None = None  # the last check of all numbers
    trust: Trust | None = None  # in the clock, at the last look
    doubt_since: Moment | None = None  # the first look in a doubt that goes on
    notices: list[str] = field(default_factory=list)  # what the owner should know, for /readyz
    passwords: Passwords = field(default_factory=Passwords)
    watchers: list[Callable[[Appended], None]] = field(default_factory=list)  # told of each batch, after the numbers
    countries: Countries = field(init=False)
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        Core.__post_init__(self)  # a dataclass with slots is another class than the one that super() would mean
        self.countries = Countries(self.store.reports)
        self.snapshots = Snapshots(self.book, self.online, self.sites, self.store.reports, self.clock)

    def committed(self, appended: Appended) -> None:
        """A batch is durable: its numbers show before its hits are answered."""
        Core.committed(self, appended)
        self.online.see(appended.seen)
        for told in self.watchers:
            told(appended)

    @property
    def failing(self) -> StoreError | None:
        """Why a hit that came now would not be stored; None when it would."""
        return self.writer.failing or self.salts.failing

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
