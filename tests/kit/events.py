"""Events as the pipeline would make them, and the questions that store tests ask again and again."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from counter.calendar.localtime import LocalTime
from counter.event import Channel, Client, Event, Kind, Origin, Outcome, Place, Via
from counter.question import By, DayTotal, Dimension, Order, Question, Sums
from counter.site import Site
from counter.store.open import Store
from counter.store.protocols import Appended, Batch
from tests.kit.oracle import Told

NOON = 1732190400  # 2024-11-21 12:00:00 UTC, a Thursday
TODAY = NOON // 86400
MINUTE, HOUR, DAY = 60, 3600, 86400
SUMS = ("pageviews", "visits", "visitors", "bounces", "seconds", "events", "engaged", "proxied")
BROKEN_DOWN = tuple(
    dimension
    for dimension in Dimension
    if dimension not in (Dimension.TITLE, Dimension.PROPERTY_KEY, Dimension.PROPERTY, Dimension.GOAL)
)


@cache
def local_time(zone: str) -> LocalTime:
    return LocalTime(zone)


def make(site: Site, at: int, who: int = 1, path: str = "/", **more: Any) -> Event:
    """A page view of visitor `who`, or what `kind` says, in the day and hour of the site's zone."""
    day, hour = local_time(site.timezone).day_hour(at)
    fields: dict[str, Any] = {"kind": Kind.PAGEVIEW, "via": Via.SNIPPET, **more}
    return Event(site_key=site.key, at=at, day=day, hour=hour, visitor=who, path=path, **fields)


def custom(site: Site, at: int, who: int = 1, path: str = "/", name: str = "signup", **more: Any) -> Event:
    return make(site, at, who, path, kind=Kind.CUSTOM, name=name, **more)


def engaged(site: Site, at: int, view: str, seconds: int, who: int = 1) -> Event:
    return make(site, at, who, kind=Kind.ENGAGED, view=view, engaged_s=seconds)


def of_log(site: Site, at: int, line: int, who: int = 1, path: str = "/", **more: Any) -> Event:
    return make(site, at, who, path, via=Via.LOG, line=line, **more)


def proxied(site: Site, at: int, proxy: str = "GitHub", path: str = "/", visitor: int = 0, **more: Any) -> Event:
    """A page view through an image proxy. Its visitor, client and place say nothing."""
    client, place = Client("Chrome", system="Linux"), Place("US")
    origin = Origin(referrer="https://elsewhere.example/", source=proxy, channel=Channel.REFERRAL)
    return make(site, at, visitor, path, via=Via.PROXY, client=client, place=place, origin=origin, **more)


def told(site: Site, hit: Told) -> Event:
    """The oracle's hit as the store's event."""
    kind = {"pageview": Kind.PAGEVIEW, "custom": Kind.CUSTOM, "engaged": Kind.ENGAGED}[hit.kind]
    if hit.proxy:
        return proxied(site, hit.at, hit.proxy, hit.path, visitor=hit.who, hit_id=hit.hit_id, host=hit.host)
    traits = hit.traits
    return make(
        site, hit.at, hit.who, hit.path, kind=kind, name=hit.name, hit_id=hit.hit_id, view=hit.view,
        engaged_s=hit.engaged, client=Client(*traits[:6]), place=Place(*traits[6:9]), origin=Origin(*traits[9:]),
        host=hit.host,
    )  # fmt: skip


async def append(store: Store, *events: Event, now: float = NOON, batch: str = "") -> Appended:
    return await store.append(Batch(events, id=batch), now)


async def counted(store: Store, *events: Event, now: float = NOON) -> Appended:
    """Append, and every event must have counted."""
    appended = await append(store, *events, now=now)
    assert set(appended.outcomes) == {Outcome.COUNTED}
    return appended


async def day_sums(store: Store, site: Site) -> dict[int, dict[str, int]]:
    """By local day: what is not zero."""
    totals = await store.reports.day_totals(site.key)
    sums = {total.day: sums_of(total) for total in totals}
    return {day: numbers for day, numbers in sums.items() if numbers}


async def hour_sums(store: Store, site: Site, day: int) -> dict[int, dict[str, int]]:
    """By UTC second of the hour: what is not zero."""
    hours = await store.reports.hour_totals(site.key, day)
    return {hour: sums_of(total) for hour, total in hours if sums_of(total)}


async def broken_down(store: Store, site: Site, dimension: Dimension, start: int = TODAY,
                      end: int = TODAY + 1) -> dict[str, dict[str, int]]:  # fmt: skip
    """By value: what is not zero; those with the most visits first."""
    found = await breakdown(store, site, dimension, start, end)
    return {value: sums_of(sums) for value, sums in found.items()}


async def breakdown(store: Store, site: Site, dimension: Dimension, start: int, end: int) -> dict[str, Sums]:
    by = By(dimension, order=Order.VISITS, limit=100_000)
    [report] = await store.reports.report([Question(site.key, start, end, breakdowns=(by,))])
    return {row.value: row.sums for row in report.breakdowns[0].rows}


async def everything(store: Store, site: Site) -> dict[str, Any]:
    """Every total and breakdown of a site over all its days."""
    days = await day_sums(store, site)
    first, last = min(days, default=TODAY), max(days, default=TODAY) + 1
    return {
        "days": days,
        "hours": {day: await hour_sums(store, site, day) for day in days},
        **{dimension.name: await broken_down(store, site, dimension, first, last) for dimension in BROKEN_DOWN},
    }


def sums_of(total: DayTotal | Sums) -> dict[str, int]:
    return {name: getattr(total, name) for name in SUMS if getattr(total, name)}


def day_of(text: str) -> int:
    """2024-11-21 -> days since 1970-01-01."""
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def instant(text: str, zone: str = "UTC") -> int:
    """2024-11-21 15:11 in `zone` -> UTC seconds."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=local_time(zone).zone).timestamp())


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The file itself, for reading what no report says, or for damaging it."""
    with closing(sqlite3.connect(folder / "counter.db", isolation_level=None)) as connection:
        yield connection


def read(folder: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Read while the store is open."""
    with closing(sqlite3.connect(f"file:{folder / 'counter.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()
