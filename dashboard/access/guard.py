"""Permissions: the only way from a route of the table to its page.

Every route says what it needs. The guard checks the host, where the request comes from, the session and the role on
the site; only then is the page called. A site that the reader may not see answers 404, as if it did not exist; what
the role does not allow answers 403. A page of another site can link here and do nothing else: what it fetches is
refused, and following the link leaves no trace.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final, NamedTuple

from aiohttp import hdrs, web
from yarl import URL

from counter.accounts import Role
from counter.errors import BadInput, UnknownSite
from counter.service.service import SERVICE
from counter.web.head import only_looks
from counter.web.request import read_in_time
from dashboard.access.call import Call
from dashboard.access.sessions import find_session, note_use
from dashboard.words.catalogue import pick_words

FORM: Final = "application/x-www-form-urlencoded"
LARGEST_FORM: Final = 64 * 1024  # bytes
TOKEN: Final = "csrf"  # noqa: S105 - the name of a form's field
OWN_FETCHES: Final = ("same-origin", "none")  # what Sec-Fetch-Site says of our own pages, and of typed addresses
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Needs(IntEnum):
    """What a route needs of its reader."""

    NOTHING = 0  # signing in, set-up, files
    USER = 1
    VIEWER = 2  # of the site in the path, as the next
    ADMIN = 3
    OWNER = 4  # of everything


ROLES: Final = {Needs.VIEWER: frozenset(Role), Needs.ADMIN: frozenset({Role.OWNER, Role.ADMIN})}
PageHandler = Callable[[Call], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    method: str
    path: str  # below /dashboard
    page: PageHandler
    needs: Needs
    from_links: bool = True  # False: a request leaves a trace or occupies a slot, so only our own pages may link here


def guarded(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What aiohttp calls for `route`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        public_url = request.config_dict[SERVICE].config.server.public_url
        refuse_foreign_host(request, public_url)
        changes = route.method not in {"GET", "HEAD"}
        if changes:
            refuse_foreign_form(request, public_url, stranger=route.needs == Needs.NOTHING)
        else:
            refuse_foreign_fetch(request, links=route.from_links)
        call = call_of(request)
        if route.needs > Needs.NOTHING and call.signed_in is None:
            raise to_login(request, changes=changes)
        if changes:
            await read_form(request)
            call = call_of(request)  # the body may take seconds, and the user may have been signed out meanwhile
            if route.needs > Needs.NOTHING and call.signed_in is None:
                raise to_login(request, changes=True)
        if changes and route.needs > Needs.NOTHING:
            await refuse_without_token(call)
        if call.session is not None and is_own_fetch(request) and not only_looks(request):
            await note_use(call.service, call.session, call.user.login)
        return await route.page(_of_its_site(route, call))

    return answer


def call_of(request: web.Request) -> Call:
    """The user and the language; the site is not looked up."""
    service = request.config_dict[SERVICE]
    found = find_session(request, service)
    asked = found.user.language if found else request.query.get("lang", "")
    words = pick_words(asked, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    now = int(service.clock.now())
    if found is None:
        return Call(request, service, words, now)
    return Call(request, service, words, now, found.secret, found.user, found.session)


def csrf_token(secret: str) -> str:
    """The token in every form of a session; it cannot be computed without the session's secret."""
    return hashlib.blake2b(b"form", key=secret.encode()[:64], digest_size=24).hexdigest()


def refuse_foreign_host(request: web.Request, public_url: str) -> None:
    """421 for a Host that is not ours, once [server] public_url says which is; loopback is always ours."""
    if not public_url:
        return
    try:
        host = URL(f"http://{request.host}").host
    except ValueError:
        host = None
    if host not in {URL(public_url).host, *LOOPBACK}:
        raise web.HTTPMisdirectedRequest


def refuse_foreign_form(request: web.Request, public_url: str, *, stranger: bool) -> None:
    """403 for what a page of another site sends, 415 for what no form sends.

    A stranger's form has no token to prove that it is ours, so Origin or Referer must say so.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None and stranger:
        origin = _origin_of(request.headers.get(hdrs.REFERER, ""))
    if origin is not None and not _is_ours(origin, request.host, public_url):
        raise web.HTTPForbidden
    if not is_own_fetch(request):
        raise web.HTTPForbidden
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > LARGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(LARGEST_FORM, request.content_length or 0)


def refuse_foreign_fetch(request: web.Request, *, links: bool) -> None:
    """403 for what a page of another site reads here, such as `<img src=".../dashboard/setup/x">`.

    Following a link, from a webmail for example, is allowed when `links` may lead here.
    """
    navigation = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    if not is_own_fetch(request) and not (links and navigation == ("navigate", "document")):
        raise web.HTTPForbidden


def is_own_fetch(request: web.Request) -> bool:
    """Whether a page of ours, or a typed address, led here. Old browsers don't say, and none does over plain http."""
    return request.headers.get("Sec-Fetch-Site", OWN_FETCHES[0]) in OWN_FETCHES


async def read_form(request: web.Request) -> None:
    """Read the body in time and within its limit; `request.post()` has the fields from then on."""
    body = await read_in_time(request)
    if len(body) > LARGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(LARGEST_FORM, len(body))
    try:
        await request.post()
    except (ValueError, LookupError):  # LookupError: the content type names an encoding there is none of
        raise BadInput("the form is not in UTF-8") from None


async def refuse_without_token(call: Call) -> None:
    """403 for a form without the session's token."""
    form = await call.request.post()
    sent = form.get(TOKEN, "")
    given = sent.encode("utf-8", "replace") if isinstance(sent, str) else b""
    if not hmac.compare_digest(given, csrf_token(call.secret).encode()):
        raise web.HTTPForbidden


def to_login(request: web.Request, *, changes: bool) -> web.HTTPException:
    """To the login page, and back to where the reader wanted to go. A submitted form would be lost: it gets 403."""
    if changes or request.headers.get("Sec-Fetch-Dest", "document") not in {"document", "iframe"}:
        return web.HTTPForbidden()
    here = request.path_qs
    there = URL("/dashboard/login")
    return web.HTTPSeeOther(there if here == "/dashboard/" else there.with_query(next=here))


def _origin_of(referrer: str) -> str:
    """The origin of a Referer; `null` when there is none."""
    try:
        return str(URL(referrer).origin()) if referrer else "null"
    except ValueError:
        return "null"


def _is_ours(origin: str, host: str, public_url: str) -> bool:
    """Whether a page of `origin` is ours: of the host that was asked, or of the public one, its scheme included."""
    known = str(URL(public_url).origin()) if public_url else ""
    if origin == known:
        return True
    scheme, _, named = origin.partition("://")
    return scheme in {"http", "https"} and named == host and named != known.partition("://")[2]


def _of_its_site(route: Route, call: Call) -> Call:
    """The call with its site and the reader's role there; 404 without a role, or with too low a one."""
    wanted = call.request.match_info.get("site")
    if wanted is None:
        if route.needs == Needs.OWNER and not call.user.owner:
            raise web.HTTPForbidden
        return call
    try:
        site = call.service.sites.get(wanted)
    except UnknownSite:
        raise web.HTTPNotFound from None
    role = call.user.role(site.site.key)
    if role is None:
        raise web.HTTPNotFound
    if role not in ROLES.get(route.needs, {Role.OWNER}):
        raise web.HTTPForbidden
    return Call(call.request, call.service, call.words, call.now, call.secret, call.user, call.session, site, role)
