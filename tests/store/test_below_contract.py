"""What SQLite's engine promises below the protocols: rows, files, pragmas, and the limits of its own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from counter.errors import Locked, StoreError
from counter.event import Bot, Client, Drop, DropReason, Event, Origin, Outcome, Place
from counter.question import Dimension, DropCount, HistoryDay
from counter.service.writer import Writer
from counter.site import Site
from counter.store.open import Store, open_reports, open_store, replace_database
from counter.store.protocols import Batch
from counter.store.sqlite import dictionary, upkeep, visitors
from tests.kit.engines import FIREFOX, NEWS, WIKI, Open, some_visits
from tests.kit.events import (
    DAY,
    MINUTE,
    NOON,
    TODAY,
    append,
    broken_down,
    counted,
    custom,
    database,
    day_sums,
    engaged,
    everything,
    instant,
    make,
    of_log,
    read,
)

COUNTED, DUPLICATE, KNOWN = Outcome.COUNTED, Outcome.DUPLICATE, Outcome.KNOWN
DAY_TAKEN, UNKNOWN_VIEW = Outcome.DAY_TAKEN, Outcome.UNKNOWN_VIEW


class FixedClock:
    def now(self) -> float:
        return NOON

    def monotonic(self) -> float:
        return 0.0


class TestVisits:
    async def test_what_is_kept_in_memory_of_visitors_changes_nothing(
        self, opener: Open, store: Store, site: Site, other: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same hits, with room for one visitor and with room for all."""
        found = []
        for one, room in ((site, 1), (other, 30_000)):
            monkeypatch.setattr(visitors, "CACHED", room)
            utc = Site(one.key, one.id, one.name)
            for step in range(60):
                who, at = step % 4, NOON + step * 7 * MINUTE - (step % 5) * 20 * MINUTE
                await append(store, make(utc, at, who, f"/{step % 3}", hit_id=f"{step}"))
                await append(store, engaged(utc, at, f"{step - step % 7}", step * 3), custom(utc, at + 9, who))
                if step % 20 == 19:
                    await store.fold()
            found.append(await everything(store, utc))
        assert found[0] == found[1]
        assert await store.check() == []


class TestBreakdowns:
    async def test_new_values_beyond_the_cap_of_a_day_are_other(
        self, store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 3)
        for number in range(8):
            await counted(store, make(site, NOON + number, number, f"/{number}", origin=Origin(source=f"s{number}")))
        for folded in (False, True):
            pages = await broken_down(store, site, Dimension.PAGE)
            assert {page: sums["pageviews"] for page, sums in pages.items()} == {
                "/0": 1,
                "/1": 1,
                "/2": 1,
                "(other)": 5,
            }
            assert (await broken_down(store, site, Dimension.SOURCE))["(other)"]["visitors"] == 5
            assert (await day_sums(store, site))[TODAY]["pageviews"] == 8
            assert await store.check() == []
            if not folded:
                await store.fold()

    async def test_properties_beyond_the_cap_of_a_day_are_other(
        self, store: Store, site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 2)
        for number in range(4):
            await counted(store, custom(site, NOON, props=f'{{"size":"{number}","k{number}":""}}'))
        assert read(folder, "select props from hit_log order by hit") == [
            ('{"size":"0","k0":""}',), ('{"size":"1","(other)":""}',), ('{"size":"(other)","(other)":""}',),
            ('{"size":"(other)","(other)":""}',),
        ]  # fmt: skip

    async def test_the_cap_is_of_one_site_one_dimension_and_one_day(
        self, store: Store, site: Site, other: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 1)
        await counted(store, make(site, NOON, path="/a"), make(site, NOON, path="/b"))
        await counted(store, make(other, NOON, path="/b"))
        await counted(store, make(site, NOON, path="/a", origin=WIKI))  # a known value stays itself
        await counted(store, make(site, NOON + DAY, path="/c"))
        assert set(await broken_down(store, site, Dimension.PAGE)) == {"/a", "(other)"}
        assert set(await broken_down(store, other, Dimension.PAGE)) == {"/b"}
        assert set(await broken_down(store, site, Dimension.PAGE, TODAY + 1, TODAY + 2)) == {"/c"}

    async def test_a_value_beyond_the_cap_gets_its_name_on_a_later_day(
        self, store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whether the service was started anew in between must not matter."""
        monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 1)
        await counted(store, make(site, NOON, path="/a"), make(site, NOON, path="/b", origin=WIKI))
        await counted(store, make(site, NOON + DAY, path="/b", origin=NEWS))
        assert set(await broken_down(store, site, Dimension.PAGE, TODAY + 1, TODAY + 2)) == {"/b"}


class TestDropsAndLogLines:
    async def test_drops_are_counted_by_day_and_reason_and_bots_by_name(
        self, store: Store, site: Site, other: Site, folder: Path
    ) -> None:
        google = Bot("Googlebot", "search")
        drops = (
            Drop(site.key, NOON, TODAY, DropReason.BOT, google), Drop(site.key, NOON, TODAY, DropReason.BOT, google),
            Drop(site.key, NOON, TODAY, DropReason.PREFETCH), Drop(site.key, NOON - DAY, TODAY - 1, DropReason.BOT),
            Drop(other.key, NOON, TODAY, DropReason.IGNORED_IP),
        )  # fmt: skip
        for _ in range(2):
            await store.append(Batch((), drops), NOON)
        assert await store.reports.drops(site.key, TODAY - 1, TODAY + 1) == [
            DropCount(TODAY - 1, "bot", 2), DropCount(TODAY, "bot", 4), DropCount(TODAY, "prefetch", 2),
        ]  # fmt: skip
        assert await store.reports.drops(site.key, TODAY + 1, TODAY + 2) == []
        assert read(folder, "select name, category, count from bot_count") == [("Googlebot", "search", 4)]
        assert await day_sums(store, site) == {}

    async def test_who_opted_out_is_a_count_and_nothing_more(self, store: Store, site: Site, folder: Path) -> None:
        drop = Drop(site.key, NOON, TODAY, DropReason.OPT_OUT, path="/secret", address="192.0.2.1", user_agent="Me")
        await store.append(Batch((), (drop,)), NOON)
        assert await store.reports.drops(site.key, TODAY, TODAY + 1) == [DropCount(TODAY, "opt_out", 1)]
        assert read(folder, "select * from drop_log") == []

    async def test_the_last_thousand_drops_of_a_site_are_kept_whole(
        self, store: Store, site: Site, other: Site, folder: Path
    ) -> None:
        for number in range(3):
            drops = tuple(
                Drop(site.key, NOON + index, TODAY, DropReason.BOT, path=f"/{number}") for index in range(400)
            )
            await store.append(Batch((), drops), NOON)
        await store.append(Batch((), (Drop(other.key, NOON, TODAY, DropReason.BOT),)), NOON)
        await store.prune(NOON, [])
        rows = read(folder, "select site_key, path, count(*) from drop_log group by 1, 2")
        assert rows == [(site.key, "/0", 200), (site.key, "/1", 400), (site.key, "/2", 400), (other.key, "", 1)]

    async def test_a_day_of_log_lines_still_takes_them_after_repair(
        self, store: Store, site: Site, folder: Path, opener: Open
    ) -> None:
        await counted(store, of_log(site, NOON, 1))
        await store.__aexit__()
        with database(folder) as connection:
            connection.execute("update total_day set logged = 0, pageviews = 9")
        async with opener() as reopened:
            assert (await reopened.repair(NOON, lower=True)).mended > 0
            assert (await append(reopened, of_log(site, NOON, 2))).outcomes == (COUNTED,)
            assert await reopened.reports.live_days(site.key) == set()


class TestCatalog:
    async def test_sites_are_added_changed_removed_and_come_back_with_their_numbers(
        self, store: Store, site: Site, folder: Path
    ) -> None:
        await counted(store, make(site, NOON))
        changed = Site(
            site.key, "shop", "New name", ("shop.example", "*.shop.example"), "UTC", "sunday", 5, False, ("q",)
        )
        assert await store.catalog.change_site(changed, NOON) == changed
        assert await store.catalog.sites() == [changed]
        await store.catalog.remove_site("shop", NOON)
        assert (await store.catalog.sites(), await store.catalog.removed_ids()) == ([], ["shop"])
        back = await store.catalog.add_site(Site(0, "shop", "Back"), NOON)
        assert back == Site(site.key, "shop", "Back")
        assert (await store.catalog.sites(), await store.catalog.removed_ids()) == ([back], [])
        assert (await day_sums(store, back))[TODAY]["pageviews"] == 1
        actions = [row[0] for row in read(folder, "select action from audit order by id")]
        assert actions == ["site.added", "site.changed", "site.removed", "site.restored", "site.changed"]

    async def test_every_change_is_in_the_audit_log_with_what_was_and_what_is(
        self, store: Store, site: Site, folder: Path
    ) -> None:
        await store.catalog.change_site(Site(site.key, "shop", "The shop", start_count=77), NOON + 1)
        await store.catalog.add_token(site.key, b"digest", NOON + 2)
        await store.catalog.put_history(site.key, [HistoryDay(1, 5)], "old.csv", NOON + 3)
        rows = read(folder, "select at - ?, site_key, action, detail from audit order by id", NOON)
        assert [row[:3] for row in rows] == [
            (0, site.key, "site.added"), (1, site.key, "site.changed"), (2, site.key, "token.added"),
            (3, site.key, "history.imported"),
        ]  # fmt: skip
        before, _, after = rows[1][3].partition(" to ")
        assert ('"start_count":0' in before.replace(" ", ""), '"start_count":77' in after.replace(" ", "")) == (
            True,
            True,
        )
        assert rows[3][3] == "old.csv"


class TestCheckAndRepair:
    PLANTED = (
        ("total_hour", "update total_hour set pageviews = pageviews + 1 where rowid_ = 1"),
        ("total_hour", "delete from total_hour"),
        ("total_day", "update total_day set visitors = 0 where day = {today}"),
        ("total_day", "insert into total_day values ({site}, {today} + 5, 1, 1, 1, 0, 0, 0, 0, 0, 0)"),
        ("rollup_day", "delete from rollup_day where dimension = 1"),
        ("rollup_day", "update rollup_day set visits = visits + 1 where dimension = 20"),
        ("rollup_day", "insert into rollup_day values ({site}, 32, {today} + 9, 0, 1, 1, 1, 1, 1, 1, 1, 0)"),
        ("rollup_month", "update rollup_month set seconds = seconds + 1 where dimension = 10"),
        ("rollup_month", "delete from rollup_month where dimension = 2"),
    )

    @pytest.mark.parametrize(
        ("table", "damage"), PLANTED, ids=str.split("hour1 hour2 day1 day2 rollup1 rollup2 rollup3 month1 month2")
    )
    async def test_a_difference_planted_in_any_rollup_is_found_named_and_mended(
        self, store: Store, site: Site, opener: Open, folder: Path, table: str, damage: str
    ) -> None:
        await counted(store, *some_visits(site))
        await store.fold()
        before = await everything(store, site)
        await store.__aexit__()
        with database(folder) as connection:
            statement = damage.format(site=site.key, today=TODAY).replace("where rowid_ = 1", f"where hour = {NOON}")
            assert connection.execute(statement).rowcount > 0
        async with opener() as reopened:
            found = await reopened.check()
            assert table in {difference.table for difference in found}
            assert {difference.site_key for difference in found} == {site.key}
            assert all(difference.stored != difference.counted for difference in found)
            assert (await reopened.repair(NOON, lower=True)).mended == len(found)
            assert await reopened.check() == []
            assert await everything(reopened, site) == before
            await counted(reopened, make(site, NOON + 70, 1, "/on"))
            assert await reopened.check() == []


class TestUpkeep:
    @pytest.mark.parametrize("folded", [True, False])
    async def test_visitors_go_with_their_salt(self, store: Store, site: Site, folder: Path, folded: bool) -> None:
        await counted(store, make(site, NOON), make(site, NOON - DAY))
        if folded:
            await store.fold()
        before = await everything(store, site)
        assert (await store.prune(NOON, [(site.key, TODAY - 1)]))["visitors"] == 1
        await store.fold()
        assert read(folder, "select day from visitor union all select day from visitor_tail") == [(TODAY,)]
        assert await everything(store, site) == before

    async def test_erasing_addresses_leaves_every_total(self, store: Store, site: Site, folder: Path) -> None:
        await append(store, *(
            make(site, NOON + index, index, address=f"192.0.2.{index}") for index in range(5)
        ), now=NOON)  # fmt: skip
        await append(store, make(site, NOON + 9, 9, address="192.0.2.9"), now=NOON + 40 * DAY)
        drop = Drop(site.key, NOON, TODAY, DropReason.BOT, address="192.0.2.77")
        await store.append(Batch((), (drop,)), NOON)
        before = await everything(store, site)
        gone = await store.expire(NOON + 40 * DAY, 30, 0)
        assert gone == {"addresses": 5, "hits": 0}
        assert read(folder, "select distinct ip from hit_log order by 1") == [(None,), ("192.0.2.9",)]
        assert read(folder, "select address from drop_log") == [(None,)]
        assert await everything(store, site) == before
        assert await store.check() == []

    async def test_an_address_leaves_the_quarantine_too(self, store: Store, site: Site, folder: Path) -> None:
        await store.quarantine(make(site, NOON, address="192.0.2.66"), "why", NOON)
        await store.expire(NOON + 40 * DAY, 30, 0)
        assert "192.0.2.66" not in str(read(folder, "select * from quarantine"))

    @pytest.mark.parametrize("portion", [1, 2, 20_000])
    async def test_erasing_hits_leaves_every_total(
        self, store: Store, site: Site, folder: Path, opener: Open, monkeypatch: pytest.MonkeyPatch, portion: int
    ) -> None:
        monkeypatch.setattr(upkeep, "PORTION", portion)
        await append(store, *some_visits(site), now=NOON)
        await append(store, make(site, NOON + 40 * DAY, hit_id="kept"), now=NOON + 40 * DAY)
        before = await everything(store, site)
        assert (await store.expire(NOON + 40 * DAY, 0, 30))["hits"] == len(some_visits(site))
        assert await everything(store, site) == before
        assert read(folder, "select hit_id from hit_log") == [("kept",)]
        assert read(folder, "select count(*) from visit") == [(1,)]
        assert (await store.check(), (await store.repair(NOON, lower=True)).mended) == ([], 0)
        await store.__aexit__()
        async with opener() as reopened:
            assert await everything(reopened, site) == before
            await append(reopened, make(site, NOON + 40 * DAY + 60), now=NOON + 40 * DAY)
            assert await reopened.check() == []

    async def test_rows_may_expire_after_they_moved_to_other_days(
        self, store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A visit that a new midnight splits loses its first row before its second."""
        monkeypatch.setattr(upkeep, "PORTION", 1)
        midnight = instant("2024-11-22 00:00", "Pacific/Auckland")
        await append(store, make(site, midnight - 60, path="/a"), now=midnight)
        await append(store, make(site, midnight + 60, path="/b"), now=midnight + 2 * DAY)
        await store.catalog.change_site(Site(site.key, "shop", "The shop", timezone="Pacific/Auckland"), NOON)
        before = await everything(store, site)
        assert await store.expire(midnight + 2 * DAY, 0, 1) == {"addresses": 0, "hits": 1}
        assert await everything(store, site) == before
        assert await store.check() == []


class TestQuarantine:
    """T-03: a good hit, one that the store refuses, a good hit, in one commit."""

    POISON = (
        {"path": "/\udc80"}, {"title": "\ud800"}, {"hit_id": "\udfff"}, {"address": "\udc80"}, {"props": "\udc00"},
        {"client": Client(browser="\udc80")}, {"place": Place(city="\ud912")}, {"origin": Origin(source="\udc80")},
        {"visitor": 2**63}, {"at": 2**63}, {"day": 2**70}, {"line": 2**63, "overlap": True},
        {"at": float("nan")}, {"at": float("inf")}, {"visitor": float("nan")}, {"at": True, "path": 5.5},
        {"path": {}}, {"title": []}, {"props": {"a": 1}}, {"address": b"\xff"},
        {"visitor": None}, {"hour": "noon"}, {"via": "pigeon"},
    )  # fmt: skip

    async def written(self, store: Store, events: list[Event], drops: tuple[Drop, ...] = ()) -> list[Any]:
        writer = Writer(store, FixedClock(), 100, lambda _: None)
        futures = [writer.queue(event) for event in events]
        for drop in drops:
            writer.drop(drop)
        writer.start()
        await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 60)
        await writer.stop()
        return [future.exception() or future.result() for future in futures]

    @pytest.mark.parametrize("poison", POISON, ids=str)
    async def test_a_poisoned_event_never_takes_its_neighbours_along(
        self, store: Store, site: Site, folder: Path, poison: dict[str, Any]
    ) -> None:
        fields = {name: getattr(make(site, NOON, 7), name) for name in Event.__struct_fields__}
        bad = Event(**{**fields, **poison})
        outcomes = await self.written(store, [make(site, NOON, 1, hit_id="a"), bad, make(site, NOON, 2, hit_id="b")])
        assert (outcomes[0], outcomes[2]) == (COUNTED, COUNTED)
        kept = read(folder, "select hit_id from hit_log where hit_id is not null order by hit")
        assert [row[0] for row in kept][:2] == ["a", "b"]
        if outcomes[1] == Outcome.QUARANTINED:
            assert len(read(folder, "select 1 from quarantine")) == 1
            assert (await day_sums(store, site))[TODAY]["pageviews"] == 2
        else:
            assert outcomes[1] == COUNTED  # the store could make sense of it
        assert await store.check() == []

    async def test_a_poisoned_event_does_not_lose_the_drops_of_its_batch(self, store: Store, site: Site) -> None:
        drop = Drop(site.key, NOON, TODAY, DropReason.BOT)
        await self.written(store, [make(site, NOON), make(site, NOON, 2, "/\udc80")], (drop, drop))
        assert await store.reports.drops(site.key, TODAY, TODAY + 1) == [DropCount(TODAY, "bot", 2)]

    async def test_a_poisoned_drop_does_not_lose_the_hits_of_its_batch(self, store: Store, site: Site) -> None:
        drop = Drop(site.key, NOON, TODAY, DropReason.BOT, path="/\udc80")
        assert await self.written(store, [make(site, NOON)], (drop,)) == [COUNTED]

    async def test_many_poisoned_events_are_put_aside_one_by_one(self, store: Store, site: Site, folder: Path) -> None:
        events = [make(site, NOON + n, n, "/\udc80" if n % 3 else "/") for n in range(30)]
        outcomes = await self.written(store, events)
        assert Counter(outcomes) == {COUNTED: 10, Outcome.QUARANTINED: 20}
        assert read(folder, "select count(*) from quarantine") == [(20,)]
        assert (await day_sums(store, site))[TODAY]["visits"] == 10


class TestBackup:
    async def test_a_restore_replaces_nothing_without_force(
        self, store: Store, site: Site, tmp_path: Path, folder: Path, opener: Open
    ) -> None:
        await counted(store, make(site, NOON))
        await store.backup(tmp_path / "copy.db")
        await counted(store, make(site, NOON + 5))
        with pytest.raises(Locked):
            replace_database(folder, tmp_path / "copy.db", force=True, now=NOON)
        await store.__aexit__()
        with pytest.raises(StoreError, match="--force"):
            replace_database(folder, tmp_path / "copy.db", force=False, now=NOON)
        async with opener() as untouched:
            assert (await day_sums(untouched, site))[TODAY]["pageviews"] == 2
        aside = replace_database(folder, tmp_path / "copy.db", force=True, now=NOON)
        assert [path.name for path in aside] == ["counter.db.replaced-20241121T120000Z"]
        assert aside[0].exists()
        async with opener() as restored:
            assert (await day_sums(restored, site))[TODAY]["pageviews"] == 1

    @pytest.mark.parametrize("content", [b"", b"junk" * 5000, None])
    async def test_a_damaged_backup_is_refused_and_the_database_stays(
        self, store: Store, site: Site, tmp_path: Path, folder: Path, content: bytes | None
    ) -> None:
        await counted(store, make(site, NOON))
        await store.backup(tmp_path / "copy.db")
        await store.__aexit__()
        broken = tmp_path / "broken.db"
        broken.write_bytes((tmp_path / "copy.db").read_bytes()[:-9000] if content is None else content)
        before = hashlib.sha256((folder / "counter.db").read_bytes()).digest()
        with pytest.raises(StoreError):
            replace_database(folder, broken, force=True, now=NOON)
        assert hashlib.sha256((folder / "counter.db").read_bytes()).digest() == before
        assert not list(folder.glob("*.part"))


class TestSqlite:
    """What SQLite's engine promises below the protocols."""

    async def test_a_second_store_on_the_same_data_is_refused_with_the_process_that_holds_it(
        self, store: Store, site: Site, opener: Open, folder: Path
    ) -> None:
        """T-36"""
        with pytest.raises(Locked, match=f"process {os.getpid()}") as caught:
            await opener().__aenter__()
        assert str(folder) in str(caught.value)
        await counted(store, make(site, NOON))
        await store.__aexit__()
        async with opener() as second:
            assert (await day_sums(second, site))[TODAY]["pageviews"] == 1

    async def test_readers_can_not_write_and_never_checkpoint(self, store: Store, site: Site) -> None:
        """T-61"""
        for reader in (*store._readers._short._all, *store._readers._long._all):
            assert await reader.run(lambda link: link.execute("pragma wal_autocheckpoint").fetchone()) == (0,)
            for statement in ("insert into watermark values (2, 0)", "delete from event", "create table t (a)"):
                with pytest.raises(sqlite3.OperationalError, match="readonly"):
                    await reader.run(lambda link, sql=statement: link.execute(sql))

    async def test_only_the_writer_checkpoints(self, store: Store, site: Site, folder: Path) -> None:
        """T-61: the log stays when readers close; the writer's last close folds it into the file."""
        await counted(store, make(site, NOON))
        log = folder / "counter.db-wal"
        size = log.stat().st_size
        before = hashlib.sha256((folder / "counter.db").read_bytes()).digest()
        for _ in range(3):
            async with open_reports(folder) as reader:
                await reader.check()
                await reader.reports.day_totals()
        assert (log.stat().st_size, size > 0) == (size, True)
        assert hashlib.sha256((folder / "counter.db").read_bytes()).digest() == before
        await store.__aexit__()
        assert not log.exists()
        async with open_reports(folder) as reader:
            assert len(await reader.reports.day_totals()) == 1

    @pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
    async def test_the_writer_is_as_durable_as_configured(
        self, folder: Path, durability: str, synchronous: int
    ) -> None:
        async with open_store(folder, durability, 30) as opened:
            for pragma, value in (
                ("synchronous", synchronous), ("journal_mode", "wal"), ("foreign_keys", 1), ("trusted_schema", 0),
                ("secure_delete", 1),
            ):  # fmt: skip
                row = await opened._side.run(lambda _, link, name=pragma: link.execute(f"pragma {name}").fetchone())
                assert row == (value,), pragma
        assert (folder / "counter.db").stat().st_mode & 0o077 == 0

    async def test_a_hit_stands_in_hit_log_with_its_address_and_time(
        self, store: Store, site: Site, folder: Path
    ) -> None:
        origin = Origin(*(f"o{number}" for number in range(9)))
        await counted(store, make(
            site, NOON, path="/a", title="A", address="2001:db8::7", hit_id="id", client=FIREFOX,
            place=Place("GE", "AJ", "Batumi"), origin=origin,
        ))  # fmt: skip
        await counted(store, custom(site, NOON + 1, name="buy", props='{"a":"b"}'), engaged(site, NOON + 2, "id", 5))
        first, second = read(
            folder,
            "select time_utc, day, day_number, hour, ip, site, name, path, title, hit_id, via, browser, screen, city,"
            " referrer, utm_content, props from hit_log order by hit",
        )
        assert first == (
            "2024-11-21 12:00:00", "2024-11-21", TODAY, NOON, "2001:db8::7", "shop", "pageview", "/a", "A", "id",
            "snippet", "Firefox", "1920", "Batumi", "o0", "o8", None,
        )  # fmt: skip
        assert (second[6], second[16]) == ("buy", '{"a":"b"}')

    async def test_a_closed_store_says_so(self, store: Store, site: Site) -> None:
        await store.__aexit__()
        with pytest.raises(StoreError, match="closed"):
            await append(store, make(site, NOON))

    async def test_reports_need_a_database(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="counter serve"):
            await open_reports(tmp_path / "none").__aenter__()
