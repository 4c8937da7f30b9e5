"""The client's address comes from the socket, or from proxies the owner trusts, and from nowhere else."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.address import Networks, canonical, client_address, group, mask
from counter.errors import ConfigError

NONE = Networks()
LOOPBACK = Networks(["127.0.0.1", "::1"])
CHAIN = Networks(["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48"])
UNIX = Networks(["unix:"])
UNIX_CHAIN = Networks(["unix:", "10.0.0.0/8"])
EVERYONE = Networks(["0.0.0.0/0", "::/0"])

# peer, X-Forwarded-For lines, trusted networks, the client
CASES: list[tuple[str | None, list[str], Networks, str]] = [
    # A peer that is not trusted is the client, whatever it says.
    ("203.0.113.7", [], NONE, "203.0.113.7"),
    ("203.0.113.7", ["1.2.3.4"], NONE, "203.0.113.7"),
    ("203.0.113.7", ["1.2.3.4"], LOOPBACK, "203.0.113.7"),
    ("203.0.113.7", ["127.0.0.1"], LOOPBACK, "203.0.113.7"),
    ("203.0.113.7", ["1.2.3.4, 10.0.0.1"], CHAIN, "203.0.113.7"),
    ("203.0.113.7", ["junk"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["1.2.3.4"], NONE, "127.0.0.1"),
    ("127.0.0.2", ["1.2.3.4"], LOOPBACK, "127.0.0.2"),
    ("2001:db8::7", ["1.2.3.4"], LOOPBACK, "2001:db8::7"),
    ("2001:db8:fffe::1", ["1.2.3.4"], CHAIN, "2001:db8:fffe::1"),
    # A dual-stack socket shows IPv4 peers as mapped IPv6.
    ("::ffff:203.0.113.7", [], NONE, "203.0.113.7"),
    ("::ffff:127.0.0.1", ["1.2.3.4"], LOOPBACK, "1.2.3.4"),
    ("::ffff:10.1.2.3", ["1.2.3.4"], CHAIN, "1.2.3.4"),
    ("fe80::1%eth0", [], NONE, "fe80::1"),
    ("2001:DB8::7", [], NONE, "2001:db8::7"),
    # One trusted proxy.
    ("127.0.0.1", [], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113.7"], LOOPBACK, "203.0.113.7"),
    ("::1", ["203.0.113.7"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["2001:db8::7"], LOOPBACK, "2001:db8::7"),
    ("127.0.0.1", ["1.2.3.4, 203.0.113.7"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["127.0.0.1, 203.0.113.7"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7, 127.0.0.1"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["127.0.0.1"], LOOPBACK, "127.0.0.1"),
    # A chain is walked from the right.
    ("127.0.0.1", ["203.0.113.7, 10.0.0.1"], CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7, 10.0.0.2, 10.0.0.1"], CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["1.1.1.1, 203.0.113.7, 10.0.0.1"], CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["10.0.0.9, 203.0.113.7, 10.0.0.1"], CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7, 2001:db8:ffff::5"], CHAIN, "203.0.113.7"),
    ("2001:db8:ffff::1", ["203.0.113.7"], CHAIN, "203.0.113.7"),
    ("10.255.255.255", ["203.0.113.7"], CHAIN, "203.0.113.7"),
    ("11.0.0.0", ["203.0.113.7"], CHAIN, "11.0.0.0"),
    ("127.0.0.1", ["10.0.0.3, 10.0.0.2, 10.0.0.1"], CHAIN, "10.0.0.3"),
    ("1.2.3.4", ["9.9.9.9, 8.8.8.8"], EVERYONE, "9.9.9.9"),
    # Several lines are one list.
    ("127.0.0.1", ["1.1.1.1", "203.0.113.7"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7", "10.0.0.1"], CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["1.1.1.1, 203.0.113.7", "10.0.0.2, 10.0.0.1"], CHAIN, "203.0.113.7"),
    ("203.0.113.7", ["1.1.1.1", "127.0.0.1"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7", ""], LOOPBACK, "127.0.0.1"),
    # Forms of an address.
    ("127.0.0.1", ["203.0.113.7:51234"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["[2001:db8::7]"], LOOPBACK, "2001:db8::7"),
    ("127.0.0.1", ["[2001:db8::7]:443"], LOOPBACK, "2001:db8::7"),
    ("127.0.0.1", ["2001:DB8:0:0:0:0:0:7"], LOOPBACK, "2001:db8::7"),
    ("127.0.0.1", ["fe80::1%eth0"], LOOPBACK, "fe80::1"),
    ("127.0.0.1", ["[fe80::1%25eth0]:80"], LOOPBACK, "fe80::1"),
    ("127.0.0.1", ["::ffff:203.0.113.7"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["[::ffff:203.0.113.7]:80"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7, ::ffff:10.0.0.1"], CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["  203.0.113.7\t"], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7 ,10.0.0.1"], CHAIN, "203.0.113.7"),
    # What is not an address ends the walk at the last good hop.
    ("127.0.0.1", ["unknown"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["_hidden"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", [""], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", [","], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113.7,"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113.7, unknown, 10.0.0.1"], CHAIN, "10.0.0.1"),
    ("127.0.0.1", ["203.0.113.7, 10.0.0.256, 10.0.0.1"], CHAIN, "10.0.0.1"),
    ("127.0.0.1", ["203.0.113.7:99999"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113.7:"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["0203.0.113.7"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["0xcb007107"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["3405803783"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113.7/32"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["[203.0.113.7"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["[2001:db8::7]x"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["1::2::3"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["203.0.113.7\x00"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["\udcff\udcfe"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["<script>alert(1)</script>"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["for=203.0.113.7"], LOOPBACK, "127.0.0.1"),
    ("127.0.0.1", ["1" * 8000], LOOPBACK, "127.0.0.1"),
    # At most 20 tokens are read.
    ("127.0.0.1", [", ".join(["203.0.113.7"] + ["10.0.0.1"] * 19)], CHAIN, "203.0.113.7"),
    ("127.0.0.1", [", ".join(["203.0.113.7"] + ["10.0.0.1"] * 20)], CHAIN, "10.0.0.1"),
    ("127.0.0.1", [", ".join(["203.0.113.7"] * 1000)], LOOPBACK, "203.0.113.7"),
    ("127.0.0.1", ["10.0.0.1"] * 1000, CHAIN, "10.0.0.1"),
    # A unix socket has no address and is trusted only when the owner says so.
    (None, [], NONE, ""),
    ("", ["203.0.113.7"], NONE, ""),
    ("", ["203.0.113.7"], LOOPBACK, ""),
    ("", ["203.0.113.7"], EVERYONE, ""),
    (None, ["203.0.113.7"], UNIX, "203.0.113.7"),
    ("", ["203.0.113.7"], UNIX, "203.0.113.7"),
    ("", [], UNIX, ""),
    ("", ["unknown"], UNIX, ""),
    ("", ["203.0.113.7, 10.0.0.1"], UNIX_CHAIN, "203.0.113.7"),
    ("127.0.0.1", ["203.0.113.7"], UNIX, "127.0.0.1"),
]


@pytest.mark.parametrize(("peer", "forwarded", "trusted", "client"), CASES)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(
    peer: str | None, forwarded: list[str], trusted: Networks, client: str
) -> None:
    """T-73, the table."""
    assert client_address(peer, forwarded, trusted) == client


def test_the_table_has_the_sixty_rows_that_were_asked_for() -> None:
    """T-73."""
    assert len(CASES) >= 60


ADDRESSES = (st.ip_addresses(v=4) | st.ip_addresses(v=6)).map(str)
TOKENS = ADDRESSES | st.text(max_size=20) | st.sampled_from(["unknown", "127.0.0.1", "10.0.0.1", "[::1]:80", "", " "])
LINES = st.lists(st.lists(TOKENS, max_size=25).map(",".join), max_size=4)


@given(ADDRESSES, LINES)
def test_no_header_moves_an_untrusted_peer(peer: str, forwarded: list[str]) -> None:
    """T-73, the property."""
    if canonical(peer) not in CHAIN:
        assert client_address(peer, forwarded, CHAIN) == canonical(peer)


@given(ADDRESSES | st.text(max_size=20) | st.none(), LINES)
def test_the_client_is_always_a_canonical_address_or_nothing(peer: str | None, forwarded: list[str]) -> None:
    client = client_address(peer, forwarded, UNIX_CHAIN)
    assert client == "" or canonical(client) == client


@given(ADDRESSES, LINES)
def test_what_stands_left_of_the_client_changes_nothing(attacker: str, forwarded: list[str]) -> None:
    honest = "198.51.100.9, 10.0.0.1"
    assert client_address("127.0.0.1", [attacker, *forwarded, honest], CHAIN) == "198.51.100.9"


@given(st.ip_addresses(v=6) | st.ip_addresses(v=4))
def test_canonical_text_is_what_ipaddress_writes(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    unmapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    expected = ipaddress.IPv6Address(int(address)) if address.version == 6 else address  # without the scope id
    assert canonical(str(address)) == str(unmapped or expected)


@pytest.mark.parametrize(("text", "expected"), [("::102:304", "::102:304"), ("::1.2.3.4", "::102:304"), ("::", "::")])
def test_ipv6_that_contains_an_ipv4_has_one_spelling(text: str, expected: str) -> None:
    assert canonical(text) == expected


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=40))
def test_reading_an_address_never_raises(text: str) -> None:
    found = canonical(text)
    assert found is None or canonical(found) == found
    assert isinstance(mask(text), str)
    assert isinstance(group(text), str)
    assert (text in CHAIN) in {True, False}


@pytest.mark.parametrize("bad", ["10.0.0.1/8", "1.2.3.4/33", "", "localhost", "10.0.0.0/8,127.0.0.1", "fe80::1%eth0"])
def test_a_bad_network_is_a_sentence_with_the_value_and_what_is_allowed(bad: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Networks(["127.0.0.1", bad])
    assert repr(bad) in str(caught.value)
    assert "unix:" in str(caught.value)


def test_a_network_of_mapped_addresses_means_the_ipv4_ones() -> None:
    assert "10.1.2.3" in Networks(["::ffff:10.0.0.0/104"])
    assert "11.1.2.3" not in Networks(["::ffff:10.0.0.0/104"])


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("203.0.113.7", "203.0.0.0"),
        ("255.255.255.255", "255.255.0.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8::1", "2001:db8::"),
        ("::ffff:203.0.113.7", "203.0.0.0"),
        ("", ""),
        ("not an address", ""),
    ],
)
def test_a_masked_address_keeps_sixteen_bits_of_ipv4_and_forty_eight_of_ipv6(address: str, masked: str) -> None:
    """T-75, the masking."""
    assert mask(address) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    ("address", "grouped"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("::1", "::"), ("", "")],
)
def test_an_ipv6_address_stands_for_its_64_and_an_ipv4_address_for_itself(address: str, grouped: str) -> None:
    assert group(address) == grouped
    assert group(grouped) == grouped
