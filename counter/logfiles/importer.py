"""An access log through the same pipeline as live hits: lines in, batches out, and a summary that adds up.

Blocks of lines are judged in any order, here or in other processes; the results are put together in the order of the
log: occurrences are numbered, lines are sorted by time, and at most one batch is on its way to the writer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

import msgspec

from counter.errors import UsageError
from counter.event import Drop, Event
from counter.logfiles.formats import Format, last_header
from counter.logfiles.formats.w3c import HEADER
from counter.logfiles.judge import Chunk, Judge, Portion, Terms
from counter.logfiles.order import Occurrences, TimeOrder, line_hash
from counter.logfiles.read.files import Block, lines_of
from counter.logfiles.summary import ImportSummary
from counter.store.protocols import Batch, BatchSink

BATCH = 2000  # lines a transaction


class Judges(Protocol):
    """Judges blocks; `at_once` of them are worth having in progress."""

    at_once: int

    async def judge(self, chunk: Chunk) -> Portion: ...


class OneProcess:
    """Judges in this process."""

    at_once = 1

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    async def judge(self, chunk: Chunk) -> Portion:
        return self._judge.judge(chunk)


class LineFormat(NamedTuple):
    """How the lines of a log are read."""

    format: Format
    string: str = ""  # of the format `custom`


class Log:
    """One log, or several that continue each other: what earlier lines say about later ones."""

    def __init__(self, reading: LineFormat, header: str = "") -> None:
        self.order: TimeOrder[Event | Drop] = TimeOrder()
        self.occurrences = Occurrences()
        self._reading = reading
        self._header = header

    def chunk(self, block: Block, now: float) -> Chunk:
        """The block with all that is needed to judge it; blocks are asked for in the order of the log."""
        form, string = self._reading
        chunk = Chunk(block.text, now, form.name, string, self._header)
        if form.headed and HEADER.encode() in block.text:
            self._header = last_header(lines_of(block.text)) or self._header
        return chunk


def _until_broken(blocks: Iterable[Block], broken: list[UsageError]) -> Iterator[Block]:
    """The blocks that can be read; the error of the one that cannot is put into `broken`."""
    try:
        yield from blocks
    except UsageError as error:
        broken.append(error)


class LogImport:
    """One import into one site. Feed it logs; `finish` writes what is left."""

    def __init__(
        self, terms: Terms, judges: Judges, append: BatchSink, now: Callable[[], float], summary: ImportSummary
    ) -> None:
        self.summary = summary
        self._terms = terms
        self._judges = judges
        self._append = append
        self._now = now
        self._events: list[Event] = []
        self._drops: list[Drop] = []
        self._writing: asyncio.Task[None] | None = None

    async def read(self, log: Log, blocks: Iterable[Block], progress: Callable[[int], None]) -> None:
        """Count a whole log; `progress` is called with the bytes consumed after each block.

        When it cannot be read to its end, what was read counts before the UsageError goes on.
        """
        ahead: deque[tuple[Block, asyncio.Task[Portion]]] = deque()
        broken: list[UsageError] = []
        try:
            for block in _until_broken(blocks, broken):
                ahead.append((block, asyncio.create_task(self._judges.judge(log.chunk(block, self._now())))))
                await asyncio.sleep(0)  # the task begins
                if len(ahead) >= self._judges.at_once:
                    await self._take_next(log, ahead, progress)
            while ahead:
                await self._take_next(log, ahead, progress)
        finally:
            for _, task in ahead:
                task.cancel()
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)
        await self.release(log)
        for error in broken:
            raise error

    async def take(self, log: Log, block: Block) -> int:
        """Count a block of a log that goes on; returns the time of its newest line, 0 when none is to be counted."""
        portion = await self._judges.judge(log.chunk(block, self._now()))
        await self._place(log, block, portion)
        return max((one.at for _, one in portion.in_order()), default=0)

    async def release(self, log: Log) -> None:
        """Let go of the lines that were held back for their order."""
        for one in log.order.drain():
            await self._add(one)

    async def finish(self) -> None:
        """Write what is left, and wait for it."""
        await self._write()
        if self._writing is not None:
            await self._writing

    async def _take_next(
        self, log: Log, ahead: deque[tuple[Block, asyncio.Task[Portion]]], progress: Callable[[int], None]
    ) -> None:
        block, task = ahead.popleft()
        await self._place(log, block, await task)
        progress(block.position)

    async def _place(self, log: Log, block: Block, portion: Portion) -> None:
        self.summary.add_portion(portion)
        texts: list[str] = []
        for number, judged in portion.in_order():
            one = judged
            occurrence = log.occurrences.number(one.at, one.line or 0)
            if occurrence > 1:
                texts = texts or lines_of(block.text)
                name = line_hash(self._terms.line_key, self._terms.site.id, texts[number], occurrence)
                one = msgspec.structs.replace(one, line=name)
            for ready in log.order.push(one.at, one):
                await self._add(ready)

    async def _add(self, one: Event | Drop) -> None:
        if isinstance(one, Event):
            self._events.append(one)
        else:
            self._drops.append(one)
        if len(self._events) + len(self._drops) >= BATCH:
            await self._write()

    async def _write(self) -> None:
        """Hand a batch over and go on reading while it is written; at most one is on its way."""
        if self._writing is not None:
            await self._writing
        batch = Batch(tuple(self._events), tuple(self._drops))
        self._events, self._drops = [], []
        self._writing = asyncio.create_task(self._hand_over(batch))
        await asyncio.sleep(0)

    async def _hand_over(self, batch: Batch) -> None:
        if batch.events or batch.drops:
            self.summary.add_written(batch, await self._append(batch))
