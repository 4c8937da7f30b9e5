"""T-41: one row of a rollup is deleted, doubled or made up; check names it, repair mends that and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from counter.errors import StoreError
from counter.question import Dimension
from counter.site import Goal, GoalKind, Site
from counter.store.open import Store, open_reports, open_store
from counter.store.sqlite import recount
from tests.kit.events import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    TODAY,
    append,
    broken_down,
    counted,
    custom,
    engaged,
    everything,
    make,
    of_log,
    read,
)  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, "normal", 30) as opened:
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    """Three days of visits of every kind, the last of them with a visit over two portions."""
    made = await store.catalog.add_site(Site(0, "demo", "Demo"), NOON)
    await store.catalog.add_goal(made.key, Goal("signed up", GoalKind.EVENT, "signup"), NOON)
    for day in range(3):
        at = NOON + day * DAY
        await counted(
            store,
            *(make(made, at + n * MINUTE, n % 4, f"/{n % 3}", hit_id=f"{day}-{n}") for n in range(12)),
            custom(made, at + 13 * MINUTE, 1),
            now=at,
        )
        await append(store, engaged(made, at + 20 * MINUTE, f"{day}-11", 60, who=3), now=at)
        await store.fold()
    return made


async def change(store: Store, sql: str) -> None:
    def run(connection: sqlite3.Connection) -> int:
        return connection.execute(sql).rowcount

    assert await store._change(run) > 0


TABLES = {"total_hour": "hour", "total_day": "day", "rollup_day": "day", "rollup_month": "month"}
HOW = {
    "deleted": "delete from {table} where rowid_number = 1",
    "doubled": "update {table} set pageviews = 2 * pageviews + 1 where rowid_number = 1",
    "zeroed": "update {table} set pageviews = 0, visits = 0, visitors = 0, events = 0 where rowid_number = 1",
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("table", TABLES)
async def test_one_wrong_row_is_found_and_mended(store: Store, site: Site, table: str, how: str) -> None:
    before = await everything(store, site)
    first = f"(site_key, {TABLES[table]}, pageviews) = (select site_key, {TABLES[table]}, max(pageviews) from {table})"
    await change(store, HOW[how].format(table=table).replace("rowid_number = 1", first))
    found = await store.check()
    assert table in {one.table for one in found}
    assert (await store.repair(NOON, lower=True)).mended == len(found)
    assert await store.check() == []
    assert await everything(store, site) == before


async def test_a_row_of_a_day_without_hits_goes(store: Store, site: Site) -> None:
    before = await everything(store, site)
    await change(store, f"insert into rollup_day values ({site.key}, 1, {TODAY + 50}, 0, 1, 1, 1, 1, 1, 1, 1, 0)")
    await change(store, f"insert into total_day values ({site.key}, {TODAY - 50}, 9, 9, 9, 9, 9, 9, 9, 0, 0)")
    assert {one.day for one in await store.check()} >= {TODAY + 50, TODAY - 50}
    await store.repair(NOON, lower=True)
    assert await everything(store, site) == before


async def test_only_the_days_that_differ_are_written_again(store: Store, site: Site, tmp_path: Path) -> None:
    """Repair holds the writer: what is right is not its business."""
    await change(store, f"delete from rollup_day where day = {TODAY + 1}")
    touched: list[str] = []
    await store._side.run(lambda _, connection: connection.execute(
        "create temp trigger watch after delete on rollup_day begin insert into watched values (old.day); end"
    ) if connection.execute("create temp table watched (day)") else None)  # fmt: skip
    await store.repair(NOON, lower=True)
    touched = await store._side.run(lambda _, c: [row[0] for row in c.execute("select distinct day from watched")])
    assert set(touched) <= {TODAY + 1}
    assert await store.check() == []


async def test_hits_that_come_between_check_and_repair_are_in_the_mended_numbers(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await change(store, f"delete from total_hour where day = {TODAY + 2}")
    find = recount.check

    async def check_then_hits(path: Path) -> Any:
        found = await find(path)
        await counted(store, make(site, NOON + 2 * DAY + 25 * MINUTE, 3, "/late"), make(site, NOON + 2 * DAY + HOUR, 9))
        return found

    monkeypatch.setattr(recount, "check", check_then_hits)
    assert (await store.repair(NOON, lower=True)).mended > 0
    monkeypatch.undo()
    assert await store.check() == []
    pages = await broken_down(store, site, Dimension.PAGE, TODAY + 2, TODAY + 3)
    assert pages["/late"]["pageviews"] == 1


async def test_visits_go_on_after_a_repair(store: Store, site: Site) -> None:
    at = NOON + 2 * DAY + 12 * MINUTE
    await counted(store, make(site, at, 2, "/x"))
    await change(store, "delete from rollup_day")
    await store.repair(NOON, lower=True)
    await counted(store, make(site, at + MINUTE, 2, "/y"), make(site, at + 40 * MINUTE, 2, "/z"))
    assert await store.check() == []


@pytest.mark.parametrize("portion", [1, 2, 7, 1000])
async def test_counting_in_portions_gives_the_same(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    """Visits, goals and engaged time reach over the ends of portions."""
    before = await everything(store, site)
    monkeypatch.setattr(recount, "PORTION", portion)
    assert await store.check() == []
    await change(store, "delete from rollup_day")
    await change(store, "delete from total_day")
    await store.repair(NOON, lower=True)
    assert await store.check() == []
    assert await everything(store, site) == before


async def test_days_whose_raw_rows_are_gone_are_neither_judged_nor_touched(store: Store, site: Site) -> None:
    await store.expire(NOON + 40 * DAY, 0, 39)
    before = await everything(store, site)
    await change(store, f"update total_day set pageviews = pageviews + 1 where day = {TODAY}")
    assert await store.check() == []
    await change(store, f"delete from total_hour where day = {TODAY + 2}")
    await store.repair(NOON, lower=True)
    after = await everything(store, site)
    assert after["days"][TODAY]["pageviews"] == before["days"][TODAY]["pageviews"] + 1
    assert after["hours"][TODAY + 2] == before["hours"][TODAY + 2]


async def test_how_many_came_from_logs_is_mended(store: Store, site: Site, tmp_path: Path) -> None:
    await append(store, *(of_log(site, NOON - 5 * DAY + n, n, n) for n in range(4)))
    await change(store, f"update total_day set logged = 1 where day = {TODAY - 5}")
    assert [(one.what, one.stored, one.counted) for one in await store.check()] == [("logged", (1,), (4,))]
    assert (await store.repair(NOON, lower=True)).mended == 1
    assert read(tmp_path, "select logged from total_day where day = ?", TODAY - 5) == [(4,)]
    assert await store.check() == []


async def test_other_sites_are_not_touched(store: Store, site: Site) -> None:
    other = await store.catalog.add_site(Site(0, "other", "Other"), NOON)
    await counted(store, *(make(other, NOON + n, n) for n in range(5)))
    before = await everything(store, other)
    await change(store, f"delete from rollup_day where site_key = {site.key}")
    assert {one.site_key for one in await store.check()} == {site.key}
    await store.repair(NOON, lower=True)
    assert await everything(store, other) == before
    assert await store.check() == []


async def test_a_check_needs_no_place_among_the_readers(store: Store, site: Site, tmp_path: Path) -> None:
    """Reports go on while everything is recounted: their connections are not used."""
    async with AsyncExitStack() as taken:
        for pool in (store._readers._short, store._readers._long):
            for _ in range(pool._size):
                await taken.enter_async_context(pool.connection())
        assert await store.check() == []


async def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    async with open_store(tmp_path / "data", "normal", 30):
        pass
    (tmp_path / "data" / "counter.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="can't be"):
        async with open_reports(tmp_path / "data") as store:
            await store.check()
    with pytest.raises(StoreError, match="can't be recounted"):
        await recount.check(tmp_path / "data" / "counter.db")
    with pytest.raises(StoreError, match="can't be recounted"):
        await recount.check(tmp_path / "nowhere" / "counter.db")
