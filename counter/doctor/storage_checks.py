"""What the facts of the data directory mean: database, disk, files, salts, and the last recount. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from counter.doctor.facts import Facts, Said, note, ok, problem, warning
from counter.errors import StorageReason

MB: Final = 1_000_000
LARGE_WAL: Final = 256 * MB  # bytes; the writer empties it at 16 MB, unless somebody reads an old state
LITTLE, NOTHING = 1000 * MB, 100 * MB  # bytes free
SOON, VERY_SOON = 30, 3  # days until the disk is full
LATE: Final = 50 * 3600  # seconds since the last check: two nights
DAY: Final = 86400


def database(facts: Facts) -> Iterable[Said]:
    vitals = facts.vitals
    if facts.status and (vitals is None or not vitals.exists):
        yield problem(
            f"the database in {facts.folder} was moved or removed while the service runs; restart the service: it saved"
            " what it had stored"
        )
    elif vitals is None or not vitals.exists:
        yield note(f"there is no database in {facts.folder} yet; the first start makes it: counter serve")
    elif vitals.error and vitals.reason != StorageReason.DAMAGED:
        yield problem(
            f"the database in {facts.folder} can't be read ({vitals.error}): {vitals.reason}; the data may well be"
            " whole, look at the disk, its free space and its permissions"
        )
    elif vitals.error:
        yield problem(
            f"the database in {facts.folder} can't be read ({vitals.error}); stop the service, keep a copy of the"
            " folder, then put a backup in its place: counter restore FILE --force"
        )
    elif vitals.schema > vitals.newest_schema:
        yield problem(
            f"the database has schema {vitals.schema}, this program knows {vitals.newest_schema}; install the newer"
            " visitor-counter that wrote it"
        )
    elif vitals.schema < vitals.newest_schema:
        yield note(
            f"the database has schema {vitals.schema}, the next start brings it to {vitals.newest_schema} and keeps a"
            " copy beside it"
        )
    else:
        yield ok(f"the database has {vitals.events:,} events in {vitals.size / MB:,.0f} MB, schema {vitals.schema}")


def wal(facts: Facts) -> Iterable[Said]:
    vitals = facts.vitals
    if vitals is None or not vitals.exists or vitals.error:
        return
    if vitals.journal_mode != "wal" and facts.status:
        yield problem(
            f"the journal mode is {vitals.journal_mode!r} and not 'wal', so readers stop the writer; is the folder on a"
            " network file system? Move [storage] path to a local disk and restart"
        )
    elif vitals.wal_size > LARGE_WAL:
        hours = max(0.0, vitals.wal_written_at - vitals.written_at) / 3600
        yield warning(
            f"the write-ahead log has {vitals.wal_size / MB:,.0f} MB and was last emptied {hours:.1f} hours before its"
            " last hit: something reads an old state for long; end that program, or restart the service"
        )
    else:
        yield ok(f"the write-ahead log has {vitals.wal_size / MB:,.1f} MB")


def disk(facts: Facts) -> Iterable[Said]:
    free, vitals = facts.disk_free, facts.vitals
    if free is None:
        yield warning(f"the free space for {facts.folder} is not known: the folder can't be looked at")
        return
    growth = vitals.size / vitals.events * vitals.events_a_day if vitals and vitals.events else 0.0
    days = free / growth if growth else None
    grows = f"; the database grows by {growth / MB:,.1f} MB a day" if growth else ""
    until = f", enough for {_days(days)}" if days is not None else ""
    said = f"{free / MB:,.0f} MB are free below {facts.folder}{grows}{until}"
    advice = "make space, or set [privacy] hit_retention_days: totals stay"
    if free < NOTHING or (days is not None and days < VERY_SOON):
        yield problem(f"{said}; {advice}")
    elif free < LITTLE or (days is not None and days < SOON):
        yield warning(f"{said}; {advice}")
    else:
        yield ok(said)


def files(facts: Facts) -> Iterable[Said]:
    if not facts.folder_exists:
        return
    for path, mode, wanted in facts.open_files:
        if path == facts.folder and not mode & 0o022:
            yield warning(
                f"{path} has mode {mode:o}, others of this machine may see which files are in it; the service leaves"
                f" the mode of a folder as it is, close it: chmod {wanted:o} {path}"
            )
            continue
        yield problem(
            f"{path} has mode {mode:o}, others of this machine may look at visitors; close it: chmod {wanted:o} {path}"
        )
    if not facts.open_files:
        yield ok("the data, the salts and the command socket are their owner's alone")


def salts(facts: Facts) -> Iterable[Said]:
    if facts.old_salts:
        yield warning(
            f"{facts.old_salts} salts are older than 48 hours, with them visitors of past days can be recognised; the"
            " service destroys them within an hour of its start: counter serve"
        )
    elif facts.folder_exists:
        yield ok("no salt is older than 48 hours")


def quarantine(facts: Facts) -> Iterable[Said]:
    rows = facts.vitals.quarantine if facts.vitals else 0
    if rows:
        yield warning(
            f"{rows} events could not be stored and lie in the table quarantine with the reason; please report it: it"
            " is a fault of this program"
        )


def recounted(facts: Facts) -> Iterable[Said]:
    last = facts.checked
    if last is None:
        if facts.vitals and facts.vitals.events:
            yield note(
                "the numbers of this database were not recounted yet; the service does it at night, by hand:"
                " counter check"
            )
    elif last.error:
        yield problem(f"the last check of all numbers failed ({last.error}); run it by hand: counter check")
    elif last.unrepaired:
        yield problem(
            f"{last.unrepaired} numbers differ from the raw rows and were kept, because mending them would lower what"
            " was published: perhaps raw rows were lost, and a backup has them. If they were not, or are gone for good,"
            " take the lower numbers: counter check --repair"
        )
    elif facts.now - last.at > LATE:
        yield warning(
            f"the numbers were last recounted {_days((facts.now - last.at) / DAY)} ago and not each night; the service"
            " does it when it runs all day, by hand: counter check"
        )
    elif last.differences:
        yield warning(
            f"{last.differences} numbers differed from the raw rows and were mended in the last check; please report"
            " the lines of the log: it is a fault of this program, or of the disk"
        )
    else:
        yield ok(f"every number agreed with the raw rows {(facts.now - last.at) / 3600:.0f} hours ago")


def leftovers(facts: Facts) -> Iterable[Said]:
    for path, size in facts.leftovers:
        yield note(
            f"{path} ({size / MB:,.0f} MB) is a copy that an upgrade, a restore or a cut backup left; when all is"
            f" well: rm {path}"
        )


STORAGE_CHECKS: Final[tuple[Callable[[Facts], Iterable[Said]], ...]] = (
    database, wal, disk, files, salts, quarantine, recounted, leftovers,
)  # fmt: skip


def _days(days: float) -> str:
    return f"{days:,.0f} days" if days < 3650 else "more than ten years"
