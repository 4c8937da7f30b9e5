"""Where a visit came from: the page that linked here, and what the link itself says."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from counter.collect.origins.sources import Click, Source, Sources
from counter.collect.page import NO_CAMPAIGN, STAND_INS, UTM, Campaign, campaign, split_url
from counter.event import Channel, Origin
from counter.hosts import former_host
from counter.text import clean

MAX_REFERRER = 1024  # characters kept
DIRECT = Origin(source="Direct", channel=Channel.DIRECT.value)

_TAGS = STAND_INS.union(UTM)
_KEYS = re.compile(r"[?&;]([a-z0-9_]+)=")
_APP = re.compile(r"android-app://([A-Za-z0-9_.-]{1,253})(?:[/?#].*)?")


class Origins:
    """Finds where visits came from, using the given sources; the last answers are remembered."""

    __slots__ = ("_clicks", "_known", "_sources")

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._clicks = sources.click_keys
        self._known = lru_cache(2048)(self._origin)  # an entry is at most about 8 KiB

    def of(
        self, referrer: str, link: str, own_hosts: Collection[str], page_host: str, page_keys: Collection[str] = ()
    ) -> Origin:
        """The origin of a visit that began with this referrer, at `link`: a path or URL with its query. Never raises.

        A referrer is kept as scheme, host, foreign port and path, of http, https and android-app only; the site's
        own hosts (with or without 'www.') and the page's own host are no referrer. `page_keys` are query parameters
        that belong to the page. Of a click id only its name is looked at.
        """
        utm, click = NO_CAMPAIGN, ""
        if "?" in link:
            # Most queries say nothing about where a visit came from; reading one in full takes several times as long.
            keys = _KEYS.findall(link.lower())
            utm = NO_CAMPAIGN if _TAGS.isdisjoint(keys) else campaign(link, page_keys)
            click = "" if self._clicks.isdisjoint(keys) else self._sources.click_key(link)
        if not referrer and not click and utm == NO_CAMPAIGN:
            return DIRECT
        return self._known(referrer, utm, click, tuple(own_hosts), page_host)

    def _origin(
        self, referrer: str, utm: Campaign, click_key: str, own_hosts: tuple[str, ...], page_host: str
    ) -> Origin:
        text, host = _stored(referrer)
        names = (host, former_host(host))  # as `ActiveSite.owns`: lists of before have the former one
        if host and (host == _bare(page_host) or any(_is_own(name, own) for name in names for own in own_hosts)):
            text = host = ""
        named = self._sources.named(utm[0]) if utm[0] else None
        click = self._sources.click(click_key)
        came = self._came(text, host)
        source = named.name if named else utm[0] or _source_untagged(click, came)
        channel = self._sources.channel_of(utm[1]) or _channel(utm, named, click, came)
        return Origin(text, host, source, channel, *utm)

    def _came(self, text: str, host: str) -> Source | None:
        """The source of the referrer; None when there is no referrer."""
        if not host:
            return None
        known = self._sources.of_app(host) if text.startswith("android-app:") else self._sources.of_host(host)
        return known or Source(host, Channel.REFERRAL.value)


def _source_untagged(click: Click | None, came: Source | None) -> str:
    """The source of a link that names none: the source of a paid click id, else the referrer, else any click id."""
    if click is not None and click.paid:
        return click.source.name
    if came is not None:
        return came.name
    return click.source.name if click is not None else DIRECT.source


def _channel(utm: Campaign, named: Source | None, click: Click | None, came: Source | None) -> str:
    """The channel when the medium names none. The order is the rule; docs/sources.md has it."""
    if (click is not None and click.paid) or utm[1] or utm[2]:
        return Channel.CAMPAIGN.value
    if utm[0]:
        return named.channel if named is not None else Channel.CAMPAIGN.value
    if came is not None:
        return came.channel
    return click.source.channel if click is not None else DIRECT.channel


def _is_own(host: str, own: str) -> bool:
    return host.endswith(own[1:]) if own.startswith("*.") else host == _bare(own)


def _stored(referrer: str) -> tuple[str, str]:
    """The part of a referrer that may be stored, and its host without 'www.'; two empty texts for none."""
    referrer = clean(referrer, 2 * MAX_REFERRER)
    url = split_url(referrer)
    if url is not None:
        port = f":{url.port}" if url.port else ""
        # A backslash is a slash to browsers; written as one, the link leads where the visitor was.
        path = url.path.replace("\\", "/") or "/"
        return clean(f"{url.scheme}://{url.host}{port}{path}", MAX_REFERRER), _bare(url.host)
    app = _APP.fullmatch(referrer)
    return (f"android-app://{app[1].lower()}", app[1].lower()) if app else ("", "")


def _bare(host: str) -> str:
    """A host without 'www.': both spellings are one site to its owner."""
    return host.lower().removeprefix("www.")
