"""T-39: a backup that is not whole is private, and does not stay when its process was killed."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from counter.errors import StoreError
from counter.store.open import open_store, sweep
from counter.store.sqlite import engine
from counter.store.sqlite.part import OURS, PART, part_of
from counter.store.sqlite.upkeep import back_up
from tests.kit.process import HANG, ROOT


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# A process that makes a backup, and is killed when the first page is copied, or the last one.
CUT = """
import os, signal, sqlite3, sys
from pathlib import Path
from counter.store.sqlite.upkeep import back_up

class Cut(sqlite3.Connection):
    def backup(self, target, **_):
        def copied(_, remaining, total):
            if sys.argv[3] == "first" or not remaining:
                os.kill(os.getpid(), signal.SIGKILL)
        super().backup(target, pages=1, progress=copied)

os.umask(0)
back_up(sqlite3.connect(sys.argv[1], factory=Cut), Path(sys.argv[2]))
"""


def cut_backup(database: Path, target: Path, page: str) -> None:
    command = [sys.executable, "-c", CUT, str(database), str(target), page]
    done = subprocess.run(command, cwd=ROOT, timeout=HANG, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("page", ["first", "last"])
async def test_a_backup_that_was_killed_leaves_nothing_others_can_read_and_the_next_one_removes_it(
    tmp_path: Path, page: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    async with open_store(tmp_path / "data", "normal", 30):
        pass
    cut_backup(tmp_path / "data" / "counter.db", folder / "monday.db", page)
    assert f"monday.db{PART}" in names(folder)
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in folder.iterdir()} == dict.fromkeys(
        names(folder), "0o0"
    )
    async with open_store(tmp_path / "data", "normal", 30) as store:
        await store.backup(folder / "tuesday.db")
    assert names(folder) == ["tuesday.db"]


def test_a_part_is_its_owners_alone_from_the_first_byte_on(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        with part_of(tmp_path / "x.db") as part:
            assert (part.name, part.stat().st_mode & 0o777, part.stat().st_size) == ("x.db.part", 0o600, 0)
    finally:
        os.umask(mask)
    assert names(tmp_path) == []


def mark(path: Path, application: int = engine.APPLICATION_ID) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma application_id = {application}")


def test_what_is_swept_is_ours_beyond_doubt(tmp_path: Path) -> None:
    for name in ("ours.db.part", "ours.sqlite.part", "whole.db"):
        mark(tmp_path / name)
    (tmp_path / "ours.db.part-journal").write_bytes(b"x")
    (tmp_path / "empty.db.part").touch()
    mark(tmp_path / "theirs.db.part", 0x12345678)
    (tmp_path / "film.part").touch()  # an empty download of a browser
    (tmp_path / "text.db.part").write_text("a text of mine")
    (tmp_path / "folder.db.part").mkdir()
    (tmp_path / "link.db.part").symlink_to(tmp_path / "whole.db")
    os.mkfifo(tmp_path / "pipe.db.part")
    sweep(tmp_path)
    assert names(tmp_path) == [
        "film.part", "folder.db.part", "link.db.part", "pipe.db.part", "text.db.part", "theirs.db.part", "whole.db",
    ]  # fmt: skip


def test_what_is_being_written_is_not_swept(tmp_path: Path) -> None:
    with part_of(tmp_path / "x.db") as part:
        sweep(tmp_path)
        mark(part)
        sweep(tmp_path)
        assert part.exists()
        with pytest.raises(StoreError, match="another process is writing it"), part_of(tmp_path / "x.db"):
            pass
        assert part.exists()


def test_a_backup_leaves_a_file_of_others_with_that_name_alone(tmp_path: Path) -> None:
    (tmp_path / "x.db.part").write_text("a text of mine")
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(StoreError, match=r"x\.db\.part is there already"),
    ):
        back_up(connection, tmp_path / "x.db")
    assert (tmp_path / "x.db.part").read_text() == "a text of mine"


def test_a_new_part_of_the_same_name_survives_the_end_of_the_one_before(tmp_path: Path) -> None:
    with part_of(tmp_path / "x.db") as part:
        part.rename(tmp_path / "x.db")
        part.write_text("of the next process")
    assert part.read_text() == "of the next process"


def test_the_mark_in_the_file_is_the_application_id() -> None:
    assert int.from_bytes(OURS) == engine.APPLICATION_ID


def test_a_lock_is_held_while_the_part_is_written(tmp_path: Path) -> None:
    with part_of(tmp_path / "x.db") as part:
        handle = os.open(part, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
