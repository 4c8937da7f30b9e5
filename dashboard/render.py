"""From a template and facts to an answer: escaped, compressed, with the headers every page has."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web

from counter import __version__
from counter.templates import templates_in
from counter.web.files import takes_gzip
from dashboard.access.call import Call
from dashboard.access.guard import csrf_token
from dashboard.assets import url_of
from dashboard.words import numbers

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CSP,
    "Cache-Control": "private, no-store",
    "Vary": "Accept-Encoding, Accept-Language, Cookie",  # for caches that keep what they should not
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}
WORTH_COMPRESSING: Final = 1000  # bytes

templates = templates_in(Path(__file__).parent / "templates")
templates.globals["asset"] = url_of
templates.globals["version"] = __version__
templates.filters.update(numbers.filters())


def read_templates() -> None:
    """Every template, from its text to Python; each is kept from then on."""
    for name in templates.list_templates():
        templates.get_template(name)


def page(call: Call, template: str, status: int = 200, **facts: Any) -> web.Response:
    """The page, in the reader's language. `template` extends layout.html."""
    return html(call, fragment(call, template, **facts), status)


def fragment(call: Call, template: str, **facts: Any) -> str:
    """The text of a template, with what every template may use: call, t (words), csrf, theme."""
    return templates.get_template(template).render(
        call=call,
        t=call.words,
        csrf=csrf_token(call.secret) if call.secret else "",
        theme=call.signed_in.theme if call.signed_in else "",
        **facts,
    )


def html(call: Call, text: str, status: int = 200) -> web.Response:
    return answer(call.request, text.encode("utf-8", "replace"), "text/html; charset=utf-8", status)


def answer(request: web.Request, body: bytes, kind: str, status: int = 200, **headers: str) -> web.Response:
    """A private answer, compressed where the reader takes it. Nothing secret and chosen by strangers stands side by
    side in it but the form token, which is of no use without the cookie."""
    sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}, "Content-Type": kind}
    if len(body) >= WORTH_COMPRESSING and takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: with gzip's header
        body = squeeze.compress(body) + squeeze.flush()
        sent["Content-Encoding"] = "gzip"
    return web.Response(body=body, status=status, headers=sent)


def see(path: str) -> web.HTTPSeeOther:
    """After a form: the page that shows what came of it."""
    return web.HTTPSeeOther(path, headers=dict(HEADERS))
