"""Which page was seen: its normal path, the campaign in its query, the host of a URL.

Nothing here raises, whatever the input. `normalise_path` is idempotent, so a path read back from the store, from
an export or from a link of the dashboard names the same page again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from counter.address import canonical
from counter.hosts import MAX_HOST, ascii_host
from counter.text import clean

MAX_PATH = 1024  # characters of a normal path, with the query that is kept
MAX_VALUE = 256  # characters of a query value or a campaign's field
MAX_PARAMETERS = 100  # of one query; the rest is not looked at

# Never part of a page, even when a site's allow-list names one: they differ at every click.
TRACKING = frozenset(
    """
    _ga _gl _hsenc _hsmi awc cjevent dclid epik fbclid gad_campaignid gad_source gbraid gclid gclsrc igsh igshid
    irclickid li_fat_id mc_cid mc_eid mkt_tok msclkid obclid oly_anon_id oly_enc_id qclid rb_clickid rdt_cid s_cid
    sccid srsltid sznclid tblci ttclid twclid vero_id wbraid wickedid yclid ysclid
    """.split()  # noqa: SIM905  # forty quoted names read worse
)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
STAND_INS = frozenset({"ref", "source"})  # say what utm_source says, in links that have none

Campaign = tuple[str, str, str, str, str]
NO_CAMPAIGN: Campaign = ("", "", "", "", "")

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~.-]+)*/?")  # nothing to decode, no double slash
_ORIGIN = re.compile(r"[\x00-\x20]*[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_SLASHES = re.compile("/{2,}")
_AMBIGUOUS = re.compile("%(?=[0-9A-Fa-f]{2})")
_URL = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


@lru_cache(maxsize=8192)
def normalise_path(raw: str, query_keys: tuple[str, ...]) -> str:
    """The path a page is counted under: decoded, clean, starting with '/', at most 1,024 characters.

    A full URL becomes its path. The fragment goes; of the query only `query_keys` stay, in their order, as far as
    they fit. Percent escapes are decoded once, as UTF-8; three characters would be read differently the second
    time and stay escaped: '?', '#', and a '%' before two hexadecimal digits ('/%2541' is not '/A').
    """
    if len(raw) <= MAX_PATH and raw and _PLAIN.fullmatch(raw) and not raw.endswith("/index.html"):
        return raw
    before, _, query = raw[: 8 * MAX_PATH].partition("#")[0].partition("?")
    origin = _ORIGIN.match(before)
    path = _normal_path(before[origin.end() :] if origin else before)
    return _with_query(path, query, query_keys) if query and query_keys else path


def _normal_path(raw: str) -> str:
    path = "/" + clean(unquote(raw, errors="replace"), 8 * MAX_PATH)
    path = _SLASHES.sub("/", path)[:MAX_PATH]
    escaped = _escape_path(path)
    if len(escaped) > MAX_PATH:
        # Taking n characters away makes the escaped text shorter by at least n; never cut inside an escape.
        path = path[: MAX_PATH - len(escaped)]
        escaped = _escape_path(path)
    escaped = escaped.rstrip()
    return escaped.removesuffix("index.html") if escaped.endswith("/index.html") else escaped


def _escape_path(path: str) -> str:
    if "%" in path:
        path = _AMBIGUOUS.sub("%25", path)
    return path.replace("?", "%3F").replace("#", "%23")


def _with_query(path: str, query: str, query_keys: tuple[str, ...]) -> str:
    found = _parameters(query)
    kept = path
    for key in dict.fromkeys(query_keys):
        if key.lower() in TRACKING or key.startswith("utm_"):
            continue
        for name, value in found:
            pair = f"{_escape_query(key)}={_escape_query(value)}"
            if name == key and len(kept) + len(pair) < MAX_PATH:
                kept += ("&" if len(kept) > len(path) else "?") + pair
    return kept


def _parameters(query: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in query.split("&", MAX_PARAMETERS)[:MAX_PARAMETERS]]
    return [(_decode_query(key), _decode_query(value)) for key, _, value in pairs]


def _decode_query(text: str) -> str:
    return clean(unquote(text.replace("+", " "), errors="replace"), MAX_VALUE)


def _escape_query(text: str) -> str:
    text = _AMBIGUOUS.sub("%25", text).replace("#", "%23").replace("&", "%26").replace("+", "%2B")
    return text.replace("=", "%3D").replace(" ", "+")


def campaign(raw_path: str, page_keys: Collection[str] = ()) -> Campaign:
    """Source, medium, campaign, term and content from the UTM parameters of a path or URL; the first of each wins.

    Without a utm_source, the first 'ref' or 'source' is the source, unless it is one of `page_keys`: a parameter
    that belongs to the page.
    """
    if "?" not in raw_path:
        return NO_CAMPAIGN
    query = raw_path.partition("#")[0].partition("?")[2]
    found: dict[str, str] = {}
    stand_in = ""
    for part in query.split("&", MAX_PARAMETERS)[:MAX_PARAMETERS]:
        key, _, value = part.partition("=")
        key = key.removeprefix("amp;").lower()  # links copied out of HTML source
        if key in UTM and key not in found:
            found[key] = _decode_query(value[: 12 * MAX_VALUE])
        elif key in STAND_INS and key not in map(str.lower, page_keys):
            stand_in = stand_in or _decode_query(value[: 12 * MAX_VALUE])
    source, medium, name, term, content = (found.get(key, "") for key in UTM)
    return (source or stand_in, medium, name, term, content)


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
