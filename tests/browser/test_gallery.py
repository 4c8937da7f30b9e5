"""The gallery and the themes as a real browser draws them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from counter.widget.theme import THEMES
from tests.kit.chromium import host_page, reader
from tests.kit.process import Service

pytestmark = pytest.mark.browser

VIOLATIONS = "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.blockedURI))"
FORMS = ("script", "frame", "image", "badge", "number")
SIZES = """['.vc', '.vc-digits'].flatMap(one => {
  const box = document.querySelector(one).getBoundingClientRect(); return [box.width, box.height] })"""
INSIDE = """[...document.querySelectorAll('.vc-digit')].every(reel => {
  const [outer, inner] = [reel, reel.firstChild].map(one => one.getBoundingClientRect());
  return inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5
    && inner.top >= outer.top - 0.5 && inner.bottom <= outer.bottom + 0.5 })"""
FIRST_DIGIT = "getComputedStyle(document.querySelector('.vc-digit b'))"


def open_widget(page: Page, service: Service, query: str) -> None:
    page.goto(f"{service.url}/widget/demo.html?lang=en&lines=today,all&{query}")


@pytest.mark.parametrize("width", [320, 1440])
def test_the_gallery_keeps_its_own_policy_asks_nobody_else_and_fits(
    width: int, browser: Browser, shared_service: Service
) -> None:
    with reader(browser, viewport={"width": width, "height": 900}) as (page, seen):
        page.add_init_script(VIOLATIONS)
        page.goto(f"{shared_service.url}/widget/gallery")
        for form in FORMS:
            page.evaluate("form => document.querySelectorAll('.pick-' + form).forEach(one => one.click())", form)
            page.evaluate("Promise.all([...document.images].filter(i => i.offsetParent).map(i => { i.loading = 'eager';"
                          " return i.decode() }))")  # fmt: skip
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), form
        assert page.evaluate("violations") == []
        assert seen.errors == []
        assert seen.hosts == {shared_service.url.split("/")[2]}
        assert page.context.cookies() == []


def test_reading_the_gallery_counts_nobody(browser: Browser, shared_service: Service) -> None:
    before = shared_service.totals(metric="pageviews")["all"]["count"]
    with reader(browser) as (page, _):
        page.goto(f"{shared_service.url}/widget/gallery")
        page.wait_for_load_state("networkidle")
    assert shared_service.totals(metric="pageviews")["all"]["count"] == before


@pytest.mark.parametrize("digits", [*(pytest.param(digits, marks=pytest.mark.soak) for digits in (1, 7)), 12])
def test_no_theme_changes_the_size_of_the_widget(digits: int, browser: Browser, shared_service: Service) -> None:
    with reader(browser) as (page, _):
        sizes = set()
        for name in THEMES:
            open_widget(page, shared_service, f"theme={name}&digits={digits}")
            sizes.add(tuple(page.evaluate(SIZES)))
            assert page.evaluate(INSIDE), name
    assert len(sizes) == 1


@pytest.mark.parametrize("name", THEMES)
def test_in_high_contrast_digits_are_text(name: str, browser: Browser, shared_service: Service) -> None:
    with reader(browser, forced_colors="active") as (page, _):
        open_widget(page, shared_service, f"theme={name}&digits=7")
        for property_name in ("clipPath", "backgroundImage"):
            assert page.evaluate(f"{FIRST_DIGIT}.{property_name}") == "none"
        assert page.evaluate(f"parseFloat({FIRST_DIGIT}.fontSize)") > 14
        assert page.evaluate("document.querySelector('.vc-digits').innerText.replace(/\\s/g, '')") == "0000001"
        assert page.evaluate("getComputedStyle(document.querySelector('.vc-digit'), '::before').content") == "none"


@pytest.mark.parametrize(("motion", "moving"), [("no-preference", True), ("reduce", False)])
def test_digits_move_only_where_motion_is_welcome(
    motion: str, moving: bool, browser: Browser, shared_service: Service
) -> None:
    with reader(browser, reduced_motion=motion) as (page, _):
        names = {}
        for name in THEMES:
            open_widget(page, shared_service, f"theme={name}")
            page.evaluate("document.querySelector('.vc').classList.add('vc-live')")
            names[name] = page.evaluate(f"{FIRST_DIGIT}.animationName")
        wanted = {name: theme.choices["motion"] for name, theme in THEMES.items()}
        expected = {name: f"vc-{motion}" if motion != "still" else "none" for name, motion in wanted.items()}
        assert names == (expected if moving else dict.fromkeys(THEMES, "none"))


def test_plain_takes_the_colours_and_the_font_of_its_page(browser: Browser, shared_service: Service) -> None:
    with reader(browser) as (page, _):
        open_widget(page, shared_service, "theme=plain&scheme=light")
        page.evaluate("document.documentElement.className = ''")
        page.evaluate("document.body.style = 'color: rgb(1, 2, 3); font-family: serif'")
        for part in (".vc", ".vc-digit:last-child b", ".vc-table th", ".vc-table td"):
            style = page.evaluate(f"(s => [s.color, s.fontFamily])(getComputedStyle(document.querySelector('{part}')))")
            assert style == ["rgb(1, 2, 3)", "serif"], part


def test_the_script_draws_a_themes_own_digits(browser: Browser, shared_service: Service) -> None:
    """In a shadow root, under a policy that names this origin for scripts and connections only."""
    origin = shared_service.url
    body = f"""<!doctype html><html lang="en"><title>Ours</title>
      <visitor-counter data-theme="led" data-digits="7"></visitor-counter>
      <script async src="{origin}/counter.js" data-site="demo"></script></html>"""
    with host_page(body, f"default-src 'none'; script-src {origin}; connect-src {origin}") as ours:
        with reader(browser) as (page, seen):
            page.goto(f"{ours}/")
            page.wait_for_selector("visitor-counter .vc-led .vc-d0 b")
            digits = page.evaluate("""[...document.querySelector('visitor-counter').shadowRoot.querySelectorAll('b')]
              .map(one => [one.textContent, getComputedStyle(one).clipPath.split('(')[0]])""")
        assert [kind for _, kind in digits] == ["polygon"] * 7
        assert "".join(digit for digit, _ in digits).isdigit()
        assert seen.errors == []
