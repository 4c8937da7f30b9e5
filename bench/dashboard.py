"""What the dashboard's pages cost: the report of a year, and the overview of many sites, over real HTTP.

CPU is that of the service's process with all its threads; the middle of some requests, after one that is not counted.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import itertools
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from bench.figures import Figure, Scale, console, new_table, show, step, steps
from bench.reports import BATCH, DAY, DAYS, SITE, START, make_year, year_of_hits
from bench.servers import PATIENCE, ROOT, Server, environment, make_config, our_server, temporary_folder
from counter.event import Event
from counter.site import ActiveSite, Site
from counter.store.open import open_store
from counter.store.protocols import Batch

LOGIN, PASSWORD = "bench", "as long as it takes"
ROUNDS = 5
SITES = 50
SITE_DAYS = 28  # of history that each site of the overview has
YEAR = "from=2024-01-01&to=2024-12-31"
REPORTS = (
    ("report, no filter", YEAR, "<= 60 ms"),
    ("report, two visit filters, few", f"{YEAR}&filter=country:is:AB&filter=device:is:desktop", "<= 1,000 ms"),
    ("report, source and page, few", f"{YEAR}&filter=source:is:Source+0&filter=page:contains:/section-1/",
     "<= 1,000 ms"),
)  # fmt: skip
BYTES_AIM = "< 80,000 bytes"


class Cost(NamedTuple):
    """One page: milliseconds of CPU and on the wall, bytes as sent and as they are."""

    cpu: float
    wall: float
    sent: int
    plain: int


class Reader:
    """A browser that is signed in, as far as a measurement needs one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        form = urlencode({"login": LOGIN, "password": PASSWORD, "next": "/dashboard/"})
        origin = f"http://127.0.0.1:{server.port}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        self._connection.request("POST", "/dashboard/login", form, headers)
        answer = self._connection.getresponse()
        answer.read()
        cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
        if answer.status != 303 or not cookie:
            raise RuntimeError(f"signing in was answered {answer.status}")
        self._headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}

    def get(self, path: str) -> bytes:
        """The body as it is sent."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}: {body[:500]!r}")
        return body

    def measure(self, path: str, rounds: int = ROUNDS) -> Cost:
        costs, walls = [], []
        body = self.get(path)
        for _ in range(rounds):
            before, started = self._server.cpu(), time.perf_counter()
            body = self.get(path)
            costs.append((self._server.cpu() - before) * 1e3)
            walls.append((time.perf_counter() - started) * 1e3)
        return Cost(median(costs), median(walls), len(body), len(gzip.decompress(body)))


def measure_dashboard(scale: Scale) -> list[Figure]:
    """The report of a year with and without filters, and the overview of fifty sites."""
    hits, each = (20_000, 200) if scale.quick else (1_000_000, 4_000)
    with temporary_folder() as folder:
        asyncio.run(make_year(folder / "data", hits, 1_000))
        found = read_pages(folder, [(name, f"/dashboard/sites/{SITE.id}?{query}") for name, query, _ in REPORTS])
    with temporary_folder() as folder:
        asyncio.run(make_sites(folder / "data", each))
        found |= read_pages(folder, [(f"overview, {SITES} sites", "/dashboard/")])
    table = new_table(
        f"Dashboard, a year of {hits:,} hits on 1,000 paths", "page", "ms CPU", "ms", "bytes sent", "plain"
    )
    for name, cost in found.items():
        table.add_row(name, show(cost.cpu), show(cost.wall), f"{cost.sent:,}", f"{cost.plain:,}")
    console.print(table)
    aims = {name: aim for name, _, aim in REPORTS}
    return [
        figure
        for name, cost in found.items()
        for figure in (
            Figure(name, "ms CPU", cost.cpu, aim=aims.get(name, "")),
            Figure(f"{name}, sent", "bytes", cost.sent, aim=BYTES_AIM),
        )
    ]


def read_pages(folder: Path, paths: list[tuple[str, str]]) -> dict[str, Cost]:
    """Each page of a service on `folder`, by its name."""
    add_user(make_config(folder))
    with our_server(folder) as server:
        reader = Reader(server)
        return {name: reader.measure(path) for name, path in paths}


def add_user(config: Path) -> None:
    """An owner to sign in as; no service runs."""
    arguments = [sys.executable, "-m", "counter", "--config", str(config), "user", "add", LOGIN, "--owner"]
    subprocess.run(
        [*arguments, "--password-stdin"], input=PASSWORD, cwd=ROOT, env=environment(), text=True, check=True,
        capture_output=True,
    )  # fmt: skip


async def make_sites(folder: Path, hits: int) -> None:
    """Fifty sites with some weeks of `hits` hits each, until now."""
    now = int(time.time())
    shift = (now - START) // DAY * DAY - (SITE_DAYS - 1) * DAY
    async with open_store(folder, "normal", 30) as store:
        with steps(f"storing {SITES} sites", SITES) as progress:
            for number in range(SITES):
                site = ActiveSite(await store.catalog.add_site(Site(0, f"site-{number}", f"Site {number}"), now))
                events = itertools.takewhile(
                    lambda event: event.at < START + SITE_DAYS * DAY, year_of_hits(site, hits * DAYS // SITE_DAYS, 100)
                )
                recent = (moved for event in events if (moved := move(event, site, shift)).at < now)
                while batch := tuple(islice(recent, BATCH)):
                    await store.append(Batch(batch), now)
                step(progress, 1)
        await store.fold()


def move(event: Event, site: ActiveSite, seconds: int) -> Event:
    """The same event so much later."""
    at = event.at + seconds
    day, hour = site.local.day_hour(at)
    return msgspec.structs.replace(event, at=at, day=day, hour=hour)
