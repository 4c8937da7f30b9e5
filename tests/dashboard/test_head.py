"""HEAD on every page of the dashboard, made from the table of routes: what GET answers, and no trace of it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from dashboard.access.sessions import PLAIN_NAME, TOUCH_EVERY
from dashboard.live.hub import MOST_OF_A_SESSION
from dashboard.routes import ROUTES
from tests.dashboard.test_live import hub_of
from tests.kit.app import BROWSER, HANG, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.two_sites import World, make_world

READS = [route for route in ROUTES if route.method == "GET"]
EVENTS = "/dashboard/sites/beta/live/events"
ELSEWHERE = ["/dashboard", "/dashboard/nothing", "/dashboard/x.css", "/dashboard/sites/nowhere", "/dashboard/logout"]
WITHOUT_END = {"Date", "Transfer-Encoding"}  # HEAD has no body to be sent in pieces


@pytest.fixture
async def world(start: Start, signed_in: SignedIn) -> World:
    return await make_world(start, signed_in)


def shown(answer: aiohttp.ClientResponse) -> tuple[int, dict[str, str]]:
    return answer.status, {name: text for name, text in answer.headers.items() if name not in WITHOUT_END}


async def both(client: Client, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, aiohttp.ClientResponse]:
    """What HEAD and what GET answer; of a stream GET's beginning."""
    sent = {"User-Agent": BROWSER, **headers, "Cookie": f"{PLAIN_NAME}={client.secret}"}
    web = client.counter.client
    async with asyncio.timeout(HANG):
        head = await web.head(path, headers=sent, allow_redirects=False)
        get = await web.get(path, headers=sent, allow_redirects=False)
        if "Content-Length" not in get.headers:
            get.close()  # a stream need not be read to its end
        await get.release()
    return head, get


def paths(world: World, site: str = "beta") -> list[str]:
    return [world.path(route, site) for route in READS]


@pytest.mark.parametrize("name", ["owner", "beta admin", "beta viewer", "alpha viewer", "anonymous"])
@pytest.mark.parametrize("packed", ["", "gzip"])
async def test_head_answers_as_get_without_a_body_on_every_page(world: World, name: str, packed: str) -> None:
    client = world.people.get(name, Client(world.counter))
    for path in [*paths(world), *ELSEWHERE]:
        head, get = await both(client, path, **{"Accept-Encoding": packed})
        assert shown(head) == shown(get), path
        assert await head.read() == b"", path


async def test_head_is_refused_where_the_host_is_not_ours(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, server={"public_url": "https://stats.example"})
    head, get = await both(Client(counter), "/dashboard/login", Host="evil.test")
    assert (head.status, shown(head)) == (421, shown(get))


async def test_head_writes_nothing_and_no_session_is_seen_by_it(world: World) -> None:
    world.counter.clock.move(2 * TOUCH_EVERY)
    before = world.dump()
    owner = world.people["owner"]
    assert {(await owner.request("HEAD", path)).status for path in paths(world)} >= {200}
    assert world.dump() == before
    assert (await owner.get("/dashboard/account")).status == 200
    assert world.dump() != before  # GET is a use of the session


async def test_a_wrong_link_is_not_there_for_head_as_for_get(world: World) -> None:
    head, get = await both(Client(world.counter), "/dashboard/welcome/guess")
    assert (head.status, shown(head)) == (404, shown(get))


async def test_head_of_the_live_stream_answers_at_once_and_opens_none(world: World) -> None:
    hub = hub_of(world.counter)
    viewer = world.people["beta viewer"]
    for _ in range(2 * MOST_OF_A_SESSION):
        async with asyncio.timeout(HANG):
            head = await viewer.request("HEAD", EVENTS)
        assert (head.status, head.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert (hub.feeds, hub._readers) == ({}, set())
