"""Where a visit came from: the page that linked here, and the campaign in the link."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from counter.event import Origin
from counter.ingest.page import NO_CAMPAIGN, Campaign, split_url
from counter.ingest.text import clean

MAX_REFERRER = 1024  # characters kept
DIRECT = Origin(source="Direct", channel="direct")

_APP = re.compile(r"android-app://([A-Za-z0-9_.-]{1,253})(?:[/?#].*)?")


def origin_of(referrer: str, utm: Campaign, own_hosts: Collection[str], page_host: str) -> Origin:
    """The origin of a visit that began with this referrer and these UTM values. Never raises.

    A referrer is kept as scheme, host, foreign port and path, of http, https and android-app only; the site's own
    hosts (with or without 'www.') and the page's own host are no referrer. `source` is the campaign's, else the
    referrer's host, else 'Direct'; `channel` is 'campaign', 'referral' or 'direct'.
    """
    if not referrer and utm == NO_CAMPAIGN:
        return DIRECT
    return _origin(referrer, utm, tuple(own_hosts), page_host)


@lru_cache(2048)  # an entry is at most about 8 KiB
def _origin(referrer: str, utm: Campaign, own_hosts: tuple[str, ...], page_host: str) -> Origin:
    text, host = _kept(referrer)
    if host and (host == _bare(page_host) or any(_is_own(host, own) for own in own_hosts)):
        text = host = ""
    channel = "campaign" if any(utm[:3]) else "referral" if host else "direct"
    return Origin(text, host, utm[0] or host or "Direct", channel, *utm)


def _is_own(host: str, own: str) -> bool:
    return host.endswith(own[1:]) if own.startswith("*.") else host == _bare(own)


def _kept(referrer: str) -> tuple[str, str]:
    """What may be stored of a referrer, and its host without 'www.'; two empty texts for none."""
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
