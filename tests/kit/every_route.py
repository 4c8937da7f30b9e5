"""Every route there is, from the tables that make them: what the matrices of attackers are made of.

    for route in gets(): answer = await owner.get(route.at())          as it is meant
    route.at(site="../x")                                              one part of the path is hostile

A new route is in every matrix at once; one with a part that stands in no table here fails.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from urllib.parse import quote

from aiohttp import web

from counter.web.routes import add_routes
from dashboard.access.guard import Needs
from dashboard.assets import url_of
from dashboard.routes import ROUTES
from tests.kit.app import make_config

ENDLESS: Final = "/dashboard/sites/{site}/live/events"  # a stream: it has a beginning and no end
_PART: Final = re.compile(r"\{(\w+)\}")
_STYLE: Final = url_of("dashboard.css").split("/")
# What stands in a path when nobody attacks; by the path's beginning where routes differ.
PARTS: Final = {
    "site": "demo", "panel": "pages", "visit": "1", "secret": "no-secret-of-ours", "page": "garden", "user": "1",
    "annotation": "1", "version": "0123456789", "digest": _STYLE[3], "name": _STYLE[4],
}  # fmt: skip
QUERIES: Final = {
    "/api/v1/totals": "site=demo", "/api/v1/report": "site=demo", "/api/v1/hits": "site=demo",
    "/api/v1/visit": "site=demo&visit=1", "/pixel.gif": "site=demo&path=/",
}  # fmt: skip


class Place(NamedTuple):
    """One route. `needs` is None for the public ones."""

    method: str
    path: str  # as it stands in the table, a part as `{site}`
    needs: Needs | None

    @property
    def parts(self) -> list[str]:
        return _PART.findall(self.path)

    def at(self, **parts: str) -> str:
        """A URL of the route; each part is quoted, so that it stays one."""
        known = {**PARTS, **({"name": "widget.css"} if self.needs is None else {}), **parts}
        path = _PART.sub(lambda found: quote(known[found[1]], safe=""), self.path)
        return f"{path}?{QUERIES[self.path]}" if self.path in QUERIES else path


@cache
def places() -> tuple[Place, ...]:
    """The public routes as they are configured when nobody configures anything, then the dashboard's.

    Without HEAD: its routes are those of GET, and tests of its own compare the two.
    """
    app = web.Application()
    with TemporaryDirectory() as folder:
        add_routes(app, make_config(Path(folder)))
    public = [Place(one.method, one.resource.canonical, None) for one in app.router.routes()
              if one.resource and one.method != "HEAD"]  # fmt: skip
    own = [Place(one.method, f"/dashboard{one.path}", one.needs) for one in ROUTES]
    return (*public, *own)


def gets(*, public: bool | None = None) -> list[Place]:
    """The GET routes that come to an end; only the public ones, or only the dashboard's."""
    return [
        one for one in places()
        if one.method == "GET" and one.path != ENDLESS and (public is None or public == (one.needs is None))
    ]  # fmt: skip
