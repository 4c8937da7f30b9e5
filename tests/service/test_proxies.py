"""Which peers look like a proxy that config.toml does not name."""

from __future__ import annotations

import pytest

from counter.service.proxies import FEWEST, MOST, UntrustedPeers

# peer, its requests, hits answered, whether it looks like a proxy
PEERS = [
    ("127.0.0.1", 1, 1000, True),
    ("::1", 1, 1000, True),
    ("10.0.0.2", 1, 1000, True),
    ("172.17.0.1", 1, 1000, True),
    ("fe80::1%eth0", 1, 1000, True),
    ("", 1, 1000, True),
    ("198.18.0.1", 1, 1000, True),
    ("8.8.8.8", 1, 1, False),
    ("8.8.8.8", FEWEST, FEWEST, True),
    ("8.8.8.8", FEWEST, 1000, False),
    ("2606:4700::1", 100, 1000, True),
    ("nonsense", 1, 1000, False),
]


@pytest.mark.parametrize(("peer", "requests", "answered", "expected"), PEERS)
def test_a_proxy_is_near_or_brings_many_hits(peer: str, requests: int, answered: int, expected: bool) -> None:
    peers = UntrustedPeers()
    for _ in range(requests):
        peers.note(peer)
    assert (peers.proxies(answered) == [(peer, requests)]) is expected


def test_strangers_can_not_fill_the_memory_nor_drive_a_proxy_out() -> None:
    peers = UntrustedPeers()
    for number in range(10_000):
        peers.note("8.8.8.8")
        peers.note(f"9.{number >> 8 & 255}.{number & 255}.1")
    assert len(peers.peers()) == MOST
    assert peers.peers()[0] == ("8.8.8.8", 10_000)
    assert peers.requests == 20_000
