"""Random hits, against the naive oracle: every total, breakdown, period and invariant, however the hits arrived."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from counter.calendar.localtime import day_date, day_number
from counter.question import VISIT_DIMENSIONS, Dimension, Metric
from counter.service.book import Book, take_snapshot
from counter.site import Site
from counter.store.open import Store, open_store
from counter.store.protocols import Batch
from tests.kit import oracle as naive
from tests.kit.events import BROKEN_DOWN, DAY, HOUR, MINUTE, SUMS, breakdown, instant, local_time, told
from tests.kit.oracle import Oracle, Told

# Each zone with moments where days are easily got wrong: changes of the clock, midnights, ends of months and years.
MOMENTS = {
    "Asia/Tbilisi": ("2024-11-21 15:11", "2004-06-27 00:00", "2005-03-27 03:00", "2023-12-31 23:59"),
    "Europe/Berlin": ("2026-03-29 01:30", "2026-10-25 02:30", "2024-02-29 00:00", "2025-01-01 00:00"),
    "America/New_York": ("2025-11-02 01:30", "2026-03-08 01:59", "2025-06-30 23:45", "2024-12-31 23:50"),
    "Asia/Kathmandu": ("2024-04-13 00:10", "2025-01-31 23:40", "2024-11-21 12:00"),
    "Australia/Lord_Howe": ("2026-04-05 01:45", "2025-10-05 01:40", "2025-10-04 23:50"),
    "Pacific/Apia": ("2011-12-29 23:30", "2011-12-31 00:00", "2011-09-24 02:45", "2012-04-01 03:30"),
}
# Seconds between two hits: around the timeout of a visit, around hours and days, and nothing at all.
GAPS = (0, 1, 40, 10 * MINUTE, 29 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, 31 * MINUTE, 59 * MINUTE,
        HOUR, 90 * MINUTE, 6 * HOUR, 23 * HOUR, DAY, 40 * DAY)  # fmt: skip
TRAITS = tuple(
    tuple(f"{name}-{letter}" if weight else "" for name, weight in zip(naive.VISIT_DIMENSIONS, row, strict=True))
    for letter, row in (
        ("a", (1,) * 18),
        ("b", (1, 0) * 9),
        ("a", (0, 1) * 9),
        ("c", (0,) * 18),
    )
)
PATHS = ("/", "/prices", "/blog", "")
NAMES = ("signup", "download", "")
HOSTS = ("shop.example", "www.shop.example", "")
PROXIES = ("GitHub", "Gmail")


class World(NamedTuple):
    """Sites and the hits they get, in order of arrival."""

    sites: tuple[Site, ...]
    hits: tuple[Told, ...]


def build_world(zones: Sequence[tuple[str, int, str, int]], steps: Sequence[tuple[int, ...]]) -> World:
    """`zones`: zone, moment, first weekday, start count; `steps`: site, gap, lateness, who, kind, path, traits, id."""
    sites = tuple(
        Site(0, f"site{number}", f"Site {number}", timezone=zone, first_weekday=weekday, start_count=start)
        for number, (zone, _, weekday, start) in enumerate(zones)
    )
    clocks = [instant(MOMENTS[zone][moment % len(MOMENTS[zone])], zone) - HOUR for zone, moment, _, _ in zones]
    hits: list[Told] = []
    views: list[str] = []
    for index, (where, gap, late, who, kind, path, traits, id_) in enumerate(steps):
        number = where % len(sites)
        clocks[number] += GAPS[gap % len(GAPS)]
        at = clocks[number] - (GAPS[late % len(GAPS)] if late else 0)
        hit_id = f"hit{id_ % 40 if id_ < 10 else index}"
        if kind < 6:
            views.append(hit_id)
        told_ = Told(
            sites[number].id, at, who, _KINDS[kind], PATHS[path % len(PATHS)], hit_id=hit_id,
            name=NAMES[path % len(NAMES)] if _KINDS[kind] == "custom" else "", traits=TRAITS[traits % len(TRAITS)],
            host=HOSTS[traits // 7 % len(HOSTS)],
        )  # fmt: skip
        if told_.kind == "pageview" and traits % 13 > 10:
            told_ = told_._replace(proxy=PROXIES[traits % 2], name="")
        if told_.kind == "engaged":
            told_ = told_._replace(view=views[id_ % len(views)] if views else "hit0", engaged=gap * 131, hit_id="")
        hits.append(told_)
    return World(sites, tuple(hits))


def damage_row(connection: sqlite3.Connection, table: str, how: str, which: int) -> bool:
    """Whether there was a row that raw rows can still vouch for."""
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    key = columns[: columns.index("pageviews")]
    closed = "select site_key, day from closed_day"
    rows = connection.execute(
        f"select {', '.join(key)} from {table} where pageviews + visits + events > 0"
        + ("" if table == "rollup_month" else f" and (site_key, day) not in ({closed})")
        + " order by " + ", ".join(key)
    ).fetchall()  # fmt: skip
    if not rows:
        return False
    doubled = "pageviews = 2 * pageviews, visits = 2 * visits, events = 2 * events"
    change = f"delete from {table}" if how == "delete" else f"update {table} set {doubled}"
    where = " and ".join(f"{name} = ?" for name in key)
    return connection.execute(f"{change} where {where}", rows[which % len(rows)]).rowcount == 1


_KINDS = ("pageview",) * 6 + ("custom", "custom", "engaged", "engaged")
whole = st.integers(0, 1000)
worlds = st.builds(
    build_world,
    st.lists(
        st.tuples(
            st.sampled_from(sorted(MOMENTS)), whole, st.sampled_from(("monday", "sunday")),
            st.sampled_from((0, 2_000_000)),
        ),
        min_size=1, max_size=2,
    ),
    st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from((*range(len(GAPS)), 3, 4, 6, 6, 7)),
            st.sampled_from((0,) * 12 + tuple(range(1, 13))), st.integers(1, 3), st.integers(0, 9), whole, whole, whole,
        ),
        max_size=60,
    ),
)  # fmt: skip
# What happens between batches: nothing mostly, or the tail is folded, the store reopened, addresses erased, repaired.
plans = st.lists(
    st.tuples(st.integers(1, 20), st.sampled_from(("", "", "fold", "reopen", "expire", "repair"))), max_size=12
)


def random_world(seed: int, hits: int) -> tuple[World, list[tuple[int, str]]]:
    """A long world, too large to shrink."""
    rng = random.Random(seed)
    zones = [
        (zone, rng.randrange(9), rng.choice(("monday", "sunday")), rng.choice((0, 77)))
        for zone in rng.sample(sorted(MOMENTS), 3)
    ]
    steps = [
        (rng.randrange(3), rng.choice((*range(len(GAPS)), *range(7), *range(7))), rng.choice((0,) * 9 + (4, 7, 9)),
         rng.randint(1, 6), rng.randrange(10), *(rng.randrange(1000) for _ in range(3)))
        for _ in range(hits)
    ]  # fmt: skip
    plan = [(rng.randint(1, 60), rng.choice(("", "", "fold", "reopen", "expire", "repair"))) for _ in range(hits // 20)]
    return build_world(zones, steps), plan


class Bench:
    """A store and its oracle, told the same."""

    def __init__(self, folder: Path, sites: Sequence[Site], now: int) -> None:
        self.folder = folder
        self.wanted = sites
        self.now = now
        self.sites: dict[str, Site] = {}
        self.oracle = Oracle({site.id: site.timezone for site in sites})
        self.book = Book()
        self.store: Store = open_store(folder, "normal", 30)
        self.most: dict[tuple[str, Metric], int] = {}

    async def open(self) -> None:
        await self.store.__aenter__()
        for site in self.wanted:
            self.sites[site.id] = await self.store.catalog.add_site(site, self.now)

    async def close(self) -> None:
        await self.store.__aexit__(None, None, None)

    async def reopen(self) -> None:
        await self.close()
        self.store = open_store(self.folder, "normal", 30)
        await self.store.__aenter__()

    async def crash(self) -> None:
        """As `kill -9` leaves it: the files as they are while the store is open, and nothing of its memory."""
        copy = self.folder.with_name(f"{self.folder.name}x")
        copy.mkdir()
        for name in ("counter.db", "counter.db-wal", "counter.exists"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, copy / name)
        await self.close()
        self.folder = copy
        self.store = open_store(copy, "normal", 30)
        await self.store.__aenter__()

    async def damage(self, table: str, how: str, which: int) -> None:
        """Delete or double one row of a rollup: check finds it, repair mends it."""
        await self.store.fold()
        row = await self.store._change(damage_row, table, how, which)
        if row:
            found = await self.store.check()
            assert table in {one.table for one in found}
            assert (await self.store.repair(self.now, lower=True)).mended == len(found)
            assert await self.store.check() == []

    async def tell(self, hits: Sequence[Told]) -> None:
        """One batch; its outcomes are the oracle's, and `all` never goes down."""
        batch = Batch(tuple(told(self.sites[hit.site], hit) for hit in hits))
        appended = await self.store.append(batch, self.now)
        assert [outcome.value for outcome in appended.outcomes] == [self.oracle.tell(hit) for hit in hits]
        self.book.add(appended.gained)
        for site in self.sites.values():
            for metric in Metric:
                total = self.book.tally(site.key, metric).total
                assert total >= self.most.get((site.id, metric), 0)
                self.most[(site.id, metric)] = total

    async def act(self, what: str) -> None:
        if what == "fold":
            await self.store.fold()
        elif what == "reopen":
            await self.reopen()
        elif what == "expire":
            await self.store.expire(self.now + 40 * DAY, 30, 0)
        elif what == "repair":
            assert (await self.store.repair(self.now, lower=True)).mended == 0

    async def verify(self, raw: bool = True) -> None:
        """Everything that can be asked, before and after the tail is folded."""
        for folded in (0, 1):
            assert await self.store.check() == []
            for site in self.sites.values():
                await self.verify_totals(site)
                await self.verify_breakdowns(site, folded)
                await self.verify_counter(site)
                if raw:
                    self.verify_raw_rows(site)
            await self.store.fold()

    async def verify_totals(self, site: Site) -> None:
        hours = self.oracle.hours(site.id)
        days = self.oracle.days(site.id)
        totals = {day_date(one.day): _numbers(one) for one in await self.store.reports.day_totals(site.key)}
        assert _shown(totals) == days
        for date, total in totals.items():
            found = await self.store.reports.hour_totals(site.key, day_number(date))
            numbers = {(date, hour): _numbers(one) for hour, one in found}
            assert _shown(numbers) == {key: value for key, value in hours.items() if key[0] == date}
            assert naive.Numbers(*map(sum, zip(*numbers.values(), strict=True))) == total

    async def verify_breakdowns(self, site: Site, folded: int) -> None:
        days = sorted(self.oracle.days(site.id))
        if not days:
            return
        spans = [(days[0], days[-1] + dt.timedelta(days=1)), (days[len(days) // 2], days[-1]), *_months(days)]
        for start, end in spans[folded::2]:
            whole_ = _add_up(self.oracle.days(site.id), start, end)
            for dimension in BROKEN_DOWN:
                found = await breakdown(self.store, site, dimension, day_number(start), day_number(end))
                numbers = _shown({value: _numbers(one) for value, one in found.items()})
                assert numbers == self.oracle.breakdown(site.id, dimension.name.lower(), start, end), dimension
                assert _gaps(dimension, numbers, whole_) == {}, dimension

    async def verify_counter(self, site: Site) -> None:
        """The counter's lines at several moments; loaded anew, and as kept up to date by the batches."""
        anew = Book()
        anew.load(await self.store.reports.day_totals(), {})
        days = sorted(self.oracle.days(site.id))
        moments = [day_number(date) * DAY + hour * HOUR for date in {*days[:2], *days[-2:]} for hour in (1, 12, 31)]
        for now in moments:
            for metric in Metric:
                expected = self.oracle.periods(site.id, metric.value, now, site.first_weekday)
                expected["all"] += site.start_count
                for book in (anew, self.book):
                    tally = book.tally(site.key, metric)
                    taken = take_snapshot(site, local_time(site.timezone), metric, tally, 0, now)
                    value = {name: count.value for name, count in taken.counts.items()}
                    assert value == expected, metric
                    counted = expected["all"] - site.start_count
                    assert value["today"] <= min(value["this_week"], value["this_month"])
                    assert (
                        max(value["this_week"] + value["last_week"], value["this_month"] + value["last_month"])
                        <= counted
                    )

    def verify_raw_rows(self, site: Site) -> None:
        """Totals by `hit_log` alone."""
        sql = (
            "select day_number, sum(name = 'pageview'), count(distinct iif(via = 'proxy', null, visit)),"
            " count(distinct iif(via = 'proxy', null, visitor)), sum(name is not 'pageview'), sum(via = 'proxy')"
            " from hit_log where site = ? group by 1"
        )
        with closing(sqlite3.connect(f"file:{self.folder / 'counter.db'}?mode=ro", uri=True)) as connection:
            rows = connection.execute(sql, (site.id,)).fetchall()
        raw = {day_date(day): tuple(numbers) for day, *numbers in rows}
        days = self.oracle.days(site.id)
        columns = ("pageviews", "visits", "visitors", "events", "proxied")
        assert raw == {date: tuple(getattr(one, name) for name in columns) for date, one in days.items()}


def _numbers(total: Any) -> naive.Numbers:
    return naive.Numbers(*(getattr(total, name) for name in SUMS))


def _shown(numbers: dict[Any, naive.Numbers]) -> dict[Any, naive.Numbers]:
    return {key: one for key, one in numbers.items() if any(one)}


def _add_up(days: dict[dt.date, naive.Numbers], start: dt.date, end: dt.date) -> naive.Numbers:
    inside = [numbers for date, numbers in days.items() if start <= date < end]
    return naive.Numbers(*map(sum, zip(naive.Numbers(), *inside, strict=True)))


def _months(days: list[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    """Spans whose edges lie inside months, with whole months between them."""
    middle = days[len(days) // 2]
    yield middle.replace(day=1), (middle.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    yield middle - dt.timedelta(days=45), middle + dt.timedelta(days=45)


def _gaps(dimension: Dimension, values: dict[str, naive.Numbers], total: naive.Numbers) -> dict[str, int]:
    """What a breakdown lacks of its total; visits of pages and events, and visitors, do not add up."""
    if dimension == Dimension.ENTRY_PAGE:  # a view through a proxy enters nowhere
        total = total._replace(pageviews=total.pageviews - total.proxied, proxied=0)
    if dimension in VISIT_DIMENSIONS:
        adds_up = {"pageviews", "visits", "bounces", "seconds", "events", "engaged", "proxied"}
    else:
        adds_up = {
            **{key: {"pageviews", "events", "engaged", "proxied"} for key in (Dimension.PAGE, Dimension.HOST)},
            Dimension.EVENT: {"events"},
            Dimension.EXIT_PAGE: {"visits"},
        }[dimension]  # fmt: skip
    sums = {name: sum(getattr(one, name) for one in values.values()) for name in adds_up}
    return {name: getattr(total, name) - count for name, count in sums.items() if count != getattr(total, name)}


@contextmanager
def bench_of(sites: Sequence[Site], now: int) -> Iterator[tuple[Bench, asyncio.Runner]]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        bench = Bench(Path(folder), sites, now)
        runner.run(bench.open())
        try:
            yield bench, runner
        finally:
            runner.run(bench.close())


def play(world: World, plan: Sequence[tuple[int, str]]) -> None:
    now = max((hit.at for hit in world.hits), default=0)
    with bench_of(world.sites, now) as (bench, runner):

        async def run() -> None:
            hits = list(world.hits)
            for size, what in (*plan, (len(hits) + 1, "")):
                batch, hits = hits[:size], hits[size:]
                await bench.tell(batch)
                await bench.act(what)
            await bench.verify()

        runner.run(run())


@given(worlds, plans)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_number_equals_the_naive_oracles(world: World, plan: list[tuple[int, str]]) -> None:
    play(world, plan)


@pytest.mark.parametrize("seed", range(3))
def test_every_number_of_some_hundred_hits_over_years_equals_the_naive_oracles(seed: int) -> None:
    play(*random_world(seed, 400))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_every_number_of_thousands_of_hits_equals_the_naive_oracles(seed: int) -> None:
    play(*random_world(seed, 3000))


class StoreMachine(RuleBasedStateMachine):
    """T-41: hits as they come, with all that happens to a store meanwhile: it is closed, killed and damaged; addresses,
    then raw rows, expire behind them."""

    recent = Bundle("recent")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.bench: Bench | None = None
        self.raw = True
        self.number = 0

    @initialize(zone=st.sampled_from(sorted(MOMENTS)), moment=whole, weekday=st.sampled_from(("monday", "sunday")))
    def open(self, zone: str, moment: int, weekday: str) -> None:
        site = Site(0, "site", "Site", timezone=zone, first_weekday=weekday)
        start = instant(MOMENTS[zone][moment % len(MOMENTS[zone])], zone) - 6 * HOUR
        self.bench = Bench(Path(self.folder.name) / "data", (site,), start)
        self.runner.run(self.bench.open())

    def run(self, action: Any) -> None:
        self.runner.run(action)

    @rule(target=recent, hits=st.lists(st.tuples(st.sampled_from(GAPS[:12]), st.integers(0, 2), st.integers(1, 3),
          st.integers(0, 7), whole, whole), min_size=1, max_size=5))  # fmt: skip
    def hit(self, hits: list[tuple[int, int, int, int, int, int]]) -> Any:
        made = []
        for gap, late, who, kind, path, traits in hits:
            self.bench.now += gap
            self.number += 1
            made.append(Told(
                "site", self.bench.now - late * 11 * MINUTE, who, _KINDS[kind], PATHS[path % 4],
                name=NAMES[path % 3] if kind >= 6 else "", hit_id=f"hit{self.number}", traits=TRAITS[traits % 4],
                host=HOSTS[traits % 3], proxy=PROXIES[traits % 2] if kind == 5 else "",
            ))  # fmt: skip
        self.run(self.bench.tell(made))
        return multiple(*made)

    @rule(hit=recent)
    def send_again(self, hit: Told) -> None:
        if hit.at > self.bench.now - DAY:
            self.run(self.bench.tell([hit]))

    @rule(hit=recent, seconds=st.integers(0, 4000))
    def engage(self, hit: Told, seconds: int) -> None:
        if hit.kind == "pageview" and hit.at > self.bench.now - DAY:
            ping = Told("site", self.bench.now, hit.who, "engaged", "", view=hit.hit_id, engaged=seconds)
            self.run(self.bench.tell([ping]))

    @rule(days=st.sampled_from((1, 1, 1, 31)))
    def pass_time(self, days: int) -> None:
        self.bench.now += days * DAY

    @rule(what=st.sampled_from(("fold", "reopen", "repair")))
    def act(self, what: str) -> None:
        self.run(self.bench.act(what))

    @rule()
    def kill(self) -> None:
        self.run(self.bench.crash())

    @rule(table=st.sampled_from(("total_hour", "total_day", "rollup_day", "rollup_month")),
          how=st.sampled_from(("delete", "double")), which=whole)  # fmt: skip
    def damage_and_repair(self, table: str, how: str, which: int) -> None:
        self.run(self.bench.damage(table, how, which))

    @rule()
    def prune_and_expire_addresses(self) -> None:
        today = self.bench.now // DAY
        gone = [(site.key, day) for site in self.bench.sites.values() for day in range(today - 80, today - 2)]
        self.run(self.bench.store.prune(self.bench.now, gone))
        self.run(self.bench.store.expire(self.bench.now, 3, 0))

    @rule()
    def expire_hits(self) -> None:
        self.run(self.bench.store.expire(self.bench.now, 0, 3))
        self.raw = False

    @invariant()
    def nothing_differs(self) -> None:
        if self.bench is not None:
            assert self.runner.run(self.bench.store.check()) == []

    def teardown(self) -> None:
        try:
            if self.bench is not None:
                self.runner.run(self.bench.verify(self.raw))
        finally:
            if self.bench is not None:
                self.runner.run(self.bench.close())
            self.runner.close()
            self.folder.cleanup()


_MACHINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


class TestStoreMachine(StoreMachine.TestCase):
    settings = settings(max_examples=15, stateful_step_count=20, **_MACHINE)


@pytest.mark.soak
@pytest.mark.faults
class TestStoreMachineForLong(StoreMachine.TestCase):
    settings = settings(max_examples=200, stateful_step_count=60, **_MACHINE)
