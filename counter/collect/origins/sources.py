"""Which source a host, an app, a name in a link or a click id belongs to. Looked up by whole labels, never by parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from counter.collect.origins.source_table import MarkKind, SourceTable, name_key, owners_table, shipped_table
from counter.collect.page import host_of, parameter_key, query_apart, raw_parameters
from counter.event import Channel

_WWW = re.compile(r"^(?:www\.)+")


class Source(NamedTuple):
    """A source by its display name, and the channel it belongs to, one of `Channel`."""

    name: str
    channel: str


class Click(NamedTuple):
    """What a click id in a link means."""

    source: Source
    paid: bool


class Sources:
    """All that is known of sources: our table, and the owner's, which wins."""

    def __init__(self, shipped: SourceTable, owners: SourceTable | None = None) -> None:
        tables = [table for table in (owners, shipped) if table is not None]
        # A row of the owner's under a name of ours moves that source to another channel, whole.
        channels = {name_key(row.name): row.channel for table in reversed(tables) for row in table.rows}
        self._indexes = tuple(_Index(table, shipped.endings, channels) for table in tables)
        self._media = {key: channel.value for table in reversed(tables) for key, channel in table.media.items()}
        self._clicks = {key: click for index in reversed(self._indexes) for key, click in index.clicks.items()}

    @classmethod
    def load(cls, file: Path | None = None) -> Self:
        """Our table, with the owner's `file` over it. A ConfigError when there is something wrong with it."""
        return cls(shipped_table(), owners_table(file) if file is not None else None)

    def of_host(self, host: str) -> Source | None:
        """The source of a host (lower case, ASCII, without 'www.'); None when the tables do not have it."""
        return _first(index.of_host(host) for index in self._indexes)

    def of_app(self, package: str) -> Source | None:
        return _first(index.apps.get(package) for index in self._indexes)

    def named(self, text: str) -> Source | None:
        """The source that a link means by `text`: a name, an app, or a host; a host we do not know is a referral."""
        key = name_key(text)
        found = _first(index.names.get(key) for index in self._indexes) or self.of_app(text.lower())
        host = host_named(text) if found is None else ""
        if host:
            return self.of_host(host) or Source(host, Channel.REFERRAL.value)
        return found

    def channel_of(self, medium: str) -> str:
        """The channel that a medium means; '' when it only says that the link was tagged."""
        return self._media.get(name_key(medium), "")

    def click_key(self, link: str) -> str:
        """The name of the click id in a path or URL, a paid one first; '' for none. Never its value."""
        found = ""
        for name, value in raw_parameters(query_apart(link)[1]):
            key = parameter_key(name)
            if value and key in self._clicks:
                if self._clicks[key].paid:
                    return key
                found = found or key
        return found

    def click(self, key: str) -> Click | None:
        return self._clicks.get(key)

    @property
    def click_keys(self) -> frozenset[str]:
        return frozenset(self._clicks)


class _Index:
    """One table, ready to be asked."""

    __slots__ = ("_below", "_only", "apps", "clicks", "names")

    def __init__(self, table: SourceTable, endings: tuple[str, ...], channels: Mapping[str, Channel]) -> None:
        self.apps: dict[str, Source] = {}
        self.names: dict[str, Source] = {}
        self.clicks: dict[str, Click] = {}
        self._only: dict[str, Source] = {}
        self._below: dict[str, Source] = {}
        for row in table.rows:
            source = Source(row.name, channels[name_key(row.name)].value)
            paid = Source(row.name, Channel.CAMPAIGN.value)
            self.names[name_key(row.name)] = source
            for kind, text in row.marks:
                match kind:
                    case MarkKind.APP:
                        self.apps[text] = source
                    case MarkKind.NAME:
                        self.names[text] = source
                    case MarkKind.AD_NAME:
                        self.names[text] = paid
                    case MarkKind.AD_HOST:
                        _put(self._below, text, paid, endings)
                    case MarkKind.AD | MarkKind.CLICK:
                        self.clicks[text] = Click(source, paid=kind == MarkKind.AD)
                    case MarkKind.ONLY_HOST:
                        _put(self._only, text, source, endings)
                    case MarkKind.HOST:
                        _put(self._below, text, source, endings)

    def of_host(self, host: str) -> Source | None:
        """The row of exactly this host, otherwise the longest that equals it or a domain above it."""
        found = self._only.get(host)
        while found is None and host:
            found = self._below.get(host)
            host = host.partition(".")[2]
        return found


def _put(hosts: dict[str, Source], text: str, source: Source, endings: tuple[str, ...]) -> None:
    """Every host written out; a literal host wins over one that '.*' expands to."""
    if not text.endswith(".*"):
        hosts[text] = source
        return
    for ending in endings:
        hosts.setdefault(text[:-1] + ending, source)


def _first(found: Iterable[Source | None]) -> Source | None:
    return next((source for source in found if source is not None), None)


def host_named(text: str) -> str:
    """The host in a link's source, given alone or as a URL, without 'www.'; '' when it is a name."""
    if "://" not in text:
        text = f"http://{text}" if not set("@/?#\\") & set(text) else ""
    host = _WWW.sub("", host_of(text))
    _, dot, ending = host.rpartition(".")
    return host if dot and len(ending) > 1 and ending[0].isalpha() else ""
