"""T-27, T-28: what fails for a moment is stored at the next try; the sentence names what is so."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from counter.errors import StorageReason, StoreError
from counter.event import Outcome
from counter.service import writer as writing
from counter.service.writer import Writer
from counter.site import Site
from counter.store.open import Store, open_store
from counter.store.sqlite import engine
from counter.store.sqlite.failures import reason_of, store_error
from tests.kit.app import FakeClock
from tests.kit.events import NOON, append, make

COUNTED = Outcome.COUNTED


class Disk:
    """Fails statements of the writer's connection: those that begin with a word, so many times."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, Callable[[], BaseException]]] = []

    def fail(self, word: str, error: Callable[[], BaseException], times: int = 1) -> None:
        self.faults += [(word, error)] * times

    def connection(self) -> type[sqlite3.Connection]:
        disk = self

        class Faulty(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                for number, (word, error) in enumerate(disk.faults):
                    if sql.lstrip().startswith(word):
                        del disk.faults[number]
                        raise error()
                return super().execute(sql, *values)

        return Faulty


def io_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    return error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Every connection that may write is made with faults to come."""
    made, connect = Disk(), sqlite3.connect

    def faulty(path: Path, **options: Any) -> sqlite3.Connection:
        return connect(path, **options, factory=made.connection())

    class Module:
        """`sqlite3` as the engine sees it."""

        def __getattr__(self, name: str) -> Any:
            return faulty if name == "connect" else getattr(sqlite3, name)

    monkeypatch.setattr(engine, "sqlite3", Module())
    return made


@pytest.fixture
async def store(tmp_path: Path, disk: Disk) -> AsyncIterator[Store]:
    async with open_store(tmp_path, "normal", 30) as opened:
        await opened.catalog.add_site(Site(0, "demo", "Demo"), NOON)
        yield opened


@pytest.fixture
async def site(store: Store) -> Site:
    return (await store.catalog.sites())[0]


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    made = Writer(store, FakeClock(NOON), 100, lambda _: None)
    made.start()
    yield made
    await made.stop()


def stored(folder: Path) -> list[str]:
    """The ids of all hits that are stored."""
    with closing(sqlite3.connect(folder / "counter.db")) as connection:
        return [row[0] for row in connection.execute("select hit_id from hit_log order by hit_id")]


# Rolling back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rollbacks", [1, 2, 3, 5])
@pytest.mark.parametrize("word", ["commit", "insert into event", "begin"])
async def test_a_failed_rollback_never_wedges_the_writer(
    store: Store, tmp_path: Path, site: Site, disk: Disk, word: str, rollbacks: int
) -> None:
    disk.fail(word, io_error)
    disk.fail("rollback", io_error, rollbacks)
    with pytest.raises(StoreError, match="disk I/O error"):
        await append(store, make(site, NOON, 1, hit_id="lost"))
    for number in range(rollbacks + 1):  # each try may meet one more failed ROLLBACK
        try:
            await append(store, make(site, NOON, 2, hit_id="kept"))
            break
        except StoreError:
            assert number < rollbacks, "the writer is wedged"
    await append(store, make(site, NOON, 3, hit_id="next"))
    disk.faults.clear()
    assert stored(tmp_path) == ["kept", "next"]
    assert await store.check() == []


async def test_a_failed_rollback_of_a_change_never_wedges_the_writer(
    store: Store, tmp_path: Path, site: Site, disk: Disk
) -> None:
    disk.fail("commit", io_error)
    disk.fail("rollback", io_error)
    with pytest.raises(StoreError):
        await store.catalog.audit("x", "y", NOON)
    disk.faults.clear()
    await append(store, make(site, NOON, 1, hit_id="kept"))
    assert stored(tmp_path) == ["kept"]


# What passes -----------------------------------------------------------------------------------------------------


def transient() -> list[tuple[str, Callable[[], BaseException]]]:
    return [
        ("MemoryError", MemoryError),
        ("RuntimeError", lambda: RuntimeError("can't start new thread")),
        ("OSError", lambda: OSError(errno.EMFILE, "Too many open files")),
        ("disk I/O error", io_error),
        ("malformed", lambda: sqlite3.DatabaseError("database disk image is malformed")),
        ("closed", lambda: sqlite3.ProgrammingError("Cannot operate on a closed database.")),
    ]


@pytest.mark.parametrize(("name", "error"), transient(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("hits", [1, 3])
async def test_a_transient_error_is_503_and_stored_at_the_retry(
    store: Store,
    tmp_path: Path,
    site: Site,
    disk: Disk,
    writer: Writer,
    name: str,
    error: Callable[[], BaseException],
    hits: int,
) -> None:
    events = [make(site, NOON + number, number, hit_id=f"h{number}") for number in range(hits)]
    disk.fail("insert into event", error, 20)
    answers = await asyncio.gather(*(writer.submit(event) for event in events), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreError] * hits
    assert writer.failing is not None
    disk.faults.clear()
    assert [await writer.submit(event) for event in events] == [COUNTED] * hits
    assert writer.failing is None
    assert stored(tmp_path) == sorted(event.hit_id for event in events)
    assert await store.check() == []


async def test_an_event_that_is_refused_once_is_stored_at_the_second_try(
    store: Store, tmp_path: Path, site: Site, disk: Disk, writer: Writer
) -> None:
    """A row of another writer was in the way, say; by itself, and again, it fits."""
    disk.fail("insert into event", lambda: sqlite3.IntegrityError("UNIQUE constraint failed: event.id"))
    assert await writer.submit(make(site, NOON, 1, hit_id="a")) == COUNTED
    assert stored(tmp_path) == ["a"]


async def test_a_value_that_the_database_refuses_twice_is_put_aside(
    store: Store, site: Site, disk: Disk, writer: Writer
) -> None:
    disk.fail("insert into event", lambda: sqlite3.IntegrityError("CHECK constraint failed: at"), 2)
    assert await writer.submit(make(site, NOON, 1, hit_id="a")) == Outcome.QUARANTINED
    assert writer.failing is None


# Readiness -------------------------------------------------------------------------------------------------------


async def looked(writer: Writer, times: int = 2) -> None:
    """The writer has probed so many times."""
    for _ in range(times):
        await writer._health.probe()


async def test_storage_is_back_only_when_a_hit_could_be_stored(
    store: Store, tmp_path: Path, site: Site, disk: Disk, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty transaction touches no page, and always succeeds."""
    monkeypatch.setattr(writing, "LOOK", 3600.0)
    disk.fail("insert into hit_id", io_error, 20)
    with pytest.raises(StoreError):
        await writer.submit(make(site, NOON, 1, hit_id="a"))
    await looked(writer)
    assert writer.failing is not None
    assert writer.failing.reason == StorageReason.DISK
    disk.faults.clear()
    await looked(writer, 1)
    assert writer.failing is None
    assert stored(tmp_path) == [], "what was tried was taken back"
    assert await store.check() == []


async def test_the_probe_really_writes(store: Store, disk: Disk) -> None:
    disk.fail("update file_mark", io_error)
    with pytest.raises(StoreError):
        await store.probe(None, NOON)
    await store.probe(None, NOON)


async def test_an_event_that_the_probe_can_not_store_does_not_keep_storage_failing(
    site: Site, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LOOK", 3600.0)
    writer._fail([], StoreError("the disk was full"))
    writer._health.suspect = make(site, NOON, 1, "/\udc80")
    await looked(writer)
    assert writer.failing is None


# Sentences -------------------------------------------------------------------------------------------------------

REASONS = [
    (sqlite3.SQLITE_FULL, StorageReason.FULL),
    (sqlite3.SQLITE_READONLY_DBMOVED, StorageReason.READ_ONLY),
    (sqlite3.SQLITE_IOERR_READ, StorageReason.DISK),
    (sqlite3.SQLITE_CANTOPEN_ISDIR, StorageReason.DISK),
    (sqlite3.SQLITE_CORRUPT_INDEX, StorageReason.DAMAGED),
    (sqlite3.SQLITE_NOTADB, StorageReason.DAMAGED),
    (sqlite3.SQLITE_BUSY, StorageReason.OTHER),
    (sqlite3.SQLITE_NOMEM, StorageReason.OTHER),
]


@pytest.mark.parametrize(("code", "reason"), REASONS)
def test_only_a_damaged_file_is_a_reason_to_restore_a_backup(tmp_path: Path, code: int, reason: StorageReason) -> None:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorcode = code
    assert reason_of(error, tmp_path / "counter.db") == reason
    sentence = str(store_error(error, tmp_path / "counter.db"))
    assert ("counter restore" in sentence) == (reason == StorageReason.DAMAGED)
    assert "what SQLite says" in sentence
    if reason != StorageReason.OTHER:
        assert "MB are free" in sentence


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, StorageReason.FULL), (errno.EROFS, StorageReason.READ_ONLY), (errno.EIO, StorageReason.DISK)],
)
def test_the_systems_own_errors_have_the_same_reasons(tmp_path: Path, number: int, reason: StorageReason) -> None:
    assert reason_of(OSError(number, "why"), tmp_path / "counter.db") == reason
