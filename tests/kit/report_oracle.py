"""What a report must say, found naively in the rows of the view `hit_log` alone: plain loops over all hits."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from counter.question import Bucket, By, Dimension, Filter, Operator, Question, Sums
from counter.site import Goal

Hit = dict[str, Any]
Counts = dict[Any, dict[str, int]]
EPOCH = dt.date(1970, 1, 1)
# What an event itself brings; every other dimension is its visit's.
OF_EVENTS = (
    Dimension.PAGE,
    Dimension.HOST,
    Dimension.EVENT,
    Dimension.PROPERTY_KEY,
    Dimension.PROPERTY,
    Dimension.GOAL,
)


def read_log(folder: Path, site_id: str) -> list[Hit]:
    """Every hit of a site, in order of arrival."""
    with closing(sqlite3.connect(f"file:{folder / 'counter.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("select * from hit_log where site = ? order by hit", (site_id,)).fetchall()
    return [dict(row) for row in rows]


class Answer:
    """One question asked of all hits of its site."""

    def __init__(self, hits: Iterable[Hit], question: Question, zone: str, goals: Iterable[Goal]) -> None:
        self.question = question
        self.zone = ZoneInfo(zone)
        self.goals = tuple(goals)
        self.visits: dict[int, list[Hit]] = defaultdict(list)
        for hit in hits:
            self.visits[hit["visit"]].append(hit)
        self.found = [hit for hits in self.visits.values() for hit in hits if self.matches(hit)]
        self.found.sort(key=lambda hit: hit["hit"])

    def matches(self, hit: Hit) -> bool:
        return all(self._passes(hit, one) for one in self.question.filters)

    def inside(self, day: int) -> bool:
        return self.question.start <= day < self.question.end

    # Totals and series ---------------------------------------------------------------------------------------

    def totals(self) -> Sums:
        return _sums(self._count(lambda _: "all")).get("all", Sums())

    def series(self) -> list[tuple[int, Sums]]:
        if self.question.bucket == Bucket.HOUR:
            found = _sums(self._count(lambda hit: hit["hour"]))
            starts = sorted({*self._hours(), *found})
        else:
            found = _sums(self._count(self._bucket))
            starts = list(dict.fromkeys(self._first_day(day) for day in range(self.question.start, self.question.end)))
        assert set(found) <= set(starts)
        return [(start, found.get(start, Sums())) for start in starts]

    def week_hours(self) -> list[tuple[int, int, Sums]]:
        """What the days of each weekday have at each hour of the clock on the wall."""

        def place(hit: Hit) -> tuple[int, int]:
            weekday = (EPOCH + dt.timedelta(days=hit["day_number"])).weekday()
            return weekday, dt.datetime.fromtimestamp(hit["at"], self.zone).hour

        return [(*key, sums) for key, sums in sorted(_sums(self._count(place)).items())]

    def _bucket(self, hit: Hit) -> int:
        return self._first_day(hit["day_number"])

    def _first_day(self, day: int) -> int:
        """The first day of the period in the same week or month."""
        date = EPOCH + dt.timedelta(days=day)
        while day > self.question.start:
            if self.question.bucket == Bucket.DAY:
                break
            if self.question.bucket == Bucket.WEEK and date.weekday() == self.question.first_weekday:
                break
            if self.question.bucket == Bucket.MONTH and date.day == 1:
                break
            day, date = day - 1, date - dt.timedelta(days=1)
        return day

    def _hours(self) -> Iterator[int]:
        start = (self.question.start - 2) * 86400
        for at in range(start, (self.question.end + 2) * 86400, 900):
            local = dt.datetime.fromtimestamp(at, self.zone)
            if self.inside((local.date() - EPOCH).days):
                yield at - local.minute * 60 - local.second

    def _count(self, key: Callable[[Hit], Any], *, apart: bool = False) -> Counts:
        """An event at `key(event)`, a visit at `key(its first event)`, a visitor with its first visit.

        `apart`: a visitor counts once with each key, not once in all.
        """
        counts = _counts()
        in_time = {hit["visit"] for hit in self.found if self._in_time(hit)}
        for hit in self.found:
            if self.inside(hit["day_number"]) and self._in_time(hit):
                _count_event(counts[key(hit)], hit)
        seen = set()
        for visit in sorted({hit["visit"] for hit in self.found}):
            hits = self.visits[visit]
            first = next(hit for hit in hits if hit["hit"] == visit)
            if _is_proxied(first):
                continue
            who = (first["visitor"], key(first) if apart else None)
            if self.inside(first["day_number"]) and self._in_time(first) and visit in in_time:
                one = counts[key(first)]
                _count_visit(one, hits)
                one["visitors"] += who not in seen
            seen.add(who)
        return counts

    def _in_time(self, hit: Hit) -> bool:
        return self.question.before is None or hit["at"] < self.question.before

    # Breakdowns ----------------------------------------------------------------------------------------------

    def breakdown(self, by: By) -> dict[str, Sums]:
        """Every value of a dimension."""
        name = by.dimension.name.lower()
        if by.dimension in OF_EVENTS:
            return _sums(self._count_touched(by))

        counts = self._count(lambda hit: _value(hit, name), apart=True)
        counts.pop(None, None)
        if by.dimension == Dimension.EXIT_PAGE:
            return {key: Sums(visits=one["visits"]) for key, one in counts.items() if one["visits"]}
        return _sums(counts)

    def _count_touched(self, by: By) -> Counts:
        counts = _counts()
        seen = set()
        for hit in self.found:
            for value in self._values(hit, by):
                one = counts[value]
                own = _counts()[0]
                _count_event(own, hit)
                if by.dimension == Dimension.GOAL:
                    own = {**own, "pageviews": 0, "events": 1}
                if by.dimension not in (Dimension.PAGE, Dimension.HOST):
                    own["engaged"] = 0
                if not _is_proxied(hit) and (by.dimension != Dimension.PAGE or hit["name"] == "pageview"):
                    for what, who in (("visits", hit["visit"]), ("visitors", hit["visitor"])):
                        own[what] = (value, what, who) not in seen
                        seen.add((value, what, who))
                if self.inside(hit["day_number"]):
                    for what, number in own.items():
                        one[what] += number
        return counts

    def _values(self, hit: Hit, by: By) -> list[str]:
        """The values of an event's own dimension that it has."""
        props = json.loads(hit["props"] or "{}")
        if by.dimension == Dimension.PAGE:
            return [hit["path"] or "Unknown"]
        if by.dimension == Dimension.HOST:
            return [hit["host"] or "Unknown"]
        if by.dimension == Dimension.EVENT:
            return [hit["name"] or "Unknown"] if hit["name"] != "pageview" else []
        if by.dimension == Dimension.GOAL:
            return [goal.name for goal in self.goals if _reaches(hit, goal) and not _is_proxied(hit)]
        if by.dimension == Dimension.PROPERTY_KEY:
            return list(props)
        return [props[by.key]] if by.key in props else []

    # Filters -------------------------------------------------------------------------------------------------

    def _passes(self, hit: Hit, one: Filter) -> bool:
        by = By(one.dimension, one.key)
        if one.dimension == Dimension.EVENT:
            texts = [hit["name"] or "Unknown"]
        elif one.dimension in (
            Dimension.PAGE,
            Dimension.HOST,
            Dimension.GOAL,
            Dimension.PROPERTY,
            Dimension.PROPERTY_KEY,
        ):
            texts = self._values(hit, by)
        else:
            value = _value(hit, one.dimension.name.lower())
            texts = [] if value is None else [value]
        if one.operator == Operator.CONTAINS:
            return any(_lower(value) in _lower(text) for text in texts for value in one.values)
        return any(text in one.values for text in texts) != (one.operator == Operator.IS_NOT)


def sums_until(hits: Iterable[Hit], day: int, before: int) -> Sums:
    """What a day had before a second: events that happened before it, visits whose first event did."""
    one = _counts()["all"]
    visits: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        visits[hit["visit"]].append(hit)
        if hit["day_number"] == day and hit["at"] < before:
            _count_event(one, hit)
    seen = set()
    for visit in sorted(visits):
        first = next(hit for hit in visits[visit] if hit["hit"] == visit)
        if _is_proxied(first):
            continue
        if first["day_number"] == day and first["at"] < before:
            _count_visit(one, visits[visit])
            one["visitors"] += first["visitor"] not in seen
        seen.add(first["visitor"])
    return Sums(**one)


def sorted_rows(found: dict[str, Sums], by: By) -> list[tuple[str, Sums]]:
    """The rows that a breakdown must show, and all that it counts before its limit and offset."""
    rows = [(value, sums) for value, sums in found.items() if _lower(by.search) in _lower(value)]
    return sorted(
        rows,
        key=lambda row: (
            -getattr(row[1], by.order), -row[1].visitors, -row[1].visits, -row[1].pageviews, row[0],
        ),
    )  # fmt: skip


def _lower(text: str) -> str:
    """The letters A to Z only."""
    return re.sub("[A-Z]", lambda found: found[0].lower(), text)


def _reaches(hit: Hit, goal: Goal) -> bool:
    if (goal.kind == "page") != (hit["name"] == "pageview"):
        return False
    text = hit["path"] if goal.kind == "page" else hit["name"]
    pattern = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in goal.pattern)
    return re.fullmatch(pattern, text or "Unknown", re.DOTALL) is not None


def _counts() -> Counts:
    return defaultdict(lambda: dict.fromkeys(Sums.__struct_fields__, 0))


def _count_event(one: dict[str, int], hit: Hit) -> None:
    one["pageviews" if hit["name"] == "pageview" else "events"] += 1
    one["engaged"] += hit["engaged"]
    one["proxied"] += _is_proxied(hit)


def _is_proxied(hit: Hit) -> bool:
    """Whether it came through an image proxy: a page view, and nothing else."""
    return bool(hit["via"] == "proxy")


def _value(hit: Hit, name: str) -> str | None:
    """What its visit brought, or where it began and ended; None: a view through a proxy does neither."""
    if _is_proxied(hit) and name in {"entry_page", "exit_page"}:
        return None
    return hit[name] or "Unknown"


def _count_visit(one: dict[str, int], hits: list[Hit]) -> None:
    one["visits"] += 1
    one["bounces"] += [hit["name"] == "pageview" for hit in hits] == [True]
    one["seconds"] += max(hit["at"] + hit["engaged"] for hit in hits) - min(hit["at"] for hit in hits)


def _sums(counts: Counts) -> dict[Any, Sums]:
    """Without those that are all zero."""
    sums = {key: Sums(**{name: int(number) for name, number in one.items()}) for key, one in counts.items()}
    return {key: one for key, one in sums.items() if one != Sums()}
