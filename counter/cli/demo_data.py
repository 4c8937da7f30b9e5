"""`counter demo-data`: a site with a believable year of visitors who never were, to try things out on."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from counter.cli.context import Context, run
from counter.cli.port import Port, open_port
from counter.clock import SystemClock
from counter.demo import catalogue
from counter.demo.batches import Packer
from counter.demo.shape import DayShape, Plan, days_of
from counter.demo.visits import Made, make_day
from counter.errors import StoreError, UsageError
from counter.event import Event, Kind, Outcome
from counter.ingest.identify import Salts
from counter.localtime import LocalTime, day_date, day_number
from counter.site import Goal, GoalKind, Site
from counter.store.open import ReadOnlyStore
from counter.store.protocols import Appended, Batch

ZONE = "Europe/Berlin"  # of a site that is made here
MOST_HITS = 50_000_000
MOST_DAYS = 3660
WORTH_A_PROCESS = 50_000  # hits; below, starting one takes longer than it saves
AHEAD = 3  # days that may be made before they are asked for; the largest of a million hits is about 25 MB
GOALS = (Goal("Signed up", GoalKind.EVENT, "signup"), Goal("Read pricing", GoalKind.PAGE, "/pricing"))


@dataclass(slots=True)
class Summary:
    """What was made, as far as it is written."""

    hits: int = 0
    events: int = 0
    visits: int = 0
    visitors: int = 0
    drops: int = 0
    known: int = 0  # hits that an earlier run had written
    days: set[int] = field(default_factory=set)


@click.command("demo-data", epilog="Example: counter demo-data --site demo --hits 100000 --days 90")
@click.option("--site", "site_id", required=True, metavar="ID", help="Made when it is not there yet.")
@click.option("--hits", default=1_000_000, show_default=True, type=click.IntRange(1, MOST_HITS),
              help="Page views and custom events.")  # fmt: skip
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, MOST_DAYS), help="Local days.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**32), help="The same seed makes the same.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="The last day; yesterday when absent. Today is made up to now.")  # fmt: skip
@click.option("--add", is_flag=True, help="Although the site has hits: they can't be told apart again.")
@click.pass_obj
def demo_data(
    context: Context, site_id: str, hits: int, days: int, seed: int, until: dt.datetime | None, add: bool
) -> None:  # fmt: skip
    """Fill a site with visitors who never were: a year with weekdays and nights, growth, a launch and a wave of bots.

    The same options make the same hits. A run that was interrupted is finished by the same command with --add
    within 48 hours. Addresses are of the ranges for documentation and benchmarks: they belong to nobody.
    """
    started = time.monotonic()
    summary = Summary()
    wish = _Wish(site_id, hits, days, seed, until.date() if until else None, add)
    try:
        run(_fill(context, wish, summary))
    except KeyboardInterrupt:
        click.echo(f"interrupted; {summary.hits:,} hits are written, finish with the same command and --add", err=True)
        raise click.Abort from None
    _show(context, site_id, summary, time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the owner asked for."""

    site_id: str
    hits: int
    days: int
    seed: int
    until: dt.date | None
    add: bool


async def _fill(context: Context, wish: _Wish, summary: Summary) -> None:
    now = int(SystemClock().now())
    async with open_port(context.config) as port:
        async with context.reading() as store:
            site = await _find_or_make(store, port, wish)
            await _add_goals(store, port, site)
        plan = _plan(site, wish, now)
        salts = Salts(context.config.storage.path / "salts")
        writing = _Writing(port, site, salts, now, summary)
        with _progress() as progress, _executor(plan) as executor:
            task = progress.add_task(site.id, total=plan.hits)
            try:
                packer = Packer(plan)
                async for made in _make(executor, plan):
                    for batch in packer.add(made):
                        await writing.write(batch)
                    progress.update(task, completed=summary.hits + summary.known)
                for batch in packer.rest():
                    await writing.write(batch)
            finally:
                await writing.finish()


async def _find_or_make(store: ReadOnlyStore, port: Port, wish: _Wish) -> Site:
    """The site; UsageError when it has hits and nobody said that these may be added."""
    site = next((one for one in await store.sites() if one.id == wish.site_id), None)
    if site is None:
        hosts = (catalogue.SHOP, f"www.{catalogue.SHOP}")
        site = await port.add_site(Site(0, wish.site_id, catalogue.NAME, hosts, ZONE))
    if wish.add:
        return site
    hits = sum(day.pageviews + day.events for day in await store.reports.day_totals(site.key))
    if hits:
        raise UsageError(
            f"site {site.id!r} has {hits:,} hits, and what is added can never be taken away again; name a new site,"
            " or say --add"
        )
    return site


async def _add_goals(store: ReadOnlyStore, port: Port, site: Site) -> None:
    known = {goal.name for goal in await store.reports.goals(site.key)}
    for goal in GOALS:
        if goal.name not in known:
            await port.add_goal(site.key, goal)


def _plan(site: Site, wish: _Wish, now: int) -> Plan:
    local = LocalTime(site.timezone)
    today = local.day(now)
    last = today - 1 if wish.until is None else day_number(wish.until)
    if last > today:
        raise UsageError(f"--until {day_date(last)} is in the future; today is {day_date(today)} in {site.timezone}")
    end = min(local.midnight(last + 1), now)
    return Plan(site.key, site.timezone, last - wish.days + 1, wish.days, wish.hits, wish.seed, end)


async def _make(executor: Executor, plan: Plan) -> AsyncIterator[Made]:
    """The days in their order; some are made ahead, while others are written."""
    coming: list[Future[Made]] = []
    shapes: Iterator[DayShape] = iter(days_of(plan))
    try:
        while True:
            while len(coming) < AHEAD and (shape := next(shapes, None)) is not None:
                coming.append(executor.submit(make_day, plan, shape))
            if not coming:
                return
            yield await asyncio.wrap_future(coming.pop(0))
    except BrokenProcessPool as error:
        raise StoreError("the process that makes the days ended; finish with the same command and --add") from error


class _Writing:
    """Hands batches to the writer, one while the next is made."""

    def __init__(self, port: Port, site: Site, salts: Salts, now: int, summary: Summary) -> None:
        self._port = port
        self._site = site
        self._salts = salts
        self._now = now
        self._summary = summary
        self._task: asyncio.Task[None] | None = None

    async def write(self, batch: Batch) -> None:
        await self.finish()
        self._task = asyncio.create_task(self._write(batch))
        await asyncio.sleep(0)

    async def finish(self) -> None:
        """Wait for what is on its way; also when we are asked to stop, so that the summary tells what is written."""
        if self._task is not None:
            task, self._task = self._task, None
            await asyncio.shield(task)

    async def _write(self, batch: Batch) -> None:
        days = {event.day for event in batch.events} - self._summary.days
        await asyncio.to_thread(self._make_salts, sorted(days))
        appended = await self._port.append(batch, timezone=self._site.timezone)
        self._summary.days |= days
        self._sum_up(batch, appended)

    def _make_salts(self, days: list[int]) -> None:
        """A salt says that a day's visitors may still be recognised: when it expires, they are forgotten."""
        for day in days:
            self._salts.key(self._site.key, day, self._now)

    def _sum_up(self, batch: Batch, appended: Appended) -> None:
        summary = self._summary
        hits = sum(event.kind != Kind.ENGAGED for event in batch.events)
        if batch.events and not any(outcome == Outcome.COUNTED for outcome in appended.outcomes):
            summary.known += hits
            return
        summary.hits += hits
        summary.events += sum(event.kind == Kind.CUSTOM for event in batch.events)
        summary.visits += sum(day.visits for day in appended.gained)
        summary.visitors += sum(day.visitors for day in appended.gained)
        summary.drops += len(batch.drops)


@contextmanager
def _executor(plan: Plan) -> Iterator[Executor]:
    """Where days are made: in a process of its own, because the writer needs this one's whole attention."""
    if plan.hits < WORTH_A_PROCESS:
        executor: Executor = ThreadPoolExecutor(1)
    else:
        executor = ProcessPoolExecutor(1, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _show(context: Context, site_id: str, summary: Summary, seconds: float) -> None:
    table = Table("", "", box=None, show_header=False)
    table.columns[1].justify = "right"
    rows = {
        "hits": summary.hits, "written before": summary.known, "custom events": summary.events,
        "visits": summary.visits, "daily visitors": summary.visitors, "days": len(summary.days),
        "not counted (bots and others)": summary.drops,
    }  # fmt: skip
    for name, count in rows.items():
        if count or name == "hits":
            table.add_row(name, f"{count:,}")
    console = Console()
    console.print(table)
    console.print(f"{seconds:.1f} s, {summary.hits / max(seconds, 1e-9):,.0f} hits/s", highlight=False)
    server = context.config.server
    base = server.public_url or f"http://{server.host}:{server.port}"
    click.echo(f"look at {base}/dashboard/ and {base}/widget/{site_id}.html (start the service with: counter serve)")
