"""Hits come in: `POST /hit`, the pixel and the counting images. A 2xx with `counted` is committed."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from counter.collect.agents.image_proxies import image_proxy
from counter.collect.parse import Envelope, WireHit, decode_body, decode_query, hit_from
from counter.collect.pipeline import Judged
from counter.errors import BadInput, UnknownSite
from counter.event import PAGEVIEW, Drop, DropReason, Event, Hit, Outcome, Via
from counter.service.salts import SaltMissing
from counter.service.service import SERVICE, Service
from counter.site import ActiveSite
from counter.web.embedding import SHARED
from counter.web.head import only_looks
from counter.web.request import envelope_of, read_body

PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)  # a transparent GIF of one pixel

_COMMON = {**SHARED, "Access-Control-Expose-Headers": "X-Counter", "Cache-Control": "no-store"}
# Image proxies differ in which of these they heed, so a counting image has all of them, and no ETag to be asked for.
NO_STORE = {
    "Cache-Control": "private, no-cache, no-store, max-age=0, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
}
UNKNOWN_SITE = "refused; reason=unknown_site"
PREFLIGHT = {
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
    "Access-Control-Max-Age": "86400",
}


class Verdict(NamedTuple):
    """The answer to one hit."""

    header: str  # `counted`, `duplicate` or `dropped; reason=...`
    in_array: str  # the same within an array's answer
    reason: DropReason | None = None
    duplicate: bool = False
    retry_after: int = 0  # seconds


def dropped(reason: DropReason, retry_after: int = 0) -> Verdict:
    if reason == DropReason.DUPLICATE:
        return _DUPLICATE
    return Verdict(f"dropped; reason={reason.value}", f"dropped:{reason.value}", reason, retry_after=retry_after)


_COUNTED = Verdict("counted", "counted")
_DUPLICATE = Verdict("duplicate", "duplicate", duplicate=True)
_NOT_COUNTED = Verdict("not counted", "not counted")  # nor dropped: HEAD brings no hit
_AFTER_COMMIT = {
    Outcome.COUNTED: _COUNTED,
    Outcome.DUPLICATE: _DUPLICATE,
    Outcome.KNOWN: _DUPLICATE,
    Outcome.UNKNOWN_VIEW: dropped(DropReason.UNKNOWN_VIEW),
    Outcome.QUARANTINED: dropped(DropReason.QUARANTINED),
    Outcome.DAY_TAKEN: dropped(DropReason.DAY_TAKEN),
    Outcome.DAY_CLOSED: dropped(DropReason.DAY_CLOSED),
}


async def post_hit(request: web.Request) -> web.Response:
    """One hit or an array of up to 500."""
    service = request.app[SERVICE]
    wires, many, unknown = decode_body(await read_body(request))
    service.unknown_keys += unknown
    site_key = service.token_site(request.headers.get(hdrs.AUTHORIZATION, ""))
    envelope = envelope_of(request, service, Via.SNIPPET)
    if many:
        hits = []
        for index, wire in enumerate(wires):  # all are parsed before the first is judged
            try:
                hits.append(_hit(service, wire, envelope, site_key))
            except BadInput as error:
                raise BadInput(f"hit {index}: {error}") from None
        return await _answer_array(service, [await _judge(service, *hit) for hit in hits])
    return _answer(await settle(service, await _judge(service, *_hit(service, wires[0], envelope, site_key))))


async def get_pixel(request: web.Request) -> web.Response:
    """A hit without JavaScript."""
    verdict = await count_query(request, request.app[SERVICE])
    status = 429 if verdict.reason == DropReason.RATE_LIMITED else 200
    headers = {**_COMMON, **NO_STORE, "X-Counter": verdict.header, "Content-Type": "image/gif"}
    if status == 429:
        headers["Retry-After"] = str(verdict.retry_after)
    return web.Response(status=status, body=PIXEL, headers=headers)


async def preflight(request: web.Request) -> web.Response:
    return web.Response(status=204, headers=PREFLIGHT)


async def count_query(request: web.Request, service: Service, site_id: str = "", *, image: bool = True) -> Verdict:
    """Count the hit that a query describes: the pixel's, or a counting image's or page's for `site_id`.

    HEAD counts none. What image proxies fetch is a view only if it is an `image`.
    """
    query = dict(request.query)
    if site_id:
        query["site"] = site_id
    wire = decode_query(query)
    envelope = envelope_of(request, service, Via.PIXEL)
    if image and wire.name == PAGEVIEW and not wire.view:
        envelope = _through_proxy(request, envelope)
    if only_looks(request):
        _refuse_bad(service, wire, envelope)
        return _NOT_COUNTED
    return await settle(service, await _judge(service, *_hit(service, wire, envelope, None)))


def _through_proxy(request: web.Request, envelope: Envelope) -> Envelope:
    """The envelope without what is an image proxy's own, when one fetches: the page is in the query, or unknown."""
    proxy = image_proxy(envelope.user_agent, request.headers.get(hdrs.VIA, ""), envelope.origin)
    if proxy is None:
        return envelope
    return msgspec.structs.replace(envelope, via=Via.PROXY, proxy=proxy, origin="", accept_language="", opt_out=False)


def _refuse_bad(service: Service, wire: WireHit, envelope: Envelope) -> None:
    """Raise what `_hit` would, without counting anything."""
    service.sites.get(wire.site)
    hit_from(wire, envelope)


def _hit(service: Service, wire: WireHit, envelope: Envelope, token: int | None) -> tuple[Hit, ActiveSite]:
    """The clean hit and its site; `token` is the key of the site that the sender may write for."""
    try:
        site = service.sites.get(wire.site)
    except UnknownSite:
        service.outcomes[UNKNOWN_SITE] += 1  # without the site's name: anyone could make up labels
        raise
    trusted = token == site.site.key
    return hit_from(wire, envelope, trusted=trusted, backdate_days=site.site.backdate_days), site


async def _judge(service: Service, hit: Hit, site: ActiveSite) -> Judged:
    """What becomes of the hit. Only the first event of a site and day waits here: for the day's salt."""
    pipeline, now = service.pipeline, service.clock.now()
    try:
        return pipeline.judge(hit, site, now, service.clock.monotonic())
    except SaltMissing as missing:
        await service.salts.fetch(missing.site_key, missing.day, now)
    # It has been screened: a second time would count against its rate.
    return Judged(event=pipeline.event(hit, site, pipeline.agents.look_up(hit.user_agent), now))


async def settle(service: Service, judged: Judged) -> Verdict:
    """Wait for the commit of an event; note a drop. The verdict is the answer to the visitor."""
    if judged.event is None:
        return _note_drop(service, judged)
    return after_commit(service, judged.event, await service.writer.submit(judged.event))


def after_commit(service: Service, event: Event, outcome: Outcome) -> Verdict:
    verdict = _AFTER_COMMIT[outcome]
    if event.hit_id:
        service.pipeline.rules.remember(event.site_key, event.hit_id, verdict.reason)
    reason = DropReason.DUPLICATE if verdict.duplicate else verdict.reason
    if reason is not None:
        service.writer.drop(Drop(event.site_key, event.at, event.day, reason, path=event.path, address=event.address))
    service.outcomes[verdict.header] += 1
    return verdict


def _note_drop(service: Service, judged: Judged) -> Verdict:
    drop = judged.drop
    if drop is None:
        raise AssertionError("a judged hit is an event or a drop")
    if not judged.again:
        service.writer.drop(drop)
    verdict = dropped(drop.reason, judged.retry_after)
    service.outcomes[verdict.header] += 1
    return verdict


def _answer(verdict: Verdict) -> web.Response:
    if verdict is _COUNTED:
        return web.Response(status=202, headers=_COUNTED_HEADERS)
    headers = {**_COMMON, "X-Counter": verdict.header}
    if verdict.reason == DropReason.RATE_LIMITED:
        return web.Response(status=429, headers={**headers, "Retry-After": str(verdict.retry_after)})
    return web.Response(status=202, headers=headers)


async def _answer_array(service: Service, judged: list[Judged]) -> web.Response:
    """One outcome per hit; the events are stored in one transaction, or refused all together."""
    events = [one.event for one in judged if one.event is not None]
    service.writer.check_room(len(events))
    waiting = [service.writer.queue(event) for event in events]
    outcomes = iter(await asyncio.gather(*waiting))
    verdicts = [
        _note_drop(service, one) if one.event is None else after_commit(service, one.event, next(outcomes))
        for one in judged
    ]
    body = msgspec.json.encode({"outcomes": [verdict.in_array for verdict in verdicts]})
    headers = {**_COMMON, "Content-Type": "application/json"}
    limited = [verdict.retry_after for verdict in verdicts if verdict.retry_after]
    if limited and len(limited) == len(verdicts):
        return web.Response(status=429, body=body, headers={**headers, "Retry-After": str(max(limited))})
    return web.Response(status=202, body=body, headers=headers)


# Made once, not for each answer.
_COUNTED_HEADERS = CIMultiDictProxy(CIMultiDict({**_COMMON, "X-Counter": "counted"}))
