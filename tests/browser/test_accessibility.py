"""axe-core in a real Chromium finds nothing in any form, theme and language, and the digits are heard as one number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle, islice

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from counter.labels import LANGUAGES, find, format_number
from counter.widget.theme import THEMES
from tests.kit.chromium import host_page, reader
from tests.kit.process import Home, Service, noon_zone
from tests.kit.widget_sample import EVERYTHING

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES = ("light", "dark")
VISITS = 2_506_638
FORMS = ("script", "frame", "image", "badge", "number")  # of the gallery
# Without these it leaves every text undecided on a card with a band, and texts of one letter.
CONTRAST = {"color-contrast": {"options": {"ignorePseudo": True, "ignoreLength": True}}}
# A reel has shades and shapes that axe-core cannot measure text on; tests/web/test_themes.py does.
DIGIT = re.compile(r"<([bi])>\d</\1>")
# Contrast does not depend on the language, nor names on the theme: every theme and every language once, together.
MOST = max(len(THEMES), len(LANGUAGES))
PAIRS = list(islice(zip(cycle(THEMES), cycle(LANGUAGES)), MOST))
DRAWN = """() => [...document.querySelectorAll("visitor-counter")]
  .every((one) => one.shadowRoot?.querySelector(".vc-date")?.getBoundingClientRect().height)"""
PALE = """() => document.querySelector("visitor-counter").shadowRoot.querySelectorAll("td bdi")
  .forEach((cell) => { cell.style.color = "#eeeeee" })"""
PICK = """([forms, first]) => document.querySelectorAll("article:has(fieldset)").forEach((article, number) =>
  article.querySelector(".pick-" + forms[(first + number) % forms.length]).click())"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose number has all its digits."""
    home = Home(tmp_path_factory.mktemp("accessibility"), "demo", "visited", zone=noon_zone())
    assert home.run("site", "set", "demo", f"start_count={VISITS - 1}").code == 0
    with Service(home) as running:
        running.hit()
        yield running


def violations(page: Page, *without: str) -> list[str]:
    """What axe-core has against the page, `without` some rules. A frame is a page of its own, and looked at as one."""
    options = {
        "runOnly": RULES, "rules": {rule: {"enabled": False} for rule in without}, "checks": CONTRAST,
        "resultTypes": ["violations", "incomplete"], "iframes": False, "preload": False,
    }  # fmt: skip
    answer = Axe().run(page, options=options).response
    undecided = [one for one in answer["incomplete"] if one["id"] == "color-contrast"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:200]}"
        for one in answer["violations"] + undecided
        for node in one["nodes"]
        if one not in undecided or not DIGIT.fullmatch(node["html"])
    ]


def ours(service: Service, body: str, head: str = "") -> str:
    """A page of another origin with the snippet."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Ours</title>{head}</head><body><main><h1>Ours</h1>{body}</main>"
        f'<script async src="{service.url}/counter.js" data-site="demo" data-exclude="/*"></script></body></html>'
    )


def policy(service: Service) -> str:
    return f"default-src 'none'; style-src {service.url}; script-src {service.url}; connect-src {service.url}"


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.soak), "dark"])
def test_the_page_of_every_theme_and_language(browser: Browser, service: Service, scheme: str) -> None:
    with reader(browser, color_scheme=scheme) as (page, seen):
        for theme, tag in PAIRS:
            query = f"lang={tag}&theme={theme}&scheme={scheme}&lines={EVERYTHING}&about=1"
            page.goto(f"{service.url}/widget/demo.html?{query}")
            # It is made for a frame: a first heading is the matter of the page around it, its table has a caption.
            assert violations(page, "page-has-heading-one") == [], query
        assert seen.errors == []


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.soak), "dark"])
def test_the_fragment_and_the_script_in_a_page_of_another_origin(
    browser: Browser, service: Service, scheme: str
) -> None:
    """Each theme follows the reader's scheme here, each language is included once and drawn in a shadow root once."""
    sheets = [f"themes/{theme}.css" for theme in THEMES] + ["widget.css"]
    head = "".join(f'<link rel="stylesheet" href="{service.url}/static/{sheet}">' for sheet in sheets)
    query = f"lines={EVERYTHING}&about=1&fragment=1"
    fragments = [
        service.get(f"/widget/demo.html?{query}&theme={theme}&lang={tag}").body.decode() for theme, tag in PAIRS
    ]
    drawn = [
        f'<visitor-counter data-theme="{theme}" data-lang="{tag}" data-lines="{EVERYTHING}"></visitor-counter>'
        for theme, tag in PAIRS
    ]
    body = ours(service, "".join(fragments + drawn), head)
    with host_page(body, policy(service)) as url, reader(browser, color_scheme=scheme) as (page, seen):
        page.goto(url)
        page.wait_for_function(DRAWN)
        assert page.locator(".vc").count() == 2 * len(PAIRS)  # it looks into shadow roots
        assert violations(page) == []
        assert seen.errors == []


def test_a_pale_number_in_a_shadow_root_would_be_found(browser: Browser, service: Service) -> None:
    body = ours(service, "<visitor-counter></visitor-counter>")
    with host_page(body, policy(service)) as url, reader(browser, color_scheme="light") as (page, _):
        page.goto(url)
        page.wait_for_function(DRAWN)
        assert violations(page) == []
        page.evaluate(PALE)
        assert {one.split(":")[0] for one in violations(page)} == {"color-contrast"}


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.soak), "dark"])
def test_the_gallery(browser: Browser, service: Service, scheme: str) -> None:
    with reader(browser, color_scheme=scheme) as (page, _):
        page.goto(f"{service.url}/widget/gallery")
        page.evaluate(PICK, [FORMS, SCHEMES.index(scheme)])
        assert violations(page) == []


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.soak), "dark"])
def test_the_pages_around_the_widget(browser: Browser, service: Service, scheme: str) -> None:
    with reader(browser, color_scheme=scheme) as (page, seen):
        for path in ("/demo?site=visited", "/widget/demo/about?lang=en", "/widget/demo/about?lang=ka", "/opt-out"):
            page.goto(f"{service.url}{path}")
            page.wait_for_function(DRAWN)
            assert violations(page) == [], path
        page.get_by_role("button").click()
        page.get_by_role("button", name="Count me again").wait_for()
        assert violations(page) == [], "opted out"
        assert seen.errors == []


def heard(image: Locator) -> str:
    """All that a screen reader has to say there: the name of one image. Spaces of every width are one there."""
    said = re.fullmatch(r"""- '?img "([^"]*)"'?""", image.aria_snapshot())
    assert said, image.aria_snapshot()
    return said[1]


def plain(text: str) -> str:
    return " ".join(text.split())


def assert_one_number(said: str, tag: str) -> None:
    language = find(tag)
    assert language
    assert plain(format_number(VISITS, language)) in said
    assert re.sub(r"\D", "", said) == str(VISITS)


def test_the_digits_are_heard_as_one_number(browser: Browser, service: Service) -> None:
    with reader(browser) as (page, _):
        for tag in LANGUAGES:
            page.goto(f"{service.url}/widget/demo.html?lang={tag}")
            assert_one_number(heard(page.locator(".vc-digits")), tag)


def test_the_digits_that_the_script_draws_are_heard_as_one_number(browser: Browser, service: Service) -> None:
    drawn = "".join(f'<visitor-counter data-lang="{tag}"></visitor-counter>' for tag in LANGUAGES)
    with host_page(ours(service, drawn), policy(service)) as url, reader(browser) as (page, _):
        page.goto(url)
        page.wait_for_function(DRAWN)
        said = [heard(digits) for digits in page.locator(".vc-digits").all()]
    for tag, text in zip(LANGUAGES, said, strict=True):
        assert_one_number(text, tag)


def inline(image: bytes) -> str:
    return f'<!doctype html><html lang="en"><title>Ours</title><main><h1>Ours</h1>{image.decode()}</main>'


def test_the_image_is_heard_as_its_numbers(browser: Browser, service: Service) -> None:
    """As a part of a page; in an <img> it has the words that the page gives it.

    axe-core measures no `fill` on a `rect`: the contrast of images is the colours' own, in tests/web/test_themes.py.
    """
    with reader(browser) as (page, _):
        for tag in LANGUAGES:
            page.set_content(inline(service.get(f"/widget/demo.svg?lang={tag}").body))
            view = service.get(f"/widget/demo.json?lang={tag}").json
            assert heard(page.locator("svg").first).startswith(plain(f"{view['title']} {view['spoken']}. "))
            assert_one_number(plain(view["spoken"]), tag)
            assert violations(page, "color-contrast") == [], tag
        for style in ("button", "flat"):
            page.set_content(inline(service.get(f"/badge/demo.svg?style={style}&lang=en").body))
            assert_one_number(heard(page.locator("svg").first), "en")
            assert violations(page, "color-contrast") == [], style
