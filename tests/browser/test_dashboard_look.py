"""The report in a real Chromium: charts come alive when they are near, nobody else is asked, no policy is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.test_accessibility import violations
from tests.kit.chromium import WAIT, Seen, reader, until
from tests.kit.process import Home, Service, noon_zone

pytestmark = [pytest.mark.browser, pytest.mark.soak]  # minutes of a browser's time
expect.set_options(timeout=WAIT)

PASSWORD = "a long enough password"
REPORT = "/dashboard/sites/demo"
PHONE = {"width": 390, "height": 300}  # so low that no chart is near at first
INKS = ("--ink", "--quiet", "--accent-ink")
ACTIVE = "color-mix(in oklab, var(--accent-pale), var(--accent) 18%)"  # the bar of a row that is filtered by
TEXTS = (
    (INKS, ("--card", "--paper", "--raised", "--accent-faint")),
    (("--ink", "--quiet"), ("--accent-pale", "--sunken", "--bad-pale", "--warn-pale", "--good-pale")),
    (("--ink",), (ACTIVE,)),
    (("--on-accent",), ("--accent",)),
    (("--good", "--bad", "--warn"), ("--card",)),
    (("--good",), ("--good-pale",)),
    (("--bad",), ("--bad-pale",)),
    (("--warn",), ("--warn-pale",)),
    (("--chart-text",), ("--card",)),
)
CONTRAST_OF = """names => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (name) => {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = name.startsWith("--") ? `var(${name})` : name;
    canvas.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dim, bright] = names.map(light).sort((one, other) => one - other);
  return (bright + 0.05) / (dim + 0.05);
}"""
OPEN_ALONE = """menu => {
  for (const other of document.querySelectorAll("details.menu")) other.open = other === menu;
  for (const part of document.querySelector("main").children) part.hidden = !part.contains(menu);
}"""  # what lies below an open menu is undecided for axe-core
BROKEN = """addEventListener("securitypolicyviolation",
  (event) => console.error("policy", event.violatedDirective, event.blockedURI, event.sourceFile))"""
COLOUR = "() => getComputedStyle(document.querySelector('#chart .plot .js-line')).stroke"
WATCH = """() => {
  const plot = document.querySelector("#chart .plot");
  window.clicks = 0;
  plot.on("plotly_click", () => { window.clicks += 1; });
  plot.on("plotly_afterplot", () => { window.drawn = true; });
}"""
POINT_TO = """address => {
  const plot = document.querySelector("#chart .plot");
  const figure = JSON.parse(plot.dataset.figure);
  for (const trace of figure.data) trace.customdata = trace.x.map(() => address);
  window.drawn = false;
  plot.dataset.figure = JSON.stringify(figure);
}"""
ELSEWHERE = (
    "https://evil.example/dashboard/", "//evil.example/dashboard/", "javascript:alert(1)", "/dashboard/../healthz",
    "/dashboard/%2e%2e/healthz", "/healthz", "/\\evil.example", "dashboard/", ["/dashboard/"], None,
)  # fmt: skip
SHOWN = "getComputedStyle(element).display !== 'none'"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A site with visitors of many countries, and its owner."""
    home = Home(tmp_path_factory.mktemp("look"), zone=noon_zone())
    made = home.run("demo-data", "--site", "demo", "--hits", 6000, "--days", 40, "--add")
    assert made.code == 0, made.err
    added = home.run("user", "add", "owner", "--owner", "--password-stdin", stdin=f"{PASSWORD}\n".encode())
    assert added.code == 0, added.err
    with Service(home) as running:
        yield running


@pytest.fixture(scope="module")
def session(browser: Browser, service: Service) -> Any:
    """The cookies of the owner, signed in once."""
    with reader(browser) as (page, _):
        page.goto(f"{service.url}/dashboard/login")
        page.fill("[name=login]", "owner")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        expect(page.locator("header.top")).to_be_visible()
        return page.context.storage_state()


@contextmanager
def at(browser: Browser, session: Any, url: str, **options: Any) -> Iterator[tuple[Page, Seen]]:
    """The owner on a page, watched for broken policies too."""
    with reader(browser, storage_state=session, **options) as (page, seen):
        page.add_init_script(BROKEN)
        page.goto(url)
        yield page, seen


def plotly_requests(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "plotly" in request.url else None)
    return asked


def tab(page: Page, panel: str, name: str) -> None:
    page.locator(f"#panel-{panel} .tabs a[data-tab={name}]").click()
    expect(page.locator(f"#panel-{panel} .tabs a[aria-current]")).to_have_attribute("data-tab", name)
    page.wait_for_function("([panel, name]) => location.search.includes(`tab=${panel}:${name}`)", arg=[panel, name])


# Charts ---------------------------------------------------------------------------------------------------------------


def test_plotly_is_loaded_when_a_chart_comes_near_and_not_before(
    browser: Browser, service: Service, session: Any
) -> None:
    with reader(browser, storage_state=session, viewport=PHONE) as (page, seen):
        asked = plotly_requests(page)
        page.goto(service.url + REPORT)
        page.wait_for_load_state("networkidle")
        assert asked == []
        assert page.locator("#chart svg.chart-svg").is_visible()
        page.locator("#chart").scroll_into_view_if_needed()
        expect(page.locator("#chart.drawn .plot .main-svg").first).to_be_visible()
        expect(page.locator("#chart svg.chart-svg.main")).to_be_hidden()
        page.locator("#panel-places").scroll_into_view_if_needed()
        expect(page.locator("#panel-places .drawn .choroplethlayer path").first).to_be_attached()
        assert len(asked) == 1
        assert seen.errors == []


def test_the_report_is_whole_without_scripts(browser: Browser, service: Service, session: Any) -> None:
    with reader(browser, storage_state=session, java_script_enabled=False) as (page, seen):
        page.goto(service.url + REPORT)
        assert page.locator("#chart svg.chart-svg.main").is_visible()
        assert page.locator("#chart .plot").is_hidden()
        assert page.locator("#panel-pages table.rows tbody tr").count() > 3
        page.click("#panel-pages .tabs a[data-tab=entry_pages]")
        assert page.locator("#panel-pages .tabs a[aria-current]").get_attribute("data-tab") == "entry_pages"
        assert not any("plotly" in error for error in seen.errors)


def test_nobody_else_is_asked_and_no_policy_is_broken(browser: Browser, service: Service, session: Any) -> None:
    """With every chart drawn, the map's shapes loaded, the pointer over both, and a redraw."""
    with at(browser, session, service.url + REPORT) as (page, seen):
        for place in ("#chart", "#panel-places .chart"):
            page.locator(place).scroll_into_view_if_needed()
            expect(page.locator(f"{place}.drawn")).to_be_attached()
            page.locator(f"{place} .plot").hover()
        expect(page.locator("#panel-places .choroplethlayer path").first).to_be_attached()
        page.emulate_media(color_scheme="dark")
        page.locator("#panel-bots").scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
        assert seen.errors == []
        assert seen.hosts == {service.url.removeprefix("http://")}


def test_a_chart_that_cannot_be_loaded_leaves_the_servers_drawing(
    browser: Browser, service: Service, session: Any
) -> None:
    with reader(browser, storage_state=session) as (page, _):
        page.route("**/plotly.min.js", lambda route: route.abort())
        with page.expect_event("requestfailed"):
            page.goto(service.url + REPORT)
        expect(page.locator("#chart")).not_to_have_class("chart drawing")
        assert page.locator("#chart svg.chart-svg.main").is_visible()
        assert page.locator("#chart .plot").is_hidden()


@pytest.mark.soak
def test_charts_change_colour_with_the_readers_scheme(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT, color_scheme="light") as (page, _):
        expect(page.locator("#chart.drawn")).to_be_attached()
        light = page.evaluate(COLOUR)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"light => ({COLOUR})() !== light", arg=light)


@pytest.mark.soak
def test_on_paper_the_servers_drawing_stands(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT, color_scheme="dark") as (page, _):
        expect(page.locator("#chart.drawn")).to_be_attached()
        page.emulate_media(media="print")
        assert page.locator("#chart svg.chart-svg.main").evaluate(f"element => {SHOWN}")
        assert not page.locator("#chart .plot").evaluate(f"element => {SHOWN}")
        assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.locator("nav.pages").is_visible()


def test_a_click_on_a_country_filters_by_it(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT) as (page, _):
        page.locator("#panel-places .chart").scroll_into_view_if_needed()
        expect(page.locator("#panel-places .choroplethlayer path").first).to_be_attached()
        figure = json.loads(page.locator("#panel-places .plot").get_attribute("data-figure") or "")
        index = figure["data"][0]["locations"].index("BRA")
        box = page.locator("#panel-places .choroplethlayer path").nth(index).bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#panel-places .hovertext")).to_contain_text("Brazil")
        page.mouse.down()
        with page.expect_navigation():
            page.mouse.up()
        assert "filter=country:is:BR" in page.url


@pytest.mark.soak
def test_a_click_on_a_point_leads_to_its_days(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT) as (page, _):
        expect(page.locator("#chart.drawn")).to_be_attached()
        with page.expect_navigation():
            click_chart(page)
        assert page.url.startswith(f"{service.url}{REPORT}?from=")


def test_a_click_leads_to_no_other_address(browser: Browser, service: Service, session: Any) -> None:
    """Whatever a figure names: only pages of the dashboard are gone to."""
    with at(browser, session, service.url + REPORT) as (page, _):
        expect(page.locator("#chart.drawn")).to_be_attached()
        page.evaluate(WATCH)
        for address in ELSEWHERE:
            page.evaluate(POINT_TO, address)
            page.wait_for_function("window.drawn")
            until(lambda: clicked(page), True)
            assert page.url == service.url + REPORT, address


def clicked(page: Page) -> bool:
    """Whether a click arrived: two in quick succession are one double click for plotly."""
    before = page.evaluate("window.clicks")
    click_chart(page)
    return bool(page.evaluate("window.clicks") > before)


def click_chart(page: Page) -> None:
    """Right in the middle, wherever the pointer was."""
    box = page.locator("#chart .plot .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#chart .hovertext").first.wait_for()
    page.mouse.down()
    page.mouse.up()


# Tabs -----------------------------------------------------------------------------------------------------------------


def test_a_tab_opens_in_place_and_the_address_says_so(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT) as (page, seen):
        steps = page.evaluate("history.length")
        tab(page, "pages", "entry_pages")
        tab(page, "clients", "systems")
        assert page.evaluate("history.length") == steps
        assert "tab=pages:entry_pages" in page.url
        assert page.evaluate("document.activeElement.dataset.tab") == "systems"
        rows = page.locator("#panel-clients .panel-body").inner_text()
        page.reload()
        assert page.locator("#panel-pages .tabs a[aria-current]").get_attribute("data-tab") == "entry_pages"
        assert page.locator("#panel-clients .panel-body").inner_text() == rows
        assert seen.errors == []


def test_a_filter_keeps_the_tabs_and_the_back_button_comes_back_to_them(
    browser: Browser, service: Service, session: Any
) -> None:
    with at(browser, session, service.url + REPORT) as (page, _):
        tab(page, "clients", "systems")
        page.locator("#panel-pages a.row-filter").first.click()
        page.wait_for_url("**filter=page**")
        assert page.locator("#panel-clients .tabs a[aria-current]").get_attribute("data-tab") == "systems"
        page.go_back()
        expect(page.locator("#panel-clients .tabs a[aria-current]")).to_have_attribute("data-tab", "systems")
        assert "filter=" not in page.url
        page.go_back()
        assert "/dashboard/sites/" not in page.url  # the tab was no step of its own


def test_a_chart_of_another_tab_comes_alive_too(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT) as (page, seen):
        page.locator("#panel-places").scroll_into_view_if_needed()
        expect(page.locator("#panel-places .drawn")).to_be_attached()
        tab(page, "places", "countries")
        expect(page.locator("#panel-places .plot")).to_have_count(0)
        tab(page, "places", "map")
        expect(page.locator("#panel-places .drawn .choroplethlayer path").first).to_be_attached()
        assert seen.errors == []


def test_a_tab_that_cannot_be_loaded_says_so_and_can_be_tried_again(
    browser: Browser, service: Service, session: Any
) -> None:
    with at(browser, session, service.url + REPORT) as (page, _):
        broken = True

        def answer(route: Route) -> None:
            if broken:
                route.fulfill(status=503)
            else:
                route.continue_()

        page.route("**/panels/pages?**", answer)
        page.click("#panel-pages .tabs a[data-tab=entry_pages]")
        notice = page.locator("#panel-pages [role=alert]")
        expect(notice).to_contain_text(page.locator("#panel-pages").get_attribute("data-failed") or "?")
        expect(page.locator("#panel-pages")).to_have_attribute("aria-busy", "false")
        broken = False
        notice.locator("a").click()
        expect(page.locator("#panel-pages table.rows")).to_be_visible()
        expect(page.locator("#panel-pages .tabs a[aria-current]")).to_have_attribute("data-tab", "entry_pages")


def test_a_panel_that_waits_is_fetched_when_it_comes_near(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT, viewport=PHONE) as (page, seen):
        assert page.locator("#panel-bots[data-lazy]").count() == 1
        page.locator("#panel-bots").scroll_into_view_if_needed()
        expect(page.locator("#panel-bots .rows, #panel-bots .empty:not(:has(a[data-fragment]))").first).to_be_visible()
        assert page.locator("#panel-bots[data-lazy]").count() == 0
        assert seen.errors == []


# Small comforts -------------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_online_now_is_asked_every_ten_seconds(browser: Browser, service: Service, session: Any) -> None:
    with reader(browser, storage_state=session) as (page, seen):
        page.clock.install()
        page.goto(service.url + REPORT)
        online = page.locator("#card-online [data-online]")
        assert online.inner_text() == "0"
        assert service.hit(path="/now").status == 202
        page.clock.fast_forward(10_000)
        expect(online).to_have_text("1")
        assert seen.errors == []


@pytest.mark.soak
def test_one_menu_is_open_and_escape_closes_it(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, service.url + REPORT) as (page, _):
        page.click("#menu-period > summary")
        page.click("#menu-compare > summary")
        assert page.locator("details.menu[open]").count() == 1
        page.keyboard.press("Escape")
        assert page.locator("details.menu[open]").count() == 0
        assert page.evaluate("document.activeElement.parentElement.id") == "menu-compare"
        page.click("#menu-period > summary")
        page.click("#chart")
        assert page.locator("details.menu[open]").count() == 0


def test_the_snippet_is_copied_by_its_button(browser: Browser, service: Service, session: Any) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with at(browser, session, f"{service.url}{REPORT}/install", permissions=permissions) as (page, seen):
        button = page.locator(".code > button").first
        expect(button).to_have_text("Copy")
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == page.locator(".code pre").first.inner_text().strip()
        assert seen.errors == []


def test_a_new_site_begins_with_the_browsers_time_zone(browser: Browser, service: Service, session: Any) -> None:
    with at(browser, session, f"{service.url}/dashboard/new-site", timezone_id="Asia/Tbilisi") as (page, _):
        assert page.locator("select[data-browser-zone]").input_value() == "Asia/Tbilisi"


# The look -------------------------------------------------------------------------------------------------------------


@pytest.mark.soak  # test_dashboard_accessibility.py has the narrowest screen
@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_is_wider_than_the_screen(browser: Browser, service: Service, session: Any, language: str) -> None:
    with reader(browser, storage_state=session) as (page, _):
        speak(page, language)
        for path in ("", "/live", "/hits", "/why", "/install", "/settings", "/panels/pages/rows"):
            page.goto(service.url + REPORT + path)
            for width in (390, 768, 1280, 2000):
                page.set_viewport_size({"width": width, "height": 900})
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, width)


@pytest.mark.soak  # test_dashboard_accessibility.py has the report among all pages
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_report_has_no_barrier(
    browser: Browser, service: Service, session: Any, language: str, scheme: str
) -> None:
    """With its charts drawn, and with each menu open. Texts on a drawing, which axe-core can't decide on, are for the
    test of contrasts: bars and charts are taken away before it looks."""
    with reader(browser, storage_state=session, color_scheme=scheme, reduced_motion="reduce") as (page, _):
        speak(page, language)
        page.goto(f"{service.url}{REPORT}?compare=previous&filter=device:is:desktop")
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        page.locator("#panel-places").scroll_into_view_if_needed()
        expect(page.locator("#panel-places .drawn")).to_be_attached()
        page.evaluate("document.querySelectorAll('.bar, .chart').forEach(one => one.toggleAttribute('hidden', true))")
        page.evaluate("scrollTo(0, 0)")  # from under the bar at the top
        assert violations(page) == []
        for menu in page.locator("main details.menu").all():
            menu.evaluate(OPEN_ALONE)
            assert violations(page, "page-has-heading-one") == []


def speak(page: Page, language: str) -> None:
    """Ask for pages in a language, as a browser that is set to it."""
    page.route("**/*", lambda route: route.continue_(headers={**route.request.headers, "accept-language": language}))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(
    browser: Browser, service: Service, session: Any, scheme: str
) -> None:
    """WCAG AA: 4.5 to 1 for texts, 3 to 1 for the edges of controls, the focus and the lines of charts."""
    with reader(browser, storage_state=session, color_scheme=scheme) as (page, _):
        page.goto(f"{service.url}/dashboard/account")
        pairs = [(text, behind, 4.5) for texts, grounds in TEXTS for text in texts for behind in grounds]
        pairs += [(line, "--card", 3.0) for line in ("--edge", "--accent", "--chart-now", "--map-high")]
        for front, behind, least in pairs:
            found = page.evaluate(CONTRAST_OF, [front, behind])
            assert found >= least, (front, behind, found)


@pytest.mark.soak
def test_the_accounts_theme_wins_over_the_system(browser: Browser, service: Service, session: Any) -> None:
    paper = "() => getComputedStyle(document.body).backgroundColor"
    with at(browser, session, service.url + REPORT, color_scheme="light") as (page, _):
        light = page.evaluate(paper)
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        until(lambda: page.evaluate(paper) == light, False)
        page.emulate_media(color_scheme="dark")
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        until(lambda: page.evaluate(paper), light)
