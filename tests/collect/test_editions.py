"""Editions of one browser are one browser."""

from __future__ import annotations

import pytest
from ua_parser_builtins.matchers import MATCHERS

from counter.collect.agents.editions import _EDITIONS, browser_edition
from counter.collect.agents.useragent import UserAgents

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT}"

WEBVIEW = f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {WEBKIT}"


@pytest.fixture(scope="module")
def agents() -> UserAgents:
    return UserAgents()


@pytest.mark.parametrize(
    ("browser", "user_agents"),
    [
        (
            "Chrome 124",
            (
                f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/124.0.0.0 Safari/537.36",
                f"{ANDROID} Chrome/124.0.0.0 Mobile Safari/537.36",
                f"{IPHONE} CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1",
            ),
        ),
        (
            "Firefox 128",
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0",
                f"{IPHONE} FxiOS/128.0 Mobile/15E148 Safari/605.1.15",
            ),
        ),
        (
            "Safari 17",
            (
                f"{MAC} Version/17.5 Safari/605.1.15",
                f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1",
            ),
        ),
        (
            "Edge 124",
            (
                f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0",
                f"{ANDROID} Chrome/124.0.0.0 Mobile Safari/537.36 EdgA/124.0.0.0",
                f"{IPHONE} Version/17.0 EdgiOS/124.0.2478.50 Mobile/15E148 Safari/605.1.15",
            ),
        ),
        (
            "Opera 80",
            (
                f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/94.0.0.0 Safari/537.36 OPR/80.0.0.0",
                f"{ANDROID} Chrome/122.0.0.0 Mobile Safari/537.36 OPR/80.0.0.0",
            ),
        ),
        ("Android WebView 126", (f"{WEBVIEW} Version/4.0 Chrome/126.0.6478.71 Mobile Safari/537.36",)),
        ("iOS WebView", (f"{IPHONE} Mobile/15E148",)),
    ],
)
def test_editions_are_one_browser_and_their_versions_too(
    agents: UserAgents, browser: str, user_agents: tuple[str, ...]
) -> None:
    facts = [agents.look_up(text) for text in user_agents]
    assert {one.browser_version for one in facts} == {browser}
    assert {one.browser for one in facts} == {browser.rstrip(" 0123456789")}


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("Chrome Mobile", "Chrome"), ("Chrome Mobile 124", "Chrome 124"), ("Chrome Mobile iOS 124", "Chrome 124"),
        ("Mobile Safari", "Safari"), ("Mobile Safari 17", "Safari 17"), ("Firefox iOS 128", "Firefox 128"),
        ("Mobile Safari UI/WKWebView", "iOS WebView"), ("Chrome Mobile WebView 126", "Android WebView 126"),
        ("Opera Mobile 80", "Opera 80"), ("Opera Mini 5", "Opera Mini 5"),
        ("Samsung Internet 25", "Samsung Internet 25"),
        ("Firefox Beta 4", "Firefox 4"), ("Chrome 124", "Chrome 124"), ("", ""), ("Unknown", "Unknown"),
    ],
)  # fmt: skip
def test_what_was_stored_has_its_value(stored: str, value: str) -> None:
    assert browser_edition(stored) == value
    assert browser_edition(value) == value


def test_every_edition_is_a_name_that_the_parser_gives() -> None:
    """Of those with a pattern, such as $1, the pattern has the name."""
    names = {matcher.family for matcher in MATCHERS[0]}
    patterns = " ".join(str(matcher.pattern) for matcher in MATCHERS[0] if "$" in (matcher.family or "$"))
    unknown = [name for name in _EDITIONS if name not in names and name.partition("(")[2].strip(")") not in patterns]
    assert [name for name in unknown if name not in patterns] == []
