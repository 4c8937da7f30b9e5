"""Where a visit came from: the page that linked here, and what the link itself says."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from counter.collect.origins.copies_of_pages import is_hash_of, original_host
from counter.collect.origins.sources import Click, Source, Sources, host_named
from counter.collect.page import NO_CAMPAIGN, STAND_INS, UTM, Campaign, campaign, host_of, split_url
from counter.collect.visitor_marks import without_session
from counter.event import Channel, Origin
from counter.hosts import former_host
from counter.text import clean

MAX_REFERRER = 1024  # characters kept
DIRECT = Origin(source="Direct", channel=Channel.DIRECT.value)

_TAGS = STAND_INS.union(UTM)
_KEYS = re.compile(r"(?:[?&;]|%3b)([a-z0-9_]+)=")
_APP = re.compile(r"android-app://([A-Za-z0-9_.-]{1,253})(?:/(https?)(?:/([^/?#]+))?[^?#]*|/[^?#]*)?(?:[?#].*)?")


class Hosts(NamedTuple):
    """The hosts of a site that decide what a referrer is worth."""

    own: tuple[str, ...]  # as `Site.hosts`
    page: str  # that the page stands on
    excluded: tuple[str, ...] = ()  # as `Site.excluded_referrers`

    def are_own(self, host: str) -> bool:
        """Whether `host` (without 'www.') is one of the site's, as `ActiveSite.owns`: lists of before have the
        former name of a host; or a copy of one of its pages in a cache."""
        if host == _bare(self.page):
            return True
        return any(_is_own(name, own) for name in (host, former_host(host)) for own in self.own)

    def exclude(self, host: str) -> bool:
        """Whether links from `host` start no visit: a payment page, and all below its host."""
        return any(host == one or host.endswith(f".{one}") for one in map(_listed, self.excluded))


class Origins:
    """Finds where visits came from, using the given sources; the last answers are remembered."""

    __slots__ = ("_clicks", "_known", "_sources")

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._clicks = sources.click_keys
        self._known = lru_cache(2048)(self._origin)  # an entry is at most about 8 KiB

    def of(self, referrer: str, link: str, hosts: Hosts, page_keys: Collection[str] = ()) -> Origin:
        """The origin of a visit that began with this referrer, at `link`: a path or URL with its query. Never raises.

        A referrer is kept as scheme, host, foreign port and path, of http, https and android-app only, without
        session ids; the site's own hosts (with or without 'www.'), the page's own host, copies of their pages in
        caches and the hosts that the owner excludes are no referrer. `page_keys` are query parameters that belong to
        the page. Of a click id only its name is looked at.
        """
        utm, click = NO_CAMPAIGN, ""
        if "?" in link:
            # Most queries say nothing about where a visit came from; reading one in full takes several times as long.
            keys = _KEYS.findall(link.lower())
            if not _TAGS.isdisjoint(keys):
                utm = campaign(link, page_keys, lambda text: _names_own(text, hosts))
            click = "" if self._clicks.isdisjoint(keys) else self._sources.click_key(link)
        if not referrer and not click and utm == NO_CAMPAIGN:
            return DIRECT
        return self._known(referrer, utm, click, hosts)

    def _origin(self, referrer: str, utm: Campaign, click_key: str, hosts: Hosts) -> Origin:
        came = self._came(referrer, hosts)
        # A link may carry the name of the site itself; that says nothing of where it stood.
        tagged = "" if _names_own(utm[0], hosts) else utm[0]
        named = self._sources.named(tagged) if tagged else None
        click = self._sources.click(click_key)
        source = named.name if named else tagged or _source_untagged(click, came.source)
        channel = self._channel_of(utm, tagged, named, click, came.source)
        return Origin(came.referrer, came.host, source, channel, *utm)

    def _came(self, referrer: str, hosts: Hosts) -> _Came:
        """What the referrer says; nothing when it is one of the site's own, or excluded."""
        stored = _stored(referrer)
        if not stored.host:
            return _NOWHERE
        copied = original_host(stored.host, stored.path)
        for host in filter(None, (stored.host, _bare(copied))):
            if hosts.are_own(host) or hosts.exclude(host):
                return _NOWHERE
        if is_hash_of(stored.host, (*hosts.own, hosts.page)):
            return _NOWHERE
        return _Came(stored.referrer, stored.host, self._source_of(stored, _bare(copied)))

    def _source_of(self, stored: _Stored, copied: str) -> Source:
        known = self._sources.of_host(stored.host)
        if stored.referrer.startswith("android-app:"):
            # Before anything else the app; some name a web page in its place, or the page that it showed.
            app = self._sources.of_app(stored.host)
            known = app or known or (self._sources.of_host(stored.path) if stored.path else None)
        elif known is None and copied:
            known = self._sources.of_host(copied) or Source(copied, Channel.REFERRAL.value)
        return known or Source(stored.host, Channel.REFERRAL.value)

    def _channel_of(
        self, utm: Campaign, tagged: str, named: Source | None, click: Click | None, came: Source | None
    ) -> str:
        """The channel, by the medium first; the order is the rule, docs/sources.md has it."""
        medium = self._sources.channel_of(utm[1])
        if medium and medium != Channel.REFERRAL:
            return medium
        paid = click is not None and click.paid
        if medium:
            # "From a link" is what is said of links of every kind: who the link is on says more.
            said = named if tagged else came
            if paid and (said is None or said.channel == Channel.REFERRAL):
                return Channel.CAMPAIGN.value
            return said.channel if said is not None else medium
        if paid or utm[1] or utm[2]:
            return Channel.CAMPAIGN.value
        if tagged:
            return named.channel if named is not None else Channel.CAMPAIGN.value
        if came is not None:
            return came.channel
        return click.source.channel if click is not None else DIRECT.channel


class _Came(NamedTuple):
    referrer: str
    host: str
    source: Source | None


class _Stored(NamedTuple):
    """The part of a referrer that may be stored."""

    referrer: str
    host: str  # without 'www.'; of an app its package
    path: str  # of an app the host of the page it showed


_NOWHERE = _Came("", "", None)


def stored_referrer(referrer: str) -> str:
    """The part of a referrer that is stored; '' for none."""
    return _stored(referrer).referrer


def _source_untagged(click: Click | None, came: Source | None) -> str:
    """The source of a link that names none: the source of a paid click id, else the referrer, else any click id."""
    if click is not None and click.paid:
        return click.source.name
    if came is not None:
        return came.name
    return click.source.name if click is not None else DIRECT.source


def _names_own(text: str, hosts: Hosts) -> bool:
    """Whether a source that a link names is the site itself: one of its hosts, alone or as a URL."""
    host = host_named(text) if "." in text else ""
    return bool(host) and hosts.are_own(host)


def _is_own(host: str, own: str) -> bool:
    return host.endswith(own[1:]) if own.startswith("*.") else host == _bare(own)


def _listed(excluded: str) -> str:
    return _bare(excluded.removeprefix("*."))


def _stored(referrer: str) -> _Stored:
    referrer = clean(referrer, 2 * MAX_REFERRER)
    url = split_url(referrer)
    if url is not None:
        port = f":{url.port}" if url.port else ""
        # A backslash is a slash to browsers; written as one, the link leads where the visitor was.
        path = without_session(url.path.replace("\\", "/")) or "/"
        return _Stored(clean(f"{url.scheme}://{url.host}{port}{path}", MAX_REFERRER), _bare(url.host), path)
    app = _APP.fullmatch(referrer)
    if app is None:
        return _Stored("", "", "")
    name = _bare(app[1]) if app[1].lower().startswith("www.") else app[1].lower()
    shown = host_of(f"{app[2]}://{app[3]}/") if app[3] else ""
    return _Stored(f"android-app://{app[1].lower()}", name, _bare(shown))


def _bare(host: str) -> str:
    """A host without 'www.': both spellings are one site to its owner."""
    return host.lower().removeprefix("www.")
