"""Days of a former counter, before they are added to a site: what each line of the widget would show with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from counter.calendar.localtime import day_date
from counter.cli.context import Context, find_site
from counter.cli.port import open_port
from counter.clock import SystemClock
from counter.labels import EM_DASH
from counter.question import HistoryDay, Metric
from counter.service.book import LINES, Book, Snapshot, take_snapshot
from counter.site import ActiveSite, Site


class Preview(NamedTuple):
    """What the widget shows now, and what it would show; the days that have both history and counted visits."""

    before: Snapshot
    after: Snapshot
    both: list[int]


async def preview_of(context: Context, site: Site, days: Sequence[HistoryDay], changed: Site) -> Preview:
    """`changed` is the site as it would be, perhaps with another start count."""
    async with open_port(context.config), context.reading() as store:
        counted = await store.reports.day_totals(site.key)
        history = {day.day: day for day in (await store.reports.history(site.key)).get(site.key, [])}
    now = SystemClock().now()

    def shown(of: Site, brought: dict[int, HistoryDay]) -> Snapshot:
        book = Book()
        book.load(counted, {site.key: list(brought.values())})
        return take_snapshot(of, ActiveSite(of).local, Metric.VISITS, book.tally(site.key, Metric.VISITS), 0, now)

    new = {day.day: day for day in days}
    both = sorted(total.day for total in counted if total.visits and new.get(total.day, HistoryDay(0, 0)).visits)
    return Preview(shown(site, history), shown(changed, {**history, **new}), both)


async def site_of(context: Context, site_id: str) -> Site:
    async with open_port(context.config), context.reading() as store:
        return await find_site(store, site_id)


def show(preview: Preview) -> None:
    """Print the lines of the widget as they are now and as they would be."""
    table = Table("visits", "now", "with this file", box=None)
    for name in LINES:
        values = [snapshot.counts[name].value for snapshot in (preview.before, preview.after)]
        table.add_row(name.replace("_", " "), *(EM_DASH if value is None else f"{value:,}" for value in values))
    for column in table.columns[1:]:
        column.justify = "right"
    Console().print(table)
    if preview.both:
        count = len(preview.both)
        shown = ", ".join(day_date(day).isoformat() for day in preview.both[:10])
        more = f" and {count - 10} more" if count > 10 else ""
        click.echo(f"{count} dates have both history and counted visits: {shown}{more}")
