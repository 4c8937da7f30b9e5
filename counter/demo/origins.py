"""Where visits come from, as the pipeline would have made it of their referrers, and how the mix moves over a year."""

from __future__ import annotations

from typing import NamedTuple

from counter.demo.chance import deck
from counter.demo.shape import Wave
from counter.event import Origin


class Way(NamedTuple):
    """One way to the shop, and the pages it leads to."""

    origin: Origin
    entry: str  # of catalogue.ENTRIES
    before: float  # weight at the start of a year
    after: float  # weight at its end


def _from(source: str, channel: str, host: str, *paths: str) -> list[Origin]:
    return [Origin(f"https://{host}{path}", host.removeprefix("www."), source, channel) for path in paths or ("/",)]


def _campaign(source: str, channel: str, *utm: str) -> Origin:
    """`utm`: source, medium, campaign, term and content, as far as the link has them."""
    return Origin("", "", source, channel, *utm)


def _ways(origins: list[Origin], entry: str, before: float, after: float) -> list[Way]:
    return [Way(origin, entry, before / len(origins), after / len(origins)) for origin in origins]


_SPRING = [
    _campaign("Google", "campaign", "google", "cpc", "spring-tents", term, content)
    for term in ("light tent", "tent for two", "family tent")
    for content in ("photo", "text")
]
_WINTER = [
    _campaign("Google", "campaign", "google", "cpc", "winter-jackets", term) for term in ("warm jacket", "rain jacket")
]
_PARTNER = [
    _campaign("partner", "campaign", "partner", "affiliate", "trails-2", "", name) for name in ("sidebar", "article")
]
EVERYDAY = (
    *_ways([Origin(source="Direct", channel="direct")], "known", 29, 27),
    *_ways(_from("Google", "search", "www.google.com"), "search", 33, 27),
    *_ways(_from("Bing", "search", "www.bing.com"), "search", 4.5, 4.2),
    *_ways(_from("DuckDuckGo", "search", "duckduckgo.com"), "search", 3.4, 4.0),
    *_ways(_from("Ecosia", "search", "www.ecosia.org"), "search", 1.1, 1.2),
    *_ways(_from("ChatGPT", "ai", "chatgpt.com"), "asked", 1.2, 6.5),
    *_ways(_from("Perplexity", "ai", "www.perplexity.ai"), "asked", 0.5, 1.8),
    *_ways(_from("Claude", "ai", "claude.ai"), "asked", 0.2, 1.1),
    *_ways(_from("Reddit", "social", "www.reddit.com", "/r/CampingGear/", "/r/ultralight/"), "linked", 2.4, 2.6),
    *_ways(_from("Facebook", "social", "www.facebook.com"), "linked", 2.2, 1.4),
    *_ways(_from("X", "social", "t.co", "/a1B2c3", "/Zk9q7"), "linked", 1.6, 1.0),
    *_ways(_from("LinkedIn", "social", "www.linkedin.com"), "linked", 1.0, 1.1),
    *_ways(_from("YouTube", "video", "www.youtube.com"), "linked", 1.5, 2.2),
    *_ways(_from("Hacker News", "news", "news.ycombinator.com", "/item"), "linked", 0.5, 0.6),
    *_ways(_from("Gmail", "mail", "mail.google.com", "/mail/u/0/"), "known", 0.6, 0.6),
    *_ways(_from("trails.example", "referral", "trails.example", "/gear/tents", "/gear/boots"), "linked", 2.2, 2.4),
    *_ways(_from("mountain.example", "referral", "mountain.example", "/links", "/forum/t/1182"), "linked", 1.8, 1.2),
    *_ways(_from("repair.example", "referral", "repair.example", "/cafes/berlin"), "asked", 0.7, 1.1),
    *_ways(_from("GitHub", "social", "github.com", "/shop-example/handbook"), "asked", 0.6, 0.8),
    *_ways(_SPRING, "offer", 3.0, 0.4),
    *_ways(_WINTER, "offer", 0.4, 3.0),
    *_ways(_PARTNER, "offer", 0.8, 1.2),
)
_NEWSLETTER = ("Newsletter", "mail", "newsletter", "email")
_LETTER = [_campaign(*_NEWSLETTER, "monthly", "", name) for name in ("top", "story", "footer")]
_LAUNCH_LETTER = [_campaign(*_NEWSLETTER, "launch", "", name) for name in ("top", "footer")]
WAYS: dict[Wave, tuple[Way, ...]] = {
    Wave.EVERYDAY: EVERYDAY,
    Wave.LETTER: tuple(_ways(_LETTER, "letter", 1, 1)),
    Wave.THREAD: (
        *_ways(_from("Reddit", "social", "www.reddit.com", "/r/CampingGear/comments/1d4xk2/shop/"), "linked", 8, 8),
        *_ways([Origin(source="Direct", channel="direct")], "known", 2, 2),
    ),
    Wave.LAUNCH: (
        *_ways(_from("Hacker News", "news", "news.ycombinator.com", "/item", "/news", "/"), "launch", 46, 46),
        *_ways(_from("Reddit", "social", "www.reddit.com", "/r/gadgets/comments/1g7hh1/a_tent/"), "launch", 17, 17),
        *_ways(_LAUNCH_LETTER, "launch", 14, 14),
        *_ways(_from("X", "social", "t.co", "/LaUnCh1"), "launch", 5, 5),
        *_ways(_from("LinkedIn", "social", "www.linkedin.com", "/feed/"), "launch", 2, 2),
        *_ways([Origin(source="Direct", channel="direct")], "launch", 16, 16),
    ),
}


def ways_on(wave: Wave, share: float) -> tuple[Way, ...]:
    """A deck of the ways of a wave when `share` (0 to 1) of the year is over."""
    return deck(((way, way.before + (way.after - way.before) * share) for way in WAYS[wave]), 1024)
