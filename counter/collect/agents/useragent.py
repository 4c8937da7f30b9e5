"""What a user agent reveals: browser, system, device class, and whether it is a bot.

The answers are those of `user_agents`, whose own parser takes 0.5-0.9 ms a call; fed by ua-parser's Rust matcher
they take some 40 us, and one already seen 0.2 us. The matcher runs in linear time, so no user agent can make it
slow. It differs in one thing: it also sees a "bot" after the 100th character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import ua_parser
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from user_agents import parsers

from counter.collect.agents.bots import NO_USER_AGENT, Bots, Crawler
from counter.collect.agents.editions import browser_edition
from counter.event import AgentFacts, Bot, BotCategory, BotReason
from counter.text import clean

MAX_USER_AGENT: Final = 512  # characters; browsers send under 250

# The closed set of device classes; '' is unknown.
DEVICES: Final = ("desktop", "phone", "tablet", "tv", "console", "bot", "")

# How crawlers give their owner's address: (+https://example.com/bot). No browser has a plus sign there.
_CONTACT = re.compile(r"\+ ?https?://")

_CONSOLE = re.compile(r"PlayStation|Xbox|Nintendo")
_TV = re.compile(
    r"Smart-?TV|SMART-?TV|Google ?TV|Android TV|Apple ?TV|HbbTV|NetCast|Web0S|BRAVIA|\bAFT[A-Z]|Roku|CrKey|\bTV\b|DTV"
)


class FastUserAgent(parsers.UserAgent):  # type: ignore[misc]  # the package has no types
    """`user_agents.parsers.UserAgent` with its answers, parsed by ua-parser's fastest matcher."""

    def __init__(self, text: str) -> None:
        found = ua_parser.parse(text).with_defaults()
        browser, system, device = found.user_agent, found.os, found.device
        self.ua_string = text
        self.browser = parsers.parse_browser(browser.family, browser.major, browser.minor, browser.patch)
        self.os = parsers.parse_operating_system(system.family, system.major, system.minor, system.patch)
        self.device = parsers.parse_device(device.family, device.brand, device.model)


class UserAgents:
    """Looks user agents up, and remembers the last `capacity` of them (about 1 KiB each)."""

    def __init__(self, capacity: int = 20_000, crawlers: Sequence[Crawler] = CRAWLER_USER_AGENTS_DATA) -> None:
        self._bots = Bots(crawlers)
        ua_parser.parse("")  # loads its patterns, 0.2 s: now, not in the first visitor's request
        self._known: Callable[[str], AgentFacts] = lru_cache(capacity)(self._parse)

    def look_up(self, user_agent: str) -> AgentFacts:
        """The facts of the first 512 characters of `user_agent`; without any it is a bot. Never raises."""
        return self._known(user_agent[:MAX_USER_AGENT])

    def _parse(self, user_agent: str) -> AgentFacts:
        text = clean(user_agent, MAX_USER_AGENT)
        if not text:
            return AgentFacts("", "", "", "bot", NO_USER_AGENT)
        agent = FastUserAgent(text)
        family = browser_edition(_known_name(agent.browser.family))
        version = agent.browser.version
        bot = self._bots.find(text) or _unlisted(agent, family)
        return AgentFacts(
            browser=family,
            browser_version=f"{family} {version[0]}" if family and version else family,
            system=_known_name(agent.os.family),
            device="bot" if bot is not None else device_class(agent),
            bot=bot,
        )

    def evidence(self, user_agent: str) -> str:
        """What in `user_agent` marks it as a bot, in words for the site's owner; '' for people."""
        bot = self.look_up(user_agent).bot
        if bot is None:
            return ""
        text = clean(user_agent[:MAX_USER_AGENT], MAX_USER_AGENT)
        match bot.reason:
            case BotReason.NO_USER_AGENT:
                return "it sends no user agent, and every browser does"
            case BotReason.LIST:
                return f"it matches {self._bots.pattern(text)} in the list of known bots"
            case BotReason.PARSER:
                return "the user agent parser takes it for a spider"
            case BotReason.CONTACT:
                return "it gives an address to complain to, as crawlers do"


def _unlisted(agent: FastUserAgent, family: str) -> Bot | None:
    """A bot that the list does not know."""
    name = family or "(unnamed bot)"
    if agent.is_bot:
        return Bot(name, BotCategory.OTHER, BotReason.PARSER)
    if _CONTACT.search(agent.ua_string):
        return Bot(name, BotCategory.OTHER, BotReason.CONTACT)
    return None


def _known_name(family: str) -> str:
    return "" if family == "Other" else clean(family, 64)


def device_class(agent: FastUserAgent) -> str:
    """One of DEVICES. Consoles and televisions go first: to `user_agents` they are computers or tablets."""
    text = agent.ua_string
    if _CONSOLE.search(text):
        return "console"
    if _TV.search(text):
        return "tv"
    if agent.is_tablet or "; Tablet;" in text:  # Firefox for Android says so in words
        return "tablet"
    if agent.is_mobile:
        return "phone"
    return "desktop" if agent.is_pc else ""
