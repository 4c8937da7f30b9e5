"""A table of sources, read from a file and checked: ours, `counter/data/sources.toml`, or the owner's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from counter.errors import ConfigError
from counter.event import Channel
from counter.hosts import ascii_host

SHIPPED: Final = Path(__file__).parents[2] / "data" / "sources.toml"
MAX_NAME: Final = 64  # characters of a source's name
LARGEST: Final = 1024 * 1024  # bytes of an owner's file; ours has 40,000

_LABELS = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
_HOST = rf"{_LABELS}\.(?:[a-z][a-z0-9-]+|\*)"
_NAME = r"(?=.*[^\s_-])\S(?:.{0,62}\S)?"
_HOSTS = frozenset({"", "=", "ads:"})
_NAMES = frozenset({"utm:", "adname:"})
_APART = re.compile(r"[\s_-]+")
# No source is "direct": that is what remains when nothing names a source.
_SECTIONS = tuple(channel for channel in Channel if channel != Channel.DIRECT)


class MarkKind(StrEnum):
    """How a source is recognised."""

    HOST = ""  # the host and every one below it
    ONLY_HOST = "="
    APP = "app:"
    NAME = "utm:"
    AD_HOST = "ads:"  # a host, with every one below it, whose links are paid for
    AD_NAME = "adname:"  # a name that only paid links carry
    AD = "ad:"  # a query parameter of paid links
    CLICK = "click:"  # a query parameter of others


# The first that a mark begins with; what must follow, and how a sentence says so.
_KINDS: Final = (
    (MarkKind.APP, re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+"), "the package of an app, such as app:org.example.mail"),
    (MarkKind.NAME, re.compile(_NAME), "a name of at most 64 characters"),
    (MarkKind.AD_NAME, re.compile(_NAME), "a name of at most 64 characters"),
    (MarkKind.AD_HOST, re.compile(_HOST), "a host, such as ads:ads.example.com"),
    (MarkKind.AD, re.compile(r"[a-z0-9_]{1,64}"), "the name of a query parameter, such as ad:gclid"),
    (MarkKind.CLICK, re.compile(r"[a-z0-9_]{1,64}"), "the name of a query parameter, such as click:fbclid"),
    (MarkKind.ONLY_HOST, re.compile(_HOST), "a host, such as =example.com"),
    (MarkKind.HOST, re.compile(_HOST), "a host, such as example.com or example.*"),
)


class SourceMark(NamedTuple):
    """One sign that a source is recognised by; `text` is in the form that is compared."""

    kind: MarkKind
    text: str


class SourceRow(NamedTuple):
    name: str
    channel: Channel
    marks: tuple[SourceMark, ...]


class SourceTable(NamedTuple):
    rows: tuple[SourceRow, ...]
    media: Mapping[str, Channel]  # by the key of utm_medium
    endings: tuple[str, ...]  # what '.*' expands to; an owner's file has none of its own


def name_key(text: str) -> str:
    """A name in the form that is compared: without capitals, spaces, '_' and '-'."""
    return _APART.sub("", text.casefold())


@cache
def shipped_table() -> SourceTable:
    """Our table; it is read once in a process, which takes 12 ms."""
    return read_table(SHIPPED.read_text(encoding="utf-8"), SHIPPED.name)


def owners_table(file: Path) -> SourceTable:
    """The table of the owner's file, or a ConfigError that says what is wrong, and where."""
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(f"{file}: has {file.stat().st_size} bytes; a table of sources has at most {LARGEST}.")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}; [lists] sources names it.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8: {error}.") from error
    return read_table(text, str(file))


def read_table(text: str, file: str) -> SourceTable:
    """The table in `text`; a ConfigError names `file`, the row, and what is wrong with it."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: is not TOML: {error}.") from error
    endings = tuple(_texts(f"{file}: endings", document.pop("endings", [])))
    media = _read_media(file, document.pop("media", {}))
    rows: dict[str, SourceRow] = {}
    for section, table in document.items():
        for row in _read_section(file, section, table):
            known = rows.setdefault(name_key(row.name), row)
            if known is not row:
                raise ConfigError(
                    f'{file}: [{section}] "{row.name}" stands twice; it is also "{known.name}" in [{known.channel}].'
                )
    _refuse_repeated(file, rows.values())
    return SourceTable(tuple(rows.values()), media, endings)


def _read_section(file: str, section: str, table: Any) -> Iterator[SourceRow]:
    if section not in _SECTIONS or not isinstance(table, dict):
        allowed = ", ".join(f"[{name}]" for name in _SECTIONS)
        raise ConfigError(f"{file}: {section} is not a section; allowed are {allowed} and [media].")
    channel = Channel(section)
    for name, marks in table.items():
        where = f'{file}: [{section}] "{name}"'
        if not name_key(name) or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
            raise ConfigError(f"{where} is no name; it must be 1 to {MAX_NAME} printable characters.")
        yield SourceRow(name, channel, tuple(_read_mark(where, mark) for mark in _texts(where, marks)))


def _read_mark(where: str, text: str) -> SourceMark:
    if text != text.lower():
        raise ConfigError(f'{where}: "{text}" must be in lower case: "{text.lower()}".')
    kind, shape, wanted = next(row for row in _KINDS if text.startswith(row[0].value))
    rest = text[len(kind.value) :]
    if kind in _HOSTS and not rest.isascii():
        rest = ascii_host(rest)
    if not shape.fullmatch(rest):
        raise ConfigError(f'{where}: "{text}" is not {wanted}.')
    return SourceMark(kind, name_key(rest) if kind in _NAMES else rest.removeprefix("www."))


def _read_media(file: str, table: Any) -> dict[str, Channel]:
    media: dict[str, Channel] = {}
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: media must be a section, [media].")
    for name, texts in table.items():
        where = f"{file}: [media] {name}"
        if name not in tuple(Channel):
            raise ConfigError(f"{where} is not a channel; allowed are {', '.join(Channel)}.")
        for text in _texts(where, texts):
            if media.setdefault(name_key(text), Channel(name)) != name:
                raise ConfigError(f'{where}: "{text}" is {media[name_key(text)]} already.')
    return media


def _texts(where: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ConfigError(f'{where} must be a list of texts, such as ["example.com", "app:com.example"].')
    return value


def _refuse_repeated(file: str, rows: Iterable[SourceRow]) -> None:
    """A mark belongs to one source; otherwise the source of a visit would depend on the order of the file."""
    owners: dict[SourceMark, SourceRow] = {}
    for row in rows:
        for mark in row.marks:
            known = owners.setdefault(mark, row)
            if known is not row:
                raise ConfigError(
                    f'{file}: [{row.channel}] "{row.name}": "{mark.kind}{mark.text}" belongs to "{known.name}" already.'
                )
