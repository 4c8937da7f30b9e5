"""The dashboard's own files and plotly.js: looked up in a list, never by path, with names that never expire.

    url_of("report.js") -> "/dashboard/static/4f1c.../report.js"      GET that -> the file, immutable

Files of `static/` are named by their content. plotly.js is large: it comes unchanged from the installed package,
is read and compressed once, in a thread, when the first reader needs a chart, and is named by its release until then.
"""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from aiohttp import web

from counter.web.files import File, answer_file, make_file
from dashboard.access.call import Call

HERE: Final = Path(__file__).parent / "static"
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"
PLOTLY: Final = "plotly.min.js"


@cache
def files() -> dict[str, File]:
    """Every file by its name in `static/`."""
    return {
        path.name: make_file(path.read_bytes(), KINDS[path.suffix])
        for path in sorted(HERE.iterdir())
        if path.suffix in KINDS
    }


@cache
def url_of(name: str) -> str:
    """The URL of a file, which changes with its content; KeyError for an unknown file."""
    mark = _release_of_plotly() if name == PLOTLY else files()[name].body
    return f"/dashboard/static/{hashlib.blake2b(mark, digest_size=8).hexdigest()}/{name}"


async def get_static(call: Call) -> web.StreamResponse:
    """A file of the list; under an old digest it is not cached permanently."""
    name = call.request.match_info["name"]
    found = await plotly() if name == PLOTLY else files().get(name)
    if found is None:
        raise web.HTTPNotFound
    current = call.request.path == url_of(name)
    headers = {"Cache-Control": FOR_EVER if current else "no-cache", "Cross-Origin-Resource-Policy": "same-origin"}
    answer = answer_file(call.request, found, headers)
    answer.headers.popall("Access-Control-Allow-Origin", None)  # private to the dashboard
    return answer


async def plotly() -> File:
    """plotly.js; requests during its compression wait for the same file. A reader who leaves does not stop it."""
    return await asyncio.shield(asyncio.wrap_future(_begin_plotly()))


@cache
def _begin_plotly() -> Future[File]:
    """Begun by the first call. Calls come from the loop's thread alone, so that it is begun once."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="plotly")
    try:
        return thread.submit(_make_plotly)
    finally:
        thread.shutdown(wait=False)


def _make_plotly() -> File:
    return make_file(_plotly_file().read_bytes(), KINDS[".js"])


def _plotly_file() -> Path:
    """Where the installed package has it; the package itself is not imported for that."""
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package plotly is not installed, and with it no plotly.min.js for the charts")
    return Path(found.origin).parent / "package_data" / PLOTLY


def _release_of_plotly() -> bytes:
    """What distinguishes releases of plotly.js without reading megabytes while a page is waiting."""
    return f"{metadata.version('plotly')} {_plotly_file().stat().st_size}".encode()
