"""Servers under measurement: real processes on 127.0.0.1, their CPU, their memory, their end."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from bench.load import Job, Seen
from bench.traffic import HOST, SITE
from counter.store.sqlite.engine import FILE_NAME

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds for a start, a fold, an end
CONFIG = f"""
[server]
trusted_proxies = ["127.0.0.1"]
[storage]
path = "data"
durability = "full"
[counting]
rate_limit_per_minute = 0
driven_browsers = "count"
[privacy]
ip_retention_days = 0 # made-up history is a year old; nothing must erase it while others are measured
[log]
level = "warning"
[[sites]]
id = "{SITE}"
hosts = ["{HOST}"]
timezone = "Europe/Berlin"
"""


class Server:
    """A running server, ours or a bare one."""

    def __init__(self, name: str, process: subprocess.Popen[str], port: int, folder: Path) -> None:
        self.name = name
        self.port = port
        self.folder = folder
        self.token = ""
        self.ours = name == "ours"
        self._process = process
        self._requests = 0  # sent so far: each visitor is a new one

    def cpu(self) -> float:
        """Seconds of CPU of all its threads so far, in nanoseconds' steps: the clock of another process."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def memory(self) -> tuple[float, float]:
        """Megabytes resident, now and at most."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        now, most = (re.search(rf"{key}:\s+(\d+) kB", status) for key in ("VmRSS", "VmHWM"))
        if now is None or most is None:
            raise RuntimeError(f"process {self._process.pid} tells no memory")
        return int(now[1]) / 1000, int(most[1]) / 1000

    def run(self, kind: str, connections: int, requests: int) -> tuple[Seen, float]:
        """Send `requests` new requests; what was seen, and the CPU seconds it took, folding included."""
        job = Job(self.port, kind, connections, requests, self._requests, self.ours, self.token)
        self._requests += requests
        with load_process(job) as load:
            self.wait_folded()
            before = self.cpu()
            print(file=load.stdin, flush=True)
            seen = msgspec.json.decode((load.stdout.readline() if load.stdout else "") or "{}", type=Seen)
            self.wait_folded()
            spent = self.cpu() - before
        if seen.wrong or not seen.requests:
            raise RuntimeError(
                f"{self.name}: {seen.wrong} of {seen.requests} answers to {kind} are wrong, the first:\n"
                f"{seen.first_wrong}"
            )
        return seen, spent

    def wait_folded(self) -> None:
        """Until every stored event is in every rollup."""
        if not self.ours:
            return
        until = time.monotonic() + PATIENCE
        with closing(sqlite3.connect(f"file:{self.folder / 'data' / FILE_NAME}?mode=ro", uri=True)) as database:
            while time.monotonic() < until:
                row = database.execute("select event_id >= coalesce((select max(id) from event), 0) from watermark")
                if row.fetchone()[0]:
                    return
                time.sleep(0.02)
        raise RuntimeError(f"the tail was not folded within {PATIENCE:.0f} s")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="counter-bench-") as name:
        yield Path(name)


@contextmanager
def bare_server(*, read: bool = False) -> Iterator[Server]:
    """The bare handler; with `read` it reads the body."""
    with temporary_folder() as folder, running(["bench.bare", *(["--read"] if read else [])], folder) as process:
        yield Server("bare, body read" if read else "bare", process, port_of(process, folder), folder)


@contextmanager
def our_server(folder: Path | None = None) -> Iterator[Server]:
    """`counter serve` on `folder` (it has config.toml and data/), else on a new one."""
    with temporary_folder() as new:
        home = folder or new
        config = make_config(home)
        with running(["counter", "--config", str(config), "serve", "--port", "0"], home) as process:
            server = Server("ours", process, port_of(process, home), home)
            server.token = run_counter(config, "site", "token", SITE).split()[0]
            yield server


def make_config(folder: Path) -> Path:
    config = folder / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return config


def run_counter(config: Path, *command: str) -> str:
    """What a command of `counter` printed."""
    arguments = [sys.executable, "-m", "counter", "--config", str(config), *command]
    done = subprocess.run(arguments, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"counter {' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def environment() -> dict[str, str]:
    """Without the settings of whoever measures: they would win over the configuration of the measurement."""
    return {key: value for key, value in os.environ.items() if not key.startswith("COUNTER_")}


@contextmanager
def running(module: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python module as a process; it is told to end, and killed when it does not."""
    with (folder / "errors.txt").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], cwd=ROOT, env=environment(), stdin=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


@contextmanager
def load_process(job: Job) -> Iterator[subprocess.Popen[str]]:
    """The load generator, with its requests rendered."""
    with (
        temporary_folder() as folder,
        running(["bench.load", msgspec.json.encode(job).decode()], folder) as process,
    ):
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the load did not start: {(folder / 'errors.txt').read_text(encoding='utf-8')}")
        yield process


def port_of(process: subprocess.Popen[str], folder: Path) -> int:
    """The port that a starting server announces in its first line."""
    line = process.stdout.readline() if process.stdout else ""
    found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", line)
    if found is None:
        errors = (folder / "errors.txt").read_text(encoding="utf-8")
        raise RuntimeError(f"the server did not start: {line}{errors[-2000:]}")
    return int(found[1])
