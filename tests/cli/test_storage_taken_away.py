"""From outside, with a real service: its database is moved over or removed, its lock too, its disk is full.

T-28, T-30, T-36: nothing is acknowledged that the next start would not have.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.kit.process import Done, Home, Keepalive, Service

CLIENTS = 4


def ids(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute("select hit_id from hit_log where hit_id is not null")}


def acknowledged(service: Service, *names: str) -> set[str]:
    """Send a hit of each name; those that were counted."""
    return {name for name in names if service.hit(id=name).counter == "counted"}


async def load(service: Service, name: str, until: Callable[[], bool]) -> tuple[set[str], set[str]]:
    """Clients send as fast as they are answered; the ids that were acknowledged, and those that got 503."""
    yes: set[str] = set()
    no: set[str] = set()

    async def client(who: int) -> None:
        connection = Keepalive(service.port)
        for number in range(100_000):
            if until():
                break
            hit_id = f"{name}-{who}-{number}"
            status, said = await connection.hit({"site": "demo", "path": f"/{number % 50}", "id": hit_id})
            (yes if (status, said) == (202, "counted") else no).add(hit_id)
        await connection.close()

    await asyncio.gather(*(client(who) for who in range(CLIENTS)))
    return yes, no


def unready(service: Service) -> bool:
    return service.get("/readyz").status == 503


def doctor(home: Home) -> Done:
    return home.type("doctor")


def move_over(home: Home, backup: Path) -> None:
    backup.replace(home.database)


def remove(home: Home, _: Path) -> None:
    home.database.unlink()


@pytest.mark.parametrize("attack", [move_over, remove], ids=lambda attack: attack.__name__)
def test_no_hit_is_acknowledged_once_the_database_was_taken_away_and_none_is_lost(
    tmp_path: Path, attack: Callable[[Home, Path], None]
) -> None:
    home, backup = Home(tmp_path), tmp_path / "backup.db"
    with Service(home) as service:
        before = acknowledged(service, "a", "b")
        assert home.type("backup", backup).code == 0
        before |= acknowledged(service, "c")
        assert before == {"a", "b", "c"}
        attack(home, backup)
        yes, no = asyncio.run(load(service, "late", lambda: len(service.log) > 0 and unready(service)))
        assert not yes, "acknowledged although the next start does not have it"
        ready = service.get("/readyz").json
        assert (ready["status"], ready["storage"]) == ("unready", "failing")
        assert ready["reason"] == "the database file was moved, removed or replaced while the service runs"
        assert str(tmp_path) not in str(ready["reason"])
        said = doctor(home)
        assert said.code == 1
        assert "restart the service" in said.out
        service.until(lambda: "is saved" in service.log)
        assert service.stop() == 0
    with Service(home) as service:
        assert acknowledged(service, "after") == {"after"}
        assert service.stop() == 0
    now, saved = ids(home.database), [ids(one) for one in home.data.glob("counter.db.saved-*")]
    assert now == ({"a", "b", "after"} if attack is move_over else {"a", "b", "c", "after"})
    assert saved == ([{"a", "b", "c"}] if attack is move_over else [])
    assert home.type("check").code == 0
    assert home.one("pragma integrity_check") == "ok"
    assert no >= set()


def test_a_quiet_service_says_that_its_database_is_gone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Service(home) as service:
        home.database.unlink()
        service.until(lambda: unready(service))
        assert "counter_storage_failing 1.0" in service.get("/metrics").body.decode()


def test_a_start_after_a_kill_refuses_the_log_of_another_file_and_says_what_helps(tmp_path: Path) -> None:
    home, backup = Home(tmp_path), tmp_path / "backup.db"
    with Service(home) as service:
        acknowledged(service, "a")
        assert home.type("backup", backup).code == 0
        acknowledged(service, "b")
        service.kill()
    shutil.copyfile(backup, home.database)
    refused = home.run("serve", "--port", "0")
    assert refused.code == 1
    assert "counter.db-wal was written for another file" in refused.err
    restored = home.type("restore", backup, "--force")
    assert restored.code == 0, restored
    with Service(home) as service:
        assert acknowledged(service, "c") == {"c"}
        assert service.stop() == 0
    assert ids(home.database) == {"a", "c"}


def test_a_second_service_is_refused_when_the_lock_file_of_the_first_was_removed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Service(home) as service:
        (home.data / "lock").unlink()
        second = home.run("serve", "--port", "0")
        assert second.code == 1
        assert "is in use by process" in second.err
        assert home.type("restore", home.database, "--force").code == 1
        assert "holds the data" not in doctor(home).out
        assert acknowledged(service, "a") == {"a"}


def test_salts_that_can_not_be_written_make_the_service_unready(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.data / "salts").write_text("in the way")
    with Service(home) as service:
        service.until(lambda: unready(service))
        assert service.hit(id="a").status == 503
        ready = service.get("/readyz").json
        assert ready["reason"] == "the salts can't be read or written"
        assert str(tmp_path) not in str(ready)
        assert doctor(home).code == 1
        (home.data / "salts").unlink()
        service.until(lambda: not unready(service))
        assert acknowledged(service, "a") == {"a"}


@pytest.mark.parametrize("table", ["value", "hit_id", "visitor"])
def test_a_destroyed_index_is_said_as_long_as_hits_can_not_be_stored(tmp_path: Path, table: str) -> None:
    """Nothing else of the service touches these indexes: a probe that does not try a hit finds all well."""
    home = Home(tmp_path)
    with Service(home) as service:
        assert acknowledged(service, "a") == {"a"}
        assert service.stop() == 0
    root = home.one("select rootpage from sqlite_schema where tbl_name = ? order by type limit 1", table)
    with home.database.open("r+b") as file:
        file.seek((root - 1) * home.one("pragma page_size"))
        file.write(b"\xff" * 4096)
    with Service(home) as service:
        assert service.hit(id="b").status == 503
        for _ in range(5):
            time.sleep(0.5)  # looks come once a second: one that says all is well would show
            assert unready(service)
        assert service.get("/readyz").json["reason"] == "the database is damaged"
        said = doctor(home)
        assert said.code == 1
        assert "counter restore" in said.out


# A full disk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; only root can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small disk can't be mounted here; that needs root")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_said_while_it_lasts_and_nothing_acknowledged_is_lost(small_disk: Path) -> None:
    home = Home(small_disk)
    with Service(home) as service:
        ballast = fill(small_disk)
        yes, no = asyncio.run(load(service, "h", lambda: unready(service)))
        assert no, "the disk is full and everything was stored"
        for _ in range(3):  # quiet now; each look of the service finds that nothing could be written
            looks = service.get("/readyz").json
            assert (looks["storage"], looks["reason"]) == ("failing", "the disk is full")
            assert service.hit(id=next(iter(no))).status == 503
        said = doctor(home)
        assert said.code == 1
        assert "counter restore" not in said.out
        ballast.unlink()
        service.until(lambda: not unready(service))
        yes |= acknowledged(service, *sorted(no)[:20])
        assert service.stop() == 0
    assert ids(home.database) == yes
    assert home.one("select sum(pageviews) from total_day") == len(yes)
    assert home.one("pragma integrity_check") == "ok"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_start_on_a_full_disk_names_the_disk_and_never_asks_for_a_backup(small_disk: Path, end: str) -> None:
    home = Home(small_disk)
    with Service(home) as service:
        yes = acknowledged(service, *map(str, range(50)))
        if end == "stop":
            service.process.send_signal(signal.SIGTERM)
            service.process.wait()
        else:
            service.kill()
    ballast = fill(small_disk)
    refused = home.run("serve", "--port", "0")
    assert refused.code == 1
    assert "the disk is full" in refused.err, refused.err
    assert "MB are free" in refused.err
    assert "restore" not in refused.err
    ballast.unlink()
    with Service(home) as service:
        assert service.stop() == 0
    assert ids(home.database) == yes
