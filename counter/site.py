"""The noun Site: what is counted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from counter.calendar.localtime import LocalTime
from counter.errors import UnknownSite
from counter.hosts import former_host, is_elsewhere

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Site(msgspec.Struct, frozen=True):
    """One site of the catalog. `key` is the catalog's number for it, never reused; `id` is what owners write."""

    key: int
    id: str
    name: str
    hosts: tuple[str, ...] = ()  # as `ascii_host` gives them, no port; empty: any host
    timezone: str = "UTC"
    first_weekday: str = "monday"
    start_count: int = 0
    public: bool = True
    query_keys: tuple[str, ...] = ()  # query parameters that belong to the path of a page
    excluded_pages: tuple[str, ...] = ()  # patterns of paths that are not counted; `*` is any text
    excluded_referrers: tuple[str, ...] = ()  # hosts whose links are no source of a visit, with their subdomains
    backdate_days: int = 1  # how far back `time` of a write token may lie
    image_gap_seconds: int = 0  # repeated fetches of one page's image by a proxy count once in it; 0: each counts

    @property
    def version(self) -> str:
        """Changes with every change of the site: what was made from one version is refused on another."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=8).hexdigest()

    @property
    def first_weekday_number(self) -> int:
        """0 is Monday, as `datetime.date.weekday` counts."""
        return WEEKDAYS.index(self.first_weekday)


class TokenMay(StrEnum):
    """What the holder of a site's token may do."""

    WRITE = "write"  # send hits with their own time, address and user agent
    READ = "read"  # ask for reports


class Token(msgspec.Struct, frozen=True):
    site_key: int
    may: TokenMay


class GoalKind(StrEnum):
    PAGE = "page"
    EVENT = "event"


class Goal(msgspec.Struct, frozen=True):
    """What an owner wants visitors to reach: a page or an event whose path or name matches `pattern`.

    In a pattern `*` is any text and `?` any one character; everything else matches literally, including case.
    """

    name: str
    kind: GoalKind
    pattern: str


class ActiveSite:
    """A site with what is derived from it once: its local time and the hosts its pages may be on."""

    __slots__ = ("_any_host", "_hosts", "_left_out", "_suffixes", "local", "site")

    def __init__(self, site: Site) -> None:
        self.site = site
        self.local = LocalTime(site.timezone)
        self._any_host = not site.hosts
        self._hosts = frozenset(host for host in site.hosts if not host.startswith("*."))
        self._suffixes = tuple(host[1:] for host in site.hosts if host.startswith("*."))
        self._left_out = path_patterns(site.excluded_pages) if site.excluded_pages else None

    @property
    def leaves_pages_out(self) -> bool:
        return self._left_out is not None

    def leaves_out(self, path: str) -> bool:
        """Whether a normal path is one of the site's excluded pages, with its query or without."""
        return self._left_out is not None and matches_path(self._left_out, path)

    def owns(self, host: str) -> bool:
        """Whether `host` is one of the site's own; always false for a site without hosts.

        Before schema 4 the dashboard stored an owner's 'straße.de' as 'strasse.de', and the list does not say which
        of the two was typed. So the IDNA 2003 form of a host is accepted as well: a page on straße.de counts without
        a change of the site.
        """
        return self._names(host) or ((former := former_host(host)) != host and self._names(former))

    def _names(self, host: str) -> bool:
        return host in self._hosts or (bool(self._suffixes) and host.endswith(self._suffixes))

    def takes(self, host: str) -> bool:
        """Whether a page on `host` may count here; a site without hosts takes any, and an unknown host passes.

        What is no page of the web ('file:' in place of a host) counts nowhere.
        """
        return not is_elsewhere(host) and (self._any_host or not host or self.owns(host))


def path_patterns(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for patterns of paths, in which `*` is any text and everything else itself, including case."""
    return re.compile("|".join(".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns), re.DOTALL)


def matches_path(patterns: re.Pattern[str], path: str) -> bool:
    """Whether one of the patterns fits the whole path, with its query or without."""
    return patterns.fullmatch(path) is not None or patterns.fullmatch(path.partition("?")[0]) is not None


class Sites:
    """The sites in force, by id and by key; replaced whole when the catalog changes."""

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._by_id: dict[str, ActiveSite] = {}
        self._by_key: dict[int, ActiveSite] = {}
        self.replace(sites)

    def replace(self, sites: Iterable[Site]) -> None:
        active = [ActiveSite(site) for site in sites]
        self._by_id = {one.site.id: one for one in active}
        self._by_key = {one.site.key: one for one in active}

    def get(self, site_id: str) -> ActiveSite:
        """The site, or UnknownSite."""
        found = self._by_id.get(site_id)
        if found is None:
            raise UnknownSite(f"there is no site {site_id[:64]!r}")
        return found

    def public(self, site_id: str) -> ActiveSite:
        """The site if strangers may read it; hidden and unknown sites give the same answer."""
        found = self._by_id.get(site_id)
        if found is None or not found.site.public:
            raise UnknownSite(f"there is no site {site_id[:64]!r}")
        return found

    def by_key(self, key: int) -> ActiveSite | None:
        return self._by_key.get(key)

    def all(self) -> list[ActiveSite]:
        return list(self._by_id.values())
