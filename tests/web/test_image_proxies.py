"""README files and mails: an image that counts is a page view when an image proxy fetches it, and nobody's visit."""

from __future__ import annotations

import re

import pytest

from counter.collect.screen import READERS
from tests.kit.app import BROWSER, VISITOR, Counter, Start
from tests.kit.camo import GITHUB, Camo, sent

BADGE = "/badge/demo.svg?count=1&path=/profile&lang=en"
HOSTS = [{"id": "demo", "name": "Demo", "hosts": ["shop.example"]}]
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def number_in(svg: str) -> str:
    found = re.search(r"<title[^>]*>[^<]*: ([^<]*)</title>", svg)
    assert found
    return found[1]


async def numbers(counter: Counter) -> dict[str, int]:
    """All of the site by metric."""
    metrics = ("pageviews", "visits", "visitors")
    return {metric: (await counter.totals(metric=metric))["all"]["count"] for metric in metrics}


async def test_a_badge_counts_through_camo(start: Start) -> None:
    counter = await start()
    camo = Camo(counter)
    assert [number_in(await camo.text(BADGE)) for _ in range(3)] == ["1", "2", "3"]
    headers, _ = await camo.fetch(BADGE)
    assert "no-store" in headers["Cache-Control"]
    assert "no-cache" in headers["Cache-Control"]
    assert "ETag" not in headers
    assert headers["Expires"].endswith("1970 00:00:00 GMT")
    assert await counter.drops() == {}


async def test_what_a_proxy_fetches_makes_up_no_visitor(start: Start) -> None:
    counter = await start()
    await counter.hit(path="/profile")
    for _ in range(3):
        await Camo(counter).fetch(BADGE)
    assert await numbers(counter) == {"pageviews": 4, "visits": 1, "visitors": 1}
    counter.service.online.refresh(counter.clock.now())
    assert (await counter.totals(metric="visits"))["online"] == 1
    proxied = [hit for hit in counter.hits() if hit["via"] == "proxy"]
    assert len(proxied) == 3
    assert {(hit["source"], hit["path"], hit["ip"]) for hit in proxied} == {("GitHub Camo", "/profile", None)}
    assert {hit[name] for hit in proxied for name in ("browser", "system", "country", "language")} == {"Unknown"}


@pytest.mark.parametrize("path", ["/pixel.gif?site=demo&path=/m", "/widget/demo.svg?count=1&path=/m", BADGE])
async def test_every_image_that_counts_does(start: Start, path: str) -> None:
    counter = await start()
    assert (await sent(counter, path, GMAIL)).status == 200
    assert (await numbers(counter))["pageviews"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/widget/demo.html?count=1&path=/a",  # a page
        "/pixel.gif?site=demo&path=/a&name=signup",  # an event that somebody must have done
    ],
)
@pytest.mark.parametrize("agent", [GITHUB, GMAIL])
async def test_whatever_else_a_proxy_fetches_is_a_bots(start: Start, path: str, agent: str) -> None:
    counter = await start()
    assert (await sent(counter, path, agent)).status == 200
    assert (await numbers(counter))["pageviews"] == 0


async def test_a_hit_that_says_it_is_a_proxy_is_a_bots(start: Start) -> None:
    counter = await start()
    assert await counter.outcome(agent=GITHUB) == "bot"
    assert await counter.outcome(agent=GMAIL) == "bot"


async def test_reading_through_a_proxy_never_counts(start: Start) -> None:
    counter = await start()
    headers, body = await Camo(counter).fetch("/badge/demo.svg?lang=en&path=/profile")
    assert number_in(body.decode()) == "0"
    assert headers["Cache-Control"] == "public, max-age=60"
    assert await numbers(counter) == {"pageviews": 0, "visits": 0, "visitors": 0}


async def test_a_proxys_page_is_what_the_address_says(start: Start) -> None:
    """The page that a proxy names in Referer is not the site's; a host in the query is held against the site's."""
    counter = await start(sites=HOSTS)
    assert (await sent(counter, BADGE, GMAIL, Referer="https://mail.google.com/")).status == 200
    assert (await numbers(counter))["pageviews"] == 1
    await sent(counter, f"{BADGE}&host=evil.example", GMAIL)
    assert await counter.drops() == {"foreign_host": 1}


async def test_many_read_through_one_address(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 2})
    camo = Camo(counter)
    for _ in range(2 * READERS):
        await camo.fetch(BADGE)
    answer = await sent(counter, BADGE, GITHUB, **{"X-Forwarded-For": camo.ip})
    assert answer.status == 429
    assert await counter.drops() == {"rate_limited": 1}
    assert (await numbers(counter))["pageviews"] == 2 * READERS


async def test_within_the_gap_a_page_counts_once_for_each_proxy(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "image_gap_seconds": 30}])
    camo = Camo(counter)
    assert [number_in(await camo.text(BADGE)) for _ in range(3)] == ["1", "1", "1"]
    await sent(counter, BADGE, GMAIL)
    await camo.fetch(BADGE.replace("profile", "other"))
    assert (await numbers(counter))["pageviews"] == 3
    counter.clock.move(29)
    assert number_in(await camo.text(BADGE)) == "3"
    counter.clock.move(1)
    assert number_in(await camo.text(BADGE)) == "4"
    assert await counter.drops() == {"image_gap": 3}


async def test_a_reader_with_a_browser_is_a_visitor_whatever_the_gap(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "image_gap_seconds": 3600}])
    for _ in range(2):
        await counter.get(BADGE, headers={"X-Forwarded-For": VISITOR, "User-Agent": BROWSER})
    assert await numbers(counter) == {"pageviews": 2, "visits": 1, "visitors": 1}


async def test_nothing_of_the_proxy_is_shown_as_the_readers_own(start: Start) -> None:
    counter = await start()
    svg = await Camo(counter, via="Camo Asset Proxy 2.3.0").text("/widget/demo.svg?count=1&path=/&lines=ip,all")
    assert "140.82" not in svg
    assert "Your IP" not in svg


async def test_with_global_privacy_control_heard_a_proxy_counts_all_the_same(start: Start) -> None:
    """It makes up no visitor, so there is nobody who could not want that."""
    counter = await start(counting={"respect_gpc": True})
    await sent(counter, BADGE, GMAIL, **{"Sec-GPC": "1", "DNT": "1"})
    assert (await numbers(counter))["pageviews"] == 1
