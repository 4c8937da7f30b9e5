"""The live page and its events: hits as they come, the moment in numbers, one read for all, no address for viewers."""

from __future__ import annotations

import asyncio
import html
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import pytest

from counter.question import LoggedHit
from dashboard.live.feed import Feed, Pauses
from dashboard.live.hub import LIVE, MOST_OF_A_SESSION, MOST_READERS, LiveHub, per_minute
from dashboard.live.now import look, minutes_of
from tests.dashboard.test_hits import TBILISI
from tests.kit.app import HANG, Counter
from tests.kit.dashboard import PLAIN_NAME, Client, change_user

LIVE_PAGE = "/dashboard/sites/demo/live"
EVENTS = f"{LIVE_PAGE}/events"
IP = "198.51.100.7"
QUICK = Pauses(between=0.01, tick=0.05, keep_alive=0.02, slowest=HANG)
NOON = 1_732_190_400


class Event(NamedTuple):
    name: str  # '' of a comment
    id: str
    data: Any
    text: str


class Stream:
    """What a browser's EventSource reads."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.seen: list[Event] = []

    async def next(self, name: str) -> Event:
        """The next event of this name; those before it are in `seen`."""
        async with asyncio.timeout(HANG):
            while True:
                event = await self._read()
                assert event is not None, f"the stream ended before the next {name!r}"
                if event.name == name:
                    return event

    async def rest(self) -> list[Event]:
        """Everything until the server ends the stream."""
        found = []
        async with asyncio.timeout(HANG):
            while (event := await self._read()) is not None:
                found.append(event)
        return found

    async def _read(self) -> Event | None:
        lines = []
        while line := (await self.answer.content.readline()).decode():
            if line == "\n":
                break
            lines.append(line.rstrip("\n"))
        if not lines:
            return None
        fields = dict(line.split(": ", 1) for line in lines)
        data = json.loads(fields["data"]) if "data" in fields else None
        event = Event(fields.get("event", ""), fields.get("id", ""), data, "\n".join(lines))
        self.seen.append(event)
        return event


@asynccontextmanager
async def listening(client: Client, path: str = EVENTS, **headers: str) -> AsyncIterator[Stream]:
    sent = {"Cookie": f"{PLAIN_NAME}={client.secret}", "Accept-Language": "en", "Accept-Encoding": "gzip", **headers}
    async with client.counter.client.get(path, headers=sent) as answer:
        assert answer.status == 200, await answer.text()
        yield Stream(answer)


def hub_of(counter: Counter, pauses: Pauses = QUICK) -> LiveHub:
    """The hub of the running service, from now on with these pauses."""
    server = counter.client.server
    (hub,) = [app[LIVE] for app in server.app._subapps if LIVE in app]  # type: ignore[attr-defined]
    hub.pauses = pauses
    return hub


async def gone(hub: LiveHub) -> None:
    """Until nobody looks any more."""
    async with asyncio.timeout(HANG):
        while hub._readers or hub.feeds:
            await asyncio.sleep(0.005)


# The moment --------------------------------------------------------------------------------------------------------


def hit(number: int, at: int, visitor: int, path: str = "/", source: str = "Direct", country: str = "GE") -> LoggedHit:
    return LoggedHit(number, at, visitor, visitor, "pageview", path, source=source, country=country)


def test_each_visitor_is_where_it_was_last_and_counts_once_in_every_list():
    hits = [
        hit(1, NOON - 1700, 1, "/a", "Google"), hit(2, NOON - 299, 2, "/a", "Google"), hit(3, NOON - 200, 2, "/b"),
        hit(4, NOON - 100, 3, "/b", country="DE"), hit(5, NOON - 250, 3, "/late"), hit(6, NOON - 1801, 4, "/old"),
    ]  # fmt: skip
    now = look(hits, NOON, 2)
    assert now.online == 2
    assert now.pages == (("/b", 2),)
    assert now.sources == (("Direct", 2), ("Google", 2))
    assert now.countries == (("GE", 3), ("DE", 1))


def test_a_minute_has_the_visitors_that_had_a_hit_in_it():
    hits = [hit(1, NOON, 1), hit(2, NOON + 59, 1), hit(3, NOON + 59, 2), hit(4, NOON + 60, 1), hit(5, NOON - 1740, 9)]
    minutes = minutes_of(hits, NOON + 61)
    assert len(minutes) == 30
    assert (minutes[0], minutes[-2], minutes[-1]) == ((NOON - 1680, 0), (NOON, 2), (NOON + 60, 1))


def test_minutes_of_which_hits_may_be_missing_are_left_out():
    hits = [hit(1, NOON - 130, 1), hit(2, NOON - 100, 2), hit(3, NOON, 3)]
    assert minutes_of(hits, NOON, whole=False) == ((NOON - 120, 1), (NOON - 60, 0), (NOON, 1))


async def test_the_page_shows_the_state_of_this_moment_without_a_script(start, signed_in):
    counter = await start(dashboard=True, **TBILISI)
    await counter.hit(path="/old", ip="203.0.113.1")
    counter.clock.move(600)
    await counter.hit(path="/a", title="<b>A</b>", referrer="https://www.google.com/")
    await counter.hit(path="/a", ip="203.0.113.9")
    page = await (await signed_in(counter)).text(LIVE_PAGE)
    assert "<span data-online-now>2</span>" in page
    shown = re.findall(r'data-link="page_url" href="[^"]+" dir="auto">([^<]*)</a>', page.partition("data-stream")[2])
    assert shown == ["/a", "/a", "/old"]
    assert "&lt;b&gt;A&lt;/b&gt;" in page
    assert 'datetime="2024-11-21T16:10:00+04:00"' in page
    rows = dict(re.findall(r'<tr><th scope="row">(\d\d:\d\d)</th><td class="number">(\d+)</td>', page))
    assert {clock: count for clock, count in rows.items() if count != "0"} == {"16:00": "1", "16:10": "2"}
    assert len(rows) == 30
    assert f'data-after="{counter.hits()[-1]["hit"]}"' in page
    figure = json.loads(html.unescape(re.search(r'data-figure="([^"]+)"', page)[1]))  # type: ignore[index]
    assert sum(figure["data"][0]["z"]) == 3


async def test_minutes_for_the_report_are_those_of_the_rows(start, signed_in):
    counter = await start(dashboard=True)
    for minute in range(35):
        for visitor in range(minute % 3):
            await counter.hit(ip=f"203.0.113.{visitor + 1}", path=f"/{minute}")
        counter.clock.move(60)
    now = int(counter.clock.now())

    class Asking(NamedTuple):
        service: Any
        site: Any
        now: int

    found = await per_minute(Asking(counter.service, counter.service.sites.get("demo"), now))  # type: ignore[arg-type]
    rows = counter.rows("select at / 60 * 60 as minute, count(distinct visitor) as n from hit_log group by 1")
    stored = {row["minute"]: row["n"] for row in rows}
    first = now - now % 60 - 29 * 60
    assert found == [(minute, stored.get(minute, 0)) for minute in range(first, now + 1, 60)]


# Events ------------------------------------------------------------------------------------------------------------


async def test_a_hit_arrives_with_all_that_the_page_shows_and_the_moment_after_it(start, signed_in):
    counter = await start(dashboard=True, **TBILISI)
    hub_of(counter)
    async with listening(await signed_in(counter)) as stream:
        headers = stream.answer.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("private, no-store", "no")
        assert "Content-Encoding" not in headers
        assert (await stream.next("now")).data["online"] == 0
        assert stream.seen[0].text == "retry: 3000"
        await counter.hit(path="/a", title="A\nB", ip="8.8.8.8")
        event = await stream.next("hit")
        stored = counter.hits()[-1]
        assert event.id == str(stored["hit"])
        assert event.data.items() >= {
            "time": "2024-11-21T16:00:00+04:00", "path": "/a", "title": "A B", "source": "Direct", "country": "US",
            "country_name": "United States", "browser": "Firefox", "system": "Linux", "device": "desktop",
            "name": "pageview", "visit": stored["visit"], "ip": "8.8.8.8",
        }.items()  # fmt: skip
        now = (await stream.next("now")).data
        assert (now["online"], now["online_text"], now["summary"]) == (1, "1", "1 visitor is online")
        assert [(row["value"], row["visitors"]) for row in now["pages"]] == [("/a", 1)]
        assert [(row["label"], row["visitors"]) for row in now["countries"]] == [("United States", 1)]
        assert (len(now["minutes"]), now["minutes"][-1]["visitors"]) == (30, 1)


async def test_a_viewer_is_never_sent_an_address(start, signed_in):
    counter = await start(dashboard=True)
    hub_of(counter)
    viewer, admin = await signed_in(counter, "vera", "viewer"), await signed_in(counter, "adam", "admin")
    await counter.hit(path="/before", ip=IP)
    async with listening(viewer, f"{EVENTS}?after=0") as one, listening(admin, f"{EVENTS}?after=0") as other:
        await counter.hit(path="/while", ip=IP)
        while one.seen[-1:] == [] or one.seen[-1].data is None or one.seen[-1].data.get("path") != "/while":
            await one.next("hit")
        await one.next("now")
        assert [event.data["path"] for event in one.seen if event.name == "hit"] == ["/before", "/while"]
        assert all(IP not in event.text and '"ip"' not in event.text for event in one.seen)
        assert (await other.next("hit")).data["ip"] == IP


async def test_who_comes_back_is_sent_what_came_meanwhile_and_nothing_twice(start, signed_in):
    counter = await start(dashboard=True)
    hub_of(counter)
    owner = await signed_in(counter)
    for number in range(4):
        await counter.hit(path=f"/{number}")
    async with listening(owner, **{"Last-Event-ID": "2"}) as stream:
        assert [(await stream.next("hit")).data["path"] for _ in range(2)] == ["/2", "/3"]
        await stream.next("now")
        await counter.hit(path="/4")
        assert (await stream.next("hit")).data["path"] == "/4"
        last = (await stream.next("now")).id
    async with listening(owner, f"{EVENTS}?after=1", **{"Last-Event-ID": last}) as stream:
        await stream.next("now")
        await counter.hit(path="/5")
        await stream.next("hit")
        assert [event.data["path"] for event in stream.seen if event.name == "hit"] == ["/5"]


async def read_on(feed: Feed) -> None:
    """What the feed does by itself after its pause."""
    await feed._read()
    feed._publish()


async def test_who_knows_more_than_what_was_read_for_all_waits_for_it_and_is_sent_nothing_twice(start, signed_in):
    """One who looked already has the site read; then hits come, and another reader who takes them from the store."""
    counter = await start(dashboard=True)
    hub = hub_of(counter, Pauses(between=HANG, tick=HANG, keep_alive=0.02))
    owner = await signed_in(counter)
    async with listening(owner) as first:
        await first.next("now")
        for path in ("/a", "/b"):
            await counter.hit(path=path)
        async with listening(owner, f"{EVENTS}?after=0") as second, listening(owner, f"{EVENTS}?after=2") as third:
            assert [(await second.next("hit")).id for _ in range(2)] == ["1", "2"]
            for stream in (second, third):
                await stream.next("")
                await stream.next("")
                assert [event for event in stream.seen if event.name == "now"] == []
            await read_on(hub.feeds[1])
            for stream, hits in ((first, ["/a", "/b"]), (second, ["/a", "/b"]), (third, [])):
                assert ((now := await stream.next("now")).id, now.data["pages"][0]["visitors"]) == ("2", 1)
                assert [event.data["path"] for event in stream.seen if event.name == "hit"] == hits


async def test_hits_of_another_site_keep_nobody_waiting(start, signed_in):
    """A page is made after hits of another site, which a feed is never woken for."""
    counter = await start(dashboard=True, sites=[{"id": "demo", "name": "Demo"}, {"id": "other", "name": "Other"}])
    hub_of(counter)
    owner = await signed_in(counter)
    async with listening(owner) as first:
        await first.next("now")
        await counter.hit(site="other")
        async with listening(owner, f"{EVENTS}?after=1") as second:
            assert (await second.next("now")).id == "1"


@pytest.mark.parametrize("said", ["x", "-1", "9" * 18, "١"])
async def test_a_number_that_no_hit_has_starts_from_now(start, signed_in, said):
    counter = await start(dashboard=True)
    hub_of(counter)
    await counter.hit(path="/before")
    async with listening(await signed_in(counter), **{"Last-Event-ID": said.encode().decode("latin-1")}) as stream:
        await stream.next("now")
        await counter.hit(path="/after")
        assert (await stream.next("hit")).data["path"] == "/after"


async def test_two_who_look_cost_one_read_and_nobody_looking_costs_none(start, signed_in):
    counter = await start(dashboard=True)
    hub = hub_of(counter)
    owner, viewer = await signed_in(counter), await signed_in(counter, "vera", "viewer")
    await counter.hit()
    assert hub.feeds == {}
    async with listening(owner) as one, listening(viewer) as other:
        await one.next("now")
        await other.next("now")
        (feed,) = hub.feeds.values()
        assert feed.reads == 1
        await counter.hit(path="/a", ip="203.0.113.9")
        assert (await one.next("hit")).data["path"] == (await other.next("hit")).data["path"] == "/a"
        await one.next("now")
        assert feed.reads == 2
    await gone(hub)


async def test_a_burst_is_read_together(start, signed_in):
    counter = await start(dashboard=True)
    hub = hub_of(counter, Pauses(between=0.3, tick=HANG, keep_alive=HANG))
    clock = asyncio.get_running_loop()
    async with listening(await signed_in(counter)) as stream:
        await stream.next("now")
        (feed,) = hub.feeds.values()
        began = clock.time()
        for number in range(40):
            await counter.hit(path=f"/{number}")
        paths = [(await stream.next("hit")).data["path"] for _ in range(40)]
        assert paths == [f"/{number}" for number in range(40)]
        assert feed.reads <= 3 + (clock.time() - began) / 0.3  # however long a busy machine needs for them


async def test_hits_of_another_site_are_not_told(start, signed_in):
    counter = await start(dashboard=True, sites=[{"id": "demo", "name": "Demo"}, {"id": "other", "name": "Other"}])
    hub_of(counter)
    async with listening(await signed_in(counter)) as stream:
        await stream.next("now")
        await counter.hit(site="other", path="/secret")
        await counter.hit(path="/own")
        assert (await stream.next("hit")).data["path"] == "/own"
        await stream.next("now")
        assert "/secret" not in "".join(event.text for event in stream.seen)


async def test_silence_is_broken_by_comments(start, signed_in):
    counter = await start(dashboard=True)
    hub_of(counter, Pauses(between=0.01, tick=HANG, keep_alive=0.02))
    async with listening(await signed_in(counter)) as stream:
        await stream.next("now")
        assert (await stream.next("")).text == ": alive"


async def test_who_is_online_goes_by_itself(start, signed_in):
    counter = await start(dashboard=True)
    hub_of(counter)
    await counter.hit()
    async with listening(await signed_in(counter)) as stream:
        assert (await stream.next("now")).data["online"] == 1
        counter.clock.move(301)
        now = (await stream.next("now")).data
        assert (now["online"], now["pages"], [row["visitors"] for row in now["sources"]]) == (0, [], [1])


@pytest.mark.parametrize("how", ["logout", "idle", "role", "site"])
async def test_a_stream_ends_with_the_session_the_role_or_the_site_and_tells_nothing_more(start, signed_in, how):
    counter = await start(dashboard=True)
    hub = hub_of(counter)
    viewer = await signed_in(counter, "vera", "viewer")
    async with listening(viewer) as stream:
        await stream.next("now")
        if how == "logout":
            assert (await viewer.post("/dashboard/logout")).status == 303
        elif how == "idle":
            counter.clock.move(8 * 86_400)
        elif how == "role":
            await change_user(counter, "vera", access={})
        else:
            await counter.service.store.catalog.remove_site("demo", counter.clock.now())
            await counter.service.reload_sites()
        await counter.hit(path="/secret")
        assert "/secret" not in "".join(event.text for event in await stream.rest())
    await gone(hub)
    assert (await viewer.get(EVENTS, headers={"Sec-Fetch-Dest": "empty"})).status in {403, 404}


async def test_a_stranger_and_a_reader_of_another_site_get_no_events(start, signed_in):
    counter = await start(dashboard=True, sites=[{"id": "demo", "name": "Demo"}, {"id": "other", "name": "Other"}])
    other = await signed_in(counter, "otto", "admin", "other")
    assert (await other.get(EVENTS)).status == 404
    assert (await Client(counter).get(EVENTS, headers={"Sec-Fetch-Dest": "empty"})).status == 403


async def test_a_session_has_six_streams_and_a_closed_one_makes_room(start, signed_in):
    counter = await start(dashboard=True)
    hub = hub_of(counter)
    owner, other = await signed_in(counter), await signed_in(counter, "vera", "viewer")
    answers = [counter.client.get(EVENTS, headers={"Cookie": f"{PLAIN_NAME}={owner.secret}"}) for _ in range(7)]
    opened = [await answer for answer in answers[:MOST_OF_A_SESSION]]
    assert [answer.status for answer in opened] == [200] * MOST_OF_A_SESSION
    refused = await answers[-1]
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    async with listening(other):
        pass
    opened.pop().close()
    async with asyncio.timeout(HANG):
        while (await owner.request("PUT", EVENTS)).status != 405 or len(hub._readers) >= MOST_OF_A_SESSION:
            await asyncio.sleep(0.01)
    async with listening(owner):
        assert len(hub._readers) == MOST_OF_A_SESSION
    for answer in opened:
        answer.close()
    await gone(hub)


async def test_a_hundred_look_at_once_and_no_more(start, signed_in):
    counter = await start(dashboard=True)
    hub = hub_of(counter)
    owner = await signed_in(counter)

    class Looking(NamedTuple):
        request: Any
        secret: str
        site: Any

    class Request(NamedTuple):
        transport: object = True

    site = counter.service.sites.get("demo")
    held = [hub.reading(Looking(Request(), f"s{number}", site)) for number in range(MOST_READERS)]  # type: ignore[arg-type]
    for one in held:
        one.__enter__()
    assert (await owner.get(EVENTS)).status == 503
    held.pop().__exit__(None, None, None)
    async with listening(owner) as stream:
        await stream.next("now")
    for one in held:
        one.__exit__(None, None, None)
    await gone(hub)


async def test_an_open_stream_does_not_keep_the_service_from_stopping(start, signed_in):
    counter = await start(dashboard=True)
    hub = hub_of(counter, Pauses(tick=HANG, keep_alive=HANG))
    async with listening(await signed_in(counter)) as stream:
        await stream.next("now")
        stopping = asyncio.create_task(counter.client.server.close())
        assert await stream.rest() == []
        assert hub.closing
    async with asyncio.timeout(HANG / 2):  # it would be HANG until the stream looks up by itself
        await stopping


async def test_a_reader_who_does_not_read_is_let_go_and_holds_nobody_up(start, signed_in):
    counter = await start(dashboard=True)
    hub = hub_of(counter, Pauses(between=0.01, tick=HANG, keep_alive=HANG, slowest=0.2))
    owner = await signed_in(counter)
    cookie = f"Cookie: {PLAIN_NAME}={owner.secret}"
    head = f"GET {EVENTS} HTTP/1.1\r\nHost: {counter.client.host}:{counter.client.port}\r\n{cookie}\r\n\r\n"
    reader, writer = await asyncio.open_connection(counter.client.host, counter.client.port, limit=1024)
    writer.write(head.encode())
    await reader.readuntil(b"event: now")
    (slow,) = hub._readers
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    async with asyncio.timeout(HANG):
        for number in itertools.count():
            if slow not in hub._readers:
                break
            many = [{"site": "demo", "path": "/" + "x" * 2000, "title": "y" * 500} for _ in range(100)]
            assert (await counter.post(many, ip=f"198.51.{number // 250}.{number % 250}")).status == 202
            await asyncio.sleep(0.01)
    assert len(slow.feed._held.hits) <= 5000
    writer.transport.abort()
    await gone(hub)


async def test_a_store_that_cannot_be_read_for_a_moment_ends_nothing(start, signed_in, monkeypatch):
    from counter.errors import StoreError

    counter = await start(dashboard=True)
    hub_of(counter)
    reports = counter.service.store.reports
    after, failed = reports.after, []

    async def fails_once(*asked: Any) -> list[LoggedHit]:
        if not failed:
            failed.append(1)
            raise StoreError("the database can't be read")
        return await after(*asked)

    monkeypatch.setattr(reports, "after", fails_once)
    async with listening(await signed_in(counter)) as stream:
        await stream.next("now")
        await counter.hit(path="/a")
        assert (await stream.next("hit")).data["path"] == "/a"
    assert failed


async def test_after_must_be_a_number(start, signed_in):
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    assert [(await owner.get(EVENTS + query)).status for query in ("?after=x", "?after=-1", "?b=1")] == [400] * 3


async def test_the_install_page_is_told_of_a_hit_that_came_while_it_was_made(start, signed_in):
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    found = re.search(r'data-events="([^"]+)"', await owner.text("/dashboard/sites/demo/install"))
    assert found is not None
    await counter.hit(path="/first")  # after the page was made, and before its script asks
    async with listening(owner, found[1]) as stream:
        assert (await stream.next("hit")).data["path"] == "/first"
