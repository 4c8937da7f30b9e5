"""The overview's cards: each site's numbers today, compared with the same time yesterday, and its last 28 days. Pure.

Days come from memory, so that fifty sites cost what one costs; only the part of yesterday is asked of the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from counter.calendar.periods import Period
from counter.hosts import shown_host
from counter.question import Metric, Sums
from counter.service.book import Book
from counter.site import ActiveSite
from dashboard.report.cards import MetricChange, make_change
from dashboard.words import numbers
from dashboard.words.catalogue import Words

DAYS: Final = 28
WIDTH: Final = 100  # units of a sparkline
HEIGHT: Final = 24
METRICS: Final = (Metric.VISITORS, Metric.VISITS, Metric.PAGEVIEWS)
DAY: Final = 86_400  # seconds


class Spark(msgspec.Struct, frozen=True):
    """A line through the last days, in WIDTH by HEIGHT units."""

    line: str
    area: str


class Numbers(msgspec.Struct, frozen=True):
    """One metric of one site, or of all: today, the last 28 days, and how today compares with yesterday."""

    metric: str
    today: int
    last_days: int | None  # None where a former counter did not know it of some days
    change: MetricChange | None  # None where yesterday can't be told by the hour


class SiteCard(msgspec.Struct, frozen=True):
    """One site; or all of them together, without an id."""

    id: str
    name: str
    hosts: str
    online: int
    numbers: tuple[Numbers, ...]
    spark: Spark
    days: str  # the line in words, for screen readers


def same_time_yesterday(site: ActiveSite, now: int) -> tuple[int, int]:
    """Yesterday's local day, and the UTC second at which its clocks showed the time that they show now."""
    day = site.local.day(now) - 1
    return day, site.local.same_time(day, now)


def make_card(words: Words, site: ActiveSite, book: Book, until: Sums | None, online: int, now: int) -> SiteCard:
    """The card of one site. `until` has its numbers at this time yesterday; None where unknown."""
    key, today = site.site.key, site.local.day(now)
    period = Period(today + 1 - DAYS, today + 1)
    found = []
    for metric in METRICS:
        tally = book.tally(key, metric)
        days = tally.sum(period) if book.knows(key, metric, period) else None
        found.append(_numbers(words, metric.value, tally.days.get(today, 0), days, until))
    drawn = days_of(site, book, now)
    name, hosts = site.site.name or site.site.id, ", ".join(map(shown_host, site.site.hosts))
    return SiteCard(site.site.id, name, hosts, online, tuple(found), spark(drawn), _spark_text(words, drawn))


def make_sum(words: Words, cards: Sequence[SiteCard], until: Sequence[Sums | None], days: Sequence[int]) -> SiteCard:
    """All sites together. A number that is unknown for one is unknown for all."""
    found = []
    for index, metric in enumerate(METRICS):
        whole = _sum(card.numbers[index].last_days for card in cards)
        before = _sum(None if sums is None else getattr(sums, metric.value) for sums in until)
        today = sum(card.numbers[index].today for card in cards)
        change = None if before is None else make_change(words, metric.value, today, before)
        found.append(Numbers(metric.value, today, whole, change))
    return SiteCard("", "", "", sum(card.online for card in cards), tuple(found), spark(days), _spark_text(words, days))


def days_of(site: ActiveSite, book: Book, now: int) -> list[int]:
    """Visits of the last 28 days of the site, today the last: what every former counter knew."""
    today, tally = site.local.day(now), book.tally(site.site.key, Metric.VISITS)
    return [tally.days.get(day, 0) for day in range(today + 1 - DAYS, today + 1)]


def spark(days: Sequence[int]) -> Spark:
    """The line; a flat one lies on the ground."""
    most = max([*days, 1])
    step = WIDTH / max(1, len(days) - 1)
    line = " ".join(f"{round(index * step, 1):g},{round(HEIGHT - 1 - day / most * (HEIGHT - 2), 1):g}"
                    for index, day in enumerate(days))  # fmt: skip
    return Spark(line, f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}")


def matches(site: ActiveSite, wanted: str) -> bool:
    """Whether the letters are in the site's name, its id or a host, in either case."""
    texts = (site.site.id, site.site.name, *site.site.hosts, *map(shown_host, site.site.hosts))
    return any(wanted.casefold() in text.casefold() for text in texts)


def _numbers(words: Words, metric: str, today: int, days: int | None, until: Sums | None) -> Numbers:
    change = None if until is None else make_change(words, metric, today, getattr(until, metric))
    return Numbers(metric, today, days, change)


def _sum(found: Iterable[int | None]) -> int | None:
    """None as soon as one is not known."""
    known = list(found)
    return None if None in known else sum(one for one in known if one is not None)


def _spark_text(words: Words, days: Sequence[int]) -> str:
    return words("overview.spark", highest=numbers.number(words, max(days)), lowest=numbers.number(words, min(days)))
