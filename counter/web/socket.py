"""The command socket: a command that must write while the service runs hands its change to the running writer.

`data/counter.sock` speaks HTTP with msgpack bodies to whoever may open the file (mode 0600): `POST /change` applies a
change and answers what it returns, `GET /status` and `POST /places` are the questions. `cli/port.py` is the other end.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import web

from counter.errors import UsageError
from counter.service.changes.every import AnyChange
from counter.service.notices import renew_places
from counter.service.service import SERVICE, Service
from counter.service.status import status_of
from counter.web.middleware import answer_errors

SOCKET = "counter.sock"
CHANGE, STATUS, PLACES = "/change", "/status", "/places"
LARGEST_BODY = 64 * 1024 * 1024  # bytes; a batch of 5,000 events is about 3 MB
LONGEST_PATH = 100  # characters; the kernel takes 107

_changes: msgspec.msgpack.Decoder[AnyChange] = msgspec.msgpack.Decoder(AnyChange)


async def post_change(request: web.Request) -> web.Response:
    """Apply a change; what refuses it is answered as an error, with its sentence."""
    try:
        change = _changes.decode(await request.read())
    except msgspec.ValidationError as error:
        raise UsageError(f"the running service is of another version: {error}; restart it") from error
    return _answer(await change.apply(request.app[SERVICE]))


async def get_status(request: web.Request) -> web.Response:
    return _answer(status_of(request.app[SERVICE]))


async def post_places(request: web.Request) -> web.Response:
    """Take the database of places up when it changed; answers what to tell of it."""
    return _answer(await renew_places(request.app[SERVICE]))


def _answer(content: object) -> web.Response:
    return web.Response(body=msgspec.msgpack.encode(content), content_type="application/msgpack")


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
    app.router.add_post(CHANGE, post_change)
    app.router.add_get(STATUS, get_status)
    app.router.add_post(PLACES, post_places)
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
