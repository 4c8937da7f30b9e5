"""T-51, T-52: what another page may show of us in a frame, and what an image of ours can do. In Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page

from dashboard.access.guard import Needs
from dashboard.routes import ROUTES
from tests.kit.chromium import WAIT, host_page
from tests.kit.process import Home, Service, noon_zone

pytestmark = [pytest.mark.browser, pytest.mark.soak]  # minutes of a browser's time

PASSWORD = "a long enough password"
NO_POLICY = "default-src * 'unsafe-inline' data:"  # of the page around the frame: nothing of it stops anything
BLOCKED = "chrome-error://chromewebdata/"
SITE = "/dashboard/sites/demo"
EVIL = "</text><script>alert(1)</script>"
# Every page of the dashboard that shows something, and the public ones that are not for frames.
PAGES = [
    "/dashboard/login", "/dashboard/", "/dashboard/account", "/dashboard/users", "/dashboard/new-site", SITE,
    f"{SITE}/hits", f"{SITE}/live", f"{SITE}/why", f"{SITE}/install", f"{SITE}/settings",
    f"{SITE}/panels/pages/rows", f"{SITE}/panels/pages", f"{SITE}/visits/1", f"{SITE}?period=never",
    "/dashboard/nowhere", "/dashboard/online.json", "/demo", "/opt-out", "/widget/gallery", "/widget/demo/about",
]  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("framed"), zone=noon_zone())
    with Service(home) as running:
        assert home.run("user", "add", "root", "--owner", "--password-stdin", stdin=PASSWORD.encode()).code == 0
        running.hit()
        yield running


@pytest.fixture(scope="module")
def owner(service: Service, browser: Browser) -> Iterator[BrowserContext]:
    """A browser whose owner is signed in."""
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(f"{service.url}/dashboard/login")
    page.fill("input[name=login]", "root")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/dashboard/")
    page.close()
    yield context
    context.close()


def framed(context: BrowserContext, url: str, element: str = "iframe src") -> tuple[Page, Frame | None]:
    """The page of another origin on this very machine, so that even a cookie for our site alone comes along."""
    name, _, attribute = element.partition(" ")
    with host_page(f'<!doctype html><{name} {attribute}="{url}" width="600" height="400"></{name}>', NO_POLICY) as host:
        page = context.new_page()
        page.goto(host.replace("localhost", "127.0.0.1"), wait_until="load")
        return page, next((frame for frame in page.frames if frame != page.main_frame), None)


def test_every_page_of_the_dashboard_is_tried_here() -> None:
    """Files are no pages, and links with a secret are tried by test_guard_matrix; a stream has no end."""
    left_out = re.compile(r"\{secret\}|/static/|\.csv|\.gz|export\.json|\{panel\}\.json|/live/events")
    shown = {f"/dashboard{one.path}" for one in ROUTES if one.method == "GET" and not left_out.search(one.path)}
    tried = {path.partition("?")[0] for path in PAGES}
    filled = {path.format(site="demo", panel="pages", visit="1") for path in shown}
    assert filled <= tried
    assert any(one.needs == Needs.NOTHING for one in ROUTES)


@pytest.mark.parametrize("path", PAGES)
def test_no_other_page_can_frame_what_can_be_clicked(service: Service, owner: BrowserContext, path: str) -> None:
    page, frame = framed(owner, service.url + path)
    assert frame is not None
    assert frame.url == BLOCKED, path
    page.close()


def test_nor_can_the_form_to_sign_in(service: Service, browser: Browser) -> None:
    """What a stranger is shown, whose name and password are wanted."""
    stranger = browser.new_context()
    page, frame = framed(stranger, f"{service.url}/dashboard/login")
    assert frame is not None
    assert frame.url == BLOCKED
    assert page.frame_locator("iframe").locator("input").count() == 0
    stranger.close()


@pytest.mark.parametrize("element", ["object data", "embed src"])
def test_nor_can_it_be_embedded(service: Service, owner: BrowserContext, element: str) -> None:
    page, _ = framed(owner, f"{service.url}{SITE}/settings", element)
    shown = [frame.url for frame in page.frames if frame != page.main_frame]
    assert not [url for url in shown if url.startswith(service.url)], shown
    page.close()


def test_a_widget_may_be_framed_by_any_page(service: Service, owner: BrowserContext) -> None:
    page, frame = framed(owner, f"{service.url}/widget/demo.html?lang=en")
    assert frame is not None
    assert "All days" in frame.locator("body").inner_text()
    page.close()


def test_a_widget_is_the_same_for_who_is_signed_in_and_nothing_in_it_does_anything(
    service: Service, owner: BrowserContext, browser: Browser
) -> None:
    stranger = browser.new_context(locale="en-US")
    url = f"{service.url}/widget/demo.html?lang=en&about=1&lines=all,today"
    assert owner.request.get(url).text() == stranger.request.get(url).text()
    page = owner.new_page()
    page.goto(url)
    assert page.locator("form, script, button, input, iframe, [onclick]").count() == 0
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map(one => new URL(one.href).pathname)")
    assert links == ["/widget/demo/about"]
    before = service.totals()["all"]["count"]
    page.click("a[href]")
    assert service.totals()["all"]["count"] == before
    page.close()
    stranger.close()


@pytest.mark.parametrize("path", [
    f"/badge/demo.svg?label={quote(EVIL)}", f"/badge/demo.svg?style=button&label={quote(EVIL)}",
    f"/widget/demo.svg?label.today={quote(EVIL)}&label.all={quote('</style>' + EVIL[7:])}",
])  # fmt: skip
def test_an_image_opened_alone_runs_nothing(service: Service, owner: BrowserContext, path: str) -> None:
    """T-52: even with the owner's cookie in the browser; and what stands in it is text."""
    page = owner.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    answer = page.goto(service.url + path)
    assert answer is not None
    assert answer.status == 200
    assert "sandbox" in answer.headers["content-security-policy"]
    assert page.locator("script").count() == 0
    assert "alert(1)" in (page.locator("svg").first.text_content() or "")
    assert said == []
    page.close()
