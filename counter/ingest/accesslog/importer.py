"""An access log through the same pipeline as live hits: lines in, batches out, and a summary that adds up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from counter.event import Drop, Event, Hit, Outcome, Via
from counter.ingest.accesslog.files import LogFile
from counter.ingest.accesslog.lines import LogLine, parse_line
from counter.ingest.accesslog.order import Occurrences, in_time_order, line_hash
from counter.ingest.accesslog.pages import is_page
from counter.ingest.parse import LIMITS, USER_AGENT
from counter.ingest.pipeline import Pipeline
from counter.ingest.screen import LOG_STEPS, Step, bot
from counter.ingest.text import clean
from counter.site import ActiveSite
from counter.store.protocols import Appended, Batch

BATCH = 2000  # lines a transaction

Append = Callable[[Batch], Awaitable[Appended]]


@dataclass(slots=True)
class Summary:
    """What became of the lines; the parts add up to `lines`."""

    lines: int = 0
    counted: int = 0
    known: int = 0  # imported before
    day_taken: int = 0  # of a day that was counted live
    not_page: int = 0
    malformed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # by reason

    def rows(self) -> list[tuple[str, int]]:
        """The parts, as they are shown."""
        return [
            ("counted", self.counted),
            ("imported before", self.known),
            *((f"dropped: {reason}", count) for reason, count in sorted(self.dropped.items())),
            ("dropped: day_taken", self.day_taken),
            ("not a page", self.not_page),
            ("malformed", self.malformed),
        ]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the owner asked for."""

    everything: bool = False  # every line that can be read, not only pages
    keep_bots: bool = False
    overlap: bool = False


class _Line(NamedTuple):
    line: LogLine
    hash: int


class LogImport:
    """One import into one site. Feed it files; `finish` writes what is left."""

    def __init__(
        self,
        site: ActiveSite,
        pipeline: Pipeline,
        line_key: bytes,
        choices: Choices,
        append: Append,
        now: float,
        summary: Summary,
    ) -> None:
        self.summary = summary
        self._site = site
        self._pipeline = pipeline
        self._line_key = line_key
        self._choices = choices
        self._append = append
        self._now = now
        self._steps: tuple[Step, ...] = tuple(s for s in LOG_STEPS if not (choices.keep_bots and s is bot))
        self._events: list[Event] = []
        self._drops: list[Drop] = []
        self._writing: asyncio.Task[None] | None = None

    async def read(self, file: LogFile, progress: Callable[[int], None]) -> None:
        """Count a file's lines; `progress` is told the bytes consumed after each batch."""
        position = 0

        def chosen() -> Iterator[_Line]:
            nonlocal position
            for line, position in self._chosen(file):  # noqa: B007 - the position outlives the loop
                yield line

        for line in in_time_order(chosen(), _time):
            self._judge(line)
            if len(self._events) + len(self._drops) >= BATCH:
                progress(position)
                await self._write()
        progress(position)

    async def finish(self) -> None:
        """Write what is left, and wait for it."""
        await self._write()
        if self._writing is not None:
            await self._writing

    def _chosen(self, file: LogFile) -> Iterator[tuple[_Line, int]]:
        """The lines to be judged; the others are summed up here."""
        occurrences = Occurrences()
        site_id, summary = self._site.site.id, self.summary
        for text, position in file.lines():
            summary.lines += 1
            line = parse_line(text)
            if line is None:
                summary.malformed += 1
                continue
            occurrence = occurrences.number(line.at, text)
            if not self._choices.everything and not is_page(line):
                summary.not_page += 1
                continue
            yield _Line(line, line_hash(self._line_key, site_id, text, occurrence)), position

    def _judge(self, one: _Line) -> None:
        line = one.line
        hit = Hit(
            site=self._site.site.id,
            path=clean(line.target[: LIMITS["path"]], LIMITS["path"]),
            at=line.at,
            address=line.address,
            user_agent=clean(line.user_agent[:USER_AGENT], USER_AGENT),
            via=Via.LOG,
            referrer=clean(line.referrer[: LIMITS["referrer"]], LIMITS["referrer"]),
            line=one.hash,
            overlap=self._choices.overlap,
        )
        judged = self._pipeline.judge(hit, self._site, self._now, 0.0, self._steps)
        if judged.event is not None:
            self._events.append(judged.event)
        elif judged.drop is not None:
            self._drops.append(judged.drop)

    async def _write(self) -> None:
        """Hand a batch over and go on reading while it is written; at most one is on its way."""
        if self._writing is not None:
            await self._writing
        batch = Batch(tuple(self._events), tuple(self._drops))
        self._events, self._drops = [], []
        self._writing = asyncio.create_task(self._hand_over(batch))
        await asyncio.sleep(0)

    async def _hand_over(self, batch: Batch) -> None:
        appended = await self._append(batch)
        summary = self.summary
        outcomes = Counter(appended.outcomes)
        summary.counted += outcomes[Outcome.COUNTED]
        summary.known += outcomes[Outcome.KNOWN] + len(appended.known_drops)
        summary.day_taken += outcomes[Outcome.DAY_TAKEN]
        known = set(appended.known_drops)
        summary.dropped.update(drop.reason.value for index, drop in enumerate(batch.drops) if index not in known)


def _time(one: _Line) -> int:
    return one.line.at
