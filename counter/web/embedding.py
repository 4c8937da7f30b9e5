"""What pages of other origins load from here, and frame: the headers that say that they may.

A page that is cross-origin isolated (`Cross-Origin-Embedder-Policy: require-corp`) takes scripts, styles and images of
another origin only with `Cross-Origin-Resource-Policy`, and frames only those that ask the same of what they load.

A frame with `sandbox` has an origin of its own. `'self'` in its policy is nobody there: some versions of WebKit
then load no style at all. So a policy names this service's origin too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from yarl import URL

from counter.service.service import SERVICE
from counter.web.middleware import NOSNIFF

LOADABLE: Final[Mapping[str, str]] = {"Cross-Origin-Resource-Policy": "cross-origin"}
SHARED: Final[Mapping[str, str]] = {"Access-Control-Allow-Origin": "*", **LOADABLE, **NOSNIFF}
SVG_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
FRAMEABLE: Final[Mapping[str, str]] = {"Cross-Origin-Embedder-Policy": "require-corp", **SHARED}
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def own_sources(request: web.Request) -> str:
    """`'self'` and this service's origins, for a directive: the configured one and the one that was asked.

    A host that is none, which anybody may send, is left out.
    """
    origins = ["'self'"]
    configured = request.app[SERVICE].config.server.public_url
    if configured:
        origins.append(str(URL(configured).origin()))
    if _HOST.fullmatch(request.host):
        origins.append(f"{request.scheme}://{request.host}")
    return " ".join(dict.fromkeys(origins))
