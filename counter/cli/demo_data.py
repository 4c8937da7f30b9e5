"""`counter demo-data`: a site with a believable year of made-up visitors, for trying things out."""

from __future__ import annotations

import datetime as dt
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from counter.calendar.localtime import LocalTime, day_date, day_number
from counter.cli.context import Context, run
from counter.cli.port import Port, appending, open_port
from counter.clock import SystemClock
from counter.collect.identify import Salts
from counter.demo import catalogue
from counter.demo.shape import Plan
from counter.demo.writing import DemoSummary, write_plan
from counter.errors import UsageError
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.sites import AddGoal, AddSite
from counter.site import Goal, GoalKind, Site
from counter.store.open import ReadOnlyStore

ZONE = "Europe/Berlin"  # of a site that is made here
MOST_HITS = 50_000_000
MOST_DAYS = 3660
GOALS = (Goal("Signed up", GoalKind.EVENT, "signup"), Goal("Read pricing", GoalKind.PAGE, "/pricing"))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the owner asked for."""

    site_id: str
    hits: int
    days: int
    seed: int
    until: dt.date | None
    add: bool


@click.command("demo-data", epilog="Example: counter demo-data --site demo --hits 100000 --days 90")
@click.option("--site", "site_id", required=True, metavar="ID", help="Made when it is not there yet.")
@click.option("--hits", default=1_000_000, show_default=True, type=click.IntRange(1, MOST_HITS),
              help="Page views and custom events.")  # fmt: skip
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, MOST_DAYS), help="Local days.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="The same seed makes the same.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="The last day; yesterday when absent. Today is made up to now.")  # fmt: skip
@click.option("--add", is_flag=True, help="Although the site has hits: they can't be told apart again.")
@click.pass_obj
def demo_data(
    context: Context, site_id: str, hits: int, days: int, seed: int, until: dt.datetime | None, add: bool
) -> None:  # fmt: skip
    """Fill a site with visitors who never were: weekdays and nights, growth, a launch, a wave of bots.

    The same options make the same hits, and within 48 hours a run that was interrupted is finished by the same
    command with --add. Addresses are of the ranges for documentation and benchmarks: they belong to nobody.
    """
    started = time.monotonic()
    summary = DemoSummary()
    try:
        with _without_garbage_collection():
            run(_fill(context, _Wish(site_id, hits, days, seed, until.date() if until else None, add), summary))
    except KeyboardInterrupt:
        click.echo(
            f"interrupted: {summary.hits:,} of {hits:,} hits are written;"
            " the same command with --add, given today, writes the others", err=True,
        )  # fmt: skip
        raise click.Abort from None
    _show(summary, time.monotonic() - started)
    server = context.config.server
    base = server.public_url or f"http://{server.host}:{server.port}"
    click.echo(f"look at {base}/dashboard/ and {base}/widget/{site_id}.html (service: counter serve)")


async def _fill(context: Context, wish: _Wish, summary: DemoSummary) -> None:
    now = int(SystemClock().now())
    async with open_port(context.config) as port:
        async with context.reading() as store:
            site = await _find_or_make(store, port, wish)
        plan = _plan(site, wish, now)
        # A salt says that a day's visitors may still be recognised: when it expires, the store forgets them.
        salts = Salts(context.config.storage.path / "salts")
        with _progress() as progress:
            task = progress.add_task(site.id, total=plan.hits)
            await write_plan(
                plan,
                appending(port, site.timezone),
                lambda day: salts.key(site.key, day, now),
                summary,
                lambda: progress.update(task, completed=summary.hits + summary.written_before),
            )
        async with context.reading() as store:  # goals last: counted once for all hits, not with each portion of them
            await _add_goals(store, port, site)


async def _find_or_make(store: ReadOnlyStore, port: Port, wish: _Wish) -> Site:
    """The site; UsageError when it has hits and nobody said that more may be added."""
    site = next((one for one in await store.catalog.sites() if one.id == wish.site_id), None)
    if site is None:
        hosts = (catalogue.SHOP, f"www.{catalogue.SHOP}")
        made = Site(0, wish.site_id, catalogue.NAME, hosts, ZONE)
        site = await port.apply(AddSite(made, actor=COMMAND_LINE))
    hits = sum(day.pageviews + day.events for day in await store.reports.day_totals(site.key))
    if hits and not wish.add:
        raise UsageError(
            f"site {site.id!r} has {hits:,} hits, and what is added can never be taken away again; name a new site,"
            " or say --add"
        )
    return site


async def _add_goals(store: ReadOnlyStore, port: Port, site: Site) -> None:
    known = {goal.name for goal in await store.reports.goals(site.key)}
    for goal in GOALS:
        if goal.name not in known:
            await port.apply(AddGoal(site.key, goal, actor=COMMAND_LINE))


def _plan(site: Site, wish: _Wish, now: int) -> Plan:
    local = LocalTime(site.timezone)
    today = local.day(now)
    last = today - 1 if wish.until is None else day_number(wish.until)
    if last > today:
        raise UsageError(f"--until {day_date(last)} is in the future; today is {day_date(today)} in {site.timezone}")
    end = min(local.midnight(last + 1), max(now, local.midnight(last) + 1))
    return Plan(site.key, site.timezone, last - wish.days + 1, wish.days, wish.hits, wish.seed, end)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Events form no reference cycles, so the collector would search them in vain."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _show(summary: DemoSummary, seconds: float) -> None:
    table = Table("", "", box=None, show_header=False)
    table.columns[1].justify = "right"
    for name, count in summary.rows():
        if count or name == "hits":
            table.add_row(name, f"{count:,}")
    console = Console()
    console.print(table)
    console.print(f"{seconds:.1f} s, {summary.hits / max(seconds, 1e-9):,.0f} hits/s", highlight=False)
