"""What grows has a limit, and what is over it is refused or put together, never lost from a total.

T-20: one address that floods, and the memory of who may send how much. T-21: distinct texts without end.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections import Counter as Count
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from counter.collect import rate
from counter.collect.origins.origin import MAX_REFERRER
from counter.collect.page import MAX_PATH
from counter.collect.parse import MOST_HITS, USER_AGENT
from counter.collect.properties import MOST_PROPS
from counter.collect.rate import SHARED, WINDOW, RateLimiter
from counter.event import Bot, BotCategory, BotReason, Client, Drop, DropReason, Origin, Place
from counter.question import OTHER, Dimension
from counter.service import proxies
from counter.service.last_check import LONGEST
from counter.settings import SETTINGS
from counter.site import Site
from counter.store.catalog import goals
from counter.store.open import Store, open_store
from counter.store.protocols import Batch
from counter.store.sqlite import dictionary, drops, engine, upkeep
from counter.store.sqlite.dictionary import NEW_VALUES_A_DAY
from counter.store.sqlite.readers import TIME_LIMIT
from counter.trust import FAR
from counter.web.request import LARGEST_BODY
from tests.kit.app import NOON as START
from tests.kit.app import FakeClock, Start, outcome_of
from tests.kit.events import DAY, NOON, TODAY, append, broken_down, counted, custom, day_sums, make, read


def setting(section: str, key: str) -> int:
    """The default of a setting."""
    return next(int(str(row.default)) for row in SETTINGS if (row.section, row.key) == (section, key))


# T-20: floods -----------------------------------------------------------------------------------------------------


class TestTheLimiter:
    def test_after_the_budget_it_says_how_long_to_wait_until_the_window_ends(self) -> None:
        limiter = RateLimiter(3)
        assert [limiter.wait("192.0.2.1", 100.0) for _ in range(3)] == [0, 0, 0]
        assert limiter.wait("192.0.2.1", 100.0) == WINDOW + 1
        assert limiter.wait("192.0.2.1", 150.0) == 11
        assert limiter.wait("192.0.2.2", 150.0) == 0, "nobody else waits"
        assert limiter.wait("192.0.2.1", 160.0) == 0, "a new window"

    @pytest.mark.parametrize(
        "addresses", [50_000, pytest.param(1_000_000, marks=(pytest.mark.soak, pytest.mark.faults))]
    )
    def test_all_addresses_of_one_ipv6_64_are_one(self, addresses: int) -> None:
        """T-20: whoever has a /64 may use a new address for every hit."""
        limiter = RateLimiter(10)
        texts = (f"2001:db8:1:2:{n & 65535:x}:{n >> 16:x}::1" for n in range(addresses))
        assert sum(limiter.wait(text, 1.0) == 0 for text in texts) == 10
        assert len(limiter) == 1

    def test_the_table_is_bounded_and_a_flood_behind_a_crowd_is_stopped_all_the_same(self) -> None:
        limiter = RateLimiter(50, most=1000)
        for number in range(20_000):
            limiter.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1.0)
        assert len(limiter) <= 1000 + SHARED
        flood = [limiter.wait("192.0.2.66", 1.0) for _ in range(1000)]
        assert flood.count(0) <= 50
        assert all(flood[50:])
        assert limiter.wait("10.0.0.7", 1.0) == 0, "who has a place of his own keeps it"

    def test_a_crowd_larger_than_the_table_is_served(self) -> None:
        """The default limit, and as many visitors beyond the table as a fast machine answers in a minute."""
        limiter = RateLimiter(600, most=1000)
        served = sum(limiter.wait(f"2001:db8:{n >> 16:x}:{n & 65535:x}::1", 1.0) == 0 for n in range(200_000))
        assert served == 200_000

    def test_no_limit_holds_nothing(self) -> None:
        limiter = RateLimiter(0)
        assert {limiter.wait(f"192.0.2.{number % 256}", 1.0) for number in range(1000)} == {0}
        assert len(limiter) == 0


async def test_a_flooding_address_gets_429_with_retry_after_and_others_are_counted(start: Start) -> None:
    """T-20, through a trusted proxy."""
    clock = FakeClock(START)
    counter = await start(clock, counting={"rate_limit_per_minute": 30})
    for _ in range(10):  # 1,000 hits in a second of the clock
        answer = await counter.post([{"site": "demo", "path": "/"}] * 100, ip="192.0.2.66")
        clock.move(0.1)
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW + 1
    single = await counter.hit(ip="192.0.2.66")
    assert (single.status, single.headers["X-Counter"]) == (429, "dropped; reason=rate_limited")
    assert int(single.headers["Retry-After"]) >= 1
    others = [outcome_of(await counter.hit(ip=f"198.51.100.{number}")) for number in range(50)]
    assert set(others) == {"counted"}
    assert (len(counter.hits()), (await counter.drops())["rate_limited"]) == (30 + 50, 971)
    clock.move(WINDOW)
    assert outcome_of(await counter.hit(ip="192.0.2.66")) == "counted"
    await counter.assert_unharmed()


async def test_addresses_of_one_ipv6_64_share_a_budget_over_http(start: Start) -> None:
    """T-20."""
    counter = await start(counting={"rate_limit_per_minute": 20})
    outcomes = Count([outcome_of(await counter.hit(ip=f"2001:db8:5:6::{number:x}")) for number in range(1, 101)])
    assert outcomes == {"counted": 20, "rate_limited": 80}
    assert len(counter.service.pipeline.rules.rate) == 1


# T-21: distinct texts without end ---------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "data", "normal", 30) as opened:
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    return await store.catalog.add_site(Site(0, "demo", "Demo"), NOON)


# Every text that a stranger chooses freely.
FREE = (Dimension.PAGE, Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE, Dimension.REFERRER, Dimension.REFERRER_HOST,
        Dimension.SOURCE, Dimension.UTM_SOURCE, Dimension.UTM_MEDIUM, Dimension.UTM_CAMPAIGN, Dimension.UTM_TERM,
        Dimension.UTM_CONTENT, Dimension.LANGUAGE)  # fmt: skip


async def tell_distinct(store: Store, site: Site, start: int, end: int) -> None:
    """A hit, a visit and a visitor for each number, with a text of its own in every field."""
    for first in range(start, end, 5000):
        events = []
        for n in range(first, min(first + 5000, end)):
            utm = {f"utm_{name}": f"{name}{n}" for name in ("source", "medium", "campaign", "term", "content")}
            origin = Origin(f"https://h{n}.test/", f"h{n}.test", f"h{n}.test", "referral", **utm)
            events.append(make(site, NOON + n % 3600, n, f"/page/{n}", title=f"Title {n}", origin=origin,
                               client=Client(language=f"l{n}"), place=Place("DE")))  # fmt: skip
        await store.append(Batch(tuple(events)), NOON)
        await store.fold()


async def assert_capped(store: Store, site: Site, folder: Path, told: int) -> None:
    assert await store.check() == []
    assert await day_sums(store, site) == {
        TODAY: {"pageviews": told, "visits": told, "visitors": told, "bounces": told}
    }  # fmt: skip
    cap = dictionary.NEW_VALUES_A_DAY
    values = dict(read(folder, "select dimension, count(*) from value where id > 0 group by 1"))
    assert max(values.values()) == cap + 1, "and (other)"
    for dimension in FREE:
        began = time.monotonic()
        found = await broken_down(store, site, dimension)
        assert time.monotonic() - began < 10, "a second is what T-21 wants of a quiet machine"
        assert len(found) == cap + 1
        assert found[OTHER]["visits"] == told - cap
        assert sum(row["visits"] for row in found.values()) == told
    assert read(folder, "select count(*) from rollup_day") == read(folder, "select count(*) from rollup_month")
    assert read(folder, "select count(*) from rollup_day")[0][0] <= (cap + 1) * len(FREE) + 20


async def test_distinct_texts_beyond_the_cap_are_other_and_every_total_stays_exact(
    store: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-21, with a tenth of the cap."""
    monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", NEW_VALUES_A_DAY // 10)
    await tell_distinct(store, site, 0, 3000)
    await assert_capped(store, site, tmp_path / "data", 3000)


async def test_thirty_thousand_distinct_paths_leave_ten_thousand_and_other(
    store: Store, site: Site, tmp_path: Path
) -> None:
    """T-21, with the cap that is in force."""
    for first in range(0, 30_000, 5000):
        await counted(store, *(make(site, NOON, 1, f"/{n}", title=f"T{n}") for n in range(first, first + 5000)))
    await store.fold()
    assert read(tmp_path / "data", "select count(*) from value where dimension = 1") == [(NEW_VALUES_A_DAY + 1,)]
    assert read(tmp_path / "data", "select count(*) from value where dimension = 5") == [(NEW_VALUES_A_DAY + 1,)]
    pages = await broken_down(store, site, Dimension.PAGE)
    assert pages[OTHER] == {"pageviews": 20_000, "visits": 1, "visitors": 1}
    assert sum(row["pageviews"] for row in pages.values()) == 30_000
    assert await store.check() == []


async def test_distinct_properties_beyond_the_cap_are_other_and_every_event_counts(
    store: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-21."""
    monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 50)
    for first in range(0, 600, 100):
        await counted(store, *(
            custom(site, NOON + n, n % 7, name="order", props=json.dumps({f"key{n}": f"value{n}"}))
            for n in range(first, first + 100)
        ))  # fmt: skip
    await store.fold()
    for dimension in (Dimension.PROPERTY_KEY, Dimension.PROPERTY):
        stored = read(tmp_path / "data", "select count(*) from value where dimension = ?", int(dimension))
        assert stored == [(51,)], dimension
    kept = [
        json.loads(props) for (props,) in read(tmp_path / "data", "select props from event where props is not null")
    ]
    assert kept[:50] == [{f"key{n}": f"value{n}"} for n in range(50)]
    assert kept[50:] == [{OTHER: OTHER}] * 550
    assert (await broken_down(store, site, Dimension.EVENT))["order"]["events"] == 600
    assert await store.check() == []


@pytest.mark.soak
@pytest.mark.faults
async def test_a_million_distinct_texts_in_every_field(store: Store, site: Site, tmp_path: Path) -> None:
    """T-21."""
    await tell_distinct(store, site, 0, 1_000_000)
    await assert_capped(store, site, tmp_path / "data", 1_000_000)


async def test_the_next_day_has_new_values_again(store: Store, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 3)
    await counted(store, *(make(site, NOON, n, f"/{n}") for n in range(5)))
    await counted(store, *(make(site, NOON + DAY, n, f"/{n}") for n in range(5)))
    assert set(await broken_down(store, site, Dimension.PAGE)) == {"/0", "/1", "/2", OTHER}
    assert set(await broken_down(store, site, Dimension.PAGE, TODAY + 1, TODAY + 2)) == {f"/{n}" for n in range(5)}


async def test_one_sites_flood_leaves_the_others_their_values(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary, "NEW_VALUES_A_DAY", 3)
    other = await store.catalog.add_site(Site(0, "other", "Other"), NOON)
    await counted(store, *(make(site, NOON, n, f"/{n}") for n in range(50)))
    await counted(store, *(make(other, NOON, n, f"/{n}") for n in range(3)))
    assert set(await broken_down(store, other, Dimension.PAGE)) == {"/0", "/1", "/2"}


def of_bot(site: Site, number: int, name: str = "Examplebot") -> Drop:
    bot = Bot(name, BotCategory.OTHER, BotReason.PARSER)
    return Drop(site.key, NOON, TODAY, DropReason.BOT, bot, f"/{number}", "192.0.2.1", f"{name}/1.0")


async def test_names_that_bots_make_up_are_capped_and_their_number_stays_exact(
    store: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-21: a bot that is on no list has the name it gives itself."""
    monkeypatch.setattr(drops, "MOST_NAMES", 100)
    for first in range(0, 600, 60):
        await store.append(Batch((), tuple(of_bot(site, n, f"bot{n}") for n in range(first, first + 60))), NOON)
        await store.append(Batch((), (of_bot(site, 0, "bot7"),)), NOON)
    rows = dict(read(tmp_path / "data", "select name, count from bot_count"))
    assert (len(rows), sum(rows.values()), rows["bot7"]) == (101, 610, 11)


async def test_the_log_of_drops_stays_small_while_a_flood_goes_on(store: Store, site: Site, tmp_path: Path) -> None:
    """T-20: dropped hits are logged, and a flood may last longer than an hour."""
    for number in range(20):
        await store.append(Batch((), tuple(of_bot(site, number) for _ in range(500))), NOON)
        assert read(tmp_path / "data", "select count(*) from drop_log")[0][0] < 2 * drops.MOST_LOGGED + 500
    assert read(tmp_path / "data", "select count from drop_count") == [(10_000,)]


# Retention --------------------------------------------------------------------------------------------------------


async def test_counts_of_new_values_are_kept_for_days_and_not_for_ever(
    store: Store, site: Site, tmp_path: Path
) -> None:
    await counted(store, make(site, NOON, path="/a"), make(site, NOON + 2 * DAY, path="/b"))
    await store.prune(NOON + 2 * DAY, [])
    assert read(tmp_path / "data", "select distinct day from value_count order by 1") == [(TODAY,), (TODAY + 2,)]
    await store.prune(NOON + 4 * DAY, [])
    assert read(tmp_path / "data", "select distinct day from value_count") == [(TODAY + 2,)]


async def test_the_quarantine_keeps_the_latest(
    store: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PUT_ASIDE", 3)
    for number in range(7):
        await store.quarantine(make(site, NOON, path=f"/{number}"), "refused", NOON)
    await store.prune(NOON, [])
    kept = read(tmp_path / "data", "select event from quarantine order by id")
    assert [f"path='/{number}'" in event for number, (event,) in enumerate(kept, start=4)] == [True] * 3


async def test_expiry_goes_in_portions_and_hits_are_written_between_them(
    store: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention under load: no transaction is long, and totals stay."""
    monkeypatch.setattr(upkeep, "PORTION", 10)
    await append(store, *(make(site, NOON + n, n, address=f"192.0.2.{n % 250}") for n in range(200)))
    before = await day_sums(store, site)
    seen: list[int] = []
    change: Any = store._change

    async def change_with_a_hit_between(function: Any, *arguments: Any, **more: Any) -> Any:
        result = await change(function, *arguments, **more)
        if function in (upkeep.expire_addresses, upkeep.expire_hits) and result:
            seen.append(result)
            await counted(store, make(site, NOON + 40 * DAY, 10_000 + len(seen)), now=NOON + 40 * DAY)
        return result

    monkeypatch.setattr(store, "_change", change_with_a_hit_between)
    gone = await store.expire(NOON + 40 * DAY, 30, 35)
    assert gone == {"addresses": 200, "hits": 200}
    assert len(seen) >= 20 + 10
    assert max(seen) <= 20
    days = await day_sums(store, site)
    assert {TODAY: days[TODAY]} == before
    assert days[TODAY + 40]["pageviews"] == len(seen)
    assert await store.check() == []


async def test_the_log_that_grew_behind_a_long_reader_is_cut_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check or a report reads one state for long, and meanwhile nothing can be taken out of the log."""
    monkeypatch.setattr(engine, "LARGEST_WAL", 500_000)
    monkeypatch.setattr(engine, "CHECKPOINT_PAGES", 20)
    log = tmp_path / "data" / "counter.db-wal"
    async with open_store(tmp_path / "data", "normal", 30) as store:
        site = await store.catalog.add_site(Site(0, "demo", "Demo"), NOON)
        with closing(sqlite3.connect(f"file:{tmp_path / 'data' / 'counter.db'}?mode=ro", uri=True)) as reader:
            reader.execute("begin")
            reader.execute("select count(*) from event").fetchall()
            number = 0
            while log.stat().st_size < 2_000_000:
                await counted(store, *(make(site, NOON, number + n, f"/{number + n}") for n in range(200)))
                number += 200
        for _ in range(3):
            await counted(store, make(site, NOON, number))
        assert log.stat().st_size <= 500_000


# How each table is kept from growing without end; docs/running.md says it to the owner.
GROWTH = {
    "site": "the owner makes them", "token": "the owner makes them", "goal": "the owner makes them",
    "page_start": "1,000 a site",
    "history": "days of a former counter", "audit": "a line for each act of the owner, and each day mended",
    "value": "new ones a day are capped", "value_count": "pruned", "client": "a row for a visit at most",
    "place": "a row for a visit at most", "origin": "a row for a visit at most",
    "visit": "hit_retention_days", "event": "hit_retention_days", "visitor": "pruned with its salt",
    "visitor_tail": "emptied by each fold", "hit_id": "pruned", "batch": "pruned",
    "log_line": "lines are known for ever, that is the promise", "total_hour": "hours", "total_day": "days",
    "rollup_day": "days and capped values", "rollup_month": "months and capped values", "watermark": "one row",
    "written": "days", "closed_day": "days", "day_span": "days", "drop_count": "days and a closed set of reasons",
    "bot_count": "days and capped names", "drop_log": "1,000 a site", "quarantine": "pruned",
    "user": "owners make them", "access": "a row for a user and a site at most", "session": "30 days, 7 when idle",
    "invitation": "one a user, for a day", "annotation": "people write them",
    "clock_mark": "one row", "file_mark": "one row",
}  # fmt: skip


# A row of docs/running.md, and what is in force.
LIMITS = {
    "hits of one address": setting("counting", "rate_limit_per_minute"),
    "addresses that are counted each by itself": rate.MOST,
    "hits waiting to be stored": setting("storage", "queue_hits"),
    "open connections": setting("server", "max_connections"),
    "a request's body": LARGEST_BODY,
    "hits of one array": MOST_HITS,
    "properties of an event": MOST_PROPS,
    "a path, as stored": MAX_PATH,
    "a referrer, as stored": MAX_REFERRER,
    "a user agent": USER_AGENT,
    "new values of a dimension": NEW_VALUES_A_DAY,
    "names of bots that are on no list": drops.MOST_NAMES,
    "dropped hits, one by one": drops.MOST_LOGGED,
    "events in quarantine": upkeep.PUT_ASIDE,
    "the write-ahead log, once it is empty": engine.LARGEST_WAL,
    "goals": goals.MOST,
    "a question of a report": int(TIME_LIMIT),
    "peers remembered that are not trusted": proxies.MOST,
    "a clock away from when it was last believed": FAR // DAY,
    "between two checks of all numbers": LONGEST // 3600,
}


def test_the_table_of_limits_is_what_is_in_force() -> None:
    text = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \|", text.partition("## Limits")[2], re.MULTILINE)
    told = {name.partition(" (")[0]: int(value.replace(",", "")) for name, value in rows}
    assert told == LIMITS


async def test_for_every_table_it_is_known_what_bounds_it(store: Store, tmp_path: Path) -> None:
    tables = {name for (name,) in read(tmp_path / "data", "select name from sqlite_schema where type = 'table'")}
    assert tables - {"sqlite_sequence"} == set(GROWTH)
