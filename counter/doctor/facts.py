"""What a doctor sees: plain values, so that every check can be shown each of its states."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from counter.service.last_check import Checked
from counter.service.status import Status
from counter.store.open import Vitals


class Level(StrEnum):
    """How bad a finding is, from good to bad."""

    OK = "ok"
    NOTE = "note"  # worth knowing
    WARNING = "warning"  # will hurt, or makes numbers wrong in a small way
    PROBLEM = "problem"  # hits are lost, numbers are wrong, or soon will be


Said = tuple[Level, str]


def ok(sentence: str) -> Said:
    return Level.OK, sentence


def note(sentence: str) -> Said:
    return Level.NOTE, sentence


def warning(sentence: str) -> Said:
    return Level.WARNING, sentence


def problem(sentence: str) -> Said:
    return Level.PROBLEM, sentence


class Finding(NamedTuple):
    """One sentence: what it means, and what to do."""

    check: str
    level: Level
    sentence: str


class Versions(NamedTuple):
    """Of this command's process."""

    counter: str
    python: tuple[int, int, int]
    sqlite: tuple[int, int, int]
    aiohttp: tuple[int, int, int]
    tzdata: str  # such as 2026.2; '' when unknown


class Open(NamedTuple):
    """A file or folder that others than its owner may read or write."""

    path: Path
    mode: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything at one moment. Times are UTC seconds, sizes bytes; None is "could not be seen"."""

    now: float
    versions: Versions
    config_file: str
    config_error: str = ""
    folder: Path = Path()
    folder_exists: bool = True
    durability: str = "full"
    rate_limit: int = 600
    vitals: Vitals | None = None
    disk_free: int | None = None
    newest_file: float = 0.0  # the latest change of a file below the data
    open_files: tuple[Open, ...] = ()
    lock_holder: int | None = None  # the process that holds the data
    status: Status | None = None  # of the service, when one answers
    checked: Checked | None = None
    geo_kind: str = ""
    geo_built: int = 0
    address_header: str = "X-Forwarded-For"
    spam_url: str = ""
    spam_written: float = 0.0  # 0: no list was loaded
    old_salts: int = 0
    leftovers: tuple[tuple[Path, int], ...] = field(default=())  # copies that upgrades and restores left, their sizes
