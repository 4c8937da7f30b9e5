"""Sessions: a cookie with a random secret, and what the server knows about it. Only its digest is stored."""

from __future__ import annotations

import logging
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from counter.accounts import SESSION_LASTS, Session, User
from counter.address import canonical
from counter.errors import StoreError
from counter.service.accounts import new_secret
from counter.service.changes.accounts import BeginSession, NoteUse
from counter.service.service import Service, token_digest
from counter.web.pages import public_url
from dashboard.access.call import Call

log = logging.getLogger(__name__)

TOUCH_EVERY: Final = 300  # seconds between two updates of when a session was last used
PLAIN_NAME: Final = "counter_session"
SECURE_NAME: Final = "__Host-counter_session"  # browsers take it over https only, for this host alone


class SignedIn(NamedTuple):
    session: Session
    user: User
    secret: str


def find_session(request: web.Request, service: Service) -> SignedIn | None:
    """The session whose secret the request's cookie holds, if it is not over and its user is still there."""
    secret = request.cookies.get(cookie_name(request, service), "")
    session = service.accounts.sessions.get(token_digest(secret)) if secret else None
    if session is None or session.over(service.clock.now()):
        return None
    user = service.accounts.users.get(session.user_key)
    return None if user is None else SignedIn(session, user, secret)


async def begin_session(call: Call, user: User) -> str:
    """A new session of `user` in the place of the one the browser had; returns its secret.

    NotAuthorized when the user's password was changed since `user` was read.
    """
    service, secret = call.service, new_secret()
    session = Session(token_digest(secret), user.key, call.now, call.now, agent_of(call))
    former = call.session.digest if call.session is not None else None
    await BeginSession(session, user.password, former, actor=user.login).apply(service)
    return secret


async def note_use(service: Service, session: Session, login: str) -> None:
    """Write down that a session is in use, at most every five minutes; a failure is for the log."""
    if int(service.clock.now()) - session.seen_at < TOUCH_EVERY:
        return
    try:
        await NoteUse(session, actor=login).apply(service)
    except StoreError as error:  # a full disk is no reason to show nothing
        log.error("that a session is in use could not be written down", extra={"error": str(error)})


def agent_of(call: Call) -> str:
    """The browser as shown to its user: `Firefox on Linux`; unknown parts are left out."""
    facts = call.service.pipeline.agents.look_up(call.request.headers.get(hdrs.USER_AGENT, ""))
    return " on ".join(part for part in (facts.browser, facts.system) if part)


def is_secure(request: web.Request, service: Service) -> bool:
    """Whether the browser speaks https: as configured, or as a trusted proxy says."""
    if request.secure or service.config.server.public_url.startswith("https:"):
        return True
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower() == "https"
    return forwarded and (canonical(request.remote or "") or "") in service.trusted_proxies


def base_url(request: web.Request, service: Service) -> str:
    """The base of links: [server] public_url, else the host of the request."""
    if service.config.server.public_url:
        return service.config.server.public_url
    asked = public_url(request, service)
    return asked.replace("http:", "https:", 1) if is_secure(request, service) else asked


def cookie_name(request: web.Request, service: Service) -> str:
    return SECURE_NAME if is_secure(request, service) else PLAIN_NAME


def set_cookie(answer: web.StreamResponse, request: web.Request, service: Service, secret: str) -> None:
    """Give the browser its secret; an empty one takes it away."""
    answer.set_cookie(
        cookie_name(request, service), secret, max_age=SESSION_LASTS if secret else 0, path="/", httponly=True,
        secure=is_secure(request, service), samesite="Lax",
    )  # fmt: skip
