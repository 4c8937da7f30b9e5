"""T-41: when the nightly check is due, what it finds and mends, where it is shown, and that hits go on."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from counter.app import Intervals, _jobs
from counter.calendar.localtime import LocalTime
from counter.cli.port import running_service
from counter.errors import StoreError
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.numbers import MendNumbers
from counter.service.jobs import Job, run_jobs
from counter.service.last_check import LONGEST, REST, Checked, due, read_checked, write_checked
from counter.service.nightly import check_now, check_when_due
from counter.service.proxies import ProxySign
from counter.store.sqlite import recount
from tests.kit.app import NOON, Counter, FakeClock, Start, outcome_of, stop


def at(text: str, zone: str = "UTC") -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


# now, zone, hours since the last check (None: never), due
WHEN = [
    ("2024-11-21 03:29", "UTC", 24.0, False),
    ("2024-11-21 03:30", "UTC", 24.0, True),
    ("2024-11-21 04:59", "UTC", 24.0, True),
    ("2024-11-21 05:00", "UTC", 24.0, False),
    ("2024-11-21 03:40", "UTC", 0.2, False),
    ("2024-11-21 03:40", "UTC", 11.9, False),
    ("2024-11-21 03:40", "UTC", 12.1, True),
    ("2024-11-21 14:00", "UTC", 25.1, True),
    ("2024-11-21 14:00", "UTC", 24.9, False),
    ("2024-11-21 14:00", "UTC", None, True),
    ("2024-11-21 14:00", "UTC", -1.0, False),
    ("2024-11-21 14:00", "UTC", -100.0, True),
    ("2024-11-21 03:40", "Asia/Tbilisi", 24.0, True),
    ("2024-11-21 23:40", "Asia/Tbilisi", 20.0, False),
    ("2026-03-29 03:30", "Europe/Berlin", 23.0, True),
    ("2026-10-25 03:30", "Europe/Berlin", 25.0, True),
]


@pytest.mark.parametrize(("now", "zone", "hours", "expected"), WHEN)
def test_it_is_due_in_the_first_sites_night_and_when_the_last_one_is_too_old(
    now: str, zone: str, hours: float | None, expected: bool
) -> None:
    moment = at(now, zone)
    last = None if hours is None else Checked(moment - hours * 3600, 1.0)
    assert due(moment, last, LocalTime(zone)) is expected


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_looking_every_ten_minutes_there_is_one_check_a_day_for_a_year(zone: str) -> None:
    local, now, last, times = LocalTime(zone), at("2026-01-01 00:00", zone), None, []
    for _ in range(365 * 144):
        if due(now, last, local):
            last = Checked(now, 1.0)
            times.append(now)
        now += 600
    assert 364 <= len(times) <= 367
    assert max(b - a for a, b in pairwise(times[1:])) <= LONGEST + 600
    assert min(b - a for a, b in pairwise(times)) > REST - 600


# What it finds and mends ------------------------------------------------------------------------------------------


async def with_hits(start: Start, **sections: Any) -> Counter:
    counter = await start(FakeClock(NOON), **sections)
    for number in range(6):
        await counter.hit(ip=f"198.51.100.{number}", path=f"/{number % 2}")
    await counter.service.store.fold()
    return counter


def damage(folder: Path, *statements: str) -> None:
    """Behind the service's back, as a bug would."""
    connection = sqlite3.connect(folder / "counter.db", timeout=30)
    try:
        with connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement
    finally:
        connection.close()


TOO_LOW = {
    "a deleted row": ("delete from rollup_day where dimension = 1",),
    "a lost hour": ("delete from total_hour",),
    "a wrong day": ("update total_day set pageviews = pageviews - 1, visits = 0",),
    "a wrong month": ("update rollup_month set visits = 0 where dimension = 10",),
}
TOO_HIGH = {
    "a doubled row": ("update rollup_day set pageviews = 2 * pageviews, visits = 2 * visits where dimension = 1",),
    "a wrong day": ("update total_day set pageviews = pageviews + 94",),
    "a day with one sum too low and one too high": ("update total_day set visits = 0, pageviews = pageviews + 1",),
    "a row of nowhere": ("insert into rollup_day values (1, 32, 4000, 0, 1, 1, 1, 1, 1, 1, 1, 0)",),
    "a wrong month": ("update rollup_month set visits = visits + 1 where dimension = 10",),
    "lost hits": ("delete from event where id > 1",),
    "lost visits": ("delete from visit where id > 1",),
    "all raw rows lost": ("delete from event", "delete from visit"),
}
PUBLISHED = ("total_hour", "total_day", "rollup_day", "rollup_month")


def published(counter: Counter) -> list[list[dict[str, Any]]]:
    return [counter.rows(f"select * from {table} order by 1, 2, 3, 4") for table in PUBLISHED]


@pytest.mark.parametrize("name", TOO_LOW)
async def test_a_planted_difference_is_told_mended_and_audited(start: Start, name: str) -> None:
    """T-41."""
    counter = await with_hits(start)
    before = await counter.totals(metric="pageviews")
    damage(counter.folder, *TOO_LOW[name])
    checked = await check_now(counter.service)
    assert checked.differences == checked.repaired > 0
    assert await counter.service.store.check() == []
    assert await counter.totals(metric="pageviews") == before
    ready = await (await counter.get("/readyz")).json()
    assert ready["status"] == "ready"
    assert (ready["check"]["differences"], ready["check"]["repaired"]) == (checked.differences,) * 2
    assert any("were mended" in notice for notice in ready["notices"])
    assert any("a number differs from the raw rows" in line for line in counter.log.lines)
    (line,) = counter.rows("select * from audit where action = 'check.repaired'")
    assert (line["detail"].split()[0], line["actor"]) == (str(checked.repaired), "nightly")
    assert f"counter_check_differences {checked.differences}.0" in await (await counter.get("/metrics")).text()
    assert (await check_now(counter.service)).differences == 0
    ready = await (await counter.get("/readyz")).json()
    assert not any("mended" in notice for notice in ready["notices"])


@pytest.mark.parametrize("name", TOO_HIGH)
async def test_a_number_that_would_fall_is_kept_and_said_every_night_until_the_owner_lowers_it(
    start: Start, name: str
) -> None:
    """T-41."""
    counter = await with_hits(start)
    shown = await counter.totals(metric="pageviews")
    damage(counter.folder, *TOO_HIGH[name])
    wrong = published(counter)
    for _ in range(2):
        checked = await check_now(counter.service)
        assert checked.differences > checked.repaired == 0
        assert published(counter) == wrong
        notices = (await (await counter.get("/readyz")).json())["notices"]
        assert any(f"{checked.unrepaired} numbers differ" in one and "counter check --repair" in one for one in notices)
        assert not any("were mended" in one for one in notices)
        counter.clock.move(24 * 3600)
    assert sum("numbers would fall and were kept" in line for line in counter.log.lines) == 2
    assert counter.rows("select * from audit where action = 'check.repaired'") == []
    if not any("total_day" in statement for statement in TOO_HIGH[name]):
        assert (await counter.totals(metric="pageviews"))["all"]["count"] == shown["all"]["count"]
    async with running_service(counter.service.config) as port:
        assert port is not None
        assert (await port.apply(MendNumbers(lower=True, actor=COMMAND_LINE))).mended > 0
    assert await counter.service.store.check() == []
    assert (await check_now(counter.service)).differences == 0


async def test_lost_raw_rows_leave_all_at_its_number_and_the_repair_notes_the_old_one(start: Start) -> None:
    """T-41."""
    counter = await with_hits(start)
    damage(counter.folder, "delete from event where id > 1", "delete from visit where id > 1")
    await check_now(counter.service)
    await counter.service.reload_sites()
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 6
    async with running_service(counter.service.config) as port:
        assert port is not None
        await port.apply(MendNumbers(lower=True, actor=COMMAND_LINE))
    assert (await counter.totals(metric="pageviews"))["all"]["count"] == 1
    lines = counter.rows("select site_key, detail from audit where action = 'day.mended'")
    assert [line["site_key"] for line in lines] == [1]
    assert lines[0]["detail"].startswith("2024-11-21: pageviews 6 to 1, visits 6 to 1, visitors 6 to 1")
    (line,) = counter.rows("select detail, actor from audit where action = 'check.repaired'")
    assert line["detail"].split(" ", 1)[1].startswith("numbers of rollup_day, ")
    assert line["actor"] == COMMAND_LINE


async def test_a_day_that_is_too_low_is_mended_while_another_is_kept(start: Start) -> None:
    """T-41: and the month of a kept day is left alone, as it can't be added up from it."""
    counter = await with_hits(start)
    counter.clock.move(24 * 3600)
    await counter.hit(path="/next")
    await counter.service.store.fold()
    month = counter.rows("select * from rollup_month order by 1, 2, 3, 4")
    first, second = (row["day"] for row in counter.rows("select day from total_day order by day"))
    damage(
        counter.folder,
        f"update rollup_day set pageviews = pageviews + 5 where day = {first} and dimension = 1",
        f"update total_day set pageviews = 0 where day = {second}",
        f"delete from rollup_day where day = {second} and dimension = 1",
    )
    checked = await check_now(counter.service)
    assert checked.differences > checked.repaired > 0
    assert counter.rows("select pageviews from total_day where day = ?", second) == [{"pageviews": 1}]
    assert counter.rows("select count(*) as n from rollup_day where day = ? and dimension = 1", second) == [{"n": 1}]
    high = counter.rows("select sum(pageviews) as n from rollup_day where day = ? and dimension = 1", first)
    assert high == [{"n": 6 + 5 * 2}]
    assert counter.rows("select * from rollup_month order by 1, 2, 3, 4") == month


async def test_a_damaged_file_is_an_error_of_the_check_and_nothing_is_mended(start: Start) -> None:
    """T-31, T-41: an index that is junk makes no number differ, but no hit can be stored."""
    counter = await with_hits(start)
    await stop(counter)
    spoil(counter.folder / "counter.db", "sqlite_autoindex_value_1")
    damage(counter.folder, "update total_day set pageviews = 1")
    again = await start(FakeClock(NOON + 60))
    wrong = published(again)
    checked = await check_now(again.service)
    assert "the database file is damaged" in checked.error
    assert "counter restore" in checked.error
    assert (checked.differences, checked.repaired) == (0, 0)
    with pytest.raises(StoreError, match="the database file is damaged"):
        await again.service.store.repair(NOON, lower=True)
    assert published(again) == wrong
    assert (await (await again.get("/readyz")).json())["check"]["failed"] is True


def spoil(database: Path, name: str) -> None:
    """Junk over the first page of a table or an index."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0
        root = connection.execute("select rootpage from sqlite_schema where name = ?", (name,)).fetchone()[0]
        size = connection.execute("pragma page_size").fetchone()[0]
    with database.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


async def test_a_sound_store_has_its_time_shown_and_no_notice(start: Start) -> None:
    counter = await with_hits(start)
    ready = await (await counter.get("/readyz")).json()
    assert ready["check"] is None
    await check_now(counter.service)
    after = await (await counter.get("/readyz")).json()
    assert after["check"] == {
        "at": "2024-11-21T12:00:00+00:00", "seconds": 0.0, "differences": 0, "repaired": 0, "failed": False
    }  # fmt: skip
    assert after["notices"] == ready["notices"]
    assert "counter_check_time_seconds 1.7321904e+09" in await (await counter.get("/metrics")).text()


async def test_the_job_checks_once_and_again_when_the_night_has_come(start: Start) -> None:
    counter = await with_hits(start)
    jobs = {job.name: job for job in _jobs(counter.service, Intervals())}
    assert jobs["check"].first > 0, "a start has enough to do"
    await jobs["check"].run()
    first = counter.service.checked
    assert first is not None
    await check_when_due(counter.service)
    assert counter.service.checked is first
    counter.clock.set(at("2024-11-22 03:45"))
    await check_when_due(counter.service)
    assert counter.service.checked is not first


async def test_the_result_survives_a_restart_but_not_another_database(start: Start, tmp_path: Path) -> None:
    counter = await with_hits(start)
    damage(counter.folder, "delete from total_hour")
    checked = await check_now(counter.service)
    assert (counter.folder / "check.json").stat().st_mode & 0o777 == 0o600
    await stop(counter)
    again = await start(FakeClock(NOON + 60))
    assert again.service.checked == checked
    assert (await (await again.get("/readyz")).json())["check"]["differences"] == checked.differences
    await stop(again)
    database = again.folder / "counter.db"
    database.rename(again.folder / "old.db")
    database.write_bytes((again.folder / "old.db").read_bytes())  # as a restore would
    assert read_checked(again.folder) is None


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"at": "x"}', b"\xff" * 100, json.dumps({"at": 1}).encode()])
def test_a_damaged_result_is_no_result(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "check.json").write_bytes(content)
    assert read_checked(tmp_path) is None
    write_checked(tmp_path, Checked(1.0, 2.0))
    assert read_checked(tmp_path) == Checked(1.0, 2.0)


async def test_a_check_that_can_not_be_done_is_told_without_its_reason_to_strangers(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await with_hits(start)

    async def fails() -> list[object]:
        raise StoreError("the database can't be recounted: disk I/O error in /secret/place")

    monkeypatch.setattr(type(counter.service.store), "check", lambda _: fails())
    checked = await check_now(counter.service)
    assert "disk I/O error" in checked.error
    text = await (await counter.get("/readyz")).text()
    assert json.loads(text)["check"]["failed"] is True
    assert "the last check could not recount the numbers" in text
    assert "secret" not in text
    assert "counter_check_failed 1.0" in await (await counter.get("/metrics")).text()


async def test_hits_are_counted_while_the_check_is_reading(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is held in the middle of its snapshot; the writer goes on, and nothing differs afterwards."""
    counter = await with_hits(start)
    loop = asyncio.get_running_loop()
    reading, go_on = asyncio.Event(), asyncio.Event()
    find = recount.find_differences

    def held(connection: sqlite3.Connection) -> Any:
        connection.execute("select count(*) from event").fetchall()
        loop.call_soon_threadsafe(reading.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(60)
        return find(connection)

    monkeypatch.setattr(recount, "find_differences", held)
    checking = asyncio.create_task(check_now(counter.service))
    await reading.wait()
    outcomes = {outcome_of(await counter.hit(ip=f"203.0.113.{number}")) for number in range(20)}
    assert outcomes == {"counted"}
    await counter.service.store.fold()
    assert (await counter.totals(metric="pageviews"))["today"]["count"] == 26
    go_on.set()
    assert (await checking).differences == 0


async def test_a_service_that_stops_does_not_wait_for_the_check(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = await with_hits(start)
    loop = asyncio.get_running_loop()
    reading = asyncio.Event()

    def endless(connection: sqlite3.Connection) -> Any:
        loop.call_soon_threadsafe(reading.set)
        count = "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n"
        return connection.execute(count).fetchall()

    monkeypatch.setattr(recount, "find_differences", endless)
    checking = asyncio.create_task(counter.service.store.check())
    await reading.wait()
    await asyncio.sleep(0.1)
    checking.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await checking


async def test_a_job_that_fails_in_any_way_ends_neither_itself_nor_the_others() -> None:
    ran = {"bad": 0, "good": 0}

    async def bad() -> None:
        ran["bad"] += 1
        raise OSError("no space left on device")

    async def good() -> None:
        ran["good"] += 1

    jobs = asyncio.create_task(run_jobs((Job("bad", 0.0, bad), Job("good", 0.0, good), Job("later", 0.0, good, 999))))
    async with asyncio.timeout(60):
        while min(ran.values()) < 3:
            await asyncio.sleep(0.001)
    jobs.cancel()
    with pytest.raises(asyncio.CancelledError):
        await jobs


# Proxies that are not trusted -------------------------------------------------------------------------------------


async def test_a_proxy_that_is_not_trusted_is_noticed_without_its_address(start: Start) -> None:
    counter = await start(server={"trusted_proxies": []})
    assert not any("X-Forwarded-For" in one for one in (await (await counter.get("/readyz")).json())["notices"])
    await counter.hit(ip="198.51.100.7")
    answer = await counter.get("/readyz")
    assert any("trusted_proxies" in one for one in (await answer.json())["notices"])
    assert "127.0.0.1" not in await answer.text()
    assert counter.service.proxies.all() == [ProxySign("127.0.0.1", "X-Forwarded-For", False, 1)]
    assert counter.hits()[0]["ip"] == "127.0.0.1", "and its word is not taken"
    assert "counter_untrusted_forwarded_total 1.0" in await (await counter.get("/metrics")).text()


async def test_a_notice_is_logged_once_although_nobody_asks(start: Start) -> None:
    counter = await start(server={"trusted_proxies": []})
    await counter.hit(ip="198.51.100.7")
    for _ in range(3):
        await check_when_due(counter.service)
    assert sum("not in [server] trusted_proxies" in line for line in counter.log.lines) == 1


async def test_a_trusted_proxy_and_a_visitor_without_the_header_are_not_noticed(start: Start) -> None:
    counter = await start()
    await counter.hit(ip="198.51.100.7")
    await counter.hit(headers={"X-Forwarded-For": ""})
    assert counter.service.proxies.all() == []
