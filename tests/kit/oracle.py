"""What a list of hits must add up to, counted naively from docs/counting: every hit is kept, every number is asked
of all of them anew, with nothing of the code under test.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

TIMEOUT = 30 * 60  # seconds; a gap of exactly this much continues the visit
ENGAGED_CAP = 30 * 60  # seconds
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
VISIT_DIMENSIONS = (
    "browser", "browser_version", "system", "device", "language", "screen", "country", "region", "city", "referrer",
    "referrer_host", "source", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip


class Told(NamedTuple):
    """One hit as it arrived."""

    site: str
    at: int  # UTC seconds
    who: int
    kind: str  # pageview, custom, engaged
    path: str
    name: str = ""
    hit_id: str = ""
    view: str = ""  # of engaged time: the hit id of the page view
    engaged: int = 0  # seconds
    traits: tuple[str, ...] = ("",) * len(VISIT_DIMENSIONS)
    host: str = ""  # of the page
    proxy: str = ""  # the image proxy that asked for it, for nobody can say whom: a page view, and nothing else


class Numbers(NamedTuple):
    """In the order of the store's sums."""

    pageviews: int = 0
    visits: int = 0
    visitors: int = 0
    bounces: int = 0
    seconds: int = 0
    events: int = 0
    engaged: int = 0
    proxied: int = 0


class Visit:
    """The hits of one visit, in the order they arrived."""

    def __init__(self, first: Told, date: dt.date) -> None:
        self.first = first
        self.date = date
        self.hits = [first]
        self.engaged: dict[str, tuple[int, int]] = {}  # by page view: when it was, the largest engaged time

    @property
    def begin(self) -> int:
        return min(hit.at for hit in self.hits)

    @property
    def end(self) -> int:
        return max([hit.at for hit in self.hits] + [at + engaged for at, engaged in self.engaged.values()])

    def gap(self, at: int) -> int:
        return max(0, at - self.end, self.begin - at)

    @property
    def bounced(self) -> bool:
        return [hit.kind for hit in self.hits] == ["pageview"]

    @property
    def exit_page(self) -> str:
        """The page of its last hit; of two in one second, of that which arrived later."""
        return max(enumerate(self.hits), key=lambda one: (one[1].at, one[0]))[1].path


class Oracle:
    def __init__(self, zones: dict[str, str]) -> None:
        self.zones = {site: zoneinfo.ZoneInfo(zone) for site, zone in zones.items()}
        self.visits: dict[tuple[str, dt.date, int], list[Visit]] = {}  # in the order they arrived
        self.views: dict[tuple[str, str], Visit] = {}
        self.known: set[tuple[str, str]] = set()
        self.carried: list[Told] = []  # page views through image proxies

    def tell(self, hit: Told) -> str:
        """Take a hit; returns its outcome."""
        if hit.kind == "engaged":
            return self._engage(hit)
        if hit.hit_id:
            if (hit.site, hit.hit_id) in self.known:
                return "duplicate"
            self.known.add((hit.site, hit.hit_id))
        if hit.proxy:
            self.carried.append(hit)
            return "counted"
        visit = self._visit(hit)
        if hit.hit_id and hit.kind == "pageview":
            self.views[(hit.site, hit.hit_id)] = visit
        return "counted"

    def date(self, site: str, at: int) -> dt.date:
        return dt.datetime.fromtimestamp(at, self.zones[site]).date()

    def hour(self, site: str, at: int) -> int:
        """The UTC second at which the local wall hour of `at` began, by the offset in force at `at`."""
        offset = dt.datetime.fromtimestamp(at, self.zones[site]).utcoffset()
        assert offset is not None
        shift = int(offset.total_seconds())
        return (at + shift) // 3600 * 3600 - shift

    def hours(self, site: str) -> dict[tuple[dt.date, int], Numbers]:
        """By local date and hour; only those with anything."""
        found: Counter[tuple[dt.date, int, str]] = Counter()
        for visits in self._visitor_days(site):
            first = visits[0].first
            found[(visits[0].date, self.hour(site, first.at), "visitors")] += 1
            for visit in visits:
                start = (visit.date, self.hour(site, visit.first.at))
                found[(*start, "visits")] += 1
                found[(*start, "bounces")] += visit.bounced
                found[(*start, "seconds")] += visit.end - visit.begin
                for hit in visit.hits:
                    what = "pageviews" if hit.kind == "pageview" else "events"
                    found[(visit.date, self.hour(site, hit.at), what)] += 1
                for at, engaged in visit.engaged.values():
                    found[(visit.date, self.hour(site, at), "engaged")] += engaged
        for hit in self._carried(site):
            for what in ("pageviews", "proxied"):
                found[(self.date(site, hit.at), self.hour(site, hit.at), what)] += 1
        return _numbers(found)

    def days(self, site: str) -> dict[dt.date, Numbers]:
        return _sums((date, numbers) for (date, _), numbers in self.hours(site).items())

    def breakdown(self, site: str, dimension: str, start: dt.date, end: dt.date) -> dict[str, Numbers]:
        """The sums of the dates [start, end) by value; visitors are distinct (visitor, date)."""
        found: Counter[tuple[str, str]] = Counter()
        for visits in self._visitor_days(site):
            if start <= visits[0].date < end:
                for value, what, count in _shares(visits, dimension):
                    found[(value or "Unknown", what)] += count
        for hit in self._carried(site):
            if start <= self.date(site, hit.at) < end:
                for value in _carried_values(hit, dimension):
                    found[(value or "Unknown", "pageviews")] += 1
                    found[(value or "Unknown", "proxied")] += 1
        return _numbers(Counter({(value, what): count for (value, what), count in found.items()}), width=1)

    def periods(self, site: str, metric: str, now: int, first_weekday: str) -> dict[str, int]:
        """The lines of the counter, each asked of every date there is."""
        today = self.date(site, now)

        def week(date: dt.date) -> dt.date:
            while WEEKDAYS[date.weekday()] != first_weekday:
                date -= dt.timedelta(days=1)
            return date

        month_before = today.replace(day=1) - dt.timedelta(days=1)
        rules = {
            "today": lambda date: date == today,
            "yesterday": lambda date: date == today - dt.timedelta(days=1),
            "this_week": lambda date: week(date) == week(today),
            "last_week": lambda date: week(date) == week(today) - dt.timedelta(days=7),
            "this_month": lambda date: (date.year, date.month) == (today.year, today.month),
            "last_month": lambda date: (date.year, date.month) == (month_before.year, month_before.month),
            "all": lambda _: True,
        }
        counted = {date: getattr(numbers, metric) for date, numbers in self.days(site).items()}
        return {name: sum(count for date, count in counted.items() if rule(date)) for name, rule in rules.items()}

    def _visitor_days(self, site: str) -> Iterator[list[Visit]]:
        return (visits for (of, _, _), visits in self.visits.items() if of == site)

    def _carried(self, site: str) -> Iterator[Told]:
        return (hit for hit in self.carried if hit.site == site)

    def _visit(self, hit: Told) -> Visit:
        date = self.date(hit.site, hit.at)
        visits = self.visits.setdefault((hit.site, date, hit.who), [])
        near = [visit for visit in visits if visit.gap(hit.at) <= TIMEOUT]
        if near:
            visit = min(near, key=lambda one: one.gap(hit.at))  # the first of equals: that which arrived first
            visit.hits.append(hit)
        else:
            visit = Visit(hit, date)
            visits.append(visit)
        return visit

    def _engage(self, hit: Told) -> str:
        visit = self.views.get((hit.site, hit.view))
        if visit is None:
            return "unknown_view"
        at = next(one.at for one in visit.hits if one.hit_id == hit.view)
        before = visit.engaged.get(hit.view, (at, 0))[1]
        visit.engaged[hit.view] = at, max(before, min(hit.engaged, ENGAGED_CAP))
        return "counted"


def _shares(visits: list[Visit], dimension: str) -> Iterator[tuple[str, str, int]]:
    """What the visits of one visitor on one date give to the values of a dimension: (value, metric, count)."""
    visitors: set[str] = set()
    for visit in visits:
        if dimension == "host":
            values = {hit.host for hit in visit.hits}
            yield from ((value, "visits", 1) for value in values)
            visitors |= values
            for hit in visit.hits:
                yield hit.host, "pageviews" if hit.kind == "pageview" else "events", 1
                if hit.kind == "pageview" and hit.hit_id in visit.engaged:
                    yield hit.host, "engaged", visit.engaged[hit.hit_id][1]
        elif dimension in {"page", "event"}:
            kind, key = ("pageview", "path") if dimension == "page" else ("custom", "name")
            values = {getattr(hit, key) for hit in visit.hits if hit.kind == kind}
            yield from ((value, "visits", 1) for value in values)
            visitors |= values
            for hit in visit.hits:
                if dimension == "page" or hit.kind == "custom":
                    yield getattr(hit, key), "pageviews" if hit.kind == "pageview" else "events", 1
            if dimension == "page":
                for hit in visit.hits:
                    if hit.kind == "pageview" and hit.hit_id in visit.engaged:
                        yield hit.path, "engaged", visit.engaged[hit.hit_id][1]
        elif dimension == "exit_page":
            yield visit.exit_page, "visits", 1
        else:
            value = visit.first.path if dimension == "entry_page" else _trait(visit.first, dimension)
            visitors.add(value)
            yield value, "visits", 1
            yield value, "bounces", int(visit.bounced)
            yield value, "seconds", visit.end - visit.begin
            yield value, "pageviews", sum(hit.kind == "pageview" for hit in visit.hits)
            yield value, "events", sum(hit.kind == "custom" for hit in visit.hits)
            yield value, "engaged", sum(engaged for _, engaged in visit.engaged.values())
    yield from ((value, "visitors", 1) for value in visitors)


def _carried_values(hit: Told, dimension: str) -> tuple[str, ...]:
    """A view through a proxy has its page and the proxy's name and channel; begins, ends and does nothing."""
    if dimension in {"event", "entry_page", "exit_page"}:
        return ()
    return ({"page": hit.path, "host": hit.host, "source": hit.proxy, "channel": "referral"}.get(dimension, ""),)


def _trait(hit: Told, dimension: str) -> str:
    return hit.traits[VISIT_DIMENSIONS.index(dimension)]


def _numbers(found: Counter, width: int = 2) -> dict:  # type: ignore[type-arg]
    """(key..., metric) -> count, as key -> Numbers, without those that are all zero."""
    by_key: dict = {}  # type: ignore[type-arg]
    for (*key, what), count in found.items():
        if count:
            by_key.setdefault(tuple(key) if width > 1 else key[0], {})[what] = count
    return {key: Numbers(**counts) for key, counts in by_key.items()}


def _sums(parts: Iterable[tuple[dt.date, Numbers]]) -> dict[dt.date, Numbers]:
    sums: dict[dt.date, Numbers] = {}
    for key, numbers in parts:
        sums[key] = Numbers(*map(sum, zip(sums.get(key, Numbers()), numbers, strict=True)))
    return sums
