"""`counter import-vinaora`: the history of the Vinaora Visitors Counter, from a dump of its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from counter.calendar.localtime import LocalTime, day_date
from counter.cli.context import Context, run
from counter.cli.history import preview_of, show, site_of
from counter.cli.port import open_port
from counter.clock import SystemClock
from counter.config import check_site_field
from counter.errors import UsageError
from counter.history.vinaora import VinaoraRow, read_buckets
from counter.question import HistoryDay
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.numbers import PutHistory
from counter.service.changes.sites import ChangeSite
from counter.site import Site

EARLIEST = 631_152_000  # UTC seconds: 1990


@click.command("import-vinaora", epilog="Example: counter import-vinaora --site shop dump.sql --start-count 2000000")
@click.option("--site", "site_id", required=True, metavar="ID")
@click.option(
    "--count", "unit", type=click.Choice(["all", "people"]), default="all", show_default=True,
    help="all: what the former counter showed, its bots too; people: guests and members.",
)  # fmt: skip
@click.option("--start-count", type=click.IntRange(0), metavar="N", help="What it had before its table began.")
@click.option("--dry-run", is_flag=True, help="Show what the counter would show, and write nothing.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="DUMP.sql")
@click.pass_obj
def import_vinaora(
    context: Context, site_id: str, unit: str, start_count: int | None, dry_run: bool, file: Path
) -> None:
    """Bring along what the Vinaora Visitors Counter counted: a dump in SQL with its table #__vvisit_counter.

    Its buckets become days of the site's time zone. A day that is imported again is replaced, so the same dump
    changes nothing. The start count is a number of its own, added to all days only; both are in the audit log.
    """
    site = run(site_of(context, site_id))
    days, buckets = read_days(file, LocalTime(site.timezone), people=unit == "people")
    changed = site
    if start_count is not None:
        changed = msgspec.structs.replace(site, start_count=check_site_field("start_count", start_count))
    show(run(preview_of(context, site, days, changed)))
    click.echo(f"{buckets:,} buckets on {len(days):,} days from {day_date(days[0].day)} to {day_date(days[-1].day)}")
    if dry_run:
        click.echo("nothing was written")
        return
    run(_write(context, site, changed, days, f"{file.name}: {len(days)} days of Vinaora, {unit}"))
    click.echo(f"{len(days):,} days of {file.name} are part of site {site.id} now")
    if changed != site:
        click.echo(f"its start count is {changed.start_count:,} now, it was {site.start_count:,}")


async def _write(context: Context, site: Site, changed: Site, days: list[HistoryDay], note: str) -> None:
    async with open_port(context.config) as port:
        await port.apply(PutHistory(site.key, days, note, actor=COMMAND_LINE))
        if changed != site:
            await port.apply(ChangeSite(changed, site.version, actor=COMMAND_LINE))


def read_days(file: Path, local: LocalTime, *, people: bool) -> tuple[list[HistoryDay], int]:
    """The days of a dump and how many buckets they are made of; UsageError when there are none, or wrong ones."""
    latest = int(SystemClock().now()) + 86400
    days: Counter[int] = Counter()
    buckets = 0
    for bucket in _with_progress(file):
        if not EARLIEST < bucket.end <= latest:
            raise UsageError(
                f"{file}: a bucket ends at {bucket.end}, it must be Unix seconds from {EARLIEST} (1990) to {latest}"
            )
        # The second before its end: midnight ends a day.
        days[local.day(bucket.end - 1)] += bucket.people if people else bucket.visits
        buckets += 1
    if not buckets:
        raise UsageError(f"{file} has no rows of a table such as jos_vvisit_counter")
    return [HistoryDay(day, count) for day, count in sorted(days.items())], buckets


def _with_progress(file: Path) -> Iterator[VinaoraRow]:
    """The buckets, with a bar of the bytes read on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with (
        file.open(encoding="utf-8", errors="replace") as lines,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task(file.name, total=file.stat().st_size)

        def told() -> Iterator[str]:
            for line in lines:
                progress.advance(task, len(line.encode()))
                yield line

        yield from read_buckets(told(), str(file))
