"""Proxies that config.toml does not name, or whose visitors another header would tell apart.

Anyone may send such a header, so what is kept is bounded, stays in memory, and is shown to the owner only.
"""

from __future__ import annotations

import ipaddress
from typing import Final, NamedTuple

MOST: Final = 20  # peers
FEWEST: Final = 10  # requests before a peer is called a proxy

# Headers in which proxies say whose request it is, the usual first. Those of a delivery network hold one address.
NETWORK_HEADERS: Final = ("CF-Connecting-IP", "True-Client-IP", "Fastly-Client-IP", "Fly-Client-IP")
ADDRESS_HEADERS: Final = ("X-Forwarded-For", "X-Real-IP", *NETWORK_HEADERS, "Forwarded", "X-Client-IP")


class ProxySign(NamedTuple):
    """A peer that names other addresses in a header that is not believed."""

    peer: str  # '' for a unix socket
    header: str  # as ADDRESS_HEADERS or config.toml spell it
    trusted: bool  # in [server] trusted_proxies: then [server] address_header is another one
    requests: int


class ProxySigns:
    """Counts requests by peer and header; when all places are taken, the one with the fewest makes room."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, bool], int] = {}
        self.untrusted_requests = 0

    def note(self, peer: str, header: str, *, trusted: bool) -> None:
        """One more request of `peer`, '' for a unix socket, with `header`."""
        self.untrusted_requests += not trusted
        key = (peer, header, trusted)
        if key not in self._counts and len(self._counts) >= MOST:
            del self._counts[min(self._counts, key=self._counts.__getitem__)]
        self._counts[key] = self._counts.get(key, 0) + 1

    def all(self) -> list[ProxySign]:
        """Everything that is remembered, most requests first."""
        seen = [ProxySign(*key, count) for key, count in self._counts.items()]
        return sorted(seen, key=lambda one: (-one.requests, one))

    def likely(self, answered: int) -> list[ProxySign]:
        """Those that look like a proxy and not like a stranger who plays with headers.

        The sender of a tenth of all hits, of which there were `answered`; or a peer of our own machine or network
        that is not trusted. A trusted one may pass a stranger's header on, so being near says nothing of it.
        """
        many = max(FEWEST, answered / 10)
        return [one for one in self.all() if one.requests >= many or (not one.trusted and is_near(one.peer))]


def is_near(peer: str) -> bool:
    """Whether a peer is a unix socket, this machine, or of a private network."""
    try:
        return not peer or ipaddress.ip_address(peer.partition("%")[0]).is_private
    except ValueError:
        return False
