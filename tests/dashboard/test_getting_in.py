"""T-56, T-57 and T-60: the first owner, signing in, guessing, and where one is led to then."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.accounts import Invitation
from counter.errors import Overloaded
from counter.passwords import Passwords
from counter.service.accounts import new_secret
from counter.service.service import token_digest
from dashboard.access.attempts import AT_ONCE, FIRST_WAIT, FREE, LONGEST_WAIT, MOST, QUEUE, WINDOW, Attempts
from dashboard.pages.getting_in import START, own_path
from tests.kit.app import FakeClock, Start
from tests.kit.dashboard import PASSWORD, Client, SignedIn, change_user, make_user

LOGIN = "/dashboard/login"
FIRST = {"login": "ann", "password": PASSWORD, "again": PASSWORD, "hosts": "https://shop.example/start"}


def setup_path(counter) -> str:
    return f"/dashboard/setup/{counter.service.accounts.setup_secret}"


# The first owner (T-57) -----------------------------------------------------------------------------------------


async def test_the_setup_link_makes_the_owner_and_the_first_site_and_shows_the_snippet(start: Start) -> None:
    counter = await start(dashboard=True, sites=[])
    client = Client(counter)
    assert 'name="timezone"' in await client.text(setup_path(counter))
    answer = await client.post(setup_path(counter), {**FIRST, "timezone": "Asia/Tbilisi", "first_weekday": "sunday"})
    assert (answer.status, answer.headers["Location"]) == (303, "/dashboard/sites/shop.example/install")
    assert "data-site=&#34;shop.example&#34;" in await client.text(answer.headers["Location"])
    site = counter.service.sites.get("shop.example").site
    assert (site.name, site.hosts) == ("shop.example", ("shop.example", "www.shop.example"))
    assert (site.timezone, site.first_weekday) == ("Asia/Tbilisi", "sunday")
    assert counter.rows("select login, owner from user") == [{"login": "ann", "owner": 1}]


async def test_the_setup_link_works_once(start: Start) -> None:
    counter = await start(dashboard=True, sites=[])
    path = setup_path(counter)
    await Client(counter).post(path, FIRST)
    for method in ("GET", "POST"):
        answer = await (Client(counter).get(path) if method == "GET" else Client(counter).post(path, FIRST))
        assert answer.status == 404
    assert counter.rows("select count(*) as n from user") == [{"n": 1}]


async def test_of_two_forms_sent_at_once_one_makes_the_owner(start: Start) -> None:
    counter = await start(dashboard=True, sites=[])
    path = setup_path(counter)
    forms = [{**FIRST, "login": login, "hosts": f"{login}.example"} for login in ("ann", "eve")]
    answers = await asyncio.gather(*(Client(counter).post(path, form) for form in forms))
    assert sorted(answer.status for answer in answers) == [303, 404]
    assert counter.rows("select count(*) as n from user") == [{"n": 1}]


async def test_a_stranger_without_the_link_becomes_nobody(start: Start) -> None:
    counter = await start(dashboard=True)
    stranger = Client(counter)
    for secret in ("", "x", "0" * 43, counter.service.accounts.setup_secret[:-1], "%00", "..%2f"):
        for answer in (
            await stranger.get(f"/dashboard/setup/{secret}"),
            await stranger.post(f"/dashboard/setup/{secret}", FIRST),
        ):
            assert answer.status in {404, 429}
    for login in ("admin", "owner", "root", ""):
        for password in ("", "admin", "password", "owner"):
            answer = await stranger.post(
                LOGIN, {"login": login, "password": password}, {"X-Forwarded-For": f"192.0.2.{len(login + password)}"}
            )
            assert answer.status in {401, 429}
    assert counter.rows("select * from user") == []


async def test_with_no_owner_the_login_page_says_where_the_link_is_and_never_shows_it(start: Start) -> None:
    counter = await start(dashboard=True)
    page = await Client(counter).text(LOGIN)
    assert "set-up link" in page
    assert counter.service.accounts.setup_secret not in page
    assert 'name="password"' not in page


async def test_the_setup_secret_is_another_at_each_start_and_stands_in_no_file(start: Start) -> None:
    counter = await start(dashboard=True)
    secret = counter.service.accounts.setup_secret
    assert len(secret) >= 43
    await Client(counter).get(setup_path(counter))
    await counter.client.close()
    again = await start(dashboard=True)
    assert again.service.accounts.setup_secret != secret
    assert (await Client(again).get(f"/dashboard/setup/{secret}")).status == 404
    for file in counter.folder.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file
    assert secret not in "\n".join(counter.log.lines)


async def test_with_an_owner_the_setup_page_is_not_there(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    await signed_in(counter)
    assert (await Client(counter).get(setup_path(counter))).status == 404


async def test_sites_of_the_configuration_are_enough(start: Start) -> None:
    counter = await start(dashboard=True)
    answer = await Client(counter).post(setup_path(counter), login="ann", password=PASSWORD, again=PASSWORD, skip="yes")
    assert answer.headers["Location"] == "/dashboard/sites/demo/install"
    assert [one.site.id for one in counter.service.sites.all()] == ["demo"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"again": "something else"}, "not the same"),
        ({"password": "short", "again": "short"}, "at least|it must have 10"),
        ({"password": "annannannann", "again": "annannannann"}, "only the login"),
        ({"password": "1234567890", "again": "1234567890"}, "commonest"),
        ({"login": "ann smith"}, "the login is"),
        ({"login": ""}, "the login is"),
        ({"hosts": "", "name": ""}, "name of your site"),
        ({"hosts": "ex ample_!"}, "hosts"),
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"first_weekday": "someday"}, "monday to sunday"),
        ({"id": "demo"}, "already"),
        ({"id": "a/b"}, "id"),
    ],
)
async def test_what_is_wrong_at_the_set_up_is_said_and_nothing_is_made(start: Start, change, told) -> None:
    counter = await start(dashboard=True)
    answer = await Client(counter).post(setup_path(counter), {**FIRST, **change})
    page = await answer.text()
    notice = re.search(r'role="alert"[^>]*>([^<]*)', page)
    assert answer.status == 400
    assert notice is not None
    assert re.search(told, notice[1])
    assert PASSWORD not in page
    assert counter.rows("select * from user") == []
    assert [one.site.id for one in counter.service.sites.all()] == ["demo"]


# One-time links -------------------------------------------------------------------------------------------------


async def invited(counter, login: str = "ben") -> str:
    """The path of a link for a new user."""
    user = await make_user(counter, login, "viewer")
    secret = new_secret()
    until = int(counter.clock.now()) + 100
    await counter.service.store.add_invitation(Invitation(token_digest(secret), user.key, until), counter.clock.now())
    await counter.service.reload_accounts()
    return f"/dashboard/welcome/{secret}"


async def test_a_link_lets_its_person_choose_a_password_once(start: Start) -> None:
    counter = await start(dashboard=True)
    path = await invited(counter)
    client = Client(counter)
    assert "ben" in await client.text(path)
    answer = await client.post(path, password="my own long password", again="my own long password")
    assert (answer.status, answer.headers["Location"]) == (303, "/dashboard/")
    assert (await client.get("/dashboard/account")).status == 200
    assert (await Client(counter).get(path)).status == 404
    assert (await Client(counter).post(path, password=PASSWORD, again=PASSWORD)).status == 404
    signing_in = await Client(counter).post(LOGIN, login="BEN", password="my own long password")
    assert signing_in.status == 303


async def test_a_link_that_is_too_old_is_not_there(start: Start) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    path = await invited(counter)
    clock.move(100)
    assert (await Client(counter).get(path)).status == 404
    assert (await Client(counter).post(path, password=PASSWORD, again=PASSWORD)).status == 404


async def test_a_used_link_signs_out_who_was_signed_in_before(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    path = await invited(counter)
    before = await signed_in(counter, "ben")
    await Client(counter).post(path, password="my own long password", again="my own long password")
    assert (await before.get("/dashboard/account")).status == 303


# Signing in -----------------------------------------------------------------------------------------------------


async def test_what_was_wrong_is_not_told(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    pages = []
    for login in ("ann", "bob"):
        answer = await Client(counter).post(LOGIN, login=login, password="not the password")
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers
        pages.append((await answer.text()).replace(login, ""))
    assert pages[0] == pages[1]


async def test_an_account_without_a_password_can_not_be_signed_in_to(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    await change_user(counter, "ann", password="")
    for password in ("", PASSWORD, " "):
        assert (await Client(counter).post(LOGIN, login="ann", password=password)).status == 401


class Watched(Passwords):
    """Remembers which hashes were compared; '' is the work for nobody, that takes as long as any other."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=8)
        self.compared: list[str] = []

    async def matches(self, hash: str, password: str) -> bool:  # noqa: A002 - as the real one
        self.compared.append(hash)
        return await super().matches(hash, password)


async def test_an_unknown_name_is_as_much_work_as_a_known_one(start: Start) -> None:
    counter = await start(dashboard=True)
    ann = await make_user(counter, "ann")
    counter.service.passwords = watched = Watched()
    for login in ("ann", "bob", ""):
        await Client(counter).post(LOGIN, login=login, password="wrong")
    assert watched.compared == [ann.password, "", ""]


async def test_a_hash_of_other_parameters_is_made_anew_at_the_next_sign_in(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    before = counter.rows("select password from user")
    counter.service.passwords = Passwords(time_cost=2, memory_kib=16)
    client = Client(counter)
    assert (await client.post(LOGIN, login="ann", password=PASSWORD)).status == 303
    after = counter.rows("select password from user")
    assert before != after
    assert "m=16,t=2" in after[0]["password"]
    assert (await client.get("/dashboard/account")).status == 200
    assert (await Client(counter).post(LOGIN, login="ann", password=PASSWORD)).status == 303
    assert counter.rows("select password from user") == after


async def test_who_is_signed_in_is_led_past_the_login(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    answer = await owner.get(LOGIN, params={"next": "/dashboard/account"})
    assert answer.headers["Location"] == "/dashboard/account"


async def test_after_signing_in_one_is_where_one_wanted_to_go(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    client = Client(counter)
    wanted = "/dashboard/sites/demo?filter=path,is,/%E1%83%90&period=7d"
    there = (await client.get(wanted)).headers["Location"]
    page = await client.text(there)
    asked = re.search(r'name="next" value="([^"]*)"', page)
    assert asked is not None
    answer = await client.post(LOGIN, login="ann", password=PASSWORD, next=asked[1].replace("&amp;", "&"))
    assert answer.headers["Location"] == wanted


# Where a link to the login may lead (T-60) ----------------------------------------------------------------------

ELSEWHERE = [
    "", "//evil.test", "/\\evil.test", "https:evil.test", "https://evil.test", "//evil.test/dashboard/",
    "\\\\evil.test",
    "%2f%2fevil.test", "/%2f%2fevil.test", "/dashboard//evil.test", "/dashboard/%2f%2fevil.test",
    "/dashboard/..//evil.test", "/dashboard/../../evil", "/dashboard/%2e%2e/x", "/dashboard/%252e%252e/x",
    "/dashboard/\\evil.test", "/dashboard/%5cevil.test", "/dashboard/\r\nLocation: https://evil.test",
    "/dashboard/%0d%0aSet-Cookie:x=1", "/dashboard/\tx", "/dashboard", "/dashboardevil", "javascript:alert(1)",
    " /dashboard/", "/api/v1/totals", "dashboard/", "/dashboard/\u202e", "/dashboard/" + "x" * 5000, "/DASHBOARD/",
    "@evil.test", "/.evil.test",
]  # fmt: skip


async def test_a_link_to_the_login_leads_nowhere_else(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    owner = await signed_in(counter)
    for text in ELSEWHERE:
        with subtests.test(next=ascii(text)):
            answer = await Client(counter).post(LOGIN, login="ann", password=PASSWORD, next=text)
            assert (answer.status, answer.headers["Location"]) == (303, START)
            page = await Client(counter).get(LOGIN, params={"next": text})
            assert f'name="next" value="{START}"' in await page.text()
            assert (await owner.get(LOGIN, params={"next": text})).headers["Location"] == START


@given(st.text(alphabet="/\\.%25cfe:?#@ad-shbor\r\n\u2215", max_size=40))
def test_whatever_is_asked_for_the_way_leads_below_the_dashboard(tail: str) -> None:
    for text in (tail, f"/dashboard/{tail}"):
        path = own_path(text)
        assert path.startswith("/dashboard/")
        assert "//" not in path.partition("?")[0]
        assert not set(path) & set("\\\r\n")


async def test_links_name_the_configured_host_and_not_the_one_that_was_asked(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, server={"public_url": "https://stats.example"})
    owner = await signed_in(counter)
    headers = {"Host": "localhost", "Origin": "http://localhost", "X-Forwarded-Host": "evil.test",
               "Cookie": f"__Host-counter_session={owner.secret}"}  # fmt: skip
    answer = await owner.post("/dashboard/users", {"login": "ben", "role": "owner"}, headers)
    page = await answer.text()
    assert "https://stats.example/dashboard/welcome/" in page
    assert "evil.test" not in page
    headers["Host"] = "evil.test"
    headers["Origin"] = "http://evil.test"
    assert (await owner.post("/dashboard/users", {"login": "eve", "role": "owner"}, headers)).status == 421


# Guessing (T-56) ------------------------------------------------------------------------------------------------


async def guess(counter, login: str = "ann", password: str = "wrong", ip: str = "192.0.2.1"):
    return await Client(counter).post(LOGIN, {"login": login, "password": password}, {"X-Forwarded-For": ip})


async def test_after_ten_wrong_passwords_an_address_waits_and_longer_each_time(start: Start) -> None:
    clock = FakeClock()
    counter = await start(clock, dashboard=True)
    await make_user(counter, "ann")
    answers = [await guess(counter) for _ in range(30)]
    assert [one.status for one in answers] == [401] * FREE + [429] * (30 - FREE)
    assert 0 < int(answers[-1].headers["Retry-After"]) <= FIRST_WAIT + 1
    clock.move(FIRST_WAIT + 1)
    assert (await guess(counter)).status == 401
    longer = await guess(counter)
    assert longer.status == 429
    assert int(longer.headers["Retry-After"]) > FIRST_WAIT + 1


async def test_the_right_password_from_another_address_always_works(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    for turn in range(60):
        await guess(counter, ip=f"192.0.2.{turn % 5}")
    assert (await guess(counter, password=PASSWORD, ip="198.51.100.1")).status == 303
    assert (await guess(counter, password=PASSWORD, ip="192.0.2.1")).status == 429


async def test_a_thousand_names_from_one_address_are_ten_guesses(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    statuses = [(await guess(counter, login=f"user{number}")).status for number in range(1000)]
    assert statuses.count(401) == FREE


async def test_a_success_in_between_buys_no_more_guesses(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    await make_user(counter, "mallory")
    statuses = []
    for turn in range(20):
        if turn % 4 == 3:
            await guess(counter, login="mallory", password=PASSWORD)
        statuses.append((await guess(counter)).status)
    assert statuses.count(401) == FREE


async def test_one_subscribers_ipv6_addresses_are_one_address(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    statuses = [(await guess(counter, ip=f"2001:db8::{number:x}")).status for number in range(20)]
    assert statuses.count(401) == FREE
    assert (await guess(counter, ip="2001:db8:0:1::1")).status == 401


async def test_an_untrusted_peer_can_not_choose_its_address(start: Start) -> None:
    counter = await start(dashboard=True, server={"trusted_proxies": []})
    await make_user(counter, "ann")
    statuses = [(await guess(counter, ip=f"192.0.2.{number}")).status for number in range(20)]
    assert statuses.count(401) == FREE


async def test_guesses_sent_side_by_side_are_counted_too(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    answers = await asyncio.gather(*(guess(counter) for _ in range(60)))
    assert sum(one.status == 401 for one in answers) <= FREE
    assert {one.status for one in answers} == {401, 429}


IMAGE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
FROM_WEBMAIL = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("link", ["setup", "welcome"])
@pytest.mark.parametrize("headers", [IMAGE, FROM_WEBMAIL, {}], ids=["images of a page", "links", "plain http"])
async def test_wrong_links_on_any_page_do_not_keep_the_right_password_out(
    start: Start, link: str, headers: dict[str, str]
) -> None:
    """T-56: `<img src=".../dashboard/setup/x1">`, ten of them or more; over plain http no browser says from where."""
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    invitation = await invited(counter)
    sent = {**headers, "X-Forwarded-For": "192.0.2.1"}
    for number in range(2 * FREE):
        assert (await Client(counter).get(f"/dashboard/{link}/x{number}", headers=sent)).status in {403, 404}
    assert (await guess(counter, password=PASSWORD)).status == 303
    assert (await Client(counter).get(invitation, headers={"X-Forwarded-For": "192.0.2.1"})).status == 200


@pytest.mark.parametrize("link", ["setup", "welcome"])
async def test_forms_with_wrong_secrets_do_not_keep_the_right_password_out(start: Start, link: str) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    for number in range(2 * FREE):
        answer = await Client(counter).post(f"/dashboard/{link}/x{number}", FIRST, {"X-Forwarded-For": "192.0.2.1"})
        assert answer.status == 404
    assert (await guess(counter, password=PASSWORD)).status == 303


async def test_wrong_tokens_do_not_keep_the_right_password_out(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    for number in range(2 * FREE):
        wrong = {"Authorization": f"Bearer x{number}", "X-Forwarded-For": "192.0.2.1"}
        assert (await counter.get("/api/v1/hits?site=demo", headers=wrong)).status in {401, 403, 404}
        await counter.hit(ip="192.0.2.1", headers=wrong)
    assert (await guess(counter, password=PASSWORD)).status == 303


async def test_wrong_passwords_do_not_keep_out_who_has_a_link(start: Start) -> None:
    counter = await start(dashboard=True)
    await make_user(counter, "ann")
    path, same = await invited(counter), {"X-Forwarded-For": "192.0.2.1"}
    assert [(await guess(counter)).status for _ in range(2 * FREE)][-1] == 429
    client = Client(counter)
    assert (await client.get(path, headers=same)).status == 200
    answer = await client.post(path, {"password": "my own long password", "again": "my own long password"}, same)
    assert answer.status == 303


async def test_a_link_in_a_webmail_shows_its_form_as_often_as_it_is_opened(start: Start) -> None:
    counter = await start(dashboard=True)

    async def open_twice(path: str) -> None:
        for _ in range(2):
            answer = await Client(counter).get(path, headers=FROM_WEBMAIL)
            assert answer.status == 200
            assert 'name="again"' in await answer.text()

    await open_twice(setup_path(counter))
    await open_twice(await invited(counter))


async def test_the_old_password_is_not_guessed_at_a_screen_left_open(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    statuses = [
        (await owner.post("/dashboard/account/password", old="wrong", password="x" * 20, again="x" * 20)).status
        for _ in range(15)
    ]
    assert statuses == [400] * FREE + [429] * 5


def test_failures_are_forgotten_five_minutes_after_the_last_wait() -> None:
    attempts = Attempts()
    for at in range(FREE):
        assert attempts.begin("192.0.2.1", at) == 0
        attempts.end("192.0.2.1", at, failed=True)
    assert attempts.begin("192.0.2.1", FREE) > 0
    assert attempts.begin("192.0.2.1", FREE + FIRST_WAIT + WINDOW) == 0


def test_the_wait_grows_to_a_quarter_of_an_hour_and_no_further() -> None:
    attempts, now = Attempts(), 0.0
    for _ in range(60):
        pause = attempts.begin("192.0.2.1", now)
        if pause:
            now += pause
            assert pause <= LONGEST_WAIT + 1
            assert attempts.begin("192.0.2.1", now) == 0
        attempts.end("192.0.2.1", now, failed=True)
    assert attempts.begin("192.0.2.1", now) == LONGEST_WAIT + 1


def test_the_table_of_addresses_is_bounded() -> None:
    attempts = Attempts()
    for number in range(MOST + 100):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        assert attempts.begin(address, 0) == 0
        attempts.end(address, 0, failed=True)
    assert len(attempts) == MOST


def test_who_succeeds_leaves_nothing_behind() -> None:
    attempts = Attempts()
    assert attempts.begin("192.0.2.1", 0) == 0
    attempts.end("192.0.2.1", 0, failed=False)
    assert len(attempts) == 0


def test_only_so_many_are_looked_at_at_once() -> None:
    attempts = Attempts()
    assert [attempts.begin("192.0.2.1", 0) for _ in range(AT_ONCE + 1)] == [0] * AT_ONCE + [1]
    for number in range(QUEUE - AT_ONCE):
        assert attempts.begin(f"198.51.100.{number}", 0) == 0
    with pytest.raises(Overloaded, match="too many people sign in"):
        attempts.begin("203.0.113.1", 0)
    attempts.end("192.0.2.1", 0, failed=False)
    assert attempts.begin("203.0.113.1", 0) == 0
