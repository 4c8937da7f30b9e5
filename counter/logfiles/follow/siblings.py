"""The names of a file after rotation: `access.log.1`, `access.log-20240329.gz`, `access-20240329.log` ..."""

from __future__ import annotations

import re
from pathlib import Path

from counter.logfiles.follow.checkpoint import Position
from counter.logfiles.follow.growing import CompressedPart, GrowingPart, Part, beginning, digest
from counter.logfiles.read.compressed import kind_of


def siblings(path: Path) -> list[Path]:
    """The rotated forms of `path` in its folder, the newest first."""
    when = r"[-._]?\d[\dT:._-]*"
    stem, suffix, name = re.escape(path.stem), re.escape(path.suffix), re.escape(path.name)
    rotated = re.compile(rf"(?:{name}(?:{when}|[-._](?:old|prev))|{stem}{when}{suffix})(?:\.gz|\.zst)?")
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
