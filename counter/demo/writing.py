"""A plan made and written: days ahead in a process of their own, batches to the writer, a summary of what is written.

Plan -> DemoDay      make_days: while others are written
DemoDay -> Batch     Packer: of one size, in the order of time, and named, so that each is written once
Batch -> store       write_plan: one on its way while the next is made
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from counter.demo.shape import Plan, days_of
from counter.demo.visits import DemoDay, make_day
from counter.errors import StoreError
from counter.event import Drop, Event, Kind, Outcome
from counter.store.protocols import Appended, Batch, BatchSink

LARGEST = 5000  # events a transaction: live hits wait for no more
WORTH_A_PROCESS = 50_000  # hits; below, starting one takes longer than it saves
AHEAD = 3  # days made before they are asked for: all that is in memory at one time
Remember = Callable[[int], object]  # is told of each local day before the first of its events is written


@dataclass(slots=True)
class DemoSummary:
    """What was written."""

    hits: int = 0
    written_before: int = 0  # hits that an earlier run had written
    events: int = 0
    visits: int = 0
    visitors: int = 0
    drops: int = 0
    days: set[int] = field(default_factory=set)

    def add(self, batch: Batch, appended: Appended) -> None:
        hits = sum(event.kind != Kind.ENGAGED for event in batch.events)
        if batch.events and Outcome.COUNTED not in appended.outcomes:
            self.written_before += hits
            return
        self.hits += hits
        self.events += sum(event.kind == Kind.CUSTOM for event in batch.events)
        self.visits += sum(day.visits for day in appended.gained)
        self.visitors += sum(day.visitors for day in appended.gained)
        self.drops += len(batch.drops)

    def rows(self) -> list[tuple[str, int]]:
        """The parts, as they are shown."""
        return [
            ("hits", self.hits),
            ("of them custom events", self.events),
            ("written before", self.written_before),
            ("visits", self.visits),
            ("daily visitors", self.visitors),
            ("days", len(self.days)),
            ("bots and others not counted", self.drops),
        ]


async def write_plan(
    plan: Plan, append: BatchSink, remember: Remember, summary: DemoSummary, tell: Callable[[], None]
) -> None:  # fmt: skip
    """Make and write everything in the plan; `tell` is called after each day. When cancelled, the batch in progress
    is still written and in the summary."""
    writing = _Writing(append, remember, summary)
    packer = Packer(plan)
    try:
        async for made in make_days(plan):
            for batch in packer.add(made):
                await writing.write(batch)
            tell()
        for batch in packer.rest():
            await writing.write(batch)
    finally:
        await writing.finish()


class _Writing:
    """At most one batch on its way."""

    def __init__(self, append: BatchSink, remember: Remember, summary: DemoSummary) -> None:
        self._append = append
        self._remember = remember
        self._summary = summary
        self._task: asyncio.Task[None] | None = None

    async def write(self, batch: Batch) -> None:
        await self.finish()
        self._task = asyncio.create_task(self._write(batch))

    async def finish(self) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _write(self, batch: Batch) -> None:
        days = {event.day for event in batch.events}
        new = sorted(days - self._summary.days)
        await asyncio.to_thread(lambda: [self._remember(day) for day in new])
        appended = await self._append(batch)
        self._summary.days |= days
        self._summary.add(batch, appended)


class Packer:
    """Collects days and gives out whole batches. The same plan gives the same batches under the same names."""

    def __init__(self, plan: Plan) -> None:
        self._name = f"demo-{plan.name}"
        self._number = 0
        self._events: list[Event] = []
        self._drops: list[Drop] = []

    def add(self, made: DemoDay) -> Iterator[Batch]:
        """Take the next day; the batches it fills."""
        self._events += made.events
        self._drops += made.drops
        while len(self._events) >= LARGEST:
            yield self._cut()

    def rest(self) -> Iterator[Batch]:
        """What is left at the end, if anything."""
        if self._events or self._drops:
            yield self._cut()

    def _cut(self) -> Batch:
        events, self._events = self._events[:LARGEST], self._events[LARGEST:]
        drops, self._drops = self._drops, []
        self._number += 1
        return Batch(tuple(events), tuple(drops), f"{self._name}-{self._number}")


async def make_days(plan: Plan) -> AsyncIterator[DemoDay]:
    """The days of the plan, in their order. Raises StoreError when the process that makes them was killed."""
    with _executor(plan.hits) as executor:
        coming: list[Future[DemoDay]] = []
        shapes = iter(days_of(plan))
        try:
            while True:
                while len(coming) < AHEAD and (shape := next(shapes, None)) is not None:
                    coming.append(executor.submit(make_day, plan, shape))
                if not coming:
                    return
                yield await asyncio.wrap_future(coming.pop(0))
        except BrokenProcessPool as error:
            raise StoreError(
                "the process that makes the days was killed; finish with the same command and --add"
            ) from error


@contextmanager
def _executor(hits: int) -> Iterator[Executor]:
    """Where days are made: not here, when they are many, because the writer needs this process for itself."""
    executor: Executor
    if hits < WORTH_A_PROCESS:
        executor = ThreadPoolExecutor(1)
    else:
        executor = ProcessPoolExecutor(1, get_context("spawn"), _begin_process)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _begin_process() -> None:
    """Ctrl-C is for the process that writes; and what is made here has no cycles to be found."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
