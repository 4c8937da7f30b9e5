"""Everything a page of a report shows, read in one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from counter.question import BotSum, Breakdown, Dimension, DropCount, Order, Question, Report, Sums
from counter.reports.answer import ReportAnswer, read_answer
from dashboard.access.call import Call
from dashboard.report.panels import Tab, TabKind
from dashboard.report.request import ReportRequest, by_of


class Reading(msgspec.Struct, frozen=True):
    """The answer, and the breakdown of each tab. Bots and drops are counted separately, whatever the filters."""

    answer: ReportAnswer
    breakdowns: Mapping[Tab, Breakdown]
    week_hours: tuple[tuple[int, int, Sums], ...] = ()  # weekday from Monday, wall hour, what began in it
    apart: Mapping[Tab, Report] = msgspec.field(default_factory=dict)  # of tabs with filters of their own
    bots: tuple[BotSum, ...] = ()
    drops: tuple[DropCount, ...] = ()
    several_hosts: bool = False  # whether pages of the site were ever seen on more than one host

    def report_of(self, tab: Tab) -> Report:
        """The report that a tab's rows are parts of."""
        return self.apart.get(tab, self.answer.report)


async def read_tabs(
    call: Call,
    wanted: ReportRequest,
    tabs: Sequence[Tab],
    *,
    limit: int,
    offset: int = 0,
    search: str = "",
    order: Order | None = None,
    compare: bool = True,
    views: bool = True,
) -> Reading:
    """Totals, series and the tabs' rows. A tab with filters of its own is an extra question; all are one snapshot.

    Rows are sorted by `order`, else by the metric. When pages would be sorted by views but only events pass the
    filters, everything is read again (`views` False) and pages are sorted by events.
    """
    site = call.site.site
    plain = [tab for tab in tabs if tab.dimension is not None and not tab.only]
    apart = [tab for tab in tabs if tab.only]
    pages = {
        tab: by_of(tab, wanted, limit=limit, offset=offset, search=search, order=order, views=views)
        for tab in (*plain, *apart)
    }
    asked = msgspec.structs.replace(
        wanted.query,
        breakdowns=tuple(by for tab in plain if (by := pages[tab]) is not None),
        compare=wanted.query.compare if compare else None,
        week_hours=any(tab.kind == TabKind.HEAT for tab in tabs),
    )
    extras = [
        Question(
            site.key, asked.period.start, asked.period.end, asked.filters + tab.only,
            breakdowns=tuple(by for by in (pages[tab],) if by is not None),
        )
        for tab in apart
    ]  # fmt: skip
    answer = await read_answer(call.service.store.reports, site, asked, call.site.local.day(call.now), call.now, extras)
    if views and order is None and _lacks_views(answer.report):
        return await read_tabs(
            call, wanted, tabs, limit=limit, offset=offset, search=search, compare=compare, views=False
        )  # fmt: skip
    found = dict(zip(plain, answer.report.breakdowns, strict=True))
    found |= {tab: one.breakdowns[0] for tab, one in zip(apart, answer.extras, strict=True)}
    days = (site.key, asked.period.start, asked.period.end)
    reports, kinds = call.service.store.reports, {tab.kind for tab in tabs}
    return Reading(
        answer, found, answer.report.week_hours, dict(zip(apart, answer.extras, strict=True)),
        tuple(await reports.bot_sums(*days)) if TabKind.BOTS in kinds else (),
        tuple(await reports.drops(*days)) if TabKind.DROPS in kinds else (),
        several_hosts=await reports.host_count(site.key) > 1,
    )  # fmt: skip


def _lacks_views(report: Report) -> bool:
    """Whether pages are sorted by views although there are only events."""
    sorted_by_views = any(
        one.by.dimension == Dimension.PAGE and one.by.order != Order.EVENTS for one in report.breakdowns
    )
    return sorted_by_views and not report.totals.pageviews and report.totals.events > 0
