"""Every change, applied through the socket, without a service and by the dashboard: the same rows, and no memory of
what was before."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec
import pytest

from counter.accounts import INVITATION_LASTS, SESSION_LASTS, Annotation, Invitation, Role, Session, User
from counter.app import make_sites
from counter.cli.port import LocalPort, Port, running_service
from counter.errors import UsageError
from counter.question import HistoryDay
from counter.service.accounts import new_secret
from counter.service.changes.accounts import (
    AcceptInvitation,
    AddUser,
    BeginSession,
    ChangeUser,
    EndOtherSessions,
    EndSession,
    ExpireAccounts,
    Invite,
    NoteUse,
    RemoveUser,
    SetPassword,
)
from counter.service.changes.change import COMMAND_LINE, ActorChange, Change
from counter.service.changes.every import AnyChange
from counter.service.changes.numbers import AppendBatch, MendNumbers, NoteExport, PutHistory
from counter.service.changes.sites import (
    AddAnnotation,
    AddGoal,
    AddSite,
    AddToken,
    ChangeSite,
    RemoveAnnotation,
    RemoveGoal,
    RemovePageStart,
    RemoveSite,
    RemoveToken,
    SetPageStart,
)
from counter.service.core import Core
from counter.service.service import token_digest
from counter.site import Goal, GoalKind, TokenMay
from counter.store.catalog.page_starts import LARGEST, MOST
from counter.store.open import open_store
from counter.store.protocols import Batch
from dashboard.sites.form import new_site
from tests.kit.app import FakeClock, Start, make_config
from tests.kit.dashboard import Client
from tests.kit.events import NOON, TODAY, of_log

ROOT = Path(__file__).parents[2]
OWNER = "owner"
SECRET = new_secret()
OWN = token_digest(SECRET)
OTHER = b"\x07" * 32
TABLES = ("site", "token", "goal", "page_start", "history", "user", "access", "session", "invitation", "annotation",
          "total_day", "rollup_day", "audit")  # fmt: skip
DEMO = "/dashboard/sites/demo"
USERS = "/dashboard/users"


class Step(NamedTuple):
    """One thing that is done: the changes it is made of, and the dashboard's form for the same, if there is one."""

    name: str
    changes: Callable[[Core], list[Change[Any]]]
    form: Callable[[Core], tuple[str, dict[str, Any]]] | None = None
    before: Callable[[Core, FakeClock], None] = lambda _, __: None


def ben(core: Core) -> User:
    return core.accounts.users[2]


def invitation_of(core: Core) -> Invitation:
    return Invitation(OTHER, 2, int(core.clock.now()) + INVITATION_LASTS)


def session_of(core: Core, user_key: int = 1) -> Session:
    now = int(core.clock.now())
    return Session(OTHER, user_key, now, now, "Firefox on Linux")


def change_demo(core: Core) -> ChangeSite:
    site = core.sites.get("demo").site
    changed = msgspec.structs.replace(site, name="My shop", timezone="Asia/Tbilisi")
    return ChangeSite(changed, site.version, actor=OWNER)


def change_owner(core: Core) -> ChangeUser:
    user = core.accounts.users[1]
    return ChangeUser(msgspec.structs.replace(user, theme="dark", language="de"), user, actor=OWNER)


def change_ben(core: Core) -> ChangeUser:
    return ChangeUser(msgspec.structs.replace(ben(core), access={1: Role.ADMIN}), ben(core), actor=OWNER)


def damage(core: Core, _: FakeClock) -> None:
    """Behind the service's back, as a bug would."""
    with sqlite3.connect(core.config.storage.path / "counter.db", timeout=30) as connection:
        assert connection.execute("update total_day set pageviews = pageviews + 1").rowcount > 0
    connection.close()


BLOG = {"name": "Blog", "id": "blog", "hosts": "blog.example"}
STORY = (
    Step("a site is made", lambda _: [AddSite(new_site(BLOG, []), actor=OWNER)],
         lambda _: ("/dashboard/new-site", BLOG)),
    Step("a site is changed", lambda core: [change_demo(core)],
         lambda core: (f"{DEMO}/settings", {"name": "My shop", "timezone": "Asia/Tbilisi", "public": "yes",
                                            "version": core.sites.get("demo").site.version})),
    Step("a goal is made", lambda _: [AddGoal(1, Goal("Signed up", GoalKind.EVENT, "signup"), actor=OWNER)],
         lambda _: (f"{DEMO}/goals", {"name": "Signed up", "kind": "event", "pattern": "signup"})),
    Step("lines of a log are imported",
         lambda core: [AppendBatch(Batch((of_log(core.sites.get("demo").site, NOON - 90_000, 1),)), "Asia/Tbilisi",
                                   actor=COMMAND_LINE)]),
    Step("numbers are mended", lambda _: [MendNumbers(lower=True, actor=COMMAND_LINE)], before=damage),
    Step("a goal is removed", lambda _: [RemoveGoal(1, "Signed up", actor=OWNER)],
         lambda _: (f"{DEMO}/goals/remove", {"name": "Signed up"})),
    Step("a token is made", lambda _: [AddToken(1, OTHER, TokenMay.READ, actor=OWNER)],
         lambda _: (f"{DEMO}/tokens", {"may": "read"})),
    Step("a token is removed", lambda core: [RemoveToken(1, next(iter(core.tokens)), actor=OWNER)],
         lambda core: (f"{DEMO}/tokens/remove", {"token": next(iter(core.tokens)).hex()})),
    Step("a day is annotated", lambda _: [AddAnnotation(Annotation(0, 1, TODAY, "A sale", OWNER), actor=OWNER)],
         lambda _: (f"{DEMO}/annotations", {"day": "2024-11-21", "text": "A sale"})),
    Step("an annotation is removed", lambda _: [RemoveAnnotation(1, 1, actor=OWNER)],
         lambda _: (f"{DEMO}/annotations/1/remove", {})),
    Step("a history is brought along", lambda _: [PutHistory(1, [HistoryDay(9000, 7)], "a file", actor=COMMAND_LINE)]),
    Step("a page starts with what it had", lambda _: [SetPageStart(1, "//docs//index.html#top", 500, actor=OWNER)]),
    Step("a page starts with more", lambda _: [SetPageStart(1, "/docs/", 700, actor=OWNER)]),
    Step("another page starts with something", lambda _: [SetPageStart(1, "/prices", 7, actor=OWNER)]),
    Step("a page starts with nothing again", lambda _: [RemovePageStart(1, "/docs/", actor=OWNER)]),
    Step("hits are taken away", lambda _: [NoteExport(1, "hits.csv.gz", actor=OWNER)]),
    Step("a user is made and invited",
         lambda core: [AddUser(User(0, "ben", access={1: Role.VIEWER}), actor=OWNER),
                       Invite(invitation_of(core), actor=OWNER)],
         lambda _: (USERS, {"login": "ben", "site-1": "viewer"})),
    Step("a role is changed", lambda core: [change_ben(core)],
         lambda _: (f"{USERS}/2/access", {"site-1": "admin"})),
    Step("a link is used",
         lambda core: [AcceptInvitation(next(iter(core.accounts.invitations)), "a hash", actor="ben")]),
    Step("a password is cleared",
         lambda core: [SetPassword(2, "", actor=OWNER), Invite(invitation_of(core), actor=OWNER)],
         lambda _: (f"{USERS}/2/link", {})),
    Step("a look is chosen", lambda core: [change_owner(core)],
         lambda _: ("/dashboard/account/look", {"theme": "dark", "language": "de"})),
    Step("a browser is signed in", lambda core: [BeginSession(session_of(core), "a hash", None, actor=OWNER)]),
    Step("the other browsers are signed out", lambda _: [EndOtherSessions(1, OWN, actor=OWNER)],
         lambda _: ("/dashboard/account/sessions", {"all": "others"})),
    Step("a browser is signed in again", lambda core: [BeginSession(session_of(core), "a hash", None, actor=OWNER)]),
    Step("that browser is signed out", lambda _: [EndSession(OTHER, actor=OWNER)],
         lambda _: ("/dashboard/account/sessions", {"session": OTHER.hex()})),
    Step("a user is removed", lambda _: [RemoveUser(2, actor=OWNER)], lambda _: (f"{USERS}/2/remove", {})),
    Step("a site is removed", lambda _: [RemoveSite("blog", actor=OWNER)],
         lambda _: ("/dashboard/sites/blog/remove", {"id": "blog"})),
    Step("a session is used", lambda core: [NoteUse(core.accounts.sessions[OWN], actor=OWNER)],
         before=lambda _, clock: clock.move(400)),
    Step("sessions are over", lambda _: [ExpireAccounts(actor="nightly")],
         before=lambda _, clock: clock.move(SESSION_LASTS)),
)  # fmt: skip


class Way(NamedTuple):
    """How steps are done: the core whose memory must follow, and what does one."""

    core: Core
    clock: FakeClock
    do: Callable[[Step], Awaitable[None]]


async def prepare(core: Core) -> None:
    """An owner who is signed in."""
    owner = User(0, OWNER, owner=True, password="a hash")
    await core.store.accounts.add_user(owner, core.clock.now())
    now = int(core.clock.now())
    await core.store.accounts.add_session(Session(OWN, 1, now, now, "Firefox on Linux"))
    await core.load()


async def apply_all(port: Port, core: Core, step: Step) -> None:
    for change in step.changes(core):
        await port.apply(change)


@asynccontextmanager
async def through_the_socket(start: Start, _: Path) -> AsyncIterator[Way]:
    counter = await start(FakeClock(NOON))
    await prepare(counter.service)
    async with running_service(counter.service.config) as port:
        assert port is not None
        yield Way(counter.service, counter.clock, lambda step: apply_all(port, counter.service, step))


@asynccontextmanager
async def without_a_service(_: Start, folder: Path) -> AsyncIterator[Way]:
    config, clock = make_config(folder), FakeClock(NOON)
    async with open_store(config.storage.path, "normal", 30) as store:
        core = Core(config=config, clock=clock, store=store)
        await make_sites(core)
        await prepare(core)
        yield Way(core, clock, lambda step: apply_all(LocalPort(core), core, step))


@asynccontextmanager
async def by_the_dashboard(start: Start, _: Path) -> AsyncIterator[Way]:
    """Its forms, where it has one; else what it would apply itself."""
    counter = await start(FakeClock(NOON), dashboard=True)
    service = counter.service
    await prepare(service)
    client = Client(counter, service.accounts.users[1], SECRET)

    async def do(step: Step) -> None:
        if step.form is None:
            await apply_all(LocalPort(service), service, step)
            return
        path, fields = step.form(service)
        answer = await client.post(path, fields)
        assert answer.status in (200, 303), (step.name, await answer.text())

    yield Way(service, counter.clock, do)


WAYS = {"socket": through_the_socket, "dashboard": by_the_dashboard, "no service": without_a_service}
Tables = dict[str, list[tuple[Any, ...]]]


def rows_of(core: Core) -> Tables:
    """All that changes write, but for what is random in it: digests, and hashes of passwords."""
    connection = sqlite3.connect(f"file:{core.config.storage.path / 'counter.db'}?mode=ro", uri=True)
    try:
        return {
            table: sorted(
                tuple("a digest" if isinstance(one, bytes) else one for one in row)
                for row in connection.execute(f"select * from {table}")
            )
            for table in TABLES
        }
    finally:
        connection.close()


def memory_of(core: Core) -> dict[str, Any]:
    book = core.book
    return {
        "sites": [one.site for one in core.sites.all()],
        "tokens": core.tokens,
        "totals": {key: tally.days for key, tally in book._counted.items() if tally.days},
        "history": {key: days for key, days in book._brought.items() if days},
        "page starts": {key: starts for key, starts in book._page_starts.items() if starts},
        "users": core.accounts.users,
        "sessions": core.accounts.sessions,
        "invitations": core.accounts.invitations,
    }


async def stored_by(core: Core) -> dict[str, Any]:
    """The memory of a start that comes now."""
    fresh = Core(config=core.config, clock=core.clock, store=core.store)
    await fresh.load()
    return memory_of(fresh)


async def told(way: str, start: Start, folder: Path) -> list[tuple[str, Tables]]:
    """The rows after each step of the story; memory is compared on the way."""
    chapters = []
    async with WAYS[way](start, folder) as one:
        for step in STORY:
            step.before(one.core, one.clock)
            await one.do(step)
            assert memory_of(one.core) == await stored_by(one.core), step.name
            await one.core.store.fold()
            chapters.append((step.name, rows_of(one.core)))
    return chapters


@pytest.mark.parametrize("way", [name for name in WAYS if name != "no service"])
async def test_a_change_is_the_same_in_rows_audit_and_memory_whichever_way_it_comes(
    start: Start, tmp_path: Path, way: str
) -> None:
    (tmp_path / "alone").mkdir()
    alone = await told("no service", start, tmp_path / "alone")
    for (name, rows), (_, expected) in zip(await told(way, start, tmp_path), alone, strict=True):
        for table in TABLES:
            assert rows[table] == expected[table], (name, table)
    actors = [row[-1] for row in alone[-1][1]["audit"]]
    assert set(actors) - {""} == {OWNER, "ben", COMMAND_LINE, "config.toml"}
    assert actors.count("") == 1, "the owner of the test's own making"


def test_the_story_has_every_change_and_the_socket_takes_each() -> None:
    made = set(ActorChange.__subclasses__())
    assert set(get_args(AnyChange)) == made
    named = re.findall(r"\b[A-Z]\w+(?=\()", Path(__file__).read_text(encoding="utf-8").partition("class Way")[0])
    assert {one.__name__ for one in made} <= set(named)


async def test_a_site_that_was_changed_meanwhile_is_not_changed_back(start: Start) -> None:
    counter = await start()
    old = counter.service.sites.get("demo").site
    for site, version in ((msgspec.structs.replace(old, name="First"), old.version),) * 2:
        change = ChangeSite(site, version, actor=OWNER)
        if counter.service.sites.get("demo").site == old:
            await change.apply(counter.service)
        else:
            with pytest.raises(UsageError, match="site 'demo' was changed meanwhile; look again"):
                await change.apply(counter.service)
    assert counter.service.sites.get("demo").site.name == "First"


async def test_an_import_of_another_zones_days_is_refused_with_and_without_a_service(
    start: Start, tmp_path: Path
) -> None:
    for name in ("socket", "no service"):
        folder = tmp_path / name
        folder.mkdir()
        async with WAYS[name](start, folder) as way:
            site = way.core.sites.get("demo").site
            change = AppendBatch(Batch((of_log(site, NOON - 90_000, 1),)), "Asia/Tbilisi", actor=COMMAND_LINE)
            step = Step("import", lambda _, change=change: [change])  # type: ignore[misc]
            with pytest.raises(UsageError, match="time zone changed meanwhile; run the import again"):
                await way.do(step)
            assert rows_of(way.core)["total_day"] == []


async def test_what_is_refused_is_told_with_its_own_error_through_the_socket(start: Start) -> None:
    counter = await start()
    async with running_service(counter.service.config) as port:
        assert port is not None
        with pytest.raises(UsageError, match="there is no goal 'x'"):
            await port.apply(RemoveGoal(1, "x", actor=COMMAND_LINE))


async def test_a_start_count_of_a_page_is_within_its_limits(start: Start) -> None:
    core = (await start()).service
    for change, words in (
        (SetPageStart(1, "/a", -1, actor=OWNER), "the start count is -1, it must be 0 to"),
        (SetPageStart(1, "/a", LARGEST + 1, actor=OWNER), "the start count is 9,007,199,254,740,993, it must be"),
        (RemovePageStart(1, "/a", actor=OWNER), "the page '/a' has no start count"),
    ):
        with pytest.raises(UsageError, match=words):
            await change.apply(core)
    for number in range(MOST):
        await core.store.catalog.set_page_start(1, f"/{number}", number, NOON)
    await SetPageStart(1, "/0", LARGEST, actor=OWNER).apply(core)
    with pytest.raises(UsageError, match="the site has 1,000 pages with a start count, and that is the limit"):
        await SetPageStart(1, "/more", 1, actor=OWNER).apply(core)
    assert core.book.page_start(1, "/0") == LARGEST
    assert core.book.page_start(1, "/more") == 0


async def test_a_command_of_another_version_is_told_so(start: Start) -> None:
    class Unknown(ActorChange, frozen=True, tag=True):
        async def apply(self, core: object) -> None: ...

    counter = await start()
    async with running_service(counter.service.config) as port:
        assert port is not None
        with pytest.raises(UsageError, match="the running service is of another version"):
            await port.apply(Unknown(actor=COMMAND_LINE))


WRITES = {
    "add_site", "change_site", "remove_site", "add_token", "remove_token", "add_goal", "remove_goal", "put_history",
    "audit", "add_user", "change_user", "remove_user", "set_password", "add_session", "touch_sessions", "end_session",
    "end_sessions", "add_invitation", "take_invitation", "accept_invitation", "expire_accounts", "add_annotation",
    "remove_annotation", "repair", "reload_sites", "reload_accounts", "set_page_start", "remove_page_start",
}  # fmt: skip


def test_nobody_but_the_changes_writes_in_the_catalog_or_reloads_what_is_in_memory() -> None:
    """The store itself, and the load at a start, apart."""
    allowed = (ROOT / "counter/service/changes", ROOT / "counter/store", ROOT / "counter/service/core.py")
    strangers = []
    for package in ("counter", "dashboard"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if any(file.is_relative_to(place) for place in allowed):
                continue
            strangers += [
                f"{file.relative_to(ROOT)}:{one.lineno} {one.func.attr}"
                for one in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in WRITES
            ]
    assert strangers == []
