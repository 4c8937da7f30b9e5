"""Who is signed in to the dashboard of a running service, without the time that a password takes.

async def test_a_rule(start, signed_in):
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    viewer = await signed_in(counter, "vera", "viewer", "demo")
    answer = await owner.get("/dashboard/")
    answer = await owner.post("/dashboard/account/look", language="ka", theme="dark")
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from counter.accounts import Role, Session, User
from counter.service.accounts import new_secret
from counter.service.service import token_digest
from dashboard.access.guard import csrf_token
from dashboard.access.sessions import PLAIN_NAME
from tests.kit.app import BROWSER, Counter

PASSWORD = "a long enough password"


class Client:
    """One browser: its cookie, and what its forms carry. Without a session it is a stranger's."""

    def __init__(self, counter: Counter, user: User | None = None, secret: str = "") -> None:
        self.counter = counter
        self.user = user
        self.secret = secret

    @property
    def token(self) -> str:
        return csrf_token(self.secret) if self.secret else ""

    @property
    def origin(self) -> str:
        return f"http://{self.counter.client.host}:{self.counter.client.port}"

    async def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> aiohttp.ClientResponse:
        """One request; headers that are given win, an empty one is left out. A new cookie is kept as browsers do."""
        whole = {"User-Agent": BROWSER, "Accept-Language": "en", **(headers or {})}
        if self.secret and "Cookie" not in whole:
            whole["Cookie"] = f"{PLAIN_NAME}={self.secret}"
        sent = {name: value for name, value in whole.items() if value}
        answer = await self.counter.request(method, path, headers=sent, **options)
        for name in (PLAIN_NAME, f"__Host-{PLAIN_NAME}"):
            if name in answer.cookies:
                self.secret = answer.cookies[name].value
        return answer

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.request("GET", path, **options)

    async def text(self, path: str) -> str:
        """The body of a page that must be there."""
        answer = await self.get(path)
        assert answer.status == 200, (path, answer.status, await answer.text())
        return await answer.text()

    async def post(
        self, path: str, form: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> aiohttp.ClientResponse:
        """A form as our own page sends it, with its token; `csrf` among the fields wins."""
        body = urlencode({"csrf": self.token, **(form or {}), **fields}, doseq=True)
        return await self.send(path, body, headers)

    async def send(self, path: str, body: str, headers: Mapping[str, str] | None = None) -> aiohttp.ClientResponse:
        """A body as it is, with the headers a browser sends with a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        return await self.request("POST", path, {**form, **(headers or {})}, data=body.encode())


SignedIn = Callable[..., Awaitable[Client]]


async def signed_in(counter: Counter, login: str = "owner", role: str = "owner", site: str | None = None) -> Client:
    """A session of the user of that login, who is made when there is none; what the fixture `signed_in` gives.

    Roles are owner, admin and viewer, the latter of `site` (demo, when it is not said). Passwords are PASSWORD.
    """
    service = counter.service
    user = service.accounts.by_login(login) or await make_user(counter, login, role, site)
    secret, now = new_secret(), int(counter.clock.now())
    await service.store.accounts.add_session(Session(token_digest(secret), user.key, now, now, "Firefox on Linux"))
    await service.reload_accounts()
    return Client(counter, user, secret)


async def make_user(counter: Counter, login: str, role: str = "owner", site: str | None = None) -> User:
    """An account with PASSWORD. Before anybody else, somebody must be the owner: that is `first`."""
    service = counter.service
    now = counter.clock.now()
    if role != Role.OWNER and service.accounts.needs_setup:
        await service.store.accounts.add_user(User(0, "first", owner=True), now)
    access = {} if role == Role.OWNER else {counter.site_key(site or "demo"): Role(role)}
    user = User(0, login, role == Role.OWNER, access, await service.passwords.hash(PASSWORD))
    made = await service.store.accounts.add_user(user, now)
    await service.reload_accounts()
    return made


async def change_user(counter: Counter, login: str, **changes: Any) -> User:
    """An account as it is from now on."""
    known = counter.service.accounts.by_login(login)
    assert known is not None
    changed = await counter.service.store.accounts.change_user(
        msgspec.structs.replace(known, **changes), counter.clock.now()
    )
    await counter.service.reload_accounts()
    return changed
