"""What a proxy wrote of the visitor's address: which field of a format has it, and whose address it gives."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from counter.address import FORWARDED, UNIX, Networks, canonical, client_address

# Networks from which no visitor comes over the internet: a peer there is a proxy or a visitor of the same house.
_NEAR: Final = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "::1/128",
    "fc00::/7", "fe80::/10", UNIX,
)  # fmt: skip

# Headers that hold a visitor's address, as fields are called in formats and JSON; the first that is there is taken.
FIELDS: Final = (
    "cfconnectingip", "trueclientip", "fastlyclientip", "flyclientip", "xforwardedfor", "xoriginalforwardedfor",
    "xrealip", "forwarded", "xclientip", "xclusterclientip", "proxyprotocoladdr",
)  # fmt: skip
_APACHE: Final = re.compile(r"%?\{([^}]*)\}i?")
_LETTERS: Final = re.compile(r"[\W_]+")
_PREFIXES: Final = ("requestheaders", "httprequestheaders", "headers", "reqheaders", "request", "http", "req")
_QUOTED: Final = re.compile(r'"([^"]*)"')
_LONGEST: Final = 1024  # characters


@lru_cache(maxsize=1024)
def field_name(written: str) -> str:
    """What all spellings of a field have in common: `xforwardedfor` of `$http_x_forwarded_for`, `X-Forwarded-For`,
    `%{X-Forwarded-For}i`, `request_X-Forwarded-For` and `request.headers.X-Forwarded-For`.
    """
    found = _APACHE.fullmatch(written.strip())
    name = _LETTERS.sub("", found[1] if found else written).lower()
    for prefix in _PREFIXES:
        rest = name.removeprefix(prefix)
        if rest != name and rest:
            return rest
    return name


def addresses_in(text: str) -> str:
    """The quoted field at the beginning when it holds addresses, `"198.51.100.7, 10.0.0.9"`; else ''.

    Bare ones alone: with a port it may as well be the server behind the proxy.
    """
    found = _QUOTED.match(text)
    return found[1] if found and _are_addresses(found[1]) else ""


@lru_cache(maxsize=16_384)
def _are_addresses(text: str) -> bool:
    if "for=" in text[:_LONGEST].lower():
        return True
    return all(canonical(one) == one.strip().lower() for one in text[:_LONGEST].split(","))


class VisitorRule:
    """Whose address a line has, by the rule of live hits: right to left through trusted proxies.

    In addition to those that the owner trusts, networks from which nobody comes over the internet are passed. `named`:
    the owner says that the field holds the visitor's address, so that the peer is a proxy, wherever it is; otherwise
    the field is believed from a trusted or near peer.
    """

    def __init__(self, trusted: tuple[str, ...], *, named: bool) -> None:
        self._trusted = Networks((*trusted, *_NEAR))
        self._near = Networks(_NEAR)
        self._named = named
        self.address = lru_cache(16_384)(self._address)

    def _address(self, peer: str, forwarded: str) -> str:
        """The visitor's canonical address; `peer` when the field says nothing better."""
        if not self._named and peer not in self._trusted:
            return peer
        header = FORWARDED if "for=" in forwarded.lower() else ""
        found = client_address("", [forwarded], self._trusted, header)
        # What a company's proxy says of its own house tells nobody apart from outside.
        return peer if not found or (found in self._near and peer not in self._near) else found
