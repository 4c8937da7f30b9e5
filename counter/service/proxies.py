"""Peers that send X-Forwarded-For but are not trusted: the sign of a proxy that config.toml does not name.

Anyone may send the header, so what is kept is bounded, stays in memory, and is shown to the owner only.
"""

from __future__ import annotations

import ipaddress
from typing import Final

MOST: Final = 20  # peers
FEWEST: Final = 10  # requests before a peer is called a proxy


class UntrustedPeers:
    """Counts requests by peer; when all places are taken, the one with the fewest makes room."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.requests = 0

    def note(self, peer: str) -> None:
        """One more request of `peer`, '' for a unix socket."""
        self.requests += 1
        if peer not in self._counts and len(self._counts) >= MOST:
            del self._counts[min(self._counts, key=self._counts.__getitem__)]
        self._counts[peer] = self._counts.get(peer, 0) + 1

    def peers(self) -> list[tuple[str, int]]:
        """Peers and their requests, most first."""
        return sorted(self._counts.items(), key=lambda one: (-one[1], one[0]))

    def proxies(self, answered: int) -> list[tuple[str, int]]:
        """Those that look like a proxy and not like a stranger who plays with headers.

        Of our own machine or network; or the sender of a tenth of all hits, of which there were `answered`.
        """
        return [(peer, count) for peer, count in self.peers() if is_near(peer) or count >= max(FEWEST, answered / 10)]


def is_near(peer: str) -> bool:
    """Whether a peer is a unix socket, this machine, or of a private network."""
    try:
        return not peer or ipaddress.ip_address(peer.partition("%")[0]).is_private
    except ValueError:
        return False
