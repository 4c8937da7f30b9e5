"""All files behind one path, oldest first: what was rotated away is read to its end together with what replaced it.

After rotation a file is `access.log.1`, `access.log-20240329.gz`, `access-20240329.log` ... (`siblings`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from counter.errors import UsageError
from counter.logfiles.follow.checkpoint import Position
from counter.logfiles.follow.growing import HEAD, CompressedPart, GrowingPart, Part, beginning, digest
from counter.logfiles.read.compressed import kind_of
from counter.logfiles.read.sources import begin

PATIENCE: Final = 120.0  # seconds to watch a rotated file: a server keeps writing until it reopens its log

Say = Callable[[str], None]


class Text(NamedTuple):
    """Whole lines, and their position."""

    text: bytes
    part: Part
    offset: int


class Tail:
    """The log at `path`, from `position` on. `clock` is monotonic, in seconds."""

    def __init__(self, path: Path, position: Position | None, clock: Callable[[], float], say: Say) -> None:
        self._path = path
        self._clock = clock
        self._say = say
        self._known: list[bytes] = []  # beginnings of rotated files that were read to their end
        self._troubled = False  # the file at the path cannot be opened, and that was reported
        self._parts: list[Part] = self._parts_from(position) if position else []
        if not self._parts:
            self._parts = [GrowingPart(path)]
        self._known += [beginning(one, HEAD) for one in siblings(path) if not self._is_read(one)]
        self._quiet_since = clock()

    @property
    def parts(self) -> list[Part]:
        """The files that are read, the oldest first."""
        return self._parts

    def read(self) -> Text | None:
        """The next whole lines; None when there are none now."""
        for place, part in enumerate(tuple(self._parts)):
            if part.changed():
                self._refill(place, part)
                return self.read()
            offset, text = part.offset, part.read()
            if text:
                if place == 0:
                    self._quiet_since = self._clock()
                return Text(text, part, offset)
        self._look_for_another()
        return self._retire()

    def close(self) -> None:
        for part in self._parts:
            part.close()

    # What rotation does --------------------------------------------------------------------------------------

    def _look_for_another(self) -> None:
        """Another file is at the path now: it follows those that were there before."""
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            return  # between its renaming and its making
        if inode in {part.inode for part in self._parts}:
            return
        self._pick_up_rotated()
        try:
            self._parts.append(GrowingPart(self._path))
        except UsageError as error:  # moved on again, or not yet ours to read
            if not self._troubled:
                self._say(f"{error} Trying again.")
            self._troubled = True
            return
        self._troubled = False
        self._quiet_since = self._clock()

    def _pick_up_rotated(self) -> None:
        """Files that came to the path and went since the last look; without a copy of one that is known."""
        new = [one for one in siblings(self._path) if not self._is_read(one)]
        new = [one for one in _different(new) if not any(_begins(one, head) for head in self._known)]
        self._parts += [open_part(one) for one in sorted(new, key=_written)]

    def _is_read(self, path: Path) -> bool:
        """Whether the file, or what it is a copy of, is among those that are read."""
        inode = path.stat().st_ino
        return any(part.inode == inode or _begins(path, part.head) for part in self._parts)

    def _retire(self) -> Text | None:
        """The oldest file, when a newer one exists and nothing came for a while: its last line will not be finished."""
        if len(self._parts) < 2 or self._clock() - self._quiet_since < PATIENCE:
            return None
        part = self._parts.pop(0)
        self._quiet_since = self._clock()
        last, offset = part.last(), part.offset
        self._known.append(part.head)
        part.close()
        return Text(last + b"\n", part, offset) if last else None

    def _refill(self, place: int, part: Part) -> None:
        """The file was cut: what it had is in a copy, or nowhere; it is read from its start."""
        copy = next((one for one in siblings(self._path) if _begins_as(one, part)), None)
        if copy is None:
            self._say(f"{part.name} was cut, and no copy of it is there; what it held and was not read is lost.")
        self._parts[place : place + 1] = [open_part(copy, part.offset)] if copy else []
        part.close()
        self._look_for_another()
        self._quiet_since = self._clock()

    # After a restart -----------------------------------------------------------------------------------------

    def _parts_from(self, position: Position) -> list[Part]:
        """The file of the position, by whatever name, and those that came after it."""
        if self._path.exists() and is_at(self._path, position):
            return [open_part(self._path, position.offset)]
        rotated = siblings(self._path)
        was = next((one for one in rotated if is_at(one, position)), None)
        if was is None:
            self._say(f"the file that was read last is gone; {self._path} and what was rotated is read from its start.")
            later = rotated
        else:
            later = [one for one in rotated if one != was and _is_later(one, was)]
        parts = [open_part(was, position.offset)] if was else []
        parts += [open_part(one) for one in sorted(_different(later), key=_written)]
        return [*parts, GrowingPart(self._path)] if self._path.exists() else parts


def _different(paths: list[Path]) -> list[Path]:
    """Without copies (`access.log.1` next to `access.log.1.gz`), whose lines would pass for repeated ones."""
    return list({beginning(path, HEAD): path for path in paths}.values())


def _is_later(path: Path, than: Path) -> bool:
    """Whether one log came after another: by their first lines, else by when they were last written."""
    began, other = begin(str(path)), begin(str(than))
    if began != other and max(began, other) < float("inf"):
        return began > other
    return _written(path) >= _written(than)


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns


def _begins(path: Path, head: bytes) -> bool:
    return bool(head) and beginning(path, len(head)) == head


def _begins_as(path: Path, part: Part) -> bool:
    position = Position("", part.inode, 0, len(part.head), digest(part.head))
    return bool(part.head) and is_at(path, position)


def check(path: Path, position: Position | None) -> None:
    """Raises UsageError when there is nothing to follow."""
    if position is None and not path.is_file():
        raise UsageError(f"{path} is not a file that can be followed.")


def siblings(path: Path) -> list[Path]:
    """The rotated forms of `path` in its folder, the newest first."""
    when = r"[-._]?\d[\dT:._-]*"
    stem, suffix, name = re.escape(path.stem), re.escape(path.suffix), re.escape(path.name)
    rotated = re.compile(rf"(?:{name}(?:{when}|[-._](?:old|prev))|{stem}{when}{suffix})(?:\.(?:gz|zst|bz2|xz|zip))?")
    found = [other for other in path.parent.iterdir() if rotated.fullmatch(other.name) and other.is_file()]
    return sorted(found, key=lambda other: other.stat().st_mtime, reverse=True)


def is_at(path: Path, position: Position) -> bool:
    """Whether the log at `path` is the one of the position: it begins alike; an empty one is known by its number."""
    if not position.length:
        return path.stat().st_ino == position.inode
    return digest(beginning(path, position.length)) == position.digest


def open_part(path: Path, offset: int = 0) -> Part:
    """The file, from `offset` of its text on."""
    with path.open("rb") as file:
        compressed = kind_of(file.read(4)) is not None
    return CompressedPart(path, offset) if compressed else GrowingPart(path, offset)
