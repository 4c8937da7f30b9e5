"""The first hit of a site and day waits for its salt, and nobody else does."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counter.collect.identify import LIFETIME
from counter.service.salts import SaltMissing, ServiceSalts
from tests.kit.app import BOT, HANG, Counter, Start, outcome_of, stop

NOON = 1_732_190_400.0
DAY = 20_048


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Another process has the folder's lock, as one that destroys salts has it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def salts_of(counter: Counter) -> list[str]:
    return sorted(path.name for path in (counter.folder / "salts").glob("*.salt"))


async def test_while_the_first_hit_waits_for_the_salts_lock_everyone_else_is_answered(start: Start) -> None:
    counter = await start()
    with held(counter.folder / "salts"):
        first = asyncio.create_task(counter.hit(path="/first"))
        array = asyncio.create_task(counter.post([{"site": "demo", "path": f"/{n}"} for n in range(3)]))
        for _ in range(3):
            assert (await counter.get("/healthz")).status == 200
        assert await counter.outcome(agent=BOT) == "bot", "a drop needs no salt"
        await asyncio.sleep(0.05)
        assert not first.done()
        assert not array.done()
        assert counter.hits() == [], "and what was not stored was not acknowledged"
    assert outcome_of(await first) == "counted"
    assert await (await array).json() == {"outcomes": ["counted"] * 3}
    assert [hit["path"] for hit in counter.hits()] == ["/first", "/0", "/1", "/2"]
    assert len({hit["visit"] for hit in counter.hits()}) == 1, "one visitor: there was one salt"
    assert len(salts_of(counter)) == 1


async def test_a_hit_that_waited_for_its_salt_counts_once_against_its_rate(start: Start) -> None:
    counter = await start(counting={"rate_limit_per_minute": 2})
    assert [(await counter.hit(path=f"/{number}")).status for number in range(3)] == [202, 202, 429]


async def test_a_dropped_hit_makes_no_salt(start: Start) -> None:
    counter = await start()
    assert await counter.outcome(agent=BOT) == "bot"
    assert salts_of(counter) == []


async def test_hits_are_refused_while_no_salt_can_be_made_and_stored_again_afterwards(start: Start) -> None:
    await stop(before := await start())
    salts = before.folder / "salts"
    shutil.rmtree(salts)
    salts.write_text("in the way")
    counter = await start()
    answers = await asyncio.gather(*(counter.hit(id=f"a{number}") for number in range(5)))
    assert {answer.status for answer in answers} == {503}
    ready = await counter.get("/readyz")
    assert (ready.status, (await ready.json())["reason"]) == (503, "the salts can't be read or written")
    salts.unlink()
    async with asyncio.timeout(HANG):
        while (await counter.hit(id="a0")).status != 202:
            await asyncio.sleep(0.01)
        while (await counter.get("/readyz")).status != 200:
            await asyncio.sleep(0.01)
    assert [hit["hit_id"] for hit in counter.hits()] == ["a0"]


async def test_a_visitor_who_leaves_does_not_take_the_salt_from_who_waits_too(tmp_path: Path) -> None:
    salts = ServiceSalts(tmp_path)
    with held(tmp_path):
        leaves, stays = (asyncio.create_task(salts.fetch(1, DAY, NOON)) for _ in range(2))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0.01)
    await stays
    assert leaves.cancelled()
    assert len(salts.key(1, DAY, NOON)) == 32


async def test_a_salt_that_has_expired_is_fetched_once_more(tmp_path: Path) -> None:
    salts = ServiceSalts(tmp_path)
    await salts.fetch(1, DAY, NOON)
    former = salts.key(1, DAY, NOON)
    later = NOON + LIFETIME + 1
    with pytest.raises(SaltMissing):
        salts.key(1, DAY, later)
    await salts.fetch(1, DAY, later)
    assert salts.key(1, DAY, later) != former
