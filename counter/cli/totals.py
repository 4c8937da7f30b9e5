"""`counter totals`: what the API answers, for people or as JSON."""

from __future__ import annotations

import click
import msgspec
from rich.console import Console
from rich.table import Table

from counter.cli.context import Context, find_site, run
from counter.clock import SystemClock
from counter.question import Metric
from counter.service.book import LINES, Book, Snapshot, take_snapshot
from counter.service.online import WINDOW
from counter.site import ActiveSite
from counter.web.totals import as_json


@click.command(epilog="Example: counter totals --site shop --json")
@click.option("--site", "site_id", required=True, metavar="ID")
@click.option("--metric", type=click.Choice([metric.value for metric in Metric]), default="visits", show_default=True)
@click.option("--json", "json_wanted", is_flag=True, help="Print what GET /api/v1/totals answers.")
@click.pass_obj
def totals(context: Context, site_id: str, metric: str, json_wanted: bool) -> None:
    """The numbers of a site: today, yesterday, weeks, months and all days."""
    snapshot, active = run(_read(context, site_id, Metric(metric)))
    if json_wanted:
        click.echo(msgspec.json.format(msgspec.json.encode(as_json(snapshot, active))).decode())
        return
    table = Table("", metric, "from", "to", box=None)
    for name in LINES:
        count = snapshot.counts[name]
        shown = "—" if count.value is None else f"{count.value:,}"
        table.add_row(name.replace("_", " "), shown, str(count.start or ""), str(count.end))
    table.columns[1].justify = "right"
    console = Console()
    console.print(table)
    console.print(f"{snapshot.online} online, {snapshot.local_time} in {snapshot.site.timezone}", highlight=False)


async def _read(context: Context, site_id: str, metric: Metric) -> tuple[Snapshot, ActiveSite]:
    now = SystemClock().now()
    async with context.reading() as store:
        active = ActiveSite(await find_site(store, site_id))
        key = active.site.key
        book = Book()
        book.load(await store.reports.day_totals(key), await store.reports.history(key))
        online = sum(seen[0] == key for seen in await store.reports.online(int(now) - WINDOW))
    return take_snapshot(active.site, active.local, metric, book.tally(key, metric), online, now), active
