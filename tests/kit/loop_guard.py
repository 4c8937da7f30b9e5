"""Whoever blocks the event loop while a request is under way fails the test, even where the error is swallowed.

Seen are sleeps, reads and writes of files, most calls about files (stat, listdir, rename ...), SQLite, sockets and
locks that are taken, below any function of `counter` or `dashboard`. Not seen: `open`, `fsync` and `flock` themselves.

Allowed are log lines (LOG_LINES), and what is read once in a process, at its first use (FIRST_USE).
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

import blockbuster.blockbuster
from blockbuster import BlockBuster, BlockingError

ROOT = Path(__file__).resolve().parents[2]
OURS = (f"{ROOT}/counter/", f"{ROOT}/dashboard/")

# Files and the functions in them, below which the loop may wait.
Allowed = tuple[tuple[str, str], ...]
LOG_LINES: Allowed = (("logging/__init__.py", "emit"),)  # to stderr
FIRST_USE: Allowed = (
    ("<frozen importlib._bootstrap>", "_find_and_load"),  # a module
    ("jinja2/loaders.py", "get_source"),  # a template; no one is looked at for changes
    ("zoneinfo/_tzpath.py", "find_tzfile"),  # the file of a time zone
    ("zoneinfo/_common.py", "load_tzdata"),
    ("zoneinfo/_common.py", "load_data"),
    ("counter/web/tracker.py", "script"),
    ("counter/web/tracker.py", "widget"),
    ("counter/web/pages.py", "_static_files"),
    ("counter/settings.py", "_zones"),  # the names of all time zones
    ("dashboard/sites/form.py", "_zones"),
    ("dashboard/assets.py", "files"),
    ("dashboard/assets.py", "_release_of_plotly"),
)


class LoopGuard:
    """Active while any request is under way. Two of them never are at the same time: they change Python itself."""

    def __init__(self, allowed: Allowed = LOG_LINES + FIRST_USE) -> None:
        self._blockbuster = BlockBuster(["counter", "dashboard"])
        for function in self._blockbuster.functions.values():
            for file, name in allowed:
                function.can_block_in(file, name)
        self._noting = mock.patch.object(blockbuster.blockbuster, "BlockingError", self._noted)
        self._requests = 0
        self._blocked: list[str] = []  # what blocked, and from where, since the last look

    @contextmanager
    def around_request(self) -> Iterator[None]:
        """Raises AssertionError at the end when the loop was blocked."""
        self._begin()
        try:
            yield
        finally:
            self._end()
        blocked, self._blocked = self._blocked, []
        assert not blocked, "the event loop was blocked:\n" + "\n".join(blocked)

    def _begin(self) -> None:
        self._requests += 1
        if self._requests == 1:
            self._noting.start()
            self._blockbuster.activate()

    def _end(self) -> None:
        self._requests -= 1
        if self._requests == 0:
            self._blockbuster.deactivate()
            self._noting.stop()

    def _noted(self, function: str) -> BlockingError:
        """The error that blockbuster raises in whoever blocks; written down, since it may be swallowed there."""
        stack = (frame for frame in traceback.extract_stack() if frame.filename.startswith(OURS))
        ours = [f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno} {frame.name}" for frame in stack]
        self._blocked.append(f"{function} below {' > '.join(ours)}")
        return BlockingError(function)


loop_guard = cache(LoopGuard)
