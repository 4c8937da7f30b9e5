"""What must never be written: an address where none is kept, who opted out, and a salt that has expired."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from counter.app import housekeeping
from counter.collect import pipeline as pipeline_module
from counter.collect.identify import LIFETIME, visitor_id
from counter.store.protocols import Appended, Batch
from tests.kit.app import (
    BOT,
    BROWSER,
    HANG,
    Counter,
    FakeClock,
    Start,
    make_config,
    outcome_of,
    read_rows,
    sent_by,
    stop,
    toml,
)

ROOT = Path(__file__).parents[2]
# Addresses that stand nowhere else: not the documentation's ranges, which our own texts could name.
MARKER_V4 = "87.253.61.197"
MARKER_V6 = "2a0d:f7c3:9b1e:5d42:8a6f:17e9:c3b5:604d"
MARKER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0; Qzwxplorer-93) Gecko/20100101 Firefox/131.0"
MARKED_BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; Qzwxplorer-93)"
HOUR = 3600


def traces(address: str) -> dict[str, bytes]:
    """Every form in which an address could stand in a file."""
    packed = ipaddress.ip_address(address).packed
    found = {
        "text": address.encode(),
        "upper case": address.upper().encode(),
        "UTF-16": address.encode("utf-16-le"),
        "packed": packed,
        "packed, turned round": packed[::-1],
        "hex": packed.hex().encode(),
        "HEX": packed.hex().upper().encode(),
        "decimal": str(int.from_bytes(packed)).encode(),
    }
    if len(packed) == 4:
        found |= {
            "mapped": f"::ffff:{address}".encode(),
            "network of 24": address.rpartition(".")[0].encode(),
            "dashes": address.replace(".", "-").encode(),
        }
    else:
        exploded = ipaddress.ip_address(address).exploded
        found |= {
            "exploded": exploded.encode(),
            "network of 64": ":".join(address.split(":")[:4]).encode(),
            "network of 64, packed": packed[:8],
        }
    return found


MARKS = {f"{ip}, {name}": trace for ip in (MARKER_V4, MARKER_V6) for name, trace in traces(ip).items()}


def files_below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".mmdb")


def found_in(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    """Where a trace stands in the bytes of any file below `folder`, or in a name."""
    hits = []
    for path in files_below(folder):
        content = path.read_bytes()
        hits += [f"{name} in {path.name}" for name, trace in wanted.items() if trace in content]
        hits += [f"{name} in the name {path.name}" for name, trace in wanted.items() if trace in os.fsencode(path.name)]
    return hits


def test_the_search_for_traces_finds_them(tmp_path: Path) -> None:
    """T-72: a search that finds nothing must be able to find something."""
    for number, address in enumerate((MARKER_V4, MARKER_V6)):
        for name, trace in traces(address).items():
            (tmp_path / f"{number}").write_bytes(b"\x00before" + trace + b"after\xff")
            assert any(line.startswith(f"{name} in") for line in found_in(tmp_path, traces(address)))
        (tmp_path / f"{number}").unlink()


# A process of its own -------------------------------------------------------------------------------------------


class Process:
    """`python -m counter serve` on a free port, with its log in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.base = ""

    async def start(self) -> None:
        self._runs += 1
        log = self._folder / f"log-{self._runs}.txt"
        with log.open("wb") as file:
            words = [
                sys.executable,
                "-m",
                "counter",
                "--config",
                str(self._folder / "config.toml"),
                "serve",
                "--port",
                "0",
            ]
            self._process = subprocess.Popen(
                words,
                stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        async with asyncio.timeout(HANG):
            while not (said := re.search(r"listens on (http://\S+),", log.read_text())):
                assert self._process.poll() is None, log.read_text()
                await asyncio.sleep(0.02)
        self.base = said[1]

    async def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        async with asyncio.timeout(HANG):
            while self._process.poll() is None:
                await asyncio.sleep(0.02)
        return self._process.returncode

    async def command(self, *words: str) -> None:
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "counter", "--config", str(self._folder / "config.toml"), *words, cwd=ROOT
        )
        assert await done.wait() == 0

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


async def visit_as_markers(base: str, number: int) -> None:
    """Hits of every kind from the marked visitors: counted, dropped, refused, limited, on every route."""
    connector = aiohttp.TCPConnector(force_close=True)  # after a broken body the server closes the connection
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(HANG)) as session:
        for ip in (MARKER_V4, MARKER_V6, f"::ffff:{MARKER_V4}"):
            headers = sent_by(ip, MARKER_AGENT)
            bot = sent_by(ip, MARKED_BOT)
            good = {"site": "demo", "path": f"/{number}", "id": f"{number}-{ip[:4]}"}
            foreign = {"site": "demo", "path": "/", "host": "evil.test"}
            sale = {"site": "demo", "path": "/", "name": "sale", "props": {"a": "b"}}
            statuses = [
                await _status(session, "POST", f"{base}/hit", headers, json=good),
                await _status(session, "POST", f"{base}/hit", headers, json=good),
                await _status(session, "POST", f"{base}/hit", bot, json=good | {"id": ""}),
                await _status(session, "POST", f"{base}/hit", headers, json=foreign),
                await _status(session, "POST", f"{base}/hit", headers, json=sale),
                await _status(session, "POST", f"{base}/hit", headers | {"Cookie": "counter_opt_out=1"}, json=good),
                await _status(session, "POST", f"{base}/hit", headers | {"Purpose": "prefetch"}, json=good),
                await _status(session, "GET", f"{base}/pixel.gif?site=demo&path=/pixel", headers),
                await _status(session, "GET", f"{base}/widget/demo.svg?count=1&path=/image", headers),
                await _status(session, "GET", f"{base}/widget/demo.html", headers),
                await _status(session, "GET", f"{base}/api/v1/you", headers),
                await _status(session, "POST", f"{base}/hit", headers, data=b"{broken"),
                await _status(session, "POST", f"{base}/hit", headers | {"Content-Encoding": "gzip"}, data=b"broken"),
                await _status(session, "POST", f"{base}/hit", headers, json={"site": "nobody", "path": "/"}),
            ]
            assert statuses[:11] == [202] * 7 + [200] * 4
            assert all(400 <= status < 500 for status in statuses[11:])


async def _status(session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str], **body: Any) -> int:
    async with session.request(method, url, headers=headers, skip_auto_headers=["Accept-Encoding"], **body) as answer:
        await answer.read()
        return answer.status


async def test_no_byte_on_disk_tells_an_address_when_none_is_kept(tmp_path: Path) -> None:
    """T-72: served, stopped, started again, killed, started again, backed up; then every file is read."""
    (tmp_path / "config.toml").write_text(toml({
        "server": {"trusted_proxies": ["127.0.0.1"]},
        "storage": {"path": "data"},
        "privacy": {"store_ip": "none"},
        "log": {"level": "debug"},
        "sites": [{"id": "demo", "hosts": ["demo.example"]}],
    }))  # fmt: skip
    process = Process(tmp_path)
    salts: set[bytes] = set()
    try:
        for number, end in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)):
            await process.start()
            await visit_as_markers(process.base, number)
            salts |= {path.read_bytes()[:32] for path in (tmp_path / "data" / "salts").glob("*.salt")}
            if number == 2:
                await process.command("backup", str(tmp_path / "backup.db"))
            code = await process.end(end)
            assert code == (0 if end == signal.SIGTERM else -signal.SIGKILL)
            wanted = {
                f"{address} {name}": trace
                for address in (MARKER_V4, MARKER_V6)
                for name, trace in traces(address).items()
            }
            assert found_in(tmp_path, wanted) == [], f"after {end.name}"
    finally:
        process.kill()
    assert len(salts) == 1, "the same day has the same salt after a restart"
    assert found_in(tmp_path / "data" / "salts", {"salt": salts.copy().pop()}) != [], "it stands in its file ..."
    outside = [path for path in files_below(tmp_path) if path.suffix != ".salt"]
    assert (tmp_path / "backup.db") in outside
    assert [path.name for path in outside if any(salt in path.read_bytes() for salt in salts)] == [], (
        "... and nowhere else"
    )
    assert {row["ip"] for row in read_rows(tmp_path / "data", "select ip from hit_log")} == {None}
    assert len(read_rows(tmp_path / "data", "select * from hit_log")) == 3 * 3 * 4
    counted = read_rows(tmp_path / "data", "select user_agent from drop_log where reason = 'bot'")
    assert {row["user_agent"] for row in counted} == {MARKED_BOT}, "of what was dropped, the owner sees the agent"


async def test_the_agent_of_a_counted_hit_is_not_kept_only_what_it_tells(start: Start) -> None:
    """T-72."""
    counter = await start(privacy={"store_ip": "none"})
    assert await counter.outcome(agent=MARKER_AGENT) == "counted"
    assert counter.hits()[0]["browser_version"] == "Firefox 131"
    await stop(counter)
    assert found_in(counter.folder, {"agent": b"Qzwxplorer"}) == []


async def test_a_failure_of_ours_logs_no_address(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """T-72: an error with a traceback is written by the service's own log, which replaces addresses."""
    import logging

    from counter import logs

    counter = await start(privacy={"store_ip": "none"})

    def broken(*_: object) -> None:
        raise RuntimeError(f"cannot look up {MARKER_V4} and {MARKER_V6}")

    monkeypatch.setattr(type(counter.service.pipeline), "judge", broken)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        logs.configure("debug", "text")
        assert (await counter.hit(ip=MARKER_V4)).status == 500
        assert (await counter.hit(ip=MARKER_V6)).status == 500
    finally:
        for handler in [one for one in root.handlers if one not in before]:
            root.removeHandler(handler)
        root.setLevel(level)
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    for address in (MARKER_V4, MARKER_V6):
        assert [name for name, trace in traces(address).items() if trace in said.encode()] == []


# Salts ----------------------------------------------------------------------------------------------------------


def salt_bytes(counter: Counter) -> dict[str, bytes]:
    return {path.name: path.read_bytes()[:32] for path in (counter.folder / "salts").glob("*.salt")}


async def test_a_salt_is_gone_from_every_file_48_hours_after_it_was_made(start: Start) -> None:
    """T-46, T-72: and the look-up of who was seen that day with it."""
    counter = await start(privacy={"store_ip": "none"})
    await counter.hit(ip=MARKER_V4)
    await counter.service.store.fold()
    old = salt_bytes(counter)
    assert len(old) == 1
    counter.clock.move(LIFETIME - 1)
    await housekeeping(counter.service)
    assert salt_bytes(counter).items() >= old.items(), "not a second too early"
    assert (
        len(counter.rows("select * from visitor union all select site_key, day, hash, visitor_id from visitor_tail"))
        == 1
    )
    await counter.hit(ip=MARKER_V4)
    counter.clock.move(2)
    await housekeeping(counter.service)
    assert not old.items() & salt_bytes(counter).items()
    assert len(salt_bytes(counter)) == 1, "today's stays"
    backup = counter.folder.parent / "backup.db"
    await counter.service.store.backup(backup)
    before = counter.hits()
    assert len(before) == 2
    assert (
        len(counter.rows("select * from visitor union all select site_key, day, hash, visitor_id from visitor_tail"))
        == 1
    )
    await stop(counter)
    wanted = {"salt": next(iter(old.values())), **traces(MARKER_V4)}
    assert found_in(counter.folder.parent, wanted) == []


async def test_at_local_midnight_everyone_is_a_new_visitor_with_a_new_visit_also_under_load(start: Start) -> None:
    """T-46: hits of the same people go on through midnight in Tbilisi."""
    zone = dt.timezone(dt.timedelta(hours=4))
    midnight = dt.datetime(2024, 11, 22, tzinfo=zone).timestamp()
    counter = await start(FakeClock(midnight - 60), sites=[{"id": "demo", "timezone": "Asia/Tbilisi"}])
    people = [f"203.0.113.{number}" for number in range(20)]

    async def everyone() -> None:
        assert await asyncio.gather(*(counter.outcome(ip=ip) for ip in people)) == ["counted"] * len(people)

    for _ in range(5):
        await everyone()
        counter.clock.move(12)
    first_salt = salt_bytes(counter)
    assert counter.clock.now() == midnight
    sending = [asyncio.create_task(everyone()) for _ in range(3)]
    await asyncio.gather(*sending)
    for _ in range(5):
        counter.clock.move(12)
        await everyone()
    days = counter.rows("select day, pageviews, visits, visitors from total_day order by day")
    assert days == [
        {"day": 20_048, "pageviews": 100, "visits": 20, "visitors": 20},
        {"day": 20_049, "pageviews": 160, "visits": 20, "visitors": 20},
    ]
    rows = counter.rows("select day_number as day, visitor, visit, ip from hit_log")
    assert not {row["visitor"] for row in rows if row["day"] == 20_048} & {
        row["visitor"] for row in rows if row["day"] == 20_049
    }
    assert not {row["visit"] for row in rows if row["day"] == 20_048} & {
        row["visit"] for row in rows if row["day"] == 20_049
    }
    assert len(salt_bytes(counter)) == 2
    totals = await counter.totals()
    assert (totals["today"]["count"], totals["yesterday"]["count"], totals["all"]["count"]) == (20, 20, 40)
    for now in (midnight + LIFETIME / 2, midnight - 60 + LIFETIME + 1):
        counter.clock.set(now)
        await housekeeping(counter.service)
    assert not first_salt.items() & salt_bytes(counter).items()
    assert found_in(counter.folder, {"salt": next(iter(first_salt.values()))}) == []


async def test_salts_are_for_their_owner_only(start: Start) -> None:
    """T-72."""
    counter = await start()
    await counter.hit()
    folder = counter.folder / "salts"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.salt")} == {0o600}
    for name in ("counter.db", "counter.sock", "lock"):
        assert (counter.folder / name).stat().st_mode & 0o077 == 0, name


# Identity -------------------------------------------------------------------------------------------------------

# ip, agent, site; whether it is the visitor of VISITOR_IP with BROWSER on `demo`
SAME_VISITOR: list[tuple[str, str, str, bool]] = [
    ("203.0.113.7", BROWSER, "demo", True),
    ("::ffff:203.0.113.7", BROWSER, "demo", True),
    ("203.0.113.8", BROWSER, "demo", False),
    ("203.0.113.7", BROWSER + " X", "demo", False),
    ("203.0.113.7", BROWSER, "other", False),
]


async def test_a_visitor_is_one_site_one_day_one_address_and_one_agent(start: Start) -> None:
    """T-74, end to end."""
    counter = await start(sites=[{"id": "demo"}, {"id": "other"}])
    await counter.hit(ip="203.0.113.7")
    known = counter.hits()[0]["visitor"]
    for ip, agent, site, same in SAME_VISITOR:
        await counter.hit(ip=ip, agent=agent, site=site)
        assert (counter.hits()[-1]["visitor"] == known) == same, (ip, agent, site)
    hashes = counter.rows("select site_key, hash from visitor union all select site_key, hash from visitor_tail")
    assert len({row["hash"] for row in hashes}) == len(hashes), "two sites never share a visitor"


async def test_an_ipv6_subscriber_is_one_visitor_by_the_64(start: Start) -> None:
    """T-74, end to end."""
    counter = await start()
    for ip in ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"):
        await counter.hit(ip=ip)
    one, same, another = (row["visitor"] for row in counter.hits())
    assert one == same != another


async def test_the_same_person_is_known_after_a_restart_and_unknown_without_the_salt(start: Start) -> None:
    """T-74, end to end."""
    counter = await start()
    await counter.hit()
    await stop(counter)
    counter = await start(counter.clock)
    await counter.hit()
    assert len({row["visitor"] for row in counter.hits()}) == 1
    await stop(counter)
    for path in (counter.folder / "salts").glob("*.salt"):
        path.unlink()
    counter = await start(counter.clock)
    await counter.hit()
    assert len({row["visitor"] for row in counter.hits()}) == 2


# Masking --------------------------------------------------------------------------------------------------------


async def test_masked_addresses_are_masked_before_anything_is_written(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-75."""
    counter = await start(privacy={"store_ip": "masked"})
    append, seen = counter.service.store.append, []

    async def watched(batch: Batch, now: float) -> Appended:
        seen.extend([*batch.events, *batch.drops])
        return await append(batch, now)

    monkeypatch.setattr(counter.service.store, "append", watched)
    pairs = [("203.0.113.7", "203.0.0.0"), (MARKER_V4, "87.253.0.0"), (MARKER_V6, "2a0d:f7c3:9b1e::"),
             (f"::ffff:{MARKER_V4}", "87.253.0.0")]  # fmt: skip
    for ip, masked in pairs:
        assert await counter.outcome(ip=ip) == "counted"
        assert counter.hits()[-1]["ip"] == masked
        assert await counter.outcome(ip=ip, agent=BOT) == "bot"
        assert await counter.outcome(ip=ip, id=f"twice-{masked}") in {"counted", "duplicate"}
        assert await counter.outcome(ip=ip, id=f"twice-{masked}") == "duplicate"
    await counter.settled()
    assert {one.address for one in seen} == {masked for _, masked in pairs}
    assert {row["address"] for row in counter.rows("select address from drop_log")} == {masked for _, masked in pairs}
    assert {row["country"] for row in counter.hits()} - {"Unknown"}, "places are looked up with the whole address"
    assert {row["city"] for row in counter.hits()} == {"Unknown"}
    await stop(counter)
    assert found_in(counter.folder, MARKS) == []


async def test_two_people_of_one_masked_network_stay_two_visitors(start: Start) -> None:
    """T-75: identity is made of the whole address, in memory."""
    counter = await start(privacy={"store_ip": "masked"})
    await counter.hit(ip="203.0.113.7")
    await counter.hit(ip="203.0.200.9")
    assert len({row["visitor"] for row in counter.hits()}) == 2
    assert {row["ip"] for row in counter.hits()} == {"203.0.0.0"}


# Opting out -----------------------------------------------------------------------------------------------------

# the setting, headers of somebody who does not want to be counted
WISHES: list[tuple[bool, dict[str, str]]] = [
    (False, {"Cookie": "counter_opt_out=1"}),
    (True, {"Sec-GPC": "1"}),
    (True, {"DNT": "1"}),
]


@pytest.mark.parametrize(("respect", "wish"), WISHES)
async def test_of_who_opted_out_nothing_is_stored_but_that_somebody_did(
    start: Start, monkeypatch: pytest.MonkeyPatch, respect: bool, wish: dict[str, str]
) -> None:
    """T-76: no identity is computed, no place is looked up, nothing is logged, and the answer has the same shape."""
    counter = await start(counting={"respect_gpc": respect})
    computed: list[tuple[object, ...]] = []

    def spy(*arguments: Any) -> int:
        computed.append(arguments)
        return visitor_id(*arguments)

    monkeypatch.setattr(pipeline_module, "visitor_id", spy)
    logged = len(counter.log.lines)
    answers = [
        await counter.hit(ip=MARKER_V4, agent=MARKER_AGENT, headers=wish, path="/secret", id="secret-id"),
        await counter.hit(ip=MARKER_V4, agent=MARKED_BOT, headers=wish, path="/secret"),
        await counter.pixel("site=demo&path=/secret", ip=MARKER_V6, agent=MARKER_AGENT, headers=wish),
        await counter.get("/widget/demo.svg?count=1&path=/secret", headers=sent_by(MARKER_V6, MARKER_AGENT, wish)),
    ]
    assert [outcome_of(answer) for answer in answers[:3]] == ["opt_out"] * 3
    assert computed == []
    assert await counter.drops() == {"opt_out": 4}
    for table in (
        "event",
        "visit",
        "visitor",
        "visitor_tail",
        "hit_id",
        "drop_log",
        "bot_count",
        "total_day",
        "quarantine",
    ):
        assert counter.rows(f"select * from {table}") == [], table
    assert not (counter.folder / "salts").exists() or salt_bytes(counter) == {}
    assert [line for line in counter.log.lines[logged:] if "housekeeping" not in line] == []
    counted = await counter.hit()
    assert {*answers[0].headers} == {*counted.headers}
    assert answers[0].status == counted.status
    assert len(computed) == 1
    await stop(counter)
    wanted = {"path": b"/secret", "agent": b"Qzwxplorer", "id": b"secret-id", **traces(MARKER_V4), **traces(MARKER_V6)}
    assert found_in(counter.folder, wanted) == []


async def test_the_wish_not_to_be_counted_is_kept_whatever_the_hit_falls_to_first(start: Start) -> None:
    """T-76: a hit from a foreign host is dropped for that, but still of somebody who opted out."""
    counter = await start(sites=[{"id": "demo", "hosts": ["demo.example"]}])
    for headers in ({"Cookie": "counter_opt_out=1"}, {"Cookie": "counter_opt_out=1", "Purpose": "prefetch"}):
        await counter.hit(ip=MARKER_V4, agent=MARKER_AGENT, headers=headers, host="evil.test", path="/secret")
    await counter.settled()
    await stop(counter)
    wanted = {"path": b"/secret", "agent": b"Qzwxplorer", **traces(MARKER_V4)}
    assert found_in(counter.folder, wanted) == []


async def test_an_ignored_network_has_no_identity_and_is_never_an_event(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-76: what is kept of the drop is what privacy allows."""
    counter = await start(counting={"ignored_networks": [f"{MARKER_V4}/32"]}, privacy={"store_ip": "none"})
    computed: list[object] = []
    monkeypatch.setattr(pipeline_module, "visitor_id", lambda *arguments: computed.append(arguments) or 0)
    assert await counter.outcome(ip=MARKER_V4) == "ignored_ip"
    assert await counter.drops() == {"ignored_ip": 1}
    assert computed == []
    assert counter.rows("select * from visit") == []
    await stop(counter)
    assert found_in(counter.folder, traces(MARKER_V4)) == []


def test_the_configuration_of_these_tests_keeps_no_address(tmp_path: Path) -> None:
    assert make_config(tmp_path, privacy={"store_ip": "none"}).privacy.store_ip == "none"
