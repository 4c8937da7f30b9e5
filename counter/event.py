"""The nouns of collection: a Hit comes in, an Event or a Drop comes out.

They are `msgspec.Struct` rather than frozen dataclasses because one of each is made per hit: 0.2 us against
3.3 us for fourteen fields, and instances are invisible to the garbage collector.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

PAGEVIEW = "pageview"
# Events with a reserved name: an outbound link, a download, a missing page (its path).
OUTBOUND, DOWNLOAD, NOT_FOUND = "outbound", "download", "not_found"


class Via(StrEnum):
    """How a hit arrived."""

    SNIPPET = "snippet"
    PIXEL = "pixel"
    API = "api"
    LOG = "log"
    PROXY = "proxy"  # an image proxy fetched a counting image for a reader whom nobody sees


class Kind(IntEnum):
    """What an event is; stored, so numbers never change."""

    PAGEVIEW = 1
    CUSTOM = 2
    ENGAGED = 3  # engaged time for an earlier page view; never a hit, never a view


class DropReason(StrEnum):
    """Why a hit was not counted; the closed set, in the order of screening."""

    FOREIGN_HOST = "foreign_host"
    OPT_OUT = "opt_out"
    IGNORED_IP = "ignored_ip"
    EXCLUDED_PAGE = "excluded_page"  # of a path that the site leaves out
    PREFETCH = "prefetch"
    DUPLICATE = "duplicate"
    RATE_LIMITED = "rate_limited"
    BOT = "bot"
    DRIVEN = "driven"  # by a program: the script saw navigator.webdriver
    SPAM_REFERRER = "spam_referrer"  # a fake referrer meant to be seen in statistics, by the owner's list
    IMAGE_GAP = "image_gap"  # the image of a page that the same image proxy has just fetched
    UNKNOWN_VIEW = "unknown_view"  # engaged time for an unknown page view
    DAY_TAKEN = "day_taken"  # a log line of a day that was counted live
    DAY_CLOSED = "day_closed"  # a server's hit of a day whose raw rows are gone, so that it can't be recounted
    QUARANTINED = "quarantined"  # the store refused it and put it aside


class Outcome(StrEnum):
    """What the writer did with an event, once its batch is committed."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    KNOWN = "known"  # a log line imported before
    DAY_TAKEN = "day_taken"
    DAY_CLOSED = "day_closed"
    UNKNOWN_VIEW = "unknown_view"
    QUARANTINED = "quarantined"  # the store refused this one; its neighbours are safe


class Client(NamedTuple):
    """What the user agent and the browser reveal; '' is unknown."""

    browser: str = ""
    browser_version: str = ""  # with the name: "Firefox 128"
    system: str = ""
    device: str = ""  # desktop, phone, tablet, tv, console ... of a closed set
    language: str = ""  # BCP 47, at most two subtags
    screen: str = ""  # a class of widths, not a width


class Place(NamedTuple):
    country: str = ""  # ISO 3166-1 alpha-2
    region: str = ""
    city: str = ""


class Channel(StrEnum):
    """The kind of source a visit came from; the closed set, in the order it is documented."""

    SEARCH = "search"
    SOCIAL = "social"
    AI = "ai"  # assistants that answer with links
    MAIL = "mail"
    VIDEO = "video"
    NEWS = "news"
    CAMPAIGN = "campaign"
    REFERRAL = "referral"
    DIRECT = "direct"


class Origin(NamedTuple):
    """Where a visit came from; '' is none."""

    referrer: str = ""  # scheme, host and path, no credentials, no query
    referrer_host: str = ""
    source: str = ""
    channel: str = ""  # one of `Channel`, as text
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""


class ImageProxy(NamedTuple):
    """Who fetches images for readers that stay hidden, by the name that reports show."""

    name: str  # of a closed set, since anybody can make up a user agent
    channel: Channel  # of the place whose images it fetches


class BotCategory(StrEnum):
    """What a bot is for; the closed set, described in docs/bots.md."""

    SEARCH = "search"
    AI = "ai"  # collects for a model, or answers for one
    SEO = "seo"  # counts links, watches competitors, researches markets
    MONITORING = "monitoring"
    PREVIEW = "preview"  # of a shared link
    FEED = "feed"
    HEADLESS = "headless"  # a browser that a program drives
    LIBRARY = "library"  # a program's HTTP client, or no user agent at all
    OTHER = "other"


class BotReason(StrEnum):
    """How a bot was recognised; the closed set, in the order of the checks."""

    NO_USER_AGENT = "no_user_agent"
    LIST = "list"  # a pattern of crawler-user-agents
    PARSER = "parser"  # user_agents calls it one
    CONTACT = "contact"  # it says where its owner can be found: +https://...
    NOT_A_BROWSER = "not_a_browser"  # it has not the form of a browser's user agent


class Bot(NamedTuple):
    name: str
    category: BotCategory
    reason: BotReason = BotReason.LIST


class AgentFacts(NamedTuple):
    """What a user agent reveals; '' is unknown."""

    browser: str
    browser_version: str  # with the name and the major version only: "Firefox 128"
    system: str
    device: str  # of the closed set in counter/collect/agents/useragent.py
    bot: Bot | None


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One parsed hit, before any judgement. Texts are clean UTF-8 within their limits."""

    site: str
    path: str
    at: int  # UTC seconds
    address: str  # canonical text, IPv4 unmapped
    user_agent: str  # at most 512 characters
    via: Via
    name: str = PAGEVIEW
    title: str = ""
    host: str = ""
    referrer: str = ""
    props: tuple[tuple[str, str], ...] = ()
    id: str = ""
    screen: int = 0  # CSS pixels, 0 unknown
    language: str = ""  # BCP 47, at most two subtags
    view: str = ""
    engaged_ms: int = 0
    prefetch: bool = False
    opt_out: bool = False
    driven: bool = False  # the script says that a program drives the browser
    trusted: bool = False  # came with the site's write token
    line: int | None = None  # of an access log: the line's keyed hash
    overlap: bool = False  # a log line that may join a day counted live
    proxy: ImageProxy | None = None  # Via.PROXY: who fetched the counting image


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event as the store takes it: everything is derived, only ids remain to be looked up."""

    site_key: int
    at: int  # UTC seconds
    day: int  # local day of the site, days since 1970-01-01
    hour: int  # UTC second at which the local wall hour began
    kind: Kind
    visitor: int  # signed 64 bits
    path: str
    via: Via
    name: str = ""  # of a custom event
    title: str = ""
    props: str | None = None  # JSON object of text to text
    address: str | None = None  # as privacy allows
    client: Client = Client()
    place: Place = Place()
    origin: Origin = Origin()
    hit_id: str = ""
    view: str = ""  # Kind.ENGAGED: the hit id of the page view
    engaged_s: int = 0
    line: int | None = None  # a log line's keyed hash, kept permanently
    overlap: bool = False  # a log line that may join a day counted live
    host: str = ""  # of the page: lower case and ASCII, no port; '' is unknown


class Drop(msgspec.Struct, frozen=True, gc=False):
    """One hit that is not counted, with what the owner may know about it. `site_key` 0: no such site."""

    site_key: int
    at: int
    day: int
    reason: DropReason
    bot: Bot | None = None
    path: str = ""
    address: str | None = None
    user_agent: str = ""
    hit_id: str = ""
    line: int | None = None
    nameless: bool = False  # the visitor opted out: only counted, whatever else was wrong with the hit
