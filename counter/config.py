"""Every setting is one row of `SETTINGS`; `load` turns config.toml and the environment into a `Config`, or refuses.

Strict: a key that is not in the table, a value of another type or out of its range is a `ConfigError` whose sentence
names the file (or the variable), the key, the value and what is allowed. The environment wins over the file:
`COUNTER_<SECTION>_<KEY>`, lists separated by commas, booleans `true` or `false`. Sites come from the file only.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from counter.errors import ConfigError
from counter.settings import ROUTES, SETTINGS, DrivenBrowsers, Durability, LogFormat, Refused, Setting, StoreIp, nearest


@dataclass(frozen=True, slots=True)
class ServerConfig:
    host: str
    port: int
    socket: Path | None  # a unix socket to listen on instead
    public_url: str  # without a slash at the end; '' is unknown
    trusted_proxies: tuple[str, ...]  # addresses, networks, "unix:"
    address_header: str  # in which they name the visitor's address
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
    driven_browsers: DrivenBrowsers


@dataclass(frozen=True, slots=True)
class PrivacyConfig:
    store_ip: StoreIp
    ip_retention_days: int  # 0: kept
    hit_retention_days: int  # 0: kept


@dataclass(frozen=True, slots=True)
class GeoipConfig:
    database: Path | None  # absolute; None: the downloaded one, else the one that comes with the package
    update_url: str  # with {year}, {month}, {key}
    license_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListsConfig:
    sources: Path | None  # absolute; None: ours alone
    spam_referrers_url: str  # '': no list is downloaded


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
    hosts: tuple[str, ...]  # as browsers send them, no port; empty: any host
    timezone: str
    first_weekday: str
    start_count: int
    public: bool
    query_keys: tuple[str, ...]
    excluded_pages: tuple[str, ...]
    excluded_referrers: tuple[str, ...]
    backdate_days: int
    image_gap_seconds: int


SITE_FIELDS = tuple(field.name for field in fields(SiteConfig) if field.name != "id")


@dataclass(frozen=True, slots=True)
class Config:
    server: ServerConfig
    storage: StorageConfig
    counting: CountingConfig
    privacy: PrivacyConfig
    geoip: GeoipConfig
    lists: ListsConfig
    tracker: TrackerConfig
    log: LogConfig
    sites: tuple[SiteConfig, ...]


_ROWS = {
    section: {row.key: row for row in SETTINGS if row.section == section} for section in (r.section for r in SETTINGS)
}
_SECTIONS = {
    "server": ServerConfig,
    "storage": StorageConfig,
    "counting": CountingConfig,
    "privacy": PrivacyConfig,
    "geoip": GeoipConfig,
    "lists": ListsConfig,
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
    values["server"]["socket"] = (base / values["server"]["socket"]).resolve() if values["server"]["socket"] else None
    values["geoip"]["database"] = (
        (base / values["geoip"]["database"]).absolute() if values["geoip"]["database"] else None
    )
    values["lists"]["sources"] = (base / values["lists"]["sources"]).resolve() if values["lists"]["sources"] else None
    parts = {section: make(**values[section]) for section, make in _SECTIONS.items()}
    config = Config(**parts, sites=_sites(source, document.get("sites", [])))
    _check_routes(config.tracker, source)
    return config


def check_site_field(key: str, value: object) -> object:
    """`value` as a site stores it: lists as tuples, hosts as browsers send them; or ConfigError. `site set` uses it."""
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
    hint = nearest(section, _ROWS) or next(
        (f"did you mean [{r.section}] {r.key}" for r in SETTINGS if r.key == section), ""
    )
    allowed = ", ".join(f"[{name}]" for name in _SECTIONS)
    raise ConfigError(f"{source}: {section} is not a section; allowed are {allowed} and [[sites]]{_bracketed(hint)}.")


def _table(where: str, section: str, table: Mapping[str, object]) -> dict[str, object]:
    return {key: _checked(_row(where, section, key, value), value, where + key) for key, value in table.items()}


def _row(where: str, section: str, key: str, value: object) -> Setting:
    row = _ROWS[section].get(key)
    if row is None:
        hint = _bracketed(nearest(key.lower(), _ROWS[section]))
        allowed = ", ".join(_ROWS[section])
        shown = _shown(value, secret=_may_be_secret(section))
        raise ConfigError(f"{where.strip()} {key} = {shown} is not a setting; allowed are {allowed}{hint}.")
    return row


def _checked(row: Setting, value: object, where: str) -> Any:
    hint = ""
    right_type = all(type(item) is str for item in value) if isinstance(value, list) else True
    if type(value) is row.type and right_type:
        try:
            return row.check(value)
        except Refused as refused:
            hint = str(refused)
    shown = _shown(value, secret=row.secret)
    raise ConfigError(f"{where} = {shown} is not allowed; it must be {row.allowed}{_bracketed(hint)}.")


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
        hint = _bracketed(nearest(variable, known))
        shown = _shown(text, secret=_may_be_secret(section))
        raise ConfigError(f"{variable} = {shown} is not a setting; allowed are {', '.join(known)}{hint}.")
    values[section][key] = _checked(row, _from_text(row, text), variable)


def _from_text(row: Setting, text: str) -> object:
    """`text` as a value of the row's type; unchanged when it cannot be one, so that the check refuses it."""
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
        if taken in ROUTES:
            raise ConfigError(
                f"{where}: [tracker] {key} = {_shown(value)} is not allowed; /{taken} is a route already."
            )
    if tracker.hit_path == f"/{tracker.script_name}":
        raise ConfigError(
            f"{where}: [tracker] hit_path = {_shown(tracker.hit_path)} is not allowed; the script is there."
        )


def _may_be_secret(section: str) -> bool:
    """Whether a key that is not known may be a misspelt secret."""
    return any(row.secret for row in _ROWS[section].values())


def _shown(value: object, *, secret: bool = False) -> str:
    """`value` as TOML writes it, at most 100 characters; of a secret, nothing."""
    if secret:
        return "(not shown)"
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 100 else text[:97] + "..."


def _bracketed(hint: str) -> str:
    return f" ({hint}?)" if hint.startswith("did") else f" ({hint})" if hint else ""
