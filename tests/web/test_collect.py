"""`/hit`, the pixel and the counting image: the wire format, what is dropped and why, and what a 2xx promises."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from counter.collect.lists import SpamReferrers
from counter.config import load
from counter.errors import StoreError
from counter.event import DropReason
from counter.site import Site
from counter.store.protocols import Appended, Batch
from tests.kit.app import BOT, BROWSER, NOON, VISITOR, Start, outcome_of, stop

NOON_TEXT = "2024-11-21T12:00:00Z"
TWO_SITES = [{"id": "demo"}, {"id": "other"}]


# The wire format, key by key -----------------------------------------------------------------------------------


# keys beside site and path; column of hit_log; what stands there
STORED: list[tuple[dict[str, Any], str, Any]] = [
    ({"path": "/a/b"}, "path", "/a/b"),
    ({"path": "/a?x=1&utm_source=news#part"}, "path", "/a"),
    ({"path": "/a?x=1&utm_source=news#part"}, "utm_source", "news"),
    ({"path": "/a?utm_source=news"}, "channel", "campaign"),
    ({"path": "/index.html"}, "path", "/"),
    ({"path": "//a///b"}, "path", "/a/b"),
    ({"path": "/%E1%83%90"}, "path", "/ა"),
    ({"path": "/" + "x" * 5000}, "path", "/" + "x" * 1023),
    ({"title": "A page"}, "title", "A page"),
    ({"title": "x" * 513}, "title", "x" * 512),
    ({"title": " a\tb\x00c\u202ed "}, "title", "a bcd"),
    ({"referrer": "https://news.example/story?id=7"}, "referrer", "https://news.example/story"),
    ({"referrer": "https://news.example/story?id=7"}, "referrer_host", "news.example"),
    ({"referrer": "https://news.example/story"}, "source", "news.example"),
    ({"referrer": "https://news.example/story"}, "channel", "referral"),
    ({"referrer": "https://page.example/other", "host": "page.example"}, "referrer", "Unknown"),
    ({"referrer": ""}, "source", "Direct"),
    ({"name": "signup"}, "name", "signup"),
    ({"name": "x" * 129}, "name", "x" * 128),
    ({"name": ""}, "name", "pageview"),
    ({}, "name", "pageview"),
    ({}, "via", "snippet"),
    ({}, "ip", VISITOR),
    ({}, "at", int(NOON)),
    ({}, "time_utc", "2024-11-21 12:00:00"),
    ({}, "country", "AU"),
    ({}, "browser_version", "Firefox 128"),
    ({}, "device", "desktop"),
    ({}, "props", None),
    ({"name": "sale", "props": {"size": "XL", "colour": "red"}}, "props", '{"size":"XL","colour":"red"}'),
    (
        {"name": "sale", "props": {"n": 3, "whole": 3.0, "price": 9.95, "big": 2**70, "new": True, "used": False}},
        "props",
        '{"n":"3","whole":"3","price":"9.95","big":"1180591620717411303424","new":"true","used":"false"}',
    ),
    (
        {"name": "sale", "props": {"a": 1e-7, "b": 0.00001, "c": -0.5, "d": 1e20, "e": 1e300}},
        "props",
        '{"a":"1e-7","b":"0.00001","c":"-0.5","d":"100000000000000000000","e":"1e+300"}',
    ),
    ({"name": "sale", "props": {"k" * 65: "v" * 513}}, "props", json.dumps({"k" * 64: "v" * 512}).replace(" ", "")),
    ({"id": "abc"}, "hit_id", "abc"),
    ({"id": "x" * 64}, "hit_id", "x" * 64),
    ({}, "hit_id", None),
    ({"screen": 1}, "screen", "under 576"),
    ({"screen": 1366}, "screen", "1200-1599"),
    ({"screen": 32_767}, "screen", "1920 and over"),
    ({}, "screen", "Unknown"),
    ({"language": "ka-GE"}, "language", "ka-GE"),
    ({"language": "EN_us"}, "language", "en-US"),
    ({}, "language", "Unknown"),
    ({"nobody": 1, "knows": {"this": [True]}}, "path", "/"),
]  # fmt: skip


async def test_each_key_of_a_hit_stands_in_the_hit_log_cut_at_its_limit(start: Start) -> None:
    counter = await start()
    for number, (keys, column, expected) in enumerate(STORED):
        ip = VISITOR if column in {"ip", "country"} else f"203.0.113.{number}"
        answer = await counter.hit(ip=ip, **keys)
        assert (answer.status, answer.headers["X-Counter"]) == (202, "counted"), (keys, await answer.text())
        assert counter.hits()[-1][column] == expected, keys


async def test_language_falls_back_to_the_header(start: Start) -> None:
    counter = await start()
    await counter.hit(headers={"Accept-Language": "en;q=0.5, de-AT;q=0.9"})
    assert counter.hits()[0]["language"] == "de-AT"


# the body; what the sentence says
REFUSED: list[tuple[Any, str]] = [
    ({"path": "/"}, "`site`"),
    ({"site": "demo"}, "path is missing"),
    ({"site": "demo", "path": None}, "path is missing"),
    ({"site": 1, "path": "/"}, "site"),
    ({"site": "demo", "path": 1}, "path"),
    ({"site": "demo", "path": "/", "title": None}, "title"),
    ({"site": "demo", "path": "/", "title": ["x"]}, "title"),
    ({"site": "demo", "path": "/", "screen": 32_768}, "32767"),
    ({"site": "demo", "path": "/", "screen": -1}, "screen is -1"),
    ({"site": "demo", "path": "/", "screen": 1.5}, "screen"),
    ({"site": "demo", "path": "/", "screen": True}, "screen"),
    ({"site": "demo", "path": "/", "screen": "1366"}, "screen"),
    ({"site": "demo", "path": "/", "id": "x" * 65}, "the limit is 64"),
    ({"site": "demo", "path": "/", "props": {f"k{n}": "" for n in range(31)}}, "the limit is 30"),
    ({"site": "demo", "path": "/", "props": {"k": None}}, "props"),
    ({"site": "demo", "path": "/", "props": {"k": [1]}}, "props"),
    ({"site": "demo", "path": "/", "props": {"k": {"l": 1}}}, "props"),
    ({"site": "demo", "path": "/", "props": []}, "props"),
    ({"site": "demo", "view": "v", "engaged_ms": 1_800_001}, "1800000"),
    ({"site": "demo", "view": "v", "engaged_ms": -1}, "engaged_ms is -1"),
    ({"site": "demo", "path": "/", "engaged_ms": 5}, "needs view"),
    ({"site": "demo", "path": "/", "time": NOON_TEXT}, "write token"),
    ({"site": "demo", "path": "/", "ip": "192.0.2.1"}, "write token"),
    ({"site": "demo", "path": "/", "user_agent": "x"}, "write token"),
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"nonsense", "not JSON"),
    (b'{"site":"demo","path":"/","path":"/b"}', "twice"),
    (b'{"site":"demo","path":"/","\\u0070ath":"/b"}', "twice"),
    (b'{"site":"demo","path":"/","x":{"a":1,"a":2}}', "twice"),
    (None, "null"),
    (7, "a number"),
    ("x", "a text"),
    ([], "1 to 500"),
    ([[]], "an array"),
    ([None], "null"),
]  # fmt: skip


async def test_bad_input_is_refused_with_a_code_and_a_sentence_and_nothing_is_stored(start: Start) -> None:
    counter = await start()
    for body, sentence in REFUSED:
        answer = await counter.post(body)
        assert answer.status == 400, (body, await answer.text())
        error = await answer.json()
        assert error["error"] == "bad_input"
        assert sentence in error["message"], body
        assert answer.headers["Access-Control-Allow-Origin"] == "*", "the page's script can read the reason"
    assert counter.hits() == []
    assert await counter.drops() == {}


async def test_json_comes_as_json_or_as_the_text_that_sendbeacon_sends(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start()
    for kind in ("application/json", "text/plain", "text/plain;charset=UTF-8", ""):
        with subtests.test(kind=kind):
            answer = await counter.hit(headers={"Content-Type": kind})
            assert outcome_of(answer) == "counted"


async def test_unknown_keys_are_ignored_and_counted_in_a_metric(start: Start) -> None:
    counter = await start()
    await counter.hit(unknown="x", another=1)
    await counter.post([{"site": "demo", "path": "/", "unknown": "x"}])
    assert "counter_unknown_keys_total 3.0" in await (await counter.get("/metrics")).text()


# Arrays ---------------------------------------------------------------------------------------------------------


async def test_an_array_of_1_to_500_hits_has_one_outcome_per_element(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["example.com"]}])
    hit = {"site": "demo", "path": "/"}
    answer = await counter.post([
        hit, {**hit, "host": "evil.test"}, {**hit, "id": "a"}, {**hit, "id": "a"},
        {"site": "demo", "view": "no", "engaged_ms": 9},
    ])  # fmt: skip
    assert answer.status == 202
    assert await answer.json() == {
        "outcomes": ["counted", "dropped:foreign_host", "counted", "duplicate", "dropped:unknown_view"]
    }
    assert len(counter.hits()) == 2
    assert (await (await counter.post([hit])).json()) == {"outcomes": ["counted"]}
    whole = await counter.post([hit] * 500)
    assert (await whole.json()) == {"outcomes": ["counted"] * 500}
    assert len(counter.hits()) == 503


async def test_an_array_of_501_or_of_none_is_refused(start: Start) -> None:
    counter = await start()
    for body in ([], [{"site": "demo", "path": "/"}] * 501):
        answer = await counter.post(body)
        assert answer.status == 400
        assert "1 to 500" in (await answer.json())["message"]
    assert counter.hits() == []


# what is wrong with the second of three hits
WRONG_IN_ARRAY: list[dict[str, Any]] = [
    {"path": 1}, {"path": None}, {"screen": 40_000}, {"id": "x" * 65}, {"engaged_ms": 5}, {"time": NOON_TEXT},
    {"props": {"a": None}},
]  # fmt: skip


async def test_bad_input_in_one_refuses_all_and_names_the_index(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start()
    hit = {"site": "demo", "path": "/"}
    for wrong in WRONG_IN_ARRAY:
        with subtests.test(wrong=wrong):
            answer = await counter.post([hit, {**hit, **wrong}, hit])
            assert answer.status == 400
            assert counter.hits() == []
            assert "hit 1" in (await answer.json())["message"]


async def test_a_drop_before_bad_input_in_an_array_is_counted_when_the_mended_array_comes(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["example.com"]}])
    foreign = {"site": "demo", "path": "/", "host": "evil.test", "id": "f"}
    assert (await counter.post([foreign, {"site": "demo", "path": "/", "screen": -1}])).status == 400
    assert (await (await counter.post([foreign])).json()) == {"outcomes": ["dropped:foreign_host"]}
    assert await counter.drops() == {"foreign_host": 1}


async def test_an_unknown_site_in_an_array_refuses_all(start: Start) -> None:
    counter = await start()
    answer = await counter.post([{"site": "demo", "path": "/"}, {"site": "nobody", "path": "/"}])
    assert answer.status == 404
    assert counter.hits() == []


async def test_an_array_of_rate_limited_hits_is_429_and_a_mixed_one_is_202(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 2})
    hit = {"site": "demo", "path": "/"}
    mixed = await counter.post([hit] * 3)
    assert (mixed.status, await mixed.json()) == (202, {"outcomes": ["counted", "counted", "dropped:rate_limited"]})
    none = await counter.post([hit] * 3)
    assert (none.status, none.headers["Retry-After"]) == (429, "61")


# Answers --------------------------------------------------------------------------------------------------------


async def test_a_hit_answered_with_2xx_is_in_sqlite(start: Start) -> None:
    counter = await start()
    for number in range(20):
        answer = await counter.hit(path=f"/{number}")
        assert (answer.status, answer.headers["X-Counter"]) == (202, "counted")
        assert [row["path"] for row in counter.hits()] == [f"/{n}" for n in range(number + 1)]


async def test_answers_to_hits_are_open_to_every_origin_and_never_cached(start: Start) -> None:
    counter = await start()
    answers = [
        await counter.hit(),
        await counter.hit(agent=BOT),
        await counter.post([{"site": "demo", "path": "/"}]),
        await counter.pixel(),
        await counter.pixel(agent=BOT),
    ]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Access-Control-Expose-Headers"] == "X-Counter"
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


async def test_a_preflight_is_answered_without_counting(start: Start) -> None:
    counter = await start()
    answer = await counter.request(
        "OPTIONS", "/hit", headers={"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert counter.hits() == []


async def test_a_full_queue_answers_503_at_once_and_what_was_taken_is_stored(start: Start) -> None:
    """T-22, the short form: the queue is bounded while the writer is paused; afterwards nothing is missing."""
    counter = await start(storage={"queue_hits": 500})
    gate, taken = asyncio.Event(), asyncio.Event()
    append = counter.service.store.append

    async def paused(batch: Batch, now: float) -> Appended:
        taken.set()
        await gate.wait()
        return await append(batch, now)

    counter.service.store.append = paused  # type: ignore[method-assign]
    writing = asyncio.create_task(counter.post([{"site": "demo", "path": "/first"}]))
    await taken.wait()
    waiting = asyncio.create_task(counter.post([{"site": "demo", "path": "/second"}] * 499))
    while counter.service.writer.queued < 499:
        await asyncio.sleep(0.001)
    too_many = await counter.post([{"site": "demo", "path": "/third"}] * 2)
    last = asyncio.create_task(counter.hit(path="/last"))
    while counter.service.writer.queued < 500:
        await asyncio.sleep(0.001)
    one = await counter.hit(path="/refused")
    for answer in (too_many, one):
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert (await answer.json())["error"] == "overloaded"
    ready = await counter.get("/readyz")
    assert (ready.status, (await ready.json())["queue"]) == (503, {"hits": 500, "limit": 500})
    assert (await counter.get("/healthz")).status == 200
    gate.set()
    assert [(await one).status for one in (writing, waiting, last)] == [202, 202, 202]
    paths = [row["path"] for row in counter.hits()]
    assert sorted(paths) == ["/first", "/last", *["/second"] * 499]
    assert (await counter.get("/readyz")).status == 200


async def test_failing_storage_answers_503_and_recovers_by_itself(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()
    append, failures = counter.service.store.append, 3

    async def failing(batch: Batch, now: float) -> Appended:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreError("the database can't be written: /secret/path is full")
        return await append(batch, now)

    monkeypatch.setattr(counter.service.store, "append", failing)
    monkeypatch.setattr(counter.service.store, "probe", failing)
    answers = [await counter.hit(id=f"h{number}") for number in range(3)]
    for answer in answers:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert await answer.json() == {
            "error": "storage_failed",
            "message": "the hit could not be stored; try again later",
        }
    assert (await counter.get("/readyz")).status == 503
    assert (await counter.get("/healthz")).status == 200
    assert "counter_storage_failing 1.0" in await (await counter.get("/metrics")).text()
    assert [await counter.outcome(id=f"h{number}") for number in range(3)] == ["counted"] * 3, "a retry is no duplicate"
    assert (await counter.get("/readyz")).status == 200
    assert [row["hit_id"] for row in counter.hits()] == ["h0", "h1", "h2"]


async def test_a_drop_while_storage_fails_is_counted_when_it_recovers(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()

    async def failing(batch: Batch, now: float) -> Appended:
        raise StoreError("the database can't be written: disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(counter.service.store, "append", failing)
        patch.setattr(counter.service.store, "probe", failing)
        assert await counter.outcome(agent=BOT) == "bot"
        assert (await counter.hit()).status == 503
    assert await counter.outcome() == "counted"
    assert await counter.drops() == {"bot": 1}


async def test_a_hit_the_store_refuses_is_put_aside_and_its_neighbours_are_stored(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-03: the batch is halved until the bad one stands alone."""
    counter = await start()
    append = counter.service.store.append

    async def picky(batch: Batch, now: float) -> Appended:
        if any(event.path == "/poison" for event in batch.events):
            raise ValueError("this one cannot be stored")
        return await append(batch, now)

    monkeypatch.setattr(counter.service.store, "append", picky)
    hits = [{"site": "demo", "path": path} for path in ("/1", "/2", "/poison", "/4", "/5")]
    answer = await counter.post(hits)
    assert (await answer.json())["outcomes"] == ["counted", "counted", "dropped:quarantined", "counted", "counted"]
    assert [row["path"] for row in counter.hits()] == ["/1", "/2", "/4", "/5"]
    kept = counter.rows("select error, event from quarantine")
    assert len(kept) == 1
    assert "/poison" in kept[0]["event"]
    assert (await counter.drops()) == {"quarantined": 1}


# The pixel and the counting image -------------------------------------------------------------------------------


async def test_the_pixel_counts_what_its_query_says(start: Start) -> None:
    counter = await start()
    answer = await counter.pixel({
        "site": "demo", "path": "/a?utm_source=n", "title": "T", "referrer": "https://r.example/", "screen": "800",
        "language": "ka", "id": "p1", "name": "seen", "prop.size": "XL",
    })  # fmt: skip
    assert (answer.status, answer.headers["X-Counter"]) == (200, "counted")
    assert answer.headers["Content-Type"] == "image/gif"
    assert (await answer.read()).startswith(b"GIF89a")
    row = counter.hits()[0]
    expected = {
        "path": "/a", "title": "T", "referrer": "https://r.example/", "screen": "768-991", "language": "ka",
        "hit_id": "p1", "name": "seen", "props": '{"size":"XL"}', "via": "pixel",
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected


# hosts of the site, query beside site, Referer, the outcome, the path
FALLBACKS: list[tuple[list[str], dict[str, str], str, str, str]] = [
    ([], {}, "https://page.example/from/referer?x=1", "counted", "/from/referer"),
    ([], {"path": "/given"}, "https://page.example/from/referer", "counted", "/given"),
    (["page.example"], {}, "https://page.example/own", "counted", "/own"),
    (["page.example"], {}, "https://page.example:8443/own", "counted", "/own"),
    (["page.example"], {}, "https://evil.test/own", "foreign_host", ""),
    (["page.example"], {"path": "/given"}, "https://evil.test/x", "foreign_host", ""),
    (["page.example"], {"path": "/given"}, "", "counted", "/given"),
    (["page.example"], {"path": "/given", "host": "page.example"}, "https://evil.test/x", "counted", "/given"),
]


async def test_the_pixel_falls_back_to_the_path_of_the_referer_when_its_host_is_the_sites(start: Start) -> None:
    counter = await start(sites=[{"id": "any"}, {"id": "own", "hosts": ["page.example"]}])
    for hosts, query, referer, outcome, path in FALLBACKS:
        site = "own" if hosts else "any"
        answer = await counter.pixel({"site": site, **query}, headers={"Referer": referer, "Content-Type": ""})
        assert outcome_of(answer) == outcome, (query, referer)
        if outcome == "counted":
            assert counter.hits()[-1]["path"] == path, (query, referer)


async def test_a_foreign_referer_never_becomes_a_path_of_the_site(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["page.example"]}])
    await counter.pixel({"site": "demo", "host": "page.example"}, headers={"Referer": "https://evil.test/casino"})
    assert "/casino" not in [row["path"] for row in counter.hits()]


# a query of the pixel, the status
BAD_PIXELS = [
    ("path=/", 400),
    ("site=nobody&path=/", 404),
    ("site=demo&path=/&screen=wide", 400),
    ("site=demo&screen=99999", 400),
]


async def test_a_pixel_with_bad_input_is_refused(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start()
    for query, status in BAD_PIXELS:
        with subtests.test(query=query):
            assert (await counter.pixel(query)).status == status
            assert counter.hits() == []


async def test_the_pixel_tells_a_drop_with_200_and_the_rate_with_429(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 1})
    dropped = await counter.pixel(agent=BOT)
    assert (dropped.status, dropped.headers["X-Counter"]) == (200, "dropped; reason=bot")
    limited = await counter.pixel()
    assert (limited.status, limited.headers["X-Counter"]) == (429, "dropped; reason=rate_limited")
    assert limited.headers["Retry-After"] == "61"


# Hosts ----------------------------------------------------------------------------------------------------------

# a host of the page, whether a site of example.com and *.shop.example takes it
HOSTS: list[tuple[str, bool]] = [
    ("example.com", True),
    ("EXAMPLE.com", True),
    ("example.com:8080", True),
    ("www.example.com", False),
    ("notexample.com", False),
    ("example.com.evil.test", False),
    ("a.shop.example", True),
    ("a.b.shop.example", True),
    ("shop.example", False),
    ("evilshop.example", False),
    ("", True),
]


async def test_a_site_with_hosts_takes_pages_of_those_hosts_only(start: Start) -> None:
    counter = await start()
    site = counter.service.sites.get("demo").site
    hosts = ("example.com", "*.shop.example")
    await counter.service.store.catalog.change_site(
        Site(key=site.key, id="demo", name="Demo", hosts=hosts), counter.clock.now()
    )
    await counter.service.reload_sites()
    for host, taken in HOSTS:
        expected = "counted" if taken else "foreign_host"
        assert await counter.outcome(host=host) == expected, host
        for header in ("Origin", "Referer"):
            origin = f"https://{host}" if host else ""
            assert await counter.outcome(headers={header: origin}) == expected, (header, host)


async def test_the_host_that_the_hit_names_goes_before_the_headers(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["example.com"]}])
    assert await counter.outcome(host="example.com", headers={"Referer": "https://evil.test/"}) == "counted"
    assert await counter.outcome(host="evil.test", headers={"Referer": "https://example.com/"}) == "foreign_host"


async def test_a_whole_domain_can_be_a_sites_host_in_the_configuration(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["*.shop.example"]}])
    assert await counter.outcome(host="a.shop.example") == "counted"
    assert await counter.outcome(host="evil.test") == "foreign_host"


# The write token ------------------------------------------------------------------------------------------------


async def test_a_hit_with_the_token_has_the_address_the_time_and_the_agent_it_says(start: Start) -> None:
    counter = await start()
    token = await counter.add_token()
    body = {
        "site": "demo", "path": "/", "time": "2024-11-21T09:30:00+01:00", "ip": "203.0.113.9", "user_agent": BROWSER,
    }  # fmt: skip
    answer = await counter.post(body, headers=token, agent="a-server/1.0")
    assert outcome_of(answer) == "counted"
    row = counter.hits()[0]
    assert {key: row[key] for key in ("ip", "time_utc", "browser", "via")} == {
        "ip": "203.0.113.9", "time_utc": "2024-11-21 08:30:00", "browser": "Firefox", "via": "api",
    }  # fmt: skip


async def test_a_server_that_speaks_for_a_visitor_is_no_bot_and_has_no_rate(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 1}, sites=[{"id": "demo", "hosts": ["example.com"]}])
    token = await counter.add_token()
    assert [await counter.outcome(headers=token, agent="python-requests/2.31") for _ in range(3)] == ["counted"] * 3
    assert {row["browser"] for row in counter.hits()} == {"Unknown"}, "the server's own agent is not the visitor's"
    assert await counter.outcome(headers=token, user_agent=BOT) == "bot"
    assert await counter.outcome(headers=token, host="elsewhere.example") == "counted", "it may count any host"


async def test_a_token_of_another_site_gives_no_rights(start: Start) -> None:
    counter = await start(sites=TWO_SITES)
    token = await counter.add_token("other")
    answer = await counter.hit(headers=token, time=NOON_TEXT)
    assert answer.status == 400
    assert "write token" in (await answer.json())["message"]
    assert counter.hits() == []


async def test_a_wrong_token_is_401_and_nothing_is_stored(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start()
    await counter.add_token()
    for token in ("Bearer wrong", "Bearer \udcff", "Bearer " + "x" * 5000):
        with subtests.test(token=ascii(token[:20])):
            lines = (
                b"POST /hit HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\nConnection: close\r\nAuthorization: "
                + token.encode("utf-8", "surrogateescape") + b'\r\n\r\n{"site":"demo","path":"/"}'
            )  # fmt: skip
            assert (await counter.raw(lines)).startswith(b"HTTP/1.1 401 ")
            assert counter.hits() == []


# a time of the token's hit, the status
TIMES: list[tuple[str, int]] = [
    ("2024-11-21T12:00:00Z", 202),
    ("2024-11-21T12:00:00", 202),
    ("2024-11-21T12:05:00Z", 202),
    ("2024-11-21T12:05:01Z", 400),
    ("2024-11-20T12:00:00Z", 202),
    ("2024-11-20T11:59:59Z", 400),
    ("2025-11-21T12:00:00Z", 400),
    ("2014-11-21T12:00:00Z", 400),
    ("9999-12-31T23:59:59Z", 400),
    ("0001-01-01T00:00:00+14:00", 400),
    ("2024-11-21T23:59:60Z", 400),
    ("1732190400", 400),
    ("yesterday", 400),
    ("NaN", 400),
]


async def test_a_token_dates_hits_from_a_day_back_to_five_minutes_ahead(start: Start) -> None:
    """T-11."""
    counter = await start()
    token = await counter.add_token()
    for text, status in TIMES:
        answer = await counter.hit(headers=token, time=text)
        assert answer.status == status, text
    ats = [row["at"] for row in counter.hits()]
    assert len(ats) == 4
    assert all(NOON - 86_400 <= at <= NOON + 300 for at in ats)


# backdate_days of the site, a time of the token's hit, the status
BACKDATED: list[tuple[int, str, int]] = [
    (30, "2024-10-22T12:00:00Z", 202),
    (30, "2024-10-22T11:59:59Z", 400),
    (3650, "2015-01-01T00:00:00Z", 202),
    (0, "2024-11-21T11:55:00Z", 202),  # clocks differ
    (0, "2024-11-21T11:54:59Z", 400),
]


@pytest.mark.parametrize(("days", "text", "status"), BACKDATED)
async def test_a_site_says_how_far_back_a_token_may_date(start: Start, days: int, text: str, status: int) -> None:
    counter = await start(sites=[{"id": "demo", "backdate_days": days}])
    answer = await counter.hit(headers=await counter.add_token(), time=text)
    assert answer.status == status
    if status == 400:
        assert text in (message := (await answer.json())["message"])
        assert f"backdate_days is {days}" in message


async def test_hits_of_the_past_are_counted_in_their_days_and_agree(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "backdate_days": 30, "timezone": "Asia/Tbilisi"}])
    token = await counter.add_token()
    hits = [
        {
            "site": "demo", "path": "/", "ip": f"203.0.113.{n % 2}", "user_agent": BROWSER,
            "time": f"2024-11-{day}T21:00:00Z",
        }
        for day in ("01", "09") for n in range(3)
    ]  # fmt: skip
    assert (await counter.post(hits, headers=token)).status == 202
    assert [row["day"] for row in counter.hits()] == ["2024-11-02"] * 3 + ["2024-11-10"] * 3
    assert len({(row["day"], row["visitor"]) for row in counter.hits()}) == 4
    assert await counter.service.store.check() == []


async def test_a_day_whose_raw_rows_are_gone_takes_no_hits_of_the_past(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "backdate_days": 30}])
    token = await counter.add_token()
    for number, time in enumerate(("2024-11-18T12:00:00Z", "2024-11-19T12:00:00Z")):
        assert await counter.outcome(headers=token, time=time) == "counted", number
    await counter.service.store.fold()
    await counter.service.store.expire(NOON + 40 * 86_400, 0, 30)
    days = {row["day"] for row in counter.rows("select day from closed_day")}
    assert len(days) == 2
    assert await counter.outcome(headers=token, time="2024-11-19T13:00:00Z") == "day_closed"
    assert await counter.outcome(headers=token, time="2024-11-20T13:00:00Z") == "counted"
    assert await counter.drops() == {"day_closed": 1}


async def test_an_address_that_is_none_is_refused_even_with_the_token(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start()
    token = await counter.add_token()
    for ip in ("", "nonsense", "1.2.3.4.5", "2001:db8::zz", "300.1.1.1"):
        with subtests.test(ip=ip):
            answer = await counter.post({"site": "demo", "path": "/", "ip": ip}, headers=token)
            assert answer.status == (202 if ip == "" else 400)


# Drops, in the order of docs/counting ---------------------------------------------------------------------------

SCREENED = {
    "sites": [{"id": "demo", "hosts": ["example.com"], "excluded_pages": ["/admin/*"]}],
    "counting": {"respect_gpc": True, "ignored_networks": ["192.0.2.0/24"], "rate_limit_per_minute": 1,
                 "driven_browsers": "drop"},
}  # fmt: skip

# each reason, and what makes a hit fall to it; the order is the rule
REASONS: dict[str, dict[str, Any]] = {
    "bad_input": {"screen": -1},
    "unknown_site": {"site": "nobody"},
    "foreign_host": {"host": "evil.test"},
    "opt_out": {"headers": {"Sec-GPC": "1"}},
    "ignored_ip": {"ip": "192.0.2.1"},
    "excluded_page": {"path": "/admin/users"},
    "prefetch": {"headers": {"Sec-Purpose": "prefetch"}},
    "duplicate": {"known": True},
    "rate_limited": {"limited": True},
    "bot": {"agent": BOT},
    "driven": {"driven": True},
    "spam_referrer": {"referrer": "https://spam.example/"},
}
ANSWERS = {"bad_input": "HTTP 400", "unknown_site": "HTTP 404", "duplicate": "duplicate"}
PAIRS = [(first, second) for n, first in enumerate(REASONS) for second in list(REASONS)[n + 1 :]]
# An ignored address is not the one whose minute was spent; bad input is found when the site is known.
APART = {("ignored_ip", "rate_limited"), ("bad_input", "unknown_site")}


async def test_of_two_reasons_the_first_in_the_order_of_screening_wins(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start(**SCREENED)
    counter.service.pipeline.rules.spam = SpamReferrers({"spam.example"})
    for first, second in [pair for pair in PAIRS if pair not in APART]:
        with subtests.test(first=first, second=second):
            counter.clock.move(61)
            one, other = REASONS[first], REASONS[second]
            hit = {**one, **other, "headers": {**one.get("headers", {}), **other.get("headers", {})}}
            if hit.pop("known", False):
                hit["id"] = f"{first}-{second}"
                await counter.outcome(id=hit["id"])
                counter.clock.move(61)
            if hit.pop("limited", False):
                await counter.hit()  # the address has spent its minute
            assert await counter.outcome(**hit) == ANSWERS.get(first, first)


@pytest.mark.parametrize(
    ("wanted", "sent", "outcome"),
    [
        ("drop", {"driven": True}, "driven"),
        ("drop", {"driven": False}, "counted"),
        ("drop", {}, "counted"),
        ("count", {"driven": True}, "counted"),
    ],
)
async def test_a_browser_that_a_program_drives_is_no_visitor_unless_the_owner_wants_it(
    start: Start, wanted: str, sent: dict[str, Any], outcome: str
) -> None:
    counter = await start(counting={"driven_browsers": wanted})
    assert await counter.outcome(**sent) == outcome
    assert await counter.drops() == ({} if outcome == "counted" else {outcome: 1})


async def test_without_a_setting_driven_browsers_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[storage]\npath = "data"\n')
    assert load(tmp_path / "config.toml", {}).counting.driven_browsers == "drop"


async def test_a_server_speaks_for_its_visitors_whatever_drives_their_browsers(start: Start) -> None:
    counter = await start(counting={"driven_browsers": "drop"})
    token = await counter.add_token()
    answer = await counter.post({"site": "demo", "path": "/", "driven": True, "ip": VISITOR}, headers=token)
    assert answer.headers["X-Counter"] == "counted"


@pytest.mark.parametrize("wrong", [1, "true", None])
async def test_driven_is_a_boolean(start: Start, wrong: object) -> None:
    counter = await start()
    answer = await counter.post({"site": "demo", "path": "/", "driven": wrong})
    assert answer.status == 400
    assert "driven" in (await answer.json())["message"]


async def test_a_pixel_says_driven_in_letters(start: Start) -> None:
    counter = await start(counting={"driven_browsers": "drop"})
    for text, status, outcome in (("true", 200, "dropped; reason=driven"), ("false", 200, "counted")):
        answer = await counter.get(f"/pixel.gif?site=demo&path=/&driven={text}", headers={"User-Agent": BROWSER})
        assert (answer.status, answer.headers["X-Counter"]) == (status, outcome)


async def test_a_hit_that_was_counted_stays_a_duplicate_whatever_its_retries_fell_to(start: Start) -> None:
    """T-26."""
    counter = await start()
    assert await counter.outcome(id="one") == "counted"
    assert await counter.outcome(id="one", headers={"Purpose": "prefetch"}) == "prefetch"
    assert await counter.outcome(id="one") == "duplicate"


async def test_bad_input_is_said_before_an_unknown_site(start: Start) -> None:
    counter = await start()
    assert (await counter.hit(site="nobody", screen=-1)).status in {400, 404}
    assert (await counter.post({"site": "nobody"})).status in {400, 404}
    assert counter.hits() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"Purpose": "preview"},
    ],
)
async def test_what_a_browser_fetches_in_advance_is_not_counted(start: Start, headers: dict[str, str]) -> None:
    counter = await start()
    assert await counter.outcome(headers=headers) == "prefetch"
    assert outcome_of(await counter.pixel(headers=headers)) == "prefetch"
    assert await counter.drops() == {"prefetch": 2}


# the setting, headers, the outcome
GPC: list[tuple[bool, dict[str, str], str]] = [
    (True, {"Sec-GPC": "1"}, "opt_out"),
    (True, {"DNT": "1"}, "opt_out"),
    (True, {"DNT": "0"}, "counted"),
    (True, {}, "counted"),
    (False, {"Sec-GPC": "1"}, "counted"),
    (False, {"DNT": "1"}, "counted"),
    (False, {"Cookie": "counter_opt_out=1"}, "opt_out"),
    (False, {"Cookie": "a=b; counter_opt_out=1; c=d"}, "opt_out"),
    (False, {"Cookie": "counter_opt_out=0"}, "counted"),
    (False, {"Cookie": "counter_opt_out="}, "counted"),
]


@pytest.mark.parametrize("respect", [True, False])
async def test_who_opts_out_is_not_counted_and_gpc_and_dnt_as_the_owner_set_it(start: Start, respect: bool) -> None:
    counter = await start(counting={"respect_gpc": respect})
    for setting, headers, outcome in GPC:
        if setting == respect:
            assert await counter.outcome(headers=headers) == outcome, headers


async def test_another_cookie_is_not_the_opt_out(start: Start, subtests: pytest.Subtests) -> None:
    counter = await start()
    for cookie in ("x_counter_opt_out=1", "counter_opt_out=12", "a=counter_opt_out=1x"):
        with subtests.test(cookie=cookie):
            assert await counter.outcome(headers={"Cookie": cookie}) == "counted"


async def test_the_opt_out_page_sets_and_removes_the_one_cookie(start: Start) -> None:
    counter = await start()
    page = await counter.get("/opt-out")
    assert page.status == 200
    assert "You are counted" in await page.text()
    assert "Set-Cookie" not in page.headers
    out = await counter.request("POST", "/opt-out", data={"out": "1"})
    assert "You are not counted" in await out.text()
    cookie = out.headers["Set-Cookie"]
    assert cookie.startswith("counter_opt_out=1;")
    assert "HttpOnly" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    assert "You are not counted" in await (await counter.get("/opt-out", headers=sent)).text()
    assert await counter.outcome(headers=sent) == "opt_out"
    back = await counter.request("POST", "/opt-out", data={"out": "0"}, headers=sent)
    assert "Max-Age=0" in back.headers["Set-Cookie"]
    foreign = await counter.request("POST", "/opt-out", data={"out": "1"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403
    assert "Set-Cookie" not in foreign.headers


# an address, whether 192.0.2.0/24, 203.0.113.9 and 2001:db8::/32 hold it
IGNORED: list[tuple[str, bool]] = [
    ("192.0.2.1", True), ("192.0.3.1", False), ("203.0.113.9", True), ("203.0.113.8", False),
    ("2001:db8:9::1", True), ("2001:db9::1", False), ("::ffff:192.0.2.7", True),
]  # fmt: skip


async def test_hits_from_ignored_networks_are_not_counted(start: Start) -> None:
    counter = await start(counting={"ignored_networks": ["192.0.2.0/24", "203.0.113.9", "2001:db8::/32"]})
    for ip, ignored in IGNORED:
        assert await counter.outcome(ip=ip) == ("ignored_ip" if ignored else "counted"), ip


async def test_the_rate_is_per_address_and_an_ipv6_64_is_one(start: Start) -> None:
    """T-20, the short form."""
    counter = await start(counting={"rate_limit_per_minute": 3})
    six = [await counter.outcome(ip=f"2001:db8:0:1::{n}") for n in range(1, 6)]
    assert six == ["counted"] * 3 + ["rate_limited"] * 2
    assert await counter.outcome(ip="2001:db8:0:2::1") == "counted", "another /64"
    assert await counter.outcome(ip="203.0.113.1") == "counted"
    counter.clock.move(20)
    limited = await counter.hit(ip="2001:db8:0:1:ffff::1")
    assert (limited.status, limited.headers["Retry-After"]) == (429, "41")
    counter.clock.move(41)
    assert await counter.outcome(ip="2001:db8:0:1::9") == "counted"
    assert await counter.drops() == {"rate_limited": 3}


BOTS: list[tuple[str, str, str]] = [
    (BOT, "Googlebot", "search"),
    ("", "(no user agent)", "library"),
    ("curl/8.5.0", "Curl", "library"),
]


async def test_bots_are_counted_by_name_apart_from_people(start: Start) -> None:
    counter = await start()
    for agent, _, _ in BOTS:
        assert await counter.outcome(agent=agent) == "bot", agent
    assert await counter.drops() == {"bot": len(BOTS)}
    found = {(row["name"].lower(), row["category"]): row["count"] for row in counter.rows("select * from bot_count")}
    assert found == {(name.lower(), category): 1 for _, name, category in BOTS}
    assert (await counter.totals())["all"]["count"] == 0
    assert counter.hits() == []


async def test_drops_are_counted_per_site_day_and_reason_and_the_last_are_kept(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["example.com"], "timezone": "Asia/Tbilisi"}, {"id": "other"}])
    await counter.hit(host="evil.test", path="/a?b=1")
    await counter.hit(host="evil.test")
    await counter.hit(agent=BOT)
    await counter.hit(agent=BOT, site="other")
    counter.clock.set(NOON + 9 * 3600)  # 21:00 UTC, one o'clock of the next day in Tbilisi
    await counter.hit(agent=BOT)
    await counter.hit(agent=BOT, site="other")
    await counter.settled()
    demo, other = counter.site_key("demo"), counter.site_key("other")
    found = {
        (row["site_key"], row["day"], row["reason"]): row["count"] for row in counter.rows("select * from drop_count")
    }
    assert found == {
        (demo, 20_048, "foreign_host"): 2, (demo, 20_048, "bot"): 1, (demo, 20_049, "bot"): 1,
        (other, 20_048, "bot"): 2,
    }  # fmt: skip
    first = counter.rows("select * from drop_log order by id")[0]
    assert {key: first[key] for key in ("site_key", "at", "reason", "path", "address", "user_agent")} == {
        "site_key": demo, "at": int(NOON), "reason": "foreign_host", "path": "/a", "address": VISITOR,
        "user_agent": BROWSER,
    }  # fmt: skip
    assert len(counter.rows("select * from drop_log")) == 6


async def test_of_who_opted_out_only_the_count_is_kept(start: Start) -> None:
    """T-76."""
    counter = await start()
    await counter.hit(headers={"Cookie": "counter_opt_out=1"}, path="/secret")
    assert await counter.drops() == {"opt_out": 1}
    assert counter.rows("select * from drop_log") == []


async def test_an_unknown_site_is_404_and_counted_in_a_metric_without_its_name(start: Start) -> None:
    counter = await start()
    answer = await counter.hit(site="nobody-knows")
    assert answer.status == 404
    assert (await answer.json())["error"] == "unknown_site"
    assert counter.rows("select * from drop_count") == counter.rows("select * from drop_log") == []
    metrics = await (await counter.get("/metrics")).text()
    assert "nobody-knows" not in metrics
    assert "unknown_site" in metrics


async def test_a_hidden_site_counts_but_shows_strangers_nothing(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "public": False}])
    assert await counter.outcome() == "counted"
    assert outcome_of(await counter.pixel()) == "counted"
    assert len(counter.hits()) == 2
    for path in ("/api/v1/totals?site=demo", "/widget/demo.html", "/widget/demo.svg", "/demo?site=demo"):
        hidden, unknown = (
            await counter.get(path),
            await counter.get(path.replace("demo.", "nope.").replace("=demo", "=nope")),
        )
        assert hidden.status == unknown.status == 404
        assert (await hidden.text()).replace("demo", "nope") == await unknown.text()


# Duplicates -----------------------------------------------------------------------------------------------------


async def test_the_same_id_is_counted_once_in_one_batch_later_and_after_a_restart(start: Start) -> None:
    """T-26."""
    counter = await start()
    hit = {"site": "demo", "path": "/", "id": "one"}
    answer = await counter.post([hit, hit, {**hit, "path": "/other"}])
    assert await answer.json() == {"outcomes": ["counted", "duplicate", "duplicate"]}
    again = await counter.hit(id="one")
    assert (again.status, again.headers["X-Counter"]) == (202, "duplicate")
    at_once = await asyncio.gather(*(counter.outcome(id="two") for _ in range(10)))
    assert sorted(at_once) == ["counted"] + ["duplicate"] * 9
    clock = counter.clock
    await stop(counter)
    counter = await start(clock)
    assert await counter.outcome(id="one") == "duplicate"
    assert await counter.outcome(id="one") == "duplicate"
    assert outcome_of(await counter.pixel({"site": "demo", "path": "/", "id": "two"})) == "duplicate"
    assert [row["hit_id"] for row in counter.hits()] == ["one", "two"]
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 2


async def test_an_id_belongs_to_its_site(start: Start) -> None:
    """T-26."""
    counter = await start(sites=TWO_SITES)
    assert await counter.outcome(id="one") == "counted"
    assert await counter.outcome(id="one", site="other") == "counted"
    assert await counter.outcome(id="one", site="other") == "duplicate"


async def test_the_retry_of_a_dropped_hit_gets_the_first_answer_and_is_counted_once(start: Start) -> None:
    """T-26."""
    counter = await start(sites=[{"id": "demo", "hosts": ["example.com"]}])
    dropped = [
        {"agent": BOT, "id": "b"},
        {"host": "evil.test", "id": "f"},
        {"headers": {"Purpose": "prefetch"}, "id": "p"},
    ]
    for _ in range(3):
        assert [await counter.outcome(**hit) for hit in dropped] == ["bot", "foreign_host", "prefetch"]
    for _ in range(2):
        assert await counter.outcome(id="v", view="gone", engaged_ms=5) == "unknown_view"
    assert await counter.drops() == {"bot": 1, "foreign_host": 1, "prefetch": 1, "unknown_view": 1}
    assert counter.hits() == []


async def test_the_retry_of_a_dropped_hit_in_one_batch_gets_the_first_answer(start: Start) -> None:
    """T-26."""
    counter = await start()
    ping = {"site": "demo", "id": "v", "view": "gone", "engaged_ms": 5}
    assert await (await counter.post([ping, ping])).json() == {"outcomes": ["dropped:unknown_view"] * 2}


async def test_a_rate_limited_hit_is_counted_when_it_comes_again_in_time(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 1})
    assert [await counter.outcome(id="a"), await counter.outcome(id="b")] == ["counted", "rate_limited"]
    counter.clock.move(61)
    assert await counter.outcome(id="b") == "counted"


# Engaged time ---------------------------------------------------------------------------------------------------


async def test_engaged_time_belongs_to_the_page_view_it_names_and_the_largest_wins(start: Start) -> None:
    counter = await start()
    await counter.hit(id="view-1", path="/long-read")
    for milliseconds in (10_000, 5_000, 30_000, 30_000):
        answer = await counter.post({"site": "demo", "view": "view-1", "engaged_ms": milliseconds})
        assert outcome_of(answer) == "counted"
    day = counter.rows("select pageviews, visits, visitors, bounces, seconds, events, engaged from total_day")
    assert day == [
        {"pageviews": 1, "visits": 1, "visitors": 1, "bounces": 1, "seconds": 30, "events": 0, "engaged": 30}
    ]
    assert len(counter.hits()) == 1, "engaged time is not a hit"


async def test_engaged_time_of_a_page_view_nobody_knows_is_dropped(start: Start) -> None:
    counter = await start()
    assert outcome_of(await counter.post({"site": "demo", "view": "gone", "engaged_ms": 5000})) == "unknown_view"
    assert await counter.drops() == {"unknown_view": 1}
    assert counter.rows("select * from total_day") == []


@pytest.mark.parametrize("keys", [{"engaged_ms": 0}, {}], ids=["engaged_ms 0", "view alone"])
async def test_engaged_time_of_nothing_is_no_page_view(start: Start, keys: dict[str, int]) -> None:
    counter = await start()
    await counter.hit(id="view-1")
    await counter.post({"site": "demo", "view": "view-1", **keys})
    assert len(counter.hits()) == 1


# Addresses ------------------------------------------------------------------------------------------------------

# trusted proxies, X-Forwarded-For, the address stored; the socket's peer is 127.0.0.1
PROXIES: list[tuple[list[str], str, str]] = [
    ([], "203.0.113.7", "127.0.0.1"),
    (["10.0.0.1"], "203.0.113.7", "127.0.0.1"),
    (["127.0.0.1"], "203.0.113.7", "203.0.113.7"),
    (["127.0.0.1"], "1.2.3.4, 203.0.113.7", "203.0.113.7"),
    (["127.0.0.1", "10.0.0.0/8"], "203.0.113.7, 10.1.1.1", "203.0.113.7"),
    (["127.0.0.1"], "203.0.113.7, nonsense", "127.0.0.1"),
    (["127.0.0.1"], "::ffff:203.0.113.7", "203.0.113.7"),
    (["127.0.0.1"], "[2001:db8::7]:443", "2001:db8::7"),
]


@pytest.mark.parametrize(("trusted", "forwarded", "stored"), PROXIES)
async def test_x_forwarded_for_is_believed_from_trusted_proxies_only(
    start: Start, trusted: list[str], forwarded: str, stored: str
) -> None:
    """T-73, end to end."""
    counter = await start(server={"trusted_proxies": trusted})
    await counter.hit(ip=forwarded)
    assert counter.hits()[0]["ip"] == stored
    assert (await (await counter.get("/api/v1/you", headers={"X-Forwarded-For": forwarded})).json()) == {"ip": stored}


async def test_two_lines_of_x_forwarded_for_are_one_list(start: Start) -> None:
    """T-73: `get` would give the first line, the attacker's."""
    counter = await start()
    body = b'{"site":"demo","path":"/"}'
    answer = await counter.raw(
        b"POST /hit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\nUser-Agent: %s\r\n"
        b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.7\r\nCF-Connecting-IP: 6.6.6.6\r\n"
        b"X-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\r\n%s" % (len(body), BROWSER.encode(), body)
    )
    assert b"202" in answer.partition(b"\r\n")[0]
    assert counter.hits()[0]["ip"] == "203.0.113.7"


def test_every_reason_that_a_live_hit_can_be_dropped_for_is_in_the_closed_set() -> None:
    live = set(REASONS) - {"bad_input", "unknown_site"} | {"unknown_view", "quarantined", "image_gap"}
    assert live | {"day_taken", "day_closed"} == {reason.value for reason in DropReason}
