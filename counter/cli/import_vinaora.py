"""`counter import-vinaora`: the history of the Vinaora Visitors Counter, from a dump of its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
from counter.history.vinaora import VinaoraDump
from counter.logfiles.read.files import open_log
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
@click.option("--table", default="", metavar="NAME", help="Which table, when several in the dump fit.")
@click.option("--dry-run", is_flag=True, help="Show what the counter would show, and write nothing.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="DUMP.sql")
@click.pass_obj
def import_vinaora(
    context: Context, site_id: str, unit: str, start_count: int | None, table: str, dry_run: bool, file: Path
) -> None:
    """Bring along what the Vinaora Visitors Counter counted: a dump in SQL with its table #__vvisit_counter.

    The dump may be compressed (.gz, .bz2, .xz, .zst, .zip). Its buckets become days of the site's time zone. A day that
    is imported again is replaced, so the same dump changes nothing. The start count is a number of its own, added to
    all days only; both are in the audit log.
    """
    site = run(site_of(context, site_id))
    days, buckets, taken = read_days(file, LocalTime(site.timezone), table, people=unit == "people")
    changed = site
    if start_count is not None:
        changed = msgspec.structs.replace(site, start_count=check_site_field("start_count", start_count))
    show(run(preview_of(context, site, days, changed)))
    first, last = day_date(days[0].day), day_date(days[-1].day)
    click.echo(f"{buckets:,} buckets on {len(days):,} days from {first} to {last}, of the table {taken}")
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


def read_days(file: Path, local: LocalTime, table: str = "", *, people: bool) -> tuple[list[HistoryDay], int, str]:
    """The days of a dump, how many buckets they are made of, and of which table they are.

    UsageError when there are none, wrong ones, or those of two tables that fit.
    """
    latest = int(SystemClock().now()) + 86400
    days: Counter[int] = Counter()
    buckets = 0
    with _pieces(file) as pieces:
        dump = VinaoraDump(pieces, str(file), table)
        for bucket in dump.buckets():
            if not EARLIEST < bucket.end <= latest:
                raise UsageError(
                    f"{file}: a bucket ends at {bucket.end}, it must be Unix seconds from {EARLIEST} (1990) to {latest}"
                )
            # The second before its end: midnight ends a day.
            days[local.day(bucket.end - 1)] += bucket.people if people else bucket.visits
            buckets += 1
    return [HistoryDay(day, count) for day, count in sorted(days.items())], buckets, dump.table


@contextmanager
def _pieces(file: Path) -> Iterator[Iterator[str]]:
    """The text of a dump, compressed or not, with a bar of the bytes read on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with (
        open_log(str(file)) as opened,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task(file.name, total=opened.total)

        def texts() -> Iterator[str]:
            for text, position in opened.texts():
                progress.update(task, completed=position)
                yield text

        yield texts()
