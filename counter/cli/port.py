"""Where commands write: through the socket of the running service, or to the store itself when none runs."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, get_type_hints

import aiohttp
import msgspec

from counter import errors
from counter.app import make_sites
from counter.clock import SystemClock
from counter.config import Config
from counter.service.changes.change import COMMAND_LINE, Change
from counter.service.changes.numbers import AppendBatch
from counter.service.core import Core
from counter.service.status import Status
from counter.store.open import open_store
from counter.store.protocols import Appended, Batch
from counter.web.socket import CHANGE, PLACES, SOCKET, STATUS, socket_path

T = TypeVar("T")


class Port(Protocol):
    """Where a command's changes go."""

    async def apply(self, change: Change[T]) -> T: ...


class LocalPort:
    """No service runs: this process holds the lock and writes."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def apply(self, change: Change[T]) -> T:
        return await change.apply(self._core)


class RemotePort:
    """A service runs: its writer does the work."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def apply(self, change: Change[T]) -> T:
        result: T = await self._ask("POST", CHANGE, get_type_hints(type(change).apply)["return"], change)
        return result

    async def status(self) -> Status:
        """What the running service tells its owner."""
        status: Status = await self._ask("GET", STATUS, Status)
        return status

    async def renew_places(self) -> str:
        """Let the service take its database of places up again; what it says of it."""
        sentence: str = await self._ask("POST", PLACES, str)
        return sentence

    async def _ask(self, method: str, path: str, answered: Any, sent: object = None) -> Any:
        body = io.BytesIO(msgspec.msgpack.encode(sent))  # as bytes, aiohttp warns of what is over 1 MiB
        try:
            async with self._session.request(method, f"http://counter{path}", data=body) as answer:
                content = await answer.read()
                if answer.status == 200:
                    return msgspec.msgpack.decode(content, type=answered)
        except aiohttp.ClientError as error:
            raise errors.StoreError(
                f"the running service did not answer ({error}); run this again: nothing is counted twice"
            ) from error
        raise _as_error(content)


def appending(port: Port, timezone: str) -> Callable[[Batch], Awaitable[Appended]]:
    """Writes batches of one site whose days were made in `timezone`."""

    async def append(batch: Batch) -> Appended:
        return await port.apply(AppendBatch(batch, timezone, actor=COMMAND_LINE))

    return append


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
        core = Core(config=config, clock=SystemClock(), store=store)
        await core.load()
        await make_sites(core)
        core.writer.start()  # it folds what is imported
        try:
            yield LocalPort(core)
        finally:
            await core.writer.stop()
        await store.fold()


@asynccontextmanager
async def running_service(config: Config) -> AsyncIterator[RemotePort | None]:
    """The port to the running service; None when none listens."""
    folder = config.storage.path
    if not (folder / SOCKET).exists():
        yield None
        return
    connector = aiohttp.UnixConnector(socket_path(folder))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield RemotePort(session) if await _answers(session) else None


async def _answers(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("http://counter/"):
            return True
    except aiohttp.ClientConnectorError:
        return False
