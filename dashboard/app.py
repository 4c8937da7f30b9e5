"""The dashboard's application, mounted below /dashboard/: the routes, each behind the guard."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import hdrs, web

from counter.errors import ConfigError, CounterError, UsageError
from counter.service.service import SERVICE, Service
from counter.web.head import add_route
from counter.web.middleware import Handler, come_again, outward
from dashboard import assets, render
from dashboard.access.attempts import Attempts
from dashboard.access.guard import call_of, guarded
from dashboard.live.hub import add_live
from dashboard.pages.getting_in import ATTEMPTS, START
from dashboard.routes import ROUTES

log = logging.getLogger(__name__)


def build_dashboard(service: Service) -> web.Application:
    """The application to mount; it shares the running service."""
    assets.files()  # read and compressed now, not while the first reader waits
    app = web.Application(middlewares=[show_errors])
    app[SERVICE] = service
    add_live(app, service)
    app[ATTEMPTS] = Attempts()
    app.on_startup.append(read_templates)
    add_route(app, "GET", "", to_start)
    for route in ROUTES:
        add_route(app, route.method, route.path, guarded(route))
    return app


async def read_templates(_: web.Application) -> None:
    """In a thread, and nobody waits: the first reader's page would hold up every hit until its templates are read."""
    _reading = asyncio.get_running_loop().run_in_executor(None, render.read_templates)


async def to_start(_: web.Request) -> web.StreamResponse:
    """People type the address without its last slash."""
    raise render.see(START)


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as pages for people, with the headers of every page and nothing about our insides."""
    try:
        return await handler(request)
    except CounterError as error:
        return error_of_ours(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            error.headers.update(render.HEADERS)
            raise
        answer = error_page(request, error.status, str(error.status))
        for name in (hdrs.ALLOW, hdrs.RETRY_AFTER):
            if name in error.headers:
                answer.headers[name] = error.headers[name]
        return answer
    except web.RequestPayloadError:
        return error_page(request, 400, "400")
    except ConnectionResetError:
        raise
    except Exception:
        # Not the path: it may hold the secret of a link.
        log.exception("a page of the dashboard failed", extra={"route": _route_of(request)})
        return error_page(request, 500, "500")


def error_of_ours(request: web.Request, error: CounterError) -> web.Response:
    """One of our own errors, as a page."""
    sentence = outward(error, log, "a page could not be read", "")
    wrong_asked = isinstance(error, (UsageError, ConfigError))  # by a form, as by a command
    answer = error_page(request, 400 if wrong_asked else error.status, error.code, sentence)
    answer.headers.update(come_again(error))
    return answer


def error_page(request: web.Request, status: int, code: str, sentence: str = "") -> web.Response:
    """What went wrong in the reader's words, and a way on. `code` is `403`, or that of our own error."""
    call = call_of(request)
    name = f"error.{code}" if call.words.has(f"error.{code}") else "error.other"
    return render.page(call, "error.html", status, status_code=status, title=call.words(name), sentence=sentence)


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""
