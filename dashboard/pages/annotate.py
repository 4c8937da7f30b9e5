"""Annotations on days of a site: admins add and remove them below the chart."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from aiohttp import web

from counter.accounts import Annotation, check_annotation
from counter.calendar.localtime import day_date, day_number
from counter.calendar.periods import FIRST_DATE
from counter.errors import BadInput, UsageError
from counter.reports.grammar import read_filters
from counter.service.changes.sites import AddAnnotation, RemoveAnnotation
from dashboard import render
from dashboard.access.call import Call
from dashboard.report.links import Links
from dashboard.report.request import REPORT_KEYS, refuse_unknown_keys

AHEAD: Final = 366  # days after today that may be annotated, for plans
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


async def post_annotation(call: Call) -> web.StreamResponse:
    """A text of one line on a local day of the site."""
    back = _report_of(call)
    form = await call.request.post()
    day = _read_day(call, str(form.get("day", "")))
    text = check_annotation(str(form.get("text", "")))
    annotation = Annotation(0, call.site.site.key, day, text, call.user.login)
    await AddAnnotation(annotation, actor=call.user.login).apply(call.service)
    raise render.see(back)


async def post_remove_annotation(call: Call) -> web.StreamResponse:
    """404 for an annotation that does not exist, or belongs to another site."""
    back = _report_of(call)
    text = call.request.match_info["annotation"]
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise web.HTTPNotFound
    try:
        await RemoveAnnotation(call.site.site.key, int(text), actor=call.user.login).apply(call.service)
    except UsageError:
        raise web.HTTPNotFound from None
    raise render.see(back)


def _report_of(call: Call) -> str:
    """The report that the form was on: its question is the form's query."""
    query = call.request.query
    refuse_unknown_keys(query, REPORT_KEYS)
    return Links(call.site.site.id, query, read_filters(query)).report() + "#chart"


def _read_day(call: Call, text: str) -> int:
    last = call.site.local.day(call.now) + AHEAD
    allowed = f"a day from {FIRST_DATE} to {day_date(last)}, such as {day_date(last - AHEAD)}"
    try:
        day = day_number(dt.date.fromisoformat(text)) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 0 <= day <= last:
        raise BadInput(f"the day is {text[:40]!r}, it must be {allowed}")
    return day
