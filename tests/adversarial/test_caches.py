"""T-66: nothing private is ever found in a cache that stands between, whoever asked before.

The matrices are made of the tables of routes: a new route is in them, and must say how it is cached.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pytest

from counter.web.collect import NO_STORE
from dashboard.access.guard import Needs
from dashboard.assets import files
from tests.kit.app import BROWSER, VISITOR, Counter, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.every_route import ENDLESS, Place, gets, places

STATIC: Final = "/dashboard/static/{digest}/{name}"
PRIVATE: Final = "private, no-store"
# How the public routes are cached; every one must be here.
PUBLIC: Final = {
    "/counter.js": "public, max-age=3600",
    "/counter.{version}.js": "public, max-age=3600",  # immutable for the version that is
    "/counter-widget.js": "public, max-age=3600",
    "/counter-widget.{version}.js": "public, max-age=3600",
    "/static/{name}": "public, max-age=3600",
    "/favicon.ico": "public, max-age=86400",
    "/api/v1/totals": "public, max-age=0, must-revalidate",  # its ETag makes asking again cheap
    "/widget/{site}.svg": "public, max-age=60",
    "/badge/{site}.svg": "public, max-age=60",
    "/widget/{site}.png": "public, max-age=60",
    "/badge/{site}.png": "public, max-age=60",
    "/widget/gallery": "no-cache",
    "/widget/{site}/about": "no-cache",
    "/demo": "no-cache",
    "/demo/{page}": "no-cache",
    "/pixel.gif": NO_STORE["Cache-Control"],
    "/healthz": "no-store",
    "/readyz": "no-store",
    "/metrics": "no-store",
    "/api/v1/you": PRIVATE,
    "/api/v1/report": PRIVATE,
    "/api/v1/hits": PRIVATE,
    "/api/v1/visit": PRIVATE,
    "/widget/{site}.html": PRIVATE,  # shows the reader's address
    "/widget/{site}.json": PRIVATE,
    "/opt-out": PRIVATE,
    "/": "",  # a redirect that is the same for everybody
}
# Who gives a cookie, and takes it away.
COOKIES: Final = {"/dashboard/login", "/dashboard/logout", "/dashboard/setup/{secret}", "/dashboard/welcome/{secret}",
                  "/dashboard/account/password", "/opt-out"}  # fmt: skip
# Other names for a page, which a cache would take for a file that everybody may have.
DECEPTIONS: Final = (
    "/dashboard/x.css", "/dashboard/x.js", "/dashboard/.css", "/dashboard/;x.css", "/dashboard/%3Bx.css",
    "/dashboard/%2e%2e", "/dashboard/%2e%2e/", "/dashboard/..%2f", "/dashboard//", "/dashboard//x.css",
    "/dashboard/%0Ax.css", "/dashboard/%00.css", "/dashboard/%3Fx.css", "/dashboard/%23x.css",
    "/dashboard/index.html", "/dashboard/account/x.css", "/dashboard/account.css", "/dashboard/account%2fx.css",
    "/dashboard/account;x.css", "/dashboard/account%00x.css", "/dashboard/account/", "/dashboard/users/x.css",
    "/dashboard/sites/demo/x.css", "/dashboard/sites/demo.css", "/dashboard/sites/demo%2fx.css",
    "/dashboard/sites/demo;x.css", "/dashboard/sites/demo/", "/dashboard/sites/demo/hits/x.js",
    "/dashboard/sites/demo/hits.css", "/dashboard/sites/demo/hits;x.js", "/dashboard/sites/demo/hits%2fx.js",
    "/dashboard/sites/demo/panels/pages.css", "/dashboard/sites/demo/visits/1.css",
    "/dashboard/sites/demo/visits/1%00.css", "/dashboard/static/../", "/dashboard/static/..%2f..%2fdashboard%2f",
    "/dashboard/static/x/..%2f..%2faccount", "/static/..%2fdashboard%2f", "/static/%2e%2e/dashboard/account",
    "/counter.js/dashboard/", "/counter.js%2f..%2fdashboard%2f",
)  # fmt: skip


@dataclass
class SharedCache:
    """A cache that stands between, keeps answers by their URL, and obeys Cache-Control and Vary; nothing more."""

    counter: Counter
    kept: dict[str, list[tuple[dict[str, str], str]]] = field(default_factory=dict)  # what it varies by, and the body

    async def get(self, path: str, headers: Mapping[str, str]) -> str:
        for varies, body in self.kept.get(path, []):
            if all(headers.get(name, "") == value for name, value in varies.items()):
                return body
        answer = await self.counter.get(path, headers=headers)
        body = await answer.text(errors="replace")
        control = answer.headers.get("Cache-Control", "")
        vary = [name.strip() for name in answer.headers.get("Vary", "").split(",") if name.strip()]
        if "private" not in control and "no-store" not in control and "*" not in vary:
            self.kept.setdefault(path, []).append(({name: headers.get(name, "") for name in vary}, body))
        return body


class GreedyCache(SharedCache):
    """One that keeps whatever looks like a file, whatever the answer says: how caches are deceived."""

    async def get(self, path: str, headers: Mapping[str, str]) -> str:
        looks_like_file = re.search(r"\.(?:css|js|svg|html)$", path) is not None
        if looks_like_file and path in self.kept:
            return self.kept[path][0][1]
        answer = await self.counter.raw(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()
            + b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
            + b"\r\n"
        )
        if looks_like_file:
            self.kept[path] = [({}, answer.decode("utf-8", "replace"))]
        return answer.decode("utf-8", "replace")


@pytest.fixture
async def counter(start: Start) -> Counter:
    counter = await start(dashboard=True, sites=[{"id": "demo", "name": "Demo of the owner"}])
    await counter.hit(path="/")
    return counter


def is_static(place: Place) -> bool:
    return place.path == STATIC


async def test_every_answer_of_the_dashboard_is_private_and_varies_by_the_cookie(
    counter: Counter, signed_in: SignedIn
) -> None:
    owner, viewer, stranger = await signed_in(counter), await signed_in(counter, "vera", "viewer"), Client(counter)
    wrong = []
    for who in (owner, viewer, stranger):
        for place in [one for one in gets(public=False) if not is_static(one)]:
            answer = await who.get(place.at())
            vary = answer.headers.get("Vary", "")
            if answer.headers.get("Cache-Control") != PRIVATE or "Cookie" not in vary or answer.status >= 500:
                wrong.append((place.path, answer.status, answer.headers.get("Cache-Control"), vary))
    assert wrong == []


async def test_what_is_refused_is_as_private_as_what_is_shown(counter: Counter, signed_in: SignedIn) -> None:
    owner = await signed_in(counter)
    for path in ("/dashboard/x.css", "/dashboard//", "/dashboard", "/dashboard/sites/nobody",
                 "/dashboard/sites/demo?period=never", "/dashboard/sites/demo/panels/nothing",
                 "/dashboard/static/0/nothing.css"):  # fmt: skip
        answer = await owner.get(path)
        assert answer.status in {303, 400, 404}, path
        assert (answer.headers["Cache-Control"], "Cookie" in answer.headers["Vary"]) == (PRIVATE, True), path
    for place in places():
        if place.needs is not None and place.method == "POST":
            answer = await owner.request("POST", place.at())
            assert answer.headers["Cache-Control"] == PRIVATE, place.path


async def test_the_stream_of_hits_is_private_from_its_first_byte(counter: Counter, signed_in: SignedIn) -> None:
    """It has no end, so its head alone is read."""
    owner = await signed_in(counter)
    cookie = {"Cookie": f"counter_session={owner.secret}"}
    async with counter.client.get(ENDLESS.format(site="demo"), headers=cookie) as answer:
        assert answer.status == 200
        assert (answer.headers["Cache-Control"], "Cookie" in answer.headers["Vary"]) == (PRIVATE, True)


async def test_files_of_the_dashboard_are_kept_for_ever_under_the_name_of_their_content(counter: Counter) -> None:
    stranger = Client(counter)
    place = next(one for one in gets() if is_static(one))
    assert files()
    answer = await stranger.get(place.at())
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    old = await stranger.get(place.at(digest="0123456789abcdef"))
    assert (old.status, old.headers["Cache-Control"]) == (200, "no-cache")


async def test_every_public_route_says_how_it_is_cached(counter: Counter) -> None:
    token = await counter.add_token()
    assert {one.path for one in gets(public=True)} == set(PUBLIC)
    for place in gets(public=True):
        answer = await counter.get(place.at(), headers={**token, "User-Agent": BROWSER})
        assert answer.headers.get("Cache-Control", "") == PUBLIC[place.path], place.path
        if PUBLIC[place.path].startswith("public") and "Accept-Language" not in answer.headers.get("Vary", ""):
            georgian = await counter.get(place.at(), headers={"Accept-Language": "ka", "User-Agent": BROWSER})
            assert await georgian.read() == await answer.read(), place.path


async def test_only_who_signs_in_or_out_or_opts_out_is_given_a_cookie(counter: Counter, signed_in: SignedIn) -> None:
    """The forms as they are sent, and every GET; where a form is refused there is no cookie either."""
    for place in places():
        if place.path == ENDLESS:
            continue
        for who in (Client(counter), await signed_in(counter)):
            answer = await (who.post(place.at()) if place.method == "POST" else who.request(place.method, place.at()))
            given = "Set-Cookie" in answer.headers
            assert not given or (place.method == "POST" and place.path in COOKIES), (place, answer.status)


async def test_a_shared_cache_never_shows_one_readers_page_to_another(counter: Counter, signed_in: SignedIn) -> None:
    owner, viewer = await signed_in(counter), await signed_in(counter, "vera-of-the-test", "viewer")
    cache, token = SharedCache(counter), await counter.add_token()
    first = {"User-Agent": BROWSER, "X-Forwarded-For": VISITOR, "Accept-Language": "en", **token}
    stranger = {"User-Agent": BROWSER, "X-Forwarded-For": "203.0.113.99", "Accept-Language": "en"}
    for place in gets():
        for who in (viewer, owner):
            await cache.get(place.at(), {**first, "Cookie": f"counter_session={who.secret}"})
        body = await cache.get(place.at(), stranger)
        fresh = await (await counter.get(place.at(), headers=stranger)).text(errors="replace")
        assert "vera-of-the-test" not in body, place.path
        assert VISITOR not in body, place.path
        assert "csrf" not in body or "csrf" in fresh, place.path
        if place.needs is not None and place.needs > Needs.NOTHING:
            assert "Demo of the owner" not in body, place.path
    kept = set(cache.kept)
    assert not [path for path in kept if path.startswith("/dashboard/") and not path.startswith("/dashboard/static/")]
    assert any(path.startswith("/api/v1/totals") for path in kept), "and it does keep what it may"


@pytest.mark.parametrize("path", DECEPTIONS)
async def test_a_page_has_one_name_and_none_that_looks_like_a_file(
    counter: Counter, signed_in: SignedIn, path: str
) -> None:
    owner, greedy = await signed_in(counter), GreedyCache(counter)
    answer = await greedy.get(path, {"Cookie": f"counter_session={owner.secret}", "Accept-Language": "en"})
    assert answer.startswith("HTTP/1.1 404 "), (path, answer[:100])
    assert "Demo of the owner" not in answer
    again = await greedy.get(path, {})
    if again == answer:  # it was kept: what strangers get of it must be of no use
        assert owner.token not in again
        assert ">owner<" not in again
