"""What changes while a request is under way: it is answered by what holds when it acts, not when it began."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from counter.accounts import Role
from counter.errors import NotAuthorized
from counter.site import Site
from dashboard import render
from dashboard.access.sessions import PLAIN_NAME, TOUCH_EVERY
from tests.kit.app import Counter, FakeClock, Start
from tests.kit.dashboard import PASSWORD, Client, SignedIn, change_user

ACCOUNT = "/dashboard/account"


@asynccontextmanager
async def under_way(client: Client, path: str, **fields: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """A form whose head was taken and whose body waits; what is given sends it and tells the status."""
    counter = client.counter
    body = urlencode({"csrf": client.token, **fields}).encode()
    reader, writer = await asyncio.open_connection(counter.client.host, counter.client.port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {counter.client.host}:{counter.client.port}\r\nOrigin: {client.origin}\r\n"
        f"Cookie: {PLAIN_NAME}={client.secret}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"

    async def send() -> int:
        writer.write(body)
        return int((await reader.read()).split()[1])

    try:
        yield send
    finally:
        writer.close()


def user_row(counter: Counter, login: str) -> dict[str, object]:
    return counter.rows("select owner, password from user where login = ?", login)[0]


async def test_a_role_that_is_taken_away_is_not_given_back_by_a_form_from_before(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    await signed_in(counter)
    ann = await signed_in(counter, "ann")
    async with under_way(ann, f"{ACCOUNT}/look", theme="dark") as finish:
        await change_user(counter, "ann", owner=False, access={counter.site_key("demo"): Role.VIEWER})
        await finish()
    assert user_row(counter, "ann")["owner"] == 0


async def test_a_form_from_before_does_what_its_sender_may_do_now(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    await signed_in(counter)
    ann = await signed_in(counter, "ann")
    async with under_way(ann, "/dashboard/users", login="eve", role="owner") as finish:
        await change_user(counter, "ann", owner=False, access={counter.site_key("demo"): Role.VIEWER})
        assert await finish() == 403
    assert counter.service.accounts.by_login("eve") is None


async def test_a_session_that_ended_is_not_brought_back_by_a_form_from_before(
    start: Start, signed_in: SignedIn
) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    await signed_in(counter)
    ann = await signed_in(counter, "ann")
    clock.move(TOUCH_EVERY)
    async with under_way(ann, f"{ACCOUNT}/look", theme="dark") as finish:
        user = counter.service.accounts.by_login("ann")
        assert user is not None
        await counter.service.store.accounts.set_password(user.key, "", clock.now())
        await counter.service.reload_accounts()
        assert await finish() == 403
    assert (await ann.get(ACCOUNT)).status == 303
    assert user_row(counter, "ann")["password"] == ""


async def test_an_owner_stays_when_the_first_site_can_not_be_made(start: Start) -> None:
    counter = await start(sites=[], dashboard=True)
    service = counter.service
    await service.store.catalog.add_site(Site(0, "mine", "Mine"), counter.clock.now())  # by somebody else, just now
    stranger = Client(counter)
    form = {"login": "ann", "password": PASSWORD, "again": PASSWORD, "id": "mine"}
    answer = await stranger.post(f"/dashboard/setup/{service.accounts.setup_secret}", form)
    assert answer.status == 400
    assert not service.accounts.needs_setup
    assert (await Client(counter).post("/dashboard/login", login="ann", password=PASSWORD)).status == 303


async def test_a_new_password_does_not_take_the_place_of_one_that_was_made_useless_meanwhile(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    ann = await signed_in(counter, "ann")
    store, user = counter.service.store, ann.user
    assert user is not None
    await store.accounts.set_password(user.key, "", counter.clock.now())
    with pytest.raises(NotAuthorized, match="changed meanwhile"):
        await store.accounts.set_password(user.key, "a hash", counter.clock.now(), known=user.password)
    assert user_row(counter, "ann")["password"] == ""


async def test_a_change_that_is_stored_and_not_yet_read_is_not_undone(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner, ann = await signed_in(counter), await signed_in(counter, "ann")
    assert ann.user is not None
    await counter.service.store.accounts.set_password(ann.user.key, "", counter.clock.now())  # and no reload
    for client, path, fields in (
        (ann, f"{ACCOUNT}/look", {"theme": "dark"}),
        (owner, f"/dashboard/users/{ann.user.key}/access", {f"site-{counter.site_key('demo')}": "viewer"}),
    ):
        assert (await client.post(path, fields)).status == 400, path
    assert user_row(counter, "ann") == {"owner": 1, "password": ""}


def test_templates_are_read_before_the_first_reader_comes() -> None:
    cache = render.templates.cache
    assert cache is not None
    cache.clear()
    render.read_templates()
    assert {name for _, name in cache} == set(render.templates.list_templates())


async def test_a_service_reads_its_templates_at_its_start(start: Start) -> None:
    cache = render.templates.cache
    assert cache is not None
    cache.clear()
    await start(dashboard=True)
    async with asyncio.timeout(30):
        while len(cache) < len(render.templates.list_templates()):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("page", ["", "?metric=online", "/hits", "/visits/1"])
async def test_hits_do_not_wait_for_a_large_page_to_be_drawn(
    start: Start, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    counter = await start(dashboard=True)
    await counter.hit()
    owner, drawn_by, draw = await signed_in(counter), [], render.fragment

    def noted(*asked: Any, **facts: Any) -> str:
        drawn_by.append(threading.current_thread())
        return draw(*asked, **facts)

    monkeypatch.setattr(render, "fragment", noted)
    await owner.text(f"/dashboard/sites/demo{page}")
    assert drawn_by
    assert threading.main_thread() not in drawn_by
