"""Which bot a user agent names: the patterns of crawler-user-agents, and the names and categories we show.

The patterns run in ua-parser's Rust matcher: 3 us for all of them, against 750 us with `re`, and in linear time.
Where we differ from the list, a table below says so, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypedDict

from ua_parser_rs import UserAgentExtractor

from counter.event import Bot, BotCategory, BotReason

NO_USER_AGENT: Final = Bot("(no user agent)", BotCategory.LIBRARY, BotReason.NO_USER_AGENT)  # every browser sends one

# These flag people, and no part of them flags only bots.
LEFT_OUT: Final = {
    "MetaIAB Facebook": "the browser inside of Facebook's application",
    r"AP3A\.240617\.008": "one build of Android",
    r"Code\/1\.": "the browser inside of an editor",
    r"Trae\/": "the browser inside of an editor",
    "Fluid": "an application for the Mac that shows one web site",
}

# These also flag people, but a narrower pattern, ours on the right, finds the bots that they mean.
NARROWED: Final = {
    # The fetcher of an application sends its bare name; its browser, which people read in, begins with Mozilla/5.0.
    "WhatsApp": "^WhatsApp",
    "Viber": "^Viber",
    r"Tumblr\/": r"^Tumblr\/",
    r"Notion\/": r"^Notion\/",
    r"Asana\/": r"^Asana\/",
    r"PayPal\/": r"^PayPal\/",
    r"Instapaper\/": r"^Instapaper\/",
    "Sogou": r"Sogou[ \w-]*[sS]pider",  # the same company has a browser
    # A word that is also the name of a phone means the bot only before a version.
    "Butterfly": r"Butterfly\/",
    "Fever": r"Fever\/",
    "Sonic": r"Sonic(\/|SiteAuditor)",
    "Expanse": "Expanse,",
    # A number that ends the name of a phone, and applications with a browser.
    r"008\/": r"(^|[^\w])008\/",
    "Blackboard": "^Blackboard",
    "coccoc": r"coccoc(bot|\/|$)",  # the same company has a browser
}

# A tag of crawler-user-agents, and what we call it. The first row that fits wins: a search engine that also trains
# a model is 'ai', because that is what owners ask about. Tags without a row (scanner, advertising, archiver,
# academic) are 'other'.
CATEGORIES: Final = (
    ("ai-crawler", BotCategory.AI),
    ("search-engine", BotCategory.SEARCH),
    ("social-preview", BotCategory.PREVIEW),
    ("monitoring", BotCategory.MONITORING),
    ("feed-reader", BotCategory.FEED),
    ("browser-automation", BotCategory.HEADLESS),
    ("http-library", BotCategory.LIBRARY),
    ("seo", BotCategory.SEO),
)

# Patterns whose tags disagree with what their owners say.
CORRECTED: Final = {
    **dict.fromkeys(
        ("Amazonbot", "YouBot", "PanguBot", "Cotoyogi", r"KangarooBot\/", r"Diffbot\/", "meta-webindexer"),
        BotCategory.AI,
    ),
    "Chrome-Lighthouse": BotCategory.HEADLESS,  # Chrome, driven by a program
    "Automaton|Newsify Feed Fetcher": BotCategory.FEED,
    "Chirp|gotosocial": BotCategory.PREVIEW,
    r"mail\.ru": BotCategory.OTHER,
    **dict.fromkeys(("Indy Library", r"WordPress\/", "Google-Apps-Script", "Mollie HTTP client"), BotCategory.LIBRARY),
    # Programs that call an address they were given, tagged as seo for want of a better word.
    **dict.fromkeys(
        (
            "Bitbucket-Webhooks", "Cloudflare-Stream-Webhook", "Cloudflare-Stream-Hook", "GoPay", r"IFTTT\/",
            r"Integromat\/", "Jumio", r"Make\/", r"PayPal\/", r"Recurly Webhooks\/", r"Retool\/",
            "SendGrid Event API", r"SFDC-Callout\/", "Shopify-Captain-Hook", r"Stripe\/", r"Svix-Webhooks\/",
            r"Trustly\/", "Zapier", "Zendesk Webhook",
        ),
        BotCategory.OTHER,
    ),
}  # fmt: skip

# Not on the list. Apple uses the word in robots.txt only; a client that sends it is not Apple's search engine.
ADDED: Final = (
    ("Applebot-Extended", "Applebot-Extended", BotCategory.AI),
    # Programs that show pages in an engine, for other programs.
    ("wkhtmlto(?:pdf|image)", "wkhtmltopdf", BotCategory.HEADLESS),
    (r"jsdom\/", "jsdom", BotCategory.HEADLESS),
    (r"SlimerJS\/", "SlimerJS", BotCategory.HEADLESS),
    (r"Cypress\/", "Cypress", BotCategory.HEADLESS),
    ("webkit2png", "webkit2png", BotCategory.HEADLESS),
    (r"\bPTST ", "WebPageTest", BotCategory.MONITORING),
    ("Neustar WPM", "Neustar WPM", BotCategory.MONITORING),
    ("CloudflareObservatory|CloudflareDiagnostics", "Cloudflare Observatory", BotCategory.MONITORING),
    ("DebugBear", "DebugBear", BotCategory.MONITORING),
    ("YottaaMonitor", "YottaaMonitor", BotCategory.MONITORING),
)

# Patterns that do not read as a name, or not as the one that people know.
NAMES: Final = {
    r"(sistrix|SISTRIX) [cC]rawler": "SISTRIX Crawler",
    r"(^| )PTST\/": "WebPageTest",
    r"(^| )sentry\/": "Sentry",
    ";Owler": "Owler",
    r"AHC\/": "AsyncHttpClient",
    "Automaton|Newsify Feed Fetcher": "Newsify",
    "Bark[rR]owler": "Barkrowler",
    r"BlogTraffic\/\d\.\d+ Feed-Fetcher": "BlogTraffic",
    "Chirp|gotosocial": "GoToSocial",
    r"Current[\s\S]*RSS Reader": "Current RSS Reader",
    r"IDG\/EU": "SpazioDati",
    r"Mediapartners \(Googlebot\)": "Mediapartners-Google",
    "Nitro-": "NitroPack",
    r"Owler \(ows\.eu": "OWLer of Open Web Search",
    r"RED\/": "REDbot",
    r"Riddler \(http:\/\/riddler\.io": "Riddler",
    r"S[eE][mM]rushBot": "SemrushBot",
    r"SSL Labs \(https:\/\/www\.ssllabs\.com": "SSL Labs",
    "Slurp": "Yahoo! Slurp",
    r"Spider[\s\S]*spider\.com": "spider.com",
    r"Valve\/Steam": "Steam link preview",
    r"Verity\/": "GumGum Verity",
    "Y!J": "Yahoo! Japan",
    "Yeti": "Naver Yeti",
    r"ZoteroTranslationServer\/WMF": "ZoteroTranslationServer",
    "[cC]laude[bB]ot": "ClaudeBot",
    "[dD]ir[Bb]uster": "DirBuster",
    r"air\.ai\/scanning": "air.ai",
    r"centuryb\.o\.t9": "centurybot9",
    r"collection@infegy\.com": "Infegy",
    r"cypex\.ai\/scanning": "cypex.ai",
    r"developers\.google\.com\/\+\/web\/snippet": "Google Snippet",
    r"filterdb\.iss\.net\/crawler": "filterdb.iss.net",
    r"https:\/\/developers\.cloudflare\.com\/security-center\/": "Cloudflare Security Center",
    r"loc\.gov\/programs\/web-archiving": "loc.gov",
    r"mail\.ru": "top.mail.ru",
    r"pinterest\.com\/bot": "Pinterestbot",
    r"productsup\.io\/crawler": "productsup.io",
    r"researchscan\.comsys\.rwth-aachen\.de": "RWTH Aachen",
    r"scraping@nytimes\.com": "nytimes.com",
    r"sindresorhus\/got": "got",
    r"splash Version\/": "Splash",
    r"visionheight\.com\/scan": "visionheight.com",
    r"yandex\.com\/bots": "YandexBot",
}


class Crawler(TypedDict):
    """The part of an entry of crawler-user-agents that is used here."""

    pattern: str
    tags: list[str]


class Bots:
    """Finds the bot that a user agent names, by the list it is given."""

    __slots__ = ("_bots", "_extractor", "_patterns")

    def __init__(self, crawlers: Sequence[Crawler]) -> None:
        used = [crawler for crawler in crawlers if crawler["pattern"] not in LEFT_OUT]
        self._patterns = [pattern for pattern, _, _ in ADDED]
        self._patterns += [NARROWED.get(crawler["pattern"], crawler["pattern"]) for crawler in used]
        self._bots = [Bot(name, category) for _, name, category in ADDED]
        self._bots += [Bot(bot_name(crawler["pattern"]), category_of(crawler)) for crawler in used]
        # The "family" of a pattern is its place in the list, so a match tells which one it was.
        self._extractor = UserAgentExtractor(
            (pattern, str(place), None, None, None, None) for place, pattern in enumerate(self._patterns)
        )

    def find(self, user_agent: str) -> Bot | None:
        """The first bot of the list that `user_agent` names, or None. The names are a closed set."""
        found = self._extractor.extract(user_agent)
        return self._bots[int(found.family)] if found is not None else None

    def pattern(self, user_agent: str) -> str | None:
        """The pattern that `find` found it by."""
        found = self._extractor.extract(user_agent)
        return self._patterns[int(found.family)] if found is not None else None


def category_of(crawler: Crawler) -> BotCategory:
    """What a bot of the list is for: a correction of ours, or the first of its tags that we have a word for."""
    if crawler["pattern"] in CORRECTED:
        return CORRECTED[crawler["pattern"]]
    return next((ours for tag, ours in CATEGORIES if tag in crawler["tags"]), BotCategory.OTHER)


def bot_name(pattern: str) -> str:
    r"""A readable name for a pattern: 'Googlebot\/' is 'Googlebot', '[wW]get' is 'Wget'."""
    if pattern in NAMES:
        return NAMES[pattern]
    text = re.sub(r"\((?:\[\^|\^\|).*?\)", "", pattern)  # ([^-]|$) and (^| ) stand for no letters
    text = re.sub(r"\((\w+)\|[^()]*\)", r"\1", text)  # the first of alternatives
    text = re.split(r"\||\[\\s", text)[0]
    text = re.sub(r"\[(\w)\w\]", lambda found: found[1].lower(), text)
    text = re.sub(r"\\(.)", r"\1", text).strip("^$/ -;().")
    return text[:1].upper() + text[1:] if pattern.startswith("[") else text
