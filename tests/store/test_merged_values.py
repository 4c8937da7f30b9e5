"""Schema 6 merges what had two names: editions of one browser, spellings of one language. Exactly: a store that was
told the old names, once it is migrated, says what the naive oracle says that was told the new ones.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from counter.event import Client
from counter.question import Dimension
from counter.site import Site
from counter.store.open import open_store
from counter.store.sqlite import engine
from counter.store.sqlite.migration_functions import FUNCTIONS
from tests.kit import oracle as naive
from tests.kit.events import DAY, NOON, append, broken_down, make, read
from tests.kit.oracle import Told
from tests.store.test_property import Bench, random_world

SCHEMA = 6
KEPT = (("Chrome", "de"), ("Firefox", "zh-Hant"), ("Unknown", "(other)"))
# As they were stored, and as hits bring them today. Each is the value of several places.
BROWSERS = (
    ("Chrome Mobile", "Chrome"), ("Chrome", "Chrome"), ("Chrome Mobile iOS", "Chrome"), ("Mobile Safari", "Safari"),
    ("Firefox", "Firefox"), ("", ""),
)  # fmt: skip
LANGUAGES = (("zh-TW", "zh-Hant"), ("zh-Hant", "zh-Hant"), ("zh-HK", "zh-Hant"), ("iw-IL", "he-IL"), ("de", "de"),
             ("und", ""), ("", ""), ("(other)", "(other)"))  # fmt: skip


def merging() -> str:
    """The part of the migration that merges; run here on a file that has the tables already."""
    script = engine.migrations()[SCHEMA - 1]
    start, end = script.index("-- Editions of one browser"), script.index("drop view hit_log")
    return script[start:end]


def merge(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "counter.db", isolation_level=None)) as connection:
        for name, function in FUNCTIONS.items():
            connection.create_function(name, 1, function)
        connection.executescript(f"begin exclusive;{merging()};commit")


def renamed(hits: Sequence[Told], seed: int) -> list[tuple[Told, Told]]:
    """The hits with the names of former versions, and with those of today; one visitor comes with several of them."""
    rng = random.Random(seed)
    pairs = []
    for hit in hits:
        browser, language, version = rng.choice(BROWSERS), rng.choice(LANGUAGES), rng.choice((" 99", " 124.1"))
        sides = [
            (name, f"{name}{version}" if name else "", *hit.traits[2:4], tag, *hit.traits[5:])
            for name, tag in zip(browser, language, strict=True)
        ]
        pairs.append((hit._replace(traits=sides[0]), hit._replace(traits=sides[1])))
    return pairs


@pytest.mark.parametrize("seed", range(2))
def test_what_had_two_names_is_one_value_with_the_numbers_of_a_recount(tmp_path: Path, seed: int) -> None:
    world, _ = random_world(seed, 250)
    pairs = renamed(world.hits, seed)

    async def run() -> None:
        bench = Bench(tmp_path / "data", world.sites, max(hit.at for hit in world.hits))
        await bench.open()
        oracle = bench.oracle
        bench.oracle = naive.Oracle({site.id: site.timezone for site in world.sites})
        tail = len(pairs) - 20
        await bench.tell([old for old, _ in pairs[:tail]])
        await bench.store.fold()
        await bench.tell([old for old, _ in pairs[tail:]])  # these are not in the breakdowns yet
        await bench.close()
        merge(bench.folder)
        for _, new in pairs:
            oracle.tell(new)
        bench.oracle = oracle
        bench.store = open_store(bench.folder, "normal", 30)
        await bench.store.__aenter__()
        try:
            assert await bench.store.check() == []
            await bench.verify()
            texts = {text for (text,) in read(bench.folder, "select text from value where dimension in (10, 11, 14)")}
            assert not texts & {"Chrome Mobile", "Chrome Mobile 99", "zh-TW", "und"}
        finally:
            await bench.close()

    asyncio.run(run())


async def test_days_whose_raw_rows_are_gone_are_sums_and_the_other_days_are_recounts(tmp_path: Path) -> None:
    """A visitor with two visits of one day, under two names: two daily visitors where nothing proves that it is one."""
    async with open_store(tmp_path, "normal", 30) as store:
        site = await store.catalog.add_site(Site(0, "shop", "The shop"), NOON)
        days = (NOON - 40 * DAY, NOON)
        for at in days:
            for later, (browser, language) in ((0, ("Chrome Mobile", "zh-TW")), (7200, ("Chrome", "zh-Hant"))):
                client = Client(browser, f"{browser} 124", language=language)
                await append(store, make(site, at + later, 7, client=client), now=at)
        await store.fold()
        assert (await store.expire(NOON, 0, 10))["hits"] == 2
    merge(tmp_path)
    async with open_store(tmp_path, "normal", 30) as store:
        assert await store.check() == []
        for dimension, value in (
            (Dimension.BROWSER, "Chrome"), (Dimension.BROWSER_VERSION, "Chrome 124"), (Dimension.LANGUAGE, "zh-Hant"),
        ):  # fmt: skip
            found = [await broken_down(store, site, dimension, at // DAY, at // DAY + 1) for at in days]
            visits = {"pageviews": 2, "visits": 2, "bounces": 2}
            assert found == [{value: {**visits, "visitors": 2}}, {value: {**visits, "visitors": 1}}]
            both = await broken_down(store, site, dimension, days[0] // DAY, days[1] // DAY + 1)
            assert both[value]["visitors"] == 3
        await append(store, make(site, NOON + 20_000, 7, client=Client("Chrome", "Chrome 124", language="zh-Hant")))
        assert (await broken_down(store, site, Dimension.BROWSER))["Chrome"]["visitors"] == 1
        assert await store.check() == []


def test_what_reads_as_before_is_not_touched(tmp_path: Path) -> None:
    """No value, client or number of a file that has no old name changes, and the merge can be made twice."""

    async def fill() -> None:
        async with open_store(tmp_path, "normal", 30) as store:
            site = await store.catalog.add_site(Site(0, "shop", "The shop"), NOON)
            for who, (browser, language) in enumerate(
                (("Chrome", "de"), ("Firefox", "zh-Hant"), ("Unknown", "(other)"))
            ):
                await append(store, make(site, NOON, who, client=Client(browser, language=language)))
            await store.fold()

    asyncio.run(fill())
    tables = ("value", "client", "visit", "rollup_day", "rollup_month")
    before = [read(tmp_path, f"select * from {table}") for table in tables]
    for _ in range(2):
        merge(tmp_path)
        assert [read(tmp_path, f"select * from {table}") for table in tables] == before
