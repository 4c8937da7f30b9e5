"""Where a restart reads from: one small file for each log and site under `data_dir/follow/`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from counter.logfiles.follow.growing import Part, digest
from counter.logfiles.order import WINDOW


class Position(msgspec.Struct, frozen=True):
    """A place in a file that is recognised by its first bytes, whatever its name is by now."""

    path: str  # that is followed
    inode: int
    offset: int  # bytes of text
    length: int  # bytes of the beginning
    digest: str  # of the beginning


class _Mark(NamedTuple):
    part: Part
    offset: int
    newest: int  # UTC seconds of the newest line before it; 0 without any


class SafePoint:
    """Where reading again is safe: behind it lies every line that may be counted from now on, and each line of the
    seconds that may still come, so that identical lines get the same numbers as the first time."""

    def __init__(self) -> None:
        self._marks: deque[_Mark] = deque()
        self._newest = 0

    def passed(self, part: Part, offset: int, newest: int) -> None:
        """Lines from `offset` of `part` were read, the newest of `newest` (UTC seconds, 0: none to be counted)."""
        self._marks.append(_Mark(part, offset, self._newest))
        self._newest = max(self._newest, newest)

    def position(self, path: Path, parts: Sequence[Part]) -> Position | None:
        """The place, once all that was read is committed; never behind the oldest of `parts`, which may still grow."""
        if not parts:
            return None
        oldest, safe = parts[0], self._newest - WINDOW
        fit = [place for place, mark in enumerate(self._marks) if mark.part is oldest and mark.newest < safe]
        for _ in range(fit[-1] if fit else 0):
            self._marks.popleft()
        part, offset = oldest, oldest.offset
        if self._marks and (self._marks[0].part is oldest or self._marks[0].part not in parts):
            part, offset, _ = self._marks[0]
        return Position(str(path), part.inode, offset, len(part.head), digest(part.head))


def file_of(folder: Path, site_id: str, path: Path) -> Path:
    name = blake2b(f"{site_id}\0{path}".encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return folder / f"{name}.json"


def read_position(file: Path) -> Position | None:
    """The last position written; None when there is none or it is unreadable: then everything is read again."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Position)
    except (OSError, msgspec.DecodeError):
        return None


def write_position(file: Path, position: Position) -> None:
    """Written completely or not at all, even across a power cut."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    with new.open("wb") as out:
        out.write(msgspec.json.encode(position))
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
