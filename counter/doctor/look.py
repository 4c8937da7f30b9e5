"""Looking: everything that `Facts` holds, gathered without changing anything. Only the service is asked elsewhere."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import maxminddb

from counter import __version__
from counter.collect.identify import LIFETIME
from counter.collect.lists import spam_file
from counter.config import Config
from counter.doctor.facts import Facts, Open, Versions
from counter.folders import DATABASE
from counter.service.last_check import read_checked
from counter.service.status import Status
from counter.store.open import read_vitals

# What is their owner's alone; `lists` and `geo` are no secret.
PRIVATE: Final = (
    (f"{DATABASE}*", 0o600), ("counter.before-*", 0o600), ("counter.sock", 0o600), ("lock", 0o600),
    ("check.json", 0o600), ("salts", 0o700), ("salts/*.salt", 0o600), ("salts/lines.key", 0o600), ("follow", 0o700),
)  # fmt: skip
LEFT: Final = ("counter.before-*.db", f"{DATABASE}.saved-*", f"{DATABASE}.replaced*", "*.part", "*.part-*")
LATE: Final = 2 * 3600  # seconds after its end that a salt may wait for the hourly job


def look(config: Config, config_file: str, status: Status | None, now: float) -> Facts:
    """Everything at `now`; `status` is what the running service says, if one does."""
    folder = config.storage.path
    kind, built = (status.geo_kind, status.geo_built) if status else _places(folder / "geo")
    return Facts(
        now=now,
        versions=versions(),
        config_file=config_file,
        folder=folder,
        folder_exists=folder.is_dir(),
        durability=str(config.storage.durability),
        rate_limit=config.counting.rate_limit_per_minute,
        vitals=read_vitals(folder),
        disk_free=_free(folder),
        newest_file=max((_mtime(path) for path in folder.glob("*")), default=0.0),
        open_files=tuple(_open_files(folder, config.server.socket)),
        lock_holder=status.pid if status else _lock_holder(folder),
        status=status,
        checked=status.checked if status else read_checked(folder),
        geo_kind=kind,
        geo_built=built,
        address_header=config.server.address_header,
        spam_url=config.lists.spam_referrers_url,
        spam_written=_mtime(spam_file(folder)),
        old_salts=sum(_mtime(path) < now - LIFETIME - LATE for path in folder.glob("salts/*.salt")),
        leftovers=tuple((path, path.stat().st_size) for name in LEFT for path in sorted(folder.glob(name))),
    )


def versions() -> Versions:
    try:
        zones = importlib.metadata.version("tzdata")
    except importlib.metadata.PackageNotFoundError:
        zones = ""
    numbers = [int(number) for number in re.findall(r"\d+", importlib.metadata.version("aiohttp"))[:3]]
    return Versions(
        __version__, sys.version_info[:3], sqlite3.sqlite_version_info, (numbers[0], numbers[1], numbers[2]), zones
    )


def _free(folder: Path) -> int | None:
    """Free bytes of the file system that the data are on, or will be."""
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(place).free
    return None


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _open_files(folder: Path, socket: Path | None) -> Iterator[Open]:
    """What others may see; through the folder they may go to a proxy's `socket` in it."""
    inside = [(path, wanted) for name, wanted in PRIVATE for path in sorted(folder.glob(name)) if path != socket]
    for path, wanted in [(folder, 0o711 if socket is not None and socket.parent == folder else 0o700), *inside]:
        try:
            mode = path.stat().st_mode & 0o777
        except OSError:
            continue
        if mode & ~wanted & 0o077:
            yield Open(path, mode, wanted)


def _lock_holder(folder: Path) -> int | None:
    """The process that holds the data, 0 when it can't be told, None when none does. Shared tries, given back at once.

    The folder is locked, too: its lock stays when somebody removes the file that names the holder.
    """
    return _holder(folder / "lock", os.O_RDONLY) or _holder(folder, os.O_RDONLY | os.O_DIRECTORY)


def _holder(path: Path, flags: int) -> int | None:
    try:
        handle = os.open(path, flags | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        named = "" if flags & os.O_DIRECTORY else os.read(handle, 32).decode(errors="replace").strip()
        return int(named) if named.isdecimal() else 0
    else:
        return None
    finally:
        os.close(handle)


def _places(folder: Path) -> tuple[str, int]:
    """Kind and time of building of the copy that a service would use."""
    copies = sorted(folder.glob("*.mmdb"), key=_mtime)
    try:
        with maxminddb.open_database(copies[-1], maxminddb.MODE_FILE) as reader:
            return str(reader.metadata().database_type), int(reader.metadata().build_epoch)
    except (IndexError, OSError, ValueError, maxminddb.InvalidDatabaseError):
        return "", 0
