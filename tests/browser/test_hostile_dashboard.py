"""T-47, T-48, T-49: what strangers send, and what owners type, is text on every page of the dashboard. In Chromium.

Every stored field carries payloads, sent through the public endpoint, a hostile database of places, and the owner's
own forms. Then every page is opened, hovered and clicked, with our Content-Security-Policy and without.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from dashboard.report.panels import PANELS
from tests.kit.chromium import WAIT
from tests.kit.places import ADDRESS, NETWORK, database, geoip2
from tests.kit.process import BROWSER, Home, Service, noon_zone

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"
MARK = "pwnd"  # in every payload, to be found as text
PAYLOADS = (
    f"<script>window.__{MARK}=1</script>",
    f"<img src=x onerror=window.__{MARK}=1>",
    f'"><svg onload=window.__{MARK}=1>',
    f"'><iframe srcdoc='<script>parent.__{MARK}=1</script>'></iframe>",
    f"</script><script>window.__{MARK}=2</script>",
    f"</title><script>window.__{MARK}=3</script>",
    f"</textarea><img src=//evil.test/{MARK}>",
    f"<!-- {MARK} --!><b onmouseover=alert(1)>{MARK}</b>",
    f"javascript:alert('{MARK}')",
    f"java\tscript:alert('{MARK}')",
    f"java\nscript:alert('{MARK}')",
    f"%253Cscript%253Ewindow.__{MARK}%253D1%253C/script%253E",
    f"data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=={MARK}",
    "{{7*7}}" + MARK,
    "${7*7}" + MARK,
    "{% raw %}" + MARK,
    f"\u202e{MARK}\u202dbidi",
    f"<a href='javascript:alert(1)'>{MARK}</a>",
    f"<b style='position:fixed;inset:0'>{MARK}</b>",
    f"<math><mi//xlink:href='data:x,<script>alert(1)</script>'>{MARK}",
    f"<base href=//evil.test/>{MARK}",
    f"<meta http-equiv=refresh content='0;url=//evil.test/{MARK}'>",
    f"<link rel=stylesheet href=//evil.test/{MARK}.css>",
    f"<form action=//evil.test><button>{MARK}</button></form>",
    f"<object data=//evil.test/{MARK}></object>",
    f"<style>@import '//evil.test/{MARK}';</style>",
    f"x onmouseover=alert(1) {MARK}",
    f"` onmouseover=alert(1) {MARK}",
    f"&lt;script&gt;{MARK}&lt;/script&gt;",
    f'=HYPERLINK("//evil.test/{MARK}")',
    f"{MARK}%{{n}}%s%00\\u003cscript\\u003e",
    f"__proto__{MARK}",
    f"<template><script>{MARK}</script></template>",
    f"<details open ontoggle=window.__{MARK}=1>",
    f"<input autofocus onfocus=window.__{MARK}=1>",
    f"<video><source onerror=window.__{MARK}=1></video>",
    f'<xmp><p title="</xmp><img src=x onerror=alert(1)>">{MARK}',
    f"<svg><animate onbegin=window.__{MARK}=1 attributeName=x dur=1s>",
    f'<noscript><p title="</noscript><img src=x onerror=alert(1)>">{MARK}',
    f"{MARK}" + "w" * 1900,
)  # fmt: skip
PROTOTYPE_KEYS = ("__proto__", "constructor", "hasOwnProperty", "toString")
# What a page may be made of; nothing that was stored may add to it.
STRANGE = "iframe, object, embed, base, math, video, form:not([action^='/dashboard/']), [srcdoc], meta[http-equiv]"
LOOK = f"""() => ({{
  strange: [...document.querySelectorAll({json.dumps(STRANGE)})].map(one => one.outerHTML.slice(0, 200)),
  handled: [...document.querySelectorAll('*')].filter(one => [...one.attributes].some(a => a.name.startsWith('on')))
    .map(one => one.outerHTML.slice(0, 200)),
  scripts: [...document.querySelectorAll('script')]
    .filter(one => !one.src.startsWith(location.origin + '/dashboard/static/'))
    .map(one => one.outerHTML.slice(0, 200)),
  images: [...document.querySelectorAll('img')].filter(one => !one.src.startsWith(location.origin)).map(one => one.src),
  links: [...document.querySelectorAll('a[href], area[href]')].map(one => one.href)
    .filter(href => !/^https?:\\/\\//.test(href)),
  foreign: [...document.querySelectorAll('a[href]')].filter(one => !one.href.startsWith(location.origin))
    .filter(one => !/noopener/.test(one.rel)).map(one => one.href),
  ran: window.__pwnd, proto: ({{}}).pwnd,
}})"""
PUBLIC = ("/widget/demo.html", "/widget/demo/about", "/widget/gallery")  # their own frames and scripts are theirs
CLEAN = {
    "strange": [],
    "handled": [],
    "scripts": [],
    "images": [],
    "links": [],
    "foreign": [],
    "ran": None,
    "proto": None,
}


@dataclass
class Watch:
    """What must not happen on a page."""

    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def violated(self, what: str) -> None:
        self.violations.append(what)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose every stored field is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    home = Home(folder, zone=noon_zone())
    places = folder / "places.mmdb"
    places.write_bytes(database({
        NETWORK: geoip2("DE", PAYLOADS[0], PAYLOADS[1], code=PAYLOADS[2]),
        "198.51.100.0/24": geoip2("<b", PAYLOADS[4], PAYLOADS[7]),
    }))  # fmt: skip
    home.config.write_text(home.config.read_text() + f'[geoip]\ndatabase = "{places}"\n')
    with Service(home) as service:
        assert home.run("user", "add", "root", "--owner", "--password-stdin", stdin=PASSWORD.encode()).code == 0
        for number, payload in enumerate(PAYLOADS):
            plant(service, number, payload)
        plant_owners_words(home)
        yield service


def plant(service: Service, number: int, payload: str) -> None:
    """One payload in every field that a stranger can fill; what is refused is refused, what is kept is hostile."""
    visitor = f"{'203.0.113' if number % 2 else '198.51.100'}.{number + 10}"
    agent = header(f"{BROWSER} {payload}")
    query = f"utm_source={payload}&utm_medium={payload}&utm_campaign={payload}&utm_term={payload}&utm_content={payload}"
    hit = {
        "path": f"/{payload}?{query}", "title": payload, "referrer": f"https://evil.test/{payload}",
        "language": payload, "screen": 390 + number,
    }  # fmt: skip
    service.hit(visitor=visitor, agent=agent, **hit)
    service.hit(visitor=visitor, agent=agent, path=f"/{number}", name=payload, props={
        payload[:64]: payload[:512], PROTOTYPE_KEYS[number % 4]: payload[:512]})  # fmt: skip
    service.hit(visitor=visitor, agent=agent, path=f"/{payload}", name="not_found")
    for name in ("outbound", "download"):
        service.hit(visitor=visitor, agent=agent, path="/", name=name, props={"url": f"https://evil.test/{payload}"})
    service.hit(
        visitor=visitor,
        path=f"/{payload}",
        referrer=payload,
        agent=header(f"Googlebot/2.1 ({payload})"),
    )
    service.hit(visitor=visitor, path="/", agent=header(f"NewBot-{payload}"))


def header(text: str) -> str:
    """As much of a text as a header can carry."""
    return text[:500].replace("\n", " ").encode("utf-8").decode("latin-1")


def plant_owners_words(home: Home) -> None:
    """Names that an owner may give. Commands of the running service's owner."""
    assert home.type("site", "set", "demo", f"name={PAYLOADS[3]}").code == 0
    for number, payload in enumerate(PAYLOADS[:6]):
        home.type("site", "goal", "add", "demo", payload[:64], "--page", f"/{payload}"[:100] if number % 2 else "/*")
    home.type("user", "add", "vera@<example>", "--viewer", "demo")


def paths(service: Service) -> list[str]:
    """Every page that shows something stored; the last are the public ones."""
    site = "/dashboard/sites/demo"
    tabs = [(panel.name, tab.name) for panel in PANELS for tab in panel.tabs]
    visit = service.home.one("select max(visit) from hit_log")
    asked = "period=28d&filter=page:contains:<script>&filter=country:is_not:<b,\"'"
    return [
        "/dashboard/", "/dashboard/users", "/dashboard/account", f"{site}/settings", f"{site}/install",
        *(f"{site}?period=28d&{'&'.join(f'tab={panel}:{tab}' for panel, tab in row)}" for row in rows_of_tabs()),
        *(f"{site}/panels/{panel}/rows?tab={panel}:{tab}&search={MARK}" for panel, tab in tabs),
        *(f"{site}/panels/events/rows?tab=events:properties&key={key}" for key in PROTOTYPE_KEYS),
        f"{site}?{asked}", f"{site}/hits?{asked}", f"{site}/hits?period=28d", f"{site}/visits/{visit}",
        f"{site}/why?address={ADDRESS}&user_agent=%3Cscript%3E{MARK}", f"{site}/live",
        f"{site}?period=%3Cscript%3Ealert(1)", f"/dashboard/{PAYLOADS[0]}", f"/dashboard/login?next={PAYLOADS[8]}",
        *PUBLIC,
    ]  # fmt: skip


def rows_of_tabs() -> list[list[tuple[str, str]]]:
    """So many pages that every tab of every panel is open on one of them."""
    most = max(len(panel.tabs) for panel in PANELS)
    return [[(panel.name, panel.tabs[n % len(panel.tabs)].name) for panel in PANELS] for n in range(most)]


def watched(page: Page, origin: str) -> Watch:
    watch = Watch()
    page.on("dialog", lambda dialog: (watch.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on("request", lambda request: watch.foreign.append(request.url)
            if request.url.startswith("http") and not request.url.startswith(origin) else None)  # fmt: skip
    page.expose_function("__violated", watch.violated)
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e =>"
        " window.__violated(`${e.violatedDirective} ${e.blockedURI} ${e.sample} on ${location}`))"
    )
    return watch


def sign_in(page: Page, origin: str, login: str = "root") -> None:
    page.goto(f"{origin}/dashboard/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/dashboard/")


def without_policy(route: Route) -> None:
    """The same answer without the second wall."""
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
    route.fulfill(response=answer, headers=headers)


@pytest.mark.parametrize(
    ("policy", "every"),
    [
        pytest.param(True, 3, id="with our policy, a third of the pages"),
        pytest.param(False, 6, id="without any policy, a sixth of the pages"),
        pytest.param(True, 1, id="with our policy", marks=pytest.mark.soak),
        pytest.param(False, 1, id="without any policy", marks=pytest.mark.soak),
    ],
)
def test_nothing_stored_runs_on_any_page(planted: Service, browser: Browser, policy: bool, every: int) -> None:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(WAIT)
    page = context.new_page()
    watch = watched(page, planted.url)
    sign_in(page, planted.url)
    if not policy:
        # The stream of live hits never ends, so it cannot be fetched whole.
        page.route(lambda url: "/live/events" not in url, without_policy)
    seen = 0
    shown = paths(planted)[::every]
    for path in shown:
        page.goto(planted.url + path, wait_until="load")
        touch(page)
        found = page.evaluate(LOOK)
        if path in PUBLIC:
            found |= {"strange": [], "scripts": []}
        assert found == CLEAN, path
        seen += MARK in page.inner_text("body")
    page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert (watch.dialogs, watch.foreign, watch.violations, watch.errors) == ([], [], [], [])
    assert seen > len(shown) / 2  # the payloads are there, as text


def touch(page: Page) -> None:
    """Hover over what can be hovered, open what can be opened, scroll to the end and back."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(
        "document.querySelectorAll('a, td, th, summary, svg, .plot').forEach(one => {"
        " for (const name of ['mouseover', 'mouseenter', 'mousemove', 'focus'])"
        " one.dispatchEvent(new MouseEvent(name, {bubbles: true})) })"
    )
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    if page.locator(".plot[data-figure]").count():
        page.wait_for_function(
            "[...document.querySelectorAll('.plot[data-figure]')].every(one => one.hidden || one.querySelector('svg'))"
        )


def test_charts_are_drawn_and_their_labels_are_text(planted: Service, browser: Browser) -> None:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(WAIT)
    page = context.new_page()
    watch = watched(page, planted.url)
    sign_in(page, planted.url)
    page.goto(f"{planted.url}/dashboard/sites/demo?period=28d&tab=places:map")
    for chart in page.locator(".plot[data-figure]").all():
        chart.scroll_into_view_if_needed() if chart.is_visible() else None
    page.locator("#panel-places").scroll_into_view_if_needed()
    page.wait_for_selector("#panel-places .plot svg", state="attached")
    box = page.locator("#panel-places .plot").bounding_box()
    assert box is not None
    for step in range(0, int(box["width"]), 25):
        page.mouse.move(box["x"] + step, box["y"] + box["height"] / 2)
    assert page.evaluate(LOOK) == CLEAN
    context.close()
    assert (watch.dialogs, watch.foreign, watch.violations, watch.errors) == ([], [], [], [])


def test_what_an_export_holds_is_never_shown_as_a_page(planted: Service, browser: Browser) -> None:
    """T-70: each export is an attachment, and says what it is."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, planted.url)
    site = f"{planted.url}/dashboard/sites/demo"
    for path in ("export.csv", "export.json", "panels/pages.csv", "panels/pages.json", "hits.csv.gz", "hits.ndjson.gz"):
        answer = page.request.get(f"{site}/{path}")
        assert answer.status == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "html" not in answer.headers["content-type"]
    context.close()


def test_the_payloads_came_through_whole(planted: Service) -> None:
    """Or nothing is proved above: most of them are stored as they were sent."""
    stored = " ".join(text for (text,) in planted.home.rows("select text from value"))
    assert sum(payload.split()[0][:30] in stored for payload in PAYLOADS) > len(PAYLOADS) * 0.7
    assert Path(planted.home.database).exists()
