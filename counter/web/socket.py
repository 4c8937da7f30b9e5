"""The command socket: a command that must write while the service runs hands its work to the running writer.

`data/counter.sock` speaks HTTP with msgpack bodies to any process that may open the file (mode 0600). `COMMANDS` lists
what can be asked; `cli/port.py` is the other end.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from counter.accounts import Invitation, User
from counter.errors import UsageError
from counter.question import HistoryDay
from counter.service.notices import renew_places
from counter.service.service import SERVICE, Service
from counter.service.status import Status, status_of
from counter.site import Goal, Site, TokenMay
from counter.store.protocols import Appended, Batch
from counter.web.middleware import answer_errors

SOCKET = "counter.sock"
LARGEST_BODY = 64 * 1024 * 1024  # bytes; a batch of 5,000 events is about 3 MB
LONGEST_PATH = 100  # characters; the kernel takes 107


class Append(msgspec.Struct):
    batch: Batch
    timezone: str = ""  # of the site, that the events' days are in; '' is not compared


class ChangeSite(msgspec.Struct):
    site: Site


class RemoveSite(msgspec.Struct):
    site_id: str


class AddToken(msgspec.Struct):
    site_key: int
    digest: bytes
    may: TokenMay


class AddGoal(msgspec.Struct):
    site_key: int
    goal: Goal


class RemoveGoal(msgspec.Struct):
    site_key: int
    name: str


class PutHistory(msgspec.Struct):
    site_key: int
    days: list[HistoryDay]
    note: str


class ChangeUser(msgspec.Struct):
    user: User


class RemoveUser(msgspec.Struct):
    user_key: int


class SetPassword(msgspec.Struct):
    user_key: int
    password: str  # a hash


class Invite(msgspec.Struct):
    invitation: Invitation


class Nothing(msgspec.Struct):
    pass


async def _append(service: Service, asked: Append) -> Appended:
    for event in asked.batch.events[:1]:
        active = service.sites.by_key(event.site_key)
        if active is None or asked.timezone not in ("", active.site.timezone):
            raise UsageError("the site was removed or its time zone changed meanwhile; run the import again")
    return await service.writer.append(asked.batch)


async def _add_site(service: Service, asked: ChangeSite) -> Site:
    made = await service.store.catalog.add_site(asked.site, service.clock.now())
    await service.reload_sites()
    return made


async def _change_site(service: Service, asked: ChangeSite) -> Site:
    changed = await service.store.catalog.change_site(asked.site, service.clock.now())
    await service.reload_sites()
    return changed


async def _remove_site(service: Service, asked: RemoveSite) -> None:
    await service.store.catalog.remove_site(asked.site_id, service.clock.now())
    await service.reload_sites()


async def _add_token(service: Service, asked: AddToken) -> None:
    await service.store.catalog.add_token(asked.site_key, asked.digest, service.clock.now(), asked.may)
    await service.reload_sites()


async def _add_goal(service: Service, asked: AddGoal) -> None:
    await service.store.catalog.add_goal(asked.site_key, asked.goal, service.clock.now())


async def _remove_goal(service: Service, asked: RemoveGoal) -> None:
    await service.store.catalog.remove_goal(asked.site_key, asked.name, service.clock.now())


async def _put_history(service: Service, asked: PutHistory) -> None:
    await service.store.catalog.put_history(asked.site_key, asked.days, asked.note, service.clock.now())
    await service.reload_sites()


async def _add_user(service: Service, asked: ChangeUser) -> User:
    made = await service.store.accounts.add_user(asked.user, service.clock.now())
    await service.reload_accounts()
    return made


async def _change_user(service: Service, asked: ChangeUser) -> User:
    """Login and roles are as asked; what the user may have changed meanwhile in the dashboard is left alone."""
    known = {user.key: user for user in await service.store.accounts.users()}.get(asked.user.key)
    if known is None:
        raise UsageError(f"user {asked.user.login!r} was removed meanwhile")
    user = msgspec.structs.replace(known, login=asked.user.login, owner=asked.user.owner, access=asked.user.access)
    changed = await service.store.accounts.change_user(user, service.clock.now(), known)
    await service.reload_accounts()
    return changed


async def _remove_user(service: Service, asked: RemoveUser) -> None:
    await service.store.accounts.remove_user(asked.user_key, service.clock.now())
    await service.reload_accounts()


async def _set_password(service: Service, asked: SetPassword) -> None:
    await service.store.accounts.set_password(asked.user_key, asked.password, service.clock.now())
    await service.reload_accounts()


async def _add_invitation(service: Service, asked: Invite) -> None:
    await service.store.accounts.add_invitation(asked.invitation, service.clock.now())
    await service.reload_accounts()


async def _repair(service: Service, asked: Nothing) -> int:
    now = service.clock.now()
    repaired = (await service.store.repair(now, lower=True)).mended
    await service.reload_sites()
    if repaired:
        await service.store.catalog.audit("check.repaired", f"{repaired} numbers by 'counter check --repair'", now)
    return repaired


async def _renew_places(service: Service, asked: Nothing) -> str:
    return await renew_places(service)


async def _status(service: Service, asked: Nothing) -> Status:
    return status_of(service)


class Command(NamedTuple):
    """One row of `COMMANDS`: the types of request and answer, and the function that answers."""

    request: type[msgspec.Struct]
    answer: Any
    run: Callable[[Service, Any], Awaitable[Any]]


COMMANDS = {
    "append": Command(Append, Appended, _append),
    "add_site": Command(ChangeSite, Site, _add_site),
    "change_site": Command(ChangeSite, Site, _change_site),
    "remove_site": Command(RemoveSite, None, _remove_site),
    "add_token": Command(AddToken, None, _add_token),
    "add_goal": Command(AddGoal, None, _add_goal),
    "remove_goal": Command(RemoveGoal, None, _remove_goal),
    "put_history": Command(PutHistory, None, _put_history),
    "add_user": Command(ChangeUser, User, _add_user),
    "change_user": Command(ChangeUser, User, _change_user),
    "remove_user": Command(RemoveUser, None, _remove_user),
    "set_password": Command(SetPassword, None, _set_password),
    "add_invitation": Command(Invite, None, _add_invitation),
    "repair": Command(Nothing, int, _repair),
    "status": Command(Nothing, Status, _status),
    "renew_places": Command(Nothing, str, _renew_places),
}


def socket_path(folder: Path) -> str:
    """The socket below `folder`, by way of an open folder where the path is too long for the kernel."""
    path = str(folder / SOCKET)
    if len(path) <= LONGEST_PATH:
        return path
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # stays open as long as the process
    return f"/proc/self/fd/{handle}/{SOCKET}"


@asynccontextmanager
async def serve_commands(service: Service) -> AsyncIterator[None]:
    """Listen on the command socket; the caller holds the lock, so an old socket file is unused."""
    app = web.Application(middlewares=[answer_errors], client_max_size=LARGEST_BODY)
    app[SERVICE] = service
    app.router.add_post("/{command}", _run_command)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=30, shutdown_timeout=5)
    await runner.setup()
    path = socket_path(service.config.storage.path)
    (service.config.storage.path / SOCKET).unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        await web.UnixSite(runner, path).start()
    finally:
        os.umask(mask)
    try:
        yield
    finally:
        await runner.cleanup()
        (service.config.storage.path / SOCKET).unlink(missing_ok=True)


async def _run_command(request: web.Request) -> web.Response:
    command = COMMANDS.get(request.match_info["command"])
    if command is None:
        raise web.HTTPNotFound
    asked = msgspec.msgpack.decode(await request.read(), type=command.request)
    answer = await command.run(request.app[SERVICE], asked)
    return web.Response(body=msgspec.msgpack.encode(answer), content_type="application/msgpack")
