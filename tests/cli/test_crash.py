"""Crashes: a hit that was answered is stored, once, whatever happened to the process in between."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.log_oracle import count_log
from tests.kit.process import ATTEMPTS, HANG, Home, Keepalive, Service, new_home
from tests.kit.synthetic_log import synthetic_log

CLIENTS = 12
ANSWERS = 10  # that a round has at least before the kill
ACKNOWLEDGED = {(202, "counted"), (202, "duplicate")}


class Ledger:
    """What clients know: which hits were acknowledged, and which they must send again."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.open: set[str] = set()
        self.refused: Counter[tuple[int, str]] = Counter()

    def note(self, hit_id: str, answer: tuple[int, str]) -> None:
        self.open.add(hit_id)
        if answer in ACKNOWLEDGED:
            self.open.remove(hit_id)
            self.acknowledged.add(hit_id)
        elif answer[0]:
            self.refused[answer] += 1


def hit(hit_id: str, number: int) -> dict[str, object]:
    return {"site": "demo", "path": f"/page-{number % 40}", "id": hit_id, "screen": 1280, "language": "ka"}


def address(number: int) -> str:
    return f"198.51.{number % 7}.{number % 250}"


async def load_until_killed(service: Service, ledger: Ledger, name: str, seconds: float) -> None:
    """Clients send as fast as they are answered; after `seconds` and some answers the process is killed under them."""
    before = len(ledger.acknowledged)

    async def client(who: int) -> None:
        connection = Keepalive(service.port)
        for number in range(1_000_000):
            hit_id = f"{name}-{who}-{number}"
            answer = await connection.hit(hit(hit_id, number), address(who * 31 + number // 5))
            ledger.note(hit_id, answer)
            if not answer[0]:
                break
        await connection.close()

    clients = [asyncio.create_task(client(who)) for who in range(CLIENTS)]
    await asyncio.sleep(seconds)
    async with asyncio.timeout(HANG):
        while len(ledger.acknowledged) - before <= ANSWERS:  # a busy machine may need longer
            await asyncio.sleep(0.001)
    service.process.kill()
    async with asyncio.timeout(HANG):
        await asyncio.gather(*clients)
    service.kill()


async def send_again(service: Service, ledger: Ledger) -> None:
    connection = Keepalive(service.port)
    for hit_id in sorted(ledger.open):
        ledger.note(hit_id, await connection.hit(hit(hit_id, 0)))
    await connection.close()
    assert not ledger.open


def assert_conserved(home: Home, ledger: Ledger) -> None:
    """Every acknowledged hit once, none besides, and every number agrees with the raw rows."""
    stored = Counter(row[0] for row in home.rows("select hit_id from hit_log"))
    assert set(stored) == ledger.acknowledged
    assert set(stored.values()) <= {1}
    assert home.one("select sum(pageviews) from total_day") == len(ledger.acknowledged)
    assert home.one("select sum(pageviews) from total_hour") == len(ledger.acknowledged)
    assert home.one("select count(*) from quarantine") == 0
    assert_sound(home)


def assert_sound(home: Home) -> None:
    checked = home.type("check")
    assert checked.code == 0, checked
    assert checked.out.startswith("every number agrees with the raw rows")
    assert home.one("pragma integrity_check") == "ok"


@pytest.mark.parametrize("rounds", [8, pytest.param(100, marks=(pytest.mark.soak, pytest.mark.faults))])
def test_every_acknowledged_hit_survives_kill_9_under_load_and_is_stored_once(
    rounds: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    home, ledger, rng = Home(tmp_path), Ledger(), random.Random(25)
    restarts = []
    for number in range(rounds):
        with Service(home) as service:
            restarts.append(service.seconds)
            asyncio.run(send_again(service, ledger))
            asyncio.run(load_until_killed(service, ledger, str(number), rng.uniform(0.05, 0.3)))
    with Service(home) as service:
        restarts.append(service.seconds)
        asyncio.run(send_again(service, ledger))
        assert service.totals(metric="pageviews")["all"]["count"] == len(ledger.acknowledged)
        assert service.stop() == 0
    assert not ledger.refused
    assert_conserved(home, ledger)
    assert len(ledger.acknowledged) > ANSWERS * rounds
    slowest = max(restarts)
    record_property("slowest_restart_seconds", round(slowest, 2))
    print(f"\n{rounds} kills, {len(ledger.acknowledged)} hits acknowledged, slowest restart {slowest:.2f} s")
    assert slowest < HANG


# Kills its own process at the n-th statement of folding; the COMMIT that follows counts as one.
DIES_IN_FOLD = """
import os, signal, sys
from counter.store.sqlite import store
fold, left = store.fold, int(sys.argv.pop(1))
def dying(connection):
    def trace(statement):
        global left
        left -= 1
        if left == 0 or (left < 0 and statement == "commit"):
            os.kill(os.getpid(), signal.SIGKILL)
    connection.set_trace_callback(trace)
    return fold(connection)
store.fold = dying
from counter.cli import main
main()
"""
AT_COMMIT = 0


def test_a_kill_anywhere_in_folding_neither_loses_nor_doubles_a_number(tmp_path: Path) -> None:
    home, ledger = Home(tmp_path), Ledger()
    with Service(home) as service:  # killed before the two idle seconds after which the tail is folded
        service.until(lambda: " housekeeping " in service.log)  # which folds, too
        asyncio.run(load_until_killed(service, ledger, "load", 1.0))
    for statement in (1, 20, 40, AT_COMMIT):
        died = subprocess.run(
            [sys.executable, "-c", DIES_IN_FOLD, str(statement), *home.command("serve", "--port", "0")[3:]],
            capture_output=True, timeout=HANG, check=False, cwd=tmp_path, env=home.environment,
        )  # fmt: skip
        assert died.returncode == -signal.SIGKILL, (statement, died)
        assert home.one("select event_id from watermark") == 0
    with Service(home) as service:
        assert home.one("select event_id from watermark") >= len(ledger.acknowledged)
        asyncio.run(send_again(service, ledger))
        assert service.stop() == 0
    assert_conserved(home, ledger)


@pytest.mark.parametrize("victim", ["the service", "the import"])
def test_an_import_that_was_cut_by_a_kill_is_completed_by_a_second_run(victim: str, tmp_path: Path) -> None:
    lines = synthetic_log(seed=3, lines=6000)
    log = tmp_path / "access.log"
    log.write_text("".join(f"{line}\n" for line in lines))
    words = ("import-log", "--site", "demo", "--everything", "--keep-bots", log)
    for attempt in range(ATTEMPTS):
        home = new_home(tmp_path / f"cut-{attempt}")
        with Service(home) as service:
            cut = home.start(*words)
            service.until(lambda home=home: home.one("select count(*) from total_day") > 0)
            if victim == "the service":
                service.kill()
            else:
                cut.kill()
            _, error = cut.communicate(timeout=HANG)
            counted = home.one("select coalesce(sum(pageviews), 0) from total_day")
        if counted < len(lines):
            break  # else all was counted before the kill
    assert 0 < counted < len(lines)
    if victim == "the service":
        assert cut.returncode == 1
        assert error.decode().strip().startswith("counter: the running service did not answer (")
    with Service(home) as service:
        again = home.type(*words)
        assert again.code == 0
        assert again.numbers == {
            "counted": len(lines) - counted,
            "imported before": counted,
            "read": len(lines),
        }
        assert service.totals(metric="pageviews")["all"]["count"] == len(lines)
        assert service.stop() == 0
    assert home.days() == count_log(lines, "UTC", lambda _: True)
    assert_sound(home)


async def stop_with_hits_in_flight(service: Service, ledger: Ledger) -> None:
    """200 requests are on their way and one client never sends its last byte, when SIGTERM comes."""
    stalled = Keepalive(service.port)
    await stalled.send(hit("stalled", 0), short=1)
    clients = [Keepalive(service.port) for _ in range(200)]
    for number, client in enumerate(clients):  # connected, and each answered once
        ledger.note(f"before-{number}", await client.hit(hit(f"before-{number}", number), address(number)))
    for number, client in enumerate(clients):
        await client.send(hit(f"flight-{number}", number), address(number))
    service.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(HANG):
        answers = await asyncio.gather(*(client.receive() for client in clients))
    for number, answer in enumerate(answers):
        ledger.note(f"flight-{number}", answer)
        assert await asyncio.to_thread(service.process.wait) == 0
    for client in (*clients, stalled):
        await client.close()


def test_sigterm_with_200_hits_in_flight_and_a_stalled_client_stores_all_acknowledged_and_exits_0(
    tmp_path: Path,
) -> None:
    home, ledger = Home(tmp_path), Ledger()
    with Service(home) as service:
        asyncio.run(stop_with_hits_in_flight(service, ledger))
        assert service.log.endswith("stopped\n")
    assert len(ledger.acknowledged) >= 200
    stored = {row[0] for row in home.rows("select hit_id from hit_log")}
    assert ledger.acknowledged <= stored
    assert "stalled" not in stored
    with Service(home) as service:  # who was cut off sends again
        asyncio.run(send_again(service, ledger))
        assert service.stop() == 0
    assert_conserved(home, ledger)
    assert not (home.data / "counter.sock").exists()


def test_a_second_sigterm_and_sighup_do_no_harm(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Service(home) as service:
        service.process.send_signal(signal.SIGHUP)
        assert service.hit(id="after-hup").counter == "counted"
        service.process.send_signal(signal.SIGTERM)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(HANG) == 0
    assert home.one("select count(*) from hit_log where hit_id = 'after-hup'") == 1


def test_a_visitor_who_hangs_up_in_the_middle_is_no_error_of_the_service(tmp_path: Path) -> None:
    home = Home(tmp_path)

    async def hang_up(service: Service) -> None:
        client = Keepalive(service.port)
        await client.send(hit("cut", 0), short=1)
        await client.close()

    with Service(home) as service:
        asyncio.run(hang_up(service))
        assert service.hit(id="next").counter == "counted"
        assert service.stop() == 0
        assert "Traceback" not in service.log
    assert home.rows("select hit_id from hit_log") == [("next",)]
