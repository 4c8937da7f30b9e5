"""Stores filled without HTTP: events as the pipeline makes them, appended in large batches, folded as they grow."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from bench.bare import freeze_garbage
from bench.servers import make_config
from bench.traffic import SEED, SITE, Traffic, address, browsers
from counter.app import build_pipeline, make_sites
from counter.clock import SystemClock
from counter.collect.parse import Envelope, WireHit, hit_from
from counter.collect.pipeline import Pipeline
from counter.config import load
from counter.event import Event, Via
from counter.service.core import Core
from counter.site import ActiveSite
from counter.store.open import open_store
from counter.store.protocols import Batch

BATCH = 5_000  # events a transaction, the service's own limit
FOLD = 20_000  # events a fold, the service's own under load
PATTERNS = 5_000  # different events made by the pipeline; the others differ in time, visitor, address and id only
START = 1_704_067_200  # UTC seconds: 2024-01-01, so that what is stored does not depend on today


def judged(pipeline: Pipeline, site: ActiveSite, count: int, now: int = START) -> list[Event]:
    """`count` events from hits as browsers send them, by way of the whole pipeline."""
    traffic, agents, dice = Traffic(), browsers(), random.Random(SEED)
    found = []
    for number in range(count):
        envelope = Envelope(now, address(number), dice.choice(agents), via=Via.SNIPPET)
        hit = hit_from(msgspec.convert(traffic.hit(), WireHit), envelope)
        event = pipeline.judge(hit, site, now, 0.0).event
        if event is None:
            raise RuntimeError(f"a hit of the measurement was dropped: {hit}")
        found.append(event)
    return found


def new_visitors(patterns: list[Event], site: ActiveSite, total: int, days: int) -> Iterator[Event]:
    """Every event a new visitor's only page view, spread evenly over `days` from START."""
    traffic, dice = Traffic(), random.Random(SEED)
    for number in range(total):
        at = START + number * days * 86_400 // total
        yield moved(patterns[number % len(patterns)], site, at, dice.getrandbits(63), number, traffic.client_id())


def real_visits(patterns: list[Event], site: ActiveSite, total: int, days: int) -> Iterator[Event]:
    """Visits of three page views within two minutes; one visitor in ten comes back two hours later."""
    traffic, dice = Traffic(), random.Random(SEED)
    visits = total // 3
    whom = {number: dice.getrandbits(63) for number in range(visits)}
    events = []
    for number in range(visits):
        again = number % 10 == 9
        visitor = number - 1 if again else number
        at = START + visitor * days * 86_400 // visits + (7200 if again else 0)
        for view in range(3):
            pattern = patterns[(number * 3 + view) % len(patterns)]
            client = patterns[visitor % len(patterns)].client
            event = moved(pattern, site, at + view * 40, whom[visitor], visitor, "")
            events.append(msgspec.structs.replace(event, client=client))
    events.sort(key=lambda event: event.at)
    for event in events:
        yield msgspec.structs.replace(event, hit_id=traffic.client_id())


def moved(pattern: Event, site: ActiveSite, at: int, visitor: int, number: int, hit_id: str) -> Event:
    """The pattern at another time, of another visitor."""
    day, hour = site.local.day_hour(at)
    return Event(
        pattern.site_key, at, day, hour, pattern.kind, visitor, pattern.path, pattern.via, title=pattern.title,
        address=address(number), client=pattern.client, place=pattern.place, origin=pattern.origin, hit_id=hit_id,
        host=pattern.host,
    )  # fmt: skip


Make = Callable[[list[Event], ActiveSite], Iterator[Event]]


def fill(folder: Path, make: Make, tell: Callable[[int], None], *, prune: bool = False) -> None:
    """Fill the store of a configuration made in `folder`; `tell` hears of each batch's size.

    `prune` ends with what housekeeping does four days later: ids and visitors that serve 48 hours go.
    """
    asyncio.run(_fill(folder, make, tell, prune=prune))


async def _fill(folder: Path, make: Make, tell: Callable[[int], None], *, prune: bool) -> None:
    config = load(make_config(folder), {})
    pipeline = build_pipeline(config)
    async with open_store(config.storage.path, "normal", config.counting.visit_timeout_minutes) as store:
        core = Core(config=config, clock=SystemClock(), store=store)
        await make_sites(core)
        site = core.sites.get(SITE)
        freeze_garbage()
        events = make(judged(pipeline, site, PATTERNS), site)
        unfolded, last = 0, START
        days: set[tuple[int, int]] = set()
        while batch := tuple(islice(events, BATCH)):
            last = batch[-1].at
            days.update((event.site_key, event.day) for event in (batch[0], batch[-1]))
            await store.append(Batch(batch), last)
            unfolded += len(batch)
            if unfolded >= FOLD:
                await store.fold()
                unfolded = 0
            tell(len(batch))
        await store.fold()
        if prune:
            first, end = min(days)[1], max(days)[1]
            await store.prune(last + 4 * 86_400, [(site.site.key, day) for day in range(first, end + 1)])
    pipeline.geo.close()
