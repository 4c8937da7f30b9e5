"""Which page was seen: its normal path, the campaign in its query, the host of a URL.

Nothing here raises, whatever the input. `normalise_path` is idempotent, so a path read back from the store, from
an export or from a link of the dashboard names the same page again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from counter.address import canonical
from counter.collect.visitor_marks import is_visitors, may_have_session, without_session
from counter.hosts import MAX_HOST, ascii_host
from counter.text import clean, without_invisible_end

MAX_PATH = 1024  # characters of a normal path, with the query that is kept
MAX_VALUE = 256  # characters of a query value or a campaign's field
MAX_PARAMETERS = 100  # of one query; the rest is not looked at

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
STAND_INS = frozenset({"ref", "source"})  # say what utm_source says, in links that have none

Campaign = tuple[str, str, str, str, str]
NO_CAMPAIGN: Campaign = ("", "", "", "", "")

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~.-]+)*/?")  # nothing to decode, no double slash
_ORIGIN = re.compile(r"[\x00-\x20]*[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_SLASHES = re.compile("/{2,}")
_AMBIGUOUS = re.compile("%(?=[0-9A-Fa-f]{2})")
# A byte that is no UTF-8 is one of these code points of a private plane until it is written as an escape again.
_BYTES, _FIRST_BYTE = re.compile("[\U0010fe80-\U0010feff]"), 0x10FE00
_UNDECODED = {0xDC00 + byte: _FIRST_BYTE + byte for byte in range(0x80, 0x100)}
_TAKEN = re.compile("[\ud800-\udfff\U0010fe80-\U0010feff]")
# An '&' of a link that was copied out of HTML source, and what is left of it at the next parameter.
_WRITTEN_AND = re.compile("&#0*38;|&#x0*26;", re.IGNORECASE)
_AND_LEFT = re.compile(r"(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
_URL = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


@lru_cache(maxsize=8192)
def normalise_path(raw: str, query_keys: tuple[str, ...]) -> str:
    """The path a page is counted under: decoded, clean, starting with '/', at most 1,024 characters.

    A full URL becomes its path. The fragment goes, session ids go; of the query only `query_keys` stay, in their
    order, as far as they fit, and none that `is_visitors`. Percent escapes are decoded once, as UTF-8; bytes that are
    not UTF-8 stay escaped ('/caf%E9' is not '/caf%E8'). Three characters would be read differently the second
    time and stay escaped as well: '?', '#', and a '%' before two hexadecimal digits ('/%2541' is not '/A').
    What cannot be seen at the end of a path is no part of it.
    """
    if (
        len(raw) <= MAX_PATH
        and raw
        and _PLAIN.fullmatch(raw)
        and not (raw.endswith("/index.html") or may_have_session(raw))
    ):
        return raw
    before, query = query_apart(raw[: 8 * MAX_PATH])
    origin = _ORIGIN.match(before)
    path = _normal_path(before[origin.end() :] if origin else before)
    return _with_query(path, query, query_keys) if query and query_keys else path


def typed_path(text: str, query_keys: tuple[str, ...]) -> str:
    """The path of a page that somebody types or pastes, with all of its query that may belong to a page.

    Keys outside of the site's `query_keys` stay: they may have been the site's when the page was counted. What is no
    path and no URL ('Unknown') is unchanged.
    """
    if not text.startswith("/") and split_url(text) is None:
        return text
    typed = (name for name, _ in _parameters(query_apart(text)[1]))
    return normalise_path(text, tuple(dict.fromkeys((*query_keys, *typed))))


def query_apart(address: str) -> tuple[str, str]:
    """What stands before the query, and the query, without the fragment."""
    if "&#" in address:
        address = _WRITTEN_AND.sub("&", address)
    before, _, query = address.partition("#")[0].partition("?")
    return before, query


def _normal_path(raw: str) -> str:
    path = "/" + without_invisible_end(clean(_decoded(raw), 8 * MAX_PATH))
    path = without_session(_SLASHES.sub("/", path))
    # Once more: it may have been cut behind what is a session's name now.
    path = _SLASHES.sub("/", without_session(path[:MAX_PATH])) or "/"
    escaped = _escape_path(path)
    while len(escaped) > MAX_PATH:
        # A character is at most three of the escaped text, so this never takes too many; never cut inside an escape.
        path = path[: -max((len(escaped) - MAX_PATH) // 3, 1)]
        escaped = _escape_path(path)
    escaped = without_invisible_end(escaped)
    return escaped.removesuffix("index.html") if escaped.endswith("/index.html") else escaped


def _decoded(raw: str) -> str:
    if not raw.isascii():
        raw = _TAKEN.sub("\ufffd", raw)
    if "%" not in raw:
        return raw
    return unquote(raw, errors="surrogateescape").translate(_UNDECODED)


def _escape_path(path: str) -> str:
    if "%" in path:
        path = _AMBIGUOUS.sub("%25", path)
    return _escape_bytes(path.replace("?", "%3F").replace("#", "%23"))


def _escape_bytes(text: str) -> str:
    if text.isascii() or not _BYTES.search(text):
        return text
    written = _BYTES.sub(lambda byte: f"%{ord(byte[0]) - _FIRST_BYTE:02X}", text)
    return unicodedata.normalize("NFC", written)  # an accent may stand behind the 'C' of '%EC' now


def _with_query(path: str, query: str, query_keys: tuple[str, ...]) -> str:
    found = _parameters(query)
    kept = path
    for key in dict.fromkeys(query_keys):
        for name, value in found:
            if name != key or is_visitors(name, value):
                continue
            pair = f"{_escape_query(key)}={_escape_query(value)}"
            if len(kept) + len(pair) < MAX_PATH:
                kept += ("&" if len(kept) > len(path) else "?") + pair
    return kept


def _parameters(query: str) -> list[tuple[str, str]]:
    return [(_and_less(_decode_query(key)), _decode_query(value)) for key, value in raw_parameters(query)]


def raw_parameters(query: str) -> list[tuple[str, str]]:
    """The first hundred parameters of a query, undecoded."""
    parts = (part.partition("=") for part in query.split("&", MAX_PARAMETERS)[:MAX_PARAMETERS])
    return [(key, value) for key, _, value in parts]


def parameter_key(key: str) -> str:
    """The name of an undecoded parameter, in lower case, of links copied out of HTML source as well ('&amp;id=1')."""
    return _and_less(_decode_query(key)).lower() if "%" in key or ";" in key else key.lower()


def _and_less(key: str) -> str:
    return key[found.end() :] if ";" in key and (found := _AND_LEFT.match(key)) else key


def _decode_query(text: str) -> str:
    return without_invisible_end(clean(_decoded(text.replace("+", " ")), MAX_VALUE))


def _escape_query(text: str) -> str:
    text = _AMBIGUOUS.sub("%25", text).replace("#", "%23").replace("&", "%26").replace("+", "%2B")
    return _escape_bytes(text.replace("=", "%3D").replace(" ", "+"))


def campaign(
    raw_path: str, page_keys: Collection[str] = (), says_nothing: Callable[[str], bool] = lambda text: not text
) -> Campaign:
    """Source, medium, campaign, term and content from the UTM parameters of a path or URL; of each the first that
    says something.

    Without a utm_source, the first 'ref' or 'source' is the source that does not say nothing, such as the site's
    own host, unless it is one of `page_keys`: a parameter that belongs to the page.
    """
    if "?" not in raw_path:
        return NO_CAMPAIGN
    found: dict[str, str] = {}
    stand_in = ""
    for name, text in raw_parameters(query_apart(raw_path)[1]):
        key = parameter_key(name)
        if key in UTM:
            found[key] = found.get(key) or _tag(text)
        elif not stand_in and key in STAND_INS and key not in map(str.lower, page_keys):
            value = _tag(text)
            stand_in = "" if says_nothing(value) else value
    source, medium, name, term, content = (found.get(key, "") for key in UTM)
    return (source or stand_in, medium, name, term, content)


def _tag(value: str) -> str:
    """A value of a campaign; bytes that are no UTF-8 are U+FFFD there, as in any text."""
    return _BYTES.sub("\ufffd", _decode_query(value[: 12 * MAX_VALUE]))


class Url(NamedTuple):
    """The parts of an http(s) URL that may be kept: no credentials, no query, no fragment."""

    scheme: str
    host: str  # lower case, ASCII
    port: str  # digits, '' when it is the scheme's own
    path: str


def split_url(url: str) -> Url | None:
    """The parts of an http or https URL; None for any other scheme, a bad host or a bad port. Never raises."""
    found = _URL.match(url)
    if found is None:
        return None
    authority = _AUTHORITY.fullmatch(found[2].rpartition("@")[2])
    if authority is None:
        return None
    host, port = _normal_host(authority[1]), (authority[2] or "").lstrip("0")
    if not host or (port and int(port) > 65_535):
        return None
    scheme = found[1].lower()
    return Url(scheme, host, "" if port == {"http": "80", "https": "443"}[scheme] else port, found[3])


def _normal_host(host: str) -> str:
    """Lower case, IDN as punycode, no dot at the end, IPv6 in brackets; '' when it is not a host."""
    if host.startswith("["):
        address = canonical(host)
        return f"[{address}]" if address and ":" in address else address or ""
    host = ascii_host(host)  # makes "a/c" of U+2100 and the like, which the pattern refuses
    return host if len(host) <= MAX_HOST and _HOST.fullmatch(host) else ""


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """The host of an http(s) URL in lower case, without credentials and port; '' when there is none."""
    found = split_url(url)
    return found.host if found is not None else ""
