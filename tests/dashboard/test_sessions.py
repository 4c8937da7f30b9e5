"""T-54 and T-55: what a session is, how long it lasts, and what its cookie looks like."""

from __future__ import annotations

import pytest

from counter.accounts import SESSION_IDLE, SESSION_LASTS
from counter.errors import StoreError
from counter.service.service import token_digest
from dashboard.access.sessions import PLAIN_NAME, SECURE_NAME, TOUCH_EVERY
from tests.kit.app import FakeClock, Start
from tests.kit.dashboard import PASSWORD, Client, SignedIn, make_user

ACCOUNT = "/dashboard/account"
LOGIN = "/dashboard/login"
HTTPS = {"public_url": "https://stats.example"}


async def signed_in_by_form(counter, login: str = "ann") -> Client:
    client = Client(counter)
    answer = await client.post(LOGIN, login=login, password=PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (303, "/dashboard/")
    return client


async def test_a_session_that_a_stranger_planted_is_replaced_when_somebody_signs_in(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    planted = await signed_in_by_form(counter)  # the attacker's own, put into the victim's browser
    victim = Client(counter, secret=planted.secret)
    await victim.post(LOGIN, login="ann", password=PASSWORD)
    assert victim.secret != planted.secret
    assert (await Client(counter, secret=planted.secret).get(ACCOUNT)).status == 303
    assert (await victim.get(ACCOUNT)).status == 200


async def test_a_made_up_cookie_never_becomes_a_session(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    victim = Client(counter, secret="chosen-by-the-attacker")
    await victim.post(LOGIN, login="ann", password=PASSWORD)
    assert victim.secret != "chosen-by-the-attacker"
    assert (await Client(counter, secret="chosen-by-the-attacker").get(ACCOUNT)).status == 303


async def test_signing_out_ends_the_session_on_the_server(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    stolen = owner.secret
    answer = await owner.post("/dashboard/logout")
    assert answer.headers["Location"] == LOGIN
    assert answer.cookies[PLAIN_NAME]["max-age"] == "0"
    assert (await Client(counter, secret=stolen).get(ACCOUNT)).status == 303
    assert counter.rows("select * from session") == []


async def test_a_session_ends_after_seven_days_without_a_request(start: Start, signed_in: SignedIn) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    owner = await signed_in(counter)
    clock.move(SESSION_IDLE - 1)
    assert (await owner.get(ACCOUNT)).status == 200
    clock.move(SESSION_IDLE)
    assert (await owner.get(ACCOUNT)).status == 303


async def test_a_session_ends_after_thirty_days_however_busy_it_was(start: Start, signed_in: SignedIn) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    owner = await signed_in(counter)
    day = 86_400
    for _ in range(SESSION_LASTS // day - 1):
        clock.move(day)
        assert (await owner.get(ACCOUNT)).status == 200
    clock.move(day)
    assert (await owner.get(ACCOUNT)).status == 303


async def test_a_session_survives_a_restart_and_its_end_does_too(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    stays, goes = await signed_in(counter), await signed_in(counter)
    await goes.post("/dashboard/logout", {})
    gone = counter.rows("select count(*) as n from session")
    assert gone == [{"n": 1}]
    await counter.client.close()
    again = await start(dashboard=True)
    assert (await Client(again, secret=stays.secret).get(ACCOUNT)).status == 200


async def test_that_a_session_is_used_is_written_down_every_five_minutes(start: Start, signed_in: SignedIn) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    owner = await signed_in(counter)
    made = counter.rows("select seen_at from session")
    clock.move(TOUCH_EVERY - 1)
    await owner.get(ACCOUNT)
    assert counter.rows("select seen_at from session") == made
    clock.move(1)
    await owner.get(ACCOUNT)
    assert counter.rows("select seen_at from session") == [{"seen_at": int(clock.now())}]


async def test_a_new_password_ends_every_other_session(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    here, there, other = await signed_in(counter), await signed_in(counter), await signed_in(counter, "ben")
    answer = await here.post(
        f"{ACCOUNT}/password", old=PASSWORD, password="another long password", again="another long password"
    )
    assert answer.headers["Location"] == f"{ACCOUNT}?done=password"
    assert [(await one.get(ACCOUNT)).status for one in (here, there, other)] == [200, 303, 200]


async def test_a_removed_user_is_signed_out_at_once(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner, ben = await signed_in(counter), await signed_in(counter, "ben", "viewer")
    assert ben.user is not None
    await owner.post(f"/dashboard/users/{ben.user.key}/remove")
    assert (await ben.get(ACCOUNT)).status == 303


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    answer = await Client(counter).post(LOGIN, login="ann", password=PASSWORD)
    cookie = answer.cookies[PLAIN_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert not cookie["secure"]  # plain http: the browser would not send it back


@pytest.mark.parametrize(
    ("server", "headers"), [(HTTPS, {}), ({}, {"X-Forwarded-Proto": "https"})], ids=["configured", "proxy"]
)
async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(start: Start, server, headers) -> None:
    counter = await start(dashboard=True, server=server)
    await make_user(counter, "ann")
    answer = await Client(counter).post(LOGIN, {"login": "ann", "password": PASSWORD}, headers)
    cookie = answer.cookies[SECURE_NAME]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


async def test_what_a_stranger_says_of_https_is_not_believed(start: Start) -> None:
    counter = await start(dashboard=True, server={"trusted_proxies": []})
    await make_user(counter, "ann")
    answer = await Client(counter).post(LOGIN, {"login": "ann", "password": PASSWORD}, {"X-Forwarded-Proto": "https"})
    assert list(answer.cookies) == [PLAIN_NAME]


async def test_of_a_session_only_the_digest_is_stored(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    client = await signed_in_by_form(counter)
    assert counter.rows("select digest from session") == [{"digest": token_digest(client.secret)}]
    stored = b"".join(file.read_bytes() for file in counter.folder.glob("counter.db*"))
    assert client.secret.encode() not in stored
    assert client.secret not in "\n".join(counter.log.lines)


async def test_public_routes_set_no_cookie_even_for_who_is_signed_in(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    for path in ("/api/v1/totals?site=demo", "/widget/demo.svg", "/pixel.gif?site=demo&path=/", "/counter.js"):
        answer = await owner.get(path)
        assert "Set-Cookie" not in answer.headers, path


async def test_pages_are_read_although_the_use_of_a_session_can_not_be_written_down(
    start: Start, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    owner = await signed_in(counter)

    async def disk_full(*_: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(counter.service.store.accounts, "touch_sessions", disk_full)
    clock.move(TOUCH_EVERY)
    assert (await owner.get(ACCOUNT)).status == 200
