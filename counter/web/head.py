"""HEAD: what GET would answer, without the body (RFC 9110, 9.3.2). It leaves no trace: nothing is counted.

Health checks use it: `wget --spider`, UptimeRobot, Monit. aiohttp leaves the body out and keeps the headers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_route(app: web.Application, method: str, path: str, answer: Answer) -> None:
    """A row of a table of routes; one for GET also answers HEAD."""
    app.router.add_route(method, path, answer)
    if method == hdrs.METH_GET:
        app.router.add_route(hdrs.METH_HEAD, path, answer)


def only_looks(request: web.Request) -> bool:
    """Whether the request may not count, write or note anything, whatever its query says."""
    return request.method == hdrs.METH_HEAD
