"""The label of a value of a breakdown: its name in the reader's language, and its address on the web, if any.

The value itself never changes: it is what a filter compares and what exports have.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from counter.collect.agents.devices import DEVICES
from counter.collect.origins.origin import DIRECT
from counter.event import Channel
from counter.hosts import ascii_host, shown_host
from counter.labels import LANGUAGES, country_name
from counter.question import OTHER, UNKNOWN, Dimension
from counter.site import ActiveSite
from dashboard.report.panels import Tab, TabKind
from dashboard.words.catalogue import Words
from dashboard.words.countries import ALPHA_3

PAGES: Final = frozenset({Dimension.PAGE, Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE})
REFERRERS: Final = frozenset({Dimension.REFERRER, Dimension.REFERRER_HOST})
HOSTS: Final = frozenset({Dimension.HOST, Dimension.REFERRER_HOST, Dimension.SOURCE})
CAMPAIGNS: Final = frozenset({
    Dimension.UTM_SOURCE, Dimension.UTM_MEDIUM, Dimension.UTM_CAMPAIGN, Dimension.UTM_TERM, Dimension.UTM_CONTENT,
})  # fmt: skip
OWN_TEXTS: Final = frozenset({Dimension.PROPERTY, Dimension.PROPERTY_KEY, Dimension.GOAL, Dimension.EVENT})
_CHANNELS: Final = frozenset(channel.value for channel in Channel)
# For these, people know the names that pages show, not the stored values.
_NAMED: Final[dict[Dimension, tuple[str, ...]]] = {
    Dimension.COUNTRY: (*ALPHA_3, UNKNOWN),
    Dimension.CHANNEL: tuple(channel.value for channel in Channel),
    Dimension.DEVICE: (*(device for device in DEVICES if device), UNKNOWN),
    Dimension.SOURCE: (DIRECT.source,),
    Dimension.HOST: (UNKNOWN,),
}
_PATH: Final = re.compile(r"/(?!/)[^\\\x00-\x1f\x7f]*")
_URL: Final = re.compile(r"https?://[^\s/\\\x00-\x1f\x7f][^\s\\\x00-\x1f\x7f]*", re.IGNORECASE)
_LONGEST_URL: Final = 2000  # characters


def label_of(words: Words, dimension: Dimension, value: str) -> str:
    """The value in the reader's language, or unchanged."""
    if value == OTHER:
        return words("value.rest")
    if not value:
        return words("panels.empty_value")
    if value == UNKNOWN and dimension not in OWN_TEXTS:
        return _unknown(words, dimension)
    if dimension == Dimension.SOURCE and value == DIRECT.source:
        return words("channel.direct")
    if dimension == Dimension.COUNTRY:
        return country_name(value, words.language)
    if dimension == Dimension.LANGUAGE:
        return _language(words, value)
    if dimension == Dimension.CHANNEL and value in _CHANNELS:
        return words(f"channel.{value}")
    if dimension == Dimension.DEVICE and value in DEVICES:
        return words(f"device.{value}")
    if dimension in HOSTS:
        return shown_host(value)
    return _shown_url(value) if dimension == Dimension.REFERRER else value


def value_of(words: Words, dimension: Dimension, text: str) -> str:
    """The stored value for a typed text: DE for Germany, desktop for Desktop; else `text` itself."""
    typed = text.casefold()
    known = _NAMED.get(dimension, ())
    plain = ascii_host(text) or text if dimension == Dimension.HOST else text
    return next((one for one in known if typed in {one.casefold(), label_of(words, dimension, one).casefold()}), plain)


def label_of_count(words: Words, tab: Tab, value: str) -> str:
    """A bot's name unchanged, the reason of a drop in words."""
    if value == OTHER:
        return words("value.rest")
    return words(f"drop.{value}") if tab.kind == TabKind.DROPS and words.has(f"drop.{value}") else value


def outside_of(site: ActiveSite, dimension: Dimension, value: str) -> str:
    """The address of a value on the web; '' when it has none, or none that a browser should open."""
    if dimension in PAGES:
        host = next((host for host in site.site.hosts if not host.startswith("*.")), "")
        if not host or value == OTHER or not _PATH.fullmatch(value):
            return ""
        found = f"https://{host}{quote(value, safe='/%?&=:@!$()*+,;~.-_')}"
    elif dimension in {Dimension.REFERRER, Dimension.PROPERTY} and _URL.fullmatch(value):
        found = value
    else:
        return ""
    return found if len(found) <= _LONGEST_URL else ""


def _shown_url(value: str) -> str:
    """An address with its host in its own letters."""
    scheme, apart, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{apart}{shown_host(host)}{slash}{path}" if apart else value


def _unknown(words: Words, dimension: Dimension) -> str:
    if dimension in REFERRERS:
        return words("panels.direct")
    return words("panels.untagged" if dimension in CAMPAIGNS else "value.unknown")


def _language(words: Words, tag: str) -> str:
    """`English (US)` of `en-US`: the language's own name, the rest of the tag unchanged."""
    first, _, rest = tag.partition("-")
    known = LANGUAGES.get(tag) or LANGUAGES.get(first)
    if known is None or known.tag == tag or not rest:
        return known.name if known else tag
    return f"{known.name} ({country_name(rest, words.language) if len(rest) == 2 else rest})"
