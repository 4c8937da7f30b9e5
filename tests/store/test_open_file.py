"""T-30: the open database is the file at its path, or nothing is stored, and nothing that was stored is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from counter.errors import Locked, Replaced, StorageReason, StoreError
from counter.site import Site
from counter.store.open import Store, open_reports, open_store, replace_database
from counter.store.sqlite import engine
from counter.store.sqlite.log_owner import read_marker
from tests.kit.events import NOON, append, make

Attack = Callable[[Path, Path], None]


def stored_ids(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("select hit_id from hit_log where hit_id is not null")}


async def store_hits(store: Store, site: Site, *ids: str) -> None:
    await append(store, *(make(site, NOON + number, number, hit_id=one) for number, one in enumerate(ids)))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "data", "normal", 30) as opened:
        await opened.catalog.add_site(Site(0, "demo", "Demo"), NOON)
        yield opened


@pytest.fixture
async def backup(store: Store, tmp_path: Path) -> Path:
    """A backup with hit `a`; hits `b` and `c` are stored after it."""
    site = (await store.catalog.sites())[0]
    await store_hits(store, site, "a")
    target = tmp_path / "backup.db"
    await store.backup(target)
    await store_hits(store, site, "b", "c")
    return target


def move_over(backup: Path, database: Path) -> None:
    backup.replace(database)


def copy_over(backup: Path, database: Path) -> None:
    shutil.copyfile(backup, database)


def remove(_: Path, database: Path) -> None:
    database.unlink()


def empty(_: Path, database: Path) -> None:
    database.write_bytes(b"")


def remove_log(_: Path, database: Path) -> None:
    database.with_name("counter.db-wal").unlink()


def replace_log(_: Path, database: Path) -> None:
    log = database.with_name("counter.db-wal")
    shutil.copyfile(log, log.with_name("copy"))
    log.with_name("copy").replace(log)


def move_folder(_: Path, database: Path) -> None:
    database.parent.rename(database.parent.with_name("moved"))


def remove_folder(_: Path, database: Path) -> None:
    shutil.rmtree(database.parent)


ATTACKS: list[Attack] = [move_over, copy_over, remove, empty, remove_log, replace_log, move_folder, remove_folder]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_nothing_is_stored_once_the_file_at_the_path_is_another_one(
    store: Store, backup: Path, tmp_path: Path, attack: Attack
) -> None:
    site = (await store.catalog.sites())[0]
    attack(backup, tmp_path / "data" / "counter.db")
    for _ in range(2):
        with pytest.raises(Replaced, match="restart the service") as caught:
            await store_hits(store, site, "late")
        assert caught.value.reason == StorageReason.REPLACED
        assert str(tmp_path) not in caught.value.reason
    with pytest.raises(Replaced):
        await store.verify(NOON)
    with pytest.raises(Replaced):
        await store.probe(None, NOON)
    with pytest.raises(Replaced):
        await store.catalog.change_site(site, NOON)


@pytest.mark.parametrize("attack", [move_over, remove, remove_log, replace_log], ids=lambda attack: attack.__name__)
async def test_all_that_was_stored_is_saved_under_another_name(
    store: Store, backup: Path, tmp_path: Path, attack: Attack
) -> None:
    folder = tmp_path / "data"
    attack(backup, folder / "counter.db")
    with pytest.raises(Replaced):
        await store.verify(NOON)
    await store.__aexit__()
    kept = [*folder.glob("counter.db.saved-*"), folder / "counter.db"]
    assert any(stored_ids(one) == {"a", "b", "c"} for one in kept if one.exists())
    assert {one.stat().st_mode & 0o777 for one in kept if one.exists()} == {0o600}


async def test_a_removed_database_is_back_at_the_next_start_with_all_that_was_stored(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    (folder / "counter.db").unlink()
    with pytest.raises(Replaced):
        await store.verify(NOON)
    await store.__aexit__()
    assert not list(folder.glob("counter.db.saved-*"))
    async with open_store(folder, "normal", 30) as again:
        assert await again.check() == []
        await store_hits(again, (await again.catalog.sites())[0], "d")
    assert stored_ids(folder / "counter.db") == {"a", "b", "c", "d"}


async def test_a_database_that_was_removed_with_its_folder_is_back_at_the_next_start(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "data")
    with pytest.raises(Replaced):
        await store.verify(NOON)
    await store.__aexit__()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    async with open_store(tmp_path / "data", "normal", 30) as again:
        assert await again.check() == []
    assert stored_ids(tmp_path / "data" / "counter.db") == {"a", "b", "c"}


async def test_a_backup_that_was_moved_over_the_database_is_what_the_next_start_reads(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    backup.replace(folder / "counter.db")
    with pytest.raises(Replaced):
        await store.verify(NOON)
    await store.__aexit__()
    async with open_store(folder, "normal", 30) as again:
        assert await again.check() == []
    assert stored_ids(folder / "counter.db") == {"a"}
    assert [stored_ids(one) for one in folder.glob("counter.db.saved-*")] == [{"a", "b", "c"}]


async def test_a_file_that_was_moved_away_and_back_is_stored_to_again(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    site, path = (await store.catalog.sites())[0], tmp_path / "data" / "counter.db"
    path.rename(tmp_path / "away")
    with pytest.raises(Replaced):
        await store_hits(store, site, "d")
    (tmp_path / "away").rename(path)
    await store.verify(NOON)
    await store_hits(store, site, "e")


async def test_a_hard_link_or_a_reader_of_the_database_stops_nothing(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    path = tmp_path / "data" / "counter.db"
    (tmp_path / "link").hardlink_to(path)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("select count(*) from event").fetchone()
        await store.verify(NOON)
    await store_hits(store, (await store.catalog.sites())[0], "d")
    await store.verify(NOON)


# A log that belongs to another file ------------------------------------------------------------------------------


async def crashed(store: Store, folder: Path, to: Path) -> Path:
    """What a kill leaves behind: the database, its log and the marker."""
    to.mkdir()
    for name in ("counter.db", "counter.db-wal", "counter.exists"):
        shutil.copyfile(folder / name, to / name)
    return to


async def refused(folder: Path) -> None:
    before = {one: one.read_bytes() for one in sorted(folder.glob("counter.db*"))}
    with pytest.raises(StoreError, match="was written for another file") as caught:
        async with open_store(folder, "normal", 30):
            pass
    assert "counter restore FILE --force" in str(caught.value)
    with pytest.raises(StoreError, match="was written for another file"):
        async with open_reports(folder):
            pass
    assert {one: one.read_bytes() for one in sorted(folder.glob("counter.db*")) if one in before} == before


async def test_a_log_is_played_onto_its_own_file_also_when_the_folder_was_copied(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    left = await crashed(store, tmp_path / "data", tmp_path / "left")
    async with open_store(left, "normal", 30) as again:
        assert await again.check() == []
    assert stored_ids(left / "counter.db") == {"a", "b", "c"}


async def test_a_log_is_never_played_onto_a_backup(store: Store, backup: Path, tmp_path: Path) -> None:
    left = await crashed(store, tmp_path / "data", tmp_path / "left")
    shutil.copyfile(backup, left / "counter.db")
    await refused(left)
    replace_database(left, backup, force=True, now=NOON)  # what the sentence says
    async with open_store(left, "normal", 30):
        pass
    assert stored_ids(left / "counter.db") == {"a"}


async def test_a_log_is_never_played_onto_the_same_database_of_an_earlier_run(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    """A plain copy of the file, of the run before: of the right kind, with a log's mode, and old."""
    folder = tmp_path / "data"
    await store.__aexit__()
    shutil.copyfile(folder / "counter.db", tmp_path / "older.db")
    async with open_store(folder, "normal", 30) as again:
        await store_hits(again, (await again.catalog.sites())[0], *(f"x{number}" for number in range(500)))
        left = await crashed(again, folder, tmp_path / "left")
    shutil.copyfile(tmp_path / "older.db", left / "counter.db")
    await refused(left)


async def test_a_log_of_an_earlier_version_is_played_when_both_make_a_whole_database(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    """Its marker is empty: SQLite's own check decides."""
    left = await crashed(store, tmp_path / "data", tmp_path / "left")
    (left / "counter.exists").write_bytes(b"")
    async with open_store(left, "normal", 30):
        pass
    assert stored_ids(left / "counter.db") == {"a", "b", "c"}


async def test_a_start_that_a_reader_keeps_from_the_file_knows_its_log_afterwards(
    store: Store, backup: Path, tmp_path: Path
) -> None:
    """The new number stays in the log while somebody reads; the file still has the one before."""
    folder = tmp_path / "data"
    uri = f"file:{folder / 'counter.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from event").fetchone()
        await store.__aexit__()
        async with open_store(folder, "normal", 30) as again:
            assert len(read_marker(folder).openings) == 2
            await store_hits(again, (await again.catalog.sites())[0], "d")
            early = await crashed(again, folder, tmp_path / "early")
            reader.execute("rollback")
            with closing(sqlite3.connect(folder / "counter.db")) as other:
                other.execute("pragma wal_checkpoint(passive)")
            await store_hits(again, (await again.catalog.sites())[0], "e")
            late = await crashed(again, folder, tmp_path / "late")
    for left in (early, late):
        async with open_store(left, "normal", 30) as last:
            assert await last.check() == []
    assert stored_ids(early / "counter.db") == {"a", "b", "c", "d"}
    assert stored_ids(late / "counter.db") == {"a", "b", "c", "d", "e"}


# The lock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["removed", "replaced", "as it is"])
async def test_the_data_have_one_writer_whatever_becomes_of_the_lock_file(
    store: Store, tmp_path: Path, how: str
) -> None:
    """T-36, with the lock file removed under the running service."""
    path = tmp_path / "data" / "lock"
    if how != "as it is":
        path.unlink()
    if how == "replaced":
        path.touch()
    with pytest.raises(Locked, match="is in use by process"):
        async with open_store(tmp_path / "data", "normal", 30):
            pass
    await store.__aexit__()
    async with open_store(tmp_path / "data", "normal", 30):
        assert path.read_text() == f"{os.getpid()}\n"


def test_what_was_refused_holds_neither_lock(tmp_path: Path) -> None:
    first, second = engine.DataLock(tmp_path), engine.DataLock(tmp_path)
    first.acquire()
    with pytest.raises(Locked):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
