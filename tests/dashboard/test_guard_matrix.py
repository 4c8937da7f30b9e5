"""T-50, T-58, T-62, T-63 and T-66, made from the table of routes: a new route stands in here, or these tests fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from dashboard import render
from dashboard.access.guard import LARGEST_FORM, Needs, Route
from dashboard.access.sessions import TOUCH_EVERY
from dashboard.live.hub import LIVE
from dashboard.pages.getting_in import ATTEMPTS
from dashboard.routes import ROUTES
from tests.kit.app import Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.two_sites import ENDLESS, FIXED, FORMS, SECRETS, World, make_world

READS = [route for route in ROUTES if route.method == "GET"]
CHANGES = [route for route in ROUTES if route.method != "GET"]
OF_SITES = [route for route in ROUTES if "{site}" in route.path]
NAMED_IN_FORMS = {path for path, form in FORMS.items() if {"{goal}", "{token}"} & set(form.values())}
OF_OBJECTS = [route for route in OF_SITES if re.search("visit|annotation}", route.path) or route.path in NAMED_IN_FORMS]
FOR_VIEWERS = [route for route in OF_SITES if route.needs == Needs.VIEWER and route.path != ENDLESS]
FOR_ADMINS = [route for route in OF_SITES if route.needs >= Needs.ADMIN]
STRANGERS = [route for route in CHANGES if route.needs == Needs.NOTHING]
WITH_TOKEN = [route for route in CHANGES if route.needs > Needs.NOTHING]
WRONG = dict.fromkeys(("site", "secret", "user", "visit", "annotation", *FIXED), "1")
TEXT_FORM = "application/x-www-form-urlencoded"


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture
async def world(start: Start, signed_in: SignedIn) -> World:
    return await make_world(start, signed_in)


# The table itself -----------------------------------------------------------------------------------------------


def test_every_route_has_an_example_and_every_example_a_route() -> None:
    assert {route.path for route in CHANGES} == set(FORMS)
    known = {"site", "secret", "user", "visit", "annotation", *FIXED}
    used = {name for route in ROUTES for name in re.findall(r"\{(\w+)\}", route.path)}
    assert used == known


def test_only_get_and_post_are_routed_and_reading_never_changes() -> None:
    assert {route.method for route in ROUTES} == {"GET", "POST"}


def test_only_the_ways_in_and_files_are_open_to_strangers() -> None:
    assert {route.path for route in ROUTES if route.needs == Needs.NOTHING} == {
        "/setup/{secret}", "/welcome/{secret}", "/login", "/static/{digest}/{name}",
    }  # fmt: skip


def test_what_changes_a_site_is_for_its_admins() -> None:
    assert [named(route) for route in OF_SITES if route.method != "GET" and route.needs < Needs.ADMIN] == []


# T-58: forms from elsewhere -------------------------------------------------------------------------------------

FOREIGN: dict[str, Mapping[str, str]] = {
    "foreign origin": {"Origin": "https://evil.test"},
    "null origin": {"Origin": "null"},
    "our name as a foreign subdomain": {"Origin": "http://127.0.0.1.evil.test"},
    "another port of ours": {"Origin": "http://127.0.0.1:1"},
    "cross-site fetch": {"Sec-Fetch-Site": "cross-site"},
    "same-site fetch": {"Sec-Fetch-Site": "same-site"},
    "text/plain": {"Content-Type": "text/plain"},
    "JSON": {"Content-Type": "application/json"},
    "multipart": {"Content-Type": "multipart/form-data; boundary=x"},
    "no type": {"Content-Type": ""},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=list(FOREIGN))
async def test_a_form_that_is_not_our_pages_own_changes_nothing(world: World, headers: Mapping[str, str]) -> None:
    owner, before = world.people["owner"], world.dump()
    for route in CHANGES:
        answer = await owner.post(world.path(route), world.form(route), headers)
        assert answer.status in {403, 415}, named(route)
    assert world.dump() == before


@pytest.mark.parametrize("whose", ["none", "empty", "wrong", "other", "signed in as nobody", "twice"])
async def test_a_form_without_the_sessions_own_token_changes_nothing(world: World, whose: str) -> None:
    owner, before = world.people["owner"], world.dump()
    tokens: dict[str, Any] = {
        "none": None, "empty": "", "wrong": "0" * 48, "other": world.people["beta admin"].token,
        "signed in as nobody": Client(world.counter).token, "twice": ["x", owner.token],
    }  # fmt: skip
    for route in WITH_TOKEN:
        form: dict[str, Any] = {**world.form(route), "csrf": tokens[whose]}
        if form["csrf"] is None:
            body = "&".join(f"{name}={value}" for name, value in world.form(route).items())
            answer = await owner.send(world.path(route), body)
        else:
            answer = await owner.post(world.path(route), form)
        assert answer.status == 403, named(route)
    assert world.dump() == before


async def test_a_strangers_form_says_where_it_is_from(world: World) -> None:
    stranger, before = Client(world.counter), world.dump()
    for route in STRANGERS:
        for headers in ({"Origin": ""}, {"Origin": "", "Referer": "https://evil.test/dashboard/login"}):
            answer = await stranger.post(world.path(route), world.form(route), headers)
            assert answer.status == 403, named(route)
    assert world.dump() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
async def test_what_changes_something_is_asked_with_post(world: World, method: str) -> None:
    owner, before = world.people["owner"], world.dump()
    both = {route.path for route in READS}
    for route in CHANGES:
        if method in {"GET", "HEAD"} and route.path in both:
            continue
        query = {"csrf": owner.token, **world.form(route)}
        answer = await owner.request(method, world.path(route), params=query)
        assert answer.status == 405, named(route)
        assert "Set-Cookie" not in answer.headers
    assert world.dump() == before


async def test_a_page_that_has_a_form_changes_nothing_by_being_read_with_the_forms_fields(world: World) -> None:
    owner, before = world.people["owner"], world.dump()
    both = {route.path for route in READS} & {route.path for route in CHANGES}
    for route in (route for route in CHANGES if route.path in both):
        await owner.get(world.path(route), params={"csrf": owner.token, **world.form(route)})
    assert world.dump() == before


async def test_a_form_that_is_too_large_or_no_utf_8_changes_nothing(world: World) -> None:
    owner, before = world.people["owner"], world.dump()
    for route in CHANGES:
        large = await owner.send(world.path(route), f"csrf={owner.token}&x=" + "y" * LARGEST_FORM)
        broken = await owner.request(
            "POST", world.path(route), {"Content-Type": TEXT_FORM, "Origin": owner.origin}, data=b"csrf=\xff\xfe"
        )
        assert (large.status, broken.status) == (413, 400), named(route)
    assert world.dump() == before


@pytest.mark.parametrize("route", CHANGES, ids=named)
async def test_the_same_form_from_our_own_page_is_taken(world: World, route: Route) -> None:
    """Otherwise the tests above would show nothing."""
    owner, before = world.people["owner"], world.dump()
    answer = await owner.post(world.path(route), world.form(route))
    if route.path == "/setup/{secret}":
        assert answer.status == 404  # there is an owner
        return
    assert answer.status in {200, 303}, await answer.text()
    if route.path != "/account/sessions":  # the owner has only this one
        assert world.dump() != before


# T-56: what other sites' pages read -----------------------------------------------------------------------------

ELSEWHERE: dict[str, Mapping[str, str]] = {
    "an image": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "a fetch": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "a frame": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "a link": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    "nothing more said": {},
}


def state(world: World) -> tuple[Any, ...]:
    """All that a request could change: the rows of every table, and what is held in memory."""
    apps = world.counter.client.app._subapps  # type: ignore[union-attr]
    (dashboard,) = [app for app in apps if ATTEMPTS in app]
    accounts = world.counter.service.accounts
    in_memory = (dict(accounts.sessions), dict(accounts.invitations), accounts.users, accounts.setup_secret)
    return world.dump(), in_memory, len(dashboard[ATTEMPTS]), dict(dashboard[LIVE].feeds)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=list(ELSEWHERE))
async def test_what_another_sites_page_reads_changes_nothing(
    world: World, headers: Mapping[str, str], site: str
) -> None:
    world.counter.clock.move(TOUCH_EVERY + 1)  # from here on, that a session is in use would be written down
    before = state(world)
    for client in (Client(world.counter), world.people["owner"]):
        for route in READS:
            for path in {world.path(route), f"/dashboard{route.path.format_map(WRONG)}"}:
                answer = await client.get(path, headers={"Sec-Fetch-Site": site, **headers})
                assert "Set-Cookie" not in answer.headers
                if headers.get("Sec-Fetch-Dest") != "document":
                    assert answer.status == 403, path
    assert state(world) == before


async def test_a_link_on_another_site_leads_to_every_page_that_leaves_no_trace(world: World) -> None:
    owner = world.people["owner"]
    for route in READS:
        answer = await owner.get(world.path(route), headers={"Sec-Fetch-Site": "cross-site", **ELSEWHERE["a link"]})
        setup = route.path == "/setup/{secret}"  # there is an owner
        wanted = {404} if setup else {200, 303} if route.from_links else {403}
        assert answer.status in wanted, named(route)
    assert {route.path.rpartition("/")[2] for route in READS if not route.from_links} == {
        "hits.csv.gz", "hits.ndjson.gz", "events",
    }  # fmt: skip


async def test_what_our_own_page_reads_is_noted(world: World) -> None:
    """Otherwise the tests above would show nothing."""
    owner = world.people["owner"]
    world.counter.clock.move(TOUCH_EVERY + 1)
    before = state(world)
    await owner.get("/dashboard/account", headers={"Sec-Fetch-Site": "same-origin"})
    assert state(world) != before


# T-62: another site's, and nobody's -----------------------------------------------------------------------------

ATTACKERS = ["anonymous", "alpha viewer", "alpha admin", "read token", "write token"]


def attacker(world: World, name: str) -> tuple[Client, Mapping[str, str]]:
    """Who asks, and with which headers."""
    if name in {"read token", "write token"}:
        prefix = "token-of-alpha" if name == "read token" else "write-token-of-alpha"
        return Client(world.counter), {"Authorization": f"Bearer {prefix}"}
    return world.people.get(name, Client(world.counter)), {}


async def ask(world: World, name: str, route: Route, site: str = "beta", objects: str = "") -> tuple[int, str]:
    """A route as an attacker asks it, with everything a browser of theirs would send."""
    client, headers = attacker(world, name)
    path = world.path(route, site, objects)
    if route.method == "GET":
        answer = await client.get(path, headers=headers)
    else:
        answer = await client.post(path, world.form(route, site, objects), headers)
    return answer.status, await answer.text(errors="replace") + str(answer.headers)


def tells_nothing(body: str) -> bool:
    return not any(secret in body for secret in SECRETS)


@pytest.mark.parametrize("name", ATTACKERS)
async def test_another_site_is_not_there_for_who_has_no_role_on_it(world: World, name: str) -> None:
    before = world.dump()
    for route in OF_SITES:
        status, body = await ask(world, name, route)
        allowed = {404} if name.startswith("alpha") else {303 if route.method == "GET" else 403}
        assert status in allowed, named(route)
        assert tells_nothing(body), named(route)
    assert world.dump() == before


@pytest.mark.parametrize("name", ATTACKERS)
async def test_a_site_that_is_not_there_answers_as_one_that_is_anothers(world: World, name: str) -> None:
    for route in OF_SITES:
        theirs = await ask(world, name, route)
        nobodys = await ask(world, name, route, "nowhere", "beta")
        assert theirs[0] == nobodys[0], named(route)


@pytest.mark.parametrize("name", ATTACKERS)
async def test_pages_of_all_sites_tell_nothing_of_another(world: World, name: str) -> None:
    before = world.dump()
    for route in ROUTES:
        if route.needs < Needs.USER or "{site}" in route.path or (route.method != "GET" and route.needs < Needs.OWNER):
            continue
        status, body = await ask(world, name, route)
        assert tells_nothing(body), named(route)
        if route.needs == Needs.OWNER or not name.startswith("alpha"):
            assert status in {403, 303}, named(route)
    assert world.dump() == before


@pytest.mark.parametrize("name", ["alpha admin", "alpha viewer"])
async def test_an_object_of_another_site_is_not_found_below_ones_own(world: World, name: str) -> None:
    before = world.dump()
    assert OF_OBJECTS
    for route in OF_OBJECTS:
        status, body = await ask(world, name, route, "alpha", "beta")
        assert status in {400, 403, 404}, named(route)
        assert tells_nothing(body.replace("beta-secret-goal", "")), named(route)  # what was asked for may be said back
    assert world.dump() == before


async def test_anothers_session_is_not_ended(world: World) -> None:
    owner, before = world.people["owner"], world.dump()
    digest = world.counter.rows("select digest from session s join user u on u.key = s.user_key where login = 'owner'")
    answer = await world.people["beta admin"].post("/dashboard/account/sessions", session=digest[0]["digest"].hex())
    assert answer.status == 404
    assert world.dump() == before
    assert (await owner.get("/dashboard/account")).status == 200


@pytest.mark.parametrize("path", ["report?period=today", "hits?period=today", "visit?visit={visit}"])
async def test_a_sites_token_does_not_open_another_site(world: World, path: str) -> None:
    asked = f"/api/v1/{path.format(**world.ids['beta'])}&site=beta"
    for token, wanted in (("token-of-alpha", {401, 403, 404}), ("write-token-of-alpha", {401, 403, 404})):
        answer = await world.counter.get(asked, headers={"Authorization": f"Bearer {token}"})
        assert answer.status in wanted
        assert tells_nothing(await answer.text())
    answer = await world.counter.get(asked, headers={"Authorization": "Bearer token-of-beta"})
    assert answer.status == 200
    assert not tells_nothing(await answer.text()) or "report" in path


@pytest.mark.parametrize("role", ["beta admin", "beta viewer"])
async def test_who_has_a_role_is_let_in(world: World, role: str) -> None:
    """Otherwise the tests above would show nothing."""
    routes = FOR_VIEWERS if role == "beta viewer" else [*FOR_VIEWERS, *FOR_ADMINS]
    for route in routes:
        if route.method == "GET":
            status, _ = await ask(world, role, route)
            assert status == 200, named(route)


# T-63: what viewers may not -------------------------------------------------------------------------------------


async def test_a_viewer_changes_nothing_and_takes_no_raw_hits_away(world: World) -> None:
    before = world.dump()
    for route in FOR_ADMINS:
        status, body = await ask(world, "beta viewer", route)
        assert status == 403, named(route)
        assert "beta-secret-path" not in body
    assert world.dump() == before


async def test_an_admin_of_a_site_neither_removes_it_nor_sees_accounts(world: World) -> None:
    before = world.dump()
    for route in ROUTES:
        if route.needs == Needs.OWNER:
            status, _ = await ask(world, "beta admin", route)
            assert status == 403, named(route)
    assert world.dump() == before


async def test_a_role_that_is_taken_away_is_gone_at_once(world: World) -> None:
    admin = world.people["beta admin"]
    assert admin.user is not None
    path = f"/dashboard/users/{admin.user.key}/access"
    await world.people["owner"].post(path, {f"site-{world.ids['beta']['key']}": "viewer"})
    assert (await admin.get("/dashboard/sites/beta/settings")).status == 403
    await world.people["owner"].post(path, {f"site-{world.ids['alpha']['key']}": "viewer"})
    assert (await admin.get("/dashboard/sites/beta")).status == 404


# T-50 and T-66: headers and caches ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["owner", "anonymous", "alpha viewer"])
async def test_every_answer_has_the_headers_of_a_private_page(world: World, name: str) -> None:
    client = world.people.get(name, Client(world.counter))
    paths = [world.path(route) for route in READS if route.path != "/static/{digest}/{name}"]
    for path in [*paths, "/dashboard", "/dashboard/nothing", "/dashboard/x.css", "/dashboard/sites/nowhere"]:
        asked = {"Cookie": f"counter_session={client.secret}"} if client.secret else {}
        async with world.counter.client.get(path, headers=asked, allow_redirects=False) as answer:
            wrong = {header: answer.headers.get(header) for header, value in render.HEADERS.items()
                     if answer.headers.get(header) != value}  # fmt: skip
            assert not wrong, path
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert "Set-Cookie" not in answer.headers
            answer.close()


async def test_every_refusal_has_them_too(world: World) -> None:
    for client in (world.people["owner"], Client(world.counter)):
        for route in CHANGES:
            for headers in ({"Origin": "https://evil.test"}, {"Content-Type": "text/plain"}, {}):
                answer = await client.post(world.path(route), {"csrf": "wrong"}, headers)
                for header, value in render.HEADERS.items():
                    assert answer.headers.get(header) == value, (named(route), header)


async def test_the_policy_lets_no_page_frame_ours_and_no_inline_script_run() -> None:
    policy = dict(part.strip().split(" ", 1) for part in render.CSP.split(";"))
    for name in ("default-src", "frame-ancestors", "base-uri", "object-src"):
        assert policy[name] == "'none'"
    assert (policy["script-src"], policy["style-src"], policy["form-action"]) == ("'self'", "'self'", "'self'")
    assert "unsafe" not in render.CSP


async def test_a_file_is_public_and_kept_for_ever_under_the_address_of_its_content(world: World) -> None:
    file = next(route for route in READS if route.path.startswith("/static"))
    answer = await Client(world.counter).get(world.path(file))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "end", ["x.css", "account/x.css", "account;x.css", "account%2fx.css", "account%0ax.css", "users.css"]
)
async def test_a_page_is_not_served_under_a_name_that_caches_keep(world: World, end: str) -> None:
    owner = world.people["owner"]
    answer = await owner.get(f"/dashboard/{end}")
    page = await answer.text()
    assert answer.status == 404
    assert owner.token not in page
    assert "<summary>owner" not in page
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_the_same_address_shows_a_stranger_nothing_after_somebody_read_it(world: World) -> None:
    for route in (*FOR_VIEWERS, *FOR_ADMINS):
        if route.method == "GET":
            await world.people["beta admin"].get(world.path(route))
            answer = await Client(world.counter).get(world.path(route))
            assert answer.status == 303, named(route)
            assert tells_nothing(await answer.text()), named(route)


async def test_an_address_without_its_last_slash_leads_on(world: World) -> None:
    answer = await Client(world.counter).get("/dashboard")
    assert (answer.status, answer.headers["Location"]) == (303, "/dashboard/")


async def test_an_unknown_host_is_refused_once_our_own_is_known(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, server={"public_url": "https://stats.example"})
    for host, status in (("evil.test", 421), ("stats.example", 200), ("stats.example:443", 200), ("localhost", 200)):
        answer = await Client(counter).get("/dashboard/login", headers={"Host": host})
        assert answer.status == status, host
