"""Batches to the writer, one on its way while the next is made, and a summary of what is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from counter.demo.batches import Packer
from counter.demo.making import make_days
from counter.demo.shape import Plan
from counter.event import Kind, Outcome
from counter.store.protocols import AppendBatch, Appended, Batch

Remember = Callable[[int], object]  # called with each local day before its first event is written


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
    plan: Plan, append: AppendBatch, remember: Remember, summary: DemoSummary, tell: Callable[[], None]
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

    def __init__(self, append: AppendBatch, remember: Remember, summary: DemoSummary) -> None:
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
