"""Image proxies: services that fetch an image for a reader who stays hidden, such as GitHub's Camo and Gmail's.

What one of them fetches was seen by somebody, and nothing else is known of that person: the user agent, the address
and the language are the proxy's. It says who it is in its user agent, or in the header Via as Camo does by default.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from counter.event import Channel, ImageProxy

MAX_VIA: Final = 256  # characters of the header Via that are looked at


_CAMO: Final = re.compile(r"(?<![a-z])camo(?![a-z])")  # not CAMON, a telephone
_IMAGES: Final = re.compile(r"(?:image|img|picture|photo)s?(?:[ _-]\w{1,12})?[ _-]?prox(?:y|ies)")
_OTHER_MEDIA: Final = re.compile(r"(?:media|asset|mail)s?(?:[ _-]\w{1,12})?[ _-]?prox(?:y|ies)")

_BARE: Final = "Mozilla/5.0"  # of Apple's Mail Privacy Protection, which knows no page; programs name one

# A proxy that does not say so in these words, and the name of whose it is.
_UNNAMED: Final = (
    (re.compile(r"via ggpht\.com"), "Gmail"),
    (re.compile(r"edge/12\.246 mozilla/5\.0$"), "Gmail"),  # no browser ends with that: Google's servers do
    (re.compile(r"yahoo(?:cachesystem|mailproxy)"), "Yahoo Mail"),
    (re.compile(r"yandeximageresizer"), "Yandex"),
    (re.compile(r"^photon/\d"), "WordPress.com"),
    (re.compile(r"imagefetcher/.*weserv|wsrv\.nl"), "weserv"),
    (re.compile(r"^pict-rs"), "Lemmy"),
)

# A word in what a proxy says of itself, whose it is, and whether images of mails are what it fetches.
_OWNERS: Final = (
    ("github", "GitHub", False),
    ("gitlab", "GitLab", False),
    ("gitea", "Gitea", False),
    ("forgejo", "Forgejo", False),
    ("codeberg", "Codeberg", False),
    ("bitbucket", "Bitbucket", False),
    ("gmail", "Gmail", True),
    ("google", "Gmail", True),
    ("yahoo", "Yahoo Mail", True),
    ("outlook", "Outlook", True),
    ("microsoft", "Outlook", True),
    ("fastmail", "Fastmail", True),
    ("proton", "Proton Mail", True),
    ("icloud", "Apple Mail", True),
    ("apple", "Apple Mail", True),
    ("mail.ru", "Mail.ru", True),
    ("yandex", "Yandex", True),
    ("zoho", "Zoho Mail", True),
    ("tuta", "Tuta", True),
    ("gmx", "GMX", True),
    ("duckduckgo", "DuckDuckGo", False),
    ("startpage", "Startpage", False),
    ("slack", "Slack", False),
    ("discord", "Discord", False),
    ("discourse", "Discourse", False),
    ("mastodon", "Mastodon", False),
    ("misskey", "Misskey", False),
    ("notion", "Notion", False),
    ("reddit", "Reddit", False),
    ("weserv", "weserv", False),
    ("wordpress", "WordPress.com", False),
    ("lemmy", "Lemmy", False),
)
_OF_MAILS: Final = frozenset(name for _, name, mails in _OWNERS if mails)


def image_proxy(user_agent: str, via: str = "", referrer: str = "") -> ImageProxy | None:
    """Who fetches a counting image with these headers, when it is an image proxy. Never raises."""
    if user_agent == _BARE:
        return None if referrer else _of("Apple Mail", "image proxy")
    return named_proxy(user_agent, via[:MAX_VIA])


@lru_cache(maxsize=1024)
def named_proxy(user_agent: str, via: str = "") -> ImageProxy | None:
    """The image proxy that these headers name, or None. Never raises.

    Of Via only words are taken that no network's own proxy has in its name: 'mailproxy.example' stands before people.
    """
    agent, told = user_agent.lower(), via.lower()
    if _CAMO.search(agent):
        return _named(agent, "Camo")
    for pattern, owner in _UNNAMED:
        if pattern.search(agent):
            return _of(owner, "image proxy")
    if _IMAGES.search(agent) or _OTHER_MEDIA.search(agent):
        return _named(agent, "image proxy")
    if _CAMO.search(told):
        return _named(told, "Camo")
    return _named(told, "image proxy") if _IMAGES.search(told) else None


def _named(text: str, kind: str) -> ImageProxy:
    owner = next((name for word, name, _ in _OWNERS if word in text), "")
    return _of(owner, kind)


def _of(owner: str, kind: str) -> ImageProxy:
    name = f"{owner} {kind}" if owner else kind[:1].upper() + kind[1:]
    return ImageProxy(name, Channel.MAIL if owner in _OF_MAILS else Channel.REFERRAL)
