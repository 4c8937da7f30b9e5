"""The pages of accounts: one's own, and everybody's for owners."""

from __future__ import annotations

import re

import pytest

from counter.accounts import INVITATION_LASTS, Role
from tests.kit.app import Counter, FakeClock, Start
from tests.kit.dashboard import PASSWORD, Client, SignedIn, make_user

ACCOUNT = "/dashboard/account"
USERS = "/dashboard/users"
LINK = re.compile(r"http://[^<\s]+/dashboard/welcome/[A-Za-z0-9_-]{43}")


def user_row(counter: Counter, login: str) -> dict[str, object]:
    found = counter.rows("select login, owner, language, theme from user where login = ?", login)
    return found[0] if found else {}


# One's own account ----------------------------------------------------------------------------------------------


async def test_the_password_is_changed_by_who_knows_the_old_one(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    new = "another long password"
    answer = await owner.post(f"{ACCOUNT}/password", old=PASSWORD, password=new, again=new)
    assert "The password is changed" in await owner.text(answer.headers["Location"])
    statuses = [
        (await Client(counter).post("/dashboard/login", login="owner", password=one)).status for one in (PASSWORD, new)
    ]
    assert statuses == [401, 303]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"old": "wrong"}, "The password so far is wrong."),
        ({"again": "something else"}, "not the same"),
        ({"password": "short", "again": "short"}, "it must have 10 to 256"),
        ({"password": "x" * 257, "again": "x" * 257}, "it must have 10 to 256"),
        ({"password": "owner" * 3, "again": "owner" * 3}, "only the login"),
    ],
)
async def test_a_password_that_may_not_be_is_refused_with_a_sentence(
    start: Start, signed_in: SignedIn, fields, told
) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    before = counter.rows("select password from user")
    whole = {"old": PASSWORD, "password": "another long password", "again": "another long password", **fields}
    answer = await owner.post(f"{ACCOUNT}/password", whole)
    assert answer.status == 400
    assert told in await answer.text()
    assert counter.rows("select password from user") == before


async def test_language_and_theme_are_the_users_own_on_every_page_and_every_error(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    owner, other = await signed_in(counter), await signed_in(counter, "ben", "viewer")
    await owner.post(f"{ACCOUNT}/look", language="ar", theme="dark")
    for path in (ACCOUNT, "/dashboard/nothing", "/dashboard/sites/nowhere", "/dashboard/sites/demo?period=never"):
        answer = await owner.get(path)
        page = await answer.text()
        assert '<html lang="ar" dir="rtl" data-theme="dark">' in page
        assert ("/dashboard/users" in page) == (answer.status != 404)  # the way on is there on errors, too
    assert '<html lang="en" dir="ltr">' in await other.text(ACCOUNT)
    await owner.post(f"{ACCOUNT}/look", language="", theme="")
    assert '<html lang="de"' in await (await owner.get(ACCOUNT, headers={"Accept-Language": "de-AT"})).text()


@pytest.mark.parametrize("fields", [{"language": "xx"}, {"theme": "pink"}, {"language": "en", "theme": "Dark"}])
async def test_a_language_or_theme_that_is_not_there_is_refused(start: Start, signed_in: SignedIn, fields) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    assert (await owner.post(f"{ACCOUNT}/look", fields)).status == 400
    assert user_row(counter, "owner") == {"login": "owner", "owner": 1, "language": "", "theme": ""}


async def test_sessions_are_listed_and_ended_one_by_one_or_all_others(start: Start, signed_in: SignedIn) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    here, second, third = [await signed_in(counter) for _ in range(3)]
    ben = await signed_in(counter, "ben", "viewer")
    page = await here.text(ACCOUNT)
    assert page.count("Firefox on Linux") == 3
    assert page.count("this browser") == 1
    digests = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    assert len(digests) == 2
    await here.post(f"{ACCOUNT}/sessions", session=digests[0])
    assert sorted([(await one.get(ACCOUNT)).status for one in (second, third)]) == [200, 303]
    await here.post(f"{ACCOUNT}/sessions", all="others")
    assert [(await one.get(ACCOUNT)).status for one in (here, second, third, ben)] == [200, 303, 303, 200]


async def test_a_session_says_which_browser_it_is(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    client = Client(counter)
    await client.post("/dashboard/login", login="ann", password=PASSWORD)
    assert "Firefox on Linux" in await client.text(ACCOUNT)


async def test_a_browsers_name_is_text_and_never_markup(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    client = Client(counter)
    hostile = {"User-Agent": "<script>alert(1)</script>/1.0 on <img src=x onerror=alert(1)>"}
    await client.post("/dashboard/login", {"login": "ann", "password": PASSWORD}, hostile)
    page = await client.text(ACCOUNT)
    assert "<img src=x" not in page
    assert "alert(1)</script>" not in page


# Everybody's accounts -------------------------------------------------------------------------------------------


async def test_an_owner_adds_a_person_and_is_shown_the_link_once(start: Start, signed_in: SignedIn) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    owner = await signed_in(counter)
    key = counter.site_key()
    answer = await owner.post(USERS, {"login": "vera", f"site-{key}": "viewer"})
    assert answer.headers["Cache-Control"] == "private, no-store"
    found = LINK.search(await answer.text())
    assert found is not None
    assert found[0].startswith(owner.origin)
    assert not LINK.search(await owner.text(USERS))
    vera = counter.service.accounts.by_login("vera")
    assert vera is not None
    assert (vera.owner, vera.access, vera.password) == (False, {key: Role.VIEWER}, "")
    secret = found[0].rpartition("/")[2]
    assert secret not in str(counter.rows("select * from audit")) + str(counter.log.lines)
    clock.move(INVITATION_LASTS - 1)
    assert (await Client(counter).get(f"/dashboard/welcome/{secret}")).status == 200
    clock.move(1)
    assert (await Client(counter).get(f"/dashboard/welcome/{secret}")).status == 404


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"login": "owner", "role": "owner"}, "There is an account owner already"),
        ({"login": "OWNER", "role": "owner"}, "There is an account OWNER already"),
        ({"login": "ann smith", "role": "owner"}, "the login is"),
        ({"login": "ann"}, "Say what this person may do"),
        ({"login": "ann", "site-1": "owner"}, "the role is"),
        ({"login": "ann", "role": "Owner"}, "Say what this person may do"),
        ({"login": "ann", "site-99": "admin"}, "Say what this person may do"),
    ],
)
async def test_a_person_who_can_not_be_added_is_refused_with_a_sentence(
    start: Start, signed_in: SignedIn, fields, told
) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    answer = await owner.post(USERS, fields)
    assert answer.status == 400
    assert told in (await answer.text()).replace("&#39;", "'")
    assert counter.rows("select login from user") == [{"login": "owner"}]


async def test_what_a_person_may_do_is_changed_at_once(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner, ben = await signed_in(counter), await signed_in(counter, "ben", "viewer")
    assert ben.user is not None
    path, key = f"{USERS}/{ben.user.key}/access", counter.site_key()
    settings = "/dashboard/sites/demo/settings"
    assert (await ben.get(settings)).status == 403
    await owner.post(path, {f"site-{key}": "admin"})
    assert (await ben.get(settings)).status == 200
    await owner.post(path, role="owner")
    assert (await ben.get(USERS)).status == 200
    assert (await ben.post(path, {f"site-{key}": "viewer"})).headers["Location"] == "/dashboard/"  # of oneself
    assert (await ben.get(USERS)).status == 403


async def test_the_last_owner_is_neither_removed_nor_made_less(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    assert owner.user is not None
    for path, form in (("remove", {}), ("access", {f"site-{counter.site_key()}": "admin"})):
        answer = await owner.post(f"{USERS}/{owner.user.key}/{path}", form)
        assert answer.status == 400
        assert "owner is the last owner; make another one first." in await answer.text()
    assert user_row(counter, "owner")["owner"] == 1
    await signed_in(counter, "second")
    assert (await owner.post(f"{USERS}/{owner.user.key}/remove")).status == 303
    assert user_row(counter, "owner") == {}
    assert (await owner.get(ACCOUNT)).status == 303


async def test_a_new_link_ends_the_sessions_and_the_old_password(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner, ben = await signed_in(counter), await signed_in(counter, "ben", "viewer")
    assert ben.user is not None
    first = LINK.search(await (await owner.post(f"{USERS}/{ben.user.key}/link")).text())
    second = LINK.search(await (await owner.post(f"{USERS}/{ben.user.key}/link")).text())
    assert first is not None
    assert second is not None
    assert (await ben.get(ACCOUNT)).status == 303
    assert (await Client(counter).post("/dashboard/login", login="ben", password=PASSWORD)).status == 401
    paths = [one[0].removeprefix(owner.origin) for one in (first, second)]
    assert [(await Client(counter).get(path)).status for path in paths] == [404, 200]


async def test_roles_on_a_removed_site_come_back_with_it(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, sites=[{"id": "demo"}, {"id": "shop"}])
    owner, ben = await signed_in(counter), await signed_in(counter, "ben", "viewer", "shop")
    assert ben.user is not None
    shop, demo = counter.service.sites.get("shop").site, counter.site_key("demo")
    await owner.post("/dashboard/sites/shop/remove", id="shop")
    await owner.post(f"{USERS}/{ben.user.key}/access", {f"site-{demo}": "admin"})
    await owner.post("/dashboard/new-site", id="shop", name="Shop")
    assert counter.service.accounts.users[ben.user.key].access == {demo: Role.ADMIN, shop.key: Role.VIEWER}


@pytest.mark.parametrize("key", ["0", "99", "-1", "x", "1e3", "9" * 30, "٣", "%00"])
async def test_a_user_who_is_not_there_answers_404(start: Start, signed_in: SignedIn, key: str) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    for path in ("access", "link", "remove"):
        assert (await owner.post(f"{USERS}/{key}/{path}", role="owner")).status == 404


async def test_a_login_is_text_and_never_markup(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    answer = await owner.post(USERS, {"login": '"><script>alert(1)</script>', "role": "owner"})
    assert answer.status == 400
    assert "<script>alert" not in await answer.text()
