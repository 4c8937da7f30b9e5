"""Where commands write: to the running service through its socket, or to the store itself when none runs."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
import msgspec

from counter import errors
from counter.accounts import Invitation, User
from counter.app import make_sites
from counter.clock import SystemClock
from counter.config import Config
from counter.question import HistoryDay
from counter.service.status import Status
from counter.site import Goal, Site, TokenMay
from counter.store.open import Store, open_store
from counter.store.protocols import Appended, Batch
from counter.web.socket import (
    COMMANDS,
    SOCKET,
    AddGoal,
    AddToken,
    Append,
    ChangeSite,
    ChangeUser,
    Invite,
    Nothing,
    PutHistory,
    RemoveGoal,
    RemoveSite,
    RemoveUser,
    SetPassword,
)
from counter.web.socket import socket_path as path_of


class Port(Protocol):
    """The writes that a command may ask for."""

    async def append(self, batch: Batch, timezone: str = "") -> Appended:
        """Write a batch; with `timezone`, only while the site is in that zone: its days were made there."""

    async def add_site(self, site: Site) -> Site: ...

    async def change_site(self, site: Site) -> Site: ...

    async def remove_site(self, site_id: str) -> None: ...

    async def add_token(self, site_key: int, digest: bytes, may: TokenMay) -> None: ...

    async def add_goal(self, site_key: int, goal: Goal) -> None: ...

    async def remove_goal(self, site_key: int, name: str) -> None: ...

    async def put_history(self, site_key: int, days: Sequence[HistoryDay], note: str) -> None: ...

    async def add_user(self, user: User) -> User: ...

    async def change_user(self, user: User) -> User:
        """Store the login and the roles; nothing else of the user changes."""

    async def remove_user(self, user_key: int) -> None: ...

    async def set_password(self, user_key: int, password: str) -> None: ...

    async def add_invitation(self, invitation: Invitation) -> None: ...

    async def repair(self) -> int: ...


class LocalPort:
    """No service runs: this process holds the lock and writes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now = SystemClock().now
        self._unfolded = 0

    async def append(self, batch: Batch, timezone: str = "") -> Appended:
        appended = await self._store.append(batch, self._now())
        self._unfolded += len(batch.events)
        if self._unfolded >= 20_000:
            await self._store.fold()
            self._unfolded = 0
        return appended

    async def add_site(self, site: Site) -> Site:
        return await self._store.catalog.add_site(site, self._now())

    async def change_site(self, site: Site) -> Site:
        return await self._store.catalog.change_site(site, self._now())

    async def remove_site(self, site_id: str) -> None:
        await self._store.catalog.remove_site(site_id, self._now())

    async def add_token(self, site_key: int, digest: bytes, may: TokenMay) -> None:
        await self._store.catalog.add_token(site_key, digest, self._now(), may)

    async def add_goal(self, site_key: int, goal: Goal) -> None:
        await self._store.catalog.add_goal(site_key, goal, self._now())

    async def remove_goal(self, site_key: int, name: str) -> None:
        await self._store.catalog.remove_goal(site_key, name, self._now())

    async def put_history(self, site_key: int, days: Sequence[HistoryDay], note: str) -> None:
        await self._store.catalog.put_history(site_key, days, note, self._now())

    async def add_user(self, user: User) -> User:
        return await self._store.accounts.add_user(user, self._now())

    async def change_user(self, user: User) -> User:
        return await self._store.accounts.change_user(user, self._now())

    async def remove_user(self, user_key: int) -> None:
        await self._store.accounts.remove_user(user_key, self._now())

    async def set_password(self, user_key: int, password: str) -> None:
        await self._store.accounts.set_password(user_key, password, self._now())

    async def add_invitation(self, invitation: Invitation) -> None:
        await self._store.accounts.add_invitation(invitation, self._now())

    async def repair(self) -> int:
        repaired = (await self._store.repair(self._now(), lower=True)).mended
        if repaired:
            await self._store.catalog.audit(
                "check.repaired", f"{repaired} numbers by 'counter check --repair'", self._now()
            )
        return repaired


class RemotePort:
    """A service runs: its writer does the work."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def append(self, batch: Batch, timezone: str = "") -> Appended:
        answer: Appended = await self._ask("append", Append(batch, timezone))
        return answer

    async def add_site(self, site: Site) -> Site:
        answer: Site = await self._ask("add_site", ChangeSite(site))
        return answer

    async def change_site(self, site: Site) -> Site:
        answer: Site = await self._ask("change_site", ChangeSite(site))
        return answer

    async def remove_site(self, site_id: str) -> None:
        await self._ask("remove_site", RemoveSite(site_id))

    async def add_token(self, site_key: int, digest: bytes, may: TokenMay) -> None:
        await self._ask("add_token", AddToken(site_key, digest, may))

    async def add_goal(self, site_key: int, goal: Goal) -> None:
        await self._ask("add_goal", AddGoal(site_key, goal))

    async def remove_goal(self, site_key: int, name: str) -> None:
        await self._ask("remove_goal", RemoveGoal(site_key, name))

    async def put_history(self, site_key: int, days: Sequence[HistoryDay], note: str) -> None:
        await self._ask("put_history", PutHistory(site_key, list(days), note))

    async def add_user(self, user: User) -> User:
        answer: User = await self._ask("add_user", ChangeUser(user))
        return answer

    async def change_user(self, user: User) -> User:
        answer: User = await self._ask("change_user", ChangeUser(user))
        return answer

    async def remove_user(self, user_key: int) -> None:
        await self._ask("remove_user", RemoveUser(user_key))

    async def set_password(self, user_key: int, password: str) -> None:
        await self._ask("set_password", SetPassword(user_key, password))

    async def add_invitation(self, invitation: Invitation) -> None:
        await self._ask("add_invitation", Invite(invitation))

    async def repair(self) -> int:
        answer: int = await self._ask("repair", Nothing())
        return answer

    async def status(self) -> Status:
        """The status of the running service, for its owner."""
        answer: Status = await self._ask("status", Nothing())
        return answer

    async def renew_places(self) -> str:
        answer: str = await self._ask("renew_places", Nothing())
        return answer

    async def _ask(self, name: str, asked: msgspec.Struct) -> Any:
        body = io.BytesIO(msgspec.msgpack.encode(asked))  # as bytes, aiohttp warns of what is over 1 MiB
        try:
            async with self._session.post(f"http://counter/{name}", data=body) as answer:
                told = await answer.read()
                if answer.status == 200:
                    return msgspec.msgpack.decode(told, type=COMMANDS[name].answer)
        except aiohttp.ClientError as error:
            raise errors.StoreError(
                f"the running service did not answer ({error}); run this again: nothing is counted twice"
            ) from error
        raise _as_error(told)


def _as_error(body: bytes) -> errors.CounterError:
    """The service's error, as it was raised there."""
    told = msgspec.json.decode(body)
    kinds = [errors.CounterError]
    for kind in kinds:
        if kind.code == told["error"]:
            return kind(told["message"])
        kinds.extend(kind.__subclasses__())
    return errors.StoreError(told["message"])


@asynccontextmanager
async def open_port(config: Config) -> AsyncIterator[Port]:
    """The port to the writer. Raises Locked when another process holds the data but does not listen."""
    async with running_service(config) as port:
        if port is not None:
            yield port
            return
    store = open_store(config.storage.path, config.storage.durability, config.counting.visit_timeout_minutes)
    async with store:
        await make_sites(store, config.sites, SystemClock())
        yield LocalPort(store)
        await store.fold()


@asynccontextmanager
async def running_service(config: Config) -> AsyncIterator[RemotePort | None]:
    """The port to the running service; None when none listens."""
    folder = config.storage.path
    if not (folder / SOCKET).exists():
        yield None
        return
    connector = aiohttp.UnixConnector(path_of(folder))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield RemotePort(session) if await _answers(session) else None


async def _answers(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("http://counter/"):
            return True
    except aiohttp.ClientConnectorError:
        return False
