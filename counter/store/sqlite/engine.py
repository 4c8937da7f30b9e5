"""Opening the database: the lock, the pragmas, the migrations, and a connection that runs whole calls in its thread.

Only the process that holds `lock` in the data directory opens a writer. Readers open `mode=ro`: a reader that is
merely `query_only` checkpoints and deletes the WAL when it closes last.
"""

from __future__ import annotations

import fcntl
import filecmp
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

from counter.errors import Locked, StorageReason, StoreError
from counter.folders import DATABASE
from counter.store.sqlite.failures import reason_of, store_error
from counter.store.sqlite.log_owner import MARKER, mark_opening, refuse_foreign_log
from counter.store.sqlite.migration_functions import FUNCTIONS
from counter.store.sqlite.part import OUR_ID, copied, free_name, part_of

log = logging.getLogger(__name__)

APPLICATION_ID = OUR_ID
FILE_NAME = DATABASE
SAVED = FILE_NAME + ".saved-"  # what a running service had stored when its file was taken away; a time follows
CHECKPOINT_PAGES = 4000  # 16 MB of WAL between checkpoints: fewer of them than with the default of 1,000
LARGEST_WAL = 64_000_000  # bytes the log is cut to once it is empty: it grows while somebody reads an old state
CACHE_KIB = 16_384
PROGRESS_SECONDS = 10  # seconds between two lines about a migration that takes long
PROGRESS_STEPS = 1_000_000  # of SQLite's machine between two looks at the clock; some ten milliseconds

P = ParamSpec("P")
T = TypeVar("T")


class ThreadedConnection(aiosqlite.Connection):
    """aiosqlite's connection, with whole functions run in its thread: one hop a transaction, not one a statement.

    A cancelled caller can't leave a transaction half done, because the function goes on to its commit.
    """

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        result: T = await self._execute(partial(function, self._conn, *args, **kwargs))  # type: ignore[no-untyped-call]
        return result


class DataLock:
    """The exclusive right to write below a data directory, held until `release` or the end of the process.

    Two locks: of a file that names its holder, and of the directory, which stays when somebody removes the file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "lock"
        self._handles: list[int] = []

    def acquire(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            file = self._hold(self._path, os.O_RDWR | os.O_CREAT)
            self._hold(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except BlockingIOError:
            self.release()
            owner = self._path.read_text(errors="replace")[:32].strip() or "unknown"
            raise Locked(
                f"the data in {self._folder} is in use by process {owner}; stop it first, or use another [storage] path"
            ) from None
        except OSError as error:
            self.release()
            raise store_error(error, self._path, f"{self._folder} can't be locked") from error
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:  # on a full disk: the name of the holder is a help and no more
            log.warning("the lock does not name its holder", extra={"error": str(error)})

    def _hold(self, path: Path, flags: int) -> int:
        handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
        self._handles.append(handle)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle

    def release(self) -> None:
        while self._handles:
            os.close(self._handles.pop())


def prepare(folder: Path) -> Path:
    """Make or migrate the database below `folder`; the caller holds the lock. Returns the file's path."""
    path = folder / FILE_NAME
    marker = folder / MARKER
    if marker.exists() and not (path.exists() and path.stat().st_size):
        raise StoreError(f"{path} is missing or empty although {marker} says that it was made; {_way_back(folder)}")
    refuse_foreign_log(path)
    connection = _connect_writer(path)
    try:
        _verify(connection, path)
        if marker.exists() and not connection.execute("pragma user_version").fetchone()[0]:
            raise StoreError(f"{path} has no tables although {marker} says that it was made; {_way_back(folder)}")
        _migrate(connection, path)
        _use_wal(connection, path)
        path.chmod(0o600)
        mark_opening(connection, folder)
    except sqlite3.Error as error:
        if reason_of(error, path) != StorageReason.OTHER:
            raise store_error(error, path, f"{path} can't be opened for writing, and is as it was") from error
        raise StoreError(f"{path} can't be brought to this version's schema, and is as it was: {error}") from error
    except OSError as error:
        raise store_error(error, path, f"{folder} can't be written") from error
    finally:
        connection.close()
    return path


def _way_back(folder: Path) -> str:
    """What to do without a database; what a service saved when its file was removed is the newest there is."""
    saved = max((one for one in folder.glob(SAVED + "*") if one.suffix != ".part"), default=None)
    if saved is not None:
        return f"it was removed while the service ran, which saved all there was: 'counter restore {saved}'"
    return f"restore a backup with 'counter restore FILE', or remove {MARKER} to start with an empty database"


def open_writer(path: Path, durability: str) -> ThreadedConnection:
    """The one writer. `durability` "full" survives a power cut, "normal" a crash of the process only."""

    def connect() -> sqlite3.Connection:
        connection = _connect_writer(path)
        connection.execute(f"pragma synchronous = {'full' if durability == 'full' else 'normal'}")
        connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"pragma journal_size_limit = {LARGEST_WAL}")
        connection.execute(f"pragma cache_size = -{CACHE_KIB}")
        connection.execute("pragma temp_store = memory")
        connection.execute("pragma foreign_keys = on")
        connection.execute("pragma trusted_schema = off")
        return connection

    return ThreadedConnection(connect, iter_chunk_size=1000)


def open_reader(path: Path) -> ThreadedConnection:
    """A reader that can't write the file; not `query_only`, which would forbid the temporary tables of a report too."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=10
        )
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("pragma trusted_schema = off")
        return connection

    return ThreadedConnection(connect, iter_chunk_size=1000)


def _connect_writer(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=10, cached_statements=512
        )
        connection.execute("pragma secure_delete = on")
        return connection
    except sqlite3.Error as error:
        raise store_error(error, path, f"{path} can't be opened") from error


def _verify(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours, is damaged or is newer than this program; never change it."""
    try:
        application = connection.execute("pragma application_id").fetchone()[0]
        version = connection.execute("pragma user_version").fetchone()[0]
        tables = connection.execute("select count(*) from sqlite_schema").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if reason_of(error, path) != StorageReason.DAMAGED:
            raise store_error(error, path, f"{path} can't be read") from error
        raise StoreError(f"{path} is not a readable database ({error}); restore with 'counter restore FILE'") from error
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program (application id {application:#x})")
    newest = len(migrations())
    if version > newest:
        raise StoreError(f"{path} has schema {version}, this version knows {newest}; install a newer visitor-counter")


def schema_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("pragma user_version").fetchone()[0]
    return version


def migrations() -> list[str]:
    """The numbered scripts, in order; number n brings schema n-1 to n."""
    folder = resources.files("counter.store.sqlite") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = schema_version(connection)
    scripts = migrations()
    if version == len(scripts):
        return
    if version:
        _keep(connection, path.parent, f"{path.stem}.before-{len(scripts)}")
    for name, function in FUNCTIONS.items():
        connection.create_function(name, 1, function, deterministic=True)
    for number, script in enumerate(scripts[version:], start=version + 1):
        with _progress(connection, path, number):
            # One transaction a script: an interruption leaves the old schema whole.
            connection.executescript(
                f"begin exclusive;\n{script}\n;pragma application_id = {APPLICATION_ID};"
                f" pragma user_version = {number}; commit;"
            )


@contextmanager
def _progress(connection: sqlite3.Connection, path: Path, schema: int) -> Iterator[None]:
    """While a migration takes long, a line in the log every ten seconds: an owner who sees it does not stop it."""
    start = told = time.monotonic()

    def tell() -> int:
        nonlocal told
        if (now := time.monotonic()) - told >= PROGRESS_SECONDS:
            told = now
            seconds = {"file": str(path), "schema": schema, "seconds": round(now - start)}
            log.info("the database is still being brought to the new schema; it is safe to wait", extra=seconds)
        return 0

    connection.set_progress_handler(tell, PROGRESS_STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def _keep(connection: sqlite3.Connection, folder: Path, stem: str) -> None:
    """A copy of the database before it is changed; whole under its name, or not there.

    A copy of another state that has the name stays. One of the same state, of a migration that was cut, is enough.
    """
    target = free_name(folder, stem, ".db")
    try:
        with part_of(target) as part:
            with copied(connection, part):
                pass
            same = (filecmp.cmp(part, other, shallow=False) for other in folder.glob(f"{stem}*.db"))
            if not any(same):
                part.rename(target)
    except OSError as error:
        raise StoreError(f"{target}, the copy that a migration makes first, can't be written: {error}") from error


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Every time: a restored backup comes without a write-ahead log, and readers would block the writer."""
    mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
    if mode != "wal":
        raise StoreError(f"{path} can't have a write-ahead log (journal mode {mode}); is it on a network file system?")


def wal_reset_bug(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """SQLite 3.7.0 to 3.51.2 can corrupt the WAL when several connections checkpoint; ours has one."""
    return (3, 7, 0) <= version <= (3, 51, 2)
