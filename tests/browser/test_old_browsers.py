"""What browsers see that lack what is new: the pages as they are, served to Chromium with those words made unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route

from counter.widget.theme import THEMES
from tests.browser.test_dashboard_look import CONTRAST_OF, TEXTS
from tests.kit.chromium import Seen, reader
from tests.kit.dashboard import PASSWORD
from tests.kit.process import Home, Service, noon_zone

pytestmark = pytest.mark.browser

# Functions, selectors and rules that Chrome 88, Firefox 79 or Safari 14.1 do not know.
NEW_CSS = re.compile(r"(?<![\w-])(light-dark\(|color-mix\(|:has\(|:where\(|@container\b|@view-transition\b|translate:)")
NEW_METHODS = """for (const [kind, names] of [
  [Array.prototype, ["at", "findLast", "findLastIndex", "toSorted", "toReversed", "with"]], [String.prototype, ["at"]],
  [Object, ["hasOwn", "groupBy"]], [Promise, ["withResolvers"]], [window, ["structuredClone"]],
]) for (const name of names) delete kind[name];"""
REPORT = "/dashboard/sites/demo"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("old"), zone=noon_zone())
    assert home.run("demo-data", "--site", "demo", "--hits", 1000, "--days", 20, "--add").code == 0
    added = home.run("user", "add", "owner", "--owner", "--password-stdin", stdin=f"{PASSWORD}\n".encode())
    assert added.code == 0, added.err
    with Service(home) as service:
        yield service


@contextmanager
def old(browser: Browser, scheme: str = "light") -> Iterator[tuple[Page, Seen]]:
    """A browser that knows no word of `NEW_CSS` and no method of `NEW_METHODS`."""

    def serve(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=NEW_CSS.sub(lambda word: unknown(word[0]), answer.text()))

    with reader(browser, color_scheme=scheme) as (page, seen):
        page.add_init_script(NEW_METHODS)
        page.route(re.compile(r"\.css(\?|$)"), serve)
        yield page, seen


def unknown(word: str) -> str:
    return re.sub(r"[a-z]", "no-\\g<0>", word, count=1)


def sign_in(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/dashboard/login")
    page.fill("[name=login]", "owner")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("header.top .who")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dashboard_can_be_read(browser: Browser, running: Service, scheme: str) -> None:
    with old(browser, scheme) as (page, seen):
        sign_in(page, running)
        page.goto(running.url + REPORT)
        page.wait_for_selector(".bar rect")
        assert page.evaluate("CSS.supports('color', 'no-light-dark(red, red)')") is False
        for texts, grounds in TEXTS:
            for text, ground in ((text, ground) for text in texts for ground in grounds if ground.startswith("--")):
                assert page.evaluate(CONTRAST_OF, [text, ground]) >= 4.5, (text, ground)
        bar = page.evaluate("getComputedStyle(document.querySelector('.bar rect')).fill")
        assert page.evaluate(CONTRAST_OF, ["--ink", bar]) >= 4.5
        page.hover(".rows tbody tr:has(.bar)")
        bar = page.evaluate("getComputedStyle(document.querySelector('.rows tbody tr:hover .bar rect')).fill")
        assert page.evaluate(CONTRAST_OF, ["--ink", bar]) >= 4.5
        for number in range(1, 10):
            ink = "--ink" if number < 8 else "--on-accent"
            assert page.evaluate(CONTRAST_OF, [ink, f"--heat-{number}"]) >= 4.5, number
        assert seen.errors == []


def test_the_live_page_goes_on(browser: Browser, running: Service) -> None:
    with old(browser) as (page, seen):
        sign_in(page, running)
        page.goto(f"{running.url}{REPORT}/live")
        for number in range(2):
            running.hit(path=f"/live/{number}")
            page.wait_for_selector(f".stream :text('/live/{number}')")
        assert page.text_content("[data-last]")
        assert seen.errors == []


@pytest.mark.parametrize("theme", ["classic", "odometer", "led"])
def test_digits_of_the_widget_are_one_each(browser: Browser, running: Service, theme: str) -> None:
    """No digit shows the one before and after it over itself, and each stands on its reel."""
    with old(browser) as (page, seen):
        page.goto(f"{running.url}/widget/demo.html?theme={theme}&scheme=light&lines=all")
        before = page.evaluate("(() => { const { opacity, transform, position } = getComputedStyle("
                               "document.querySelector('.vc-digit'), '::before');"
                               "return [opacity, transform !== 'none', position] })()")  # fmt: skip
        assert before == ["0.6" if theme == "odometer" else "0", True, "absolute"]
        digit = page.evaluate("getComputedStyle(document.querySelector('.vc-digit')).backgroundImage")
        assert (digit == "none") is (THEMES[theme].choices["reel-form"] == "none")
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.vc-digit b')).fontSize)")
        assert size > 20
        assert seen.errors == []
