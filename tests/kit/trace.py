"""Which files of ours run while something happens, and which of them calls which.

with tracing() as trace:          # before the service starts, so that its threads are seen, too
    counter = await start()
    with trace.recording("hit"):
        await counter.hit()
    trace.files("hit")            # "counter/web/collect.py", ... in the order in which they began
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]


class Trace:
    """Calls between files, by the name of the recording that they fell into."""

    def __init__(self) -> None:
        self._calls: dict[str, dict[tuple[str, str], None]] = {}
        self._name = ""

    def files(self, name: str) -> list[str]:
        """The files in which a function was called, in the order of their first call."""
        return list(dict.fromkeys(callee for _, callee in self._calls[name]))

    def calls(self, name: str) -> set[tuple[str, str]]:
        """(file, file that it called) for calls from one file of ours to another; a file outside of ours is ''."""
        return set(self._calls[name])

    @contextmanager
    def recording(self, name: str) -> Iterator[None]:
        self._calls.setdefault(name, {})
        self._name = name
        try:
            yield
        finally:
            self._name = ""

    def see(self, frame: FrameType, event: str, _: object) -> None:
        """What `sys.setprofile` calls."""
        if not self._name or event != "call":
            return
        callee = _ours(frame.f_code.co_filename)
        if callee and frame.f_code.co_name != "<module>":
            caller = _ours(frame.f_back.f_code.co_filename) if frame.f_back else ""
            self._calls[self._name][caller, callee] = None


@contextmanager
def tracing() -> Iterator[Trace]:
    """Threads that start within the block are traced; the thread that enters it is, too."""
    trace = Trace()
    before = sys.getprofile()
    threading.setprofile(trace.see)
    sys.setprofile(trace.see)
    try:
        yield trace
    finally:
        sys.setprofile(before)
        threading.setprofile(None)  # type: ignore[arg-type]


@cache
def _ours(name: str) -> str:
    """The path of a source file below the repository, '' for all others (libraries, templates, tests)."""
    path = Path(name)
    if path.suffix != ".py" or not path.is_relative_to(ROOT):
        return ""
    inside = path.relative_to(ROOT).as_posix()
    return inside if inside.startswith(("counter/", "dashboard/")) else ""
