"""Private copies of databases: the only files that are ever mapped into memory.

A memory map kills the process when the file is truncated or overwritten in place. So what is mapped is a copy
under `data_dir/geo/`, named by what is in it and never changed once it has its name; and an owner's file is first
tried in another process (`trial_reader`), because a damaged one can crash the reader.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from counter.collect.places import trial_reader
from counter.folders import make_open_folder

SHIPPED: Final = Path(__file__).parents[2] / "data" / "country.mmdb.xz"
DOWNLOAD: Final = "download.mmdb"  # in data_dir/geo: what `counter geo update` fetched
TRIAL_SECONDS: Final = 60
TRIAL_READER: Final = Path(trial_reader.__file__)
STALE_SECONDS: Final = 3600
NEW: Final = ".new-"  # the start of the names of files that are not finished


class BadDatabase(ValueError):
    """The file is not one that may be used, and will not be until it changes; the text says why."""


class Whose(StrEnum):
    """Where a database comes from; the earlier one wins."""

    OWN = "own"  # the file that [geoip] database names
    DOWNLOADED = "downloaded"
    SHIPPED = "shipped"


class DatabaseFile(NamedTuple):
    """The file to read places from."""

    whose: Whose
    path: Path


Stamp = tuple[int, ...]


def source_of(database: Path | None, data_dir: Path) -> DatabaseFile:
    """The configured file, even if it does not exist; else the downloaded one; else the one of this package."""
    if database is not None:
        return DatabaseFile(Whose.OWN, database)
    downloaded = data_dir / "geo" / DOWNLOAD
    return DatabaseFile(Whose.DOWNLOADED, downloaded) if downloaded.exists() else DatabaseFile(Whose.SHIPPED, SHIPPED)


def stamp_of(path: Path) -> Stamp | None:
    """A value that changes with the file, however that happens: cp, mv, truncate, chmod; None without a file."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


def private_copy(source: DatabaseFile, folder: Path) -> Path:
    """The copy of `source` that may be mapped; made, and tried, when there is none yet.

    Blocks: half a second and more for a new file. Raises BadDatabase, or OSError where trying again may help.
    """
    make_open_folder(folder)
    _sweep(folder)
    if not stat.S_ISREG(source.path.stat().st_mode):
        raise BadDatabase("it is not a file")
    made = _finished_copy(folder, source.whose, _digest(source.path)) or _make(source, folder)
    for older in _copies(folder):
        if older != made:
            older.unlink(missing_ok=True)  # processes that have it mapped keep it until they close it
    return made


def last_good(source: DatabaseFile, folder: Path) -> Path | None:
    """The copy that was made of an earlier state of such a source, if there is one."""
    return _finished_copy(folder, source.whose, "*")


def try_database(path: Path, reader: Path = TRIAL_READER, seconds: float = TRIAL_SECONDS) -> None:
    """Raises BadDatabase when `reader`, a process that reads `path`, fails, dies or takes longer than `seconds`."""
    command = [sys.executable, "-I", str(reader), str(path)]
    try:
        trial = subprocess.run(  # noqa: S603  # our own interpreter, our own program
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise BadDatabase(f"reading it takes over {seconds:g} s") from None
    if trial.returncode < 0:
        raise BadDatabase("it is damaged, reading it crashes")
    if trial.returncode > 0:
        lines = trial.stderr.strip().splitlines() or ["it is damaged"]
        raise BadDatabase(lines[-1].removeprefix("maxminddb.errors.InvalidDatabaseError: ").replace(str(path), "it"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=8)).hexdigest()


def _copies(folder: Path) -> list[Path]:
    return [made for whose in Whose for made in folder.glob(f"{whose}-*-*.mmdb")]


def _finished_copy(folder: Path, whose: Whose, digest: str) -> Path | None:
    """A finished copy that was not truncated since: its size is in its name."""
    for made in folder.glob(f"{whose}-{digest}-*.mmdb"):
        if made.stem.endswith(f"-{made.stat().st_size}"):
            return made
    return None


def _make(source: DatabaseFile, folder: Path) -> Path:
    """A new copy, whole or absent, also after a power cut."""
    before = stamp_of(source.path)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=NEW)
    new = Path(name)
    try:
        opened = lzma.open if source.whose is Whose.SHIPPED else Path.open
        with os.fdopen(descriptor, "wb") as file, opened(source.path, "rb") as content:
            shutil.copyfileobj(content, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        digest = _digest(source.path if source.whose is Whose.SHIPPED else new)
        if source.whose is not Whose.SHIPPED:
            try_database(new)
        if stamp_of(source.path) != before:
            raise InterruptedError("it changed while it was read")
        return new.replace(folder / f"{source.whose}-{digest}-{new.stat().st_size}.mmdb")
    finally:
        new.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove the unfinished files of processes that were killed while writing."""
    for left in folder.glob(f"{NEW}*"):
        if left.stat().st_mtime < time.time() - STALE_SECONDS:
            left.unlink(missing_ok=True)
