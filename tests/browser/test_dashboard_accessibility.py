"""Every page of the dashboard by axe-core, by keyboard, by screen reader, enlarged four times and on paper."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, expect

from dashboard.assets import url_of
from dashboard.routes import ROUTES
from tests.browser.test_accessibility import CONTRAST, RULES
from tests.kit.chromium import WAIT, reader, until
from tests.kit.every_page import (
    OWNER,
    PAGES,
    Shown,
    World,
    address,
    begun,
    tab_pages,
    visit,
    wait_for_charts,
    wait_for_panels,
)
from tests.kit.process import BROWSER, HANG

pytestmark = [pytest.mark.browser, pytest.mark.soak]  # minutes of a browser's time
expect.set_options(timeout=WAIT)

LANGUAGES = {"en": "ltr", "ar": "rtl"}
OPTIONS = {
    "runOnly": RULES, "checks": CONTRAST, "resultTypes": ["violations", "incomplete"],
    "iframes": False, "preload": False,
}  # fmt: skip
ENLARGED = {"width": 320, "height": 256}  # 1280 x 1024 at 400 %: WCAG 2.2, 1.4.10

# All that opens is open: menus one below the other, for what lies under another has no background to measure. What may
# scroll is looked at first. axe-core leaves text on a drawing undecided (the bar behind a row, the area of a chart) and
# arrows. They are measured here, on the paper alone and with the drawing on it; whatever else is undecided fails.
BARRIERS = """async ([places, options]) => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const mix = (...colours) => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => mix(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const papers = (element) => {
    const found = [];
    for (let box = element; box; box = box.parentElement) {
      found.unshift(getComputedStyle(box).backgroundColor);
      if (mix(found[0])[3] === 255) return found;
    }
    return ["white", ...found];
  };
  const drawn = (element) => {
    const row = element.closest("tr")?.querySelector(".bar rect");
    if (row) return getComputedStyle(row).fill;
    const root = getComputedStyle(document.documentElement);
    return element.closest(".chart") ? root.getPropertyValue("--chart-area") : null;
  };
  const legible = (node) => {
    const element = document.querySelector(node.target[0]);
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = drawn(element) ?? "";
    const over = drawn(element) && getComputedStyle(probe).color;
    probe.remove();
    const why = node.any[0].data?.messageKey;
    if (why !== "nonBmp" && !(over && ["imgNode", "bgOverlap", "elmPartiallyObscuring"].includes(why))) return false;
    const style = getComputedStyle(element);
    const ink = light(element instanceof SVGElement ? style.fill : style.color);
    const paper = papers(element);
    const grounds = over ? [paper, [...paper, over]] : [paper];
    return grounds.map((colours) => `rgb(${mix(...colours).slice(0, 3).join(" ")})`)
      .every((ground) => contrast(ink, light(ground)) >= 4.5);
  };
  const found = [];
  const look = async (rules) => {
    const where = places.length ? { include: places.map((place) => [place]) } : document;
    const answer = await axe.run(where, { ...options, ...rules });
    const undecided = answer.incomplete.filter((one) => one.id === "color-contrast");
    for (const one of [...answer.violations, ...undecided]) {
      for (const node of one.nodes) {
        if (undecided.includes(one) && legible(node)) continue;
        const why = node.any[0]?.data?.messageKey ?? "";
        found.push(`${one.id}: ${why} ${node.target} ${node.html.slice(0, 200)}`);
      }
    }
  };
  document.activeElement?.blur();
  document.querySelectorAll("details:not(.menu)").forEach((one) => { one.open = true; });
  await look({ runOnly: { type: "rule", values: ["scrollable-region-focusable"] } });
  document.querySelectorAll("details.menu").forEach((one) => { one.open = true; });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`.menu-list { position: static !important }
    .top, .top * { position: static !important }
    .scroll > table { min-inline-size: 0 !important }
    .drop-text { white-space: normal !important; overflow-wrap: anywhere }
    .menu-list, .chip > *, .scroll, .why-bots, .drop-text {
      overflow: visible !important; max-block-size: none !important }`);
  document.adoptedStyleSheets = [sheet];
  await look({});
  return found;
}"""

# One stop of the Tab key: what it is, whether its focus can be seen, and whether nothing lies on it.
STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const lines = [null, "::before", "::after"].map((part) => getComputedStyle(one, part))
    .filter((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  const box = one.getBoundingClientRect();
  const inside = Math.min(box.right, innerWidth) > Math.max(box.left, 0)
    && Math.min(box.bottom, innerHeight) > Math.max(box.top, 0);
  const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
  const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
  const top = document.elementFromPoint(x, y);
  const free = inside && top !== null && (one.contains(top) || top.contains(one));
  const kinds = ["a.skip", "a.brand", ".sites > summary", "nav.pages a", ".who summary", ".bar-top .menu > summary",
    ".chip summary", ".chip .remove", "#add-filter > summary", "a.card", ".chart-foot summary", ".tabs a",
    ".row-filter", ".row-open", ".row-not", ".panel-foot a"];
  return {
    kind: kinds.find((kind) => one.matches(kind)) ?? "",
    html: one.outerHTML.slice(0, 160), seen: lines.length > 0 && one.matches(":focus-visible"), free,
    visible: Number(getComputedStyle(one).opacity) > 0.5,
  };
}"""

# WCAG 2.2, 1.4.12; a constructed sheet is one that the page's policy allows.
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""

# Whatever is wider or higher than its place, and can't be scrolled to. A long value in a panel ends in dots: the page
# of all rows has it whole.
CUT = """() => {
  const cut = [];
  for (const one of document.querySelectorAll("body *")) {
    const style = getComputedStyle(one);
    if (!one.checkVisibility() || one.closest(".sr-only, svg, .plot, .rows .row-label, [hidden]")) continue;
    if (!one.textContent.trim() || style.clipPath !== "none") continue;
    const hides = (way) => way === "hidden" || way === "clip";
    const wide = hides(style.overflowX) && one.scrollWidth > one.clientWidth + 1;
    const high = hides(style.overflowY) && one.scrollHeight > one.clientHeight + 1;
    if (wide || high) cut.push(one.outerHTML.slice(0, 160));
  }
  return cut;
}"""
# By how much the page is wider than the screen, and what stands out.
TOO_WIDE = """() => {
  const page = document.documentElement;
  const much = page.scrollWidth - page.clientWidth;
  if (much <= 0) return [];
  const within = (one) => {
    for (let box = one.parentElement; box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible") return true;
    }
    return false;
  };
  const out = [...document.querySelectorAll("body *")].filter((one) => {
    const { left, right, width } = one.getBoundingClientRect();
    return width > 0 && (right > page.clientWidth + 1 || left < -1) && !within(one);
  });
  return [`${much} px`, ...out.slice(-5).map((one) => one.outerHTML.slice(0, 160))];
}"""
# On paper nobody scrolls: tables that end at an edge.
NOT_WHOLE = """() => [...document.querySelectorAll("main table")].filter((table) => {
  if (!table.checkVisibility()) return false;
  for (let box = table.parentElement; box && box !== document.body; box = box.parentElement) {
    const style = getComputedStyle(box);
    if (style.overflowX === "visible" && style.overflowY === "visible") continue;
    if (box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1) return true;
  }
  return false;
}).map((table) => table.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with begun(tmp_path_factory.mktemp("every-page"), browser) as world:
        yield world


@contextmanager
def at(browser: Browser, world: World, path: str, language: str = "en", **options: Any) -> Iterator[Page]:
    """The owner on a page."""
    with reader(browser, extra_http_headers={"Accept-Language": language}, **options) as (page, seen):
        visit(page, world, Shown(None, path))
        yield page
        assert seen.errors == []


def barriers(page: Page, *places: str) -> list[str]:
    """What axe-core has against the page, or against `places` in it."""
    page.evaluate(AXE_SCRIPT)
    return page.evaluate(BARRIERS, [places, OPTIONS])  # type: ignore[no-any-return]


def at_page(shown: Shown, wrong: list[str]) -> list[str]:
    return [f"{shown}: {one}" for one in wrong]


# The table ------------------------------------------------------------------------------------------------------------


def test_every_route_that_answers_a_page_is_in_the_table(world: World) -> None:
    """So that a new page has all of the tests below, or this one fails."""
    seen = {shown.route for shown in PAGES}
    routes = {route.path for route in ROUTES if route.method == "GET"}
    assert seen - {None} <= routes
    pages = [path for path in sorted(routes - seen) if kind_of(world, path).startswith("text/html")]
    assert pages == []


def kind_of(world: World, path: str) -> str:
    """The content type of what the owner gets."""
    digest, name = url_of("page.js").split("/")[-2:]
    path = path.format(site="demo", panel="pages", visit=world.visit, digest=digest, name=name, secret="none")
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in world.cookies[OWNER])
    connection = http.client.HTTPConnection("127.0.0.1", world.service.port, timeout=HANG)
    try:
        connection.request("GET", f"/dashboard{path}", headers={"Cookie": cookie, "User-Agent": BROWSER})
        answer = connection.getresponse()  # its body may never end
        assert answer.status == 200, (path, answer.status)
        return answer.headers.get_content_type()
    finally:
        connection.close()


# axe-core -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "language"),
    [
        ("dark", "ar"),
        pytest.param("light", "en", marks=pytest.mark.soak),
        pytest.param("dark", "en", marks=pytest.mark.soak),
        pytest.param("light", "ar", marks=pytest.mark.soak),
    ],
)
def test_no_page_has_a_barrier(browser: Browser, world: World, scheme: str, language: str) -> None:
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    found = []
    with reader(browser, extra_http_headers={"Accept-Language": language}, **options) as (page, _):
        for shown in PAGES:
            visit(page, world, shown)
            assert page.locator("html").get_attribute("dir") == LANGUAGES[language]
            found += at_page(shown, barriers(page))
        for path, panels in tab_pages():
            shown = Shown(None, path)
            visit(page, world, shown)
            found += at_page(shown, barriers(page, *panels))
    assert found == [], "\n".join(found)


def test_what_axe_should_find_is_found(browser: Browser, world: World) -> None:
    """In the page, on a drawing, and in a menu that is closed."""
    with at(browser, world, "/sites/demo?period=7d") as page:
        page.evaluate("document.querySelector('.card-label').style.color = '#eeeeee'")
        page.evaluate("document.querySelector('.row-filter').style.color = '#777788'")
        page.evaluate("document.querySelector('#menu-period .menu-list input').removeAttribute('name')")
        page.evaluate(
            "document.querySelector('#menu-period .menu-list label').replaceWith(document.createElement('input'))"
        )
        found = barriers(page)
        assert any(one.startswith("color-contrast") and "card-label" in one for one in found)
        assert any(one.startswith("color-contrast") and "row-filter" in one for one in found)
        assert any(one.startswith("label:") and ".periods" in one for one in found)


# The keyboard ---------------------------------------------------------------------------------------------------------


def stops(page: Page) -> list[dict[str, Any]]:
    """Every stop of the Tab key, to the end of the page."""
    page.evaluate("document.activeElement.blur()")
    found = []
    while len(found) < 1000:
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or (found and stop["kind"] == "a.skip"):
            return found
        found.append(stop)
    raise AssertionError(f"no end of stops: {found[-1]}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_tab_reaches_all_that_can_be_used_and_one_sees_where_one_is(
    browser: Browser, world: World, language: str
) -> None:
    with at(browser, world, "/sites/demo?period=7d&filter=page:contains:/", language, reduced_motion="reduce") as page:
        wait_for_charts(page)
        wait_for_panels(page)  # one that arrives behind the reader has rows that no Tab came by
        found = stops(page)
        kinds = [stop["kind"] for stop in found if stop["kind"]]
        first_of_each = list(dict.fromkeys(kinds))
        assert first_of_each == [
            "a.skip", "a.brand", ".sites > summary", "nav.pages a", ".who summary", ".bar-top .menu > summary",
            ".chip summary", ".chip .remove", "#add-filter > summary", "a.card", ".chart-foot summary", ".tabs a",
            ".row-filter", ".row-not", ".panel-foot a",
        ]  # fmt: skip
        for kind in (".tabs a", ".row-filter", ".row-not", "a.card", "nav.pages a"):
            assert kinds.count(kind) == page.locator(kind).count(), kind
        assert [stop["html"] for stop in found if not stop["seen"]] == []
        assert [stop["html"] for stop in found if not stop["free"] or not stop["visible"]] == []


@pytest.mark.parametrize("path", [
    "/", "/sites/demo/hits", "/sites/demo/settings",
    *(pytest.param(path, marks=pytest.mark.soak) for path in (
        "/users", "/sites/demo/live", "/account", "/sites/demo/why?address=8.8.8.8", "/sites/demo/panels/pages/rows")),
])  # fmt: skip
def test_the_focus_is_seen_on_the_other_pages(browser: Browser, world: World, path: str) -> None:
    with at(browser, world, path, reduced_motion="reduce") as page:
        found = stops(page)
        assert len(found) > 5
        assert [stop["html"] for stop in found if not (stop["seen"] and stop["free"] and stop["visible"])] == []


def test_the_first_stop_leads_past_the_navigation(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo") as page:
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        expect(page.locator("a.skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_escape_closes_a_menu_and_the_focus_is_where_it_was(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo?filter=page:contains:/") as page:
        menus = page.locator("details.menu")
        assert menus.count() == 8
        for menu in menus.all():
            menu.locator("summary").focus()
            page.keyboard.press("Enter")
            expect(menu).to_have_attribute("open", "")
            page.keyboard.press("Tab")
            assert menu.evaluate("menu => menu.querySelector('.menu-list').contains(document.activeElement)")
            page.keyboard.press("Escape")
            expect(menu).not_to_have_attribute("open", "")
            expect(menu.locator("summary")).to_be_focused()


def test_a_menu_closes_when_the_focus_leaves_it(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo") as page:
        menu = page.locator("#menu-compare")
        menu.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(menu).to_have_attribute("open", "")
        page.keyboard.press("Shift+Tab")
        expect(menu).not_to_have_attribute("open", "")


def test_a_tab_opened_by_keyboard_keeps_the_focus(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo?period=7d") as page:
        for panel in ("sources", "pages", "places", "clients", "events", "bots"):
            tab = page.locator(f"#panel-{panel} .tabs a").nth(1)
            tab.focus()
            page.keyboard.press("Enter")
            expect(tab).to_have_attribute("aria-current", "true")
            expect(tab).to_be_focused()
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('section.panel').id") == f"panel-{panel}"


REPORT = "/sites/demo?period=7d"


@contextmanager
def held(page: Page, world: World, panel: str) -> Iterator[list[Route]]:
    """The report, on which what asks for a panel waits in the list, to be let on."""
    asked: list[Route] = []
    page.route(f"**/panels/{panel}?*", lambda route: asked.append(route))  # noqa: PLW0108 - playwright marks it
    page.goto(address(world, REPORT))
    yield asked


@pytest.mark.parametrize(("place", "goes_to"), [
    (".tabs a:last-child", ".tabs a:last-child"), (".panel-body a", ".panel-foot a"),
])  # fmt: skip
def test_a_panel_that_arrives_under_the_focus_keeps_it(
    browser: Browser, world: World, place: str, goes_to: str
) -> None:
    with at(browser, world, "/account") as page, held(page, world, "bots") as asked:
        panel = page.locator("#panel-bots")
        expect(panel).to_have_attribute("data-lazy", "")
        panel.locator(place).focus()
        panel.evaluate("panel => panel.scrollIntoView()")
        until(lambda: page.evaluate("1") and len(asked), 1)
        asked[0].continue_()
        expect(panel).not_to_have_attribute("data-lazy", "")
        expect(panel.locator(goes_to).first).to_be_focused()


def test_a_panel_that_cannot_be_had_keeps_the_focus_on_what_tries_again(browser: Browser, world: World) -> None:
    with at(browser, world, "/account") as page, held(page, world, "bots") as asked:
        page.locator("#panel-bots .panel-body a").focus()
        page.locator("#panel-bots").evaluate("panel => panel.scrollIntoView()")
        until(lambda: page.evaluate("1") and len(asked), 1)
        asked[0].fulfill(status=200, body="no panel")
        expect(page.locator("#panel-bots [role=alert] a")).to_be_focused()


def test_a_tab_that_opens_leaves_the_focus_to_a_reader_who_has_gone_on(browser: Browser, world: World) -> None:
    with at(browser, world, "/account") as page, held(page, world, "pages") as asked:
        page.locator("#panel-pages .tabs a").nth(1).focus()
        page.keyboard.press("Enter")
        page.locator("#card-visits").focus()
        until(lambda: page.evaluate("1") and len(asked), 1)
        asked[0].continue_()
        expect(page.locator("#panel-pages .tabs a").nth(1)).to_have_attribute("aria-current", "true")
        expect(page.locator("#card-visits")).to_be_focused()


# The screen reader ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_the_chart_is_heard_as_a_sentence_with_its_numbers(browser: Browser, world: World, script: bool) -> None:
    with at(browser, world, "/sites/demo?period=7d&metric=pageviews", java_script_enabled=script) as page:
        if script:
            wait_for_charts(page)
        drawing = page.locator("#chart > [role=img]").filter(visible=True)
        heard = drawing.get_attribute("aria-label") or ""
        assert heard.startswith("Page views, ")
        assert f": {page.inner_text('#card-pageviews .card-number').strip()} in all;" in heard
        page.locator(".chart-foot summary").first.click()
        assert page.get_by_role("table").first.get_by_role("row").count() == 7 + 1


def test_what_is_current_is_said(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo?period=7d&metric=visits&tab=pages:exit_pages") as page:
        current = "[aria-current]"
        assert page.locator(f"nav.pages {current}").get_attribute("aria-current") == "page"
        assert page.locator(f"nav.pages {current}").inner_text() == "Report"
        assert page.locator(f".cards {current}").get_attribute("id") == "card-visits"
        assert page.locator(f"#panel-pages .tabs {current}").inner_text() == "Exit pages"
        assert page.locator("#menu-period [aria-current]").text_content() == "Last 7 days"
        names = page.get_by_role("navigation").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
        assert None not in names
        assert len(names) == len(set(names))
        assert page.get_by_role("heading", level=1).count() == 1


def test_the_shades_of_the_hours_are_said_as_numbers(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo?period=28d") as page:
        table = page.locator("table.heat")
        cells = table.locator("tbody td").all_text_contents()
        assert len(cells) == 7 * 24
        assert all(cell.strip().replace(",", "").isdigit() for cell in cells)
        assert table.locator("caption").text_content()


def test_hits_that_arrive_are_told_in_a_sentence_and_not_one_by_one(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo/live") as page:
        expect(page.locator("[data-state]")).to_have_text("Live")
        told = page.get_by_role("status")
        assert told.count() == 1
        world.service.hit(path="/told", visitor="203.0.113.99")
        until(lambda: bool((told.text_content() or "").strip()), True)
        assert "/told" not in (told.text_content() or "")
        assert (
            page.locator("[data-stream]").evaluate("one => one.closest('[aria-live], [role=status], [role=log]')")
            is None
        )


# Enlarged, and with more room between the letters ---------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_scrolls_sideways_at_four_times_its_size(browser: Browser, world: World, language: str) -> None:
    wide = []
    with reader(browser, viewport=ENLARGED, extra_http_headers={"Accept-Language": language}) as (page, _):
        for shown in PAGES:
            visit(page, world, shown)
            page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => { one.open = true; })")
            before = page.evaluate(TOO_WIDE)
            page.evaluate(SPACING)
            wide += at_page(shown, before or page.evaluate(TOO_WIDE))
    assert wide == [], "\n".join(wide)


@pytest.mark.parametrize("width", [320, 1280])
def test_more_room_between_letters_cuts_no_text(browser: Browser, world: World, width: int) -> None:
    cut = []
    with reader(browser, viewport={"width": width, "height": 800}) as (page, _):
        for shown in PAGES:
            visit(page, world, shown)
            page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => { one.open = true; })")
            before = set(page.evaluate(CUT))
            page.evaluate(SPACING)
            cut += at_page(shown, [one for one in page.evaluate(CUT) if one not in before])
    assert cut == [], "\n".join(cut)


# Paper ----------------------------------------------------------------------------------------------------------------


def test_on_paper_every_table_is_whole_and_nothing_asks_to_be_clicked(browser: Browser, world: World) -> None:
    found = []
    with reader(browser, viewport={"width": 720, "height": 1000}) as (page, _):
        for shown in PAGES:
            page.emulate_media(media="screen")
            visit(page, world, shown)
            page.emulate_media(media="print")
            asking = page.locator("nav.pages, nav.who, .skip, .pager, main button").filter(visible=True)
            found += at_page(shown, page.evaluate(NOT_WHOLE) + [one.inner_text() for one in asking.all()])
    assert found == [], "\n".join(found)


def test_on_paper_the_charts_are_drawings_of_the_server(browser: Browser, world: World) -> None:
    with at(browser, world, "/sites/demo?period=7d") as page:
        wait_for_charts(page)
        page.emulate_media(media="print")
        expect(page.locator("#chart svg.chart-svg.main")).to_be_visible()
        assert page.locator(".plot").filter(visible=True).count() == 0
        expect(page.locator("#panel-places table.rows")).to_be_visible()
