"""What was not counted: bots by name, and the last drops of each site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from counter.event import Bot, BotCategory, BotReason, Drop, DropReason
from counter.question import BotCount, BotSum, LoggedDrop
from counter.site import Site
from counter.store.open import Store, open_store
from counter.store.protocols import Batch
from counter.store.sqlite.drops import MOST_LOGGED, MOST_NAMES
from tests.kit.events import NOON, TODAY, read

GOOGLE = Bot("Googlebot", BotCategory.SEARCH)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[Store]:
    async with open_store(folder, "normal", 30) as opened:
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    return await store.catalog.add_site(Site(0, "shop", "The shop"), NOON)


@pytest.fixture
async def other(store: Store, site: Site) -> Site:
    return await store.catalog.add_site(Site(0, "blog", "The blog"), NOON)


def of_bot(site: Site, bot: Bot = GOOGLE, day: int = TODAY, path: str = "/") -> Drop:
    return Drop(site.key, NOON, day, DropReason.BOT, bot, path, "192.0.2.9", "its user agent")


def named(number: int) -> Bot:
    return Bot(f"bot{number}", BotCategory.OTHER, BotReason.PARSER)


async def test_bots_are_counted_with_category_and_reason_the_busiest_of_a_day_first(
    store: Store, site: Site, other: Site
) -> None:
    nobody = Bot("(no user agent)", BotCategory.LIBRARY, BotReason.NO_USER_AGENT)
    drops = (
        of_bot(site), of_bot(site, nobody), of_bot(site, nobody), of_bot(site, day=TODAY - 1), of_bot(other),
        Drop(site.key, NOON, TODAY, DropReason.PREFETCH),
    )  # fmt: skip
    for _ in range(2):
        await store.append(Batch((), drops), NOON)
    assert await store.reports.bots(site.key, TODAY - 1, TODAY + 1) == [
        BotCount(TODAY - 1, "Googlebot", "search", "list", 2),
        BotCount(TODAY, "(no user agent)", "library", "no_user_agent", 4),
        BotCount(TODAY, "Googlebot", "search", "list", 2),
    ]
    assert await store.reports.bots(site.key, TODAY + 1, TODAY + 2) == []
    assert await store.reports.bot_sums(site.key, TODAY - 1, TODAY + 1) == [
        BotSum("(no user agent)", "library", "no_user_agent", 4),
        BotSum("Googlebot", "search", "list", 4),
    ]
    assert await store.reports.bot_sums(site.key, TODAY + 1, TODAY + 2) == []
    assert len(await store.reports.bots(other.key, TODAY, TODAY + 1)) == 1


async def test_bots_on_no_list_cannot_make_up_any_number_of_names(store: Store, site: Site) -> None:
    for start in range(0, MOST_NAMES + 500, 500):
        await store.append(Batch((), tuple(of_bot(site, named(start + number)) for number in range(500))), NOON)
    await store.append(Batch((), (of_bot(site), of_bot(site, named(3)), of_bot(site, named(3), TODAY + 1))), NOON)
    counts = {one.name: one.count for one in await store.reports.bots(site.key, TODAY, TODAY + 1)}
    assert len(counts) == MOST_NAMES + 2
    assert (counts["(other)"], counts["Googlebot"], counts["bot3"], counts["bot999"]) == (500, 1, 2, 1)
    assert await store.reports.bots(site.key, TODAY + 1, TODAY + 2) == [
        BotCount(TODAY + 1, "bot3", "other", "parser", 1)
    ]


async def test_the_last_drops_come_newest_first(store: Store, site: Site, other: Site) -> None:
    drops = (of_bot(site, path="/1"), of_bot(other), Drop(site.key, NOON + 5, TODAY, DropReason.PREFETCH, path="/2"))
    await store.append(Batch((), drops), NOON)
    assert await store.reports.last_drops(site.key, 50) == [
        LoggedDrop(NOON + 5, "prefetch", "/2", None, "", ""),
        LoggedDrop(NOON, "bot", "/1", "192.0.2.9", "its user agent", "Googlebot"),
    ]
    assert [one.path for one in await store.reports.last_drops(site.key, 1)] == ["/2"]
    assert await store.reports.last_drops(99, 50) == []


async def test_a_flood_on_one_site_does_not_wash_away_the_drops_of_another(
    store: Store, site: Site, other: Site
) -> None:
    flood = tuple(of_bot(site, path=f"/{number}") for number in range(MOST_LOGGED + 200))
    await store.append(Batch((), (of_bot(other), *flood)), NOON)
    assert len(await store.reports.last_drops(other.key, MOST_LOGGED)) == 1
    kept = await store.reports.last_drops(site.key, 2 * MOST_LOGGED)
    assert (len(kept), kept[0].path, kept[-1].path) == (MOST_LOGGED, f"/{MOST_LOGGED + 199}", "/200")


async def test_the_log_does_not_wait_for_housekeeping_to_be_short(store: Store, site: Site, folder: Path) -> None:
    for number in range(50):
        await store.append(Batch((), tuple(of_bot(site, path=f"/{number}") for _ in range(100))), NOON)
        assert read(folder, "select count(*) from drop_log")[0][0] < 2 * MOST_LOGGED
    assert [one.path for one in await store.reports.last_drops(site.key, MOST_LOGGED)][::100] == [
        f"/{number}" for number in range(49, 39, -1)
    ]
