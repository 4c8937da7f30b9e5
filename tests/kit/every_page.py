"""Every page of the dashboard in each of its states, as a table, and a service on which all of them can be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, expect

from dashboard.report.panels import PANELS
from dashboard.routes import SITE
from tests.kit.chromium import reader
from tests.kit.process import BOT, BROWSER, Home, Service, noon_zone

PASSWORD = "a long enough password"
OWNER, VIEWER, LOST, STRANGER = "olga", "vera", "nora", ""  # LOST: nothing is left that she may see
INVITED = "lena"  # gets one link after the other
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"  # fmt: skip  # noqa: E501
US, DE = "8.8.8.8", "5.9.0.1"
LONG = "/a-path-without-a-gap/" + "abcdefghij" * 18
CAMPAIGN = "utm_source=letter&utm_medium=email&utm_campaign=autumn&utm_term=cakes&utm_content=above"
ROW_PAGES = 101  # one more than stand on a page of rows
FILTERS = "filter=country:is:US,DE&filter=browser:is_not:Opera&filter=page:contains:/"

HITS: tuple[dict[str, Any], ...] = (
    {"path": f"/?{CAMPAIGN}", "visitor": DE, "agent": PHONE, "language": "de", "screen": 390, "title": "Cakes"},
    {
        "path": "/cakes",
        "visitor": US,
        "language": "en-US",
        "screen": 1920,
        "referrer": "https://news.example/item?id=1",
        "title": "كعك",
    },
    {"path": "/", "visitor": DE, "agent": PHONE, "referrer": "https://www.google.com/"},
    {"path": "/كعك", "visitor": DE, "agent": PHONE, "title": "<b>Cake</b>"},
    {"path": LONG, "visitor": DE, "agent": PHONE, "title": "A title of many words " * 6},
    {"path": "/", "visitor": US, "name": "signup", "props": {"plan": "basic", "طريقة": "long value " * 8}},
    {"path": "/", "visitor": US, "name": "outbound", "props": {"url": "https://elsewhere.example/a?b=c"}},
    {
        "path": "/",
        "visitor": DE,
        "agent": PHONE,
        "name": "download",
        "props": {"url": "https://shop.example/price%20list.pdf"},
    },
    {"path": "/gone", "visitor": DE, "agent": PHONE, "name": "not_found"},
    {"path": "/", "agent": BOT},
    *({"path": f"/row/{number:03d}", "visitor": US} for number in range(ROW_PAGES)),
)


class World(NamedTuple):
    """A service with all there is to see, and a new one; who is signed in, by the cookies of each."""

    service: Service
    new: Service
    cookies: dict[str, list[Any]]
    welcome: str  # the secret of a link to choose a password
    visit: str  # the number of a visit


class Shown(NamedTuple):
    """One page in one state. `after` is done on it before one looks; `route` is None for what answers a form."""

    route: str | None
    path: str  # below /dashboard; names in braces are those of the world
    who: str = OWNER
    status: int = 200
    after: Callable[[Page], None] = lambda _: None

    def __str__(self) -> str:
        return f"{self.path} for {self.who or 'a stranger'}"


def wait_for_charts(page: Page) -> None:
    """Until every chart of the page is alive."""
    for chart in page.locator(".chart:has(.plot[data-figure])").all():
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_class(re.compile("drawn"))
    page.evaluate("scrollTo(0, 0)")


def wait_for_panels(page: Page) -> None:
    """Until every panel has arrived; they are asked for when they come near."""
    for panel in page.locator("section.panel").all():
        panel.evaluate("panel => panel.scrollIntoView()")
        expect(panel).not_to_have_attribute("data-lazy", "")
    wait_for_charts(page)


def wait_for_life(page: Page) -> None:
    expect(page.locator("[data-reload]")).to_be_hidden()
    wait_for_charts(page)


def sign_in_wrongly(page: Page) -> None:
    page.fill("[name=login]", "nobody")
    page.fill("[name=password]", "not the password")
    page.click("main button[type=submit]")
    page.locator("main [role=alert]").wait_for()


def send(form: str) -> Callable[[Page], None]:
    """Sends a form as it stands."""

    def work(page: Page) -> None:
        with page.expect_navigation():
            page.locator(form).first.evaluate("form => form.submit()")

    return work


def open_tabs(page: Page) -> None:
    """The last tab of each panel, in place."""
    for panel in (one for one in PANELS if len(one.tabs) > 1):
        place = page.locator(f"#panel-{panel.name}")
        place.evaluate("panel => panel.scrollIntoView()")
        expect(place).not_to_have_attribute("data-lazy", "")  # what a pointer is on would be replaced under it
        place.locator(".tabs a").last.click()
        expect(place.locator(".tabs a").last).to_have_attribute("aria-current", "true")


PAGES: tuple[Shown, ...] = (
    Shown("/setup/{secret}", "/setup/{setup}", STRANGER),
    Shown("/welcome/{secret}", "/welcome/{welcome}", STRANGER),
    Shown("/login", "/login", STRANGER),
    Shown(None, "/login", STRANGER, after=sign_in_wrongly),
    Shown(None, "/no", STRANGER, 404),
    Shown("/", "/", LOST),
    Shown(f"{SITE}/settings", "/sites/demo/settings", VIEWER, 403),
    Shown(SITE, "/sites/demo?from=2020-01-01&to=2020-01-07", VIEWER),
    Shown("/", "/", after=wait_for_charts),
    Shown(SITE, "/sites/demo?period=28d&compare=previous", after=wait_for_charts),
    Shown(SITE, f"/sites/demo?period=7d&metric=visits&{FILTERS}", after=wait_for_charts),
    Shown(SITE, "/sites/demo?metric=online", after=wait_for_charts),
    Shown(SITE, "/sites/fresh"),
    Shown(SITE, "/sites/demo?filter=country:is:GE&filter=city:is_not:x"),
    Shown(SITE, "/sites/demo?period=never", status=400),
    Shown(f"{SITE}/panels/{{panel}}", "/sites/demo?period=7d", after=open_tabs),
    Shown(f"{SITE}/panels/{{panel}}/rows", "/sites/demo/panels/pages/rows?period=7d&page=2&filter=country:is:US"),
    Shown(f"{SITE}/panels/{{panel}}/rows", "/sites/demo/panels/events/rows?period=7d&tab=events:properties&key=plan"),
    Shown(f"{SITE}/panels/{{panel}}/rows", "/sites/demo/panels/hours/rows?period=7d"),
    Shown(f"{SITE}/panels/{{panel}}/rows", "/sites/demo/panels/bots/rows?period=7d&search=google"),
    Shown(f"{SITE}/hits", f"/sites/demo/hits?period=7d&{FILTERS}"),
    Shown(f"{SITE}/hits", "/sites/demo/hits?filter=country:is:GE"),
    Shown(f"{SITE}/hits", "/sites/fresh/hits"),
    Shown(f"{SITE}/visits/{{visit}}", "/sites/demo/visits/{visit}"),
    Shown(f"{SITE}/live", "/sites/demo/live", after=wait_for_life),
    Shown(f"{SITE}/live", "/sites/fresh/live"),
    Shown(f"{SITE}/why", "/sites/demo/why?address=8.8.8.8&user_agent=Googlebot/2.1"),
    Shown(f"{SITE}/why", "/sites/fresh/why?address=nowhere"),
    Shown(f"{SITE}/install", "/sites/demo/install"),
    Shown(f"{SITE}/install", "/sites/fresh/install"),
    Shown(f"{SITE}/settings", "/sites/demo/settings"),
    Shown(None, "/sites/demo/settings", after=send("form[action$='/tokens']")),
    Shown("/users", "/users"),
    Shown(None, "/users", after=send(f".people > li:has-text('{INVITED}') form[action$='/link']")),
    Shown("/account", "/account?done=look"),
    Shown("/new-site", "/new-site"),
)  # fmt: skip


def tab_pages() -> Iterator[tuple[str, list[str]]]:
    """Reports that open every tab of every panel once between them, and which panels are new on each."""
    for number in range(max(len(panel.tabs) for panel in PANELS)):
        panels = [panel for panel in PANELS if number < len(panel.tabs)]
        tabs = "&".join(f"tab={panel.name}:{panel.tabs[number].name}" for panel in panels)
        yield f"/sites/demo?period=7d&{tabs}", [f"#panel-{panel.name}" for panel in panels]


@contextmanager
def begun(folder: Path, browser: Browser) -> Iterator[World]:
    """The world, made of hits and accounts as anybody makes them."""
    home, untouched = (Home(_made(folder / name), "demo", "fresh", "left", zone=noon_zone()) for name in ("old", "new"))
    made = home.run("demo-data", "--site", "demo", "--hits", 500, "--days", 40)
    assert made.code == 0, made.err
    with Service(home) as service, Service(untouched) as new:
        welcome = _add_users(home)
        _send_hits(service)
        cookies = {login: _signed_in(browser, service, login) for login in (OWNER, VIEWER, LOST)}
        _write_a_note(browser, service, cookies[OWNER])
        visit = home.one("select visit from hit_log where name = 'download' order by at desc limit 1")
        yield World(service, new, cookies, welcome, str(visit))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _add_users(home: Home) -> str:
    """An owner, a viewer, one whose site is removed, and two who were only sent a link: the secret of one."""
    for login, role in ((OWNER, ("--owner",)), (VIEWER, ("--viewer", "demo")), (LOST, ("--viewer", "left"))):
        done = home.run("user", "add", login, *role, "--password-stdin", stdin=PASSWORD.encode())
        assert done.code == 0, done.err
    assert home.run("site", "remove", "left", "--yes").code == 0
    assert home.run("user", "add", INVITED, "--viewer", "demo").code == 0
    asked = home.run("user", "add", "guest", "--viewer", "demo")
    found = re.search(r"/dashboard/welcome/([\w-]+)", asked.out)
    assert found is not None, asked
    return found[1]


def _send_hits(service: Service) -> None:
    for hit in HITS:
        fields = {"agent": BROWSER, **hit}
        assert service.hit(**fields).status < 300, hit


def _signed_in(browser: Browser, service: Service, login: str) -> Sequence[Any]:
    with reader(browser) as (page, _):
        page.goto(f"{service.url}/dashboard/login")
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/dashboard/")
        return page.context.cookies()


def _write_a_note(browser: Browser, service: Service, cookies: Sequence[Any]) -> None:
    with reader(browser) as (page, _):
        page.context.add_cookies(cookies)
        page.goto(f"{service.url}/dashboard/sites/demo?period=7d")
        page.locator("details:has([name=text]) > summary").click()
        page.fill("[name=text]", "A launch of which much was said, and كعك for everybody")
        page.locator("form:has([name=text]) button").click()
        page.wait_for_url("**#chart")


def visit(page: Page, world: World, shown: Shown) -> None:
    """Go there as who may, and do there what is to be done."""
    page.context.clear_cookies()
    if shown.who:
        page.context.add_cookies(world.cookies[shown.who])
    answer = page.goto(address(world, shown.path))
    assert answer is not None
    assert answer.status == shown.status, (str(shown), answer.status)
    shown.after(page)


def address(world: World, path: str) -> str:
    if "{setup}" in path:
        printed = (world.new.home.folder / "serve.out").read_text()
        return re.findall(r"http://\S+/dashboard/setup/\S+", printed)[0]
    return f"{world.service.url}/dashboard{path.format(visit=world.visit, welcome=world.welcome)}"
