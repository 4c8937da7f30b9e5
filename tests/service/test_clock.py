"""T-42: a wrong clock erases nothing, and a right one that was away for long erases a day later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from counter.accounts import Invitation, User
from counter.app import housekeeping
from counter.store.open import read_vitals
from tests.kit.app import NOON, Counter, FakeClock, Start, stop

DAY, HOUR = 86_400, 3_600
JUMP = 3_650 * DAY
TERMS = {"privacy": {"hit_retention_days": 365, "ip_retention_days": 30, "store_ip": "full"}}


async def begin(start: Start, now: float) -> Counter:
    return await start(FakeClock(now), **TERMS)


async def with_hits(start: Start) -> Counter:
    """20 hits with ids and addresses, and a link that ends."""
    counter = await begin(start, NOON)
    for number in range(20):
        assert await counter.outcome(ip=f"198.51.100.{number}", id=f"hit-{number}") == "counted"
    ann = await counter.service.store.accounts.add_user(User(0, "ann", owner=True), NOON)
    await counter.service.store.accounts.add_invitation(Invitation(b"1" * 32, ann.key, int(NOON + DAY)), NOON)
    return counter


def kept(counter: Counter) -> dict[str, int]:
    """How much there is of all that has a term."""
    tables = {"event": "", "hit_id": "", "invitation": "", "visit": " where address is not null"}
    counts = {name: counter.rows(f"select count(*) as n from {name}{where}")[0]["n"] for name, where in tables.items()}
    return {**counts, "salt": len(list((counter.folder / "salts").glob("*.salt")))}


ALL = {"event": 20, "hit_id": 20, "invitation": 1, "visit": 20, "salt": 1}


async def notices(counter: Counter) -> str:
    return "\n".join((await (await counter.get("/readyz")).json())["notices"])


def mark(counter: Counter) -> dict[str, Any]:
    return counter.rows("select trusted_at, doubted_at from clock_mark")[0]


async def test_a_start_with_a_clock_ten_years_ahead_erases_nothing(start: Start) -> None:
    counter = await with_hits(start)
    await stop(counter)
    wrong = await begin(start, NOON + JUMP)
    await housekeeping(wrong.service)
    assert kept(wrong) == ALL
    said = await notices(wrong)
    assert "the clock said 2034-11-19 12:00 UTC, and was last believed at 2024-11-21 12:00 UTC" in said
    assert "timedatectl set-ntp true" in said
    assert "believed from 2034-11-20 12:00 UTC" in said
    await stop(wrong)
    right = await begin(start, NOON + HOUR)
    await housekeeping(right.service)
    assert kept(right) == ALL
    assert "the clock said" not in await notices(right)


async def test_a_clock_far_behind_destroys_no_salt(start: Start) -> None:
    counter = await with_hits(start)
    await stop(counter)
    wrong = await begin(start, NOON - 20_000 * DAY)
    await housekeeping(wrong.service)
    assert kept(wrong) == ALL
    assert "the clock said 1970-02-18" in await notices(wrong)


async def test_after_ten_days_off_a_right_clock_erases_a_day_later(start: Start) -> None:
    counter = await with_hits(start)
    await stop(counter)
    back = await begin(start, NOON + 40 * DAY)
    for _ in range(24):
        await housekeeping(back.service)
        assert kept(back) == ALL
        back.clock.move(HOUR)
    await housekeeping(back.service)
    assert kept(back) == {"event": 20, "hit_id": 0, "invitation": 0, "visit": 0, "salt": 0}
    assert "the clock said" not in await notices(back)


async def test_hits_under_a_wrong_clock_do_not_make_it_believed(start: Start) -> None:
    counter = await with_hits(start)
    await stop(counter)
    wrong = await begin(start, NOON + JUMP)
    assert await wrong.outcome(ip="203.0.113.1") == "counted"
    await stop(wrong)
    again = await begin(start, NOON + JUMP + HOUR)
    await housekeeping(again.service)
    assert mark(again) == {"trusted_at": NOON, "doubted_at": NOON + JUMP}
    assert kept(again)["event"] == 21
    assert kept(again)["salt"] == 2


async def test_a_jump_while_running_erases_nothing_and_a_second_one_begins_the_day_again(start: Start) -> None:
    counter = await with_hits(start)
    counter.clock.set(NOON + JUMP)
    await housekeeping(counter.service)
    counter.clock.set(NOON + JUMP + 2 * DAY)  # the wall clock alone
    await housekeeping(counter.service)
    assert mark(counter)["doubted_at"] == NOON + JUMP + 2 * DAY
    counter.clock.move(23 * HOUR)
    await housekeeping(counter.service)
    assert kept(counter) == ALL
    counter.clock.set(NOON + DAY)
    await housekeeping(counter.service)
    assert mark(counter) == {"trusted_at": NOON + DAY, "doubted_at": None}
    assert kept(counter) == {**ALL, "invitation": 0}, "its own term was over by then"


async def test_a_database_without_a_mark_trusts_what_is_stored_in_it(start: Start) -> None:
    """The first start after an upgrade."""
    counter = await with_hits(start)
    await stop(counter)
    with closing(sqlite3.connect(counter.folder / "counter.db")) as connection, connection:
        connection.execute("delete from clock_mark")
    wrong = await begin(start, NOON + JUMP)
    await housekeeping(wrong.service)
    assert kept(wrong) == ALL
    assert mark(wrong) == {"trusted_at": NOON, "doubted_at": NOON + JUMP}


async def test_an_empty_store_believes_the_clock(start: Start) -> None:
    counter = await start(FakeClock(NOON), sites=[])
    assert mark(counter) == {"trusted_at": NOON, "doubted_at": None}


async def test_the_doctor_reads_the_doubt_from_the_file_also_without_a_service(start: Start) -> None:
    counter = await with_hits(start)
    assert (read_vitals(counter.folder).trusted_at, read_vitals(counter.folder).doubted_at) == (NOON, 0)
    await stop(counter)
    await stop(await begin(start, NOON + JUMP))
    vitals = read_vitals(counter.folder)
    assert (vitals.trusted_at, vitals.doubted_at) == (NOON, NOON + JUMP)
