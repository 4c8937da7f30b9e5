"""What the pages for strangers share: passwords that are tried and chosen, and where to go then."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import unquote

from aiohttp import hdrs, web
from multidict import MultiMapping

from counter.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD, User, check_password
from counter.errors import BadInput
from counter.web.request import visitor_address
from dashboard import render
from dashboard.access.attempts import Attempts
from dashboard.access.call import Call
from dashboard.access.sessions import begin_session, set_cookie

ATTEMPTS: Final = web.AppKey("attempts", Attempts)
START: Final = "/dashboard/"
LONGEST_PATH: Final = 4000  # characters
_PATH = re.compile(r"/dashboard/[!-\[\]-~]*")  # printable ASCII without a backslash


async def fields_of(call: Call) -> dict[str, str]:
    """The fields of the form that was sent, the first of each name."""
    form: MultiMapping[object] = await call.request.post()
    return {name: value for name in form for value in (form[name],) if isinstance(value, str)}


async def try_password(call: Call, check: Callable[[], Awaitable[bool]]) -> bool:
    """What `check` finds of a password; each no is counted for the address, and after ten there is a pause first."""
    attempts, clock = call.request.config_dict[ATTEMPTS], call.service.clock
    address = visitor_address(call.request, call.service)
    pause = attempts.begin(address, clock.monotonic())
    if pause:
        raise web.HTTPTooManyRequests(headers={hdrs.RETRY_AFTER: str(pause)})
    right = False
    try:
        right = await check()
    finally:
        attempts.end(address, clock.monotonic(), failed=not right)
    return right


def chosen_password(call: Call, login: str, fields: dict[str, str]) -> str:
    """The new password of a form that has it twice, or BadInput."""
    password = fields.get("password", "")
    if password != fields.get("again", ""):
        raise BadInput(call.words("login.passwords_differ"))
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(
            call.words("login.password_length", length=len(password), least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
        )
    check_password(password, login)
    return password


async def sign_in(call: Call, user: User, path: str) -> web.HTTPSeeOther:
    """A new session for this browser, and on to `path`: to be raised."""
    secret = await begin_session(call, user)
    answer = render.see(path)
    set_cookie(answer, call.request, call.service, secret)
    return answer


def own_path(text: str) -> str:
    """`text` when it is a path of the dashboard, else its start page: nobody is led away by a link to the login."""
    path = text.partition("?")[0]
    plain = unquote(unquote(path))
    leads_away = "//" in plain or "\\" in plain or ".." in plain or not plain.isprintable()
    return START if leads_away or len(text) > LONGEST_PATH or not _PATH.fullmatch(text) else text
