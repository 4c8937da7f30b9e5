"""From the link that `counter serve` prints to the first hit, and in and out again, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.kit.chromium import host_page, reader
from tests.kit.process import Home, Service, noon_zone

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SITE = "/dashboard/sites/shop.example"
VIOLATION = "addEventListener('securitypolicyviolation', (one) => console.error('policy: ' + one.violatedDirective))"

SEND = """([path, csrf]) =>
  fetch(path, {method: 'POST', body: new URLSearchParams({csrf, name: 'x'})}).then((answer) => answer.status)"""


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Service]:
    """A service that nobody has opened yet."""
    with Service(Home(tmp_path, zone=noon_zone())) as running:
        yield running


def setup_link(service: Service) -> str:
    printed = (service.home.folder / "serve.out").read_text()
    found = re.search(r"^  set-up +(http://\S+/dashboard/setup/[\w-]{43})$", printed, re.MULTILINE)
    assert found is not None, printed
    return found[1]


def set_up(service: Service, page: Page, host: str = "shop.example") -> None:
    """The owner `ann` and a site, as a person makes them."""
    page.goto(setup_link(service))
    page.get_by_label("Name", exact=True).fill("ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_label("Address of the site").fill(host)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/install")


def sign_in(service: Service, page: Page, login: str) -> None:
    page.goto(f"{service.url}/dashboard/account")
    page.get_by_label("Name").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/dashboard/account")


def add_viewer(service: Service, page: Page) -> str:
    """The link for a viewer `vera` of the first site, made by the owner on the page."""
    page.goto(f"{service.url}/dashboard/users")
    form = page.locator("form[action='/dashboard/users']")
    form.get_by_label("Name", exact=True).fill("vera")
    form.get_by_label("shop.example").select_option("viewer")
    form.get_by_role("button", name="Add and show the link").click()
    return page.locator(".code pre").inner_text()


def test_the_printed_link_leads_to_the_snippet_and_the_first_hit_arrives_live(new: Service, browser: Browser) -> None:
    with reader(browser, timezone_id="Asia/Tbilisi") as (page, seen):
        page.add_init_script(VIOLATION)
        page.goto(setup_link(new))
        expect(page.get_by_label("Time zone")).to_have_value("Asia/Tbilisi")
        set_up(new, page, "localhost")
        assert new.home.one("select timezone from site where id = 'localhost'") == "Asia/Tbilisi"
        line = page.locator(".code pre").first.inner_text()
        expect(page.get_by_text("Waiting for the first hit")).to_be_visible()
        with host_page(f"<!doctype html><title>Shop</title>{line}", "default-src 'self' http://127.0.0.1:*") as shop:
            visitor = page.context.new_page()
            visitor.goto(f"{shop}/cakes/%E1%83%90")
            expect(page.get_by_text("The first hit has arrived")).to_be_visible()
            expect(page.locator("[data-path]")).to_have_text("/cakes/ა")
        expect(page.get_by_text("Waiting for the first hit")).to_be_hidden()
        page.reload()
        expect(page.locator("[data-path]")).to_have_text("/cakes/ა")
        assert seen.errors == []
        assert seen.hosts == {new.url.removeprefix("http://")}


def test_everything_works_without_scripts(new: Service, browser: Browser) -> None:
    with reader(browser, java_script_enabled=False) as (page, _):
        set_up(new, page)
        expect(page.get_by_text("Waiting for the first hit")).to_be_visible()
        assert new.hit("shop.example", "/cakes", host="shop.example").counter == "counted"
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text("Hits arrive; this was the last one")).to_be_visible()
        page.locator(".who summary").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/dashboard/login")
        sign_in(new, page, "ann")


def test_the_link_is_of_use_to_nobody_afterwards(new: Service, browser: Browser) -> None:
    link = setup_link(new)
    with reader(browser) as (page, _):
        set_up(new, page)
    with reader(browser) as (page, _):
        assert page.goto(link).status == 404  # type: ignore[union-attr]
        page.goto(f"{new.url}/dashboard/")
        page.wait_for_url("**/dashboard/login")


def test_signing_out_and_in_leads_back_to_where_one_was(new: Service, browser: Browser) -> None:
    with reader(browser) as (page, seen):
        set_up(new, page)
        page.locator(".who summary").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/dashboard/login")
        page.go_back()
        page.reload()
        page.wait_for_url(re.compile(r"/dashboard/login\?next=/dashboard/sites/"))
        page.get_by_label("Name").fill("ann")
        page.get_by_label("Password").fill("not the password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        expect(page.get_by_label("Name")).to_have_value("ann")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{SITE}/install")
        assert [one for one in seen.errors if "401" not in one] == []


def test_a_viewer_sees_nothing_that_changes_anything_and_can_not_send_it_either(new: Service, browser: Browser) -> None:
    with reader(browser) as (page, _):
        set_up(new, page)
        link = add_viewer(new, page)
    with reader(browser) as (page, _):
        page.goto(link)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same password again").fill(PASSWORD)
        page.get_by_role("button", name="Save and sign in").click()
        page.wait_for_url("**/dashboard/")
        page.goto(new.url + SITE)
        shown = page.locator("nav.pages a").all_inner_texts()
        assert shown == ["Report", "Live", "Hits"]
        forms = page.locator("form[method=post]").evaluate_all("all => all.map((one) => one.getAttribute('action'))")
        assert forms == ["/dashboard/logout"]
        page.locator(".who summary").click()
        assert page.get_by_role("link", name="People").count() == 0
        before = new.home.rows("select * from site")
        token = page.locator("input[name=csrf]").first.get_attribute("value")
        for path in (f"{SITE}/settings", f"{SITE}/goals", f"{SITE}/remove", "/dashboard/users", "/dashboard/new-site"):
            assert page.evaluate(SEND, [path, token]) == 403
        for path in (f"{SITE}/settings", f"{SITE}/install", "/dashboard/users"):
            assert page.goto(new.url + path).status == 403  # type: ignore[union-attr]
        assert new.home.rows("select * from site") == before


def test_another_sites_page_can_neither_frame_ours_nor_send_its_forms(new: Service, browser: Browser) -> None:
    attack = f"""<!doctype html><iframe src="{new.url}/dashboard/account"></iframe>
        <form method="post" action="{new.url}/dashboard/users">
        <input name="login" value="eve"><input name="role" value="owner"><button>Win</button></form>"""
    with reader(browser) as (page, _):
        set_up(new, page)
        with host_page(attack, "default-src * 'unsafe-inline'; form-action *") as evil:
            page.goto(evil)
            assert all("Account" not in frame.content() for frame in page.frames[1:])
            with page.expect_navigation() as sent:
                page.get_by_role("button", name="Win").click()
            assert sent.value.status in {303, 403}  # type: ignore[union-attr]
    assert new.home.rows("select login from user") == [("ann",)]


@pytest.mark.parametrize(
    ("scheme", "language"),
    [
        ("dark", "ar"),
        *(pytest.param(*both, marks=pytest.mark.soak) for both in (("light", "en"), ("dark", "en"), ("light", "ar"))),
    ],
)
def test_axe_finds_nothing_on_any_page_of_accounts(new: Service, browser: Browser, scheme: str, language: str) -> None:
    with reader(browser, color_scheme=scheme) as (page, _):
        look(page, setup_link(new))
        set_up(new, page)
        add_viewer(new, page)
        look(page)
        page.goto(f"{new.url}/dashboard/account")
        page.locator("#language").select_option(language)
        page.locator("form[action$='/look'] button").click()
        page.wait_for_url("**done=look")
        look(page)
        for path in (f"{SITE}/install", f"{SITE}/settings", "/dashboard/users", "/dashboard/new-site", "/dashboard/no"):
            look(page, new.url + path)
    with reader(browser, color_scheme=scheme) as (page, _):
        look(page, f"{new.url}/dashboard/login")


def look(page: Page, address: str = "") -> None:
    """axe-core has nothing against the page, with all that can be opened open."""
    if address:
        page.goto(address)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == [], page.url
