"""What everything is measured against: aiohttp with a route that answers 204. `python -m bench.bare [--read]`."""

from __future__ import annotations

import asyncio
import gc
import sys

from aiohttp import web

from counter.cli.serve import BACKLOG, KEEPALIVE

ROUTES = (("POST", "/hit"), ("GET", "/pixel.gif"), ("GET", "/api/v1/totals"))


async def answer(request: web.Request) -> web.Response:
    """Nothing but the answer; a body stays where aiohttp put it."""
    return web.Response(status=204)


async def read_and_answer(request: web.Request) -> web.Response:
    """The same, with the body read: what any collector must do."""
    await request.read()
    return web.Response(status=204)


async def serve(*, read: bool) -> None:
    """Until killed. Listens, and treats garbage, as the counter's own `serve` does."""
    app = web.Application()
    for method, path in ROUTES:
        app.router.add_route(method, path, read_and_answer if read else answer)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEPALIVE)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG)
    await site.start()
    freeze_garbage()
    print(f"bare listens on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def freeze_garbage() -> None:
    """The counter's own setting: what is there stays, and collections are rare."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


if __name__ == "__main__":
    asyncio.run(serve(read="--read" in sys.argv[1:]))
