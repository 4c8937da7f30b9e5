"""`counter site drops` and `counter site bots`: hits that were not counted."""

from __future__ import annotations

from collections import Counter

import click
from rich.console import Console
from rich.table import Table

from counter.calendar.localtime import LocalTime, day_date
from counter.cli.context import Context, find_site, run
from counter.cli.plain import plain, print_json
from counter.clock import SystemClock
from counter.question import BotCount, DropCount, LoggedDrop
from counter.site import Site
from counter.store.open import ReadOnlyStore

DAYS = click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 36_600), help="Local days back, with today."
)
JSON = click.option("--json", "json_wanted", is_flag=True, help="For programs.")


@click.command(epilog="Example: counter site drops shop --last 50")
@click.argument("site_id", metavar="ID")
@DAYS
@click.option("--last", type=click.IntRange(1, 1000), help="Show the last N hits themselves; 1,000 are kept.")
@JSON
@click.pass_obj
def drops(context: Context, site_id: str, days: int, last: int | None, json_wanted: bool) -> None:
    """What was not counted, per day and reason, or hit by hit."""
    if last is not None:
        run(_show_last(context, site_id, last, json_wanted))
        return
    found = run(_drop_counts(context, site_id, days))
    if json_wanted:
        print_json([{"day": str(day_date(one.day)), "reason": one.reason, "hits": one.count} for one in found])
    elif not found:
        click.echo(f"nothing was dropped in {days} days")
    else:
        table = Table("day", "reason", "hits", box=None)
        for one in found:
            table.add_row(str(day_date(one.day)), one.reason, f"{one.count:,}")
        Console().print(table)


@click.command(epilog="Example: counter site bots shop --days 7")
@click.argument("site_id", metavar="ID")
@DAYS
@JSON
@click.pass_obj
def bots(context: Context, site_id: str, days: int, json_wanted: bool) -> None:
    """The bots that came, the busiest first; they are in no total."""
    found = run(_bot_counts(context, site_id, days))
    hits: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        hits[one.name, one.category, one.reason] += one.count
    rows = sorted(hits.items(), key=lambda row: (-row[1], row[0]))
    if json_wanted:
        names = ("name", "category", "reason")
        print_json([{**dict(zip(names, bot, strict=True)), "hits": count} for bot, count in rows])
    elif not rows:
        click.echo(f"no bot came in {days} days")
    else:
        table = Table("bot", "category", "recognised by", "hits", box=None)
        table.columns[3].justify = "right"
        for (name, category, reason), count in rows:
            table.add_row(plain(name), category, reason, f"{count:,}")
        Console().print(table)


def show_drops(found: list[LoggedDrop], site: Site) -> None:
    """A table of drops, newest first, in the site's time."""
    local = LocalTime(site.timezone)
    table = Table("time", "reason", "path", "address", "bot", "user agent", box=None)
    table.columns[0].no_wrap = True
    for one in found:
        table.add_row(
            local.text(one.at), one.reason, plain(one.path), plain(one.address or ""), plain(one.bot),
            plain(one.user_agent),
        )  # fmt: skip
    Console().print(table)


def drops_as_json(found: list[LoggedDrop], site: Site) -> list[dict[str, str | None]]:
    local = LocalTime(site.timezone)
    return [
        {
            "time": local.iso(one.at), "reason": one.reason, "path": one.path, "address": one.address,
            "bot": one.bot or None, "user_agent": one.user_agent,
        }
        for one in found
    ]  # fmt: skip


async def _show_last(context: Context, site_id: str, last: int, json_wanted: bool) -> None:
    async with context.reading() as store:
        site = await find_site(store, site_id)
        found = await store.reports.last_drops(site.key, last)
    if json_wanted:
        print_json(drops_as_json(found, site))
    elif found:
        show_drops(found, site)
    else:
        click.echo("nothing was dropped")


async def _drop_counts(context: Context, site_id: str, days: int) -> list[DropCount]:
    async with context.reading() as store:
        return await store.reports.drops(*await _period(store, site_id, days))


async def _bot_counts(context: Context, site_id: str, days: int) -> list[BotCount]:
    async with context.reading() as store:
        return await store.reports.bots(*await _period(store, site_id, days))


async def _period(store: ReadOnlyStore, site_id: str, days: int) -> tuple[int, int, int]:
    """The site's key, and the last `days` of its local days."""
    site = await find_site(store, site_id)
    today = LocalTime(site.timezone).day(int(SystemClock().now()))
    return site.key, today - days + 1, today + 1
