"""Every public route: what it is for, its headers, its errors; and that none is forgotten."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from counter import __version__
from counter.config import SETTINGS
from counter.errors import StoreError
from counter.event import Place
from counter.store.protocols import Appended, Batch
from counter.web.collect import NO_STORE
from counter.web.health import METRICS
from counter.web.pages import STATIC_TYPES
from tests.kit.app import BOT, BROWSER, VISITOR, Counter, Start, outcome_of
from tests.kit.loop_guard import LOG_LINES, LoopGuard

ROOT = Path(__file__).parents[2]
FILES = {
    file.relative_to(folder).as_posix(): file
    for folder in (ROOT / "counter" / "web" / "static", ROOT / "counter" / "widget" / "static")
    for file in sorted(folder.rglob("*"))
    if file.is_file()
}

# method, path, status: one row for each public route at least, then what is refused
ROUTES: list[tuple[str, str, int]] = [
    ("POST", "/hit", 400),
    ("OPTIONS", "/hit", 204),
    ("GET", "/counter.js", 200),
    ("GET", "/counter.0123456789.js", 200),
    ("GET", "/counter-widget.js", 200),
    ("GET", "/counter-widget.0123456789.js", 200),
    ("GET", "/pixel.gif?site=demo&path=/", 200),
    ("GET", "/api/v1/totals?site=demo", 200),
    ("GET", "/api/v1/you", 200),
    ("GET", "/api/v1/report?site=demo", 401),
    ("GET", "/api/v1/hits?site=demo", 401),
    ("GET", "/api/v1/visit?site=demo&visit=1", 401),
    ("GET", "/widget/demo.html", 200),
    ("GET", "/widget/demo.svg", 200),
    ("GET", "/widget/demo.json", 200),
    ("GET", "/widget/demo/about", 200),
    ("GET", "/widget/gallery", 200),
    ("GET", "/badge/demo.svg", 200),
    ("GET", "/widget/demo.png", 200),
    ("GET", "/badge/demo.png", 200),
    ("GET", "/favicon.ico", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/demo", 200),
    ("GET", "/demo/garden", 200),
    ("GET", "/opt-out", 200),
    ("POST", "/opt-out", 200),
    ("GET", "/static/widget.css", 200),
    ("GET", "/", 302),
    ("GET", "/nowhere", 404),
    ("GET", "/hit", 405),
    ("POST", "/pixel.gif", 405),
    ("PUT", "/hit", 405),
    ("DELETE", "/api/v1/totals?site=demo", 405),
    ("GET", "/api/v1/totals", 400),
    ("GET", "/api/v1/totals?site=nobody", 404),
    ("GET", "/widget/nobody.html", 404),
    ("GET", "/widget/nobody.svg", 404),
    ("GET", "/widget/nobody.json", 404),
    ("GET", "/widget/nobody/about", 404),
    ("GET", "/widget/demo.gif", 404),
    ("GET", "/widget/nobody.png", 404),
    ("GET", "/widget/demo.html?theme=no-such", 400),
    ("GET", "/widget/demo.svg?digits=99", 400),
    ("GET", "/pixel.gif", 400),
    ("GET", "/demo?site=nobody", 404),
    ("GET", "/static/nothing.css", 404),
]
ERRORS = [(method, path, status) for method, path, status in ROUTES if status >= 400]


def test_every_public_route_is_in_the_table_of_this_test(tmp_path: Path) -> None:
    from counter.web.routes import add_routes
    from tests.kit.app import make_config

    app = web.Application()
    add_routes(app, make_config(tmp_path))
    for route in app.router.routes():
        pattern = route.resource.get_info() if route.resource else {}
        shape = pattern.get("pattern") or re.compile(re.escape(str(pattern["path"])))
        asked = [path.partition("?")[0] for method, path, _ in ROUTES if method == asked_as(route.method)]
        assert any(shape.fullmatch(path) for path in asked), f"{route.method} {pattern}"


def asked_as(method: str) -> str:
    """HEAD stands for GET: tests/web/test_head.py asks every row for GET with it."""
    return "GET" if method == "HEAD" else method


async def test_every_route_answers_as_listed_and_with_nosniff(start: Start) -> None:
    counter = await start()
    without = []
    for method, path, status in ROUTES:
        answer = await counter.request(method, path, headers={"User-Agent": BROWSER})
        assert answer.status == status, (method, path)
        if answer.headers.get("X-Content-Type-Options") != "nosniff":
            without.append(f"{method} {path}")
    assert without == []


async def test_errors_are_json_and_tell_nothing_of_our_insides(start: Start) -> None:
    """T-67."""
    counter = await start()
    for method, path, status in ERRORS:
        answer = await counter.request(method, path)
        text = await answer.text()
        for secret in (
            __version__,
            "Traceback",
            "counter/",
            "counter.db",
            ".py",
            "sqlite",
            "select ",
            str(counter.folder),
        ):
            assert secret not in text, (method, path)
        assert answer.content_type == "application/json", (method, path, status, text)
        assert set(await answer.json()) == {"error", "message"}


async def test_a_failure_of_ours_tells_no_stack_and_no_path(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-67."""
    counter = await start()

    def broken(*_: object) -> None:
        raise RuntimeError("/secret/path in select * from event")

    monkeypatch.setattr(type(counter.service.book), "tally", broken)
    answer = await counter.get("/api/v1/totals?site=demo")
    assert answer.status == 500
    assert await answer.json() == {"error": "internal", "message": "the request failed; the log says why"}
    assert any("a request failed" in line for line in counter.log.lines)


# Health ---------------------------------------------------------------------------------------------------------


async def test_liveness_and_readiness(start: Start) -> None:
    counter = await start()
    assert (await (await counter.get("/healthz")).json())["status"] == "ok"
    ready = await counter.get("/readyz")
    body = await ready.json()
    assert (ready.status, body["status"], body["storage"]) == (200, "ready", "ok")
    assert body["queue"] == {"hits": 0, "limit": 20_000}
    assert all("/" not in notice.partition("http")[0] or "database" in notice for notice in body["notices"])
    assert ready.headers["Cache-Control"] == "no-store"


async def test_failing_storage_is_unready_but_alive(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = await start()

    async def failing(batch: Batch, now: float) -> Appended:
        raise StoreError("the database can't be written: disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(counter.service.store, "append", failing)
        patch.setattr(counter.service.store, "probe", failing)
        assert (await counter.hit()).status == 503
        ready = await counter.get("/readyz")
        assert (ready.status, (await ready.json())["status"], (await ready.json())["storage"]) == (
            503,
            "unready",
            "failing",
        )
        assert (await counter.get("/healthz")).status == 200
    assert outcome_of(await counter.hit()) == "counted"
    assert (await counter.get("/readyz")).status == 200


async def test_every_metric_is_shown_with_its_help_and_type(start: Start) -> None:
    counter = await start()
    await counter.hit()
    await counter.hit(agent=BOT)
    answer = await counter.get("/metrics")
    text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain")
    for name, kind, help_text in METRICS:
        shown = f"{name}_total" if kind == "counter" else name
        assert f"# HELP {shown} {help_text}\n" in text
        assert f"# TYPE {shown} {kind}\n" in text
        assert re.search(rf"^{shown}(?:\{{[^}}]*\}})? [0-9.e+]+$", text, re.MULTILINE), name
    assert 'counter_hits_total{outcome="counted"} 1.0' in text
    assert 'counter_hits_total{outcome="dropped; reason=bot"} 1.0' in text
    assert "counter_events_written_total 1.0" in text
    assert "counter_sites 1.0" in text
    assert VISITOR not in text


DOCUMENTATION = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").rglob("*.md")))


def test_each_metric_is_documented() -> None:
    assert [name for name, _, _ in METRICS if name not in DOCUMENTATION] == []


def test_each_route_is_documented() -> None:
    paths = {path.partition("?")[0] for _, path, status in ROUTES if status < 400 and not path.startswith("/static/")}
    shown = {
        path.replace("demo.", "ID.").replace("/widget/demo/", "/widget/ID/").replace("/garden", "") for path in paths
    }
    assert [path for path in sorted(shown) if path not in DOCUMENTATION] == []


def test_each_setting_is_in_config_toml() -> None:
    shipped = (ROOT / "config.toml").read_text(encoding="utf-8")
    for row in SETTINGS:
        assert re.search(rf"^{row.key} = ", shipped, re.MULTILINE), f"[{row.section}] {row.key}"


async def test_once_warm_no_route_makes_the_loop_wait_for_a_disk(start: Start) -> None:
    """What is read once may be read at first use; after that a slow disk must not stop everyone's answers."""
    counter = await start()
    warm = [(method, path, status) for method, path, status in ROUTES if status < 500]
    for _ in range(2):
        for method, path, _ in warm:
            await counter.request(method, path, headers={"User-Agent": BROWSER})
        await counter.hit()
    counter.guard = LoopGuard(allowed=LOG_LINES)
    for method, path, status in warm:
        answer = await counter.request(method, path, headers={"User-Agent": BROWSER})
        assert answer.status == status, (method, path, counter.log.lines[-1][-300:])
    assert outcome_of(await counter.hit()) == "counted"


async def test_what_blocks_the_loop_within_a_request_fails_the_test_that_sent_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop guard itself: also where the error is swallowed, and nothing is seen when no request is under way."""
    counter = await start()
    await counter.hit()

    def slow(*_: object) -> Place:
        with suppress(Exception):
            list(counter.folder.iterdir())
        return Place("DE")

    monkeypatch.setattr(counter.service.pipeline.geo, "place", slow)
    with pytest.raises(AssertionError, match=r"blocked:\nos\.listdir below counter/web/middleware\.py"):
        await counter.hit(path="/slow")
    assert list(counter.folder.iterdir())
    assert len(counter.hits()) == 2, "the hit itself was answered"


# Widgets --------------------------------------------------------------------------------------------------------


async def test_only_widgets_may_be_framed(start: Start) -> None:
    """T-50, T-51."""
    counter = await start()
    widget = (await counter.get("/widget/demo.html")).headers["Content-Security-Policy"]
    assert "frame-ancestors *" in widget
    assert "default-src 'none'" in widget
    assert "unsafe" not in widget
    for path in ("/demo", "/opt-out"):
        page = (await counter.get(path)).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page
        assert "base-uri 'none'" in page
        assert "object-src 'none'" in page
        assert "unsafe" not in page


async def test_the_image_runs_nothing_even_when_it_is_opened_alone(start: Start) -> None:
    """T-52."""
    counter = await start(sites=[{"id": "demo", "name": "<script>alert(1)</script>&\"'"}])
    answer = await counter.get("/widget/demo.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    text = await answer.text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert 'width="246"' in text
    page = await (await counter.get("/widget/demo.html")).text()
    assert "<script" not in page


async def test_a_private_answer_is_never_cached_and_a_public_one_says_what_it_varies_by(start: Start) -> None:
    """T-66."""
    counter = await start()
    for path in (
        "/widget/demo.html",
        "/widget/demo.json",
        "/api/v1/you",
        "/opt-out",
    ):
        assert (await counter.get(path)).headers["Cache-Control"] == "private, no-store", path
    for path in ("/pixel.gif?site=demo", "/widget/demo.svg?count=1&path=/", "/badge/demo.svg?count=1&path=/"):
        headers = (await counter.get(path)).headers
        assert {name: headers[name] for name in NO_STORE} == NO_STORE, path
        assert "ETag" not in headers
    image = await counter.get("/widget/demo.svg", headers={"Accept-Language": "ka"})
    assert image.headers["Cache-Control"].startswith("public")
    assert image.headers["Vary"] == "Accept-Language"
    assert 'lang="ka"' in await image.text()
    assert 'lang="en"' in await (await counter.get("/widget/demo.svg", headers={"Accept-Language": "en"})).text()


async def test_the_language_of_a_fragment_is_only_the_table(start: Start) -> None:
    counter = await start()
    fragment = await (await counter.get("/widget/demo.html?fragment=1")).text()
    assert "<html" not in fragment
    assert "<table" in fragment


async def test_a_counting_image_counts_its_path_and_shows_the_new_number(start: Start) -> None:
    counter = await start()
    headers = {"User-Agent": BROWSER, "X-Forwarded-For": VISITOR}
    first = await counter.get("/widget/demo.svg?count=1&path=/from/the/noscript&lang=en", headers=headers)
    assert first.status == 200
    row = counter.hits()[0]
    assert (row["path"], row["via"], row["ip"]) == ("/from/the/noscript", "pixel", VISITOR)
    text = await first.text()
    assert "All days: 1." in text, "the whole site's numbers, with this very hit"
    assert VISITOR in text
    await counter.get("/widget/demo.html?count=1&path=/html", headers=headers)
    assert [row["path"] for row in counter.hits()] == ["/from/the/noscript", "/html"]
    await counter.get("/widget/demo.svg?count=1", headers={**headers, "Referer": "https://page.example/referer"})
    assert counter.hits()[-1]["path"] == "/referer"


async def test_a_counting_image_is_screened_as_any_hit(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 1})
    path = "/widget/demo.svg?count=1&path=/"
    assert (await counter.get(path, headers={"User-Agent": BOT})).status == 200
    assert counter.hits() == []
    limited = await counter.get(path, headers={"User-Agent": BROWSER})
    assert limited.status == 429
    assert int(limited.headers["Retry-After"]) > 0
    assert (await counter.get("/widget/nobody.svg?count=1&path=/", headers={"User-Agent": BROWSER})).status == 404


# Pages and files ------------------------------------------------------------------------------------------------


async def test_the_demo_page_carries_the_snippet(start: Start) -> None:
    counter = await start(server={"public_url": "https://counter.example"})
    page = await (await counter.get("/demo")).text()
    assert '<script async src="/counter.js" data-site="demo"></script>' in page
    assert "<visitor-counter" in page
    assert "https://counter.example/counter.js" in page
    assert re.search(r"https://counter.example/counter\.[0-9a-f]{10}\.js&#34; integrity=&#34;sha384-", page)
    assert "https://counter.example/widget/demo.svg?count=1" in page


async def test_names_that_the_owner_chose_are_where_hits_and_script_are(start: Start) -> None:
    counter = await start(tracker={"script_name": "hello.js", "hit_path": "/in/coming"})
    script = await counter.get("/hello.js")
    assert script.content_type == "text/javascript"
    assert '"in/coming"' in await script.text()
    assert (await counter.get("/counter.js")).status == 404
    assert (await counter.post({"site": "demo", "path": "/"}, path="/hit")).status == 404
    assert outcome_of(await counter.post({"site": "demo", "path": "/"}, path="/in/coming")) == "counted"
    assert 'src="/hello.js"' in await (await counter.get("/demo")).text()


@pytest.mark.parametrize("name", FILES)
async def test_every_static_file_is_served_with_its_type_and_a_tag(start: Start, name: str) -> None:
    counter = await start()
    answer = await counter.get(f"/static/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == STATIC_TYPES[Path(name).suffix]
    assert await answer.read() == FILES[name].read_bytes()
    same = await counter.get(f"/static/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status == 304


TRAVERSAL = [
    "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/..%5capp.py", "/static//etc/passwd",
    "/static/%2fetc%2fpasswd", "/static/widget.css%00", "/static/widget.css%00.js", "/static/./widget.css%2f",
    "/static/themes", "/static/themes/", "/static/", "/static", "//static/widget.css", "/static//widget.css",
    "/static/themes/../../pages.py", "/static/themes%2f..%2f..%2fpages.py", "/static/widget.CSS", "/static/~root",
    "/static/" + "../" * 50 + "etc/passwd", "/dashboard/x.css", "/%2e%2e/etc/passwd", "/demo/../../etc/passwd",
]  # fmt: skip


async def test_no_path_leads_out_of_the_list_of_static_files(start: Start) -> None:
    """T-70."""
    counter = await start()
    for path in TRAVERSAL:
        head, body = await _raw_get(counter, path)
        assert head.startswith(b"HTTP/1.1 4"), (path, head[:60])
        assert b"root:" not in body
        assert b"import " not in body
    await counter.assert_unharmed()


async def _raw_get(counter: Counter, path: str) -> tuple[bytes, bytes]:
    """GET without a client that tidies the path."""
    answer = await counter.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


async def test_the_dashboard_is_mounted_beside_and_is_never_cached(start: Start) -> None:
    counter = await start(dashboard=True, sites=[{"id": "demo"}, {"id": "hidden-one", "public": False}])
    page = await counter.get("/dashboard/login")
    assert page.status == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    policy = page.headers["Content-Security-Policy"]
    for rule in (
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    ):
        assert rule in policy
    assert "hidden-one" not in await page.text()
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    missing = await counter.get("/dashboard/x.css")
    assert missing.status == 404
    assert missing.headers["X-Content-Type-Options"] == "nosniff"
