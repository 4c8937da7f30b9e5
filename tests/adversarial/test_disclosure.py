"""T-52, T-65, T-67, T-70: what answers tell to whom: other origins, strangers, and whoever makes something fail.

The matrices are made of the tables of routes: a new route is in them at once.
"""

from __future__ import annotations

import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from counter import __version__
from counter.calendar.periods import Period
from counter.errors import StoreError
from counter.question import Question
from counter.site import TokenMay
from counter.widget.options import ALLOWED_LINES, LINES, MAX_DIGITS, MAX_FLAGS, MAX_LABEL
from dashboard.access.guard import Needs
from dashboard.report import export
from dashboard.sites import hit_export
from tests.kit.app import BROWSER, VISITOR, Counter, Start, status_of
from tests.kit.dashboard import Client, SignedIn
from tests.kit.every_route import ENDLESS, Place, gets, places

EVIL_ORIGINS: Final = ("https://evil.example", "null", "http://localhost:1", "file://")
# What other origins' pages may read, all of it public; no other route says a word about them.
OPEN: Final = {
    "/hit", "/pixel.gif", "/api/v1/totals", "/api/v1/you", "/widget/{site}.html", "/widget/{site}.svg",
    "/widget/{site}.json", "/badge/{site}.svg", "/static/{name}", "/favicon.ico", "/counter.js",
    "/counter.{version}.js", "/counter-widget.js", "/counter-widget.{version}.js",
}  # fmt: skip
HIDDEN: Final = ("hidden-one", "A Hidden Name", "hidden.example", "/a-hidden-page")
SITES: Final = [
    {"id": "demo", "name": "Demo"},
    {"id": "hidden-one", "name": "A Hidden Name", "hosts": ["hidden.example"], "public": False},
]
# What of our insides an answer may never have; the test's own folder and the version come to it.
INSIDES: Final = re.compile(
    r"Traceback|File \"|\.py\b|line \d+, in|/site-packages/|/home/|/tmp/|sqlite|counter\.db|is prohibited"
    r"|no such (?:table|column)|\bselect \w+.* from\b|\binsert into\b|\bdelete from\b|site_key|total_day|rollup"
    r"|aiohttp|jinja|msgspec|Python/|0x[0-9a-f]{6}|object at|<class|Exception|KeyError|StoreError",
    re.IGNORECASE,
)
# What makes routes fail: added to a path, or sent in its place.
BAD_QUERIES: Final = (
    "site=%ff&period=%ff&theme=%ff&lines=%ff&lang=%ff", "period=%27&filter=x&by=x&order=x&search=%00&page=-1",
    "site=nobody&visit=x&limit=x&offset=x&before=x", "from=1&to=2", "from=2024-11-01&to=2024-02-30",
    "filter=property::is:x", "filter=page:like:x", "tab=x:y&metric=x&bucket=x&compare=x", "a=1&a=2&period=7d&period=7d",
    "digits=999&theme=../../x&label.today=&color=url(x)&style=x&line=x", "address=x&user_agent=%0d%0aX:+y", "f_index=9",
    "metric=x&path=%00", "%", "&&&", "=", "x" * 3000,
)  # fmt: skip
BAD_PATHS: Final = (
    "/nowhere", "/%00", "/%ff", "/..%2f..%2fetc%2fpasswd", "/api/v1/", "/api/v1/nothing", "/widget/", "/widget/demo",
    "/widget/demo.png", "/badge/%22.svg", "/demo/%3Cscript%3E", "/static/", "/dashboard/nowhere", "/dashboard/static/",
    "/dashboard/sites/", "/dashboard/sites/nobody", "/dashboard/setup/", "/dashboard/setup/x", "/dashboard/welcome/%00",
    "/dashboard/sites/%ff/hits", "/dashboard/login?next=//evil.example",
)  # fmt: skip
RAW: Final = (
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET http://x/dashboard/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET\r\n\r\n", b"\x00" * 100,
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
    b"POST /hit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
)  # fmt: skip
NOT_A_FILE: Final = (
    "..%2f..%2frender.py", "%2e%2e%2fapp.py", "..%5capp.py", "dashboard.css%00", "dashboard.css%00.js", "%00",
    "/dashboard.css", "%2fdashboard.css", "./dashboard.css", "dashboard.css/", "dashboard.css%2f", "dashboard.CSS",
    "dashboard.css;x", "~root", "%2fetc%2fpasswd", "..%252f..%252fapp.py", "%c0%ae%c0%ae%c0%afapp.py", "", ".", "..",
    "world_110m.json%20", "plotly.min.js%00", "plotly.min.js%2f..%2f..%2f__init__.py", "../../render.py",
)  # fmt: skip
EVIL: Final = "</text><script>alert(1)</script>\"'>&"


def insides_in(counter: Counter, text: str, *, version: bool = False) -> list[str]:
    """What of our insides stands in an answer; the version is no secret where `version` says so."""
    found = [one[0] for one in INSIDES.finditer(text)]
    return found + [word for word in (str(counter.folder), *([] if version else [__version__])) if word in text]


async def everybody(counter: Counter, signed_in: SignedIn) -> list[Client]:
    return [Client(counter), await signed_in(counter, "vera", "viewer"), await signed_in(counter)]


# Other origins ----------------------------------------------------------------------------------------------------


async def test_other_origins_may_read_what_is_public_and_never_with_credentials(start: Start) -> None:
    """T-65."""
    counter = await start(dashboard=True, sites=SITES)
    assert {one.path for one in places()} >= OPEN
    for place in [one for one in places() if one.path != ENDLESS]:
        for origin in EVIL_ORIGINS:
            answer = await counter.request(place.method, place.at(), headers={"Origin": origin, "User-Agent": BROWSER})
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed in ({"*"} if place.path in OPEN else {None, "*"}), (place, answer.status)
            assert allowed is None or place.needs is None, place
            assert "Access-Control-Allow-Credentials" not in answer.headers, place
            assert "Set-Cookie" not in answer.headers or place.path == "/opt-out", place


async def test_private_answers_say_nothing_to_other_origins(start: Start, signed_in: SignedIn) -> None:
    """T-65: neither of what is shown nor of what is refused, with every right and with none."""
    counter = await start(dashboard=True, sites=SITES)
    token = await counter.add_token(may=TokenMay.READ)
    private = [one for one in places() if one.needs is not None or one.path in
               {"/api/v1/report", "/api/v1/hits", "/api/v1/visit"}]  # fmt: skip
    for who in await everybody(counter, signed_in):
        for place in [one for one in private if one.path != ENDLESS]:
            for query, extra in (("", token), ("period=never&x=y", token), ("", {"Authorization": "Bearer wrong"})):
                path = f"{place.at()}{'&' if '?' in place.at() else '?'}{query}" if query else place.at()
                answer = await who.request(place.method, path, {"Origin": "https://evil.example", **extra})
                assert not [name for name in answer.headers if name.startswith("Access-Control")], (path, answer.status)
    for path in ("/dashboard", "/dashboard/", "/dashboard/nowhere", "/dashboard/static/x/y.js"):
        answer = await counter.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("Access-Control")], path


async def test_a_preflight_never_lets_an_origin_in_with_credentials(start: Start) -> None:
    """T-65: the one that is answered is of `POST /hit`, which takes no cookie but the wish not to be counted."""
    counter = await start(dashboard=True, sites=SITES)
    for place in places():
        for wanted in ("GET", "POST", "PUT"):
            headers = {
                "Origin": "https://evil.example", "Access-Control-Request-Method": wanted,
                "Access-Control-Request-Headers": "content-type,authorization,x-evil",
            }  # fmt: skip
            answer = await counter.request("OPTIONS", place.at(), headers=headers)
            assert (answer.status == 204) == (place.path == "/hit"), place
            assert answer.headers.get("Access-Control-Allow-Origin", "*") == "*", place
            assert "Access-Control-Allow-Credentials" not in answer.headers, place
            assert "x-evil" not in answer.headers.get("Access-Control-Allow-Headers", "").lower(), place
            if place.needs is not None:
                assert answer.status in {403, 404, 405}, place
                assert "Access-Control-Allow-Origin" not in answer.headers, place


# Sites that are not for strangers ---------------------------------------------------------------------------------


def named(place: Place, site: str) -> Iterator[str]:
    """The URLs of a public route that name a site."""
    more = ("", "?lang=en", "?count=1&path=/", "?path=/a-hidden-page&metric=visits", "?fragment=1", "?theme=no-such")
    if "site" in place.parts:
        yield from (place.at(site=site) + query for query in more)
    elif place.path in {"/demo", "/demo/{page}", "/widget/gallery", "/api/v1/totals"}:
        yield from (place.at().partition("?")[0] + f"?site={site}&{query.strip('?')}" for query in more)


async def test_a_hidden_site_is_as_one_that_never_was(start: Start) -> None:
    """T-67: widget, badge, totals, the page about it, gallery and demo."""
    counter = await start(dashboard=True, sites=SITES)
    await counter.hit(site="hidden-one", path="/a-hidden-page", host="hidden.example")
    asked = 0
    for place in gets(public=True):
        for hidden, unknown in zip(named(place, "hidden-one"), named(place, "never-was1"), strict=True):
            answers = [
                await seen(await counter.get(path, headers={"User-Agent": BROWSER})) for path in (hidden, unknown)
            ]
            assert answers[0] == answers[1].replace("never-was1", "hidden-one"), hidden
            asked += 1
    assert asked > 50


async def seen(answer: aiohttp.ClientResponse) -> str:
    """An answer as a stranger can tell it from another."""
    headers = sorted(f"{name}: {value}" for name, value in answer.headers.items() if name != "Date")
    return "\n".join([str(answer.status), *headers, await answer.text()])


@pytest.mark.parametrize("sites", [SITES, SITES[1:]], ids=["beside a public site", "alone"])
async def test_no_answer_to_a_stranger_names_a_hidden_site(start: Start, sites: list[dict[str, Any]]) -> None:
    """T-67."""
    counter = await start(dashboard=True, sites=sites)
    await counter.hit(site="hidden-one", path="/a-hidden-page", host="hidden.example", title="A Hidden Name")
    stranger = Client(counter)
    for place in [one for one in places() if one.path != ENDLESS]:
        answer = await stranger.request(place.method, place.at())
        text = f"{dict(answer.headers)} {await answer.text(errors='replace')}"
        assert not [word for word in HIDDEN if word in text], place


async def test_strangers_are_told_no_version_by_the_dashboard(start: Start, signed_in: SignedIn) -> None:
    """T-67: who is signed in finds it in the foot of each page."""
    counter = await start(dashboard=True, sites=SITES)
    stranger, owner = Client(counter), await signed_in(counter)
    setup = f"/dashboard/setup/{counter.service.accounts.setup_secret}"
    for path in ("/dashboard/login", setup, "/dashboard/setup/x", "/dashboard/welcome/x", "/dashboard/nowhere"):
        assert __version__ not in await (await stranger.get(path)).text(), path
    assert __version__ in await owner.text("/dashboard/")


# Errors -----------------------------------------------------------------------------------------------------------


async def test_what_is_refused_tells_nothing_of_our_insides(start: Start, signed_in: SignedIn) -> None:
    """T-67: every page, with queries that mean nothing, for everybody."""
    counter = await start(dashboard=True, sites=SITES)
    token = await counter.add_token(may=TokenMay.READ)
    told, refused = [], 0
    for who in await everybody(counter, signed_in):
        for place in gets():
            for query in BAD_QUERIES:
                address = {"X-Forwarded-For": f"203.0.113.{refused % 250}"}  # or secrets of links are tried too often
                path = f"{place.at().partition('?')[0]}?{query}"
                answer = await who.request("GET", path, {**token, **address})
                assert answer.status < 500, (path, counter.log.lines[-1:])
                if answer.status >= 400:
                    refused += 1
                    found = insides_in(counter, await answer.text(), version=who.user is not None)
                    told += [(path[:100], found)] if found else []
    assert told == []
    assert refused > 500


async def test_paths_that_lead_nowhere_and_methods_there_are_none_of_tell_nothing(
    start: Start, signed_in: SignedIn
) -> None:
    """T-67."""
    counter = await start(dashboard=True, sites=SITES)
    for who in await everybody(counter, signed_in):
        for path in BAD_PATHS:
            answer = await who.get(path)
            assert answer.status < 500, path
            shows = answer.status < 400 or who.user is not None
            assert not insides_in(counter, await answer.text(errors="replace"), version=shows), path
        readable = {place.path for place in places() if place.method == "GET"}
        for place in places():
            for method in ("PUT", "DELETE", "PATCH", "TRACE", "HEAD", "PROPFIND"):
                if method == "HEAD" and place.path in readable:
                    continue  # answers as GET does, which other tests look at
                answer = await who.request(method, place.at())
                assert answer.status in {404, 405}, (method, place)
                assert not insides_in(counter, await answer.text(), version=who.user is not None), (method, place)


async def test_forms_and_hits_that_cannot_be_read_tell_nothing(start: Start, signed_in: SignedIn) -> None:
    """T-67."""
    counter = await start(dashboard=True, sites=SITES)
    kinds = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain",
             "application/x-www-form-urlencoded; charset=no-such", "", "x" * 300)  # fmt: skip
    bodies = (b"", b"\xff\xfe\x00", b"a=%ff&csrf=%00", b"[" * 2000, b'{"site": NaN}', b"--x\r\n\r\n", b"=" * 70_000)
    for who in await everybody(counter, signed_in):
        for place in [one for one in places() if one.method == "POST"]:
            for kind, body in [*((kind, b"a=1&csrf=x") for kind in kinds), *((kinds[0], body) for body in bodies)]:
                headers = {"Content-Type": kind, "Origin": who.origin}
                answer = await who.request("POST", place.at(), headers, data=body, skip_auto_headers=["Content-Type"])
                assert answer.status < 500, (place, kind, body[:20], counter.log.lines[-1:])
                shows = answer.status < 400 or who.user is not None
                assert not insides_in(counter, await answer.text(), version=shows), (place, kind, body[:20])


async def test_what_is_no_http_is_refused_without_a_word_of_our_insides(start: Start) -> None:
    """T-67: bodies; these are answered before any route is looked for."""
    counter = await start(dashboard=True)
    for raw in RAW:
        answer = await counter.raw(raw, end=True)
        body = answer.partition(b"\r\n\r\n")[2].decode("latin-1")
        assert not insides_in(counter, body), (raw[:40], body)


@asynccontextmanager
async def unreadable(counter: Counter) -> AsyncIterator[None]:
    """SQLite itself refuses every read of a table, and says of which column: what a damaged file would do."""
    store: Any = counter.service.store
    readers = [*store._readers._short._all, *store._readers._long._all]

    def refuse(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_READ else sqlite3.SQLITE_OK

    for one in (store._side._connection, *readers):
        await one.run(lambda connection: connection.set_authorizer(refuse))
    try:
        yield
    finally:
        for one in (store._side._connection, *readers):
            await one.run(lambda connection: connection.set_authorizer(None))


async def test_storage_that_fails_is_a_sentence_without_insides_on_every_route(
    start: Start, signed_in: SignedIn
) -> None:
    """T-67: nothing of what SQLite said; the log has it."""
    counter = await start(dashboard=True, sites=SITES)
    await counter.hit(path="/")
    owner, token = await signed_in(counter), await counter.add_token(may=TokenMay.READ)
    statuses: dict[str, int] = {}
    async with unreadable(counter):
        with pytest.raises(StoreError, match="is prohibited"):  # so this is what must not come out
            await counter.service.store.reports.hits(Question(counter.site_key(), 0, 99_999), None, 1)
        for place in [one for one in places() if one.path != ENDLESS]:
            query = "&path=/x" if place.path == "/api/v1/totals" else ""
            if place.method == "POST":
                answer = await owner.post(place.at(), headers=token)
            else:
                answer = await owner.request(place.method, place.at() + query, token)
            statuses[f"{place.method} {place.path}"] = answer.status
            if place.path != "/readyz":  # its notices are about SQLite, for whoever watches over the service
                found = insides_in(counter, await answer.text(errors="replace"), version=True)
                assert not found, (place, found)
                assert answer.status != 503 or int(answer.headers.get("Retry-After", 0)) > 0, place
            assert answer.status != 500, (place, counter.log.lines[-1:])
    failed = {path for path, status in statuses.items() if status == 503}
    assert failed >= {f"GET {one}" for one in (
        "/api/v1/totals", "/api/v1/report", "/api/v1/hits", "/api/v1/visit", "/dashboard/", "/dashboard/sites/{site}",
        "/dashboard/sites/{site}/hits", "/dashboard/sites/{site}/export.csv", "/dashboard/sites/{site}/hits.csv.gz",
        "/dashboard/sites/{site}/visits/{visit}", "/dashboard/sites/{site}/panels/{panel}",
    )}  # fmt: skip
    counter.statuses.clear()
    assert (await owner.get("/dashboard/sites/demo")).status == 200, "and it is over when it is over"


async def test_a_failure_to_read_is_not_called_a_failure_to_count(start: Start) -> None:
    """T-67."""
    counter = await start()
    token = await counter.add_token(may=TokenMay.READ)
    async with unreadable(counter):
        page = await counter.get("/api/v1/totals?site=demo&path=/x")
        report = await counter.get("/api/v1/report?site=demo", headers=token)
        hit = await counter.hit(path="/new")
    message = (await page.json())["message"]
    assert (page.status, message) == (503, "the numbers could not be read; try again later")
    assert (report.status, (await report.json())["message"]) == (503, "the report could not be read; the log says why")
    assert (hit.status, (await hit.json())["message"]) == (503, "the hit could not be stored; try again later")


# Files and downloads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "site", ["../../etc/passwd", 'a"; filename="evil.exe', "a\r\nSet-Cookie: x=y", "a\x00b", "სტუმრები", "", "-",
             "a/b\\c", "CON", "a" * 64, ". .", "\u202egnp.exe", "%2e%2e%2f", "a;b=c", "\ud800"]
)  # fmt: skip
def test_a_file_name_from_data_is_plain(site: str) -> None:
    """T-70: whatever a site or a panel is called."""
    first, last = 20_028, 20_035  # 2024-11-01 and a week later
    for name in (
        export.file_name(site, ("pages", site), Period(first, last), ".csv"),
        hit_export.file_name(site, Question(1, first, last), "csv"),
    ):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(?:csv|csv\.gz)", name), name
        assert len(name) < 200
        assert not name.startswith((".", "-"))


async def test_every_download_is_an_attachment_with_a_plain_name(start: Start, signed_in: SignedIn) -> None:
    """T-70."""
    counter = await start(dashboard=True, sites=[{"id": "a.b-c_1", "name": EVIL}])
    await counter.hit(site="a.b-c_1", path=f"/{EVIL}")
    owner, found = await signed_in(counter), 0
    for place in gets(public=False):
        answer = await owner.get(place.at(site="a.b-c_1"))
        disposition = answer.headers.get("Content-Disposition")
        if place.path.endswith((".csv", ".json", ".gz")) and place.path != "/dashboard/online.json":
            assert disposition, place
        if disposition:
            found += 1
            assert re.fullmatch(r'attachment; filename="[A-Za-z0-9_-]+(?:\.[a-z]+){1,2}"', disposition), disposition
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "html" not in answer.headers["Content-Type"]
    assert found >= 6


async def test_no_path_leads_out_of_the_list_of_the_dashboards_files(start: Start) -> None:
    """T-70: for the public files tests/web/test_routes.py has the same."""
    counter = await start(dashboard=True)
    digest = next(one for one in gets() if one.path.endswith("{digest}/{name}")).at().split("/")[3]
    style = await (await counter.get(f"/dashboard/static/{digest}/dashboard.css")).read()
    for name in NOT_A_FILE:
        for path in (f"/dashboard/static/{digest}/{name}", f"/dashboard/static/{name}/dashboard.css"):
            answer = await counter.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head, _, body = answer.partition(b"\r\n\r\n")
            # Under a wrong digest a file is the same file, not kept for ever; under a wrong name there is none.
            same = path.endswith("/dashboard.css") and body == style and b"immutable" not in head
            assert status_of(answer) == (200 if same else 404), (path, answer[:60])
    await counter.assert_unharmed()


def test_what_is_served_stands_in_the_packages_own_folders() -> None:
    """T-70: no file of the lists is a link to somewhere else."""
    for folder in ("counter/web/static", "counter/widget/static", "dashboard/static"):
        for file in (Path(export.__file__).parents[2] / folder).rglob("*"):
            assert not file.is_symlink(), file


# Images -----------------------------------------------------------------------------------------------------------


async def test_images_stay_small_and_plain_whatever_is_asked_of_them(start: Start) -> None:
    """T-52: every option as hostile and as long as it may be; what is not taken is a sentence of JSON."""
    counter = await start(sites=[{"id": "demo", "name": EVIL}])
    await counter.hit(path="/")
    labels = {f"label.{line}": EVIL[:MAX_LABEL] for line in LINES}
    largest = {"lines": ",".join(ALLOWED_LINES), "digits": str(MAX_DIGITS), "flags": str(MAX_FLAGS), **labels}
    hostile = [{name: value} for value in (EVIL, "url(//evil.test)", "red;}*{x:y", '#fff"/><script>', "javascript:1",
                                           "\x00", "&#60;script>", "<!ENTITY x SYSTEM 'file:///etc/passwd'>")
               for name in ("theme", "scheme", "lang", "color", "label", "label.today", "digits", "style", "line",
                            "numerals", "date", "flags", "lines", "metric", "path", "scope")]  # fmt: skip
    for image in ("/widget/demo.svg", "/badge/demo.svg"):
        for query in (largest, {**largest, "label": EVIL[:MAX_LABEL]}, *hostile):
            answer = await counter.get(image, params=query, headers={"X-Forwarded-For": VISITOR})
            text = await answer.text()
            assert answer.status in {200, 400}, (image, query)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            if answer.status == 400:
                assert answer.content_type == "application/json", (image, query)
                continue
            assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert len(text) < 64 * 1024, (image, query)
            assert_plain(text)


def assert_plain(svg: str) -> None:
    """An image of shapes and texts alone: nothing that runs, links, loads or listens."""
    assert "<!DOCTYPE" not in svg
    assert "<!ENTITY" not in svg
    for one in ET.fromstring(svg).iter():
        tag = str(one.tag).rpartition("}")[2]
        loads = " ".join([*one.attrib.values(), (one.text or "") if tag == "style" else ""])
        assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", loads), loads
        assert "@import" not in loads, loads
        assert tag not in {"script", "foreignObject", "a", "image", "iframe", "animate", "set", "handler"}, tag
        for name, value in one.attrib.items():
            assert not name.lower().startswith("on"), name
            assert "script:" not in value.lower(), value
            assert not name.endswith("href") or value.startswith("#"), value


def test_the_table_of_needs_is_the_one_these_tests_know() -> None:
    """A new kind of route must be thought of here."""
    assert [one.name for one in Needs] == ["NOTHING", "USER", "VIEWER", "ADMIN", "OWNER"]
