"""What the last recount of all numbers found, kept in `check.json` beside the database.

A file of its own and not a row: it can be read when the database cannot, and a restored database, which is another
file, has not been checked by what was found in the old one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from pathlib import Path
from typing import Final

import msgspec

from counter.calendar.localtime import LocalTime
from counter.folders import DATABASE

NAME: Final = "check.json"
NIGHT: Final = (3 * 60 + 30, 5 * 60)  # minutes after local midnight: the quietest hours, clear of changes of the clock
REST: Final = 12 * 3600  # seconds between two checks at least
LONGEST: Final = 25 * 3600  # seconds; after that one is due at any hour: the machine sleeps at night


class Checked(msgspec.Struct, frozen=True):
    """One check: `differences` numbers were not what the raw rows say; `repaired` of them are now.

    The others were kept: mending them, or the rest of their day, would have lowered a published number.
    """

    at: float  # UTC seconds, its end
    seconds: float  # it took
    differences: int = 0
    repaired: int = 0
    error: str = ""  # why it could not be done
    file: int = 0  # the inode of the database that was checked

    @property
    def unrepaired(self) -> int:
        return self.differences - self.repaired

    def shown(self) -> dict[str, object]:
        """For `/readyz`: strangers may read it, so an error is a word and not its text."""
        return {
            "at": dt.datetime.fromtimestamp(self.at, dt.UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "differences": self.differences,
            "repaired": self.repaired,
            "failed": bool(self.error),
        }


def due(now: float, last: Checked | None, local: LocalTime) -> bool:
    """Whether to check at `now` (UTC seconds): once in the night of `local`, or as soon as the last is too old."""
    age = abs(now - last.at) if last else LONGEST + 1  # a check of the future was made by a wrong clock
    clock = dt.datetime.fromtimestamp(now, local.zone)
    night = NIGHT[0] <= clock.hour * 60 + clock.minute < NIGHT[1]
    return age > LONGEST or (night and age > REST)


def read_checked(folder: Path) -> Checked | None:
    """The last check of the database that is in `folder` now; None when there was none, or it can't be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Checked)
        if found.file == inode(folder):
            return found
    return None


def write_checked(folder: Path, checked: Checked) -> None:
    """Keep it, whole or not at all; raises OSError."""
    new = folder / (NAME + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(checked))
    new.replace(folder / NAME)


def inode(folder: Path) -> int:
    """Which file the database is; 0 when there is none."""
    try:
        return (folder / DATABASE).stat().st_ino
    except OSError:
        return 0
