"""The report in Chromium: filters by clicks and by forms, the address is the whole question, and back leads back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.chromium import Seen, reader, until
from tests.kit.process import BROWSER, Home, Service, noon_zone

pytestmark = pytest.mark.browser

PASSWORD = b"a long enough password"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SITE = "/dashboard/sites/demo"
US, DE = "8.8.8.8", "5.9.0.1"
# Whom, from where, with what: (visitor, agent, path) of each page view.
HITS = (
    (US, BROWSER, "/"), (US, BROWSER, "/a"), (US, CHROME, "/"), ("8.8.4.4", BROWSER, "/a"), ("8.8.4.4", BROWSER, "/b"),
    (DE, BROWSER, "/"), (DE, BROWSER, "/a"), ("5.9.0.2", CHROME, "/a"), ("5.9.0.3", BROWSER, "/b"),
)  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("report"), zone=noon_zone())
    with Service(home) as running:
        for login, role in (("owner", ("--owner",)), ("vera", ("--viewer", "demo"))):
            done = home.run("user", "add", login, *role, "--password-stdin", stdin=PASSWORD)
            assert done.code == 0, done.err
        for visitor, agent, path in HITS:
            assert running.hit(path=path, agent=agent, visitor=visitor).counter == "counted"
        yield running


@contextmanager
def signed_in(browser: Browser, service: Service, login: str = "owner", **options: Any) -> Iterator[tuple[Page, Seen]]:
    with reader(browser, **options) as (page, seen):
        page.goto(f"{service.url}/dashboard/login")
        page.fill("input[name=login]", login)
        page.fill("input[type=password]", PASSWORD.decode())
        page.click("main button")
        page.wait_for_url("**/dashboard/")
        yield page, seen
        assert seen.hosts == {service.url.partition("//")[2]}


def card(page: Page, metric: str) -> str:
    return page.inner_text(f"#card-{metric} .card-number").strip()


def chips(page: Page) -> list[str]:
    return [" ".join(chip.split()) for chip in page.locator(".chip summary").all_inner_texts()]


def test_three_dimensions_filter_and_the_address_is_all_there_is_to_keep(service: Service, browser: Browser) -> None:
    with signed_in(browser, service) as (page, seen):
        page.goto(f"{service.url}{SITE}?period=today")
        assert card(page, "pageviews") == "9"
        page.click("#panel-places a.row-filter >> text=United States")
        page.wait_for_url("**filter=country**")
        assert card(page, "pageviews") == "5"
        page.click("#panel-clients a.row-filter >> text=Firefox")
        page.wait_for_url("**filter=browser**")
        assert card(page, "pageviews") == "4"
        page.click("#panel-pages a.row-filter >> text=/a")
        page.wait_for_url("**filter=page**")
        whole = page.url
        assert card(page, "pageviews") == "2"
        assert chips(page) == ["Country is United States", "Browser is Firefox", "Page is /a"]
        page.reload()
        assert (page.url, card(page, "pageviews"), len(chips(page))) == (whole, "2", 3)
        page.click(".chip:has-text('Browser') .remove")
        until(lambda: chips(page), ["Country is United States", "Page is /a"])
        page.go_back()
        until(lambda: (page.url, len(chips(page)), card(page, "pageviews")), (whole, 3, "2"))
        page.go_back()
        until(lambda: (len(chips(page)), card(page, "pageviews")), (2, "4"))
        assert seen.errors == []
    with signed_in(browser, service, "vera") as (page, _):
        page.goto(whole)  # sent to somebody else
        assert (card(page, "pageviews"), len(chips(page))) == ("2", 3)


@pytest.mark.soak
def test_a_filter_is_added_and_changed_by_a_form(service: Service, browser: Browser) -> None:
    with signed_in(browser, service) as (page, seen):
        page.goto(f"{service.url}{SITE}?period=today")
        page.click("#add-filter summary")
        page.select_option("#add-filter select[name=f_dimension]", "country")
        page.select_option("#add-filter select[name=f_operator]", "is_not")
        page.fill("#add-filter input[name=f_value]", "DE")
        page.click("#add-filter button")
        page.wait_for_url("**filter=country:is_not:DE")
        assert page.url == f"{service.url}{SITE}?period=today&filter=country:is_not:DE"
        assert (chips(page), card(page, "pageviews")) == (["Country is not Germany"], "5")
        page.click(".chip summary")
        # Cut off, the form would be there and not in sight.
        assert page.locator(".chip .menu").evaluate("menu => getComputedStyle(menu).overflow") == "visible"
        page.select_option(".chip select[name=f_operator]", "is")
        page.locator(".chip input[name=f_value]").last.fill("FR")
        page.click(".chip button")
        page.wait_for_url("**filter=country:is:DE,FR")
        assert (chips(page), card(page, "pageviews")) == (["Country is Germany, France"], "4")
        assert seen.errors == []


def test_cards_switch_the_chart_and_a_comparison_can_be_chosen(service: Service, browser: Browser) -> None:
    with signed_in(browser, service) as (page, seen):
        page.goto(f"{service.url}{SITE}?period=today")
        assert page.locator(".card[aria-current]").get_attribute("id") == "card-visitors"
        page.click("#card-pageviews")
        page.wait_for_url("**metric=pageviews")
        assert page.locator(".card[aria-current]").get_attribute("id") == "card-pageviews"
        assert page.inner_text(".chart-head h2") == "Page views"
        page.click("#menu-compare summary")
        page.click("#menu-compare a >> text=Same dates last year")
        page.wait_for_url("**compare=last_year**")
        assert page.locator(".legend .before").count() == 1
        page.click("#menu-compare summary")
        page.click("#menu-compare a >> text=No comparison")
        page.wait_for_url("**compare=none**")
        assert page.locator(".legend .before").count() == 0
        assert seen.errors == []


@pytest.mark.soak
def test_days_are_chosen_by_name_by_arrows_and_by_date(service: Service, browser: Browser) -> None:
    with signed_in(browser, service) as (page, _):
        page.goto(f"{service.url}{SITE}")
        page.click("#menu-period summary")
        page.click("#menu-period a >> text=Today")
        page.wait_for_url("**period=today")
        page.click("a[rel=prev]")
        page.wait_for_url("**period=yesterday")
        assert card(page, "pageviews") == "0"
        page.click("text=Show all days")
        page.wait_for_url("**period=all")
        assert card(page, "pageviews") == "9"
        page.click("#menu-period summary")
        page.fill("#menu-period input[name=from]", "2024-02-01")
        page.fill("#menu-period input[name=to]", "2024-02-29")
        page.click("#menu-period button")
        page.wait_for_url("**from=2024-02-01&to=2024-02-29")
        assert page.inner_text("h1").strip().endswith("1–29 Feb 2024")


@pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_a_note_is_added_and_removed_and_a_viewer_finds_no_way_to_change_anything(
    service: Service, browser: Browser, script: bool
) -> None:
    with signed_in(browser, service, java_script_enabled=script) as (page, _):
        page.goto(f"{service.url}{SITE}?period=7d")
        page.click("summary >> text=Add a note")
        page.fill("input[name=text]", "A launch <b>today</b>")
        page.click("text=Save the note")
        page.wait_for_url("**#chart")
        assert page.inner_text(".note-text") == "A launch <b>today</b>"
        with signed_in(browser, service, "vera") as (viewer, _):
            viewer.goto(page.url)
            assert viewer.inner_text(".note-text") == "A launch <b>today</b>"
            assert viewer.locator("main form[method=post]").count() == 0
        page.click(".note-list button")
        until(lambda: page.locator(".note-text").count(), 0)


@pytest.mark.soak
def test_all_of_it_works_without_a_script(service: Service, browser: Browser) -> None:
    with signed_in(browser, service, java_script_enabled=False) as (page, _):
        page.goto(f"{service.url}{SITE}?period=today")
        assert page.locator("#chart svg").first.is_visible()
        page.click("#panel-places a.row-filter >> text=Germany")
        page.wait_for_url("**filter=country**")
        assert card(page, "pageviews") == "4"
        page.click("#panel-sources .tabs a >> text=Channels")
        page.wait_for_url("**tab=sources:channels**")
        assert page.inner_text("#panel-sources .tabs a[aria-current]") == "Channels"


@pytest.mark.soak
def test_the_overview_leads_to_the_sites_report(service: Service, browser: Browser) -> None:
    with signed_in(browser, service) as (page, seen):
        assert page.inner_text("#site-demo .site-number >> nth=2") == "9"
        page.click("#site-demo h2 a")
        page.wait_for_url(f"**{SITE}")
        assert seen.errors == []


def test_in_forced_colours_only_what_is_current_is_marked(service: Service, browser: Browser) -> None:
    """Borders that are transparent elsewhere are drawn there, unless they have the ground's colour."""
    borders = """selector => {
      const ground = getComputedStyle(document.querySelector(".box")).backgroundColor;
      return [...document.querySelectorAll(selector)].map((one) =>
        [one.hasAttribute("aria-current"), getComputedStyle(one).borderBlockEndColor !== ground]);
    }"""
    with signed_in(browser, service, forced_colors="active") as (page, _):
        page.goto(f"{service.url}{SITE}?period=today")
        for selector in (".pages a", "a.card"):
            marks = page.evaluate(borders, selector)
            assert len(marks) > 3, selector
            assert all(current is marked for current, marked in marks), selector
        grounds = page.evaluate(
            "[...document.querySelectorAll('#panel-pages .tabs a')].map(one => getComputedStyle(one).backgroundColor)"
        )
        assert grounds[0] not in grounds[1:]
        assert page.evaluate("getComputedStyle(document.querySelector('.bar rect')).fill") == "none"


def test_on_paper_the_chart_is_on_the_first_page_whole_and_nothing_waits(service: Service, browser: Browser) -> None:
    a4 = {"width": 690, "height": 1010}  # of a page's text, in CSS pixels
    with signed_in(browser, service) as (page, _):
        page.goto(f"{service.url}{SITE}?period=28d")
        page.wait_for_selector("#chart.drawn")
        page.set_viewport_size(a4)  # type: ignore[arg-type]
        page.evaluate("document.querySelector('#panel-pages').setAttribute('data-lazy', '')")
        page.emulate_media(media="print")
        chart = page.locator("#chart .chart-svg.main").bounding_box()
        assert chart is not None
        assert chart["y"] + chart["height"] < a4["height"]
        assert page.evaluate("getComputedStyle(document.querySelector('.box:has(#chart)')).breakInside") == "auto"
        lefts = page.evaluate(
            "[...document.querySelectorAll('#chart .chart-svg.main text')].map(one => one.getBoundingClientRect())"
            ".filter(box => box.width).map(box => box.left)"
        )
        assert min(lefts) >= 0
        assert page.is_hidden("#panel-pages")


@pytest.mark.parametrize("width", [390, 690, 800, 1000, 1280])
def test_cards_fill_their_box(service: Service, browser: Browser, width: int) -> None:
    ends = """(() => {
      const box = document.querySelector(".cards").getBoundingClientRect(), rows = {};
      for (const one of document.querySelectorAll(".cards > li")) {
        const { top, right } = one.getBoundingClientRect();
        rows[Math.round(top)] = box.right - right;
      }
      return Object.values(rows);
    })()"""
    with signed_in(browser, service, viewport={"width": width, "height": 800}) as (page, _):
        page.goto(f"{service.url}{SITE}?period=today")
        assert max(page.evaluate(ends)) <= 2
