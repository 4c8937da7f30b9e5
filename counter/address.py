"""Whose address a hit has: the socket's peer, or what a trusted proxy says of it.

Everything here speaks *canonical text*: dotted IPv4, compressed lower-case IPv6, IPv4-mapped IPv6 as IPv4, no
brackets, port or scope id. The empty text is a unix socket, or an unknown address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from counter.errors import ConfigError

UNIX: Final = "unix:"  # in a list of networks: the peer of a unix socket
FORWARDED: Final = "Forwarded"  # RFC 7239; every other header is a list of addresses
MAX_HOPS: Final = 20  # tokens of the header looked at, from the right
MAX_TOKEN: Final = 128  # characters; the longest address with scope id and port is far shorter
MAX_ELEMENT: Final = 1024  # characters of one element of Forwarded

_MAPPED = bytes(10) + b"\xff\xff"
_IPV4_PORT = re.compile(r"([0-9.]+):([0-9]{1,5})")
_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::([0-9]{1,5}))?")


class Networks:
    """An immutable set of networks: `address in networks`, for canonical text. About 0.1 us for a known address."""

    __slots__ = ("_hosts", "_known", "_ranges", "texts")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Takes CIDR networks, single addresses and `unix:`; raises `ConfigError` naming the one it cannot read."""
        self.texts = tuple(texts)
        ranges = [_network(text) for text in self.texts if text.strip().lower() != UNIX]
        # Single addresses are looked up by their text, which settles nearly every request behind a local proxy.
        self._hosts = frozenset(str(n.network_address) for n in ranges if n.prefixlen == n.max_prefixlen)
        # Length of the packed address, network, mask: one integer comparison a network.
        ranges = [n for n in ranges if n.prefixlen < n.max_prefixlen]
        self._ranges = tuple((n.max_prefixlen // 8, int(n.network_address), int(n.netmask)) for n in ranges)
        self._known = lru_cache(4096)(self._search)

    def __contains__(self, address: str) -> bool:
        if address in self._hosts:
            return True
        return bool(self._ranges or not address) and self._known(address)

    def around(self, address: str) -> str:
        """The first network, as written, that contains `address`; '' when none does. Slow, for messages only."""
        return next((text for text in self.texts if address in Networks((text,))), "")

    def __repr__(self) -> str:
        return f"Networks({list(self.texts)!r})"

    def _search(self, address: str) -> bool:
        if not address:
            return any(text.strip().lower() == UNIX for text in self.texts)
        packed = _packed(address)
        if packed is None:
            return False
        size, value = len(packed), int.from_bytes(packed)
        return any(size == length and value & mask == network for length, network, mask in self._ranges)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        if "%" in text:
            raise ValueError("a network has no scope id")
        network = ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is not a network: {error}. Allowed are a network such as 10.0.0.0/8 or 2001:db8::/32, "
            f"a single address, or {UNIX} for a unix socket."
        ) from None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:  # addresses are unmapped before they are compared
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def canonical(text: str) -> str | None:
    """The canonical text of an address, or None when `text` is not one. Never raises."""
    try:
        socket.inet_pton(socket.AF_INET, text)
        return text
    except (OSError, ValueError):
        pass
    bare = _bare(text)
    packed = None if bare is None else _packed(bare)
    return None if packed is None else _text(packed)


def _bare(text: str) -> str | None:
    """`text` without brackets, port and scope id; None when those are malformed."""
    text = text.strip(" \t")
    if not text or len(text) > MAX_TOKEN:
        return None
    found = _BRACKETS.fullmatch(text) or _IPV4_PORT.fullmatch(text)
    if found is not None:
        text, port = found.groups()
        if port is not None and int(port) > 65_535:
            return None
    address, percent, scope = text.partition("%")
    return None if percent and not (scope and ":" in address) else address


def _packed(address: str) -> bytes | None:
    """4 bytes of an IPv4, 16 of an IPv6 address, IPv4-mapped ones as 4; None when it is not an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):  # ValueError: NUL or a lone surrogate
        return None
    return packed[12:] if packed.startswith(_MAPPED) else packed


def _text(packed: bytes) -> str:
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    text = socket.inet_ntop(socket.AF_INET6, packed)
    # The C library writes ::102:304 as ::1.2.3.4; keep to the text that `ipaddress` and RFC 5952 give.
    return str(ipaddress.IPv6Address(packed)) if "." in text else text


def client_address(
    peer: str | None, forwarded: Sequence[str], trusted: Networks, header: str = "X-Forwarded-For"
) -> str:
    """The canonical address of the sender of a request; '' when it is unknown.

    `peer` is the socket's peer; None, '' and anything that is not an address is a unix socket. `forwarded` is all
    lines of `header` in order. A peer that is not trusted is the client, whatever the headers say. Else the
    lines are walked from the right past trusted hops: the first other address is the client, and a token that is
    not an address ends the walk at the last good hop. At most 20 tokens are read. This is what nginx calls
    `real_ip_recursive on`.
    """
    last = (canonical(peer) or "") if peer else ""
    if not forwarded or last not in trusted:
        return last
    read = forwarded_node if header == FORWARDED else canonical
    for token in _hops(forwarded):
        hop = read(token)
        if hop is None:
            return last
        if hop not in trusted:
            return hop
        last = hop
    return last


def forwarded_node(element: str) -> str | None:
    """The canonical address after `for=` in an element of Forwarded; None when it has none, or a hidden one.

    Elements are divided at commas alone: no address has one, and who counted quotes from the left would let a
    stranger's open quote swallow what the proxy wrote behind it.
    """
    for pair in element[-MAX_ELEMENT:].split(";"):
        name, equals, value = pair.partition("=")
        if equals and name.strip().lower() == "for":
            return canonical(value.strip().strip('"'))
    return None


def _hops(forwarded: Sequence[str]) -> Sequence[str]:
    """The last tokens of all lines, the nearest hop first."""
    if len(forwarded) == 1 and "," not in forwarded[0]:
        return forwarded
    return ",".join(forwarded).rsplit(",", MAX_HOPS)[: -MAX_HOPS - 1 : -1]


def mask(address: str) -> str:
    """`address` with its end cut off, for `store_ip = "masked"`: IPv4 to its /16, IPv6 to its /48, else ''."""
    packed = _packed(address)
    if packed is None:
        return ""
    kept = 2 if len(packed) == 4 else 6
    return _text(packed[:kept] + bytes(len(packed) - kept))


def group(address: str) -> str:
    """The address that identities and rate limits use: IPv6 by its /64 (`2001:db8::`), IPv4 unchanged.

    One subscriber has a whole /64 and may change its lower half at every request.
    """
    if ":" not in address:
        return address
    packed = _packed(address)
    if packed is None or len(packed) == 4:
        return address if packed is None else _text(packed)
    return _text(packed[:8] + bytes(8))
