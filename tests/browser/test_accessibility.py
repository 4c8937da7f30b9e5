"""axe-core in a real Chromium finds nothing in any form, theme and language, and the digits are heard as one number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from counter.labels import LANGUAGES, format_number
from counter.web.theme import THEMES
from tests.browser.chromium import browser, host_page, reader
from tests.process import Home, Service, noon_zone
from tests.web.widget_sample import EVERYTHING

__all__ = ["browser"]

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES = ("light", "dark")
VISITS = 2_506_638
FORMS = ("script", "frame", "image", "badge", "number")  # of the gallery
DRAWN = """() => [...document.querySelectorAll("visitor-counter")]
  .every((one) => one.shadowRoot?.querySelector(".vc-date"))"""
PALE = """() => {
  for (const cell of document.querySelector("visitor-counter").shadowRoot.querySelectorAll("td bdi"))
    cell.style.color = "#eeeeee";
}"""
NAMES = """() => [...document.querySelectorAll("svg, .vc-digits")].map((one) => one.getAttribute("aria-hidden"))"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose numbers have all their digits."""
    home = Home(tmp_path_factory.mktemp("accessibility"), zone=noon_zone())
    assert home.type("site", "set", "demo", f"start_count={VISITS - 1}").code == 0
    with Service(home) as running:
        running.hit()
        yield running


def violations(page: Page, *without: str) -> list[str]:
    """What axe-core finds against the rules, but for those named; a frame is a page of its own, and looked at as one."""
    options = {
        "runOnly": TAGS, "rules": {rule: {"enabled": False} for rule in without}, "resultTypes": ["violations"],
        "iframes": False, "preload": False,
    }  # fmt: skip
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['target']} {node['html'][:200]}" for one in found for node in one["nodes"]]


def host_of(service: Service, widgets: str, head: str = "") -> str:
    """A page of another origin that has nothing but widgets."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Ours</title>{head}<main><h1>Ours</h1>{widgets}'
        f'</main><script async src="{service.url}/counter.js" data-site="demo" data-exclude="/*"></script></html>'
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_of_every_theme(browser: Browser, service: Service, scheme: str) -> None:
    with reader(browser, color_scheme=scheme) as (page, seen):
        for theme, asked in itertools.product(THEMES, ("auto", *SCHEMES)):
            query = f"lang=en&lines={EVERYTHING}&about=1&theme={theme}&scheme={asked}"
            page.goto(f"{service.url}/widget/demo.html?{query}")
            assert violations(page) == [], query
        assert seen.errors == []


def test_the_page_of_every_language(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, _):
        for tag in LANGUAGES:
            page.goto(f"{service.url}/widget/demo.html?lang={tag}&lines={EVERYTHING}&about=1&date=local")
            assert violations(page) == [], tag
