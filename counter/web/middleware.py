"""Errors to answers: a code for machines, a sentence for people, nothing about our insides.

`answer_errors` is the public surface's; the API behind a token and the dashboard have headers and pages of their own,
and take from here what a stranger may read (`outward`) and whether to come again (`come_again`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import HttpVersion10, HttpVersion11, web

from counter.errors import BadInput, CounterError, Overloaded, StoreError, TooLarge
from counter.service.writer import RETRY_AFTER

log = logging.getLogger(__name__)

NOSNIFF = {"X-Content-Type-Options": "nosniff"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        if request.version not in (HttpVersion10, HttpVersion11) or not request.raw_path.startswith("/"):
            raise BadInput("send HTTP/1.1 with a path; this is nobody's proxy")
        return await handler(request)
    except CounterError as error:
        return error_response(error, counting=request.method == "POST" or request.path == "/pixel.gif")
    except web.HTTPRequestEntityTooLarge:
        return error_response(TooLarge(f"the body is larger than the limit of {request.client_max_size} bytes"))
    except web.HTTPException as answer:
        if answer.status < 400:
            answer.headers.update(NOSNIFF)
            raise
        headers = {**NOSNIFF, **{k: v for k, v in answer.headers.items() if k in ("Allow", "Retry-After")}}
        code = answer.reason.lower().replace(" ", "_")
        return web.json_response({"error": code, "message": f"{answer.reason}."}, status=answer.status, headers=headers)
    except web.RequestPayloadError as error:
        log.info("a body could not be read", extra={"error": str(error)})
        return error_response(BadInput("the body could not be read: its encoding or its length is not as announced"))
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("a request failed", extra={"path": request.path[:200]})
        return web.json_response(
            {"error": "internal", "message": "the request failed; the log says why"}, status=500, headers=NOSNIFF
        )


def error_response(error: CounterError, *, counting: bool = False) -> web.Response:
    instead = f"the {'hit could not be stored' if counting else 'numbers could not be read'}; try again later"
    message = outward(error, log, "storage failed", instead)
    headers = {**NOSNIFF, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", **come_again(error)}
    return web.json_response({"error": error.code, "message": message}, status=error.status, headers=headers)


def outward(error: CounterError, logger: logging.Logger, failed: str, instead: str) -> str:
    """The sentence that a stranger may read. That of a StoreError is for the log alone, as what `failed`; a stranger
    reads `instead`."""
    if not isinstance(error, StoreError):
        return str(error)
    logger.error(failed, extra={"error": str(error)})
    return instead


def come_again(error: CounterError) -> dict[str, str]:
    """Headers: when to try again, after what passes by itself."""
    return {"Retry-After": str(RETRY_AFTER)} if isinstance(error, (Overloaded, StoreError)) else {}
