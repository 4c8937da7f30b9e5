"""`counter doctor`: each check in its good and its bad states; the command with, without and with a broken service."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counter.doctor.checks import CHECKS, examine
from counter.doctor.facts import Facts, Level, Open, Versions
from counter.doctor.look import look, versions
from counter.errors import StorageReason
from counter.service.last_check import Checked
from counter.service.proxies import ProxySign
from counter.service.status import Status
from counter.store.open import Vitals
from tests.kit.process import Home, Service

NOW = 1_782_000_000.0  # 2026-06-21
DAY = 86_400
HOUR = 3_600
GB = 10**9
VITALS = Vitals(
    exists=True, size=500_000_000, wal_size=1_000_000, written_at=NOW - 60, wal_written_at=NOW - 1, journal_mode="wal",
    schema=2, newest_schema=2, events=1_000_000, events_a_day=10_000, last_event_at=int(NOW - 1),
)  # fmt: skip
CHECKED = Checked(NOW - 8 * 3600, 3.0, file=1)
STATUS = Status(
    version="1.2.3", pid=77, python="3.11.7", sqlite="3.52.0", aiohttp="3.14.5", durability="full", failing="",
    queued=3, queue_limit=20_000, answered=10_000, rate_limited=2, proxies=(), geo_problem="", geo_kind="Country",
    geo_built=int(NOW - 30 * DAY), checked=CHECKED,
)  # fmt: skip
WELL = Facts(
    now=NOW, versions=Versions("1.2.3", (3, 11, 7), (3, 52, 0), (3, 14, 5), "2026.2"), config_file="/etc/counter.toml",
    folder=Path("/data"), vitals=VITALS, disk_free=500 * GB, newest_file=NOW - 1, lock_holder=77,
    status=STATUS, checked=CHECKED, geo_kind="Country", geo_built=int(NOW - 30 * DAY), spam_url="https://x.test/list",
    spam_written=NOW - 5 * DAY,
)  # fmt: skip


def vitals(**changes: Any) -> dict[str, Any]:
    return {"vitals": msgspec.structs.replace(VITALS, **changes)}


def status(**changes: Any) -> dict[str, Any]:
    return {"status": msgspec.structs.replace(STATUS, **changes)}


def versions_of(**changes: Any) -> dict[str, Any]:
    return {"versions": WELL.versions._replace(**changes)}


def checked(**changes: Any) -> dict[str, Any]:
    return {"checked": msgspec.structs.replace(CHECKED, **changes)}


# check, what is otherwise than well, how bad that is, what the sentence must say
BAD: list[tuple[str, dict[str, Any], Level, tuple[str, ...]]] = [
    ("config", {"config_error": "c.toml: prot = 1 is no setting."}, Level.PROBLEM, ("prot", "check-config")),
    ("python", versions_of(python=(3, 10, 9)), Level.PROBLEM, ("3.10.9", "3.11.0")),
    ("python", versions_of(aiohttp=(3, 13, 3)), Level.PROBLEM, ("3.13.3", "pip install -U aiohttp")),
    ("sqlite", versions_of(sqlite=(3, 40, 1)), Level.NOTE, ("3.40.1", "WAL-reset")),
    ("program", status(version="1.2.2"), Level.WARNING, ("1.2.2", "1.2.3", "restart")),
    ("service", {"status": None, "lock_holder": None}, Level.NOTE, ("counter serve",)),
    ("service", {"status": None, "lock_holder": 99}, Level.PROBLEM, ("process 99", "restart")),
    ("service", {"status": None, "lock_holder": 0}, Level.PROBLEM, ("process unknown",)),
    ("storing", status(failing="disk I/O error"), Level.PROBLEM, ("disk I/O error", "503")),
    ("storing", status(queued=15_000), Level.WARNING, ("15000", "20000")),
    ("durability", {"durability": "normal"}, Level.WARNING, ("'normal'", "restart")),
    ("durability", {"durability": "normal"} | status(durability="normal"), Level.NOTE, ('durability = "full"',)),
    ("durability", {"durability": "normal", "status": None}, Level.NOTE, ('durability = "full"',)),
    ("database", {"vitals": Vitals(exists=False), "status": None}, Level.NOTE, ("counter serve",)),
    ("database", {"vitals": Vitals(exists=False)}, Level.PROBLEM, ("moved or removed", "restart")),
    (
        "database",
        vitals(error="disk I/O error", reason=StorageReason.FULL),
        Level.PROBLEM,
        ("the disk is full", "may well be whole"),
    ),
    ("database", vitals(error="file is not a database"), Level.PROBLEM, ("not a database", "counter restore")),
    ("database", vitals(schema=9), Level.PROBLEM, ("schema 9", "newer")),
    ("database", vitals(schema=1), Level.NOTE, ("schema 1", "next start")),
    ("wal", vitals(journal_mode="delete"), Level.PROBLEM, ("'delete'", "[storage] path")),
    ("wal", vitals(wal_size=GB, written_at=NOW - 7200, wal_written_at=NOW), Level.WARNING, ("1,000 MB", "2.0 hours")),
    ("disk", {"disk_free": None}, Level.WARNING, ("not known",)),
    ("disk", {"disk_free": 90_000_000}, Level.PROBLEM, ("90 MB", "hit_retention_days")),
    ("disk", {"disk_free": 900_000_000}, Level.WARNING, ("900 MB", "make space")),
    ("disk", {"disk_free": 10 * GB} | vitals(events_a_day=10_000_000), Level.PROBLEM, ("5,000.0 MB a day", "2 days")),
    ("disk", {"disk_free": 100 * GB} | vitals(events_a_day=10_000_000), Level.WARNING, ("20 days",)),
    ("files", {"open_files": (Open(Path("/data/salts"), 0o755, 0o700),)}, Level.PROBLEM, ("chmod 700 /data/salts",)),
    ("files", {"open_files": (Open(Path("/data"), 0o755, 0o700),)}, Level.WARNING, ("which files", "chmod 700 /data")),
    ("files", {"open_files": (Open(Path("/data"), 0o770, 0o700),)}, Level.PROBLEM, ("chmod 700 /data",)),
    ("salts", {"old_salts": 3}, Level.WARNING, ("3 salts", "48 hours")),
    ("quarantine", vitals(quarantine=4), Level.WARNING, ("4 events", "report")),
    ("recounted", {"checked": None}, Level.NOTE, ("counter check",)),
    ("recounted", checked(error="disk I/O error"), Level.PROBLEM, ("disk I/O error", "counter check")),
    ("recounted", checked(differences=5, repaired=2), Level.PROBLEM, ("3 numbers", "kept", "counter check --repair")),
    ("recounted", checked(differences=5, repaired=5), Level.WARNING, ("5 numbers", "mended")),
    ("recounted", checked(at=NOW - 3 * DAY), Level.WARNING, ("3 days", "counter check")),
    ("leftovers", {"leftovers": ((Path("/data/counter.db.replaced"), GB),)}, Level.NOTE, ("1,000 MB", "rm /data/")),
    ("clock", {"now": 86_400.0}, Level.PROBLEM, ("1970-01-02",)),
    ("clock", {"now": 4_200_000_000.0}, Level.PROBLEM, ("2103",)),
    ("clock", vitals(trusted_at=int(NOW - 9 * DAY), doubted_at=int(NOW - HOUR)), Level.WARNING,
     ("2026-06-12", "nothing is erased", "set-ntp", "believed from 2026-06-21")),
    ("clock", vitals(last_event_at=int(NOW + 7200)), Level.PROBLEM, ("2.0 hours ahead", "set-ntp")),
    ("clock", {"newest_file": NOW + 9 * DAY}, Level.PROBLEM, ("9 days ahead",)),
    ("zones", versions_of(tzdata="2023.3"), Level.WARNING, ("2023.3", "pip install -U tzdata")),
    ("zones", versions_of(tzdata=""), Level.WARNING, ("unknown age",)),
    ("proxies", status(proxies=(ProxySign("10.0.0.2", "X-Forwarded-For", False, 812),)), Level.WARNING,
     ("812", 'trusted_proxies = ["10.0.0.2"]')),
    ("proxies", status(proxies=(ProxySign("", "X-Forwarded-For", False, 1),)), Level.WARNING,
     ("a unix socket", '["unix:"]')),
    ("proxies", status(proxies=(ProxySign("10.0.0.2", "X-Real-IP", False, 9),)), Level.WARNING,
     ('trusted_proxies = ["10.0.0.2"] and address_header = "X-Real-IP"',)),
    ("proxies", status(proxies=(ProxySign("10.0.0.2", "CF-Connecting-IP", True, 900),)), Level.WARNING,
     ("in X-Forwarded-For", 'set [server] address_header = "CF-Connecting-IP"')),
    ("rate", {"rate_limit": 0}, Level.NOTE, ("rate_limit_per_minute",)),
    ("rate", status(rate_limited=500), Level.WARNING, ("500 of 10000", "counter site drops")),
    ("places", status(geo_problem="The database x cannot be used."), Level.WARNING, ("counter geo update",)),
    ("places", {"geo_built": 0}, Level.NOTE, ("unpacks",)),
    ("places", {"geo_built": int(NOW - 500 * DAY)}, Level.NOTE, ("500 days", "counter geo update")),
    ("spam", {"spam_written": 0.0}, Level.NOTE, ("counter lists update",)),
    ("spam", {"spam_written": NOW - 200 * DAY}, Level.NOTE, ("200 days",)),
]  # fmt: skip


@pytest.mark.parametrize(("check", "changes", "level", "words"), BAD)
def test_what_is_not_well_is_a_sentence_with_the_value_and_the_remedy(
    check: str, changes: dict[str, Any], level: Level, words: tuple[str, ...]
) -> None:
    facts = dataclasses.replace(WELL, **changes)
    found = [finding for finding in examine(facts) if finding.check == check]
    assert [finding.level for finding in found] == [level]
    assert [word for word in words if word not in found[0].sentence] == []
    assert "\n" not in found[0].sentence


def test_when_all_is_well_every_finding_is_ok() -> None:
    findings = examine(WELL)
    assert {finding.level for finding in findings} == {Level.OK}
    silent = {check.__name__ for check in CHECKS} - {finding.check for finding in findings}
    assert silent == {"quarantine", "leftovers"}, "these speak only of what is there"


def test_every_check_has_a_bad_state_in_the_table() -> None:
    assert {check.__name__ for check in CHECKS} == {row[0] for row in BAD}


def test_with_a_bad_config_only_what_needs_none_is_looked_at() -> None:
    findings = examine(Facts(NOW, WELL.versions, "c.toml", config_error="no."))
    assert [finding.check for finding in findings] == ["config", "python", "sqlite"]


def test_this_machines_versions_are_read() -> None:
    found = versions()
    assert found.python >= (3, 11)
    assert found.aiohttp >= (3, 14)
    assert int(found.tzdata[:4]) >= 2025


# The command ------------------------------------------------------------------------------------------------------


def levels(home: Home, *words: str) -> tuple[int, dict[str, str], str]:
    """Exit code, the worst level of each check, and all sentences."""
    done = home.type(*words, "doctor", "--json")
    order = list(Level)
    worst: dict[str, str] = {}
    for finding in json.loads(done.out):
        worst[finding["check"]] = max(worst.get(finding["check"], "ok"), finding["level"], key=order.index)
    return done.code, worst, done.out


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data that a service left: it counted one hit and was stopped."""
    with Service(Home(tmp_path_factory.mktemp("counted"))) as service:
        service.hit()
        assert service.stop() == 0
        return service.home.data


@pytest.fixture
def stopped(home: Home, counted: Path) -> Home:
    """A copy of them, which a test may change."""
    shutil.copytree(counted, home.data, dirs_exist_ok=True)
    return home


def test_while_the_service_runs_it_tells_of_it(home: Home) -> None:
    with Service(home) as service:
        service.hit()
        code, found, told = levels(home)
        assert code == 0, told
        assert {check for check, level in found.items() if level in {"warning", "problem"}} == set(), told
        assert f"process {service.process.pid} and answers" in told
        shown = home.type("doctor")
        assert shown.code == 0
        assert "hits are stored" in " ".join(shown.out.split())


def test_a_proxy_that_config_toml_forgot_is_named_with_the_setting(home: Home) -> None:
    home.config.write_text(home.config.read_text().replace('trusted_proxies = ["127.0.0.1"]', ""))
    with Service(home) as service:
        service.hit()
        code, found, told = levels(home)
    assert (code, found["proxies"]) == (0, "warning")
    assert 'trusted_proxies = [\\"127.0.0.1\\"]' in told


def test_before_the_first_start_it_says_how_to_start_and_makes_nothing(home: Home) -> None:
    before = sorted(home.data.rglob("*"))
    code, found, told = levels(home)
    assert (code, found["service"], found["database"]) == (0, "note", "note")
    assert "counter serve" in told
    assert sorted(home.data.rglob("*")) == before


def test_a_broken_database_is_a_problem_and_stays_as_it_is(stopped: Home) -> None:
    stopped.database.write_bytes(b"this is no database" * 1000)
    before = stopped.database.read_bytes()
    code, found, told = levels(stopped)
    assert (code, found["database"]) == (1, "problem")
    assert "counter restore" in told
    assert stopped.database.read_bytes() == before


def test_every_command_ends_on_a_broken_database(home: Home) -> None:
    """As a process of its own: a connection left open would keep it alive."""
    home.data.chmod(0o700)
    home.database.write_bytes(b"this is no database" * 1000)
    for words in (["check"], ["totals", "--site", "demo"], ["doctor"]):
        done = home.run(*words)
        assert done.code == 1
        assert "not a database" in done.out + done.err


def test_a_bad_config_is_a_problem_with_the_key(home: Home) -> None:
    home.config.write_text("[server]\nprot = 80\n")
    code, found, told = levels(home)
    assert (code, set(found)) == (1, {"config", "python", "sqlite"})
    assert "prot" in told


def test_files_that_others_may_read_are_found_with_the_command(stopped: Home) -> None:
    stopped.database.chmod(0o644)
    salt = next(stopped.data.glob("salts/*.salt"))
    salt.chmod(0o640)
    code, found, told = levels(stopped)
    assert (code, found["files"]) == (1, "problem")
    assert f"chmod 600 {stopped.database}" in told
    assert f"chmod 600 {salt}" in told


def test_what_restores_and_cut_backups_left_is_named(home: Home) -> None:
    left = ["counter.db.replaced-20241121T120000Z", "counter.db.replaced-20241121T120000Z-wal", "b.db.part-journal"]
    for name in left:
        (home.data / name).write_bytes(b"x")
    sentences = levels(home)[2]
    assert [name for name in left if f"rm {home.data / name}" not in sentences] == []


def test_salts_that_nobody_destroyed_are_found(stopped: Home) -> None:
    salt = next(stopped.data.glob("salts/*.salt"))
    old = time.time() - 60 * 3600
    os.utime(salt, (old, old))
    assert levels(stopped)[1]["salts"] == "warning"


def test_data_that_are_held_by_a_process_that_does_not_answer_are_a_problem(home: Home) -> None:
    home.data.chmod(0o700)
    with (home.data / "lock").open("w") as lock:
        lock.write("4242\n")
        lock.flush()
        (home.data / "lock").chmod(0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, found, told = levels(home)
    assert (code, found["service"]) == (1, "problem")
    assert "process 4242" in told


def test_looking_changes_nothing_and_is_not_in_the_way_of_a_start(stopped: Home) -> None:
    from counter.config import load

    kept = {path: path.read_bytes() for path in stopped.data.rglob("*") if path.is_file()}
    look(load(stopped.config, {}), "", None, time.time())
    assert {path: path.read_bytes() for path in stopped.data.rglob("*") if path.is_file()} == kept
    with Service(stopped) as again:
        assert again.hit().status == 202
