"""Bots are found, named and sorted; people are not taken for one."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from bench.bots import awkward, browsers, known_bots, measure_bots, missed
from bench.figures import QUICK
from counter.collect.agents.bots import ADDED, CORRECTED, LEFT_OUT, NAMES, NARROWED, Bots, bot_name, category_of
from counter.collect.agents.useragent import UserAgents
from counter.event import BotCategory, BotReason

ROOT = Path(__file__).parents[2]
PATTERNS = {crawler["pattern"] for crawler in CRAWLER_USER_AGENTS_DATA}
USED = [crawler for crawler in CRAWLER_USER_AGENTS_DATA if crawler["pattern"] not in LEFT_OUT]
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


@pytest.fixture(scope="module")
def agents() -> UserAgents:
    return UserAgents()


@pytest.fixture(scope="module")
def unlisted() -> UserAgents:
    """What is left when the list knows nobody."""
    return UserAgents(crawlers=())


class TestRecall:
    def test_at_least_99_of_100_known_bots_are_found(self, agents: UserAgents) -> None:
        assert len(known_bots()) > 2000
        assert 1 - len(missed(agents)) / len(known_bots()) >= 0.99

    def test_what_is_missed_is_what_was_left_out_because_people_send_it(self, agents: UserAgents) -> None:
        assert {known.pattern for known in missed(agents)} == set(LEFT_OUT)
        assert len(missed(agents)) == 5

    def test_most_bots_that_no_list_knows_are_found_by_what_they_say_of_themselves(self, unlisted: UserAgents) -> None:
        found = [unlisted.look_up(known.user_agent).bot for known in known_bots()]
        reasons = {bot.reason for bot in found if bot is not None}
        assert reasons == {BotReason.PARSER, BotReason.CONTACT, BotReason.NOT_A_BROWSER}
        assert 1 - found.count(None) / len(found) > 0.95


class TestPeople:
    def test_no_browser_of_800_is_a_bot(self, agents: UserAgents) -> None:
        assert len(set(browsers())) == 800
        assert [text for text in browsers() if agents.look_up(text).bot is not None] == []

    def test_nobody_is_a_bot_for_an_unusual_browser_phone_or_television(self, agents: UserAgents) -> None:
        assert len(awkward()) > 100
        assert {name: agents.look_up(text).bot for name, text in awkward().items() if agents.look_up(text).bot} == {}

    def test_the_sample_names_its_source_and_licence(self) -> None:
        notice = (ROOT / "NOTICE").read_text()
        assert "tests/fixtures/browser_user_agents.txt" in notice
        assert "2-Clause BSD License" in notice


def test_the_measurement_says_what_the_documentation_says() -> None:
    figures = {figure.name: figure for figure in measure_bots(QUICK)}
    assert round(figures["bots found by all that we ask"].ours, 2) == 99.76
    assert round(figures["bots found by all but the list"].ours, 1) == 95.4
    assert round(figures["bots found by user_agents' is_bot alone"].ours, 1) == 62.4
    assert [figure.ours for name, figure in figures.items() if name.startswith("people")] == [0, 0]


class TestTables:
    @pytest.mark.parametrize("table", [LEFT_OUT, NARROWED, CORRECTED, NAMES])
    def test_no_row_is_about_a_pattern_that_the_list_has_no_more(self, table: dict[str, object]) -> None:
        assert set(table) <= PATTERNS

    def test_what_was_added_is_not_on_the_list(self) -> None:
        assert {pattern for pattern, _, _ in ADDED} & PATTERNS == set()

    def test_a_pattern_that_was_narrowed_still_finds_every_bot_it_found(self, agents: UserAgents) -> None:
        for crawler in CRAWLER_USER_AGENTS_DATA:
            if crawler["pattern"] in NARROWED:
                for text in crawler["instances"]:
                    assert agents.look_up(text).bot == (bot_name(crawler["pattern"]), category_of(crawler), "list")

    def test_every_tag_of_the_list_is_known(self) -> None:
        tags = {tag for crawler in CRAWLER_USER_AGENTS_DATA for tag in crawler["tags"]}
        assert tags == {
            "academic", "advertising", "ai-crawler", "archiver", "browser-automation", "feed-reader", "http-library",
            "monitoring", "scanner", "search-engine", "seo", "social-preview",
        }  # fmt: skip


class TestNames:
    def test_every_name_reads_as_one(self) -> None:
        names = {bot_name(crawler["pattern"]) for crawler in USED}
        assert [name for name in names if not re.fullmatch(r"[\w.!@':&+-]+( [\w.!@':&+-]+)*", name)] == []
        assert [name for name in names if not 2 <= len(name) <= 64] == []

    def test_a_name_has_one_category_and_one_spelling(self) -> None:
        categories, spellings = defaultdict(set), defaultdict(set)
        for crawler in USED:
            name = bot_name(crawler["pattern"])
            categories[name].add(category_of(crawler))
            spellings[name.lower()].add(name)
        assert {name: found for name, found in categories.items() if len(found) > 1} == {}
        assert {name: found for name, found in spellings.items() if len(found) > 1} == {}

    @pytest.mark.parametrize(
        ("pattern", "name"),
        [
            (r"Googlebot\/", "Googlebot"),
            ("[wW]get", "Wget"),
            ("AdsBot-Google([^-]|$)", "AdsBot-Google"),
            ("Ahrefs(Bot|SiteAudit)", "AhrefsBot"),
            (r"Bot\.AraTurka\.com", "Bot.AraTurka.com"),
            ("monitis -", "monitis"),
            ("^curl", "curl"),
            ("Slurp", "Yahoo! Slurp"),
        ],
    )
    def test_a_name_is_made_from_a_pattern(self, pattern: str, name: str) -> None:
        assert bot_name(pattern) == name


@pytest.mark.parametrize(
    ("category", "names"),
    [
        (BotCategory.SEARCH, "Googlebot bingbot Baiduspider DuckDuckBot Applebot PetalBot SeznamBot"),
        (
            BotCategory.AI,
            "GPTBot ChatGPT-User OAI-SearchBot ClaudeBot PerplexityBot CCBot Bytespider Amazonbot Applebot-Extended",
        ),
        (BotCategory.AI, "Google-Extended meta-externalagent Claude-User DeepSeekBot cohere-ai Diffbot"),
        (BotCategory.SEO, "AhrefsBot SemrushBot MJ12bot dotbot DataForSeoBot BLEXBot rogerbot"),
        (BotCategory.MONITORING, "UptimeRobot Pingdom StatusCake Uptime-Kuma Site24x7 GTmetrix"),
        (
            BotCategory.PREVIEW,
            "Slackbot Twitterbot facebookexternalhit WhatsApp TelegramBot Discordbot LinkedInBot SkypeUriPreview",
        ),
        (BotCategory.FEED, "Feedly Feedbin FreshRSS NewsBlur Superfeedr"),
        (BotCategory.HEADLESS, "HeadlessChrome Chrome-Lighthouse PhantomJS Puppeteer Playwright Selenium"),
        (BotCategory.LIBRARY, "curl Wget python-requests aiohttp Go-http-client okhttp axios node-fetch"),
        (BotCategory.OTHER, "ia_archiver Nikto sqlmap CensysInspect AdsBot-Google"),
    ],
)
def test_owners_find_a_bot_in_the_category_they_look_in(agents: UserAgents, category: str, names: str) -> None:
    for name in names.split():
        bot = agents.look_up(f"{name}/1.0").bot
        assert bot is not None, name
        assert (bot.name, bot.category, bot.reason) == (name, category, BotReason.LIST)


@pytest.mark.parametrize(
    ("text", "name", "reason", "evidence"),
    [
        ("", "(no user agent)", BotReason.NO_USER_AGENT, "it sends no user agent, and every browser does"),
        ("Googlebot/2.1", "Googlebot", BotReason.LIST, r"it matches Googlebot\/ in the list of known bots"),
        ("WhatsApp/2.19.92 i", "WhatsApp", BotReason.LIST, "it matches ^WhatsApp in the list of known bots"),
        ("blabot/1", "blabot", BotReason.PARSER, "the user agent parser takes it for a spider"),
        (
            f"{CHROME} (+https://who.example/why)",
            "Chrome",
            BotReason.CONTACT,
            "it gives an address to complain to, as crawlers do",
        ),
        (
            "Who/1.0 (+ http://who.example)",
            "Who",
            BotReason.CONTACT,
            "it gives an address to complain to, as crawlers do",
        ),
        (
            "GuzzleHttp/7",
            "GuzzleHttp",
            BotReason.NOT_A_BROWSER,
            "it names no browser and no engine that shows pages, as every browser does",
        ),
    ],
)
def test_how_a_bot_was_recognised_is_told(
    agents: UserAgents, text: str, name: str, reason: BotReason, evidence: str
) -> None:
    bot = agents.look_up(text).bot
    assert bot is not None
    assert (bot.name, bot.reason) == (name, reason)
    assert agents.evidence(text) == evidence


def test_there_is_no_evidence_against_people(agents: UserAgents) -> None:
    assert agents.evidence(CHROME) == ""
    assert Bots(CRAWLER_USER_AGENTS_DATA).pattern(CHROME) is None


def test_every_category_is_used_and_every_word_is_documented() -> None:
    assert {category_of(crawler) for crawler in USED} == set(BotCategory)
    text = (ROOT / "docs" / "bots.md").read_text()
    words = [*(category.value for category in BotCategory), *(reason.value for reason in BotReason)]
    assert [word for word in words if f"| `{word}` |" not in text] == []
