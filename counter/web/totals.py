"""`GET /api/v1/totals`: a site's numbers as JSON, from memory; and `GET /api/v1/you`. Reading never counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from counter.errors import BadInput
from counter.question import Count, Metric
from counter.service.book import LINES, REMEMBERED, Snapshot, SnapshotQuery
from counter.service.service import SERVICE, Service
from counter.site import ActiveSite
from counter.web.embedding import SHARED
from counter.web.request import visitor_address

METRICS = ", ".join(Metric)


class TotalsAnswer(NamedTuple):
    """A ready answer, and the snapshot that it was made of."""

    snapshot: Snapshot
    body: bytes
    headers: CIMultiDict[str]
    etag: str


class Answers:
    """Snapshots as JSON, made again when there is another snapshot."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._answers: dict[SnapshotQuery, TotalsAnswer] = {}
        self._queries: dict[str, SnapshotQuery] = {}

    async def to(self, query_string: str) -> TotalsAnswer:
        """The answer to a raw query string; a parsed one is remembered."""
        query = self._queries.get(query_string)
        if query is None:
            query = parse_query(dict(URL.build(query_string=query_string, encoded=True).query))
            if len(self._queries) >= REMEMBERED:
                self._queries.clear()
            self._queries[query_string] = query
        snapshot = await self._service.snapshots.of(query)
        answer = self._answers.get(query)
        if answer is None or answer.snapshot is not snapshot:
            answer = self._make(snapshot, self._service.sites.public(query.site_id))
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            self._answers[query] = answer
        return answer

    @staticmethod
    def _make(snapshot: Snapshot, site: ActiveSite) -> TotalsAnswer:
        body = msgspec.json.encode(as_json(snapshot, site))
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = CIMultiDict(
            {
                "Content-Type": "application/json",
                "ETag": etag,
                "Cache-Control": "public, max-age=0, must-revalidate",
                **SHARED,
            }
        )
        return TotalsAnswer(snapshot, body, headers, etag)


def parse_query(query: Mapping[str, str]) -> SnapshotQuery:
    """`site`, `metric` (visits) and `path` of a request; BadInput names what is wrong."""
    site_id = query.get("site", "")
    if not site_id:
        raise BadInput("site is missing: the id of a site, such as ?site=demo")
    metric = query.get("metric", Metric.VISITS.value)
    if metric not in set(Metric):
        raise BadInput(f"metric is {metric[:40]!r}, it may be {METRICS}")
    return SnapshotQuery(site_id, Metric(metric), query.get("path", "")[:2048])


def as_json(snapshot: Snapshot, site: ActiveSite) -> dict[str, Any]:
    """The public form of a snapshot: integers, never formatted texts; null where a number failed its invariant."""
    record = snapshot.record_day
    page = {"path": snapshot.page, "adds_up": snapshot.metric == Metric.PAGEVIEWS} if snapshot.page else {}
    return {
        "site": snapshot.site.id,
        **page,
        "zone": snapshot.site.timezone,
        "first_weekday": snapshot.site.first_weekday,
        "metric": snapshot.metric,
        "start_count": snapshot.start_count,
        "generated_at": site.local.iso(snapshot.generated_at),
        "local_time": snapshot.local_time,
        "online": snapshot.online,
        "record_day": None if record is None else {"date": record[0], "count": record[1]},
        **{name: _line(snapshot.counts[name]) for name in LINES},
    }


def _line(count: Count) -> dict[str, Any]:
    return {"count": count.value, "from": count.start, "to": count.end}


ANSWERS = web.AppKey("answers", Answers)


def etag_matches(request: web.Request, etag: str) -> bool:
    """Whether If-None-Match names the tag, weak or strong, among others, or is `*`."""
    known = request.headers.get(hdrs.IF_NONE_MATCH)
    if known is None:
        return False
    return known == etag or known.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in known.split(",")]


async def get_totals(request: web.Request) -> web.Response:
    answer = await request.app[ANSWERS].to(request.rel_url.raw_query_string)
    if etag_matches(request, answer.etag):
        return web.Response(status=304, headers=answer.headers)
    return web.Response(body=answer.body, headers=answer.headers)


async def get_you(request: web.Request) -> web.Response:
    """The visitor's own address, for the line "Your IP": never cached, never stored."""
    headers = {"Cache-Control": "private, no-store", **SHARED}
    address = visitor_address(request, request.app[SERVICE])
    return web.json_response({"ip": address}, headers=headers)
