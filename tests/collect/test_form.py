# ruff: noqa: E501  # a user agent is as long as it is
"""A person's user agent has the form of a browser's; a program's has not, whatever it calls itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.collect.agents.form import has_browser_form, program_name
from counter.collect.agents.useragent import UserAgents
from counter.event import BotCategory, BotReason
from counter.logfiles.formats.combined import parse_line

CASES = [
    line.split("\t")
    for line in (Path(__file__).parents[1] / "fixtures" / "agents.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("# ")
]
CHROME = "Chrome/126.0.0.0 Safari/537.36"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.fixture(scope="module")
def agents() -> UserAgents:
    return UserAgents()


@pytest.mark.parametrize(("text", "question", "answer"), [case[:3] for case in CASES])
def test_the_cases_of_public_reports_are_right(agents: UserAgents, text: str, question: str, answer: str) -> None:
    facts = agents.look_up(text)
    found = {"kind": "bot" if facts.bot else "person", "device": facts.device}
    assert found[question] == answer


@pytest.mark.parametrize(
    ("text", "name", "category"),
    [
        ("GoogleHC/1.0", "GoogleHC", BotCategory.MONITORING),
        ("Envoy/HC", "Envoy", BotCategory.MONITORING),
        ("Consul Health Check", "Consul Health Check", BotCategory.MONITORING),
        ("Varnish Health Probe", "Varnish Health Probe", BotCategory.MONITORING),
        ("Alamofire/5.9.0", "Alamofire", BotCategory.LIBRARY),
        ("Faraday v2.7.11", "Faraday", BotCategory.LIBRARY),
        ("undici", "undici", BotCategory.LIBRARY),
        ("insomnia/8.6.1", "insomnia", BotCategory.LIBRARY),
        ("Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A.231105.004)", "Dalvik", BotCategory.LIBRARY),
        ("Safari/18615.1.21.11.5 CFNetwork/1406.0.2 Darwin/22.4.0", "Safari", BotCategory.LIBRARY),
        ("iTMS-Podcasts/3.1", "iTMS-Podcasts", BotCategory.FEED),
        ("ApacheBench/2.3", "ApacheBench", BotCategory.OTHER),
        ("test", "test", BotCategory.OTHER),
        ("-", "-", BotCategory.OTHER),
        ("()", "(unnamed bot)", BotCategory.OTHER),
        ("Mozilla/5.0 (compatible; Something)", "Something", BotCategory.OTHER),
        ("Mozilla/5.0 (X11; Linux) SomeTool/1.0", "SomeTool", BotCategory.OTHER),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Mozilla", BotCategory.OTHER),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X)", "Mozilla", BotCategory.OTHER),
        ("Mozilla/4.0 (compatible;)", "Mozilla", BotCategory.OTHER),
        (f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Some Thumbnails) {CHROME}", "Some Thumbnails", BotCategory.OTHER),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} {CHROME} (compatible; Some-Verifier/2.0)", "Some-Verifier", BotCategory.OTHER),
    ],
)  # fmt: skip
def test_a_program_is_a_bot_with_the_name_it_gives_itself(
    agents: UserAgents, text: str, name: str, category: BotCategory
) -> None:
    facts = agents.look_up(text)
    assert facts.bot == (name, category, BotReason.NOT_A_BROWSER)
    assert facts.device == "bot"


@pytest.mark.parametrize(
    "text",
    [
        "Links (2.29; Linux 6.1.0 x86_64; GNU C 12.2; text)",
        "Links/2.26 (Linux 5.10; 80x24)",
        "Emacs-w3m/1.4.632 w3m/0.5.3",
        "URL/Emacs Emacs/29.1 (X11; x86_64-pc-linux-gnu)",
        "edbrowse/3.8.2",
        "Dillo/3.1.1",
        "Mozilla/4.0 (compatible; Dillo 3.0)",
        "NetSurf/3.11 (Linux)",
        "Mozilla/5.0 (X11; Linux) NetSurf/3.11",
        "Mozilla/5.0 (SerenityOS; x86_64) LibWeb+LibJS/1.0 Ladybird/1.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:6.5) Goanna/20240101 PaleMoon/33.0.0",
        "Mozilla/5.0 (compatible; Konqueror/4.5; FreeBSD) KHTML/4.5.4 (like Gecko)",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; .NET CLR 1.1.4322)",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; Embedded Web Browser from: http://bsalsa.com/)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Mozilla/4.79 [en] (X11; U; SunOS 5.10 i86pc)",
        "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
        "Opera/9.30 (Nintendo Wii; U; ; 3642; en)",
        "Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.7630.EU",
        "Mozilla/5.0 (PLAYSTATION 3; 3.55)",
        "Mozilla/4.0 (PSP (PlayStation Portable); 2.00)",
        "HbbTV/1.2.1 (;Panasonic;VIERA 2013;3.838;1101-0003 0004-0000;)",
        "Nokia6120c/3.83; Profile/MIDP-2.0 Configuration/CLDC-1.1",
        "SonyEricssonW150a/1.0 TelecaBrowser/Q07C1-3 Profile/MIDP-2.0 Configuration/CLDC-1.1",
        "BlackBerry9700/5.0.0.862 Profile/MIDP-2.1 Configuration/CLDC-1.1 VendorID/331",
        "MOT-V9mm/00.62 UP.Browser/6.2.3.4.c.1.123 (GUI) MMP/2.0",
        "DoCoMo/2.0 N905i(c100;TB;W24H16)",
        "UCWEB/2.0 (MIDP-2.0; U; Adr 4.4.2; en-US; Venus_4) U2/1.0.0 UCBrowser/10.7.8.806 U2/1.0.0 Mobile",
        "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
        "HUAWEI Y511-T00_TD/V1 Linux/3.4.5 Android/4.2.2 Release/05.02.2013 Browser/AppleWebKit534.30 Mobile Safari/534.30;",
        "mozilla/5.0 (linux; android 9; armor_7) applewebkit/537.36 (khtml, like gecko) chrome/83.0.4103.106 mobile safari/537.36",
        f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/143.0.0.0 Mobile Safari/537.36 (Ecosia android@143.0.0.0)",
        f"Mozilla/5.0 (Linux; Android 8.0.0; Expanse) {WEBKIT} Chrome/86.0.4240.99 Mobile Safari/537.36",
        f"Mozilla/5.0 (Linux; Android 7.0; SM-G950F Build/NRD90M; wv) {WEBKIT} Version/4.0 Chrome/64.0.3282.137 Mobile Safari/537.36 Blackboard/3.5.0",
        f"Mozilla/5.0 (Windows NT 6.1) {WEBKIT} coccocbrowser/47.0 Chrome/41.0.2272.119coccoc Safari/537.36",
        "DESAY TS1008/1.0 Release/07.12.2013 Mozilla/5.0 (Linux; U; Android 4.0.3; zh-cn) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1 [FBAN/FBIOS]",
    ],
)  # fmt: skip
def test_a_person_with_an_unusual_browser_is_a_person(agents: UserAgents, text: str) -> None:
    assert agents.look_up(text).bot is None


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_every_text_has_an_answer_and_a_name(text: str) -> None:
    assert has_browser_form(text) in (True, False)
    assert 0 < len(program_name(text)) <= 64


@pytest.mark.parametrize(
    "part", ["a ", "(", "(a", "; ", "Mozilla/4.0 (; ", "Android 1 ", "a@", "MTK ", "a.", "-", "/ 1"]
)
def test_no_user_agent_makes_it_slow(part: str) -> None:
    """A whole second for what takes a thousandth of it: only an explosion is slower."""
    text = ("Mozilla/5.0 (" + part * 512)[:512]
    started = time.process_time()
    has_browser_form(text), program_name(text), program_name(part * 256)
    assert time.process_time() - started < 1


def test_the_probes_of_a_balancer_and_its_neighbours_are_no_views(agents: UserAgents) -> None:
    lines = (Path(__file__).parents[1] / "fixtures" / "health.log").read_text(encoding="utf-8").splitlines()
    parsed = [parse_line(line) for line in lines]
    assert len(parsed) == 10
    assert [line.user_agent for line in parsed if line is None or agents.look_up(line.user_agent).bot is None] == []
