"""One visit: who it was, and its path with the time between."""

from __future__ import annotations

import html
import re

import pytest

from dashboard.pages import visit as visit_page
from tests.kit.app import BROWSER, Counter

VISIT = "/dashboard/sites/demo/visits/1"
SITES = {"sites": [{"id": "demo", "name": "Demo", "timezone": "Asia/Tbilisi"}, {"id": "other", "name": "Other"}]}


def plain_text(page: str) -> str:
    """What is read on the page, in one line."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main.partition(">")[2])).split())


def stops_of(page: str) -> list[str]:
    timeline = page.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", stop)).split()) for stop in timeline.split("<li>")[1:]]


async def a_visit(counter: Counter) -> None:
    """Three hits of one visitor in 80 seconds, and 25 engaged ones; somebody else comes between."""
    await counter.hit(
        path="/in?utm_campaign=may", title="In", id="view-1", referrer="https://example.com/from", language="ka"
    )
    counter.clock.move(30)
    await counter.hit(path="/elsewhere", ip="203.0.113.9")
    await counter.post([{"site": "demo", "path": "/in", "view": "view-1", "engaged_ms": 25_000}])
    counter.clock.move(40)
    await counter.hit(path="/buy", name="bought", props={"plan": "pro"})
    counter.clock.move(10)
    await counter.hit(path="/out", title="Out")


async def test_the_path_has_each_hit_with_the_seconds_between_and_the_engaged_time(start, signed_in):
    counter = await start(dashboard=True, **SITES)
    await a_visit(counter)
    assert stops_of(await (await signed_in(counter)).text(VISIT)) == [
        "16:00:00 Entry page /in In 25s in view",
        "16:01:10 1m 10s later /buy bought plan pro",
        "16:01:20 10s later Exit page /out Out",
    ]


async def test_who_it_was_is_told_as_far_as_it_is_known(start, signed_in):
    counter = await start(dashboard=True, **SITES)
    await a_visit(counter)
    page = await (await signed_in(counter)).text(VISIT)
    told = plain_text(page)
    for text in (
        "Visit 1", "Began 21 Nov 2024, 16:00", "Lasted 1m 20s", "Page views 2", "Time in view 25s",
        "Browser Firefox 128", "System Linux", "Device Desktop", "Language ka", "UTM campaign may",
        "IP address 198.51.100.7", "Referrer https://example.com/from",
    ):  # fmt: skip
        assert text in told, (text, told)
    assert '<a href="https://example.com/from" rel="noopener noreferrer nofollow">' in page


async def test_a_hit_that_arrives_late_stands_at_its_time_and_the_entry_stays(start, signed_in):
    counter = await start(dashboard=True, **SITES)
    token = await counter.add_token()
    for time, path in (("12:00:00", "/first"), ("12:00:40", "/last"), ("11:59:50", "/late")):
        hit = {
            "site": "demo",
            "path": path,
            "time": f"2024-11-21T{time}Z",
            "ip": "198.51.100.7",
            "user_agent": BROWSER,
        }
        counter.clock.move(1)
        assert (await counter.post(hit, headers=token)).headers["X-Counter"] == "counted"
    stored = counter.hits()
    assert {hit["visit"] for hit in stored} == {1}
    assert {(hit["entry_page"], hit["exit_page"]) for hit in stored} == {("/first", "/last")}
    stops = stops_of(await (await signed_in(counter)).text(VISIT))
    assert [stop.split("/")[-1] for stop in stops] == ["late", "first", "last"]
    assert ["Entry page" in stop for stop in stops] == [False, True, False]
    assert ["Exit page" in stop for stop in stops] == [False, False, True]


@pytest.mark.parametrize("visit", ["0", "2", "99", "x", "-1", "1e3", "9" * 30, "١"])
async def test_what_is_no_visit_of_the_site_is_not_there(start, signed_in, visit):
    counter = await start(dashboard=True, **SITES)
    await counter.hit()
    await counter.hit(site="other")
    answer = await (await signed_in(counter)).get(f"/dashboard/sites/demo/visits/{visit}")
    assert (answer.status, "Other" in await answer.text()) == (404, False)


async def test_a_visit_of_another_site_is_not_there_even_for_who_may_read_that_one(start, signed_in):
    counter = await start(dashboard=True, **SITES)
    await counter.hit(site="other", path="/secret")
    owner = await signed_in(counter)
    assert "/secret" in await owner.text("/dashboard/sites/other/visits/1")
    answer = await owner.get(VISIT)
    assert (answer.status, "/secret" in await answer.text()) == (404, False)


async def test_a_referrer_that_no_browser_should_follow_is_no_link(start, signed_in):
    counter = await start(dashboard=True, **SITES)
    await counter.hit(referrer="javascript:alert(1)")
    await counter.hit(referrer='https://example.com/a" onclick=x', ip="203.0.113.9")
    owner = await signed_in(counter)
    for visit in (1, 2):
        page = await owner.text(f"/dashboard/sites/demo/visits/{visit}")
        assert 'href="javascript' not in page
        assert '" onclick' not in page


async def test_of_a_very_long_visit_the_first_hits_are_shown_and_all_are_counted(start, signed_in, monkeypatch):
    monkeypatch.setattr(visit_page, "SHOWN", 2)
    counter = await start(dashboard=True, **SITES)
    await a_visit(counter)
    page = await (await signed_in(counter)).text(VISIT)
    assert [stop.split()[0] for stop in stops_of(page)] == ["16:00:00", "16:01:10"]
    assert "Exit page" not in plain_text(page)
    for text in ("The first 2 of 3 hits.", "Lasted 1m 20s", "Page views 2"):
        assert text in plain_text(page)
