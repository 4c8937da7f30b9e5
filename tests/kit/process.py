"""The real service as a process of its own on a free port of 127.0.0.1, its visitors, and the commands beside it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import datetime as dt
import functools
import http.client
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self
from unittest import mock

from counter.cli import main
from counter.collect.places.geo import Geo

HANG = 100.0  # seconds; a guard against hangs, ten times what anything here takes
ROOT = Path(__file__).resolve().parents[2]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

# Everything comes from 127.0.0.1: visitors are told apart by X-Forwarded-For, and no rate limit stops them. Their
# browsers are driven.
CONFIG = """
[server]
trusted_proxies = ["127.0.0.1"]
[counting]
rate_limit_per_minute = 0
driven_browsers = "count"
[storage]
path = "data"
"""
_ANNOUNCED = re.compile(r"listens on http://127\.0\.0\.1:(\d+),")


@functools.cache
def noon_zone() -> str:
    """A zone where it was about noon when this was first asked, so that no test sees a midnight.

    It stays the same: a test that asks twice would get another zone when a full hour struck between.
    """
    ahead = 12 - dt.datetime.now(dt.UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"  # these names count westwards


@functools.cache
def awake_zone(*names: str) -> str:
    """The first of these zones where midnight is at least two hours ahead; for tests that need a zone of a kind."""
    return next(name for name in names if dt.datetime.now(zoneinfo.ZoneInfo(name)).hour < 22)


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def numbers(self) -> dict[str, int]:
        """The lines that are a name and a number, such as `not a page  1,234`."""
        found = re.findall(r"^ *(\S.*?) +([\d,]+) *$", self.out, re.MULTILINE)
        return {name: int(number.replace(",", "")) for name, number in found}


class Answer(NamedTuple):
    """What the service answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def counter(self) -> str:
        return self.headers.get("X-Counter", "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@functools.cache
def _countries() -> Path:
    """The database of countries, unpacked once for all homes: it takes a third of a second."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    Geo.open(None, folder).close()
    return folder / "geo"


class Home:
    """A folder with config.toml, where a service keeps its data and commands are given."""

    def __init__(self, folder: Path, *sites: str, zone: str = "UTC") -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "config.toml"
        self.database = self.data / "counter.db"
        blocks = (f'[[sites]]\nid = "{site}"\ntimezone = "{zone}"\n' for site in sites or ("demo",))
        self.config.write_text(CONFIG + "".join(blocks))
        self.data.mkdir(mode=0o700)
        shutil.copytree(_countries(), self.data / "geo")

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "counter", "--config", str(self.config), *map(str, words)]

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("COUNTER_")}
        return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def run(self, *words: object, stdin: bytes | None = None) -> Done:
        """A command as a process of its own."""
        done = subprocess.run(self.command(*words), input=stdin, capture_output=True, timeout=HANG, check=False,
                              cwd=self.folder, env=self.environment)  # fmt: skip
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: object) -> subprocess.Popen[bytes]:
        """A command that goes on while the test does."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                cwd=self.folder, env=self.environment)  # fmt: skip

    def type(self, *words: object, stdin: bytes = b"") -> Done:
        """The same as `run` without the second that a new interpreter takes."""
        out, err = io.StringIO(), io.StringIO()
        argv = ["counter", "--config", str(self.config), *map(str, words)]
        mask = os.umask(0o022)  # the command sets its own, for the whole process
        with (
            mock.patch.object(sys, "argv", argv),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
            mock.patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
                code: Any = 0
            except SystemExit as end:
                code = end.code or 0
            finally:
                os.umask(mask)
        return Done(int(code), out.getvalue(), err.getvalue())

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The answer to one question, asked read-only; a service may be writing."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def one(self, sql: str, *values: object) -> Any:
        return self.rows(sql, *values)[0][0]

    def tamper(self, sql: str) -> int:
        """Change the data behind the back of a stopped service; returns how many rows."""
        connection = sqlite3.connect(self.database)
        try:
            with connection:
                return connection.execute(sql).rowcount
        finally:
            connection.close()

    def days(self, site: str = "demo") -> dict[dt.date, tuple[int, int, int]]:
        """Visits, visitors and pageviews of each day that has any."""
        rows = self.rows(
            "select date(day * 86400, 'unixepoch'), visits, visitors, pageviews from total_day"
            " join site s on s.key = site_key where s.id = ? order by day",
            site,
        )
        return {dt.date.fromisoformat(day): tuple(figures) for day, *figures in rows if any(figures)}


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a shell runs in the background, and its children
    signal.signal(signal.SIGINT, signal.default_int_handler)

ATTEMPTS = 5  # to interrupt a command that may end before the test can, on a busy machine


def new_home(folder: Path) -> Home:
    """A home in a folder that is made."""
    folder.mkdir()
    return Home(folder)


class Service:
    """A running `counter serve`; leaving the `with` block kills it if it still runs."""

    def __init__(self, home: Home, launcher: list[str] | None = None) -> None:
        """Start, and wait until it listens; `launcher` stands in the place of `python -m counter`."""
        command = home.command("serve", "--port", "0")
        if launcher is not None:
            command[:3] = launcher
        self.home = home
        self.seconds = 0.0  # from the start of the process to its first answer
        self._out = home.folder / "serve.out"
        self._err = home.folder / "serve.err"
        started = time.monotonic()
        with self._out.open("wb") as out, self._err.open("ab") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, cwd=home.folder, env=home.environment)
        try:
            self.port = self._wait_for_port()
            self.until(lambda: self.get("/healthz").status == 200)
        except BaseException:
            self.kill()
            raise
        self.seconds = time.monotonic() - started

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def log(self) -> str:
        return self._err.read_text(errors="replace")

    def _wait_for_port(self) -> int:
        found = None

        def announced() -> bool:
            nonlocal found
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended with {self.process.returncode}: {self.log[-2000:]}")
            found = _ANNOUNCED.search(self._out.read_text())
            return found is not None

        self.until(announced)
        assert found is not None
        return int(found[1])

    @staticmethod
    def until(true: Callable[[], bool]) -> None:
        """Wait until something is true; the longer it takes, the less often it is looked at."""
        end, pause = time.monotonic() + HANG, 0.005
        while not true():
            assert time.monotonic() < end, f"waited {HANG:.0f} s"
            time.sleep(pause)
            pause = min(1.1 * pause, 0.02)

    def kill(self) -> None:
        """`kill -9`, without a word."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(HANG)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(HANG)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG)
        try:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, path, body, {"User-Agent": BROWSER, **named})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def hit(self, site: str = "demo", path: str = "/", agent: str = BROWSER, **fields: object) -> Answer:
        """One page view by POST /hit."""
        ip = str(fields.pop("visitor", "203.0.113.7"))
        token = {"Authorization": f"Bearer {fields.pop('token')}"} if "token" in fields else {}
        body = json.dumps({"site": site, "path": path, **fields}).encode()
        return self.ask("POST", "/hit", body, User_Agent=agent, X_Forwarded_For=ip, **token)

    def totals(self, site: str = "demo", metric: str = "visits") -> dict[str, Any]:
        answer = self.get(f"/api/v1/totals?site={site}&metric={metric}")
        assert answer.status == 200, answer
        return answer.json  # type: ignore[no-any-return]


class Keepalive:
    """One connection of a visitor who sends hit after hit; made for load, so it speaks raw HTTP."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, fields: object, ip: str = "203.0.113.7", *, short: int = 0) -> None:
        """Write the request; `short` bytes of its body are held back."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        body = json.dumps(fields).encode()
        head = (
            f"POST /hit HTTP/1.1\r\nHost: counter\r\nUser-Agent: {BROWSER}\r\nX-Forwarded-For: {ip}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._streams[1].write(head.encode() + body[: len(body) - short])
        await self._streams[1].drain()

    async def receive(self) -> tuple[int, str]:
        """Status and X-Counter; (0, "") when the connection was cut."""
        assert self._streams is not None
        reader = self._streams[0]
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?i)^content-length: *(\d+)", head, re.MULTILINE)
            await reader.readexactly(int(length[1]) if length else 0)
        except (OSError, asyncio.IncompleteReadError):
            return 0, ""
        said = re.search(r"(?i)^x-counter: *([^\r]*)", head, re.MULTILINE)
        return int(head.split(" ", 2)[1]), said[1] if said else ""

    async def hit(self, fields: object, ip: str = "203.0.113.7") -> tuple[int, str]:
        try:
            await self.send(fields, ip)
        except OSError:
            return 0, ""
        return await self.receive()

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()


@contextlib.contextmanager
def running(home: Home) -> Iterator[Service]:
    with Service(home) as service:
        yield service
