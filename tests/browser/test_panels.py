"""Panels in Chromium: rows filter, properties open and close, all rows are searched and sorted, files are read back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.test_report_page import PASSWORD, SITE, card, signed_in
from tests.kit.chromium import until
from tests.kit.process import BROWSER, Home, Service, noon_zone

pytestmark = [pytest.mark.browser, pytest.mark.soak]  # minutes of a browser's time

US, DE = "8.8.8.8", "5.9.0.1"
MARKUP = "/<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("panels"), zone=noon_zone())
    with Service(home) as running:
        done = home.run("user", "add", "owner", "--owner", "--password-stdin", stdin=PASSWORD)
        assert done.code == 0, done.err
        for number in range(120):
            running.hit(path=f"/page-{number:03d}", visitor=US, agent=BROWSER)
        for plan in ("basic", "basic", "=1+1"):
            running.hit(path="/", visitor=DE, agent=BROWSER, name="signup", props={"plan": plan})
        running.hit(path=MARKUP, visitor=DE, agent=BROWSER)
        yield running


def rows(page: Page, panel: str) -> list[str]:
    return [text.strip() for text in page.locator(f"{panel} tbody th .row-filter").all_inner_texts()]


def test_a_row_narrows_the_report_and_its_opposite_widens_it_by_keyboard_too(
    service: Service, browser: Browser
) -> None:
    with signed_in(browser, service) as (page, _):
        page.goto(f"{service.url}{SITE}?period=today&tab=places:countries")
        assert sorted(rows(page, "#panel-places")) == ["Germany", "United States"]
        page.click("#panel-places a.row-filter >> text=Germany")
        page.wait_for_url("**filter=country:is:DE**")
        assert card(page, "pageviews") == "1"
        assert page.get_attribute("#panel-places a.row-filter >> text=Germany", "aria-current") == "true"
        page.go_back()
        page.locator("#panel-places a.row-filter >> text=Germany").focus()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Without Germany"
        page.keyboard.press("Enter")
        page.wait_for_url("**filter=country:is_not:DE**")
        assert card(page, "pageviews") == "120"


def test_a_property_opens_its_values_and_leads_back(service: Service, browser: Browser) -> None:
    with signed_in(browser, service) as (page, _):
        page.goto(f"{service.url}{SITE}?period=today&tab=events:properties")
        page.click("#panel-events a.row-filter >> text=plan")
        page.wait_for_url("**key=plan**")
        assert sorted(rows(page, "#panel-events")) == ["=1+1", "basic"]
        page.click("#panel-events a.row-filter >> text=basic")
        page.wait_for_url("**filter=property:plan:is:basic**")
        assert page.locator("#panel-events tbody td.number").first.inner_text() == "1"
        page.click("#panel-events >> text=All properties")
        page.wait_for_url(lambda url: "key=" not in url)
        assert rows(page, "#panel-events") == ["plan"]


@pytest.mark.parametrize("scripts", [True, False])
def test_all_rows_are_paged_searched_and_sorted_with_and_without_scripts(
    service: Service, browser: Browser, *, scripts: bool
) -> None:
    with signed_in(browser, service, java_script_enabled=scripts) as (page, _):
        page.goto(f"{service.url}{SITE}?period=today")
        page.click("#panel-pages .panel-foot a >> text=Show all")
        page.wait_for_url("**/panels/pages/rows**")
        assert len(rows(page, ".all-rows")) == 100
        page.click("a[rel=next]")
        page.wait_for_url("**page=2**")
        assert page.inner_text(".pager .muted") == "101–122 of 122"
        page.fill("input[type=search]", "PAGE-11")
        page.click("form[role=search] button")
        page.wait_for_url("**search=PAGE-11**")
        assert rows(page, ".all-rows") == [f"/page-11{number}" for number in range(10)]
        page.click("thead a >> text=Page views")
        page.wait_for_url("**order=pageviews**")
        assert page.locator("th[aria-sort]").inner_text().startswith("Page views")
        assert len(rows(page, ".all-rows")) == 10
        page.click(".all-rows a.row-filter >> text=/page-113")
        page.wait_for_url(lambda url: "/panels/" not in url)
        assert card(page, "pageviews") == "1"


def test_files_have_the_rows_of_the_page(service: Service, browser: Browser, tmp_path: Path) -> None:
    with signed_in(browser, service) as (page, _):
        page.goto(f"{service.url}{SITE}/panels/pages/rows?period=today&search=page-11")
        wanted = rows(page, ".all-rows")
        files = {}
        for name in ("CSV", "JSON"):
            with page.expect_download() as waiting:
                page.click(f".bar-top a >> text={name}")
            files[name] = tmp_path / waiting.value.suggested_filename
            waiting.value.save_as(files[name])
        assert files["CSV"].name.startswith("demo-pages-pages-")
        with files["CSV"].open(encoding="utf-8-sig", newline="") as file:
            assert [row["value"] for row in csv.DictReader(file)] == wanted
        assert [row["value"] for row in json.loads(files["JSON"].read_bytes())["rows"]] == wanted


def test_the_map_comes_alive_beside_its_table_and_what_visitors_sent_stays_text(
    service: Service, browser: Browser
) -> None:
    with signed_in(browser, service) as (page, seen):
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog said {dialog.message}"))
        page.goto(f"{service.url}{SITE}?period=today")
        page.locator("#panel-places").scroll_into_view_if_needed()
        until(lambda: page.locator("#panel-places .choroplethlayer path").count(), 2)
        assert page.locator("#panel-places table.rows tbody tr").count() == 2
        page.goto(f"{service.url}{SITE}/panels/pages/rows?period=today&search=img")
        assert rows(page, ".all-rows") == [MARKUP]
        assert page.locator("main img").count() == 0
        assert seen.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "ar"])
@pytest.mark.parametrize("path", ["/panels/pages/rows?period=today", "/panels/hours/rows?period=today",
                                  "?period=today&tab=events:properties&key=plan&tab=bots:drops"])  # fmt: skip
def test_panels_and_rows_have_no_barrier(
    service: Service, browser: Browser, path: str, locale: str, scheme: str
) -> None:
    with signed_in(browser, service, color_scheme=scheme, extra_http_headers={"Accept-Language": locale}) as (page, _):
        page.goto(f"{service.url}{SITE}{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
