"""On which host the page of a hit stands, or that it stands on none: a saved file, an application, an extension.

Nothing but http and https is a page of the web. What is on another scheme gets the scheme in place of a host, 'file:',
which no site has and which no host can be mistaken for; `counter.hosts.is_elsewhere` tells them apart.
"""

from __future__ import annotations

import re
from typing import Final

from counter.collect.page import host_of

HIDDEN: Final = "null"  # the Origin of documents that hide theirs: files, sandboxed frames, pages with no-referrer
UNKNOWN_SCHEME: Final = "null:"

_WEB: Final = frozenset({"http", "https"})
_SCHEME: Final = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*)://")
# Schemes whose addresses have no '//', as they stand in an address bar; `location.pathname` of these has no scheme.
_BARE_SCHEME: Final = re.compile(
    r"[\x00-\x20]*(about|blob|data|file|javascript|view-source|content|cid|mhtml|filesystem):", re.IGNORECASE
)
_NO_ADDRESS: Final = frozenset({"blank", "srcdoc"})  # what stands behind 'about:'
# A place on a disk: a Windows drive, or the folders that phones and browsers save pages in.
_DISK: Final = re.compile(
    r"/?[A-Za-z](?::|\||%3A|%7C)(?:[/\\]|%5C)|/(?:storage/emulated|sdcard|var/mobile/Containers|data/user)/"
    r"|/(?:Users|home)/[^/]+/(?:Desktop|Documents|Downloads|Library|AppData)/",
    re.IGNORECASE,
)


def page_host(told: str, path: str, origin: str) -> str:
    """The host in lower case ASCII, '' when nothing tells, or a scheme with its colon. Never raises.

    `told` is what the sender says, `path` the path or URL of the page as it was sent, `origin` the Origin or Referer
    header, 'null' for a hidden one. A page that hides its origin must tell its host, as sandboxed frames can.
    """
    scheme = _foreign_scheme(origin) or _foreign_scheme(path)
    if scheme:
        return scheme
    host = host_of(f"http://{told}") if told else ""
    if host:
        return host
    if path in _NO_ADDRESS:
        return "about:"
    host = host_of(origin) or host_of(path)
    if host:
        return host
    if _DISK.match(path):
        return "file:"
    return UNKNOWN_SCHEME if told or origin == HIDDEN else ""


def _foreign_scheme(address: str) -> str:
    """The scheme of an address that is none of the web, with its colon; '' for a path or a page of the web."""
    found = _SCHEME.match(address) or _BARE_SCHEME.match(address)
    scheme = found[1].lower() if found else ""
    return f"{scheme}:" if scheme and scheme not in _WEB else ""
