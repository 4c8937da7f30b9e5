"""Tails into one import: new lines are written within a second, and what was written is remembered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from counter.logfiles.follow.checkpoint import SafePoint, read_position, write_position
from counter.logfiles.follow.growing import beginning
from counter.logfiles.follow.tail import Say, Tail, check
from counter.logfiles.formats import AUTO, detect, find_format, last_header
from counter.logfiles.importer import LineFormat, Log, LogImport
from counter.logfiles.read.files import Block, lines_of
from counter.logfiles.read.sources import detected

PAUSE: Final = 0.25  # seconds between two looks
SAVED_EVERY: Final = 5.0  # seconds, while much is read
_MUCH: Final = 64 * 1024  # bytes at a look: more is waiting
_ENOUGH: Final = 100  # lines that must be enough to recognise a format
_HEADERS: Final = 64 * 1024  # bytes in which a header is looked for


class Followed:
    """One path. `state` is the file of its checkpoint."""

    def __init__(self, path: Path, form: str, string: str, state: Path, clock: Callable[[], float], say: Say) -> None:
        self._path = path
        self._state = state
        self._form = form, string
        position = read_position(state)
        check(path, position)
        self._tail = Tail(path, position, clock, say)
        self._safe = SafePoint()
        self._log: Log | None = None
        self._unread = b""  # lines held until their format is recognised
        self.save()  # a file that is rotated away before anything was written is still found

    async def step(self, log_import: LogImport) -> bool:
        """Count the new lines, a block at most; returns whether more are waiting."""
        found = self._tail.read()
        if found is None:
            return False
        text = self._unread + found.text
        log = self._log = self._log or self._begin(text)
        if log is None:
            self._unread = text
            self._safe.passed(found.part, found.offset, 0)
            return False
        self._unread = b""
        newest = await log_import.take(log, Block(text, 0))
        self._safe.passed(found.part, found.offset, newest)
        return len(found.text) >= _MUCH

    async def release(self, log_import: LogImport) -> None:
        """At the end: no line is held back for its order any more."""
        if self._log is not None:
            await log_import.release(self._log)

    def save(self) -> None:
        """Remember how far it was read; all of it is committed."""
        position = self._safe.position(self._path, self._tail.parts)
        if position is not None and not self._unread:
            write_position(self._state, position)

    def close(self) -> None:
        self._tail.close()

    def _begin(self, text: bytes) -> Log | None:
        """How to read the lines, once their format is recognised. Raises UsageError when many lines don't reveal it."""
        name, string = self._form
        header = last_header(lines_of(beginning(self._path, _HEADERS)))
        if name != AUTO:
            return Log(LineFormat(find_format(name, string), string), header)
        lines = [*([header] if header else []), *lines_of(text)]
        if len(lines) >= _ENOUGH:
            return Log(detected(str(self._path), lines), header)
        found = detect(str(self._path), lines)
        return Log(LineFormat(found), header) if found else None


async def follow(
    followed: Sequence[Followed], log_import: LogImport, stop: asyncio.Event, clock: Callable[[], float]
) -> None:
    """Go on until `stop`; then all that was read is written and remembered. `clock` is monotonic."""
    saved = clock()
    while not stop.is_set():
        busy = False
        for one in followed:
            if await one.step(log_import):
                busy = True
            else:
                await one.release(log_import)
        if not busy or clock() - saved > SAVED_EVERY:
            await _write(followed, log_import)
            saved = clock()
        if not busy:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE)
    for one in followed:
        await one.release(log_import)
    await _write(followed, log_import)


async def _write(followed: Sequence[Followed], log_import: LogImport) -> None:
    await log_import.finish()
    for one in followed:
        one.save()
