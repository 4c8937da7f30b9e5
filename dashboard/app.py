"""The dashboard's application, mounted below /dashboard/. For now one page: what runs, and how to look at it."""

from __future__ import annotations

from pathlib import Path

import jinja2
from aiohttp import web

from counter import __version__
from counter.site import Sites
from counter.web.parts import Service

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'; object-src 'none'"
    ),
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SITES = web.AppKey("sites", Sites)
_HERE = Path(__file__).parent
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    auto_reload=False,
    undefined=jinja2.StrictUndefined,
)


def build_dashboard(service: Service) -> web.Application:
    """The application to mount; it shares the service's sites and reads only what is public."""
    app = web.Application()
    app[SITES] = service.sites
    app.router.add_route("GET", "/", get_start)
    app.router.add_route("GET", "/dashboard.css", get_style)
    return app


async def get_start(request: web.Request) -> web.Response:
    """The public sites with their counters. Hidden sites need an account, which this version does not have yet."""
    sites = [active.site for active in request.app[SITES].all() if active.site.public]
    page = _templates.get_template("start.html").render(sites=sites, version=__version__)
    return web.Response(text=page, content_type="text/html", headers=HEADERS)


async def get_style(request: web.Request) -> web.Response:
    style = (_HERE / "templates" / "dashboard.css").read_bytes()
    return web.Response(body=style, content_type="text/css", headers={**HEADERS, "Cache-Control": "max-age=3600"})
