"""`GET /api/v1/totals`: a site's numbers as JSON, from memory; and `GET /api/v1/you`. Reading never counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from counter.collect.page import normalise_path
from counter.errors import BadInput
from counter.question import Count, Metric
from counter.service.book import LINES, Snapshot, Tally, take_snapshot
from counter.service.service import SERVICE, Service
from counter.site import ActiveSite
from counter.web.middleware import NOSNIFF
from counter.web.request import visitor_address

REMEMBERED = 2000  # answers kept; each is about 1 kB
PAGE_DAYS = 70  # local days of a page that periods can reach back to
METRICS = ", ".join(Metric)


class TotalsQuery(NamedTuple):
    site_id: str
    metric: Metric
    path: str


class TotalsAnswer(NamedTuple):
    """A ready answer, and what it depends on."""

    version: tuple[int, int]  # of the site's numbers; visitors online
    until: int  # UTC seconds: the next local midnight
    snapshot: Snapshot
    body: bytes
    headers: CIMultiDict[str]
    etag: str


class Answers:
    """Snapshots and their JSON, rebuilt only when a number, the day or `online` changed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._answers: dict[TotalsQuery, TotalsAnswer] = {}
        self._asked: dict[str, TotalsQuery] = {}

    async def to_query(self, query_string: str) -> TotalsAnswer:
        """The answer to a raw query string; a parsed one is remembered."""
        asked = self._asked.get(query_string)
        if asked is None:
            asked = parse_query(dict(URL.build(query_string=query_string, encoded=True).query))
            if len(self._asked) >= REMEMBERED:
                self._asked.clear()
            self._asked[query_string] = asked
        return await self.to(asked)

    async def to(self, asked: TotalsQuery) -> TotalsAnswer:
        service = self._service
        site = service.sites.public(asked.site_id)
        key = site.site.key
        version = (service.book.version(key), service.online.count(key))
        now = service.clock.now()
        known = self._answers.get(asked)
        if (
            known is not None and known.version == version and known.snapshot.generated_at <= now < known.until
            and known.snapshot.site is site.site
        ):  # fmt: skip
            return known
        answer = await self._build(asked, site, version, now)
        if len(self._answers) >= REMEMBERED:
            self._answers.clear()
        self._answers[asked] = answer
        return answer

    async def _build(self, asked: TotalsQuery, site: ActiveSite, version: tuple[int, int], now: float) -> TotalsAnswer:
        service = self._service
        today = site.local.day(int(now))
        if asked.path:
            tally = await self._page_tally(site, asked, today)
        else:
            tally = service.book.tally(site.site.key, asked.metric)
        snapshot = take_snapshot(site.site, site.local, asked.metric, tally, version[1], now, asked.path)
        body = msgspec.json.encode(as_json(snapshot, site))
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = CIMultiDict(
            {
                "Content-Type": "application/json",
                "ETag": etag,
                "Cache-Control": "public, max-age=0, must-revalidate",
                "Access-Control-Allow-Origin": "*",
                **NOSNIFF,
            }
        )
        return TotalsAnswer(version, site.local.midnight(today + 1), snapshot, body, headers, etag)

    async def _page_tally(self, site: ActiveSite, asked: TotalsQuery, today: int) -> Tally:
        path = normalise_path(asked.path, site.site.query_keys)
        days, whole = await self._service.store.reports.page_days(site.site.key, path, today - PAGE_DAYS)
        tally = Tally()
        for day in days:
            tally.add(day.day, getattr(day, asked.metric.value))
        tally.total = getattr(whole, asked.metric.value)
        return tally


def parse_query(query: Mapping[str, str]) -> TotalsQuery:
    """`site`, `metric` (visits) and `path` of a request; BadInput names what is wrong."""
    site_id = query.get("site", "")
    if not site_id:
        raise BadInput("site is missing: the id of a site, such as ?site=demo")
    metric = query.get("metric", Metric.VISITS.value)
    if metric not in set(Metric):
        raise BadInput(f"metric is {metric[:40]!r}, it may be {METRICS}")
    return TotalsQuery(site_id, Metric(metric), query.get("path", "")[:2048])


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
        "start_count": 0 if snapshot.page else snapshot.site.start_count,
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
    answer = await request.app[ANSWERS].to_query(request.rel_url.raw_query_string)
    if etag_matches(request, answer.etag):
        return web.Response(status=304, headers=answer.headers)
    return web.Response(body=answer.body, headers=answer.headers)


async def get_you(request: web.Request) -> web.Response:
    """The visitor's own address, for the line "Your IP": never cached, never stored."""
    headers = {"Cache-Control": "private, no-store", "Access-Control-Allow-Origin": "*", **NOSNIFF}
    address = visitor_address(request, request.app[SERVICE])
    return web.json_response({"ip": address}, headers=headers)
