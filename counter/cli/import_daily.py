"""`counter import-daily`: the days of a former counter, from a CSV file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from counter.cli.context import Context, run
from counter.cli.history import preview_of, show, site_of
from counter.cli.port import open_port
from counter.clock import SystemClock
from counter.errors import UsageError
from counter.history.daily import NAMES, DailyTable, TableReading, read_table
from counter.history.daily_cells import check_date_format
from counter.logfiles.read.files import open_log
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.numbers import PutHistory


@click.command("import-daily", epilog="Example: counter import-daily --site shop history.csv --dry-run")
@click.option("--site", "site_id", required=True, metavar="ID")
@click.option("--date-format", default="", metavar="FORMAT", help="How dates are written, such as %d.%m.%Y.")
@click.option(
    "--column", "columns", multiple=True, metavar="VALUE=NAME",
    help=f"The name of a column that is called otherwise; VALUE is {', '.join(NAMES)}.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what the counter would show, and write nothing.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_daily(
    context: Context, site_id: str, date_format: str, columns: tuple[str, ...], dry_run: bool, file: Path
) -> None:
    """Bring along the days of a former counter: a CSV with columns such as date, visits, visitors and pageviews.

    They may stand in any order and between others, separated by comma, semicolon, tab or |. What is shown is history +
    counted. A date that is imported again is replaced, so the same file changes nothing.
    """
    table = read_days(file, TableReading(date_format, _chosen(columns)))
    days = table.days
    site = run(site_of(context, site_id))
    show(run(preview_of(context, site, days, site)))
    others = f"; passed over: {', '.join(table.passed_over)}" if table.passed_over else ""
    click.echo(f"{len(days)} days from the columns {', '.join(table.taken)}{others}")
    if dry_run:
        click.echo("nothing was written")
        return

    async def work() -> None:
        async with open_port(context.config) as port:
            note = f"{file.name}: {len(days)} days"
            await port.apply(PutHistory(site.key, days, note, actor=COMMAND_LINE))

    run(work())
    click.echo(f"{len(days)} days of {file.name} are part of site {site.id} now")


def read_days(file: Path, reading: TableReading | None = None) -> DailyTable:
    """The days of the file, compressed or not; UsageError names the line and the value that is wrong."""
    reading = reading or TableReading()
    if reading.date_format:
        check_date_format(reading.date_format)
    # A day of tomorrow, UTC: east of it today has begun already.
    latest = dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC).date() + dt.timedelta(days=1)
    with open_log(str(file)) as opened:
        return read_table((text for text, _ in opened.texts()), str(file), latest, reading)


def _chosen(columns: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in columns:
        value, equals, name = one.partition("=")
        if value not in NAMES or not equals or not name.strip():
            raise UsageError(f"--column is {one!r}, it must be such as visits=Sitzungen; values: {', '.join(NAMES)}")
        found[value] = name
    return found
