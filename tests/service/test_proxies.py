"""Which peers look like a proxy that config.toml does not name, and which header they name visitors in."""

from __future__ import annotations

import pytest

from counter.service.proxies import FEWEST, MOST, ProxySign, ProxySigns
from tests.kit.app import Start

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
    proxies = ProxySigns()
    for _ in range(requests):
        proxies.note(peer, "X-Forwarded-For", trusted=False)
    assert (proxies.likely(answered) == [ProxySign(peer, "X-Forwarded-For", False, requests)]) is expected


@pytest.mark.parametrize(("requests", "expected"), [(1, False), (FEWEST, False), (100, True)])
def test_another_header_of_a_trusted_proxy_must_come_with_many_hits(requests: int, expected: bool) -> None:
    """It may be a stranger's own, which the proxy only passed on."""
    proxies = ProxySigns()
    for _ in range(requests):
        proxies.note("127.0.0.1", "CF-Connecting-IP", trusted=True)
    assert bool(proxies.likely(1000)) is expected


def test_strangers_can_not_fill_the_memory_nor_drive_a_proxy_out() -> None:
    proxies = ProxySigns()
    for number in range(10_000):
        proxies.note("8.8.8.8", "X-Real-IP", trusted=False)
        proxies.note(f"9.{number >> 8 & 255}.{number & 255}.1", "X-Real-IP", trusted=False)
    assert len(proxies.all()) == MOST
    assert proxies.all()[0] == ProxySign("8.8.8.8", "X-Real-IP", False, 10_000)
    assert proxies.untrusted_requests == 20_000


VISITOR = "198.51.100.7"
# [server] address_header, the headers of a trusted proxy, the address that counts
BELIEVED = [
    ("X-Real-IP", {"X-Real-IP": VISITOR}, VISITOR),
    ("X-Real-IP", {"X-Real-IP": VISITOR, "X-Forwarded-For": "203.0.113.9"}, VISITOR),
    ("X-Real-IP", {"X-Forwarded-For": VISITOR}, "127.0.0.1"),
    ("X-Forwarded-For", {"X-Real-IP": VISITOR}, "127.0.0.1"),
    ("cf-connecting-ip", {"CF-Connecting-IP": "2001:db8::7"}, "2001:db8::7"),
    ("X-Azure-ClientIP", {"X-Azure-ClientIP": f"{VISITOR}:4711"}, VISITOR),
    ("Forwarded", {"Forwarded": f"for={VISITOR};proto=https;by=203.0.113.43"}, VISITOR),
    ("Forwarded", {"Forwarded": f'proto=http; FOR = "{VISITOR}:80"'}, VISITOR),
    ("Forwarded", {"Forwarded": 'for="[2001:db8:cafe::17]:4711"'}, "2001:db8:cafe::17"),
    ("Forwarded", {"Forwarded": f"for=203.0.113.9, for={VISITOR}, for=127.0.0.1"}, VISITOR),
    ("Forwarded", {"Forwarded": f'for=", for={VISITOR}'}, VISITOR),  # a stranger's open quote
    ("Forwarded", {"Forwarded": f"for={VISITOR}, for=unknown"}, "127.0.0.1"),
    ("Forwarded", {"Forwarded": f"for={VISITOR}, for=_hidden"}, "127.0.0.1"),
    ("Forwarded", {"Forwarded": f"by={VISITOR}"}, "127.0.0.1"),
    ("Forwarded", {"Forwarded": ""}, "127.0.0.1"),
]


@pytest.mark.parametrize(("header", "sent", "address"), BELIEVED)
async def test_a_trusted_proxy_names_the_visitor_in_the_configured_header(
    start: Start, header: str, sent: dict[str, str], address: str
) -> None:
    counter = await start(server={"address_header": header})
    await counter.hit(ip="", headers=sent)
    assert [hit["ip"] for hit in counter.hits()] == [address]


async def test_no_header_of_a_peer_that_is_not_trusted_is_believed(start: Start) -> None:
    counter = await start(server={"trusted_proxies": [], "address_header": "Forwarded"})
    for header in ("X-Real-IP", "CF-Connecting-IP", "X-Forwarded-For"):
        await counter.hit(ip="", headers={header: VISITOR})
    await counter.hit(ip="", headers={"Forwarded": f"for={VISITOR}"})
    assert {hit["ip"] for hit in counter.hits()} == {"127.0.0.1"}
    assert [one.header for one in counter.service.proxies.all()] == [
        "CF-Connecting-IP", "Forwarded", "X-Forwarded-For", "X-Real-IP",
    ]  # fmt: skip
    [notice] = [one for one in (await (await counter.get("/readyz")).json())["notices"] if "trusted_proxies" in one]
    assert "CF-Connecting-IP" in notice


async def test_another_header_that_would_tell_visitors_apart_is_noticed(start: Start) -> None:
    counter = await start()
    for number in range(FEWEST):
        await counter.hit(ip="", headers={"X-Real-IP": f"198.51.100.{number}"})
    [notice] = [one for one in (await (await counter.get("/readyz")).json())["notices"] if "address_header" in one]
    assert "sends X-Real-IP" in notice
    assert "address_header is X-Forwarded-For" in notice


async def test_a_delivery_network_in_front_of_the_proxy_is_noticed(start: Start) -> None:
    """Its own machine is what X-Forwarded-For ends at; one that agrees with the network's header is no fault."""
    counter = await start()
    await counter.hit(ip=f"{VISITOR}, 203.0.113.44", headers={"CF-Connecting-IP": VISITOR})
    await counter.hit(ip=VISITOR, headers={"CF-Connecting-IP": VISITOR})
    assert counter.service.proxies.all() == [ProxySign("127.0.0.1", "CF-Connecting-IP", True, 1)]
