"""Files of earlier versions are opened with the totals they had; files that are not ours are refused, untouched."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from counter.accounts import User
from counter.errors import StoreError
from counter.hosts import ascii_host
from counter.settings import MOST_ENTRIES
from counter.site import ActiveSite, Site
from counter.store.open import open_reports, open_store, replace_database
from counter.store.sqlite import engine
from counter.store.sqlite.migration_functions import FUNCTIONS, hosts_as_sent
from tests.fixtures import make_schema_1, make_schema_2, make_schema_3, make_schema_4, make_schema_5
from tests.fixtures.make_schema_1 import answers
from tests.kit.events import NOON, append, make

FIXTURES = Path(__file__).parent.parent / "fixtures"
ANSWERS = {
    1: make_schema_1.answers, 2: make_schema_2.answers, 3: make_schema_3.answers, 4: make_schema_4.answers,
    5: make_schema_5.answers,
}  # fmt: skip
SCHEMAS = tuple(ANSWERS)  # of every version released
# Hosts before schema 4, and since: σ was ς or is itself, ü stood there twice, 'strasse.de' tells nothing of ß.
AS_SENT = {
    ("strasse.de", "xn--jxafa4bybdr.gr", "xn--mnchen-3ya.example", "münchen.example"):
    ["strasse.de", "xn--jxafa4bwbcv.gr", "xn--jxafa4bybdr.gr", "xn--mnchen-3ya.example"],
}  # fmt: skip
NEW_SETTINGS = {"excluded_pages": [], "excluded_referrers": [], "backdate_days": 1, "image_gap_seconds": 0}  # schema 6
NEXT = (
    "create table note (site_key integer not null, text text not null) strict;",
    "insert into note select key, name from site;",
    "alter table site add column colour text;",
    "update site set colour = 'red';",
    "create index event_at on event (at);",
    "drop table quarantine;",
)


def recorded(schema: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"schema_{schema}.json").read_text(encoding="utf-8"))
    return found


def answers_of(schema: int) -> dict[str, Any]:
    """What was recorded, but for what later migrations change on purpose: hosts as browsers send them, new settings."""
    found = recorded(schema)
    for site in found["sites"]:
        site["hosts"] = AS_SENT.get(tuple(site["hosts"]), site["hosts"])
        site.update(NEW_SETTINGS)
    for name in ("shop", "blog", "gone"):
        found[name]["breakdowns"]["HOST"] = _unknown_host(found[name]["days"].values())
    return found


def _unknown_host(days: Iterable[dict[str, int]]) -> dict[str, dict[str, int]]:
    """The breakdown by host of events that came before schema 6: every visit saw the one that nobody knows."""
    whole = ("pageviews", "visits", "visitors", "events", "engaged")
    sums = {name: sum(day.get(name, 0) for day in days) for name in whole}
    return {"Unknown": {name: number for name, number in sums.items() if number}}


def digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def version(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute("pragma user_version").fetchone()[0])


def tables(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("select type, name, sql from sqlite_schema order by 1, 2").fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory as a release with schema 1 left it."""
    made = tmp_path / "data"
    made.mkdir()
    shutil.copyfile(FIXTURES / "schema_1.db", made / "counter.db")
    (made / "counter.exists").touch()
    return made


@pytest.fixture
async def newest(folder: Path) -> Path:
    """The same, of this version's schema."""
    await open_and_close(folder)
    for copy in folder.glob("*.before-*"):
        copy.unlink()
    return folder


async def open_and_close(folder: Path) -> None:
    async with open_store(folder, "normal", 30):
        pass


async def refused(folder: Path, *words: str) -> None:
    """Opening is refused with a sentence of `words`, and the file stays what it was, byte for byte."""
    path = folder / "counter.db"
    before = digest(path)
    with pytest.raises(StoreError) as caught:
        await open_and_close(folder)
    for word in (str(path), *words):
        assert word in str(caught.value)
    assert digest(path) == before
    assert sorted(one.name for one in folder.iterdir() if one.name.startswith("counter.db")) == ["counter.db"]


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_database_of_every_released_schema_opens_with_the_totals_it_had(tmp_path: Path, schema: int) -> None:
    shutil.copyfile(FIXTURES / f"schema_{schema}.db", tmp_path / "counter.db")
    async with open_store(tmp_path, "normal", 30) as store:
        assert json.loads(json.dumps(await ANSWERS[schema](store))) == answers_of(schema)
        assert await store.check() == []
        shop = (await store.catalog.sites())[0]
        await append(store, make(shop, NOON + 60))
        await store.fold()
        assert await store.check() == []


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_backup_of_every_released_schema_can_be_restored(tmp_path: Path, schema: int) -> None:
    replace_database(tmp_path / "data", FIXTURES / f"schema_{schema}.db", force=False, now=NOON)
    async with open_store(tmp_path / "data", "normal", 30) as store:
        assert json.loads(json.dumps(await ANSWERS[schema](store))) == answers_of(schema)


async def test_hosts_that_a_former_version_kept_count_what_browsers_send_from_them(tmp_path: Path) -> None:
    shutil.copyfile(FIXTURES / "schema_3.db", tmp_path / "counter.db")
    assert tuple(recorded(3)["sites"][1]["hosts"]) in AS_SENT
    async with open_store(tmp_path, "normal", 30) as store:
        blog = ActiveSite((await store.catalog.sites())[1])
    for name in ("straße.de", "strasse.de", "ασφαλής.gr", "ασφαλήσ.gr", "münchen.example"):
        assert blog.takes(ascii_host(name)), name
    for name in ("strase.de", "ασφαλή.gr", "www.straße.de", "munchen.example"):
        assert not blog.takes(ascii_host(name)), name


@pytest.mark.parametrize(
    ("kept", "sent"),
    [
        ([], []),
        (["shop.example", "*.shop.example"], ["shop.example", "*.shop.example"]),
        (["MÜNCHEN.example.", "*.bu\u0308cher.example"], ["xn--mnchen-3ya.example", "*.xn--bcher-kva.example"]),
        (["straße.de"], ["xn--strae-oqa.de"]),
        (["*.xn--jxafa4bybdr.gr"], ["*.xn--jxafa4bwbcv.gr", "*.xn--jxafa4bybdr.gr"]),
        (["xn--4xa.gr"], ["xn--4xa.gr"]),  # σ alone: no end of a word
        (["2001:db8::1", "10.0.0.1", "xn--ü.gr"], ["2001:db8::1", "10.0.0.1", "xn--ü.gr"]),
        (["xn--99999999999999999999.gr"], ["xn--99999999999999999999.gr"]),
    ],
)
def test_a_migration_brings_hosts_to_the_form_that_browsers_send(kept: list[str], sent: list[str]) -> None:
    assert json.loads(hosts_as_sent(json.dumps(kept))) == sent


def test_a_migrated_list_of_hosts_is_no_longer_than_a_form_takes() -> None:
    kept = [f"a{number}.xn--jxafa4bybdr.gr" for number in range(MOST_ENTRIES)]
    assert json.loads(hosts_as_sent(json.dumps(kept))) == kept


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_released_migration_is_never_changed(schema: int) -> None:
    """The first scripts make the tables that the kept file has. Before its release: make the file anew."""
    uri = f"file:{FIXTURES / f'schema_{schema}.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as kept, closing(sqlite3.connect(":memory:")) as made:
        for name, function in FUNCTIONS.items():
            made.create_function(name, 1, function)
        for script in engine.migrations()[:schema]:
            made.executescript(script)
        assert tables(made) == tables(kept)


async def test_a_migrated_database_has_no_users_and_takes_the_first_owner(newest: Path) -> None:
    async with open_store(newest, "normal", 30) as store:
        assert (await store.accounts.users(), await store.accounts.sessions(), await store.accounts.invitations()) == (
            [],
            [],
            [],
        )
        owner = await store.accounts.add_user(User(0, "ann", owner=True), NOON)
        assert await store.accounts.users() == [owner]


async def test_lines_of_the_audit_log_from_before_schema_5_name_nobody_and_new_ones_do(tmp_path: Path) -> None:
    replace_database(tmp_path, FIXTURES / "schema_4.db", force=False, now=NOON)
    async with open_store(tmp_path, "normal", 30) as store:
        before = await store.accounts.audit_log(None, 1000)
        assert {line.actor for line in before} == {""}
        await store.catalog.remove_site("blog", NOON, actor="ann")
        (last, *others) = await store.accounts.audit_log(None, 1000)
        assert (last.action, last.actor, others) == ("site.removed", "ann", before)


async def test_a_new_database_is_ours_and_of_the_newest_schema(tmp_path: Path) -> None:
    async with open_store(tmp_path, "normal", 30):
        pass
    assert version(tmp_path / "counter.db") == len(engine.migrations())
    with closing(sqlite3.connect(tmp_path / "counter.db")) as connection:
        assert connection.execute("pragma application_id").fetchone() == (engine.APPLICATION_ID,)
    assert (tmp_path / "counter.exists").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["counter.db", "counter.exists", "lock"]


@pytest.mark.parametrize("broken", range(len(NEXT)))
async def test_a_migration_interrupted_at_any_statement_leaves_the_old_schema_whole(
    newest: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    first = engine.migrations()
    folder, path = newest, newest / "counter.db"
    script = [*NEXT[:broken], "select no_such_function();", *NEXT[broken:]]
    with monkeypatch.context() as patched:
        patched.setattr(engine, "migrations", lambda: [*first, "\n".join(script)])
        with pytest.raises(StoreError, match="no_such_function"):
            await open_and_close(folder)
    assert version(path) == len(first)
    backup = folder / f"counter.before-{len(first) + 1}.db"
    assert version(backup) == len(first)
    with closing(sqlite3.connect(path)) as now, closing(sqlite3.connect(backup)) as before:
        assert tables(now) == tables(before)
    async with open_store(folder, "normal", 30) as store:
        assert json.loads(json.dumps(await answers(store))) == answers_of(1)
        assert await store.check() == []
    monkeypatch.setattr(engine, "migrations", lambda: [*first, "\n".join(NEXT)])
    async with open_store(folder, "normal", 30) as store:
        assert version(path) == len(first) + 1
        assert (await store.catalog.sites())[0].id == "shop"


async def test_a_migration_that_takes_long_says_that_it_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = "the database is still being brought to the new schema; it is safe to wait"
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(engine, "PROGRESS_SECONDS", 0)
    monkeypatch.setattr(engine, "PROGRESS_STEPS", 100)
    await open_and_close(folder)
    lines = [record.__dict__ for record in caplog.records if record.message == words]
    assert {line["schema"] for line in lines} <= set(range(2, len(engine.migrations()) + 1))
    assert lines
    assert {(line["file"], type(line["seconds"])) for line in lines} == {(str(folder / "counter.db"), int)}


async def test_hits_written_since_are_in_the_backup_that_a_migration_makes(
    newest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(newest, "normal", 30) as store:
        await append(store, make((await store.catalog.sites())[0], NOON + 60, path="/since"))
        # What a crash leaves behind: the file with its log.
        crashed = tmp_path / "crashed"
        shutil.copytree(newest, crashed)
    first = engine.migrations()
    monkeypatch.setattr(engine, "migrations", lambda: [*first, "\n".join(NEXT)])
    async with open_store(crashed, "normal", 30):
        pass
    with closing(sqlite3.connect(crashed / f"counter.before-{len(first) + 1}.db")) as connection:
        assert connection.execute("select count(*) from hit_log where path = '/since'").fetchone() == (1,)


async def test_a_reader_in_the_way_does_not_make_the_backup_of_a_migration_older(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of an older moment keeps the log out of the file; a copy of the file alone would miss hits."""
    first = engine.migrations()
    uri = f"file:{folder / 'counter.db'}?mode=ro"
    async with open_store(folder, "normal", 30) as store:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as reader:
            reader.execute("begin")
            reader.execute("select count(*) from event").fetchone()
            await append(store, make((await store.catalog.sites())[0], NOON + 60, path="/since"))
            await store.__aexit__()
            monkeypatch.setattr(engine, "migrations", lambda: [*first, "\n".join(NEXT)])
            await open_and_close(folder)
    with closing(sqlite3.connect(folder / f"counter.before-{len(first) + 1}.db")) as connection:
        assert connection.execute("select count(*) from hit_log where path = '/since'").fetchone() == (1,)


async def test_a_second_run_of_a_migrated_database_changes_nothing(newest: Path) -> None:
    for _ in range(2):
        async with open_store(newest, "normal", 30) as store:
            assert json.loads(json.dumps(await answers(store))) == answers_of(1)
    assert not list(newest.glob("*.before-*"))


async def test_a_newer_schema_is_refused(folder: Path) -> None:
    """T-34: an older program on a newer file."""
    newer = len(engine.migrations()) + 1
    with closing(sqlite3.connect(folder / "counter.db")) as connection:
        connection.execute(f"pragma user_version = {newer}")
    await refused(folder, f"schema {newer}", "install a newer")


@pytest.mark.parametrize("mode", ["delete", "wal"])
async def test_another_programs_database_is_refused(folder: Path, mode: str) -> None:
    (folder / "counter.db").unlink()
    with closing(sqlite3.connect(folder / "counter.db")) as connection:
        connection.execute(f"pragma journal_mode = {mode}")
        connection.execute("pragma application_id = 305419896")
        connection.execute("create table theirs (a)")
    await refused(folder, "another program", "0x12345678")


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
async def test_a_truncated_database_is_refused(folder: Path, share: float) -> None:
    path = folder / "counter.db"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    await refused(folder, "counter restore")


@pytest.mark.parametrize("size", [1, 15, 100, 5000, 100_000])
async def test_junk_is_refused(folder: Path, size: int) -> None:
    (folder / "counter.db").write_bytes(random.Random(size).randbytes(size))
    await refused(folder, "counter restore")


async def test_a_page_of_junk_behind_a_good_header_is_refused(folder: Path) -> None:
    path = folder / "counter.db"
    whole = bytearray(path.read_bytes())
    whole[100:4096] = random.Random(1).randbytes(3996)
    path.write_bytes(whole)
    await refused(folder, "counter restore")


async def test_an_empty_file_in_the_place_of_a_database_is_refused(folder: Path) -> None:
    (folder / "counter.db").write_bytes(b"")
    await refused(folder, "counter restore", "empty")


async def test_a_database_without_tables_in_the_place_of_one_that_was_made_is_refused(folder: Path) -> None:
    (folder / "counter.db").unlink()
    with closing(sqlite3.connect(folder / "counter.db")) as connection:
        connection.executescript("create table a (b); drop table a")
    await refused(folder, "counter restore")


async def test_a_database_that_was_made_and_is_gone_is_never_made_anew_in_silence(folder: Path) -> None:
    path = folder / "counter.db"
    path.unlink()
    with pytest.raises(StoreError, match="missing") as caught:
        await open_and_close(folder)
    assert str(path) in str(caught.value)
    assert "counter restore" in str(caught.value)
    assert not path.exists()
    (folder / "counter.exists").unlink()
    async with open_store(folder, "full", 30) as store:
        assert await store.catalog.sites() == []


async def test_who_was_refused_holds_no_lock(folder: Path) -> None:
    good = (folder / "counter.db").read_bytes()
    (folder / "counter.db").write_bytes(b"junk" * 999)
    await refused(folder)
    (folder / "counter.db").write_bytes(good)
    async with open_store(folder, "full", 30) as store:
        await store.catalog.add_site(Site(0, "new", "New"), NOON)


async def test_a_reader_never_migrates(folder: Path) -> None:
    before = digest(folder / "counter.db")
    with pytest.raises(StoreError, match="has schema 1, this version reads 6; start the service once"):
        async with open_reports(folder):
            pass
    assert digest(folder / "counter.db") == before
