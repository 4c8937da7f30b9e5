"""T-40: whatever becomes of the file of places, hits are counted, and the process lives.

A damaged or truncated database can kill whoever reads it: by SIGBUS through its memory map, by SIGSEGV or SIGABRT in
the reader.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from counter.collect.places import copies
from counter.collect.places.copies import BadDatabase
from counter.collect.places.geo import Geo
from counter.event import Place
from counter.service.notices import renew_places
from tests.kit.app import Start, outcome_of
from tests.kit.mutants import ACCEPTED, REFUSED
from tests.kit.places import ADDRESS, NETWORK, city, database, large_city, world
from tests.kit.process import HANG, ROOT, Home, running

MUTANTS = 420
WHOLE = city("Berlin")

BAD: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "one byte": b"\x00",
    "truncated by half": WHOLE[: len(WHOLE) // 2],
    "truncated by a byte": WHOLE[:-1],
    "only its metadata": WHOLE[WHOLE.rindex(b"\xab\xcd\xefMaxMind.com") :],
    "zeros of the same size": bytes(len(WHOLE)),
    "a web page": b"<!doctype html><title>404</title>",
    "of another kind": database({NETWORK: {"autonomous_system_number": 64500}}, kind="GeoLite2-ASN"),
}


def mutants(count: int, seed: int) -> list[bytes]:
    """Copies of a small and a larger database with 1 to 30 bytes changed, most of them where it hurts."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        whole = bytearray(world(300) if number % 2 else WHOLE)
        for _ in range(dice.choice((1, 3, 30))):
            near_the_end = dice.random() < 0.4  # metadata: sizes of everything else
            at = len(whole) - 1 - dice.randrange(200) if near_the_end else dice.randrange(len(whole))
            whole[at] = dice.randrange(256)
        made.append(bytes(whole))
    return made


def judged(folder: Path, contents: list[bytes]) -> dict[int, tuple[str, str]]:
    """By number: the verdict on each content, and how its use ended when it was accepted."""
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number:05}.mmdb").write_bytes(content)
    done = subprocess.run([sys.executable, "-m", "tests.kit.mutants", str(folder)], cwd=ROOT, capture_output=True,
                          timeout=HANG * 10, check=True)  # fmt: skip
    verdicts: dict[str, Any] = json.loads(done.stdout)
    return {int(name.removesuffix(".mmdb")): (verdict, used) for name, (verdict, used) in verdicts.items()}


@pytest.mark.parametrize("case", BAD)
async def test_a_service_starts_with_a_bad_file_and_says_so(start: Start, tmp_path: Path, case: str) -> None:
    """T-40: the country is unknown, the hit counted, the owner told."""
    own = tmp_path / "own.mmdb"
    content = BAD[case]
    if content is not None:
        own.write_bytes(content)
    counter = await start(geoip={"database": str(own)})
    assert outcome_of(await counter.hit(ip=ADDRESS)) == "counted"
    (hit,) = counter.hits()
    assert not hit["country"] or hit["country"] == "Unknown"
    (notice,) = [notice for notice in (await (await counter.get("/readyz")).json())["notices"] if "places" in notice]
    assert notice.startswith(f"The database of places {own} cannot be used, countries are unknown: ")


@pytest.mark.parametrize(
    ("way", "case"), [*(("cp", case) for case in BAD), ("mv", "truncated by half"), ("mv", "empty")]
)
async def test_a_bad_file_that_replaces_a_good_one_changes_nothing_but_a_notice(
    start: Start, tmp_path: Path, way: str, case: str
) -> None:
    """T-40: the old reader is kept, whether the file was overwritten in place or by rename."""
    own, new = tmp_path / "own.mmdb", tmp_path / "new.mmdb"
    own.write_bytes(WHOLE)
    counter = await start(geoip={"database": str(own)})
    content = BAD[case]
    if content is None:
        own.unlink()
    else:
        new.write_bytes(content)
        (shutil.copyfile if way == "cp" else os.replace)(new, own)
    await counter.hit(ip="203.0.113.1")
    told = await renew_places(counter.service)
    assert "stays in force: " in told
    assert told in (await (await counter.get("/readyz")).json())["notices"]
    await counter.hit(ip="203.0.113.2")  # another: places of addresses are remembered
    assert [hit["city"] for hit in counter.hits()] == ["Berlin", "Berlin"]

    own.write_bytes(city("Hamburg"))
    assert "is in force" in await renew_places(counter.service)
    assert told not in (await (await counter.get("/readyz")).json())["notices"]
    await counter.hit(ip=ADDRESS, agent="Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0")
    assert counter.hits()[-1]["city"] == "Hamburg"
    warned = [line for line in counter.log.lines if "cannot be used" in line]
    assert len(warned) == 1, "a notice is logged when it is new"


def test_a_process_survives_all_that_can_be_done_to_the_file_while_it_counts(tmp_path: Path) -> None:
    """T-40: truncated, overwritten, emptied and removed under a running service; no SIGBUS, no SIGSEGV."""
    home = Home(tmp_path)
    own = home.folder / "own.mmdb"
    whole = large_city("Berlin")
    own.write_bytes(whole)
    home.config.write_text(home.config.read_text() + f'[geoip]\ndatabase = "{own}"\n')
    with running(home) as service:
        steps = (
            lambda: None,
            lambda: os.truncate(own, len(whole) // 2),
            lambda: own.write_bytes(bytes(len(whole))),
            lambda: os.truncate(own, 0),
            lambda: os.truncate(own, 10_000_000),
            own.unlink,
        )
        for number, done in enumerate(steps):
            done()
            assert service.hit(visitor=f"203.0.113.{number}").status == 202
        assert service.process.poll() is None
        assert service.stop() == 0
    assert home.rows("select city from hit_log") == [("Berlin",)] * len(steps)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[str, str]]:
    return judged(tmp_path_factory.mktemp("judged") / "mutants", mutants(MUTANTS, seed=40))


def test_no_mutant_of_a_database_kills_who_uses_it(verdicts: dict[int, tuple[str, str]]) -> None:
    """T-40: 420 mutants; one that kills its trial is refused, one that is accepted harms nobody."""
    assert len(verdicts) == MUTANTS
    accepted = {number for number, (verdict, _) in verdicts.items() if verdict == ACCEPTED}
    assert {used for number, (_, used) in verdicts.items() if number in accepted} == {ACCEPTED}
    told = Counter(verdict for verdict, _ in verdicts.values())
    assert told[REFUSED] > MUTANTS // 2
    assert told[ACCEPTED] > MUTANTS // 50, "mutants that may be used are among them, else nothing was tried"


def test_mutants_go_the_real_way(tmp_path: Path, verdicts: dict[int, tuple[str, str]]) -> None:
    """T-40: the trial as the service runs it agrees; where a fork died, memory decides what the program does."""
    contents = mutants(MUTANTS, seed=40)
    chosen = {verdict: number for number, (verdict, _) in verdicts.items()}  # one of each verdict, signals included
    for verdict, number in chosen.items():
        path = tmp_path / f"{number}.mmdb"
        path.write_bytes(contents[number])
        geo = Geo.open(path, tmp_path / f"data-{number}")
        assert isinstance(geo.place(ADDRESS), Place)
        if verdict in {ACCEPTED, REFUSED}:
            assert (geo.problem is None) == (verdict == ACCEPTED)


@pytest.mark.parametrize(
    ("trial", "sentence"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it is damaged, reading it crashes"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGBUS)", "it is damaged, reading it crashes"),
        ("import time; time.sleep(1000)", "reading it takes over 0.5 s"),
        ("raise MemoryError", "MemoryError"),
        ("raise SystemExit(1)", "it is damaged"),
    ],
)
def test_however_a_trial_ends_it_ends_in_a_sentence(tmp_path: Path, trial: str, sentence: str) -> None:
    """T-40: what a damaged file does to its reader is done to the trial alone."""
    program = tmp_path / "trial.py"
    program.write_text(trial)
    seconds = 0.5 if "sleep" in trial else copies.TRIAL_SECONDS
    with pytest.raises(BadDatabase, match=rf"\A{sentence}\Z"):
        copies.try_database(tmp_path / "any.mmdb", program, seconds)


@pytest.mark.soak
@pytest.mark.faults
async def test_every_mutant_goes_the_real_way_under_a_reader_in_force(tmp_path: Path) -> None:
    """T-40, the long form: 420 mutants through `renew`, one after the other, each followed by look-ups."""
    own = tmp_path / "own.mmdb"
    own.write_bytes(WHOLE)
    geo = Geo.open(own, tmp_path / "data")
    dice = random.Random(41)
    kept = 0
    for mutant in mutants(MUTANTS, seed=41):
        own.write_bytes(mutant)
        before = geo._reader
        await geo.renew()
        kept += geo._reader is before
        for _ in range(500):
            assert isinstance(geo.place(f"{dice.randrange(256)}.{dice.randrange(256)}.1.7"), Place)
    assert MUTANTS // 2 < kept < MUTANTS
    own.write_bytes(WHOLE)
    await geo.renew()
    assert geo.place(ADDRESS).city == "Berlin"


@pytest.mark.soak
@pytest.mark.faults
def test_thousands_of_mutants_kill_nobody(tmp_path: Path) -> None:
    """T-40, the long form: 5,000 mutants, judged and used apart."""
    verdicts = judged(tmp_path / "mutants", mutants(5000, seed=42))
    assert {used for verdict, used in verdicts.values() if verdict == ACCEPTED} == {ACCEPTED}
