"""The tracker and the widget in a real browser, on a page of another origin."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.kit.chromium import READER, host_page, lines, reader, until
from tests.kit.process import Service

pytestmark = pytest.mark.browser

BODY = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page of ours</title></head><body>
<h1>Ours</h1>
<visitor-counter id="widget"></visitor-counter>
<visitor-counter id="georgian" data-lang="ka" data-metric="pageviews"></visitor-counter>
<p><span id="views" data-counter="today" data-metric="pageviews">7</span>
   <span id="here" data-counter="all" data-metric="pageviews" data-path="this"></span>
   <span id="busuanzi_value_site_pv"></span></p>
<script async src="%s/counter.js" data-site="demo"></script>
</body></html>"""


def page_of(origin: str) -> tuple[str, str]:
    """The host page for a service at `origin`, and a policy that names this origin only."""
    return BODY % origin, f"default-src 'none'; script-src {origin}; connect-src {origin}"


def test_a_page_view_a_reload_and_navigation_are_counted_exactly(browser: Browser, service: Service) -> None:
    body, policy = page_of(service.url)
    with host_page(body, policy) as ours, reader(browser) as (page, seen):
        page.goto(f"{ours}/first?utm_source=letter")
        until(lambda: lines(page, "widget").get("Today"), "1")
        page.reload()
        until(lambda: page.text_content("#views"), "2")
        page.evaluate("history.pushState({}, '', '/second')")
        until(lambda: page.text_content("#views"), "3")
        page.go_back()
        until(lambda: page.text_content("#views"), "4")
        page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        until(lambda: page.text_content("#views"), "5")
        page.evaluate("window.counter.track('signup', {plan: 'free', seats: 3})")
        until(lambda: service.home.one("select count(*) from hit_log where name = 'signup'"), 1)

        assert lines(page, "widget")["Today"] == lines(page, "widget")["All days"] == "1"
        assert lines(page, "widget")["Your IP"] == "127.0.0.1"
        assert lines(page, "georgian")["დღეს"] == "5"
        assert page.text_content("#here") == "4"
        assert page.text_content("#busuanzi_value_site_pv") == "5"
        label = "document.getElementById('widget').shadowRoot.querySelector('[role=img]').getAttribute('aria-label')"
        assert page.evaluate(label) == "1 visit in total"

        stored = service.home.rows("select name, path, visit, utm_source, props from hit_log order by hit")
        assert [row[:2] for row in stored] == [
            ("pageview", "/first"), ("pageview", "/first"), ("pageview", "/second"), ("pageview", "/first"),
            ("pageview", "/first"), ("signup", "/first"),
        ]  # fmt: skip
        assert {row[2] for row in stored} == {stored[0][2]}
        assert stored[0][3] == "letter"
        assert stored[-1][4] == '{"plan":"free","seats":"3"}'
        assert service.totals(metric="pageviews")["today"]["count"] == 5
        assert service.totals()["today"]["count"] == 1

        assert seen.errors == []
        assert seen.hosts == {ours.split("/")[2], service.url.split("/")[2]}
        assert page.context.cookies() == []
        kept = "localStorage.length + sessionStorage.length"
        assert page.evaluate(kept) == 0
        assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0


def test_the_height_of_the_widget_does_not_change_when_its_numbers_come(browser: Browser, service: Service) -> None:
    body, policy = page_of(service.url)
    with host_page(body, policy) as ours, reader(browser) as (page, _):
        page.route("**/widget/*.json*", lambda route: None)
        page.goto(f"{ours}/")
        until(lambda: page.evaluate("widget.shadowRoot?.textContent"), "—")
        before = page.evaluate("document.getElementById('widget').getBoundingClientRect().height")
        page.unroute("**/widget/*.json*")  # lets those go that were held
        until(lambda: lines(page, "widget").get("Today"), "1")
        after = page.evaluate("document.getElementById('widget').getBoundingClientRect().height")
    assert abs(after - before) <= 2


@pytest.mark.parametrize("language", ["en", "ka"])
@pytest.mark.parametrize("address", ["9.9.9.9", "203.113.113.255", "2001:db8:85a3:8d3:1319:8a2e:370:7348"])
def test_no_address_pushes_the_numbers_out_of_the_card(
    language: str, address: str, browser: Browser, shared_service: Service
) -> None:
    with reader(browser, extra_http_headers={"X-Forwarded-For": address}) as (page, _):
        lines = "today,last_week,all,record_day,online,ip,date"
        page.goto(f"{shared_service.url}/widget/demo.html?lang={language}&lines={lines}")
        right = "document.querySelector('.vc-%s').getBoundingClientRect().right"
        assert page.evaluate(right % "table") <= page.evaluate(right % "digits") + 0.5
        one_line_or_two = 28 if len(address) <= 15 else 44
        assert page.evaluate("document.querySelector('.vc-ip').getBoundingClientRect().height") <= one_line_or_two


def test_the_demo_page_visibly_counts(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, seen):
        page.goto(f"{service.url}/demo")
        views = "dd[data-counter=today][data-metric=pageviews]"
        until(lambda: page.text_content(views), "1")
        page.reload()
        until(lambda: page.text_content(views), "2")
        page.click("text=Garden")
        until(lambda: page.text_content(views), "3")
        assert page.text_content("h1").strip() == "Visit number 1"  # type: ignore[union-attr]
        page.goto(f"{service.url}/dashboard/")
        assert (page.text_content("h1") or "").strip() == "Sign in"
        page.goto(f"{service.url}/widget/demo.html")
        assert "Today" in page.text_content("table")  # type: ignore[operator]
        assert seen.errors == []


def test_a_headless_browser_is_a_bot_and_is_told_so(browser: Browser, service: Service) -> None:
    body, policy = page_of(service.url)
    with host_page(body, policy) as ours:
        context = browser.new_context(user_agent=READER.replace("Chrome/", "HeadlessChrome/"))
        page = context.new_page()
        with page.expect_response("**/hit") as answered:
            page.goto(f"{ours}/")
        assert answered.value.headers["x-counter"] == "dropped; reason=bot"
        context.close()


def test_who_presses_the_button_is_not_counted_on_pages_of_this_address(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, _):
        page.goto(f"{service.url}/opt-out")
        page.click("button")
        assert page.text_content("h1") == "You are not counted"
        with page.expect_response("**/hit") as answered:
            page.goto(f"{service.url}/demo")
        assert answered.value.headers["x-counter"] == "dropped; reason=opt_out"
    assert service.totals()["all"]["count"] == 0
