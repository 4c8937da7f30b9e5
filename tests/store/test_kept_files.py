"""T-30, T-39: what a restore or a migration finds in its way is kept, under a name that nothing had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from counter.errors import StoreError
from counter.site import Site
from counter.store.open import open_store, replace_database
from counter.store.sqlite import engine
from counter.store.sqlite.part import free_name
from tests.kit.events import NOON, append, make

REPLACED = "counter.db.replaced-20241121T120000Z"


async def make_data(folder: Path, *paths: str) -> None:
    """A data directory with a page view of each path."""
    async with open_store(folder, "normal", 30) as store:
        site = await store.catalog.add_site(Site(0, "shop", "Shop"), NOON)
        for number, path in enumerate(paths):
            await append(store, make(site, NOON + number, path=path))


def paths_in(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("select path from hit_log order by hit")]


def names(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """A backup with one page view."""
    await make_data(tmp_path / "before", "/backup")
    async with open_store(tmp_path / "before", "normal", 30) as store:
        await store.backup(tmp_path / "backup.db")
    return tmp_path / "backup.db"


# Restoring --------------------------------------------------------------------------------------------------------


async def test_a_second_restore_keeps_what_the_first_one_kept(tmp_path: Path, backup: Path) -> None:
    data = tmp_path / "data"
    await make_data(data, "/live")
    first = replace_database(data, backup, force=True, now=NOON)
    second = replace_database(data, backup, force=True, now=NOON)  # in the same second
    third = replace_database(data, backup, force=True, now=NOON + 3661)
    assert first == (data / REPLACED,)
    assert second == (data / f"{REPLACED}-2",)
    assert third == (data / "counter.db.replaced-20241121T130101Z",)
    assert [paths_in(kept) for (kept,) in (first, second, third)] == [["/live"], ["/backup"], ["/backup"]]


async def test_hits_that_stand_in_the_log_alone_are_in_the_database_that_is_kept(tmp_path: Path, backup: Path) -> None:
    """As a crash leaves it."""
    data = tmp_path / "data"
    await make_data(data, "/one")
    writer = sqlite3.connect(data / "counter.db")
    writer.execute("update value set text = '/logged' where text = '/one'")
    writer.commit()
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for path in data.iterdir():
        (crashed / path.name).write_bytes(path.read_bytes())
    writer.close()
    assert (crashed / "counter.db-wal").stat().st_size > 0
    assert replace_database(crashed, backup, force=True, now=NOON) == (crashed / REPLACED,)
    assert paths_in(crashed / REPLACED) == ["/logged"]
    assert paths_in(crashed / "counter.db") == ["/backup"]


@pytest.mark.parametrize(
    "damage", ["no database", "empty", "a page of junk", "another database's log", "a log of junk"]
)
async def test_what_is_damaged_is_kept_as_it_was_with_its_log_and_the_restore_goes_on(
    tmp_path: Path, backup: Path, damage: str
) -> None:
    data = tmp_path / "data"
    await make_data(data, *(f"/{number}" for number in range(200)))
    database, log = data / "counter.db", data / "counter.db-wal"
    log.write_bytes(log_of(tmp_path))
    whole = database.read_bytes()
    if damage == "a log of junk":
        log.write_bytes(b"\xa5" * 5000)
    elif damage != "another database's log":
        junk = whole[: 3 * 4096] + b"\xa5" * 4096 + whole[4 * 4096 :]
        database.write_bytes({"no database": b"junk" * 5000, "empty": b"", "a page of junk": junk}[damage])
    before = (database.read_bytes(), log.read_bytes())
    kept = replace_database(data, backup, force=True, now=NOON)
    assert [path.name for path in kept][:2] == [REPLACED, f"{REPLACED}-wal"]
    assert ((data / REPLACED).read_bytes(), (data / f"{REPLACED}-wal").read_bytes()) == before
    assert paths_in(data / "counter.db") == ["/backup"]
    async with open_store(data, "normal", 30) as store:
        assert await store.check() == []


def log_of(folder: Path) -> bytes:
    """The log of another database, which would fit its pages onto any."""
    with closing(sqlite3.connect(folder / "other.db", isolation_level=None)) as other:
        other.execute("pragma journal_mode = wal")
        other.execute("create table song (name text)")
        for _ in range(50):
            other.execute("insert into song values (hex(randomblob(2000)))")
        return (folder / "other.db-wal").read_bytes()


async def test_the_log_of_a_database_that_is_gone_is_kept(tmp_path: Path, backup: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "counter.db-wal").write_bytes(b"the last hits")
    assert replace_database(data, backup, force=False, now=NOON) == (data / f"{REPLACED}-wal",)
    assert (data / f"{REPLACED}-wal").read_bytes() == b"the last hits"


async def test_an_empty_log_is_not_kept(tmp_path: Path, backup: Path) -> None:
    """As `counter totals` leaves it on the data of a stopped service."""
    data = tmp_path / "data"
    await make_data(data, "/live")
    (data / "counter.db-wal").touch()
    (data / "counter.db-shm").write_bytes(b"an index of nothing")
    assert replace_database(data, backup, force=True, now=NOON) == (data / REPLACED,)
    assert names(data, "counter.db*") == ["counter.db", REPLACED]


# Migrating --------------------------------------------------------------------------------------------------------


async def migrate(folder: Path, patched: pytest.MonkeyPatch, *scripts: str) -> None:
    known = engine.migrations()
    with patched.context() as context:
        context.setattr(engine, "migrations", lambda: [*known, *scripts])
        async with open_store(folder, "normal", 30):
            pass


async def test_a_second_migration_to_the_same_schema_keeps_the_copy_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backup: Path
) -> None:
    """As after a restore of an old backup; the copy of the first migration may be the only one of the live data."""
    data, stem = tmp_path / "data", f"counter.before-{len(engine.migrations()) + 1}"
    await make_data(data, "/live")
    await migrate(data, monkeypatch, "create table note (text text) strict;")
    replace_database(data, backup, force=True, now=NOON)
    await migrate(data, monkeypatch, "create table note (text text) strict;")
    assert paths_in(data / f"{stem}.db") == ["/live"]
    assert paths_in(data / f"{stem}-2.db") == ["/backup"]


async def test_a_migration_that_fails_at_each_start_keeps_one_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    await make_data(data, "/live")
    for _ in range(3):
        with pytest.raises(StoreError, match="no_such_function"):
            await migrate(data, monkeypatch, "select no_such_function();")
    assert names(data, "*before*") == [f"counter.before-{len(engine.migrations()) + 1}.db"]


def test_a_free_name_is_none_of_a_database_nor_of_its_log(tmp_path: Path) -> None:
    assert free_name(tmp_path, "a", ".db") == tmp_path / "a.db"
    (tmp_path / "a.db").touch()
    (tmp_path / "a-2.db-wal").touch()
    assert free_name(tmp_path, "a", ".db") == tmp_path / "a-3.db"
