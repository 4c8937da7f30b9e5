"""Public pages besides the widget: the demo page, opting out; and the files of `static/`, here and of the widget."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from aiohttp import hdrs, web

from counter import __version__
from counter.errors import WrongType
from counter.service.service import SERVICE, Service
from counter.templates import templates_in
from counter.text import clean
from counter.web.embedding import own_sources
from counter.web.files import File, answer_file, make_file
from counter.web.middleware import NOSNIFF
from counter.web.request import opted_out, read_in_time
from counter.web.tracker import snippet
from counter.widget.theme import STATIC

HERE = Path(str(resources.files("counter.web")))
STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PRIVATE = "private, no-store"
OPT_OUT_SECONDS = 10 * 365 * 86400

templates = templates_in(HERE / "templates", trimmed=False)


async def get_static(request: web.Request) -> web.Response:
    """A file of a `static/` folder, found in a list made at start: no visitor's path ever reaches the file system."""
    found = _static_files().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    return answer_file(request, found, {"Cache-Control": "public, max-age=3600"})


async def get_demo(request: web.Request) -> web.Response:
    """A page that carries the snippet and the widget, to be seen counting."""
    service = request.app[SERVICE]
    site_id = request.query.get("site") or first_site(service)
    service.sites.public(site_id)
    tracker, public = service.config.tracker, public_url(request, service)
    page = templates.get_template("demo.html").render(
        site_id=site_id, public_url=public, version=__version__,
        script_name=tracker.script_name, snippet=snippet(tracker, public, site_id),
        pinned_snippet=snippet(tracker, public, site_id, pinned=True),
    )  # fmt: skip
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _policy(request), **NOSNIFF}
    return web.Response(text=page, content_type="text/html", headers=headers)


async def get_opt_out(request: web.Request) -> web.Response:
    """Show whether this browser is counted, with a button to change it."""
    out = opted_out(request.headers.get(hdrs.COOKIE, ""))
    return _opt_out_page(request, out)


async def post_opt_out(request: web.Request) -> web.Response:
    """Sets or removes the one cookie that this service knows: the wish not to be counted."""
    origin = request.headers.get(hdrs.ORIGIN)
    foreign = origin is not None and origin.partition("://")[2] != request.host
    if foreign or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise web.HTTPForbidden(text="this button works on its own page only")
    if request.content_type not in ("application/x-www-form-urlencoded", "application/octet-stream"):
        raise WrongType("send the form of this page: application/x-www-form-urlencoded")
    out = await read_in_time(request) == b"out=1"
    answer = _opt_out_page(request, out)
    secure = request.secure or request.app[SERVICE].config.server.public_url.startswith("https:")
    answer.set_cookie(
        "counter_opt_out", "1" if out else "", max_age=OPT_OUT_SECONDS if out else 0, httponly=True, secure=secure,
        samesite="None" if secure else "Lax", path="/",
    )  # fmt: skip
    return answer


async def get_icon(request: web.Request) -> web.Response:
    """Browsers ask for it wherever a page names no icon."""
    return answer_file(request, _static_files()["demo-icon.svg"], {"Cache-Control": "public, max-age=86400"})


async def get_start(request: web.Request) -> web.Response:
    raise web.HTTPFound("/demo")


def first_site(service: Service) -> str:
    """The site the demo page shows: the first public one."""
    return next((site.site.id for site in service.sites.all() if site.site.public), "")


def public_url(request: web.Request, service: Service) -> str:
    """The address of this service: as configured, else as in the request."""
    return service.config.server.public_url or clean(f"{request.scheme}://{request.host}", 300)


def _policy(request: web.Request) -> str:
    own = own_sources(request)
    return (
        f"default-src {own}; img-src {own} data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {own}"
    )


def _opt_out_page(request: web.Request, out: bool) -> web.Response:
    page = templates.get_template("opt_out.html").render(out=out, version=__version__)
    headers = {"Cache-Control": PRIVATE, "Content-Security-Policy": _policy(request), **NOSNIFF}
    return web.Response(text=page, content_type="text/html", headers=headers)


@cache
def _static_files() -> dict[str, File]:
    files = {}
    for folder in (HERE / "static", STATIC):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in STATIC_TYPES:
                name = path.relative_to(folder).as_posix()
                files[name] = make_file(path.read_bytes(), STATIC_TYPES[path.suffix])
    return files
