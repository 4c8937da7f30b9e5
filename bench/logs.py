"""`counter import-log` as a whole, all its processes: lines a second, beside GoAccess on the same file."""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.figures import Figure, Scale, console, new_table, show, step, steps
from bench.servers import ROOT, environment, make_config, running, temporary_folder
from bench.traffic import SITE, address
from tests.kit.synthetic_log import synthetic_log

SAMPLE = "COUNTER_SAMPLE_LOG"  # environment: a real log in the place of the synthetic one
BESIDE = ROOT.parent / "shared" / "data" / "access.log"
SEEDS = 10_000  # lines of the synthetic log
AT_ONCE = 10  # visitors in the place of one: as many times as busy a site
WAYS = (("import-log", ()), ("import-log --everything --keep-bots", ("--everything", "--keep-bots")))
AIM = "0.5 of GoAccess"
PATIENCE = 900.0  # seconds for one command

_LINE = re.compile(r"([0-9a-f.:]+)( .*?\[)(\d\d/\w{3}/\d{4})(:.*)", re.DOTALL)


class Ran(NamedTuple):
    """How a command went, with all its processes."""

    seconds: float  # by the clock on the wall
    cpu: float  # seconds
    memory: float  # megabytes at most, shared ones counted once
    out: str


def measure_import(scale: Scale) -> list[Figure]:
    """A log of many lines into an empty store, the same when every line is counted, and GoAccess beside them."""
    table = new_table(
        f"Import of {scale.lines:,} lines", "command", "seconds", "lines/s", "us CPU/line", "MB at most", "counted"
    )
    figures = []
    with temporary_folder() as folder, steps("import", len(WAYS) + 2) as progress:
        log = folder / "access.log"
        with log.open("w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(f"{line}\n" for line in islice(grown_log(), scale.lines))
        step(progress)
        other = run_goaccess(log, folder)
        step(progress)
        if other is not None:
            table.add_row("goaccess", *_columns(other, scale.lines), "-")
        for name, options in WAYS:
            ran, counted = run_import(log, options)
            table.add_row(name, *_columns(ran, scale.lines), counted)
            figures += _beside(name, ran, other, scale.lines)
            step(progress)
    console.print(table)
    if other is None:
        console.print(
            "goaccess is not on this machine: nothing to compare with (apt-get install goaccess)", style="dim"
        )
    return figures


def _beside(name: str, ran: Ran, other: Ran | None, lines: int) -> list[Figure]:
    """By the clock, where several processes help, and in CPU, which other work on the machine moves less."""
    rate, cpu = lines / ran.seconds, ran.cpu / lines * 1e6
    if other is None:
        return [Figure(name, "lines/s", rate), Figure(name, "us CPU/line", cpu)]
    bare, bare_cpu = lines / other.seconds, other.cpu / lines * 1e6
    return [
        Figure(f"{name}, beside GoAccess", "lines/s", rate, bare, rate / bare, AIM),
        Figure(f"{name}, beside GoAccess", "us CPU/line", cpu, bare_cpu, cpu / bare_cpu),
    ]


def _columns(ran: Ran, lines: int) -> tuple[str, ...]:
    return show(ran.seconds), show(lines / ran.seconds, 0), show(ran.cpu / lines * 1e6), show(ran.memory, 0)


def grown_log() -> Iterator[str]:
    """Lines without end, in the order of time: a log of some days again and again, each time on the days behind, and
    each of its lines for ten visitors."""
    name = os.environ.get(SAMPLE) or (str(BESIDE) if BESIDE.is_file() else "")
    if name:
        lines = Path(name).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    else:
        lines = synthetic_log(lines=SEEDS, malformed=SEEDS // 500)
    days = 1 + _days(lines)
    portion = 0
    while True:
        for line in lines:
            for visitor in range(AT_ONCE):
                yield _of_another(line, portion * AT_ONCE + visitor, portion * days)
        portion += 1


def _days(lines: list[str]) -> int:
    """From the first day of a log to its last."""
    dates = [_date(found[3]) for line in lines if (found := _LINE.fullmatch(line))]
    return (max(dates) - min(dates)).days


def _of_another(line: str, visitor: int, days: int) -> str:
    """The line of a visitor with another address, on another day; his page views stay together."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    whom, before, date, rest = found.groups()
    return f"{_address(whom, visitor) if visitor else whom}{before}{_later(date, days)}{rest}"


@lru_cache(maxsize=100_000)
def _address(whom: str, visitor: int) -> str:
    return address(random.Random(f"{whom} {visitor}").getrandbits(24))


@lru_cache(maxsize=1000)
def _later(date: str, days: int) -> str:
    return (_date(date) + dt.timedelta(days=days)).strftime("%d/%b/%Y")


@lru_cache(maxsize=1000)
def _date(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%d/%b/%Y").replace(tzinfo=dt.UTC).date()


def run_import(log: Path, options: tuple[str, ...]) -> tuple[Ran, str]:
    """How an import into an empty store went, and how many lines it counted."""
    with temporary_folder() as folder:
        config = make_config(folder)
        with running(["counter", "--config", str(config), "serve", "--port", "0"], folder) as process:
            if process.stdout:
                process.stdout.readline()  # the site is made, the database of countries unpacked
        ran = watch([sys.executable, "-m", "counter", "--config", str(config), "import-log", "--site", SITE,
                     *options, str(log)])  # fmt: skip
    counted = re.search(r"counted\s+([\d,]+)", ran.out)
    if counted is None:
        raise RuntimeError(f"import-log said nothing of what it counted: {ran.out}")
    return ran, counted[1]


def run_goaccess(log: Path, folder: Path) -> Ran | None:
    """The same file through GoAccess, to a report as JSON; None without it."""
    command = shutil.which("goaccess")
    if command is None:
        return None
    return watch([command, str(log), "--log-format=COMBINED", "--no-progress", "-o", str(folder / "report.json")])


def watch(command: list[str]) -> Ran:
    """Run a command in a session of its own, and look at the memory of its processes ten times a second."""
    before, started, memory = os.times(), time.perf_counter(), 0.0
    with temporary_folder() as folder, (folder / "said.txt").open("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        try:
            while process.poll() is None:
                memory = max(memory, _megabytes(process.pid))
                if time.perf_counter() - started > PATIENCE:
                    raise RuntimeError(f"{command[0]} did not end within {PATIENCE:.0f} s")
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait()
        seconds, after = time.perf_counter() - started, os.times()
        said.seek(0)
        out = said.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {out}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Ran(seconds, cpu, memory, out)


def _megabytes(session: int) -> float:
    """Of all processes of a session, pages that several share counted in proportion."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if os.getsid(int(folder.name)) == session:
                found = re.search(
                    r"^Pss:\s+(\d+) kB", (folder / "smaps_rollup").read_text(encoding="ascii"), re.MULTILINE
                )
                total += int(found[1]) if found else 0
        except OSError:
            continue  # it has just ended
    return total / 1000
