"""HEAD on every public route: the headers of GET, no body, and nothing that was counted or noted."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import pytest

from tests.kit.app import BROWSER, Counter, Start
from tests.web.test_routes import ROUTES

READS = [(path, status) for method, path, status in ROUTES if method == "GET"]
COUNTING = [
    "/pixel.gif?site=demo&path=/",
    "/widget/demo.svg?count=1&path=/",
    "/widget/demo.html?count=1&path=/",
    "/widget/demo.json?count=1&path=/",
    "/widget/demo/about?count=1&path=/",
    "/badge/demo.svg?count=1&path=/",
    "/badge/demo.svg?count=1&path=/&style=button",
]
VISITOR = {"User-Agent": BROWSER, "Accept-Encoding": "gzip"}


async def ask(counter: Counter, method: str, path: str, headers: Mapping[str, str] = VISITOR) -> aiohttp.ClientResponse:
    return await counter.request(method, path, headers=dict(headers))


def shown(answer: aiohttp.ClientResponse) -> tuple[int, dict[str, str]]:
    """Status and headers but for the clock's, and for what became of the hit."""
    return answer.status, {name: text for name, text in answer.headers.items() if name not in {"Date", "X-Counter"}}


@pytest.mark.parametrize("sent", [{}, {"Accept-Encoding": "gzip"}, {"If-None-Match": "*"}], ids=str)
async def test_head_answers_as_get_without_a_body_on_every_route(start: Start, sent: dict[str, str]) -> None:
    counter = await start()
    for path in [*(path for path, _ in READS), *COUNTING]:
        head = await ask(counter, "HEAD", path, {"User-Agent": BROWSER, **sent})
        get = await ask(counter, "GET", path, {"User-Agent": BROWSER, **sent})
        assert shown(head) == shown(get), path
        assert await head.read() == b"", path


async def test_head_has_the_statuses_that_get_has(start: Start) -> None:
    counter = await start()
    for path, status in READS:
        assert (await ask(counter, "HEAD", path)).status == status, path


async def test_what_a_browser_has_already_is_304_for_head_too(start: Start) -> None:
    counter = await start()
    for path in ("/counter.js", "/badge/demo.svg", "/widget/demo.svg", "/api/v1/totals?site=demo", "/favicon.ico"):
        tag = (await ask(counter, "HEAD", path)).headers["ETag"]
        known = {**VISITOR, "If-None-Match": tag}
        head, get = await ask(counter, "HEAD", path, known), await ask(counter, "GET", path, known)
        assert head.status == 304, path
        assert shown(head) == shown(get), path


@pytest.mark.parametrize("path", COUNTING)
async def test_head_never_counts(start: Start, path: str) -> None:
    counter = await start(counting={"rate_limit_per_minute": 1})
    before = counter.rows("select * from audit"), dict(counter.service.outcomes)
    for agent in (BROWSER, "Googlebot/2.1", ""):
        for extra in ({}, {"Purpose": "prefetch"}, {"Cookie": "counter_opt_out=1"}, {"DNT": "1"}):
            head = await ask(counter, "HEAD", path, {"User-Agent": agent, "X-Forwarded-For": "198.51.100.1", **extra})
            assert head.status == 200
            assert head.headers.get("X-Counter", "not counted") == "not counted"
    assert counter.hits() == []
    assert await counter.drops() == {}
    assert (counter.rows("select * from audit"), dict(counter.service.outcomes)) == before
    assert counter.service.online.count(counter.site_key()) == 0


async def test_head_of_the_pixel_has_the_headers_of_the_gif_and_does_not_claim_to_count(start: Start) -> None:
    counter = await start()
    head = await ask(counter, "HEAD", "/pixel.gif?site=demo&path=/")
    assert (head.status, head.headers["Content-Type"], head.headers["Content-Length"]) == (200, "image/gif", "43")
    assert head.headers["X-Counter"] == "not counted"


async def test_head_of_a_site_there_is_none_of_is_in_no_tally(start: Start) -> None:
    counter = await start()
    for path in ("/pixel.gif?site=nobody&path=/", "/badge/nobody.svg?count=1&path=/"):
        assert (await ask(counter, "HEAD", path)).status == 404
    assert dict(counter.service.outcomes) == {}


async def test_head_through_a_proxy_that_is_not_trusted_is_in_no_tally(start: Start) -> None:
    counter = await start(server={"trusted_proxies": []})
    forwarded = {**VISITOR, "X-Forwarded-For": "198.51.100.1"}
    for method, noted in (("HEAD", 0), ("GET", 1)):
        assert (await ask(counter, method, "/widget/demo.html", forwarded)).status == 200
        assert counter.service.proxies.untrusted_requests == noted


async def test_what_is_read_takes_head_and_what_only_takes_hits_does_not(start: Start) -> None:
    counter = await start()
    for method, path, allowed in (("DELETE", "/healthz", "GET,HEAD"), ("HEAD", "/hit", "OPTIONS,POST")):
        answer = await ask(counter, method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)


async def test_not_one_byte_follows_the_headers_and_the_connection_stays_open(start: Start) -> None:
    counter = await start()
    head = b"HEAD /widget/demo.svg?count=1&path=/ HTTP/1.1\r\nHost: x\r\nUser-Agent: " + BROWSER.encode() + b"\r\n"
    answer = await counter.raw(head + b"\r\n" + head + b"Connection: close\r\n\r\n")
    first, second, rest = answer.split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert second.startswith(b"HTTP/1.1 200 OK")
    assert rest == b""
    assert counter.hits() == []
