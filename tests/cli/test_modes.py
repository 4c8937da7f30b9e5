"""What others of the machine may read: nothing of the data, whatever the umask; what is made for others stays so."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counter.folders import make_open_folder
from tests.kit.process import ROOT, Home, Service

FIXTURES = ROOT / "tests" / "fixtures"
OURS = "pragma application_id = 0x76636E74"


def with_umask(mask: str) -> list[str]:
    """What stands in the place of `python -m counter`."""
    return ["/bin/sh", "-c", f'umask {mask}; exec "$0" -m counter "$@"', sys.executable]


def open_modes(folder: Path) -> dict[str, str]:
    """What others may read or write, by path; the folder of the databases of places is no secret."""
    modes = {path.relative_to(folder): path.lstat().st_mode & 0o077 for path in folder.rglob("*") if path.name != "geo"}
    return {str(path): oct(mode) for path, mode in modes.items() if mode}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize("schema", [None, 1], ids=["a new database", "a migrated one"])
def test_every_file_of_the_data_is_its_owners_alone_whatever_the_umask(home: Home, schema: int | None) -> None:
    if schema:
        shutil.copyfile(FIXTURES / f"schema_{schema}.db", home.database)
        home.database.chmod(0o600)
    with Service(home, with_umask("000")) as service:
        status = Path(f"/proc/{service.process.pid}/status")
        if status.exists():  # from the first byte of every file on, those of SQLite among them
            assert "Umask:\t0077\n" in status.read_text()
        assert service.hit().counter == "counted"
        command = [*with_umask("000"), *home.command("backup", home.data / "b.db")[3:]]
        subprocess.run(command, check=True, cwd=home.folder, env=home.environment, capture_output=True)
        assert {"counter.db", "counter.db-wal", "counter.db-shm", "counter.sock", "b.db"} <= names(home.data)
        assert open_modes(home.data) == {}
        service.kill()
    assert open_modes(home.data) == {}
    assert len(list(home.data.glob("counter.before-*.db"))) == bool(schema)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def listening(home: Home) -> Iterator[Path]:
    """The socket of a service that was started with the umask 002."""
    home.config.write_text(home.config.read_text().replace("[server]", '[server]\nsocket = "data/web.sock"'))
    command = [*with_umask("002"), *home.command("serve")[3:]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=home.folder, env=home.environment)
    try:
        assert process.stdout is not None
        assert b"listens on" in process.stdout.readline()
        yield home.data / "web.sock"
    finally:
        process.kill()
        process.communicate()


def test_the_socket_for_a_proxy_is_as_open_as_the_callers_umask_says(listening: Path) -> None:
    """nginx connects as another user; our own umask would lock it out."""
    assert oct(listening.stat().st_mode & 0o777) == "0o775"
    assert oct((listening.parent / "counter.sock").stat().st_mode & 0o777) == "0o600"


def test_a_folder_of_what_is_no_secret_is_open_whatever_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        make_open_folder(tmp_path / "data" / "lists")
        make_open_folder(tmp_path / "data" / "lists")
    finally:
        os.umask(mask)
    assert oct((tmp_path / "data").stat().st_mode & 0o777) == "0o700"
    assert oct((tmp_path / "data" / "lists").stat().st_mode & 0o777) == "0o755"


def test_the_doctor_says_how_to_close_a_data_folder_that_others_may_look_into(home: Home) -> None:
    home.data.chmod(0o755)
    said = home.type("doctor").out
    assert f"chmod 700 {home.data}" in " ".join(said.split())


def test_the_doctor_leaves_the_way_to_the_socket_for_a_proxy(home: Home, listening: Path) -> None:
    home.data.chmod(0o755)
    assert f"chmod 711 {home.data}" in " ".join(home.type("doctor").out.split())
    home.data.chmod(0o711)
    assert "chmod" not in home.type("doctor").out


def test_a_start_removes_what_a_killed_backup_left_in_the_data_and_nothing_of_others(home: Home) -> None:
    with closing(sqlite3.connect(home.data / "cut.db.part")) as cut:
        cut.execute(OURS)
    (home.data / "theirs.db.part").write_text("a text of mine")
    left = " ".join(home.type("doctor").out.split())
    assert f"rm {home.data / 'cut.db.part'}" in left
    with Service(home):
        assert {path.name for path in home.data.glob("*.part")} == {"theirs.db.part"}
