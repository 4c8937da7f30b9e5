"""Every setting is one row of `SETTINGS`; `load` turns config.toml and the environment into a `Config`, or refuses.

Strict: a key that is not in the table, a value of another type or out of its range is a `ConfigError` whose sentence
names the file (or the variable), the key, the value and what is allowed. The environment wins over the file:
`COUNTER_<SECTION>_<KEY>`, lists separated by commas, booleans `true` or `false`. Sites come from the file only.
"""

from __future__ import annotations

import difflib
import functools
import ipaddress
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from counter.errors import ConfigError
from counter.localtime import valid_zones
from counter.site import WEEKDAYS

MOST_ITEMS = 100  # entries of one list
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_SAFE_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"  # one part of a path: no slash, no leading dot
# First parts of paths that are routes already: a tracker there would hide them.
_ROUTES = frozenset(
    {"api", "badge", "dashboard", "demo", "healthz", "metrics", "pixel.gif", "readyz", "static", "widget"}
)


class Durability(StrEnum):
    FULL = "full"
    NORMAL = "normal"


class StoreIp(StrEnum):
    FULL = "full"
    MASKED = "masked"
    NONE = "none"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: `check` gets a value of `type` and gives it back as the service uses it, or raises _Refused."""

    section: str
    key: str
    type: type[str | int | bool | list[str]]
    default: str | int | bool | tuple[()]
    unit: str
    check: Callable[[Any], object]
    allowed: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServerConfig:
    host: str
    port: int
    public_url: str  # without a slash at the end; '' is unknown
    trusted_proxies: tuple[str, ...]  # addresses, networks, "unix:"
    max_connections: int


@dataclass(frozen=True, slots=True)
class StorageConfig:
    path: Path  # absolute
    durability: Durability
    queue_hits: int


@dataclass(frozen=True, slots=True)
class CountingConfig:
    visit_timeout_minutes: int
    respect_gpc: bool
    ignored_networks: tuple[str, ...]
    rate_limit_per_minute: int  # 0: no limit


@dataclass(frozen=True, slots=True)
class PrivacyConfig:
    store_ip: StoreIp
    ip_retention_days: int  # 0: kept
    hit_retention_days: int  # 0: kept


@dataclass(frozen=True, slots=True)
class GeoipConfig:
    database: Path | None  # absolute; None: the one that comes with the package


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    script_name: str
    hit_path: str  # with its leading slash


@dataclass(frozen=True, slots=True)
class LogConfig:
    level: str
    format: LogFormat


@dataclass(frozen=True, slots=True)
class SiteConfig:
    id: str
    name: str  # the id where none was given
    hosts: tuple[str, ...]  # lower case, no port; empty: any host
    timezone: str
    first_weekday: str
    start_count: int
    public: bool
    query_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    server: ServerConfig
    storage: StorageConfig
    counting: CountingConfig
    privacy: PrivacyConfig
    geoip: GeoipConfig
    tracker: TrackerConfig
    log: LogConfig
    sites: tuple[SiteConfig, ...]


class _Refused(Exception):
    """A check says no; the text is a hint such as `did you mean 10.0.0.0/8`, or empty."""


def _nearest(value: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(value, list(known), n=1)
    return f"did you mean {close[0]}" if close else ""


def _text(pattern: str, limit: int) -> Callable[[str], str]:
    shape = re.compile(pattern)

    def check(value: str) -> str:
        if len(value) > limit or not value.isprintable() or not shape.fullmatch(value):
            raise _Refused
        return value

    return check


def _whole(low: int, high: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise _Refused
        return value

    return check


def _one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """One of a closed set; of a StrEnum, its member."""
    known = {str(choice): choice for choice in choices}

    def check(value: str) -> str:
        if value not in known:
            raise _Refused(_nearest(value, known))
        return known[value]

    return check


def _flag(value: bool) -> bool:
    return value


def _each(check: Callable[[str], str]) -> Callable[[list[str]], tuple[str, ...]]:
    def check_all(values: list[str]) -> tuple[str, ...]:
        if len(values) > MOST_ITEMS:
            raise _Refused(f"there are {len(values)} entries")
        return tuple(dict.fromkeys(check(value) for value in values))

    return check_all


def _network(value: str) -> str:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise _Refused from None
    address, _, prefix = value.partition("/")
    if "%" in value or (prefix and not prefix.isdecimal()):
        raise _Refused  # a scope id or a netmask: written differently by every tool, so not taken at all
    if network.version == 6 and network.network_address.ipv4_mapped:
        raise _Refused("write it as IPv4")  # visitors' addresses are unmapped first, it would never match
    if ipaddress.ip_address(address) != network.network_address:
        raise _Refused(f"did you mean {network}")
    return value


def _proxy(value: str) -> str:
    return value if value == "unix:" else _network(value)


def _host(value: str) -> str:
    """A host as a browser names it: lower case, no port, an IPv6 address without brackets."""
    host = value.lower().removesuffix(".")
    if "%" in host:  # an IPv6 address with a scope, which no browser sends
        raise _Refused
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        if _HOST_NAME.fullmatch(host) and not host.rpartition(".")[2].isdecimal():
            return host
        raise _Refused from None


def _url(value: str) -> str:
    """Where the service is for the world, without a slash at the end; '' is unknown."""
    if not value:
        return value
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:  # a port or an IPv6 address that is none
        raise _Refused from None
    if url.scheme not in ("http", "https") or port == 0 or not re.fullmatch(r"[!-~]{1,512}", value):
        raise _Refused
    if set("?#@\\") & set(value):
        raise _Refused
    _host(url.hostname or "")
    return value.rstrip("/")


@functools.cache
def _zones() -> frozenset[str]:
    """Read once: the names come from walking the machine's zone files, 10 ms a time."""
    return valid_zones()


def _zone(value: str) -> str:
    if value not in _zones():
        raise _Refused(_nearest(value, _zones()))
    return value


_NETWORKS = f"a list of at most {MOST_ITEMS} addresses or networks such as 10.0.0.0/8 or 2001:db8::/32"
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
    Setting("server", "public_url", str, "", "", _url,
            "an http or https address without query, or empty",
            "How the world reaches the service; snippets and links are made with it, empty takes each request's host."),
    Setting("server", "trusted_proxies", list, (), "", _each(_proxy),
            _NETWORKS + ', or "unix:"',
            "Only from these peers is X-Forwarded-For believed; from anyone else it could be forged."),
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
            "Tells countries by address; empty takes the approximate one that comes with the package."),
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
    Setting("sites", "hosts", list, (), "", _each(_host),
            f"a list of at most {MOST_ITEMS} host names such as example.com, in ASCII and without port",
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
            f"a list of at most {MOST_ITEMS} names, 64 characters each",
            "Query parameters that make another page, such as id in /article?id=7; all others are left out."),
)  # fmt: skip
_ROWS = {
    section: {row.key: row for row in SETTINGS if row.section == section} for section in (r.section for r in SETTINGS)
}
_SECTIONS = {
    "server": ServerConfig,
    "storage": StorageConfig,
    "counting": CountingConfig,
    "privacy": PrivacyConfig,
    "geoip": GeoipConfig,
    "tracker": TrackerConfig,
    "log": LogConfig,
}


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration of the file at `path` (defaults without one) and `environ`, or a ConfigError."""
    document = _read(path) if path else {}
    source = str(path or "")
    values: dict[str, dict[str, Any]] = {
        section: {key: _checked(row, _default(row), f"[{section}] {key}") for key, row in rows.items()}
        for section, rows in _ROWS.items()
        if section != "sites"
    }
    for section, table in document.items():
        if section != "sites":
            values[_section(source, section, table)] |= _table(f"{source}: [{section}] ", section, table)
    for variable, text in environ.items():
        _override(values, variable, text)
    base = path.absolute().parent if path else Path.cwd()
    values["storage"]["path"] = (base / values["storage"]["path"]).resolve()
    values["geoip"]["database"] = (
        (base / values["geoip"]["database"]).resolve() if values["geoip"]["database"] else None
    )
    parts = {section: make(**values[section]) for section, make in _SECTIONS.items()}
    config = Config(**parts, sites=_sites(source, document.get("sites", [])))
    _check_routes(config.tracker, source)
    return config


def check_site_field(key: str, value: object) -> object:
    """`value` as a site keeps it: lists become tuples, hosts lower case; or a ConfigError. For `site set`, too."""
    return _checked(_row("site", "sites", key, value), value, f"site {key}")


def site_field_from_text(key: str, text: str) -> object:
    """The same for a value typed in a shell: lists separated by commas, booleans true or false."""
    row = _row("site", "sites", key, text)
    return _checked(row, _from_text(row, text), f"site {key}")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}.") from error


def _section(source: str, section: str, table: object) -> str:
    if section in _SECTIONS and isinstance(table, dict):
        return section
    hint = _nearest(section, _ROWS) or next(
        (f"did you mean [{r.section}] {r.key}" for r in SETTINGS if r.key == section), ""
    )
    allowed = ", ".join(f"[{name}]" for name in _SECTIONS)
    raise ConfigError(f"{source}: {section} is not a section; allowed are {allowed} and [[sites]]{_bracketed(hint)}.")


def _table(where: str, section: str, table: Mapping[str, object]) -> dict[str, object]:
    return {key: _checked(_row(where, section, key, value), value, where + key) for key, value in table.items()}


def _row(where: str, section: str, key: str, value: object) -> Setting:
    row = _ROWS[section].get(key)
    if row is None:
        hint = _bracketed(_nearest(key.lower(), _ROWS[section]))
        allowed = ", ".join(_ROWS[section])
        raise ConfigError(f"{where.strip()} {key} = {_shown(value)} is not a setting; allowed are {allowed}{hint}.")
    return row


def _checked(row: Setting, value: object, where: str) -> Any:
    hint = ""
    right_type = all(type(item) is str for item in value) if isinstance(value, list) else True
    if type(value) is row.type and right_type:
        try:
            return row.check(value)
        except _Refused as refused:
            hint = str(refused)
    raise ConfigError(f"{where} = {_shown(value)} is not allowed; it must be {row.allowed}{_bracketed(hint)}.")


def _default(row: Setting) -> object:
    return list(row.default) if isinstance(row.default, tuple) else row.default


def _override(values: dict[str, dict[str, Any]], variable: str, text: str) -> None:
    """Take `COUNTER_<SECTION>_<KEY>`; variables of no section belong to someone else."""
    prefix, _, name = variable.partition("_")
    section, _, key = name.lower().partition("_")
    if prefix != "COUNTER" or section not in _ROWS or variable != variable.upper():
        return
    if section == "sites":
        raise ConfigError(f"{variable} = {_shown(text)} is not a setting; sites are set in the file, as [[sites]].")
    row = _ROWS[section].get(key)
    if row is None:
        known = [f"COUNTER_{section}_{name}".upper() for name in _ROWS[section]]
        hint = _bracketed(_nearest(variable, known))
        raise ConfigError(f"{variable} = {_shown(text)} is not a setting; allowed are {', '.join(known)}{hint}.")
    values[section][key] = _checked(row, _from_text(row, text), variable)


def _from_text(row: Setting, text: str) -> object:
    """`text` as a value of the row's type; as it is when it cannot be one, for the check to refuse."""
    if row.type is list:
        return [item.strip() for item in text.split(",") if item.strip()]
    if row.type is int and re.fullmatch(r"-?[0-9]{1,20}", text):
        return int(text)
    if row.type is bool and text in ("true", "false"):
        return text == "true"
    return text


def _sites(source: str, tables: object) -> tuple[SiteConfig, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{source}: sites must be written as [[sites]], once for each site.")
    sites: dict[str, SiteConfig] = {}
    for number, table in enumerate(tables, 1):
        where = f"{source}: [[sites]] number {number}: "
        given = {key: _default(row) for key, row in _ROWS["sites"].items()} | table
        fields: dict[str, Any] = _table(where, "sites", given)
        site = SiteConfig(**fields | {"name": fields["name"] or fields["id"]})
        if site.id in sites:
            raise ConfigError(f"{where}id = {_shown(site.id)} is not allowed; each site must have an id of its own.")
        sites[site.id] = site
    return tuple(sites.values())


def _check_routes(tracker: TrackerConfig, source: str) -> None:
    """The script and the hits need addresses of their own."""
    where = source or "the environment"
    for key, value in (("script_name", tracker.script_name), ("hit_path", tracker.hit_path)):
        taken = value.strip("/").partition("/")[0]
        if taken in _ROUTES:
            raise ConfigError(
                f"{where}: [tracker] {key} = {_shown(value)} is not allowed; /{taken} is a route already."
            )
    if tracker.hit_path == f"/{tracker.script_name}":
        raise ConfigError(
            f"{where}: [tracker] hit_path = {_shown(tracker.hit_path)} is not allowed; the script is there."
        )


def _shown(value: object) -> str:
    """`value` as TOML writes it, at most 100 characters."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 100 else text[:97] + "..."


def _bracketed(hint: str) -> str:
    return f" ({hint}?)" if hint.startswith("did") else f" ({hint})" if hint else ""
