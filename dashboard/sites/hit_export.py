"""The hit log as a file: CSV or NDJSON, packed, in constant memory.

Every thousand hits are a question of their own, so no reader is held for long and hits go on being counted. What
arrives meanwhile is not in the file: it goes back from the newest hit of its beginning.
"""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from counter.calendar.localtime import day_date
from counter.errors import CounterError
from counter.question import LoggedHit, Question
from counter.service.changes.numbers import NoteExport
from counter.site import ActiveSite
from counter.web.head import only_looks
from dashboard import render
from dashboard.access.call import Call
from dashboard.report.csv_cells import csv_lines
from dashboard.sites.hits import props_of

log = logging.getLogger(__name__)

PAGE: Final = 1000  # hits of one question, and of one piece of the file
COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(LoggedHit))
PACKED: Final = 31  # zlib's sign for gzip's header

Lines = Callable[[list[LoggedHit], ActiveSite], str]


def as_csv(hits: list[LoggedHit], site: ActiveSite) -> str:
    """Lines without the head; times in the site's zone with their offset."""
    return csv_lines(
        (site.local.iso(hit.at) if name == "at" else getattr(hit, name) for name in COLUMNS) for hit in hits
    )


def as_ndjson(hits: list[LoggedHit], site: ActiveSite) -> str:
    """One object a line, with the keys of `GET /api/v1/hits`; properties are an object."""
    return "".join(f"{msgspec.json.encode(_keyed(hit, site)).decode()}\n" for hit in hits)


async def send_hits(call: Call, question: Question, ending: str, head: str, lines: Lines) -> web.StreamResponse:
    """All hits of the question, newest first, as `hits-SITE-FROM-TO.ENDING.gz`.

    A failure before the first byte is answered as an error; a later one ends the connection, so that a part is
    never taken for the whole.
    """
    hits = await call.service.store.reports.hits(question, None, PAGE)
    name = file_name(call.site.site.id, question, ending)
    answer = web.StreamResponse(headers={
        **render.HEADERS, "Content-Type": "application/gzip", "Content-Disposition": f'attachment; filename="{name}"',
    })  # fmt: skip
    if only_looks(call.request):
        return answer
    await NoteExport(call.site.site.key, name, actor=call.user.login).apply(call.service)
    await answer.prepare(call.request)
    try:
        await _send_pages(call, answer, question, head, lines, hits)
    except ConnectionError:
        log.info("the reader of an export went away", extra={"site": call.site.site.id})
    except CounterError as error:
        log.error("an export broke off", extra={"site": call.site.site.id, "error": str(error)})
        if call.request.transport is not None:
            call.request.transport.abort()
    return answer


async def _send_pages(call: Call, answer: web.StreamResponse, question: Question, head: str, lines: Lines,
                      hits: list[LoggedHit]) -> None:  # fmt: skip
    """The head, then page after page from `hits` on. ConnectionError when the reader is gone."""
    packer = zlib.compressobj(6, zlib.DEFLATED, PACKED)
    await answer.write(packer.compress(head.encode()))
    while hits:
        if call.request.transport is None:  # writing may not tell: zlib holds back much of what it is given
            raise ConnectionResetError
        await answer.write(await asyncio.to_thread(_packed, packer, lines, hits, call.site))
        last = hits[-1].hit
        hits = await call.service.store.reports.hits(question, last, PAGE) if len(hits) == PAGE else []
    await answer.write_eof(packer.flush())


def file_name(site_id: str, question: Question, ending: str) -> str:
    """A plain ASCII name, with no character that is special in a header or a file system."""
    site = re.sub(r"[^A-Za-z0-9_-]+", "-", site_id).strip("-") or "site"
    return f"hits-{site}-{day_date(question.start)}-{day_date(question.end - 1)}.{ending}.gz"


def _packed(packer: Any, lines: Lines, hits: list[LoggedHit], site: ActiveSite) -> bytes:
    """In a thread: a thousand lines would keep other requests waiting."""
    packed: bytes = packer.compress(lines(hits, site).encode("utf-8", "replace"))
    return packed


def _keyed(hit: LoggedHit, site: ActiveSite) -> dict[str, Any]:
    return {**msgspec.to_builtins(hit), "at": site.local.iso(hit.at), "props": props_of(hit)}
