"""Totals of a site from memory: the same time at ten thousand and at ten million hits.

`Book` holds one number per site, local day and metric (3,650 days of ten years are 0.5 MB); the writer adds what
each committed batch gained. A `Snapshot` is everything a counter shows, from one moment, each number checked;
`Snapshots` takes another only when something changed.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from counter.calendar.localtime import LocalTime, day_date
from counter.calendar.periods import Period, periods
from counter.clock import Clock
from counter.collect.page import normalise_path
from counter.question import Count, DayTotal, HistoryDay, Metric
from counter.service.online import Online
from counter.site import Site, Sites
from counter.store.protocols import Reports

log = logging.getLogger(__name__)

LINES = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all")
REMEMBERED = 2000  # snapshots, and answers made of them; each is about 1 kB
PAGE_DAYS = 70  # local days of a page that periods can reach back to


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a counter shows, from one moment."""

    site: Site
    metric: str
    generated_at: int  # UTC seconds
    local_time: str  # 2024-11-21 15:11, in the site's zone
    online: int
    record_day: tuple[dt.date, int] | None
    counts: dict[str, Count]
    page: str = ""  # a page's own totals; '' is the site
    start_count: int = 0  # part of `all`: the site's, or the page's own
    countries: tuple[str, ...] | None = None  # the site's, most visitors first; None: not known, or not asked


class Tally:
    """One metric of one site (or page): numbers by local day, their sum, the best and the first day."""

    __slots__ = ("days", "total")

    def __init__(self) -> None:
        self.days: dict[int, int] = {}
        self.total = 0

    def add(self, day: int, count: int) -> None:
        self.days[day] = self.days.get(day, 0) + count
        self.total += count

    def sum(self, period: Period) -> int:
        days = self.days
        return sum(days[day] for day in range(period.start, period.end) if day in days)

    def record(self) -> tuple[dt.date, int] | None:
        """The day with the most, the earlier one on a tie."""
        best = max(self.days.items(), key=lambda entry: (entry[1], -entry[0]), default=None)
        return (day_date(best[0]), best[1]) if best and best[1] > 0 else None

    def first(self) -> dt.date | None:
        return day_date(min(self.days)) if self.days else None


class Book:
    """The tallies of every site, kept up to date by the writer."""

    def __init__(self) -> None:
        self._counted: dict[tuple[int, Metric], Tally] = {}
        self._versions: dict[int, int] = {}
        self._brought: dict[int, dict[int, HistoryDay]] = {}  # site key -> local day
        self._page_starts: Mapping[int, Mapping[str, int]] = {}  # site key -> normalised path

    def load(self, totals: Iterable[DayTotal], history: Mapping[int, Iterable[HistoryDay]]) -> None:
        """Start anew from what is stored: counted days, and days brought along from former counters."""
        self._counted.clear()
        self.add(totals)
        self._brought = {site_key: {day.day: day for day in days} for site_key, days in history.items()}
        for site_key, brought in self._brought.items():
            for day in brought.values():
                self._add_history(site_key, day)
            self._touch(site_key)

    def load_page_starts(self, starts: Mapping[int, Mapping[str, int]]) -> None:
        """What single pages had counted before, by site key and normalised path."""
        for site_key in {*self._page_starts, *starts}:
            self._touch(site_key)
        self._page_starts = starts

    def page_start(self, site_key: int, path: str) -> int:
        """The start count of a page by its normalised path; 0 for none."""
        return self._page_starts.get(site_key, {}).get(path, 0)

    def add(self, gained: Iterable[DayTotal]) -> None:
        """What a committed batch added to its days."""
        for total in gained:
            for metric, count in (
                (Metric.VISITS, total.visits),
                (Metric.VISITORS, total.visitors),
                (Metric.PAGEVIEWS, total.pageviews),
            ):
                if count:
                    self.tally(total.site_key, metric).add(total.day, count)
            self._touch(total.site_key)

    def tally(self, site_key: int, metric: Metric) -> Tally:
        tally = self._counted.get((site_key, metric))
        if tally is None:
            tally = self._counted[(site_key, metric)] = Tally()
        return tally

    def version(self, site_key: int) -> int:
        """Changes with every change of the site's numbers."""
        return self._versions.get(site_key, 0)

    def is_brought(self, site_key: int, day: int) -> bool:
        """Whether the day has numbers of a former counter, which nobody can tell by the hour."""
        return day in self._brought.get(site_key, {})

    def knows(self, site_key: int, metric: Metric, period: Period) -> bool:
        """Whether all days of the period that a former counter brought along came with this metric."""
        brought = self._brought.get(site_key, {})
        days = (brought[day] for day in range(period.start, period.end) if day in brought) if brought else ()
        return all(getattr(day, metric.value) is not None for day in days)

    def _touch(self, site_key: int) -> None:
        self._versions[site_key] = self._versions.get(site_key, 0) + 1

    def _add_history(self, site_key: int, day: HistoryDay) -> None:
        for metric, count in (
            (Metric.VISITS, day.visits),
            (Metric.VISITORS, day.visitors),
            (Metric.PAGEVIEWS, day.pageviews),
        ):
            if count:
                self.tally(site_key, metric).add(day.day, count)


def take_snapshot(site: Site, local: LocalTime, metric: Metric, tally: Tally, online: int, now: float,
                  page: str = "", page_start: int = 0) -> Snapshot:  # fmt: skip
    """What the counter of `site` shows at `now` (UTC seconds). A page has a start count of its own."""
    today = local.day(int(now))
    spans = periods(today, site.first_weekday_number)
    start_count = page_start if page else site.start_count
    counts: dict[str, Count] = {
        name: Count(tally.sum(span), day_date(span.start), day_date(span.end)) for name, span in spans.items()
    }
    counts["all"] = Count(tally.total + start_count, tally.first(), day_date(today + 1))
    return Snapshot(
        site=site,
        metric=metric.value,
        generated_at=int(now),
        local_time=local.text(now),
        online=online,
        record_day=tally.record(),
        counts=checked(counts, start_count, site.id),
        page=page,
        start_count=start_count,
    )


class SnapshotQuery(NamedTuple):
    """Whose numbers, and which; `path` is '' for the whole site."""

    site_id: str
    metric: Metric
    path: str


class _Taken(NamedTuple):
    snapshot: Snapshot
    version: tuple[int, int]  # of the site's numbers; who is online
    until: int  # UTC seconds: the next local midnight


class Snapshots:
    """The snapshots of a running service: another one when a number, the site, the day or `online` changed."""

    def __init__(self, book: Book, online: Online, sites: Sites, reports: Reports, clock: Clock) -> None:
        self._book = book
        self._online = online
        self._sites = sites
        self._reports = reports
        self._clock = clock
        self._taken: dict[SnapshotQuery, _Taken] = {}

    async def of(self, query: SnapshotQuery) -> Snapshot:
        """UnknownSite; StoreError when the days of a page can't be read. The same object until something changed."""
        site = self._sites.public(query.site_id)
        key = site.site.key
        version = (self._book.version(key), self._online.count(key))
        now = self._clock.now()
        taken = self._taken.get(query)
        if (
            taken is not None and taken.version == version and taken.snapshot.generated_at <= now < taken.until
            and taken.snapshot.site is site.site
        ):  # fmt: skip
            return taken.snapshot
        today = site.local.day(int(now))
        tally, page_start = self._book.tally(key, query.metric), 0
        if query.path:
            path = normalise_path(query.path, site.site.query_keys)
            tally = await self._page_tally(key, path, query.metric, today)
            page_start = self._book.page_start(key, path)
        snapshot = take_snapshot(site.site, site.local, query.metric, tally, version[1], now, query.path, page_start)
        if len(self._taken) >= REMEMBERED:
            self._taken.clear()
        self._taken[query] = _Taken(snapshot, version, site.local.midnight(today + 1))
        return snapshot

    async def _page_tally(self, site_key: int, path: str, metric: Metric, today: int) -> Tally:
        days, whole = await self._reports.page_days(site_key, path, today - PAGE_DAYS)
        tally = Tally()
        for day in days:
            tally.add(day.day, getattr(day, metric.value))
        tally.total = getattr(whole, metric.value)
        return tally


def checked(counts: dict[str, Count], start_count: int, site_id: str) -> dict[str, Count]:
    """The counts, with `value` None for each that breaks an invariant: no wrong number is ever shown.

    today <= this_week, today <= this_month, this_week + last_week <= all - start_count, the same for months, and
    nothing below zero.
    """
    value = {name: count.value or 0 for name, count in counts.items()}
    counted = value["all"] - start_count
    rules = (
        (("today", "this_week"), value["today"] <= value["this_week"]),
        (("today", "this_month"), value["today"] <= value["this_month"]),
        (("this_week", "last_week"), value["this_week"] + value["last_week"] <= counted),
        (("this_month", "last_month"), value["this_month"] + value["last_month"] <= counted),
        (tuple(name for name in LINES if value[name] < 0), min(value.values()) >= 0),
    )
    wrong = {name for names, holds in rules if not holds for name in names}
    if wrong:
        log.error("totals break an invariant and are not shown", extra={"site": site_id, "lines": sorted(wrong)})
    return {
        name: msgspec.structs.replace(count, value=None) if name in wrong else count for name, count in counts.items()
    }
