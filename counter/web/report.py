"""`GET /api/v1/report`, `/api/v1/hits` and `/api/v1/visit`: the owner's questions, with the site's read token.

Every number of an answer is of one snapshot and one moment. Nothing of it is public: no CORS, never cached.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import hdrs, web

from counter.calendar.localtime import day_date
from counter.calendar.periods import Period
from counter.collect.typed import as_stored
from counter.errors import BadInput, CounterError, NotAuthorized
from counter.question import Breakdown, Bucket, Dimension, Filter, LoggedHit, Question, Report, Sums
from counter.reports.answer import ROW_METRICS, ReportAnswer, ReportQuery, metrics, rate, read_answer, total_metrics
from counter.reports.grammar import (
    HITS_KEYS,
    MOST_ROWS,
    REPORT_KEYS,
    VISIT_KEYS,
    period_name,
    read_filters,
    read_number,
    read_period,
    read_report_query,
    refuse_unknown,
    wants_all_days,
)
from counter.service.service import SERVICE, Service
from counter.site import WEEKDAYS, ActiveSite, TokenMay
from counter.web.middleware import NOSNIFF, come_again, outward

log = logging.getLogger(__name__)

PRIVATE = {"Cache-Control": "private, no-store", **NOSNIFF}
HITS = 50  # of a page, by default
LARGEST_ID = 2**62
PrivateHandler = Callable[[web.Request], Awaitable[web.Response]]


def private(handler: PrivateHandler) -> PrivateHandler:
    """Answer errors of a private route like all others, but unreadable to other sites."""

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except CounterError as error:
            message = outward(error, log, "a report failed", "the report could not be read; the log says why")
            bearer = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAuthorized) else {}
            body = {"error": error.code, "message": message}
            return web.json_response(body, status=error.status, headers={**PRIVATE, **bearer, **come_again(error)})

    return answer


@private
async def get_report(request: web.Request) -> web.Response:
    service, site, now = _begin(request, REPORT_KEYS)
    today = site.local.day(now)
    asked = read_report_query(request.query, site, today, await _counted(request, service, site))
    asked = msgspec.structs.replace(asked, filters=as_stored(asked.filters, site.site.query_keys))
    answer = await read_answer(service.store.reports, site.site, asked, today, now)
    return _json({**report_head(request, site, asked.period, now), **report_json(asked, answer, site)})


@private
async def get_hits(request: web.Request) -> web.Response:
    """A page of the hit log, newest first; `next` is the `before` of the next page."""
    service, site, now = _begin(request, HITS_KEYS)
    period = read_period(request.query, site, site.local.day(now), await _counted(request, service, site))
    filters = as_stored(read_filters(request.query), site.site.query_keys)
    limit = read_number(request.query, "limit", HITS, 1, MOST_ROWS)
    before = read_number(request.query, "before", LARGEST_ID, 1, LARGEST_ID)
    question = Question(site.site.key, period.start, period.end, filters)
    hits = await service.store.reports.hits(question, before, limit + 1)
    shown = hits[:limit]
    return _json({
        **report_head(request, site, period, now),
        "filters": [filter_json(one) for one in filters],
        "hits": [_hit_json(hit, site) for hit in shown],
        "next": shown[-1].hit if len(hits) > limit else None,
    })  # fmt: skip


@private
async def get_visit(request: web.Request) -> web.Response:
    """The hits of one visit in the order of time."""
    service, site, now = _begin(request, VISIT_KEYS)
    if "visit" not in request.query:
        raise BadInput("visit is missing: the number of a visit, as in the answer of /api/v1/hits")
    visit = read_number(request.query, "visit", 0, 1, LARGEST_ID)
    hits = await service.store.reports.visit(site.site.key, visit)
    return _json({
        "site": site.site.id, "zone": site.site.timezone, "generated_at": site.local.iso(now), "visit": visit,
        "hits": [_hit_json(hit, site) for hit in hits],
    })  # fmt: skip


def _begin(request: web.Request, known: tuple[str, ...]) -> tuple[Service, ActiveSite, int]:
    """The site that the token may read, and now. Without a token nothing is revealed, not even wrong parameters."""
    service = request.app[SERVICE]
    site_key = service.token_site(request.headers.get(hdrs.AUTHORIZATION, ""), TokenMay.READ)
    if site_key is None:
        raise NotAuthorized(
            "send the site's read token: Authorization: Bearer TOKEN, from 'counter site token ID --read'"
        )
    refuse_unknown(request.query, known)
    site = service.sites.by_key(site_key)
    if "site" not in request.query:
        raise BadInput("site is missing: the id of a site, such as ?site=demo")
    if site is None or site.site.id != request.query["site"]:
        raise NotAuthorized("this read token is not for this site")
    return service, site, int(service.clock.now())


async def _counted(request: web.Request, service: Service, site: ActiveSite) -> tuple[int, int] | None:
    return await service.store.reports.counted_days(site.site.key) if wants_all_days(request.query) else None


def report_head(request: web.Request, site: ActiveSite, period: Period, now: int) -> dict[str, Any]:
    return {
        "site": site.site.id,
        "zone": site.site.timezone,
        "generated_at": site.local.iso(now),
        "period": {"name": period_name(request.query), **_dates(period)},
    }


def _dates(period: Period) -> dict[str, Any]:
    """Both dates inclusive, as they are asked for."""
    days = period.end - period.start
    return {"from": day_date(period.start), "to": day_date(period.end - 1), "days": days}


def report_json(asked: ReportQuery, answer: ReportAnswer, site: ActiveSite) -> dict[str, Any]:
    report, compared = answer.report, answer.compared
    return {
        "filters": [filter_json(one) for one in asked.filters],
        "incomplete_days": [day_date(day) for day in report.incomplete_days],
        "totals": _totals_json(report.totals, answer.base, asked),
        "series": _series_json(report, site),
        "breakdowns": [breakdown_json(one, answer) for one in report.breakdowns],
        "week_hours": _week_hours_json(report) if asked.week_hours else None,
        "compare": None if compared is None else {
            "name": asked.compare,
            **_dates(Period(compared.question.start, compared.question.end)),
            "until": None if answer.until is None else site.local.iso(answer.until),
            "incomplete_days": [day_date(day) for day in compared.incomplete_days],
            "totals": _totals_json(answer.compared_totals or Sums(), answer.compared_base, asked),
            "series": _series_json(compared, site),
        },
    }  # fmt: skip


def _totals_json(sums: Sums, base: int | None, asked: ReportQuery) -> dict[str, Any]:
    """With a filter on a goal, also the share of all visitors that reached it."""
    reached = any(one.dimension == Dimension.GOAL for one in asked.filters)
    rates = {"conversion_rate": rate(sums.visitors, base or 0)} if reached else {}
    return {**total_metrics(sums), **rates}


def _series_json(report: Report, site: ActiveSite) -> dict[str, Any]:
    bucket = report.question.bucket

    def start(point: int) -> Any:
        return site.local.iso(point) if bucket == Bucket.HOUR else day_date(point)

    points = [{"start": start(point.start), **metrics(point.sums)} for point in report.series]
    return {"bucket": bucket, "points": points}


def _week_hours_json(report: Report) -> list[dict[str, Any]]:
    """The hours with any visits, from Monday 0 h to Sunday 23 h."""
    return [{"weekday": WEEKDAYS[weekday], "hour": hour, **metrics(sums)} for weekday, hour, sums in report.week_hours]


def breakdown_json(breakdown: Breakdown, answer: ReportAnswer) -> dict[str, Any]:
    by = breakdown.by
    wanted = ROW_METRICS[by.dimension]

    def row(value: str, sums: Sums) -> dict[str, Any]:
        rates = {"conversion_rate": answer.conversion_rate(sums.visitors)} if by.dimension == Dimension.GOAL else {}
        return {"value": value, **metrics(sums, wanted), **rates}

    return {
        "by": by.dimension.name.lower(),
        **({"key": by.key} if by.key else {}),
        "total_rows": breakdown.total_rows,
        "rows": [row(one.value, one.sums) for one in breakdown.rows],
    }


def filter_json(one: Filter) -> dict[str, Any]:
    key = {"key": one.key} if one.key else {}
    return {"dimension": one.dimension.name.lower(), **key, "operator": one.operator, "values": one.values}


def _hit_json(hit: LoggedHit, site: ActiveSite) -> dict[str, Any]:
    """Times in the site's zone; properties as an object."""
    props = msgspec.json.decode(hit.props) if hit.props else {}
    return {**msgspec.to_builtins(hit), "at": site.local.iso(hit.at), "props": props}


def _json(body: dict[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), content_type="application/json", headers=PRIVATE)
