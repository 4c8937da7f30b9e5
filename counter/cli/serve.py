"""`counter serve`: the service, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from asyncio import Transport
from pathlib import Path
from typing import cast

import click
from aiohttp import web

from counter import logs
from counter.app import build_app
from counter.cli.context import Context, run
from counter.config import Config
from counter.errors import UsageError
from counter.service.service import SERVICE, Service
from counter.web.pages import first_site
from counter.web.tracker import snippet
from dashboard.app import build_dashboard

log = logging.getLogger(__name__)

KEEPALIVE = 30  # seconds; aiohttp's own default for a runner is 3630
SHUTDOWN = 5  # seconds for requests in progress to finish
BACKLOG = 1024


@click.command(epilog="Example: counter serve --port 8081")
@click.option("--host", help="Listen on this address instead of [server] host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0 picks a free one.")
@click.pass_obj
def serve(context: Context, host: str | None, port: int | None) -> None:
    """Collect hits and answer with numbers, until SIGTERM; what is queued is committed before the end."""
    config = context.config
    logs.configure(config.log.level, config.log.format)
    port = config.server.port if port is None else port
    run(_serve(config, host or config.server.host, port, context.umask))


async def _serve(config: Config, host: str, port: int, umask: int) -> None:
    app = await asyncio.to_thread(build_app, config)
    service = app[SERVICE]
    app.add_subapp("/dashboard", build_dashboard(service))
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEPALIVE, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        server = await _listen(runner, host, port, config.server.socket, config.server.max_connections)
        if config.server.socket is not None:
            config.server.socket.chmod(0o777 & ~umask)  # the proxy that connects usually runs as another user
        _freeze_garbage()
        _announce(service, server.sockets[0].getsockname())
        await _until_told_to_stop()
        log.info("stopping: no new connections, what is queued is committed")
        server.close()
    finally:
        await runner.cleanup()
    log.info("stopped")


async def _listen(runner: web.AppRunner, host: str, port: int, unix_socket: Path | None, most: int) -> asyncio.Server:
    """Listen, with at most `most` connections: aiohttp has no limit, and a full file table stops everything."""
    http = runner.server
    if http is None:
        raise AssertionError("the runner is set up")

    def protocol() -> asyncio.Protocol:
        return _Refuse() if len(http.connections) >= most else http()

    loop = asyncio.get_running_loop()
    try:
        if unix_socket is not None:
            return await loop.create_unix_server(protocol, unix_socket, backlog=BACKLOG)
        return await loop.create_server(protocol, host, port, backlog=BACKLOG)
    except OSError as error:
        where = unix_socket or f"{host} port {port}"
        reason = os.strerror(error.errno) if error.errno else str(error)
        other = "" if unix_socket is not None else "; --port N or COUNTER_SERVER_PORT=N takes another port"
        raise UsageError(f"can't listen on {where}: {reason}{other}") from error


class _Refuse(asyncio.Protocol):
    """Closes each connection beyond the limit at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("Transport", transport).abort()


def _freeze_garbage() -> None:
    """Exclude long-lived objects from garbage collection: p99 at 64 connections fell from 50 ms to 7."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _until_told_to_stop() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: log.info("SIGHUP is ignored; restart to read the configuration"))
    await told.wait()


def _announce(service: Service, listening: tuple[str, int] | str) -> None:
    """Print where everything is, for the person who started the service. `listening` is the socket's own name."""
    if isinstance(listening, str):
        where = listening
    else:
        shown = f"[{listening[0]}]" if ":" in listening[0] else listening[0]
        where = f"http://{shown}:{listening[1]}"
    base = service.config.server.public_url or where
    site = first_site(service)
    rows = [
        ("demo page", f"{base}/demo"),
        ("dashboard", f"{base}/dashboard/"),
        ("widget", f"{base}/widget/{site}.html"),
        ("image", f"{base}/widget/{site}.svg"),
        ("totals", f"{base}/api/v1/totals?site={site}"),
        ("snippet", snippet(service.config.tracker, base, site)),
    ]
    if not site:
        rows = [("dashboard", f"{base}/dashboard/"), ("first site", "counter site add ID --name NAME")]
    if service.accounts.needs_setup:
        # Without it a stranger could become the first owner. It is new at each start and stored nowhere else.
        rows.append(("set-up", f"{base}/dashboard/setup/{service.accounts.setup_secret}"))
    click.echo(f"visitor-counter listens on {where}, data in {service.config.storage.path}")
    for name, shown in rows:
        click.echo(f"  {name:<10} {shown}")
    log.info("listening", extra={"on": where, "sites": len(service.sites.all())})
