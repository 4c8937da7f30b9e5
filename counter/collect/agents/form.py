"""Whether a user agent has a browser's form: the one test that asks for something, where all others refuse something.

A browser says which engine shows the page, or is one of the few whose engine has no name: text browsers, the browsers
of older phones, televisions and consoles. Whatever says neither is a program: a probe, an HTTP library, a feed reader,
`Mozilla/5.0` and nothing else. Programs that send the whole user agent of a browser have its form.
"""

from __future__ import annotations

import re
from typing import Final

from counter.event import Bot, BotCategory, BotReason
from counter.text import clean

MAX_NAME: Final = 64  # characters

# What nearly everybody sends; looked for as text, in a tenth of the time of a pattern.
_USUAL: Final = ("AppleWebKit/", " Gecko/2", "Trident/", "Presto/")

# Engines, in the spellings that browsers of all times have sent.
_ENGINES: Final = (
    r"Apple ?WebKit", r"web ?kit[ /]*\d", r"(?<!like )\bGecko\b(?!\))", r"KHTML[/,]", r"Trident/\d", r"Presto/\d",
    r"Goanna/\d", r"Servo/\d", r"LibWeb\b", r"Ladybird/\d", r"MSP?IE[ /]\d", r"Pocket Internet Explorer",
    r"Opera ?(?:Mini|Mobi)?[ /]\d", r"OPR/\d", r"Konqueror", r"NetFront", r"Dillo[ /]\d", r"NetSurf/\d",
    r"IBrowse[ /]\d", r"BrowseX", r"iCab[ /]\d", r"WebTV/\d", r"Charon; Inferno", r"OffByOne", r"AvantGo",
    r"PalmSource", r"Chromium_\d", r"NetPositive/\d", r"Planetweb", r"ANT ?Fresco", r"Oregano", r"Amiga-AWeb",
    r"EkiohFlow", r"Classilla", r"Fireweb Navigator", r"jig browser", r"eZBrowser/\d", r"UCWEB", r"Maemo Browser",
)  # fmt: skip

# Browsers that begin with their own name.
_NAMED: Final = (
    "Lynx", "w3m", "Emacs-w3m", "URL/Emacs", "ELinks", r"Links(?: \(|/\d)", "edbrowse", "retawq", "chawan", "amaya",
    "HotJava", "AmigaVoyager", "AWeb", "Arachne", "xChaos_Arachne", "Contiki", "NCSA[_ ]Mosaic", "VMS_Mosaic",
    "Cyberdog", "Bunjalloo", "OmniWeb/", "Midori", "Galeon", r"surf/\d", "Dooble", "Palmscape", "Xiino", "Blazer",
    "EudoraWeb", "OneBrowser", "iBrowser", "MQQBrowser", "nook browser",
)  # fmt: skip

# Phones before there were engines in their user agents.
_PHONES: Final = (
    r"MIDP", r"CLDC", r"UP\.(?:Browser|Link)", r"\bUP/\d", r"\bWAP[ -]?(?:\d|Browser)", r"MAUI", r"Obigo", r"Teleca",
    r"Polaris", r"Jasmine", r"Openwave", r"Dolfin", r"Dorado", r"DoCoMo/\d", r"J-PHONE/\d", r"KDDI-", r"Vodafone/\d",
    r"SoftBank/\d", r"UCBrowser", r"Series ?[346]0", r"Symbian", r"BlackBerry ?\d", r"\bBREW\b", r"PalmOS",
    r"Windows Phone \d", r"Windows CE", r"\bBada/\d", r"MeeGo", r"Aplix_\w+_browser", r"MTK\b.{1,60}\bBrowser",
    r"AU\.Browser",
)  # fmt: skip
_BRANDS: Final = (
    "Nokia|SonyEricsson|SAMSUNG-|SEC-|LGE?-|MOT-|SIE-|SAGEM|Alcatel|ZTE-|PANTECH|Sanyo|Kyocera|Karbonn|Spice ?M|TIANYU|"
    "Tecno"
)

# Televisions, boxes and consoles: what they say of their browser differs, what they say of themselves does not.
_SCREENS: Final = (
    r"PlayStation", r"\bNintendo\b", r"HbbTV/\d", r"CE-HTML/\d", r"Hybridcast/\d", r"SMART-?TV\b", r"NETTV/\d",
    r"AppleTV\d", r"\bRoku", r"KreaTV",
)  # fmt: skip

_FORM: Final = re.compile(
    "|".join((*_ENGINES, *_PHONES, *_SCREENS, rf"\A(?:{'|'.join(_NAMED)}|{_BRANDS})")), re.IGNORECASE
)
# Netscape until 4.8: the last word in the brackets says how strong its encryption is. An Android that says no more than
# its device is one whose browser was cut off.
_OLD: Final = re.compile(
    r"\AMozilla/(?:[1-4]\.\d\w*(?:-\w+)? ?(?:\[\w+\] )?\([^)]*; ?[IUN]\b|5\.0 \([^)]*Android \d[^)]* Build/)"
)
# Programs that say what they are in a browser's words: a library of Android and one of Apple's systems.
_LIBRARY: Final = re.compile(r"\ADalvik/|CFNetwork/\d")
# Where a program adds its name to the whole user agent of a browser, at places where no browser has one.
_ADDED: Final = re.compile(
    r"(?:\(KHTML, like Gecko; ?(?:compatible; ?)?|(?:Safari|Firefox)/[\d.]+ \(compatible; ?)([^;)/]{1,64})"
)


def has_browser_form(text: str) -> bool:
    """Whether the user agent `text` says of itself that a person can read a page in it. Linear in its length."""
    if any(token in text for token in _USUAL):
        return _ADDED.search(text) is None
    return (_FORM.search(text) or _OLD.search(text)) is not None and _LIBRARY.search(text) is None


# What a program is for, by a word in its user agent; the first row that fits.
_CATEGORIES: Final = tuple(
    (re.compile(words, re.IGNORECASE), category)
    for category, words in {
        BotCategory.MONITORING: (
            r"health|probe|monitor|uptime|status|\bping|watch|heartbeat|balancer|prometheus|check|nagios|gatus|haproxy|envoy|HC/\d"
        ),
        BotCategory.FEED: r"feed|rss|podcast|\batom\b|news|syndicat",
        BotCategory.PREVIEW: r"preview|unfurl|oembed|opengraph|link ?expand",
        BotCategory.HEADLESS: r"headless|puppeteer|playwright|selenium|webdriver|phantom",
        BotCategory.LIBRARY: (
            r"http(?!s?:)|client|curl|request|fetch|java|python|perl|php|ruby|\bgo\b|dart|deno|\bbun\b|node|rust|\.net|"
            r"swift|dalvik|cfnetwork|libwww|urllib|socket|\bsdk\b|\bapi\b|postman|insomnia|powershell|wget|"
            r"guzzle|faraday|undici|alamofire|afnetworking|volley"
        ),
    }.items()
)

_MOZILLA: Final = re.compile(r"\AMozilla/[\d.]+\S*\s*", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\A\(((?:[^()]|\([^()]*\))*)\)?[\s,;]*")
# What stands in the brackets of a browser and names no program.
_PLATFORM: Final = re.compile(
    r"compatible|[UIN]|[a-z]{2}(?:[-_][a-z]{2})?|X11|rv:.*|(?:Linux|Windows|Win\d|WOW64|x64|x86|Mac|Intel|PPC|Android|iPhone|"
    r"iPad|iPod|CPU|Ubuntu|Fedora|FreeBSD|CrOS|Wayland).*",
    re.IGNORECASE,
)
_PRODUCT: Final = re.compile(r"(?:https?://)?([^/(;,\[]+?)(?=\sv?\d|[/(;,\[]|\Z)")


def program(text: str) -> Bot:
    """The bot that a user agent without a browser's form is: its first product's name, and what that is for."""
    return Bot(program_name(text), category_by_words(text), BotReason.NOT_A_BROWSER)


def category_by_words(text: str) -> BotCategory:
    """What a program that no list knows is for, by the words of its user agent."""
    return next((category for pattern, category in _CATEGORIES if pattern.search(text)), BotCategory.OTHER)


def program_name(text: str) -> str:
    """`GuzzleHttp` of `GuzzleHttp/7`, `Barracuda Sentinel` of `Mozilla/5.0 (compatible; Barracuda Sentinel)`."""
    added = _ADDED.search(text)
    if added is not None:
        return _product(added[1]) or "(unnamed bot)"
    rest, mozillas = _MOZILLA.subn("", text)
    if not mozillas:
        return _product(text) or "(unnamed bot)"
    brackets = _BRACKETS.match(rest)
    inside = brackets[1].split(";") if brackets else []
    after = rest[brackets.end() :] if brackets else rest
    named = [part.strip() for part in inside if not _PLATFORM.fullmatch(part.strip())]
    return next((name for name in map(_product, (after, *named)) if name), "Mozilla")


def _product(text: str) -> str:
    found = _PRODUCT.match(text.strip())
    return clean(found[1], MAX_NAME) if found else ""
