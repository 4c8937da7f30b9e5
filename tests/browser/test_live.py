"""A hit arrives on the live page of a real browser without a reload; the page pauses, goes on and comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.kit.chromium import WAIT, reader, until
from tests.kit.process import Home, Service, noon_zone

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"
PAGE = "/dashboard/sites/demo/live"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service with an owner and a viewer."""
    home = Home(tmp_path, zone=noon_zone())
    with Service(home) as running:
        for login, role in (("olga", ["--owner"]), ("vera", ["--viewer", "demo"])):
            done = home.run("user", "add", login, *role, "--password-stdin", stdin=PASSWORD.encode())
            assert done.code == 0, done.err
        yield running


def open_live(page: Page, service: Service, login: str) -> None:
    """Sign in, and wait until the page is alive."""
    go_live(page, service, login)
    expect(page.locator("[data-state]")).to_have_text("Live", timeout=WAIT)


def go_live(page: Page, service: Service, login: str) -> None:
    page.goto(f"{service.url}/dashboard/login?next={PAGE}")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"**{PAGE}")


def paths(page: Page) -> list[str]:
    return page.locator("[data-stream] [data-field=path]").all_text_contents()


def test_a_hit_arrives_without_a_reload_and_every_number_follows(browser: Browser, service: Service) -> None:
    service.hit(path="/before")
    with reader(browser) as (page, seen):
        open_live(page, service, "olga")
        assert (paths(page), page.locator("[data-online-now]").text_content()) == (["/before"], "1")
        page.evaluate("window.same = true")
        service.hit(path="/now", visitor="8.8.8.8", title="<img src=x onerror=alert(1)>")
        until(lambda: paths(page), ["/now", "/before"])
        until(lambda: page.locator("[data-online-now]").text_content(), "2")
        until(lambda: page.locator("[data-rows=countries] td").count(), 2)
        first = page.locator("[data-stream] li").first
        assert first.locator("[data-field=title]").text_content() == "<img src=x onerror=alert(1)>"
        assert first.locator("[data-field=ip]").text_content() == "8.8.8.8"
        assert page.locator("[data-rows=pages] a").all_text_contents() == ["/before", "/now"]
        until(
            lambda: page.locator("[data-minutes] rect").evaluate_all("bars => bars.at(-1).getAttribute('height')"), "96"
        )
        assert page.evaluate("window.same") is True
        first.locator("a[data-link=visit_url]").click()
        expect(page.locator(".timeline li")).to_have_count(1)
        assert seen.errors == []
        assert seen.hosts == {service.url.split("/")[2]}


@pytest.mark.soak
def test_a_viewer_sees_the_hit_and_no_address(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, _):
        open_live(page, service, "vera")
        service.hit(path="/now", visitor="203.0.113.77")
        until(lambda: paths(page), ["/now"])
        assert "203.0.113.77" not in page.content()


@pytest.mark.soak
def test_a_paused_page_stands_still_and_catches_up(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, _):
        open_live(page, service, "olga")
        page.click("[data-pause-button]")
        expect(page.locator("[data-state]")).to_have_text("Paused")
        service.hit(path="/meanwhile")
        service.hit(path="/later")
        page.click("[data-pause-button]")
        until(lambda: paths(page), ["/later", "/meanwhile"])
        service.hit(path="/last")
        until(lambda: paths(page), ["/last", "/later", "/meanwhile"])


def play(page: Page, *streams: str) -> None:
    """Each request for events is answered with the next of `streams`, which ends; then there are no more."""
    rest = iter(streams)

    def answer(route: Route) -> None:
        stream = next(rest, None)
        if stream is None:
            route.fulfill(status=204)  # which a browser takes for the end
        else:
            route.fulfill(content_type="text/event-stream", body="retry: 10\n\n" + stream)

    page.route(f"**{PAGE}/events*", answer)


def hit_event(number: int) -> str:
    return f"id: {number}\nevent: hit\ndata: {json.dumps({'hit': number, 'path': f'/{number}'})}\n\n"


def now_event(newest: int) -> str:
    now = {"online_text": "1", "summary": "", "pages": [], "sources": [], "countries": [], "minutes": [], "most": 0}
    return f"id: {newest}\nevent: now\ndata: {json.dumps({**now, 'map': {'data': [], 'layout': {}}})}\n\n"


def test_a_hit_is_shown_once_however_the_page_and_its_streams_overlap(browser: Browser, service: Service) -> None:
    """The page has hit 1. A stream brings it again, says that 1 is the newest when it is not, and brings 2 again; the
    next one begins too early."""
    service.hit(path="/1")
    first = [hit_event(1), hit_event(2), hit_event(3), now_event(1), hit_event(2), hit_event(4)]
    second = [hit_event(3), hit_event(4), hit_event(5)]
    with reader(browser) as (page, _):
        play(page, "".join(first), "".join(second))
        go_live(page, service, "olga")
        expect(page.locator("[data-reload]")).to_be_visible(timeout=WAIT)
        assert paths(page) == ["/5", "/4", "/3", "/2", "/1"]


FOCUSED = "document.activeElement.textContent"


def test_the_focus_stays_in_a_list_whose_rows_come_and_go(browser: Browser, service: Service) -> None:
    service.hit(path="/a")
    with reader(browser) as (page, _):
        open_live(page, service, "olga")
        rows = page.locator("[data-rows=pages] a")
        rows.focus()
        page.evaluate("window.focused = document.activeElement")
        for visitor in ("8.8.8.8", "8.8.4.4"):
            service.hit(path="/b", visitor=visitor)
        until(rows.all_text_contents, ["/b", "/a"])
        assert page.evaluate("document.activeElement === window.focused")
        assert page.evaluate(FOCUSED) == "/a"
        service.hit(path="/b")
        until(rows.all_text_contents, ["/b"])
        assert page.evaluate(FOCUSED) == "/b"


def test_the_hit_that_has_the_focus_stays_on_the_page(browser: Browser, service: Service) -> None:
    """It is the oldest of as many as the page shows."""
    for path in ("/first", "/second"):
        service.hit(path=path)
    with reader(browser) as (page, _):
        open_live(page, service, "olga")
        page.evaluate("document.querySelector('[data-live]').dataset.most = 2")
        page.locator("[data-stream] li").last.locator("[data-field=path]").focus()
        service.hit(path="/third")
        until(lambda: paths(page), ["/third", "/first"])
        assert page.evaluate(FOCUSED) == "/first"


@pytest.mark.soak
def test_the_map_shows_the_countries_and_follows_them(browser: Browser, service: Service) -> None:
    service.hit(path="/", visitor="8.8.8.8")
    with reader(browser) as (page, seen):
        open_live(page, service, "olga")
        page.locator("[data-map]").scroll_into_view_if_needed()
        expect(page.locator(".chart.drawn [data-map] .choroplethlayer path").first).to_be_attached(timeout=WAIT)
        count = "map => map.data[0].locations.length"
        assert page.locator("[data-map]").evaluate(count) == 1
        service.hit(path="/", visitor="203.0.113.7")
        service.hit(path="/", visitor="193.0.6.139")
        rows = page.locator("[data-rows=countries] tbody tr")
        until(lambda: rows.count() > 1 and page.locator("[data-map]").evaluate(count) > 1, True)
        assert seen.errors == []
        assert seen.hosts == {service.url.split("/")[2]}


@pytest.mark.soak
def test_without_a_script_the_page_shows_the_state_and_a_link_to_the_next(browser: Browser, service: Service) -> None:
    service.hit(path="/before")
    with reader(browser, java_script_enabled=False) as (page, _):
        page.goto(f"{service.url}/dashboard/login?next={PAGE}")
        page.fill("[name=login]", "olga")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        assert paths(page) == ["/before"]
        service.hit(path="/next")
        page.click("[data-reload]")
        assert paths(page) == ["/next", "/before"]


@pytest.mark.soak
def test_a_service_that_stops_says_so_on_the_page_and_ends_at_once(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, _):
        open_live(page, service, "olga")
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 10  # seconds; T-35
        expect(page.locator("[data-state]")).to_have_text("Connecting again", timeout=WAIT)
