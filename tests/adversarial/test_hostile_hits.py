"""Hostile single hits: whatever a stranger sends, it is refused with a sentence or stored clean, and the service lives.

Every test ends with a good hit that is stored, `/healthz` answering, no 5xx but a declared 503, and a short log.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import resource
import string
import time
import unicodedata
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import counter.web.request as request_module
from counter.calendar.localtime import LocalTime, day_number, valid_zones
from counter.collect.page import MAX_PATH, normalise_path
from counter.config import check_site_field, site_field_from_text
from counter.errors import ConfigError
from counter.store.protocols import Appended, Batch
from tests.kit.app import BROWSER, NOON, Counter, FakeClock, Start, outcome_of, post_bytes, status_of

LIMIT = 512 * 1024  # bytes of a body
ALLOWED = {200, 202, 204, 400, 401, 404, 405, 408, 413, 415, 417, 429, 503}
GOOD = {"site": "demo", "path": "/"}


@pytest.fixture
async def counter(start: Start) -> AsyncIterator[Counter]:
    counter = await start()
    yield counter
    await counter.assert_unharmed()


def is_clean(text: str) -> bool:
    """Valid UTF-8 in NFC without control characters and without characters that turn the reading direction."""
    text.encode()
    return unicodedata.is_normalized("NFC", text) and not any(
        unicodedata.category(char) in {"Cc", "Cs"} or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        for char in text
    )


def assert_stored_texts_are_clean(counter: Counter) -> None:
    for row in counter.hits():
        for column, value in row.items():
            if isinstance(value, str):
                assert is_clean(value), (column, value[:80])
                assert len(value) <= 30 * (64 + 512 + 6) + 2 if column == "props" else len(value) <= MAX_PATH
    for row in counter.rows("select * from drop_log"):
        assert all(is_clean(value) for value in row.values() if isinstance(value, str))
        assert len(row["user_agent"]) <= 512


# T-01 -----------------------------------------------------------------------------------------------------------

HEADERS = ["User-Agent", "Referer", "Accept-Language", "Origin", "Cookie", "X-Forwarded-For", "Sec-Purpose", "DNT"]


@pytest.mark.parametrize("header", HEADERS)
async def test_bytes_beyond_ascii_in_headers_are_stored_as_valid_text(counter: Counter, header: str) -> None:
    """T-01."""
    body = json.dumps(GOOD).encode()
    for noise in (
        bytes(range(0x80, 0x100)),
        b"\xff",
        b"ok\xc3",
        b"\xe1\x83\x90",
        b"\xed\xa0\x80",
        b"a\xf4\x90\x80\x80b",
    ):
        line = header.encode() + b": https://" + noise + b".example/" + noise
        answer = await counter.raw(post_bytes(body, line))
        assert status_of(answer) in {202, 400}, noise
        dropped = await counter.raw(post_bytes(body.replace(b"demo", b"demo"), line, agent=b"curl/8 " + noise))
        assert status_of(dropped) in {202, 400}
    await counter.settled()
    assert_stored_texts_are_clean(counter)


# T-02 -----------------------------------------------------------------------------------------------------------

EVIL_TEXTS: dict[str, str] = {
    "lone surrogate": "a\ud800b",
    "surrogates the wrong way round": "\udc00\ud800",
    "NUL": "a\x00b",
    "C0": "".join(map(chr, range(0x20))),
    "C1": "".join(map(chr, range(0x7F, 0xA0))),
    "bidi": "\u202eevil\u202c \u2066x\u2069",
    "marks": "a" + "\u0301" * 100_000,
    "marks of all planes": "a" + "\u0301\U0001e8d0\U000e0100" * 3000,
    "decomposed": "e\u0301" * 3000,
    "grows when composed": "\ufb2c" * 3000,
    "not a character": "\ufffe\uffff\U0010ffff",
    "tab and lines": "a\tb\r\nc\u2028d",
    "sql": "'; drop table event; --",
    "html": "<script>alert(1)</script>",
    "template": "{{7*7}}${7*7}%s%n",
    "prototype": "__proto__",
    "long": "x" * 100_000,
    "blank": " \u00a0\u3000 ",
}  # fmt: skip

UTM = ("source", "medium", "campaign", "term", "content")
PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "path": lambda text: {"path": "/" + text},
    "path alone": lambda text: {"path": text},
    "utm": lambda text: {"path": "/?" + "&".join(f"utm_{key}={text}" for key in UTM)},
    "title": lambda text: {"title": text},
    "host": lambda text: {"host": text},
    "referrer": lambda text: {"referrer": text},
    "referrer path": lambda text: {"referrer": f"https://r.example/{text}"},
    "name": lambda text: {"name": text},
    "language": lambda text: {"language": text},
    "id": lambda text: {"id": text},
    "prop key": lambda text: {"name": "n", "props": {text: "v"}},
    "prop value": lambda text: {"name": "n", "props": {"k": text}},
    "unknown key": lambda text: {text: text},
    "site": lambda text: {"site": text},
    "view": lambda text: {"view": text, "engaged_ms": 5},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_hostile_text_in_any_field_is_stored_clean_or_refused(counter: Counter, place: str) -> None:
    """T-02."""
    for name, text in EVIL_TEXTS.items():
        for escaped in (True, False):
            body = json.dumps({**GOOD, **PLACES[place](text)}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
            answer = await counter.post(body)
            assert answer.status in {202, 400, 404, 413}, (name, await answer.text())
    await counter.settled()
    assert_stored_texts_are_clean(counter)


@pytest.mark.parametrize("place", ["path", "title", "referrer", "name", "language", "id", "prop.k"])
async def test_hostile_text_in_the_query_of_the_pixel_is_stored_clean_or_refused(counter: Counter, place: str) -> None:
    """T-02."""
    for name, text in EVIL_TEXTS.items():
        cut = text[:300].encode("utf-8", "surrogatepass")
        escaped = "".join(f"%{byte:02x}" for byte in cut)
        answer = await counter.raw(
            f"GET /pixel.gif?site=demo&{place}={escaped} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"User-Agent: {BROWSER}\r\n\r\n".encode()
        )
        assert status_of(answer) in {200, 400}, name
    assert_stored_texts_are_clean(counter)


# T-03 -----------------------------------------------------------------------------------------------------------

POISON = [
    '"title": "\\ud800"', '"title": {}', '"title": []', '"title": true', '"title": null', '"title": 1',
    '"screen": 9223372036854775808', '"screen": -9223372036854775809', '"screen": NaN', '"screen": Infinity',
    '"screen": 1e999', '"screen": {}', '"screen": []', '"screen": true', '"screen": null', f'"screen": {"9" * 5000}',
    f'"unknown": {"9" * 5000}', '"unknown": 1e999', '"unknown": -0', '"unknown": 9223372036854775808',
    '"engaged_ms": 18446744073709551616, "view": "v"', '"props": {"k": null}', '"props": null',
    '"props": [["k", "v"]]', '"id": {"a": 1}', '"id": 9223372036854775808', '"name": "\\u0000"',
    '"referrer": "http://[::1"', '"host": "\\u2100.example"', '"language": "\\udfff"',
]  # fmt: skip


async def test_poison_never_takes_its_neighbours_of_the_same_commit_along(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-03: good, poison, good wait for the writer together."""
    counter = await start()
    append = counter.service.store.append
    gate, taken = asyncio.Event(), asyncio.Event()

    async def paused(batch: Batch, now: float) -> Appended:
        taken.set()
        await gate.wait()
        return await append(batch, now)

    monkeypatch.setattr(counter.service.store, "append", paused)
    expected = []
    for number, poison in enumerate(POISON):
        gate.clear()
        taken.clear()
        first = asyncio.create_task(counter.hit(id=f"first-{number}"))
        await taken.wait()
        hits = [
            json.dumps({**GOOD, "id": f"before-{number}"}).encode(),
            f'{{"site": "demo", "path": "/poison", {poison}}}'.encode(),
            json.dumps({**GOOD, "id": f"after-{number}"}).encode(),
        ]
        waiting = [asyncio.create_task(counter.post(hit)) for hit in hits]
        while counter.service.writer.queued < 2:
            await asyncio.sleep(0.001)
        gate.set()
        before, poisoned, after = await asyncio.gather(*waiting)
        assert [outcome_of(await first), outcome_of(before), outcome_of(after)] == ["counted"] * 3, poison
        assert poisoned.status in {202, 400}, poison
        expected += [f"first-{number}", f"before-{number}", f"after-{number}"]
    assert sorted(row["hit_id"] for row in counter.hits() if row["hit_id"]) == sorted(expected)
    await counter.assert_unharmed()


async def test_poison_in_an_array_refuses_all_and_the_next_array_is_stored(counter: Counter) -> None:
    """T-03."""
    for poison in POISON:
        if "unknown" in poison or "u0000" in poison or "referrer" in poison or "host" in poison:
            continue  # these are mended, not refused
        answer = await counter.post(f'[{json.dumps(GOOD)}, {{"site": "demo", "path": "/", {poison}}}]'.encode())
        assert answer.status == 400, poison
    assert counter.hits() == []
    assert await (await counter.post([GOOD, GOOD])).json() == {"outcomes": ["counted", "counted"]}


# T-04 -----------------------------------------------------------------------------------------------------------

NOT_A_HIT: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t",
    "null": b"null",
    "array of nothing": b"[]",
    "text": b'"x"',
    "number": b"1",
    "true": b"true",
    "NaN": b"NaN",
    "long integer": b"9" * 5000,
    "no JSON": b"site=demo&path=/",
    "half": b'{"site":"demo","path":',
    "two": b'{"site":"demo","path":"/"}{"site":"demo","path":"/"}',
    "invalid UTF-8": b'{"site":"demo","path":"/\xff"}',
    "encoded surrogate": b'{"site":"demo","path":"/\xed\xa0\x80"}',
    "byte order mark": b'\xef\xbb\xbf{"site":"demo","path":"/"}',
    "UTF-16": '{"site":"demo","path":"/"}'.encode("utf-16"),
    "NUL behind": b'{"site":"demo","path":"/"}\x00',
    "double key": b'{"site":"demo","site":"demo","path":"/"}',
    "double key, escaped": b'{"site":"demo","\\u0073ite":"demo","path":"/"}',
    "double key below": b'{"site":"demo","path":"/","x":[{"a":1,"a":2}]}',
    "deep array": b"[" * 100_000,
    "deep array, closed": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"a":' * 80_000 + b"1" + b"}" * 80_000,
    "deep within": b'{"site":"demo","path":"/","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "comment": b'{"site":"demo","path":"/"} // hello',
    "trailing comma": b'{"site":"demo","path":"/",}',
    "single quotes": b"{'site':'demo','path':'/'}",
}  # fmt: skip


async def test_what_is_not_a_hit_is_400(counter: Counter) -> None:
    """T-04."""
    for name, body in NOT_A_HIT.items():
        answer = await counter.post(body)
        assert answer.status == 400, name
        error = await answer.json()
        assert set(error) == {"error", "message"}
        assert len(error["message"]) < 500
    assert counter.hits() == []


async def test_no_depth_of_nesting_is_too_deep_for_the_second_look_for_double_keys(counter: Counter) -> None:
    """T-04: one reader's limit of recursion is not the other's."""
    for depth in range(60, 1100):
        nested = b"[" * depth + b'{"k":"v"}' + b"]" * depth
        answer = await counter.post(b'{"site":"demo","path":"/","x":%s}' % nested)
        assert answer.status in {202, 400}, depth


async def test_ten_thousand_unknown_keys_are_ignored_or_refused(counter: Counter) -> None:
    """T-04."""
    answer = await counter.post({**GOOD, **{f"key{number}": number for number in range(10_000)}})
    assert answer.status in {202, 400}


# T-05 -----------------------------------------------------------------------------------------------------------


def hit_of(size: int) -> bytes:
    """A hit whose body has `size` bytes."""
    body = json.dumps({**GOOD, "unknown": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:]


@pytest.mark.parametrize(
    ("size", "status"), [(LIMIT, 202), (LIMIT + 1, 413), (1024 * 1024 + 1, 413), (8 * 1024 * 1024, 413)]
)
async def test_a_body_up_to_512_kib_is_read_and_a_larger_one_is_413(counter: Counter, size: int, status: int) -> None:
    """T-05."""
    answer = await counter.post(hit_of(size))
    assert answer.status == status
    if status == 413:
        assert (await answer.json())["error"] == "too_large"


async def test_a_length_that_lies_harms_nobody(counter: Counter) -> None:
    """T-05: more and less than announced, none at all, a negative one, and a chunked body that breaks off."""
    body = json.dumps(GOOD).encode()
    head = b"POST /hit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: " + BROWSER.encode() + b"\r\n"
    lies = {
        b"Content-Length: 5\r\n\r\n": body,
        b"Content-Length: -1\r\n\r\n": body,
        b"Content-Length: 99999999999999999999\r\n\r\n": b"",
        b"Content-Length: 1e3\r\n\r\n": body,
        b"\r\n": body,
        b"Transfer-Encoding: chunked\r\n\r\n": b"zz\r\n" + body,
        b"Transfer-Encoding: chunked\r\n\r\n ": b"ffffffffffffffffff\r\n" + body,
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n": b"0\r\n\r\n",
        b"Content-Length: 26\r\nContent-Length: 27\r\n\r\n": body,
    }
    for lie, sent in lies.items():
        assert status_of(await counter.raw(head + lie + sent, end=True)) in {0, 400, 413, 503} | {408}, lie
    cut = await counter.raw(head + b"Content-Length: 500\r\n\r\n" + body, end=True)
    assert status_of(cut) in {0, 400, 408}
    assert counter.hits() == []


@pytest.mark.parametrize("framing", [b"Content-Length: 500", b"Transfer-Encoding: chunked"])
async def test_a_body_that_never_ends_is_408(counter: Counter, monkeypatch: pytest.MonkeyPatch, framing: bytes) -> None:
    """T-05: aiohttp never times out a body by itself."""
    monkeypatch.setattr(request_module, "BODY_SECONDS", 0.2)
    head = b"POST /hit HTTP/1.1\r\nHost: x\r\nUser-Agent: " + BROWSER.encode() + b"\r\n" + framing + b"\r\n\r\n"
    answer = await counter.raw(head + (b'5\r\n{"sit\r\n' if b"chunked" in framing else b'{"sit'))
    assert status_of(answer) in {0, 408}
    assert counter.hits() == []


async def test_a_client_whose_body_stalls_is_told_why(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-05."""
    monkeypatch.setattr(request_module, "BODY_SECONDS", 0.2)
    answer = await counter.raw(b"POST /hit HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    assert status_of(answer) == 408
    assert b'"too_slow"' in answer


# T-06 -----------------------------------------------------------------------------------------------------------


async def test_a_compressed_body_is_read_and_a_bomb_is_refused(counter: Counter) -> None:
    """T-06."""
    body = json.dumps(GOOD).encode()
    packed = gzip.compress(body)
    bomb = gzip.compress(b'{"site":"' + b"\0" * 40_000_000)
    cases: list[tuple[str, bytes, set[int]]] = [
        ("gzip", packed, {202}),
        ("GZIP", packed, {202}),
        ("deflate", zlib.compress(body), {202}),
        ("identity", body, {202}),
        ("gzip", bomb, {413}),
        ("deflate", zlib.compress(b"\0" * 40_000_000), {413}),
        ("gzip", packed[:-9], {400}),
        ("gzip", packed[:5], {400}),
        ("gzip", b"not gzip at all", {400}),
        ("gzip", b"", {400}),
        ("gzip", gzip.compress(packed), {400}),
        ("br", body, {400, 415}),
        ("zstd", body, {400, 415}),
        ("compress", body, {415}),
        ("gzip, gzip", gzip.compress(packed), {400, 415}),
        ("nonsense", body, {415}),
    ]
    for encoding, sent, statuses in cases:
        answer = await counter.raw(post_bytes(sent, b"Content-Encoding: " + encoding.encode()))
        assert status_of(answer) in statuses, (encoding, sent[:20], answer[:200])


def resident() -> int:
    """Bytes of this process that are in memory; the service and its clients are one here."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_fifty_bombs_at_once_are_refused_and_a_good_hit_comes_through(counter: Counter) -> None:
    """T-06."""
    before = resident()
    bomb = post_bytes(gzip.compress(b"\0" * 20_000_000), b"Content-Encoding: gzip")
    answers = await asyncio.gather(
        *(counter.raw(bomb) for _ in range(50)), counter.raw(post_bytes(json.dumps(GOOD).encode()))
    )
    assert {status_of(answer) for answer in answers[:-1]} == {413}
    assert status_of(answers[-1]) == 202
    # A body of 512 KiB each is 25 MB, decompressed they would be 1,000.
    assert resident() - before < 200_000_000


# T-07, T-08 -----------------------------------------------------------------------------------------------------

# a content type; what a good JSON body then gets
CONTENT_TYPES: list[tuple[str, set[int]]] = [
    ("application/json", {202}),
    ("application/json; charset=utf-8", {202}),
    ('application/json; charset="UTF-8"', {202}),
    ("text/plain;charset=UTF-8", {202}),
    ("TEXT/PLAIN", {202}),
    ("application/octet-stream", {202}),
    ("application/json; charset=foo", {400, 415}),
    ("application/json; charset=utf-16", {400, 415}),
    ("text/plain; charset=utf-7", {400, 415}),
    ("text/plain; format=flowed; charset=foo", {202, 400, 415}),
    ("text/plain; charset=", {202, 400, 415}),
    ("application/x-www-form-urlencoded", {415}),
    ("multipart/form-data", {415}),
    ("multipart/form-data; boundary=x", {415}),
    ("text/html", {415}),
    ("nonsense", {415}),
    ("/", {415}),
    (";", {202, 415}),
    ("x" * 5000, {415}),
]


async def test_json_comes_as_json_or_text_in_utf_8_and_as_nothing_else(counter: Counter) -> None:
    """T-07, T-08."""
    body = json.dumps(GOOD).encode()
    for kind, statuses in CONTENT_TYPES:
        answer = await counter.raw(post_bytes(body, b"Content-Type: " + kind.encode()))
        assert status_of(answer) in statuses, kind
    assert status_of(await counter.raw(post_bytes(body))) == 202, "none at all"


PART = b'--x\r\nContent-Disposition: form-data; name="out"'
NESTED = b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n1\r\n--y--\r\n--x--"
MULTIPART = b"".join(PART + b"%d\r\n\r\nv\r\n" % number for number in range(1200)) + b"--x--\r\n"
URLENCODED = b"application/x-www-form-urlencoded"
FORMS: list[tuple[bytes, bytes]] = [
    (URLENCODED, b"out=1"),
    (URLENCODED + b"; charset=foo", b"out=1"),
    (URLENCODED + b"; charset=utf-16", b"out=1"),
    (URLENCODED + b"; charset=utf-7", b"out=+2AA-"),
    (URLENCODED, b"out=\xff\xfe"),
    (URLENCODED, b"out=%ff&out=%00"),
    (URLENCODED, b"&".join(b"f%d=1" % n for n in range(5000))),
    (URLENCODED, b"x" * 600_000),
    (b"multipart/form-data", b"out=1"),
    (b"multipart/form-data; boundary=", b"--\r\n\r\n"),
    (b"multipart/form-data; boundary=x", MULTIPART),
    (b"multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
    (b"multipart/form-data; boundary=x", PART + b"\r\n\r\n1"),
    (b"multipart/form-data; boundary=x", NESTED),
    (b"multipart/form-data; boundary=x", PART + b'; filename="a"\r\n\r\n1\r\n--x--'),
    (b"multipart/form-data; boundary=" + b"x" * 500, b"1"),
    (b"text/html", b"out=1"),
]


async def test_the_form_of_opting_out_refuses_what_is_no_form(counter: Counter) -> None:
    """T-07, T-08: the one route that reads a form."""
    wrong = []
    for kind, body in FORMS:
        answer = await counter.raw(post_bytes(body, b"Content-Type: " + kind, path=b"/opt-out"))
        if status_of(answer) not in {200, 400, 413, 415}:
            wrong.append((kind, body[:40], status_of(answer)))
    assert wrong == []


# T-09 -----------------------------------------------------------------------------------------------------------

AGENTS: list[str] = [
    "", "x", "x" * 512, "x" * 513, "x" * 7900, "1" * 7900, ";" * 7900, "(" * 7900, ")" * 7900, "/" * 7900, " " * 500,
    "Android " + "a;" * 3900, "Mozilla/5.0 (Linux; Android " + "1." * 3900, "Mozilla/5.0 (" + "; " * 3900 + ")",
    "Mozilla/5.0 (iPhone; CPU iPhone OS " + "1_" * 3900, "Dalvik/" + "a" * 7000 + " (Linux; U; Android",
    "Windows NT " * 700, "Chrome/" * 1100, "bot" * 2600, "http://" * 1100, "Opera/9.80 (" + "a" * 7800,
    "Mozilla/5.0 " + "AppleWebKit/" * 600, "Lenovo " + "-" * 7800, "HbbTV/" + "1.1.1 (;;;;;" * 600, "\t" * 500,
]  # fmt: skip


async def test_no_user_agent_makes_the_loop_wait(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-09: ten times the 25 ms of CPU that a hit may take, and what is stored of it is at most 512 characters."""
    judge = type(counter.service.pipeline).judge
    longest = 0.0

    def measured(*arguments: Any) -> Any:
        nonlocal longest
        before = time.thread_time()
        try:
            return judge(*arguments)
        finally:
            longest = max(longest, time.thread_time() - before)

    monkeypatch.setattr(type(counter.service.pipeline), "judge", measured)
    for agent in AGENTS:
        for hint in (b"Sec-CH-UA: x", b"Sec-CH-UA: " + b'"a";v="1",' * 700, b"Accept-Language: " + b"a-" * 3900):
            answer = await counter.raw(post_bytes(json.dumps(GOOD).encode(), b"User-Agent: " + agent.encode(), hint))
            assert status_of(answer) in {202, 400}, agent[:40]
    assert longest < 0.25
    await counter.settled()
    assert_stored_texts_are_clean(counter)
    monkeypatch.undo()


async def test_a_header_of_more_than_8190_bytes_is_400(counter: Counter) -> None:
    """T-09."""
    answer = await counter.raw(post_bytes(json.dumps(GOOD).encode(), b"User-Agent: " + b"x" * 8300))
    assert status_of(answer) == 400
    many = await counter.raw(post_bytes(json.dumps(GOOD).encode(), *[b"X-%d: y" % number for number in range(200)]))
    assert status_of(many) == 400
    assert counter.hits() == []


# T-10 -----------------------------------------------------------------------------------------------------------

NONE = ("Unknown", "Direct", "direct")
# a referrer; what is stored of it, its source and channel
REFERRERS: list[tuple[str, tuple[str, str, str]]] = [
    ("javascript:alert(1)", NONE),
    ("JaVaScRiPt:alert(1)", NONE),
    ("java\tscript:alert(1)", NONE),
    ("\x01javascript:alert(1)", NONE),
    ("data:text/html,<script>1</script>", NONE),
    ("vbscript:x", NONE),
    ("file:///etc/passwd", NONE),
    ("about:blank", NONE),
    ("//evil.test/x", NONE),
    ("/relative", NONE),
    ("evil.test", NONE),
    ("http:evil.test", NONE),
    ("http:///x", NONE),
    ("http://", NONE),
    ("http://[::1", NONE),
    ("http://[zz]/", NONE),
    ("http://a:99999/", NONE),
    ("http://a:x/", NONE),
    ("http://a b/", NONE),
    ("http://\u2100.example/", NONE),
    ("http://" + "a" * 300 + ".example/", NONE),
    ("http://..example/", NONE),
    ("http://ex ample/", NONE),
    ("http://user:secret@r.example/p", ("http://r.example/p", "r.example", "referral")),
    ("http://user@evil@r.example/", ("http://r.example/", "r.example", "referral")),
    ("HTTPS://R.Example/Path?token=secret#frag", ("https://r.example/Path", "r.example", "referral")),
    ("https://r.example:443/", ("https://r.example/", "r.example", "referral")),
    ("https://r.example:8443/", ("https://r.example:8443/", "r.example", "referral")),
    ("https://www.r.example", ("https://www.r.example/", "r.example", "referral")),
    ("http://bücher.example/", ("http://xn--bcher-kva.example/", "xn--bcher-kva.example", "referral")),
    ("http://192.0.2.1/x", ("http://192.0.2.1/x", "192.0.2.1", "referral")),
    ("https://r.example/a\r\nb\tc", ("https://r.example/a b c", "r.example", "referral")),
    ("https://r.example\\@evil.test/", ("https://r.example/@evil.test/", "r.example", "referral")),
    ("android-app://com.example.app/path", ("android-app://com.example.app", "com.example.app", "referral")),
]


async def test_a_referrer_is_http_or_nothing_and_keeps_no_secrets(counter: Counter) -> None:
    """T-10."""
    for number, (referrer, expected) in enumerate(REFERRERS):
        assert outcome_of(await counter.hit(referrer=referrer, ip=f"203.0.113.{number}")) == "counted", referrer
        row = counter.hits()[-1]
        stored, source, channel = row["referrer"], row["source"], row["channel"]
        if referrer == "https://r.example/a\r\nb\tc":
            assert stored.startswith("https://r.example/a")
            assert is_clean(stored)
        else:
            assert (stored, source, channel) == expected, referrer
        assert "secret" not in stored
    await counter.hit(referrer="https://r.example/" + "x" * 8000, ip="192.0.2.9")
    assert len(counter.hits()[-1]["referrer"]) <= 1024


async def test_the_referer_header_is_no_referrer_of_the_visit(counter: Counter) -> None:
    """T-10: it names the page itself."""
    await counter.hit(headers={"Referer": "https://page.example/with?token=secret"})
    assert counter.hits()[0]["referrer"] == "Unknown"


# T-11 -----------------------------------------------------------------------------------------------------------


async def test_a_stranger_cannot_date_a_hit(counter: Counter) -> None:
    """T-11."""
    for moment in (-(10**12), 10**15, "NaN", None, "2025-11-21T12:00:00Z", "2014-11-21T12:00:00Z", 1.5, "", [], {}):
        answer = await counter.hit(time=moment)
        assert answer.status == 400 or (moment == "" and answer.status == 202), moment
        assert (await counter.pixel({"site": "demo", "path": "/", "time": str(moment)})).status in {200, 400}
    for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "x"):
        assert (await counter.hit(headers={"Date": date})).status == 202
    assert {row["at"] for row in counter.hits()} == {int(NOON)}


async def test_the_token_cannot_date_a_hit_out_of_its_window(counter: Counter) -> None:
    """T-11."""
    token = await counter.add_token()
    for moment in (
        "0001-01-01",
        "9999-12-31T23:59:59.999999-12:00",
        "2024-11-21T12:00:00+99:00",
        "2024-W47-4",
        "12:00",
    ):
        assert (await counter.hit(headers=token, time=moment)).status in {202, 400}, moment
    assert all(NOON - 86_400 <= row["at"] <= NOON + 300 for row in counter.hits())


# T-12 -----------------------------------------------------------------------------------------------------------


async def test_unknown_and_removed_sites_are_the_same_404_and_nothing_is_stored(start: Start) -> None:
    """T-12."""
    counter = await start(sites=[{"id": "demo", "hosts": ["demo.example"]}, {"id": "gone"}])
    await counter.service.store.catalog.remove_site("gone", counter.clock.now())
    await counter.service.reload_sites()
    answers = set()
    for site in (
        "gone",
        "nobody",
        "../demo",
        "demo/../demo",
        "DEMO",
        " demo",
        "demo ",
        "demo\x00",
        "*",
        "%",
        "demo' or 1",
        "x" * 400_000,
    ):
        answer = await counter.hit(site=site)
        assert answer.status == 404, site[:20]
        assert len(await answer.text()) < 500
        if site in {"gone", "nobody"}:
            answers.add((await answer.text()).replace(site, "SITE"))
    assert len(answers) == 1
    assert (await counter.hit(site="x" * 1_000_000)).status == 413
    assert (await counter.hit(site="")).status in {400, 404}
    assert await counter.outcome(host="gone.example") == "foreign_host", "another site's host name"
    assert counter.hits() == []
    assert await counter.drops() == {"foreign_host": 1}
    await counter.assert_unharmed()


# T-13 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["HEAD", "PUT", "DELETE", "TRACE", "PATCH", "FOO", "GET", "CONNECT", "get", "PROPFIND"]
)
async def test_only_post_counts_on_the_hit_path(counter: Counter, method: str) -> None:
    """T-13."""
    body = json.dumps(GOOD).encode()
    request = post_bytes(body).replace(b"POST", method.encode(), 1)
    assert status_of(await counter.raw(request)) in {0, 400, 404, 405}
    assert counter.hits() == []


async def test_an_expectation_we_do_not_know_is_417_and_100_continue_works(counter: Counter) -> None:
    """T-13."""
    body = json.dumps(GOOD).encode()
    assert status_of(await counter.raw(post_bytes(body, b"Expect: foo"))) == 417
    assert counter.hits() == []
    answer = await counter.raw(post_bytes(body, b"Expect: 100-continue"))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert b"HTTP/1.1 202" in answer


@pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTX/1.1", b""])
async def test_other_versions_of_http_are_refused(counter: Counter, version: bytes) -> None:
    """T-14, the short form."""
    answer = await counter.raw(post_bytes(json.dumps(GOOD).encode()).replace(b"HTTP/1.1", version, 1))
    assert status_of(answer) in {0, 400, 505}
    assert counter.hits() == []


@pytest.mark.parametrize("target", [b"http://evil.test/hit", b"http://x/hit", b"//evil.test/hit", b"hit", b"*"])
async def test_a_target_in_absolute_form_is_refused(counter: Counter, target: bytes) -> None:
    """T-14, the short form: we are nobody's proxy."""
    answer = await counter.raw(post_bytes(json.dumps(GOOD).encode(), path=target))
    assert 400 <= status_of(answer) < 500
    assert counter.hits() == []


HOSTS = [b"", b"[::1", b"a b", b"\xff", b'"><script>x</script>', b"x" * 4000, b"\xe1\x83\x90.example", b"a:b:c", b"@"]
PATHS_OF_GET = [
    "/demo",
    "/opt-out",
    "/widget/demo.html",
    "/widget/demo.svg",
    "/counter.js",
    "/api/v1/totals?site=demo",
    "/",
]


@pytest.mark.parametrize("path", PATHS_OF_GET)
async def test_a_hostile_host_header_breaks_no_page_and_runs_nowhere(counter: Counter, path: str) -> None:
    """T-01, T-60: the pages make addresses from it when public_url is not set."""
    wrong = []
    for host in HOSTS:
        answer = await counter.raw(b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path.encode(), host))
        if status_of(answer) not in {200, 302, 400, 421} or b"<script>x" in answer:
            wrong.append((host[:30], status_of(answer)))
    assert wrong == []


SMUGGLED = (
    b"POST /hit HTTP/1.1\r\nHost: x\r\nUser-Agent: Firefox/128.0\r\nContent-Length: 33\r\n\r\n"
    b'{"site":"demo","path":"/smuggled"}'
)
FRAMING: dict[str, bytes] = {
    "both lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "two hosts": b"Host: y\r\nContent-Length: 0\r\n\r\n",
    "a bare line feed": b"X: y\nContent-Length: 0\r\n\r\n",
    "a folded line": b"X: y\r\n z\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"Content-Length : 0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "not quite chunked": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
}


@pytest.mark.parametrize("case", FRAMING)
async def test_a_request_of_doubtful_length_is_refused_and_what_follows_is_never_executed(
    counter: Counter, case: str
) -> None:
    """T-14, the short form."""
    answer = await counter.raw(b"POST /hit HTTP/1.1\r\nHost: x\r\n" + FRAMING[case] + SMUGGLED)
    assert status_of(answer) in {0, 400}
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert counter.hits() == []


# T-15 -----------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec=None), max_size=30) | st.sampled_from([*EVIL_TEXTS.values()]).map(
    lambda text: text[:200]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
KEYS = ["title", "host", "referrer", "name", "props", "id", "screen", "language", "view", "engaged_ms", "time", "ip",
        "user_agent"]  # fmt: skip
PATHS = TEXTS.map(lambda text: "/" + text)
LIKELY = st.fixed_dictionaries(
    {"site": st.just("demo"), "path": PATHS},
    optional={
        "title": TEXTS, "referrer": TEXTS, "name": TEXTS, "id": TEXTS, "language": TEXTS, "host": TEXTS,
        "screen": st.integers(-5, 40_000), "props": st.dictionaries(TEXTS, TEXTS, max_size=3), "zzz": JSON,
    },
)  # fmt: skip
HITS = LIKELY | st.builds(lambda hit, key, junk: {**hit, key: junk}, LIKELY, st.sampled_from(KEYS), JSON) | JSON
HEADER_BYTES = st.binary(max_size=60).map(lambda raw: bytes(byte for byte in raw if byte not in b"\r\n\0"))
HEADER_LINES = st.dictionaries(
    st.sampled_from(["Referer", "Origin", "Accept-Language", "Cookie", "X-Forwarded-For", "Sec-Purpose", "DNT",
                     "Sec-GPC", "Authorization", "Content-Type", "Content-Encoding", "X-Junk"]),
    HEADER_BYTES, max_size=4,
)  # fmt: skip


@given(body=HITS, headers=HEADER_LINES, agent=st.just(BROWSER.encode()) | HEADER_BYTES)
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_any_json_with_any_headers_is_answered_and_a_counted_hit_is_one_row_that_reads_back(
    counter: Counter, body: Any, headers: dict[str, bytes], agent: bytes
) -> None:
    """T-15."""
    before = len(counter.hits())
    sent = json.dumps(body).encode()
    lines = [name.encode() + b": " + value for name, value in headers.items()]
    answer = await counter.raw(post_bytes(sent, *lines, agent=agent))
    status = status_of(answer)
    assert status in ALLOWED, (status, body, headers)
    counter.statuses.append(status)
    rows = counter.hits()
    if b"\r\nX-Counter: counted\r\n" in answer and not isinstance(body.get("engaged_ms", ""), int):
        assert len(rows) == before + 1
        path = body.get("path")
        assert rows[-1]["path"] == (normalise_path(_cleaned(path), ()) if path else "Unknown")
        assert_stored_texts_are_clean(counter)
    elif b"\r\nX-Counter: counted\r\n" in answer:
        assert len(rows) - before in {0, 1}  # engaged time of a view is no hit; without its view it is left out of one
    else:
        assert len(rows) == before or isinstance(body, list)


def _cleaned(path: str) -> str:
    from counter.text import clean

    return clean(path, 2048)


# T-44 -----------------------------------------------------------------------------------------------------------

BAD_ZONES = sorted({
    "", " ", ".", "..", "/", "Europe/", "/Europe/Berlin", "Europe//Berlin", "europe/berlin", "EUROPE/BERLIN",
    "Europe/Berlin ", " Europe/Berlin", "Europe/Berlin\n", "Europe/Berlin\x00", "Europe\\Berlin", "Europe/Nowhere",
    "../../etc/passwd", "Europe/../../../etc/passwd", "/etc/localtime", "/etc/passwd", "localtime", "posixrules",
    "Factory", "right/UTC", "right/Europe/Berlin", "posix/UTC", "zone.tab", "zone1970.tab", "tzdata.zi", "leapseconds",
    "iso3166.tab", "+04:00", "UTC+4", "GMT+4:30", "CET-1CEST", "Tbilisi", "Georgia/Tbilisi", "\u0391sia/Tbilisi",
    "Asia/Tbilisi;drop", "x" * 5000, "\ud800", "null", "None", "0", "-1", "Etc/GMT+99", "America/Indiana",
    *(f"Asia/City{number}" for number in range(100)), *(f"{letter}/{letter}" for letter in string.ascii_letters),
})  # fmt: skip


@pytest.mark.parametrize("entry", [check_site_field, site_field_from_text], ids=["config", "site set"])
def test_a_zone_that_is_none_is_refused_wherever_a_zone_is_taken(entry: Callable[[str, Any], object]) -> None:
    """T-44."""
    assert len(BAD_ZONES) >= 200 - 60
    for name in BAD_ZONES:
        with pytest.raises(ConfigError, match="a time zone such as Europe/Berlin"):
            entry("timezone", name)


async def test_every_zone_and_every_legacy_alias_has_its_totals(start: Start) -> None:
    """T-44: one site in each zone; each is asked for its totals and counts a hit on its own local day."""
    zones = sorted(valid_zones())
    assert {"Asia/Calcutta", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "US/Eastern", "EST"} <= set(zones)
    counter = await start(FakeClock(NOON), sites=[{"id": f"z{n}", "timezone": zone} for n, zone in enumerate(zones)])
    for start_at in range(0, len(zones), 500):
        part = range(start_at, min(start_at + 500, len(zones)))
        answer = await counter.post([{"site": f"z{number}", "path": "/"} for number in part])
        assert set((await answer.json())["outcomes"]) == {"counted"}
    days = {row["site_key"]: row["day"] for row in counter.rows("select site_key, day from total_day")}
    for number, zone in enumerate(zones):
        answer = await counter.get(f"/api/v1/totals?site=z{number}")
        totals = await answer.json()
        assert (answer.status, totals["zone"], totals["today"]["count"]) == (200, zone, 1), zone
        local = dt.datetime.fromtimestamp(NOON, LocalTime(zone).zone)
        assert totals["today"]["from"] == local.date().isoformat(), zone
        assert days[counter.site_key(f"z{number}")] == day_number(local.date()), zone


async def test_no_public_route_takes_a_zone_from_a_stranger(counter: Counter) -> None:
    """T-44: what a stranger adds changes nothing."""
    plain = await counter.totals()
    for name in ("tz", "zone", "timezone"):
        for value in ("Asia/Tbilisi", "../../etc/passwd", "localtime"):
            assert await counter.totals(**{name: value}) == plain
