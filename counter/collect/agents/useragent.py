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
from counter.collect.agents.devices import device_class, system_name
from counter.collect.agents.editions import browser_edition
from counter.collect.agents.form import category_by_words, has_browser_form, program, program_name
from counter.event import AgentFacts, Bot, BotReason
from counter.text import clean

MAX_USER_AGENT: Final = 512  # characters; browsers send under 250

# How crawlers give their owner's address: (+https://example.com/bot), or an address for mail. Browsers give none, but
# for a few that died before 2012.
_CONTACT = re.compile(
    r"\+ ?https?://|https?://(?!(?:www\.)?(?:bsalsa|QtWeb|avantbrowser|orcabrowser)\.)|[\w.+-]{1,64}@[\w-]{1,63}\.[a-z]{2,}"
)

_GTK = re.compile(r"\((?:X11|Wayland);.*AppleWebKit/6\d\d.*Version/")


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
        family, version = _browser(agent)
        bot = self._bots.find(text) or _unlisted(agent, family)
        return AgentFacts(
            browser=family,
            browser_version=f"{family} {version}" if family and version else family,
            system=system_name(text, _known_name(agent.os.family)),
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
            case BotReason.NOT_A_BROWSER:
                return "it names no browser and no engine that shows pages, as every browser does"


def _unlisted(agent: FastUserAgent, family: str) -> Bot | None:
    """A bot that the list does not know."""
    name = family or program_name(agent.ua_string)
    if agent.is_bot:
        return Bot(name, category_by_words(agent.ua_string), BotReason.PARSER)
    if ("://" in agent.ua_string or "@" in agent.ua_string) and _CONTACT.search(agent.ua_string):
        return Bot(name, category_by_words(agent.ua_string), BotReason.CONTACT)
    return None if has_browser_form(agent.ua_string) else program(agent.ua_string)


def _browser(agent: FastUserAgent) -> tuple[str, str]:
    """Name and major version; '' is unknown. WebKitGTK calls itself Safari, with a version that is of no browser."""
    family, version = _known_name(agent.browser.family), agent.browser.version
    if family == "Safari" and _GTK.search(agent.ua_string):
        return "GNOME Web", ""
    return browser_edition(family), str(version[0]) if version else ""


def _known_name(family: str) -> str:
    return "" if family == "Other" else clean(family, 64)
