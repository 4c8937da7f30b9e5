"""`counter import-log` as a whole process: lines a second."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.figures import Figure, Scale, console, measure, new_table, show, step, steps
from bench.servers import ROOT, bare_server, environment, make_config, running, temporary_folder
from bench.traffic import SITE, address
from tests.synthetic_log import synthetic_log

SAMPLE = "COUNTER_SAMPLE_LOG"  # environment: a real log in the place of the synthetic one
SEEDS = 3_000  # lines a portion of the synthetic log
WAYS = (("import-log", ()), ("import-log --everything --keep-bots", ("--everything", "--keep-bots")))


def measure_import(scale: Scale) -> list[Figure]:
    """A log of many lines into an empty store, and the same when every line is counted."""
    table = new_table(f"Import of {scale.lines:,} lines", "command", "seconds", "lines/s", "us CPU/line", "counted")
    figures = []
    with temporary_folder() as folder, steps("import", len(WAYS) + 1) as progress:
        log = folder / "access.log"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in islice(grown_log(), scale.lines))
        bare = bare_request(scale)
        step(progress)
        for name, options in WAYS:
            seconds, cpu, counted = run_import(log, options)
            rate = scale.lines / seconds
            table.add_row(name, show(seconds), show(rate, 0), show(cpu / scale.lines * 1e6), counted)
            figures.append(Figure(f"{name}, lines a second", "lines/s", rate))
            line = cpu / scale.lines * 1e6
            figures.append(Figure(name, "us CPU/line", line, bare, line / bare))
            step(progress)
    console.print(table)
    console.print("bare: one request to a handler that answers 204, at 64 connections", style="dim")
    return figures


def grown_log() -> Iterator[str]:
    """Lines without end: portions of a log, each with addresses and days of its own, so that no line comes twice."""
    name = os.environ.get(SAMPLE)
    real = Path(name).read_text(encoding="utf-8", errors="surrogateescape").splitlines() if name else None
    portion = 0
    while True:
        lines = real or synthetic_log(seed=portion + 1, lines=SEEDS, malformed=SEEDS // 500)
        for line in lines:
            yield _of_another(line, portion) if portion else line
        portion += 1


def _of_another(line: str, portion: int) -> str:
    """The line of a visitor with another address; his page views stay together."""
    whom, blank, rest = line.partition(" ")
    if not re.fullmatch(r"[0-9a-f.:]+", whom):
        return line
    return address(random.Random(f"{whom} {portion}").getrandbits(24)) + blank + rest


def run_import(log: Path, options: tuple[str, ...]) -> tuple[float, float, str]:
    """Seconds by the clock, seconds of CPU of the whole process, and how many lines it counted."""
    with temporary_folder() as folder:
        config = make_config(folder)
        with running(["counter", "--config", str(config), "serve", "--port", "0"], folder) as process:
            if process.stdout:
                process.stdout.readline()  # the site is made, the database of countries unpacked
        command = [sys.executable, "-m", "counter", "--config", str(config), "import-log", "--site", SITE]
        before, started = os.times(), time.perf_counter()
        done = subprocess.run(
            [*command, *options, str(log)], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
        )
        seconds, after = time.perf_counter() - started, os.times()
    counted = re.search(r"counted\s+([\d,]+)", done.stdout)
    if done.returncode or counted is None:
        raise RuntimeError(f"import-log ended with {done.returncode}: {done.stdout}{done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, cpu, counted[1]


def bare_request(scale: Scale) -> float:
    """A bare handler's microseconds of CPU for a request: what one line cost somebody when it was made."""
    with bare_server() as bare:
        bare.run("pixel", 64, 1000)
        return measure(bare, "pixel", 64, scale.hits).cpu
