"""The tracker and the widget in Chromium, Firefox and WebKit: the same pages, the same numbers, the same card."""

from __future__ import annotations

import base64
import http.client
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, product
from typing import NamedTuple

import pytest

from counter.labels import LANGUAGES
from counter.widget.theme import THEMES
from tests.browser.engines import Engine, engine, wait_for
from tests.kit.chromium import host_page, until
from tests.kit.process import Home, Service, noon_zone
from tests.kit.widget_sample import IPV6

pytestmark = pytest.mark.browser

NAMES = {"chromium": "Chrome", "firefox": "Firefox", "webkit": "GNOME"}  # Web is WebKitGTK's browser
SITES = [f"site{number}" for number in range(10)]
NUMBERS = count()
IPV4 = "255.255.255.255"
DEFAULT = "today,yesterday,this_week,last_week,this_month,last_month,all,ip,date"
LINES = (DEFAULT, f"{DEFAULT},countries", f"{DEFAULT},your_system")
DARK, LIGHT = "#101418", "#fafafa"  # pages, not schemes
STAY = """document.addEventListener("click", (event) => event.target.closest("a") && event.preventDefault()), null"""
STRICT = "default-src 'none'; script-src {0}; connect-src {0}; require-trusted-types-for 'script'; trusted-types 'none'"
ISOLATED = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}
CARDS = """[...document.querySelectorAll("visitor-counter")].map((one) => one.shadowRoot?.querySelector(".vc"))"""
ALL_DRAWN = f"{CARDS}.every((card) => card && card.getBoundingClientRect().width > 200)"

# What sticks out of its card, labels and addresses on more than one line, and flags that lie over what is above them.
FALLEN_APART = """[...document.querySelectorAll("visitor-counter")].flatMap((one) => {
  const card = one.shadowRoot.querySelector(".vc"), box = card.getBoundingClientRect();
  const where = `${one.dataset.theme} ${one.dataset.lang} ${one.dataset.lines.slice(67)}: `;
  const out = [...card.querySelectorAll("*:not(caption)")].filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return left < box.left - 1 || right > box.right + 1;
  });
  const broken = [...card.querySelectorAll("th")].filter((label) => {
    const range = document.createRange();
    range.selectNodeContents(label);
    const tops = [...range.getClientRects()].filter((part) => part.width > 1).map((part) => part.top);
    return Math.max(...tops) - Math.min(...tops) > 12;
  });
  const address = card.querySelector(".vc-ip .vc-wide"), flags = card.querySelector(".vc-flags li");
  if (address && address.getBoundingClientRect().height > 20) broken.push(address);
  if (flags) {
    const top = flags.getBoundingClientRect().top + 1;
    const above = [card.querySelector(".vc-countries td > bdi"), card.querySelector(".vc-countries .vc-icon")];
    if (above.some((one) => one.getBoundingClientRect().bottom > top)) broken.push(flags);
  }
  return [...out.map((element) => element.outerHTML), ...broken.map((label) => label.textContent)]
    .map((text) => where + text.slice(0, 80));
})"""
COLOUR_AT = """new Promise((done, failed) => {
  const picture = new Image();
  picture.onerror = failed;
  picture.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
    const brush = canvas.getContext("2d");
    brush.drawImage(picture, 0, 0);
    done(%s.map(([x, y]) => [...brush.getImageData(x, y, 1, 1).data.slice(0, 3)]));
  };
  picture.src = "data:image/png;base64,%s";
})"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(Home(tmp_path_factory.mktemp("engines"), "demo", *SITES, zone=noon_zone())) as service:
        for address in ("5.9.0.1", "8.8.8.8", "5.152.0.1"):  # of three countries
            service.hit(visitor=address)
        yield service


@pytest.fixture(scope="module", params=NAMES)
def window(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engine(request.param) as opened:
        yield opened


class Entrance(NamedTuple):
    """A proxy before the service, through which readers of one address come; `asked` are the paths they asked for."""

    url: str
    asked: list[str]


@contextmanager
def entrance(service: Service, address: str) -> Iterator[Entrance]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            connection = http.client.HTTPConnection("127.0.0.1", service.port)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection.request(self.command, self.path, body, {**self.headers, "X-Forwarded-For": address})
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("date", "server", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_POST = do_GET  # noqa: N815  # the name is http.server's

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Entrance(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page_of(body: str, style: str = "", head: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ours</title>'
        f"<style>body {{ margin: 0; }} {style}</style>{head}</head><body>{body}</body></html>"
    )


def script_of(url: str, site: str = "demo") -> str:
    return f'<script async src="{url}/counter.js" data-site="{site}"></script>'


def colours_at(window: Engine, service: Service, *points: tuple[int, int]) -> list[str]:
    """Of a picture of what is in sight, read on a page of ours that may show it; `#rrggbb`."""
    picture = base64.b64encode(window.picture()).decode()
    window.open(f"{service.url}/opt-out")
    found = window.evaluate(COLOUR_AT % ([list(point) for point in points], picture))
    return ["#" + "".join(f"{part:02x}" for part in colour) for colour in found]


# The tracker ----------------------------------------------------------------------------------------------------------


def test_a_journey_is_counted_exactly(window: Engine, running: Service) -> None:
    site = SITES[next(NUMBERS)]

    def stored() -> list[tuple[str, str]]:
        return running.home.rows("select name, path from hit_log where site = ? order by hit", site)

    body = '<a href="https://elsewhere.example/">Out</a> <button data-counter-event="Buy">Buy</button>'
    script = script_of(running.url, site)
    expected: list[tuple[str, str]] = []

    def after(expression: str, *events: tuple[str, str]) -> None:
        window.evaluate(f"({expression}, null)")
        expected.extend(events)
        until(stored, expected)

    with host_page(f"<!doctype html><title>Ours</title>{body}{script}", STRICT.format(running.url)) as url:
        window.errors.clear()
        window.open(f"{url}/first?utm_source=letter")
        after("0", ("pageview", "/first"))
        after("history.pushState({}, '', '/second')", ("pageview", "/second"))
        after("history.back()", ("pageview", "/first"))
        after("setTimeout(() => location.reload())", ("pageview", "/first"))
        wait_for(window, "document.readyState", "complete")
        window.evaluate(STAY)
        after("document.querySelector('button').click()", ("Buy", "/first"))
        after("document.querySelector('a').click()", ("outbound", "/first"))
        window.open(f"{url}/left")
        after("0", ("pageview", "/left"))
    browsers = running.home.rows("select distinct browser from hit_log where site = ?", site)
    assert [row[0].split()[0] for row in browsers] == [NAMES[window.name]]
    assert [error for error in window.errors if "favicon" not in error] == []


# The card -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "language"), [(IPV4, "en"), (IPV6, "ar")])
def test_the_card_does_not_fall_apart(window: Engine, running: Service, address: str, language: str) -> None:
    """Every theme and every language, with what is long: addresses, countries, the reader's system."""
    kinds = {*product(THEMES, (language,), LINES), *product(("classic",), LANGUAGES, LINES[1:])}
    cards = "".join(
        f'<visitor-counter data-theme="{theme}" data-lang="{tag}" data-lines="{lines}"></visitor-counter>'
        for theme, tag, lines in sorted(kinds)
    )
    policy = "default-src * 'unsafe-inline'"
    with entrance(running, address) as way, host_page(page_of(cards, head=script_of(way.url)), policy) as url:
        window.resize(1200, 900)
        window.open(url)
        wait_for(window, ALL_DRAWN)
        assert window.evaluate(FALLEN_APART) == []
        assert len(window.evaluate(f"{CARDS}.map(() => 0)")) == len(kinds)


@pytest.mark.parametrize("name", ["classic", "flip"])
def test_a_sandboxed_frame_has_its_style(window: Engine, running: Service, name: str) -> None:
    with entrance(running, IPV4) as way:
        frame = (
            f'<iframe src="{way.url}/widget/demo.html?theme={name}&amp;scheme=light&amp;lines=today,all"'
            ' width="245" height="160" style="border: 0" sandbox></iframe>'
        )
        with host_page(page_of(frame, "body { background: #123456 }"), "default-src * 'unsafe-inline'") as url:
            window.resize(600, 400)
            window.open(url)
            until(lambda: any("/static/widget.css" in path for path in way.asked), True)
            paper = THEMES[name].light["paper"]
            until(lambda: picture_says(window, running, url, (7, 100)), paper)


def picture_says(window: Engine, service: Service, url: str, point: tuple[int, int]) -> str:
    window.open(url)
    return colours_at(window, service, point)[0]


# Pages that have their own mind ---------------------------------------------------------------------------------------


def test_an_isolated_page_counts_and_shows_everything(window: Engine, running: Service) -> None:
    site = SITES[next(NUMBERS)]
    with entrance(running, IPV4) as way:
        images = "".join(
            f'<img alt="" src="{way.url}{path}">'
            for path in (f"/widget/{site}.svg", f"/badge/{site}.svg", f"/pixel.gif?site={site}&amp;path=/pixel")
        )
        frame = f'<iframe src="{way.url}/widget/{site}.html" width="245" height="360" sandbox></iframe>'
        body = f"<visitor-counter data-lines=all></visitor-counter>{images}{frame}"
        page = page_of(body, head=script_of(way.url, site))
        with host_page(page, "default-src * 'unsafe-inline'", ISOLATED) as url:
            window.open(f"{url}/isolated")
            wait_for(window, ALL_DRAWN)
            shown = "[...document.images].map((one) => one.complete && one.naturalWidth > 0)"
            wait_for(window, shown, [True, True, True])
            until(lambda: sum("/static/widget.css" in path for path in way.asked), 2)  # the script's, and the frame's
            stored = "select distinct path from hit_log where site = ? order by path"
            until(lambda: running.home.rows(stored, site), [("/isolated",), ("/pixel",)])


def test_a_page_that_is_dark_by_itself_gets_a_dark_card_that_follows_it(window: Engine, running: Service) -> None:
    paper = (
        "getComputedStyle(document.querySelector('visitor-counter').shadowRoot.querySelector('.vc')).backgroundColor"
    )
    style = (
        f"html {{ color-scheme: dark; background: {DARK} }} html.light {{ color-scheme: light; background: {LIGHT} }}"
    )
    page = page_of("<visitor-counter></visitor-counter>", style, script_of(running.url))
    with host_page(page, "default-src * 'unsafe-inline'") as url:
        window.open(url)
        wait_for(window, ALL_DRAWN)
        assert window.evaluate(paper) == rgb(THEMES["classic"].dark["paper"])
        window.evaluate("document.documentElement.className = 'light'")
        assert window.evaluate(paper) == rgb(THEMES["classic"].light["paper"])


def rgb(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


@pytest.mark.parametrize("scheme", ["auto", "light", "dark"])
def test_no_box_is_painted_behind_a_frame(window: Engine, running: Service, scheme: str) -> None:
    """On a page that declares itself dark, in a browser that is not."""
    style = f"html {{ color-scheme: dark; background: {DARK} }} iframe {{ display: block; border: 0 }}"
    if window.name == "webkit":  # its frames don't know of the page's scheme; docs/widget.md says what to do
        style += "iframe { color-scheme: light dark }"
    frame = f'<iframe src="{running.url}/widget/demo.html?scheme={scheme}" width="245" height="360"></iframe>'
    with host_page(page_of(frame, style), "default-src * 'unsafe-inline'") as url:
        window.resize(600, 400)
        window.open(url)
        inside, corner, outside = colours_at(window, running, (7, 100), (1, 1), (400, 100))
    assert (corner, outside) == (DARK, DARK)
    assert inside != DARK


def test_a_wrong_address_of_an_image_is_an_image_that_says_so(window: Engine, running: Service) -> None:
    wrong = ("/widget/demo.svg?theme=paper", "/badge/demo.svg?line=nothing", "/widget/nobody.svg")
    images = "".join(f'<img alt="" src="{running.url}{path}">' for path in wrong)
    with host_page(page_of(images), "default-src * 'unsafe-inline'") as url:
        window.open(url)
        wide = "[...document.images].map((one) => one.complete && one.naturalWidth > 300)"
        until(lambda: window.evaluate(wide), [True] * len(wrong))
