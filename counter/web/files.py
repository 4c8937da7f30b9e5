"""Files that are sent unchanged: an ETag for each form, and gzip made once, not for each request."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import hdrs, web

from counter.web.embedding import SHARED
from counter.web.totals import etag_matches

WORTHWHILE = 0.9  # of its size; what gzip makes no smaller than this is sent plain


class File(NamedTuple):
    body: bytes
    kind: str  # with charset, as the Content-Type says it
    etag: str
    gzipped: bytes | None  # None: not worth it
    gzipped_etag: str  # of another body, so another tag


def make_file(body: bytes, kind: str) -> File:
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    gzipped = gzip.compress(body, 9, mtime=0)
    return File(body, kind, f'"{tag}"', gzipped if len(gzipped) < WORTHWHILE * len(body) else None, f'"{tag}-gzip"')


def answer_file(request: web.Request, file: File, headers: Mapping[str, str]) -> web.Response:
    """The file in the smallest form that the client accepts, or 304 when it has it. Any page may read it."""
    gzipped = file.gzipped if takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")) else None
    etag = file.etag if gzipped is None else file.gzipped_etag
    sent = {"ETag": etag, "Vary": "Accept-Encoding", **SHARED, **headers}
    if etag_matches(request, etag):
        return web.Response(status=304, headers=sent)
    sent["Content-Type"] = file.kind
    if gzipped is None:
        return web.Response(body=file.body, headers=sent)
    return web.Response(body=gzipped, headers={**sent, "Content-Encoding": "gzip"})


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding accepts gzip, by name or `*`, and not with q=0. Without the header, it doesn't."""
    wanted: dict[str, bool] = {}
    for one in header.lower().split(",")[:20]:
        name, _, parameter = one.partition(";")
        quality = parameter.strip().removeprefix("q=").strip()
        wanted[name.strip()] = not quality or quality.strip("0.") != ""
    return wanted.get("gzip", wanted.get("*", False))
