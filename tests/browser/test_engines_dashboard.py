"""The dashboard's main pages in Chromium, Firefox and WebKit, in English and in Arabic: used, not just loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.engines import Engine, engine, wait_for
from tests.kit.process import Home, Service, noon_zone

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"
SITE = "/dashboard/sites/demo"
PAGES = ("/dashboard/", SITE, f"{SITE}/live", f"{SITE}/settings", f"{SITE}/hits", "/dashboard/account")
SEND = """(() => {
  const values = %s, form = document.querySelector(%s);
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  setTimeout(() => form.requestSubmit());
})()"""
# How much wider than the window the page is, and how far it lets itself be moved to either side.
SIDEWAYS = """(() => {
  const page = document.documentElement, moved = [page.scrollWidth - page.clientWidth];
  for (const far of [-3000, 3000]) { scrollTo(far, 0); moved.push(scrollX); }
  scrollTo(0, 0);
  return moved;
})()"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("engines"), zone=noon_zone())
    made = home.run("demo-data", "--site", "demo", "--hits", 2000, "--days", 40, "--add")
    assert made.code == 0, made.err
    added = home.run("user", "add", "owner", "--owner", "--password-stdin", stdin=f"{PASSWORD}\n".encode())
    assert added.code == 0, added.err
    with Service(home) as service:
        yield service


@pytest.fixture(scope="module", params=["chromium", "firefox", "webkit"])
def window(request: pytest.FixtureRequest, running: Service) -> Iterator[Engine]:
    """The owner's, signed in by the form."""
    with engine(request.param) as opened:
        opened.resize(1280, 900)
        sign_in(opened, running)
        yield opened


def send(window: Engine, form: str, **values: str) -> None:
    """Fill and send a form, and wait for the page that answers."""
    window.evaluate("window.left = true")  # not so on the next page
    window.evaluate(SEND % (values, repr(form)))
    wait_for(window, "!window.left && document.readyState === 'complete'")


def sign_in(window: Engine, service: Service) -> None:
    window.open(f"{service.url}/dashboard/login")
    wait_for(window, "document.querySelector('[name=login]') !== null")
    send(window, "form", login="owner", password=PASSWORD)
    assert window.evaluate("document.querySelector('header.top .who') !== null")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_main_page_is_whole_in_both_directions(window: Engine, running: Service, language: str) -> None:
    window.errors.clear()
    window.open(f"{running.url}/dashboard/account")
    send(window, "form[action$=look]", language=language)
    direction = {"en": "ltr", "ar": "rtl"}[language]
    for path in PAGES:
        window.open(running.url + path)
        assert window.evaluate("document.documentElement.dir") == direction
        if path == SITE:
            wait_for(window, "document.querySelector('#chart.drawn .main-svg') !== null")
            assert window.evaluate("document.querySelectorAll('#js-plotly-tester').length") == 1
        assert window.evaluate(SIDEWAYS) == [0, 0, 0], path
    assert window.errors == []


def test_a_hit_is_seen_live(window: Engine, running: Service) -> None:
    path = f"/seen-in-{window.name}"
    window.open(f"{running.url}{SITE}/live")
    wait_for(window, "document.querySelector('.live-number') !== null")
    running.hit(path=path, visitor="203.0.113.9")
    wait_for(window, f"document.querySelector('.stream').textContent.includes('{path}')")


def test_a_mouse_sees_what_is_meant_for_one(window: Engine, running: Service) -> None:
    """Signs of a row come with the pointer, and tabs stand in lines: a finger's look has them always, and scrolls."""
    window.open(running.url + SITE)
    hovers = window.evaluate("matchMedia('(hover: hover)').matches")
    assert hovers is (window.name != "firefox"), "headless Firefox has no pointer, the others do"
    wait_for(window, "document.querySelector('.row-not') !== null")
    shown = window.evaluate("getComputedStyle(document.querySelector('.row-not')).opacity")
    assert shown == ("0" if hovers else "0.75")
    tabs = window.evaluate("getComputedStyle(document.querySelector('.tabs')).flexWrap")
    assert tabs == ("wrap" if hovers else "nowrap")


def test_after_signing_out_back_shows_no_number(window: Engine, running: Service) -> None:
    window.open(running.url + SITE)
    send(window, "form[action$=logout]")
    window.evaluate("window.left = true")  # the login page from which one goes back is not the one that comes then
    window.evaluate("setTimeout(() => history.back())")
    asked = "!window.left && location.pathname === '/dashboard/login'"
    wait_for(window, f"{asked} && document.querySelector('[name=password]') !== null")
    assert window.evaluate("document.querySelector('.card-number')") is None
    sign_in(window, running)
