"""What a reader of a report or of hits wants: the query string, read as strictly as the API's."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

from counter.calendar.localtime import day_date
from counter.calendar.periods import Compare, Period, compared_period, named_period
from counter.calendar.series import HOURLY_DAYS, default_bucket
from counter.collect.typed import as_stored
from counter.errors import BadInput
from counter.event import PAGEVIEW
from counter.question import Bucket, By, Dimension, Filter, Operator, Order
from counter.reports.answer import ROW_METRICS, ReportQuery
from counter.reports.grammar import (
    CUSTOM,
    Query,
    period_name,
    read_filters,
    read_number,
    read_period,
    refuse_unknown,
    wants_all_days,
)
from dashboard.access.call import Call
from dashboard.report.links import Links
from dashboard.report.panels import BY_NAME, PANELS, Tab, TabKind

ONLINE: Final = "online"
METRICS: Final = ("visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration", ONLINE)
REPORT_KEYS: Final = ("period", "from", "to", "filter", "compare", "bucket", "metric", "tab", "key")
ROWS_KEYS: Final = (*REPORT_KEYS, "order", "search", "page")
NO_COMPARE: Final = "none"
DAYS_OF_HITS: Final = "7d"
TOP_ROWS: Final = 9  # of a panel
MAP_ROWS: Final = 300  # more than there are countries
REPEATED: Final = ("tab",)


class ReportRequest(msgspec.Struct, frozen=True):
    """One request of a reader. `order` is what rows are sorted by: the metric where rows have it, else visitors."""

    query: ReportQuery
    metric: str
    period_name: str  # one of counter.calendar.periods.NAMES, or `custom`
    open_tabs: dict[str, Tab]  # by panel
    key: str  # which property's values are shown

    @property
    def filters(self) -> tuple[Filter, ...]:
        return self.query.filters

    @property
    def period(self) -> Period:
        return self.query.period

    @property
    def order(self) -> Order:
        return Order(self.metric) if self.metric in {"visits", "visitors", "pageviews"} else Order.VISITORS


class Days(msgspec.Struct, frozen=True):
    """A period, and how it was asked for: one of counter.calendar.periods.NAMES, or CUSTOM."""

    period: Period
    name: str

    @property
    def first(self) -> dt.date:
        return day_date(self.period.start)

    @property
    def last(self) -> dt.date:
        return day_date(self.period.end - 1)

    @property
    def link_name(self) -> str | None:
        """What a link says so that it means the same days; None where its dates say it."""
        return None if self.name == CUSTOM else self.name


async def read_report_request(call: Call, known: tuple[str, ...] = REPORT_KEYS) -> ReportRequest:
    """The question of the request; BadInput names the parameter and what it may be."""
    query, site = call.request.query, call.site
    refuse_unknown_keys(query, known)
    period, today = await _read_period(call), site.local.day(call.now)
    asked = ReportQuery(
        period,
        as_stored(read_filters(query), site.site.query_keys),
        _read_bucket(query, period),
        compare=_read_compare(query, period, today),
    )
    return ReportRequest(
        query=asked,
        metric=_one_of("metric", query.get("metric", METRICS[0]), METRICS),
        period_name=period_name(query),
        open_tabs=_read_tabs(query),
        key=query.get("key", "")[:64],
    )


async def read_days(call: Call) -> Days:
    """The days that a page about hits is asked for; the last seven when nothing is said."""
    query, site = call.request.query, call.site
    if not {"period", "from", "to"} & query.keys():
        today = site.local.day(call.now)
        return Days(named_period(DAYS_OF_HITS, today, site.site.first_weekday_number, None), DAYS_OF_HITS)
    return Days(await _read_period(call), period_name(query))


async def _read_period(call: Call) -> Period:
    query, site = call.request.query, call.site
    counted = await call.service.store.reports.counted_days(site.site.key) if wants_all_days(query) else None
    return read_period(query, site, site.local.day(call.now), counted)


def links_of(call: Call, wanted: ReportRequest) -> Links:
    return Links(call.site.site.id, call.request.query, wanted.filters)


def refuse_unknown_keys(query: Query, known: tuple[str, ...]) -> None:
    """As the API does, except that `tab` may be repeated, once for each panel."""
    once = query.copy()  # type: ignore[attr-defined]
    for name in REPEATED:
        once.popall(name, None)
    refuse_unknown(once, known)


def buckets_of(period: Period) -> tuple[Bucket, ...]:
    """The buckets that draw a period as more than one point, but not too many to read."""
    days = period.end - period.start
    fits = {
        Bucket.HOUR: days <= HOURLY_DAYS,
        Bucket.DAY: 1 < days <= 731,
        Bucket.WEEK: days > 7,
        Bucket.MONTH: days > 31,
    }
    return tuple(bucket for bucket, fitting in fits.items() if fitting)


def by_of(tab: Tab, wanted: ReportRequest, *, limit: int = TOP_ROWS, offset: int = 0, search: str = "",
          order: Order | None = None, views: bool = True) -> By | None:  # fmt: skip
    """The breakdown behind a tab; None if it has none. Without `views`, pages are sorted by events."""
    dimension = dimension_of(tab, wanted)
    if dimension is None:
        return None
    if order is None:
        order = order_of(tab, wanted) if views or dimension != Dimension.PAGE else Order.EVENTS
    rows = max(limit, MAP_ROWS) if tab.kind == TabKind.MAP else limit
    return By(dimension, key_of(tab, wanted), order, search, rows, offset)


def dimension_of(tab: Tab, wanted: ReportRequest) -> Dimension | None:
    """The dimension of a tab's rows: with a key, the values of that property instead of the names of all."""
    return Dimension.PROPERTY if tab.kind == TabKind.KEYS and wanted.key else tab.dimension


def key_of(tab: Tab, wanted: ReportRequest) -> str:
    """Which property the rows are values of; '' for any other dimension."""
    return wanted.key if tab.kind == TabKind.KEYS else tab.key


def order_of(tab: Tab, wanted: ReportRequest) -> Order:
    """What a tab's rows are sorted by unless asked otherwise: the metric, or the nearest that they have.

    Events on a page are no views of it, so pages of events alone are sorted by these.
    """
    dimension = dimension_of(tab, wanted)
    if dimension is None:
        return wanted.order
    if dimension == Dimension.PAGE and any(_lets_views_out(one) for one in (*wanted.filters, *tab.only)):
        return Order.EVENTS
    if wanted.order in ROW_METRICS[dimension]:
        return wanted.order
    return Order.VISITS if dimension == Dimension.EXIT_PAGE else Order.EVENTS


def _lets_views_out(one: Filter) -> bool:
    return one.dimension == Dimension.EVENT and one.operator == Operator.IS and PAGEVIEW not in one.values


def read_page(query: Query) -> int:
    """The number of a page of rows, from 1."""
    return read_number(query, "page", 1, 1, 10_000)


def _read_bucket(query: Query, period: Period) -> Bucket:
    if "bucket" not in query:
        return default_bucket(period)
    return Bucket(_one_of("bucket", query["bucket"], tuple(bucket.value for bucket in Bucket)))


def _read_compare(query: Query, period: Period, today: int) -> Compare | None:
    """By default the days before; all days, and days in 1970, have none."""
    if "compare" in query:
        name = _one_of("compare", query["compare"], (*(one.value for one in Compare), NO_COMPARE))
        return None if name == NO_COMPARE else Compare(name)
    if wants_all_days(query):
        return None
    try:
        compared_period(period, Compare.PREVIOUS, today)
    except BadInput:
        return None
    return Compare.PREVIOUS


def _read_tabs(query: Query) -> dict[str, Tab]:
    tabs = {panel.name: panel.tabs[0] for panel in PANELS}
    for text in query.getall("tab", []):
        name, _, tab_name = text.partition(":")
        panel = BY_NAME.get(name)
        tab = panel.tab(tab_name) if panel else None
        if tab is None:
            raise BadInput(f"tab is {text[:60]!r}, it may be PANEL:TAB such as pages:entry_pages")
        tabs[name] = tab
    return tabs


def _one_of(what: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise BadInput(f"{what} is {text[:40]!r}, it may be {', '.join(known)}")
    return text
