"""The tracker on a page of another origin whose policy names ours only: what it counts, and what it leaves alone."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Page

from counter.config import TrackerConfig
from counter.labels import LANGUAGES, format_number
from counter.web.tracker import snippet
from tests.kit.chromium import FLAGS, Seen, chromium, host_page, lines, reader, until
from tests.kit.process import Home, Service, noon_zone

pytestmark = pytest.mark.browser

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ours</title>%s</head><body>'
BODY = """<h1>Ours</h1>
<visitor-counter id="widget" data-metric="pageviews"></visitor-counter>
<p><span id="views" data-counter="today" data-metric="pageviews"></span> <a id="inside" href="/inside">Inside</a>
<a id="outside" href="http://127.0.0.1:9/elsewhere/?secret=1#part"><b id="bold">Outside</b></a>
<a id="letter" href="mailto:us@example.com">Letter</a> <a id="file" href="/files/Report.PDF?v=2">File</a>
<a id="named" href="/inside" data-counter-event="Menu" data-counter-prop-plan-type="free" data-counter-prop-n="3">x</a>
<button id="buy" type="button" data-counter-event="Buy" data-counter-prop-price="10">Buy <i id="icon">now</i></button>
<button id="out" type="button" data-counter="opt-out">Do not count me</button>
<form id="form" action="/sent" data-counter-event="Search" data-counter-prop-box="top"><input id="field" name="q">
<button id="send">Go</button></form></p>"""
STAYING = (
    "addEventListener('click', event => event.target.closest('a') && event.preventDefault());"
    "addEventListener('submit', event => event.preventDefault());"
)
HIDDEN = (
    "let hidden = true;"
    " Object.defineProperty(Document.prototype, 'hidden', {get: () => hidden, set(now) { hidden = now }});"
)
ROOT = Path(__file__).parents[2]
NUMBERS = count()
SITES = [f"site{number}" for number in range(60)]


class Counted(NamedTuple):
    """A site of its own for each test: starting a service takes seconds."""

    service: Service
    site: str

    def stored(self, columns: str = "name, path") -> list[tuple[str, ...]]:
        return self.service.home.rows(f"select {columns} from hit_log where site = ? order by hit", self.site)

    def today(self, metric: str = "visits") -> int:
        return int(self.service.totals(self.site, metric)["today"]["count"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(Home(tmp_path_factory.mktemp("tracker"), *SITES, zone=noon_zone())) as service:
        yield service


@pytest.fixture
def counted(running: Service) -> Counted:
    return Counted(running, SITES[next(NUMBERS)])


class Host(NamedTuple):
    """A page of another origin, and what was seen on it."""

    page: Page
    url: str
    seen: Seen
    counted: Counted

    def stored(self, columns: str = "name, path") -> list[tuple[str, ...]]:
        self.page.wait_for_timeout(1)  # what the browser asks us is only answered while we ask it something
        return self.counted.stored(columns)

    def names(self) -> list[str]:
        return [row[0] for row in self.stored()]

    def until_stored(self, *names: str) -> None:
        until(self.names, list(names))

    def props(self) -> dict[str, str]:
        """Of the newest event."""
        return dict(json.loads(self.stored("props")[-1][0]))


@contextmanager
def host(
    browser: Browser, counted: Counted, *, attributes: str = "", head: str = "", body: str = BODY, init: str = ""
) -> Iterator[Host]:
    """Nothing is opened yet; the policy names the service's origin only, and demands Trusted Types."""
    origin = counted.service.url
    script = f'<script async src="{origin}/counter.js" data-site="{counted.site}" {attributes}></script></body></html>'
    policy = f"default-src 'none'; script-src {origin}; connect-src {origin}; require-trusted-types-for 'script'"
    with host_page(HEAD % head + body + script, policy) as url, reader(browser) as (page, seen):
        if init:
            page.add_init_script(init)
        yield Host(page, url, seen, counted)


def test_a_whole_story_is_counted_exactly_and_leaves_nothing_behind(browser: Browser, counted: Counted) -> None:
    """T-53."""
    with host(browser, counted) as ours:
        page = ours.page
        page.goto(f"{ours.url}/first?utm_source=letter")
        until(lambda: page.text_content("#views"), "1")
        page.reload()
        until(lambda: page.text_content("#views"), "2")
        page.evaluate("history.pushState({}, '', '/second')")
        until(lambda: page.text_content("#views"), "3")
        page.go_back()
        until(lambda: page.text_content("#views"), "4")
        page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        until(lambda: page.text_content("#views"), "5")
        page.evaluate(STAYING)
        page.click("#bold")
        page.click("#file")
        page.click("#icon")
        until(lambda: len(ours.stored()), 8)

        assert sorted(ours.stored()) == sorted([
            ("pageview", "/first"), ("pageview", "/first"), ("pageview", "/second"), ("pageview", "/first"),
            ("pageview", "/first"), ("outbound", "/first"), ("download", "/first"), ("Buy", "/first"),
        ])  # fmt: skip
        assert {name: json.loads(props) for name, props in ours.stored("name, props") if props} == {
            "outbound": {"url": "http://127.0.0.1:9/elsewhere/"},
            "download": {"url": f"{ours.url}/files/Report.PDF"},
            "Buy": {"price": "10"},
        }
        assert len({row[0] for row in ours.stored("visit")}) == 1
        assert ours.stored("utm_source, title")[0] == ("letter", "Ours")

        assert counted.today("pageviews") == 5
        assert counted.today() == 1
        until(lambda: lines(page, "widget").get("Today"), "5")
        assert lines(page, "widget")["All days"] == "5"

        assert ours.seen.errors == []
        assert ours.seen.hosts == {ours.url.split("/")[2], counted.service.url.split("/")[2]}
        assert page.context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0


def test_a_page_that_comes_back_from_the_browsers_memory_is_a_view(browser: Browser, counted: Counted) -> None:
    remembering = ["--disable-back-forward-cache"]  # what Playwright asks for
    chrome = browser.browser_type.launch(executable_path=chromium(), args=FLAGS, ignore_default_args=remembering)
    with host(chrome, counted) as ours:
        ours.page.goto(f"{ours.url}/first")
        ours.until_stored("pageview")
        ours.page.evaluate("window.mark = 'the same document'")
        ours.page.goto(f"{ours.url}/second")
        ours.until_stored("pageview", "pageview")
        ours.page.go_back(wait_until="commit")
        until(lambda: ours.stored("path"), [("/first",), ("/second",), ("/first",)])
        until(lambda: ours.page.text_content("#views"), "3")
        assert ours.page.evaluate("window.mark") == "the same document"
    chrome.close()


def test_links_forms_and_elements_count_when_they_are_followed_sent_and_clicked(
    browser: Browser, counted: Counted
) -> None:
    with host(browser, counted) as ours:
        page = ours.page
        page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        page.evaluate(STAYING)
        page.click("#letter")
        page.click("#inside")
        page.click("#bold", button="right")
        page.click("#buy", button="middle")
        page.click("#field")
        page.click("#named")
        ours.until_stored("pageview", "Menu")
        assert ours.props() == {"plan-type": "free", "n": "3"}
        page.click("#send")
        ours.until_stored("pageview", "Menu", "Search")
        assert ours.props() == {"box": "top"}
        page.focus("#outside")
        page.keyboard.press("Enter")
        ours.until_stored("pageview", "Menu", "Search", "outbound")
        page.click("#bold", button="middle")
        ours.until_stored("pageview", "Menu", "Search", "outbound", "outbound")
        page.focus("#field")
        page.keyboard.press("Enter")
        ours.until_stored("pageview", "Menu", "Search", "outbound", "outbound", "Search")


def test_a_link_inside_a_shadow_root_is_counted_even_when_the_page_stops_the_click(
    browser: Browser, counted: Counted
) -> None:
    with host(browser, counted) as ours:
        ours.page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        ours.page.evaluate(
            "const shadow = document.querySelector('h1').attachShadow({mode: 'open'});"
            "const link = document.createElement('a'); link.href = 'https://other.example/'; link.id = 'deep';"
            "link.textContent = 'Deep'; shadow.append(link);"
            "link.addEventListener('click', event => { event.preventDefault(); event.stopImmediatePropagation(); })"
        )
        ours.page.click("#deep")
        ours.until_stored("pageview", "outbound")
        assert ours.props() == {"url": "https://other.example/"}


def test_a_link_that_leaves_the_page_is_counted(browser: Browser, counted: Counted) -> None:
    with host_page("<h1>Elsewhere</h1>", "default-src 'none'") as elsewhere:
        body = f'<a id="away" href="{elsewhere}/there">Away</a>'
        with host(browser, counted, body=body) as ours:
            ours.page.goto(f"{ours.url}/")
            ours.until_stored("pageview")
            ours.page.click("#away")
            ours.page.wait_for_url(f"{elsewhere}/there")
            ours.until_stored("pageview", "outbound")
            assert ours.props() == {"url": f"{elsewhere}/there"}


@pytest.mark.parametrize(
    ("attributes", "head"),
    [('data-status="404"', ""), ("", '<meta name="counter:status" content="404">')],
    ids=["script", "meta"],
)
def test_a_page_that_is_not_there_is_an_event_and_no_view(
    attributes: str, head: str, browser: Browser, counted: Counted
) -> None:
    with host(browser, counted, attributes=attributes, head=head) as ours:
        ours.page.goto(f"{ours.url}/gone")
        until(ours.stored, [("not_found", "/gone")])
        until(lambda: ours.page.text_content("#views"), "0")
        if attributes:  # the status is the document's: what an application shows next is a page
            ours.page.evaluate("history.pushState({}, '', '/found')")
            until(ours.stored, [("not_found", "/gone"), ("pageview", "/found")])


def test_pages_that_the_owner_excludes_send_nothing(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, attributes='data-exclude="/admin/*, /x, /კაბინეტი"') as ours:
        for path in ("/admin/users", "/x?a=1", "/კაბინეტი"):
            ours.page.goto(ours.url + path)
            until(lambda: ours.page.text_content("#views"), "0")
        ours.page.evaluate("counter.track('hidden')")
        for path in ("/xy", "/administration"):
            ours.page.goto(ours.url + path)
            until(lambda path=path: ours.stored()[-1:], [("pageview", path)])
        assert ours.stored() == [("pageview", "/xy"), ("pageview", "/administration")]


def test_fragments_are_pages_where_the_owner_says_so(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, attributes="data-hash") as ours:
        ours.page.goto(f"{ours.url}/app#/start")
        until(ours.stored, [("pageview", "/app/start")])
        ours.page.evaluate("location.hash = '#/second'")
        until(ours.stored, [("pageview", "/app/start"), ("pageview", "/app/second")])
    with host(browser, counted) as ours:
        ours.page.goto(f"{ours.url}/plain#/start")
        until(lambda: ours.stored()[2:], [("pageview", "/plain")])
        ours.page.evaluate("location.hash = '#/second'")
        ours.page.evaluate("history.replaceState({}, '', '/replaced')")
        until(lambda: ours.stored()[2:], [("pageview", "/plain"), ("pageview", "/replaced")])


def test_the_canonical_address_is_counted_where_the_owner_says_so(browser: Browser, counted: Counted) -> None:
    link = '<link rel="canonical" href="https://ours.example/real">'
    with host(browser, counted, attributes="data-canonical", head=link) as ours:
        ours.page.goto(f"{ours.url}/copy?utm_source=letter")
        until(lambda: ours.stored("path, utm_source"), [("/real", "letter")])
    with host(browser, counted, head=link) as ours:
        ours.page.goto(f"{ours.url}/copy")
        until(lambda: ours.stored("path")[1:], [("/copy",)])


def test_the_owner_names_what_a_download_is(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, attributes='data-downloads="step|stl"') as ours:
        ours.page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        ours.page.evaluate(STAYING + "document.getElementById('inside').href = '/part.STEP'")
        ours.page.click("#file")
        ours.page.click("#inside")
        ours.until_stored("pageview", "download")
        assert ours.props() == {"url": f"{ours.url}/part.STEP"}


def test_calls_before_the_script_wait_for_it_and_values_become_texts(browser: Browser, counted: Counted) -> None:
    stub = "window.counter = window.counter || {q: [], track(...call) { this.q.push(call); }};"
    early = "counter.track('early', {seats: 3, yes: true, list: [1, 2]}); counter.track('bare');"
    with host(browser, counted, init=stub + early) as ours:
        ours.page.goto(f"{ours.url}/")
        until(lambda: sorted(ours.names()), ["bare", "early", "pageview"])
        props = dict(ours.stored("name, props"))
        assert json.loads(props["early"]) == {"seats": "3", "yes": "true", "list": "1,2"}
        assert ours.page.evaluate("Object.keys(counter).join()") == "track,optOut,draw"


def test_a_name_that_the_page_uses_stays_the_pages_own(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, init="window.counter = {mine: true};") as ours:
        ours.page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        assert ours.page.evaluate("JSON.stringify(counter)") == '{"mine":true}'
    with host(browser, counted, body='<h1 id="counter">Ours</h1>') as ours:
        ours.page.goto(f"{ours.url}/")
        until(lambda: ours.page.evaluate("typeof counter.track"), "function")


def test_who_does_not_want_to_be_counted_is_not_until_he_does(browser: Browser, counted: Counted) -> None:
    with host(browser, counted) as ours:
        page = ours.page
        page.goto(f"{ours.url}/")
        until(lambda: page.get_attribute("#out", "aria-pressed"), "false")
        page.click("#out")
        assert page.get_attribute("#out", "aria-pressed") == "true"
        assert page.evaluate("localStorage.counter_opt_out") == "1"
        until(lambda: len(ours.stored()), 1)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/hit") else None)
        page.evaluate("counter.track('nothing')")
        page.reload()
        until(lambda: page.get_attribute("#out", "aria-pressed"), "true")
        until(lambda: page.text_content("#views"), "1")  # the numbers may still be read
        page.evaluate("history.pushState({}, '', '/second')")
        page.goto(f"{ours.url}/third")
        until(lambda: page.text_content("#views"), "1")
        assert asked == []
        page.evaluate("counter.optOut(false)")
        assert page.evaluate("localStorage.length") == 0
        page.goto(f"{ours.url}/fourth")
        until(lambda: page.text_content("#views"), "2")


def test_a_hidden_page_is_counted_when_it_is_shown(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, init=HIDDEN) as ours:
        ours.page.goto(f"{ours.url}/")
        until(lambda: ours.page.text_content("#views"), "0")
        assert ours.stored() == []
        ours.page.evaluate("document.hidden = false; document.dispatchEvent(new Event('visibilitychange'))")
        until(ours.stored, [("pageview", "/")])
        until(lambda: ours.page.text_content("#views"), "1")


def test_a_redirect_within_the_page_is_one_view_from_where_the_first_came(browser: Browser, counted: Counted) -> None:
    with host(browser, counted) as ours:
        ours.page.goto(f"{ours.url}/", referer="https://search.example/")
        ours.until_stored("pageview")
        ours.page.evaluate("history.pushState({}, '', '/old'); history.replaceState({}, '', '/new')")
        until(ours.stored, [("pageview", "/"), ("pageview", "/new")])
        assert ours.stored("referrer")[0] == ("https://search.example/",)


def test_a_retry_is_the_same_hit(browser: Browser, counted: Counted) -> None:
    with host(browser, counted) as ours:
        bodies: list[str] = []

        def lose(route: object) -> None:
            bodies.append(route.request.post_data)  # type: ignore[attr-defined]
            if len(bodies) == 1:
                route.fulfill(status=503)  # type: ignore[attr-defined]
            else:
                route.continue_()  # type: ignore[attr-defined]

        ours.page.route("**/hit", lose)
        ours.page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        assert len(bodies) == 2
        assert bodies[0] == bodies[1]


def test_engaged_time_is_told_when_the_page_is_left_and_is_no_view(browser: Browser, counted: Counted) -> None:
    with host(browser, counted) as ours:
        ours.page.goto(f"{ours.url}/long-read")
        until(lambda: ours.page.text_content("#views"), "1")
        ours.page.wait_for_timeout(1600)
        ours.page.goto("about:blank")
        until(lambda: ours.stored("engaged > 0"), [(1,)])
        assert counted.today("pageviews") == 1


HOSTILE = {
    "fetch throws": "window.fetch = () => { throw new Error('mine') }",
    "fetch rejects": "window.fetch = () => Promise.reject(new Error('mine'))",
    "fetch is gone": "delete window.fetch",
    "JSON is broken": "window.JSON = {stringify() { throw new Error('mine') }, parse() { throw new Error('mine') }}",
    "no custom elements": "customElements.define = () => { throw new Error('mine') }",
    "no shadow roots": "Element.prototype.attachShadow = () => { throw new Error('mine') }",
    "no beacon": "navigator.sendBeacon = () => { throw new Error('mine') }",
    "no storage": "Object.defineProperty(window, 'localStorage', {get() { throw new Error('mine') }})",
    "nothing to listen to": "window.addEventListener = () => { throw new Error('mine') }",
}
COUNTED = {
    "prototypes are frozen": "for (const one of [Object, Array, Function, String, Promise, Set, Map, URL, History])"
    " Object.freeze(one.prototype); Object.freeze(history)",
    "every text has a toJSON": "String.prototype.toJSON = Array.prototype.toJSON = Object.prototype.toJSON ="
    " function () { return '\"' + this + '\"'; }",
    "navigator is another": "Object.defineProperty(window, 'navigator', {value: {}})",
    "JSON and fetch are broken later": "addEventListener('load', () => { window.fetch = window.JSON = null; })",
    "storage is forbidden": "Object.defineProperty(window, 'localStorage', {get() { throw new Error('mine') }})",
    "history is not ours": "history.pushState = () => { throw new Error('mine') }",
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_the_host_page_survives(harm: str, browser: Browser, counted: Counted) -> None:
    with host(browser, counted, init=HOSTILE[harm]) as ours:
        ours.page.goto(f"{ours.url}/")
        ours.page.wait_for_load_state("networkidle")
        ours.page.evaluate("window.counter?.track?.('try', {a: Symbol('no text')}); history.pushState({}, '', '/next')")
        ours.page.click("#buy")
        ours.page.click("#out")
        ours.page.wait_for_load_state("networkidle")
        assert ours.page.text_content("h1") == "Ours"
        assert ours.seen.errors == []


@pytest.mark.parametrize("harm", COUNTED)
def test_what_a_page_does_to_its_own_objects_does_not_stop_the_counting(
    harm: str, browser: Browser, counted: Counted
) -> None:
    with host(browser, counted, init=COUNTED[harm]) as ours:
        ours.page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        ours.page.click("#buy")
        ours.until_stored("pageview", "Buy")
        assert ours.stored("title, props")[1] == ("Ours", '{"price":"10"}')
        assert ours.seen.errors == []


def test_a_blocked_service_leaves_what_is_there_and_an_em_dash(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, body=BODY + '<p data-counter="all" id="old">7</p>') as ours:
        for pattern in ("**/hit", "**/api/**", "**/widget/**"):
            ours.page.route(pattern, lambda route: route.abort())
        ours.page.goto(f"{ours.url}/")
        until(lambda: ours.page.text_content("#views"), "—")
        until(lambda: ours.page.evaluate("widget.shadowRoot?.textContent"), "—")
        assert ours.page.text_content("#old") == "7"
        assert ours.page.text_content("h1") == "Ours"


def documented() -> list[str]:
    """The indented blocks of docs/tracker.md."""
    text = (ROOT / "docs" / "tracker.md").read_text(encoding="utf-8")
    return [textwrap.dedent(block[0]).strip() for block in re.finditer(r"(?:^    .*\n)+", text, re.MULTILINE)]


def test_every_example_of_the_documentation_does_what_it_says(browser: Browser, counted: Counted) -> None:
    blocks = documented()
    markup = [block for block in blocks if block.startswith("<") and not block.startswith("<script")]
    calls = [block for block in blocks if not block.startswith("<")]
    tags = [block for block in blocks if block.startswith("<script")]
    assert (len(markup), len(calls), len(tags)) == (3, 2, 3)
    assert all(tag.startswith('<script async src="https://counter.example/counter.') for tag in tags)
    attributes = re.search(r'data-site="shop"(.*?)>', tags[1])
    assert attributes
    with host(browser, counted, body="\n".join(markup), attributes=attributes[1], init=calls[1]) as ours:
        page = ours.page
        page.goto(f"{ours.url}/read")
        until(lambda: page.text_content("[data-path=this]"), "1")
        page.evaluate(STAYING + calls[0])
        ours.until_stored("pageview", "signup")
        assert ours.props() == {"plan": "free", "seats": "3"}
        page.click("[data-counter-event=Buy]")
        ours.until_stored("pageview", "signup", "Buy")
        assert ours.props() == {"plan": "yearly", "seats": "3"}
        page.fill("[name=q]", "a secret")
        page.click("form button")
        ours.until_stored("pageview", "signup", "Buy", "Search")
        assert ours.props() == {"box": "top"}
        page.evaluate("document.querySelector('visitor-counter').id = 'widget'")
        assert list(lines(page, "widget")) == ["დღეს", "სულ", "ახლა საიტზე"]
        page.click("[data-counter=opt-out]")
        assert page.evaluate("localStorage.counter_opt_out") == "1"
        assert ours.seen.errors == []


def test_the_documentation_names_every_attribute_and_call() -> None:
    text = (ROOT / "docs" / "tracker.md").read_text(encoding="utf-8")
    source = (ROOT / "counter" / "web" / "script" / "counter.js").read_text(encoding="utf-8")
    settings = set(re.findall(r'settings\.(\w+)|"(\w+)" in settings', source))
    names = {one or other for one, other in settings} | {"site", "status"}
    assert names == {"site", "hit", "exclude", "canonical", "downloads", "hash", "status"}
    assert [name for name in sorted(names) if f"`data-{name}" not in text] == []
    parts = set(re.findall(r'part: "([a-z]+)"', (ROOT / "counter/web/script/widget.js").read_text(encoding="utf-8")))
    assert [part for part in sorted(parts) if f"`{part}`" not in text] == []
    assert [call for call in ("track", "optOut", "draw") if f"`counter.{call}(" not in text] == []


# An element as text and attributes, without what only one of two forms of it has.
TREE = """function tree(element) {
  const attributes = [...element.attributes].filter(one => one.name !== 'part')
    .map(one => one.name + '=' + one.value.replace(' vc-live', '')).sort();
  const children = [...element.childNodes].filter(node => node.nodeType === 1 || node.textContent.trim())
    .map(node => node.nodeType === 1 ? tree(node) : node.textContent.trim());
  return element.localName === 'time' ? ['time'] : [element.localName, attributes, children];
}"""
FORMS = [
    "lang=en", "lang=ar&numerals=arab", "lang=ka&digits=10&date=local&scheme=dark&theme=plain", "lang=de&hide_zeros=1",
    "lines=today,record_day,countries,your_country,your_system,online,ip&label.today=Now&digits=none&lang=en",
]  # fmt: skip


@pytest.mark.parametrize("options", FORMS)
def test_the_script_draws_the_same_markup_as_the_server(options: str, browser: Browser, running: Service) -> None:
    counted = Counted(running, SITES[-1])
    running.hit(counted.site)
    named = " ".join(f'data-{key.replace(".", "-")}="{value}"' for key, value in parse_qsl(options))
    widget = f'<visitor-counter id="widget" {named}></visitor-counter>'
    with host(browser, counted, body=widget, attributes='data-exclude="*"') as ours:
        ours.page.goto(ours.url)
        card = "document.getElementById('widget').shadowRoot?.querySelector('.vc')"
        until(lambda: ours.page.evaluate(f"!!{card}"), True)
        drawn = ours.page.evaluate(f"() => {{ {TREE}; return tree({card}) }}")
    with reader(browser) as (page, _):
        page.goto(f"{running.url}/widget/{counted.site}.html?{options}")
        assert page.evaluate(f"() => {{ {TREE}; return tree(document.querySelector('.vc')) }}") == drawn


def test_numbers_in_the_text_are_grouped_as_in_the_widget(browser: Browser, counted: Counted) -> None:
    """Chromium's own tables have no Georgian."""
    body = "".join(f'<span data-counter="all" data-lang="{tag}"></span>' for tag in LANGUAGES)
    numbers = json.dumps({"all": {"count": 2506638}})
    with host(browser, counted, body=body) as ours:
        ours.page.route(
            "**/api/v1/totals*",
            lambda route: route.fulfill(body=numbers, headers={"Access-Control-Allow-Origin": "*"}),
        )
        ours.page.goto(ours.url)
        shown = "[...document.querySelectorAll('span')].map(span => span.textContent)"
        until(lambda: ours.page.evaluate(shown), [format_number(2506638, one) for one in LANGUAGES.values()])


PRERENDERED = """<!doctype html><title>P</title><body><a id="next" href="/b">next</a>
<script type="speculationrules">{"prerender": [{"urls": ["/b"], "eagerness": "immediate"}]}</script>
<script>
const tell = text => fetch('/tell?' + location.pathname + text);
addEventListener('load', () => setTimeout(() => tell(document.prerendering ? '-prerendered' : '-loaded'), 300));
if (location.pathname === '/a') setInterval(async () => {
  if ((await fetch('/go')).status === 200) document.getElementById('next').click();
}, 100);
</script>"""


@contextmanager
def telling_server(body: str, told: list[str]) -> Iterator[str]:
    """Pages that say what happens in them, and go on when `go` is among it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/tell"):
                told.append(self.path.partition("?")[2])
            sent = body.encode() if self.path in ("/a", "/b") else b""
            self.send_response(204 if self.path == "/go" and "go" not in told else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_a_prerendered_page_is_counted_when_it_is_opened(counted: Counted, tmp_path: Path) -> None:
    """Without Playwright, under which nothing is prerendered."""
    told: list[str] = []
    script = f'<script async src="{counted.service.url}/counter.js" data-site="{counted.site}"></script>'
    with telling_server(PRERENDERED + script, told) as url:
        flags = (*FLAGS, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={tmp_path}")
        process = subprocess.Popen([chromium(), *flags, f"{url}/a"], stderr=subprocess.DEVNULL)
        try:
            until(lambda: "/b-prerendered" in told, True)
            assert counted.stored() == [("pageview", "/a")]
            told.append("go")
            until(counted.stored, [("pageview", "/a"), ("pageview", "/b")])
        finally:
            process.terminate()
            process.wait()


BORROWED = "".join(
    f'<p id="{name}_container_{scope}_{unit}" style="display: none"><i id="{name}_value_{scope}_{unit}"></i></p>'
    for name in ("busuanzi", "vercount")
    for scope in ("site", "page")
    for unit in ("pv", "uv")
)


def test_the_places_of_other_counters_are_filled_and_shown(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, body=BORROWED.replace('style="display: none"', "hidden")) as ours:
        ours.page.goto(f"{ours.url}/first")
        until(lambda: ours.page.text_content("#vercount_value_page_uv"), "1")
        ours.page.goto(f"{ours.url}/second")
        shown = (
            "[...document.querySelectorAll('i')].map(one => one.textContent + getComputedStyle(one.parentNode).display)"
        )
        numbers = ["2inline", "1inline", "1inline", "1inline"]  # of the site: views, visitors; of the page: the same
        until(lambda: ours.page.evaluate(shown), numbers * 2)
        assert ours.seen.errors == []


ROOM = [
    "",
    'data-about="1"',
    'data-digits="none"',
    'data-lines="all"',
    'data-lines="record_day,today"',
    'data-lang="ar"',
]


@pytest.mark.parametrize("attributes", ROOM)
def test_nothing_on_the_page_moves_when_the_numbers_come(attributes: str, browser: Browser, running: Service) -> None:
    counted = Counted(running, SITES[-1])
    running.hit(counted.site)
    widget = f'<visitor-counter id="widget" {attributes}></visitor-counter>'
    with host(browser, counted, body=widget, attributes='data-exclude="*"') as ours:
        ours.page.route("**/widget/*.json*", lambda route: None)
        ours.page.goto(ours.url)
        until(lambda: ours.page.evaluate("widget.shadowRoot?.textContent"), "—")
        height = "document.getElementById('widget').getBoundingClientRect().height"
        before = ours.page.evaluate(height)
        ours.page.unroute("**/widget/*.json*")  # lets those go that were held
        until(lambda: ours.page.evaluate("!!widget.shadowRoot.querySelector('.vc')"), True)
        assert abs(ours.page.evaluate(height) - before) <= 2


def test_what_the_server_put_into_a_widget_stays_until_there_are_numbers(browser: Browser, counted: Counted) -> None:
    widget = '<visitor-counter id="widget"><p id="server">7 on 2024-11-21</p></visitor-counter>'
    with host(browser, counted, body=widget) as ours:
        ours.page.route("**/widget/*.json*", lambda route: route.abort())
        ours.page.goto(f"{ours.url}/first")
        ours.until_stored("pageview")
        assert ours.page.is_visible("#server")
        ours.page.unroute("**/widget/*.json*")
        ours.page.evaluate("history.pushState({}, '', '/second')")
        until(lambda: lines(ours.page, "widget").get("Today"), "1")
        assert not ours.page.is_visible("#server")


def test_a_widget_that_comes_later_is_drawn(browser: Browser, counted: Counted) -> None:
    add = (
        "const later = document.createElement('%s'); later.id = '%s'; later.dataset.counter = 'today';"
        "document.body.append(later);"
    )
    with host(browser, counted, body="<h1>Ours</h1>") as ours:
        asked: list[str] = []
        ours.page.on("request", lambda request: asked.append(request.url))
        ours.page.goto(f"{ours.url}/")
        ours.until_stored("pageview")
        assert not [url for url in asked if "counter-widget" in url], (
            "a page without numbers does not fetch what draws them"
        )
        ours.page.evaluate("{" + add % ("span", "first") + "} history.pushState({}, '', '/next')")
        until(lambda: ours.page.text_content("#first"), "1")
        ours.page.evaluate("{" + add % ("visitor-counter", "widget") + "}")
        until(lambda: lines(ours.page, "widget").get("Today"), "1")
        ours.page.evaluate("{" + add % ("span", "second") + "} counter.draw()")
        until(lambda: ours.page.text_content("#second"), "1")


def test_a_tag_that_stands_there_twice_counts_once_and_two_sites_count_both(
    browser: Browser, counted: Counted, running: Service
) -> None:
    other = Counted(running, SITES[next(NUMBERS)])
    tag = '<script src="{}/counter.js" data-site="{}"></script>'  # not async: the other site's runs first
    tags = tag.format(running.url, other.site) + tag.format(running.url, counted.site)
    with host(browser, counted, body=BODY + tags) as ours:
        ours.page.goto(f"{ours.url}/first")
        for one in (ours, other):
            until(lambda one=one: one.stored("path"), [("/first",)])
        ours.page.evaluate("history.pushState({}, '', '/second')")
        until(lambda: ours.stored("path"), [("/first",), ("/second",)])
        until(lambda: other.stored("path"), [("/first",), ("/second",)])
        ours.page.evaluate(  # as frameworks do that put a new body in
            "const policy = trustedTypes.createPolicy('frame', {createScriptURL: text => text});"
            "const again = document.createElement('script');"
            "again.src = policy.createScriptURL(document.scripts[0].src);"
            "again.dataset.site = document.scripts[0].dataset.site; document.body.append(again);"
            "new Promise(done => again.onload = done)"
        )
        ours.page.evaluate("history.pushState({}, '', '/third')")
        until(lambda: ours.stored("path"), [("/first",), ("/second",), ("/third",)])
        until(lambda: other.stored("path"), [("/first",), ("/second",), ("/third",)])


def test_a_call_from_the_head_has_the_path_of_its_page(browser: Browser, counted: Counted) -> None:
    """The script runs before there is a body, a title or a status."""
    early = f'<script src="{counted.service.url}/counter.js" data-site="{counted.site}"></script>'
    later = '<meta name="counter:status" content="404">'
    calls = "window.counter = {q: [['early']]};"
    with host(browser, counted, head=early + later, init=calls) as ours:
        ours.page.goto(f"{ours.url}/gone")
        until(lambda: sorted(ours.stored()), [("early", "/gone"), ("not_found", "/gone")])


def test_a_script_with_its_hash_counts_and_another_under_that_hash_does_not_run(
    browser: Browser, counted: Counted, running: Service
) -> None:
    good, bad = Counted(running, SITES[next(NUMBERS)]), Counted(running, SITES[next(NUMBERS)])
    config = TrackerConfig("counter.js", "/hit")
    tags = snippet(config, running.url, good.site, pinned=True)
    tags += snippet(config, running.url, bad.site, pinned=True).replace("sha384-", "sha384-AAAA")
    with host(browser, counted, body=BODY + tags) as ours:
        ours.page.goto(f"{ours.url}/")
        until(good.stored, [("pageview", "/")])
        until(ours.stored, [("pageview", "/")])
        ours.page.wait_for_load_state("networkidle")
        assert bad.stored() == []
        assert [error for error in ours.seen.errors if "integrity" not in error] == []


def test_time_without_the_focus_is_not_engaged(browser: Browser, counted: Counted) -> None:
    with host(browser, counted, init="Document.prototype.hasFocus = () => false;") as ours:
        asked: list[str] = []
        ours.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/hit") else None)
        ours.page.goto(f"{ours.url}/open")
        ours.until_stored("pageview")
        ours.page.wait_for_timeout(1600)
        ours.page.goto(f"{ours.url}/next")
        ours.until_stored("pageview", "pageview")
        assert len(asked) == 2
