"""A whole service for tests: a real application on real SQLite, reached over real HTTP, with a clock that stands still.

    from tests.kit.app import BROWSER, Counter, Start

    async def test_a_rule(start: Start) -> None:
        counter = await start(counting={"respect_gpc": True})
        answer = await counter.hit(path="/")

The test client is the only trusted proxy, so `ip=` puts the visitor anywhere.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient, TestServer

from counter.app import Intervals, build_app
from counter.collect.agents.useragent import UserAgents
from counter.config import Config, load
from counter.passwords import Passwords
from counter.question import HistoryDay
from counter.service.service import SERVICE, Service, token_digest
from counter.site import TokenMay
from dashboard.app import build_dashboard
from tests.kit.loop_guard import loop_guard

NOON = 1_732_190_400.0  # 2024-11-21 12:00:00 UTC, a Thursday
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
VISITOR = "198.51.100.7"
TOKEN = "a-write-token-of-the-tests"
HANG = 60.0  # seconds; ten times what anything here takes, against hangs only
LOG_GROWTH = 64 * 1024  # bytes that hostile hits may write to the log


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: float = NOON, monotonic: float = 1000.0) -> None:
        self._now = now
        self._monotonic = monotonic

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Both go on; wall clocks alone are set with `set`."""
        self._now += seconds
        self._monotonic += seconds

    def set(self, now: float) -> None:
        self._now = now


class LogMeter(logging.Handler):
    """How much was logged, and what."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def size(self) -> int:
        return sum(len(line) for line in self.lines)


def toml(sections: Mapping[str, Any]) -> str:
    """Sections of plain values, and `sites` as a list of tables; JSON writes these values as TOML does."""
    lines = []
    for section, table in sections.items():
        for one in table if section == "sites" else [table]:
            lines.append("[[sites]]" if section == "sites" else f"[{section}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in one.items()]
    return "\n".join(lines) + "\n"


def make_config(tmp_path: Path, **sections: Any) -> Config:
    """A configuration with the site `demo`, the data in `tmp_path/data`, and `sections` over it."""
    wanted: dict[str, Any] = {
        "server": {"trusted_proxies": ["127.0.0.1", "::1"]},
        "storage": {"path": "data"},
        "counting": {"rate_limit_per_minute": 0, "driven_browsers": "count"},  # each browser of a test is driven
        "sites": [{"id": "demo", "name": "Demo"}],
    }
    for section, values in sections.items():
        wanted[section] = values if section == "sites" else {**wanted.get(section, {}), **values}
    file = tmp_path / "config.toml"
    file.write_text(toml(wanted), encoding="utf-8")
    return load(file, {})


class Counter:
    """One running service, and what tests ask of it."""

    def __init__(self, client: TestClient[Any, Any], service: Service, clock: FakeClock, log: LogMeter) -> None:
        self.client = client
        self.service = service
        self.clock = clock
        self.log = log
        self.statuses: list[int] = []
        self.guard = loop_guard()

    # Sending ---------------------------------------------------------------------------------------------------

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        """One request, read to its end."""
        async with asyncio.timeout(HANG):
            with self.guard.around_request():
                answer = await self.client.request(method, path, allow_redirects=False, **options)
                await answer.read()
        self.statuses.append(answer.status)
        return answer

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.request("GET", path, **options)

    async def post(self, body: Any, *, ip: str = VISITOR, agent: str = BROWSER, path: str = "/hit",
                   headers: Mapping[str, str] | None = None) -> aiohttp.ClientResponse:  # fmt: skip
        """POST /hit: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.request("POST", path, data=io.BytesIO(data), headers=sent_by(ip, agent, headers))

    async def hit(self, *, ip: str = VISITOR, agent: str = BROWSER, headers: Mapping[str, str] | None = None,
                  **keys: Any) -> aiohttp.ClientResponse:  # fmt: skip
        """One hit of the wire format; site and path have defaults."""
        return await self.post({"site": "demo", "path": "/", **keys}, ip=ip, agent=agent, headers=headers)

    async def outcome(self, **hit: Any) -> str:
        """`counted`, `duplicate`, or the reason it was dropped for."""
        answer = await self.hit(**hit)
        return outcome_of(answer)

    async def pixel(
        self, query: Mapping[str, str] | str = "site=demo&path=/", *, ip: str = VISITOR, agent: str = BROWSER,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:  # fmt: skip
        return await self.request("GET", "/pixel.gif", params=query, headers=sent_by(ip, agent, headers))

    async def totals(self, **query: str) -> dict[str, Any]:
        answer = await self.get("/api/v1/totals", params={"site": "demo", **query})
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())

    async def raw(self, data: bytes, *, end: bool = False) -> bytes:
        """Bytes over a socket of our own; everything that comes back until the server closes or is silent."""
        reader, writer = await asyncio.open_connection(self.client.host, self.client.port)
        try:
            writer.write(data)
            await writer.drain()
            if end:
                writer.write_eof()
            with self.guard.around_request():
                return await _read_answer(reader)
        finally:
            writer.close()

    # Looking ---------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        return self.service.config.storage.path

    def rows(self, question: str, *values: object) -> list[dict[str, Any]]:
        """What SQLite has, read by a connection of our own that cannot write."""
        return read_rows(self.folder, question, *values)

    def hits(self) -> list[dict[str, Any]]:
        """Every counted hit, in the order they arrived."""
        return self.rows("select * from hit_log order by hit")

    async def settled(self) -> None:
        """Drops are answered before they are written: until they are."""
        async with asyncio.timeout(HANG):
            await self.service.writer.settled()

    async def drops(self) -> dict[str, int]:
        """How many hits of all sites and days were dropped, by reason."""
        await self.settled()
        return {row["reason"]: row["n"] for row in
                self.rows("select reason, sum(count) as n from drop_count group by reason")}  # fmt: skip

    # Arranging -------------------------------------------------------------------------------------------------

    def site_key(self, site_id: str = "demo") -> int:
        return self.service.sites.get(site_id).site.key

    async def add_token(
        self, site_id: str = "demo", token: str = TOKEN, may: TokenMay = TokenMay.WRITE
    ) -> dict[str, str]:
        """The header that carries a token of the site, to write or to read."""
        await self.service.store.catalog.add_token(self.site_key(site_id), token_digest(token), self.clock.now(), may)
        await self.service.reload_sites()
        return {"Authorization": f"Bearer {token}"}

    async def put_history(self, days: Sequence[HistoryDay], site_id: str = "demo") -> None:
        await self.service.store.catalog.put_history(self.site_key(site_id), days, "a test", self.clock.now())
        await self.service.reload_sites()

    async def assert_unharmed(self, allowed: tuple[int, ...] = ()) -> None:
        """Nothing answered 5xx but what is `allowed`, little was logged, it is alive, and a good hit is stored."""
        wrong = sorted({status for status in self.statuses if status >= 500} - set(allowed))
        assert not wrong, f"answered {wrong}; the log says {self.log.lines[-3:]}"
        assert self.log.size < LOG_GROWTH
        assert (await self.get("/healthz")).status == 200
        answer = await self.hit(path="/a-good-hit", ip="203.0.113.250", id=f"good-{len(self.statuses)}")
        assert (answer.status, answer.headers["X-Counter"]) == (202, "counted")
        assert self.hits()[-1]["path"] == "/a-good-hit"


def sent_by(ip: str, agent: str, headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Headers of a visitor; those given come last and win, an empty one is left out."""
    whole = {"X-Forwarded-For": ip, "User-Agent": agent, "Content-Type": "application/json", **(headers or {})}
    return {name: value for name, value in whole.items() if value or name == "User-Agent"}


def post_bytes(body: bytes, *headers: bytes, path: bytes = b"/hit", agent: bytes = BROWSER.encode()) -> bytes:
    """A request as bytes, for headers that no client would send."""
    lines = [b"POST %s HTTP/1.1" % path, b"Host: x", b"Connection: close", b"Content-Length: %d" % len(body)]
    if not any(header.lower().startswith(b"user-agent:") for header in headers):
        lines.append(b"User-Agent: " + agent)
    return b"\r\n".join([*lines, *headers]) + b"\r\n\r\n" + body


def status_of(answer: bytes) -> int:
    """The status of a raw answer; 0 when the connection was closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def outcome_of(answer: aiohttp.ClientResponse) -> str:
    return answer.headers.get("X-Counter", f"HTTP {answer.status}").removeprefix("dropped; reason=")


def read_rows(folder: Path, question: str, *values: object) -> list[dict[str, Any]]:
    connection = sqlite3.connect(f"file:{folder / 'counter.db'}?mode=ro", uri=True)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(question, values)]
    finally:
        connection.close()


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    """Until the end, or half a second of silence after something whole came."""
    answer = b""
    try:
        async with asyncio.timeout(HANG):
            answer = await reader.read(65_536)
        while answer:
            async with asyncio.timeout(0.5 if _is_whole(answer) else HANG):
                more = await reader.read(65_536)
            if not more:
                break
            answer += more
    except (TimeoutError, ConnectionError):
        pass
    return answer


def _is_whole(answer: bytes) -> bool:
    """Whether nothing is missing of the first answer; a busy machine may send it with pauses."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if end and head.startswith(b"HTTP/1.1 100 "):
        return _is_whole(body)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(end) and (length is None or len(body) >= int(length[1]))


Start = Callable[..., Awaitable[Counter]]
_agents = cache(UserAgents)  # 0.5 s to make, and the same for everyone


@asynccontextmanager
async def starting(folder: Path, countries: Path) -> AsyncIterator[Start]:
    """What the fixture `start` gives: a function that starts services below `folder`, all stopped at the end.

    `countries` is the folder of the shipped database of countries, unpacked.
    """
    log = LogMeter()
    logging.getLogger().addHandler(log)
    logging.getLogger().setLevel(logging.INFO)
    running: list[Counter] = []

    async def begin(
        clock: FakeClock | None = None,
        *,
        dashboard: bool = False,
        intervals: Intervals | None = None,
        **sections: Any,
    ) -> Counter:
        clock = clock or FakeClock()
        if not (folder / "data").exists():
            (folder / "data").mkdir(mode=0o700)
            shutil.copytree(countries, folder / "data" / "geo", copy_function=os.link)
        app = build_app(
            make_config(folder, **sections),
            clock,
            agents=_agents(),
            passwords=Passwords(time_cost=1, memory_kib=8),  # which cost next to nothing
            intervals=intervals,
        )
        if dashboard:
            app.add_subapp("/dashboard", build_dashboard(app[SERVICE]))
        server = TestServer(app)
        await server.start_server(access_log=None, keepalive_timeout=30)
        client = TestClient(server, cookie_jar=aiohttp.DummyCookieJar())
        counter = Counter(client, app[SERVICE], clock, log)
        running.append(counter)
        return counter

    try:
        yield begin
    finally:
        for counter in running:
            await stop(counter)
        logging.getLogger().removeHandler(log)


async def stop(counter: Counter) -> None:
    """Stop the service as SIGTERM does: what is queued is committed. Twice is as good as once."""
    async with asyncio.timeout(HANG):
        await counter.client.close()
