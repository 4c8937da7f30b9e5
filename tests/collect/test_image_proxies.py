"""Which user agents are image proxies, and which only sound like one."""

from __future__ import annotations

import pytest

from counter.collect.agents.image_proxies import image_proxy, named_proxy
from counter.event import Channel

GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
PREFETCHING = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/42.0.2311.135 Safari/537.36 Edge/12.246"
)
CAMON = (
    "Mozilla/5.0 (Linux; Android 12; TECNO CAMON 19 Pro) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/120.0.0.0 Mobile Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("github-camo (876de43e)", "GitHub Camo"),
        ("github-camo", "GitHub Camo"),
        ("Camo Asset Proxy 2.3.0", "Camo"),
        ("camo-rs/0.1.0", "Camo"),
        ("go-camo (2.4.5)", "Camo"),
        ("gitlab camo", "GitLab Camo"),
        ("Forgejo-Camo/1.0", "Forgejo Camo"),
        (GMAIL, "Gmail image proxy"),
        (f"{PREFETCHING} Mozilla/5.0", "Gmail image proxy"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "Yahoo Mail image proxy"),
        ("YahooCacheSystem; YahooMailProxy", "Yahoo Mail image proxy"),
        ("Mozilla/5.0", "Apple Mail image proxy"),
        ("OutlookImageProxy/1.0", "Outlook image proxy"),
        ("Mozilla/5.0 (compatible; Fastmail-Image-Proxy)", "Fastmail image proxy"),
        ("ProtonMail image proxy/4.1", "Proton Mail image proxy"),
        ("DuckDuckGo-Image-Proxy", "DuckDuckGo image proxy"),
        ("Mozilla/5.0 (compatible; YandexImageResizer/2.0; +http://yandex.com/bots)", "Yandex image proxy"),
        ("Slack-ImgProxy (+https://api.slack.com/robots)", "Slack image proxy"),
        ("Mozilla/5.0 (compatible; Discord-Media-Proxy/1.0)", "Discord image proxy"),
        ("StartpagePrivateImageProxy/2.0 (https://www.startpage.com/)", "Startpage image proxy"),
        ("MisskeyMediaProxy/0.0.10", "Misskey image proxy"),
        ("imgproxy/3.21.0", "Image proxy"),
        ("Tweakers Image Proxy https://tweakers.net", "Image proxy"),
        ("SomeForum image-fetch proxy", "Image proxy"),
    ],
)
def test_a_proxy_is_known_by_its_name_or_its_form(agent: str, name: str) -> None:
    found = image_proxy(agent)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("via", "name"),
    [
        ("github-camo (876de43e)", "GitHub Camo"),
        ("1.1 Camo Asset Proxy 2.3.0", "Camo"),
        ("1.1 image-resizing-proxy", "Image proxy"),
        ("1.1 mailproxy.example (squid/5.7)", ""),  # of an office, in front of people
        ("1.1 media-proxy.example", ""),
        ("1.1 vegur", ""),
        ("1.1 google", ""),
    ],
)
def test_a_proxy_with_a_plain_user_agent_is_known_by_the_header_via(via: str, name: str) -> None:
    found = image_proxy(FIREFOX, via)
    assert ("" if found is None else found.name) == name


@pytest.mark.parametrize(
    "agent",
    [
        "", FIREFOX, CAMON, PREFETCHING,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",  # makes the preview of a link
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; FlipboardProxy/1.1; +http://flipboard.com/browserproxy)",
        "Chrome Privacy Preserving Prefetch Proxy",
        "Camoufox/1.0",
        "curl/8.5.0",
        "Mozilla/5.0 (X11; Linux x86_64) Mozilla/5.0",
    ],
)  # fmt: skip
def test_people_and_other_bots_are_none(agent: str) -> None:
    assert image_proxy(agent) is None


def test_the_bare_agent_of_apples_mail_is_a_program_when_it_comes_from_a_page() -> None:
    assert image_proxy("Mozilla/5.0", referrer="https://shop.example/") is None
    assert named_proxy("Mozilla/5.0") is None  # it says nothing of itself


def test_mail_is_told_from_the_rest() -> None:
    channels = {agent: proxy.channel for agent in (GMAIL, "Mozilla/5.0", "github-camo (1)", "camo-rs")
                if (proxy := image_proxy(agent))}  # fmt: skip
    assert list(channels.values()) == [Channel.MAIL, Channel.MAIL, Channel.REFERRAL, Channel.REFERRAL]


def test_names_are_a_closed_set_whatever_a_stranger_sends() -> None:
    found = {image_proxy(f"{word}-camo/{number}") for word in ("evil", "x" * 400) for number in range(9)}
    assert {proxy.name for proxy in found if proxy} == {"Camo"}
