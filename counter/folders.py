"""What is kept below the data directory: the database's name, and folders for files that are no secret."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

DATABASE: Final = "counter.db"


def make_open_folder(folder: Path) -> None:
    """A folder that others may read, whatever the umask: `counter geo update` and the service may run as two users.

    An existing one keeps its mode. The data folder, if this call creates it, is private to its owner.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)
