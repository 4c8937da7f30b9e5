"""Whose page it is: only pages of the web count, and of a site's own hosts; and a list of referrers starts no visit."""

from __future__ import annotations

from typing import Any

import pytest

from counter.collect.lists import SpamReferrers
from tests.kit.app import Start

SITES = [{"id": "demo", "hosts": ["shop.example", "*.shop.example"]}, {"id": "open"}]

# headers, keys beside the site; whether a site with hosts counts it, and one without
PAGES: list[tuple[dict[str, str], dict[str, Any], bool, bool]] = [
    ({"Origin": "https://shop.example"}, {"path": "/a"}, True, True),
    ({"Origin": "null"}, {"path": "/a", "host": "shop.example"}, True, True),  # a sandboxed frame, no-referrer
    ({"Origin": "null", "Referer": "https://shop.example/"}, {"path": "/a"}, True, True),
    ({}, {"path": "/a"}, True, True),  # a server
    ({}, {"path": "https://shop.example/a"}, True, True),
    ({}, {"path": "https://other.example/a"}, False, True),
    ({"Origin": "https://localhost"}, {"path": "/", "host": "localhost"}, False, True),
    # saved pages
    ({"Origin": "null"}, {"path": "/C:/Users/anna/page.html"}, False, False),
    ({"Origin": "null"}, {"path": "/home/anna/page.html", "host": ""}, False, False),
    ({"Origin": "file://"}, {"path": "/storage/emulated/0/page.html"}, False, False),
    ({"Origin": "file://"}, {"path": "/x", "host": "shop.example"}, False, False),
    ({}, {"path": "file:///home/anna/page.html"}, False, False),
    ({}, {"path": "/C:/Users/anna/page.html"}, False, False),
    ({}, {"path": "C:\\Users\\anna\\page.html"}, False, False),
    ({}, {"path": "/C%3A/Users/anna/page.html"}, False, False),
    # pages without an address, previews in frames
    ({"Origin": "null"}, {"path": "blank"}, False, False),
    ({"Origin": "https://shop.example"}, {"path": "srcdoc"}, False, False),
    ({"Origin": "https://shop.example"}, {"path": "about:srcdoc"}, False, False),
    ({"Origin": "null"}, {"path": "data:text/html,<p>x"}, False, False),
    ({"Origin": "https://shop.example"}, {"path": "blob:https://shop.example/0a1b"}, False, False),
    ({"Origin": "https://cms.example"}, {"path": "/preview"}, False, True),
    # applications and extensions
    ({"Origin": "capacitor://localhost"}, {"path": "/", "host": "localhost"}, False, False),
    ({"Origin": "ionic://localhost"}, {"path": "/", "host": "shop.example"}, False, False),
    ({"Origin": "tauri://localhost"}, {"path": "/"}, False, False),
    (
        {"Origin": "chrome-extension://abcdefghijklmnop"},
        {"path": "/popup.html", "host": "abcdefghijklmnop"},
        False,
        False,
    ),
    ({"Origin": "moz-extension://0a1b2c"}, {"path": "/popup.html"}, False, False),
    ({"Origin": "app://obsidian.md"}, {"path": "/index.html"}, False, False),
    ({"Origin": "capacitor://localhost", "Referer": "https://shop.example/"}, {"path": "/"}, False, False),
    ({}, {"path": "app://localhost/a", "host": "shop.example"}, False, False),
    ({"Referer": "android-app://com.example.app/"}, {"path": "/"}, False, False),
]


@pytest.mark.parametrize(("headers", "keys", "with_hosts", "without"), PAGES)
async def test_only_pages_of_the_web_count(
    start: Start, headers: dict[str, str], keys: dict[str, Any], with_hosts: bool, without: bool
) -> None:
    counter = await start(sites=SITES)
    for site, counts in (("demo", with_hosts), ("open", without)):
        expected = "counted" if counts else "foreign_host"
        assert await counter.outcome(site=site, headers=headers, **keys) == expected, site


async def test_the_path_of_a_saved_page_stands_nowhere(start: Start) -> None:
    counter = await start(sites=SITES)
    for path in ("/home/anna/secret.html", "file:///home/anna/secret.html"):
        assert await counter.outcome(path=path, headers={"Origin": "null"}) == "foreign_host"
    assert await counter.drops() == {"foreign_host": 2}
    kept = counter.rows("select * from drop_log")
    assert len(kept) == 2
    assert "anna" not in str(kept)


async def test_a_payment_page_starts_no_visit(start: Start) -> None:
    counter = await start(sites=[{**SITES[0], "excluded_referrers": ["paypal.com", "checkout.stripe.com"]}])
    assert await counter.outcome(path="/", referrer="https://www.google.com/", host="shop.example") == "counted"
    counter.clock.move(300)
    paid = "https://www.paypal.com/checkout?token=SECRET"
    assert await counter.outcome(path="/thanks", referrer=paid, host="shop.example") == "counted"
    assert await counter.outcome(path="/x", referrer=paid, host="shop.example", ip="8.8.8.8") == "counted"
    rows = counter.rows("select path, source, channel, referrer, visit from hit_log order by hit")
    assert [(row["path"], row["source"], row["channel"], row["referrer"]) for row in rows] == [
        ("/", "Google", "search", "https://www.google.com/"),
        ("/thanks", "Google", "search", "https://www.google.com/"),
        ("/x", "Direct", "direct", "Unknown"),
    ]
    assert rows[0]["visit"] == rows[1]["visit"] != rows[2]["visit"]


@pytest.mark.parametrize(
    "referrer", ["https://notpaypal.com/", "https://paypal.com.evil.example/", "https://stripe.com/"]
)
async def test_a_host_that_only_looks_like_a_payment_page_is_a_referral(start: Start, referrer: str) -> None:
    counter = await start(sites=[{**SITES[0], "excluded_referrers": ["paypal.com", "checkout.stripe.com"]}])
    await counter.outcome(path="/", referrer=referrer, host="shop.example")
    assert [row["channel"] for row in counter.rows("select channel from hit_log")] == ["referral"]


async def test_an_excluded_referrer_is_no_spam_whatever_the_list_says(start: Start) -> None:
    counter = await start(sites=[{**SITES[0], "excluded_referrers": ["paypal.com"]}])
    counter.service.pipeline.rules.spam = SpamReferrers({"paypal.com"})
    assert await counter.outcome(path="/", referrer="https://paypal.com/", host="shop.example") == "counted"


async def test_a_session_in_the_path_is_stored_nowhere(start: Start) -> None:
    counter = await start(sites=SITES)
    await counter.outcome(
        path="/a;jsessionid=SECRET1?page=2",
        referrer="https://forum.example/(S(SECRET2))/t;phpsessid=SECRET3",
        host="shop.example",
        name="outbound",
        props={"url": "https://partner.example/a;jsessionid=SECRET4"},
    )
    found = str(counter.rows("select * from hit_log"))
    assert "SECRET" not in found
    assert "https://forum.example/t" in found
