"""Every setting: one row of `SETTINGS`, with its default, its unit, its range and its reason.

The checks take a value of the right type and return it in its normal form, or raise `Refused`.
"""

from __future__ import annotations

import difflib
import functools
import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from counter.address import FORWARDED
from counter.calendar.localtime import valid_zones
from counter.hosts import ascii_host
from counter.site import WEEKDAYS

MOST_ENTRIES = 100  # entries of one list
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_SAFE_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"  # one part of a path: no slash, no leading dot
# First path segments that are routes already: a tracker there would hide them.
ROUTES = frozenset(
    {"api", "badge", "dashboard", "demo", "healthz", "metrics", "pixel.gif", "readyz", "static", "widget"}
)


class Durability(StrEnum):
    FULL = "full"
    NORMAL = "normal"


class StoreIp(StrEnum):
    FULL = "full"
    MASKED = "masked"
    NONE = "none"


class DrivenBrowsers(StrEnum):
    DROP = "drop"
    COUNT = "count"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: `check` gets a value of `type` and gives it back as the service uses it, or raises Refused."""

    section: str
    key: str
    type: type[str | int | bool | list[str]]
    default: str | int | bool | tuple[()]
    unit: str
    check: Callable[[Any], object]
    allowed: str
    reason: str
    secret: bool = False  # never shown: not in errors, not by check-config


class Refused(Exception):
    """A check refused a value; the text is a hint such as `did you mean 10.0.0.0/8`, or empty."""


def nearest(value: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(value, list(known), n=1)
    return f"did you mean {close[0]}" if close else ""


def _text(pattern: str, limit: int) -> Callable[[str], str]:
    shape = re.compile(pattern)

    def check(value: str) -> str:
        if len(value) > limit or not value.isprintable() or not shape.fullmatch(value):
            raise Refused
        return value

    return check


def _whole(low: int, high: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise Refused
        return value

    return check


def _one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """One of a closed set; of a StrEnum, its member."""
    known = {str(choice): choice for choice in choices}

    def check(value: str) -> str:
        if value not in known:
            raise Refused(nearest(value, known))
        return known[value]

    return check


def _flag(value: bool) -> bool:
    return value


def _each(check: Callable[[str], str]) -> Callable[[list[str]], tuple[str, ...]]:
    def check_all(values: list[str]) -> tuple[str, ...]:
        if len(values) > MOST_ENTRIES:
            raise Refused(f"there are {len(values)} entries")
        return tuple(dict.fromkeys(check(value) for value in values))

    return check_all


def _network(value: str) -> str:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Refused from None
    address, _, prefix = value.partition("/")
    if "%" in value or (prefix and not prefix.isdecimal()):
        raise Refused  # a scope id or a netmask: written differently by every tool, so not taken at all
    if network.version == 6 and network.network_address.ipv4_mapped:
        raise Refused("write it as IPv4")  # visitors' addresses are unmapped first, it would never match
    if ipaddress.ip_address(address) != network.network_address:
        raise Refused(f"did you mean {network}")
    return value


def _proxy(value: str) -> str:
    return value if value == "unix:" else _network(value)


def _host(value: str) -> str:
    """A host as a browser names it: lower case, no port, an IPv6 address without brackets."""
    host = value.lower().removesuffix(".")
    if "%" in host:  # an IPv6 address with a scope, which no browser sends
        raise Refused
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        if _HOST_NAME.fullmatch(host) and not host.rpartition(".")[2].isdecimal():
            return host
        raise Refused from None


def _site_host(value: str) -> str:
    """A host in any letters, or `*.` and a host for everything below it; in the form that browsers send."""
    host = ascii_host(value)
    return "*." + _host(host[2:]) if host.startswith("*.") else _host(host)


def _host_name(value: str) -> str:
    return _host(ascii_host(value))


def _header(value: str) -> str:
    """The name of a header; names that have a usual spelling get it, for they mean the same in any case."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", value):
        raise Refused
    usual = ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", FORWARDED)
    return next((name for name in usual if name.lower() == value.lower()), value)


def _url(value: str) -> str:
    """The public address of the service, without a slash at the end; '' is unknown."""
    if not value:
        return value
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:  # a port or an IPv6 address that is none
        raise Refused from None
    if url.scheme not in ("http", "https") or port == 0 or not re.fullmatch(r"[!-~]{1,512}", value):
        raise Refused
    if set("?#@\\") & set(value):
        raise Refused
    _host(url.hostname or "")
    return value.rstrip("/")


def _download_url(value: str) -> str:
    """Where a file is fetched from; {year}, {month} and {key} are filled in."""
    filled = re.sub(r"\{(year|month|key)\}", "0", value)
    try:
        url = urlsplit(filled)
        port = url.port
    except ValueError:  # a port or an IPv6 address that is none
        raise Refused from None
    if url.scheme not in ("http", "https") or port == 0 or not re.fullmatch(r"[!-z|~]{1,1024}", filled):
        raise Refused
    _host(url.hostname or "")
    return value


@functools.cache
def _zones() -> frozenset[str]:
    """Read once: the names come from walking the machine's zone files, 10 ms a time."""
    return valid_zones()


def _zone(value: str) -> str:
    if value not in _zones():
        raise Refused(nearest(value, _zones()))
    return value


def _list_url(value: str) -> str:
    """Where a list is fetched from, nothing to fill in; '' is nowhere."""
    if "{" in value:
        raise Refused
    return _download_url(value) if value else value


_NETWORKS = f"a list of at most {MOST_ENTRIES} addresses or networks such as 10.0.0.0/8 or 2001:db8::/32"
_DAYS = "an integer from 0 to 3650"
_PATH = _text(r"(?!~).*", 1024)
_SITE_ID = _text(r"(?!\.+\Z)[a-zA-Z0-9._-]{1,64}", 64)
_HIT_PATH = _text(rf"(/{_SAFE_NAME}){{1,4}}", 128)
_QUERY_KEYS = _each(_text(r"[^\s&=#?]+", 64))

# The order is that of config.toml and of the documentation.
SETTINGS: tuple[Setting, ...] = (
    Setting("server", "host", str, "127.0.0.1", "", _host,
            "an address or a host name",
            "Where the service listens; a reverse proxy on the same machine reaches 127.0.0.1, strangers do not."),
    Setting("server", "port", int, 8080, "", _whole(0, 65535),
            "an integer from 0 to 65535",
            "The TCP port; 0 takes a free one."),
    Setting("server", "socket", str, "", "", _PATH,
            "a path, absolute or seen from the file's folder, or empty",
            'A unix socket to listen on in place of host and port; a proxy there is trusted as "unix:".'),
    Setting("server", "public_url", str, "", "", _url,
            "an http or https address without query, or empty",
            "How the world reaches the service; snippets and links are made with it, empty takes each request's host."),
    Setting("server", "trusted_proxies", list, (), "", _each(_proxy),
            _NETWORKS + ', or "unix:"',
            "Only from these peers is address_header believed; from anyone else it could be forged."),
    Setting("server", "address_header", str, "X-Forwarded-For", "", _header,
            "the name of a header such as X-Forwarded-For, X-Real-IP, CF-Connecting-IP or Forwarded",
            "Where a trusted proxy names the visitor's address; it must set this header itself, not pass it on."),
    Setting("server", "max_connections", int, 10_000, "connections", _whole(10, 1_000_000),
            "an integer from 10 to 1000000",
            "More are refused at once, so that a flood cannot take all memory."),
    Setting("storage", "path", str, "./data", "", _text(r"(?!~).+", 1024),
            "a path, absolute or seen from the file's folder; ~ is not expanded",
            "The folder of the database, the salts and the command socket; one service at a time."),
    Setting("storage", "durability", str, "full", "", _one_of(Durability),
            "full or normal",
            "full: a counted hit survives a power cut; normal: a crash of the service only, and disks rest."),
    Setting("storage", "queue_hits", int, 20_000, "hits", _whole(500, 1_000_000),
            "an integer from 500 to 1000000",
            "Hits waiting to be written; beyond it the answer is 503. At least one whole array of 500 must fit."),
    Setting("counting", "visit_timeout_minutes", int, 30, "minutes", _whole(1, 240),
            "an integer from 1 to 240",
            "A longer pause between two page views starts a new visit; 30 is what other analytics use."),
    Setting("counting", "respect_gpc", bool, False, "", _flag,
            "true or false",
            "Do not count browsers that send Global Privacy Control or Do Not Track."),
    Setting("counting", "ignored_networks", list, (), "", _each(_network),
            _NETWORKS,
            "Hits from here are not counted: your own office, your monitoring."),
    Setting("counting", "rate_limit_per_minute", int, 600, "hits per minute and address", _whole(0, 1_000_000),
            "an integer from 0 to 1000000",
            "More are answered 429, so that one machine cannot make up your numbers; 0 is no limit."),
    Setting("counting", "driven_browsers", str, "drop", "", _one_of(DrivenBrowsers),
            "drop or count",
            "Browsers that a program drives (navigator.webdriver) are no visitors; count is for tests of your own."),
    Setting("privacy", "store_ip", str, "full", "", _one_of(StoreIp),
            "full, masked or none",
            "What is kept of a visitor's address; masked keeps 16 bits of IPv4 and 48 of IPv6."),
    Setting("privacy", "ip_retention_days", int, 30, "days", _whole(0, 3650),
            _DAYS,
            "Addresses are erased after so long, totals stay; 0 keeps them."),
    Setting("privacy", "hit_retention_days", int, 0, "days", _whole(0, 3650),
            _DAYS,
            "Single hits are removed after so long, totals stay; 0 keeps them."),
    Setting("geoip", "database", str, "", "", _PATH,
            "the path of a GeoIP2 file, absolute or seen from the file's folder, or empty",
            "Tells places by address; empty takes what `counter geo update` fetched, else the package's countries."),
    Setting("geoip", "update_url", str, "https://download.db-ip.com/free/dbip-city-lite-{year}-{month}.mmdb.gz", "",
            _download_url,
            "an http or https address; {year}, {month} and {key} are filled in",
            "What `counter geo update` fetches, a .mmdb, .mmdb.gz or .tar.gz; for DB-IP Lite you must link to them."),
    Setting("geoip", "license_key", str, "", "", _text(r"[!-~]*", 256),
            "up to 256 printable ASCII characters without spaces",
            "Takes the place of {key}: MaxMind gives one with a free account. It is never shown or logged.",
            secret=True),
    Setting("lists", "sources", str, "", "", _PATH,
            "the path of a TOML file, absolute or seen from the file's folder, or empty",
            "Sources of your own, in the form of counter/data/sources.toml; your rows win over ours."),
    Setting("lists", "spam_referrers_url", str, "", "", _list_url,
            "an http or https address, or empty",
            "Where 'counter lists update' finds the hosts of referrer spam, one a line; empty is no list."),
    Setting("tracker", "script_name", str, "counter.js", "", _text(_SAFE_NAME, 64),
            "1 to 64 of a-z A-Z 0-9 . _ - without a dot in front, and no route",
            "The script's name on this server; blockers of advertisements know common names."),
    Setting("tracker", "hit_path", str, "/hit", "", _HIT_PATH,
            "a path such as /hit, 1 to 4 parts of a-z A-Z 0-9 . _ -, and no route",
            "Where the script sends hits."),
    Setting("log", "level", str, "info", "", _one_of(("debug", "info", "warning", "error")),
            "debug, info, warning or error",
            "The least important lines that are still written."),
    Setting("log", "format", str, "text", "", _one_of(LogFormat),
            "text or json",
            "text for people, json for machines; one line an event, without visitors' addresses."),
    Setting("sites", "id", str, "", "", _SITE_ID,
            "1 to 64 of a-z A-Z 0-9 . _ - and not dots alone",
            "What the snippet names the site; it never changes."),
    Setting("sites", "name", str, "", "", _text(r"|\S(.*\S)?", 128),
            "up to 128 printable characters",
            "What people read; empty is the id."),
    Setting("sites", "hosts", list, (), "", _each(_site_host),
            f"a list of at most {MOST_ENTRIES} host names such as example.com or *.example.com, in any letters and "
            "without port",
            "Only pages of these hosts are counted; empty takes any."),
    Setting("sites", "timezone", str, "UTC", "", _zone,
            "a time zone such as Europe/Berlin",
            "Where the site's day begins at midnight."),
    Setting("sites", "first_weekday", str, "monday", "", _one_of(WEEKDAYS),
            "a day from monday to sunday, in lower case",
            "Where its week begins."),
    Setting("sites", "start_count", int, 0, "visits", _whole(0, 2**53),
            f"an integer from 0 to {2**53}",
            "What a former counter had counted; added to all days only."),
    Setting("sites", "public", bool, True, "", _flag,
            "true or false",
            "Whether strangers may read the widget and the totals; a hidden site still counts."),
    Setting("sites", "query_keys", list, (), "", _QUERY_KEYS,
            f"a list of at most {MOST_ENTRIES} names, 64 characters each",
            "Query parameters that make another page, such as id in /article?id=7; all others are left out."),
    Setting("sites", "excluded_pages", list, (), "", _each(_text(r"[/*]\S*", 512)),
            f"a list of at most {MOST_ENTRIES} paths such as /admin/*, 512 characters each; * is any text",
            "Pages that are not counted, however their hits arrive."),
    Setting("sites", "excluded_referrers", list, (), "", _each(_host_name),
            f"a list of at most {MOST_ENTRIES} host names such as checkout.example.com, in any letters and without "
            "port; each includes its subdomains",
            "Hosts that are not the source of a visit, such as a payment page that visitors come back from."),
    Setting("sites", "backdate_days", int, 1, "days", _whole(0, 3650),
            "an integer from 0 to 3650",
            "How far back a server with a write token may date a hit."),
    Setting("sites", "image_gap_seconds", int, 0, "seconds", _whole(0, 86_400),
            "an integer from 0 to 86400",
            "Fetches of one page's counting image by an image proxy count once in this time; 0 counts each."),
)  # fmt: skip
