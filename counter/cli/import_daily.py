"""`counter import-daily`: the days of a former counter, from a CSV file."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import click

from counter.calendar.localtime import day_date, day_number
from counter.cli.context import Context, run
from counter.cli.history import preview_of, show, site_of
from counter.cli.port import open_port
from counter.clock import SystemClock
from counter.errors import UsageError
from counter.question import HistoryDay
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.numbers import PutHistory

COLUMNS = ("date", "visits", "visitors", "pageviews")
MOST_ROWS = 40_000  # days; more than a century
MOST = 2**53
EARLIEST = dt.date(1990, 1, 1)


@click.command("import-daily", epilog="Example: counter import-daily --site shop history.csv --dry-run")
@click.option("--site", "site_id", required=True, metavar="ID")
@click.option("--dry-run", is_flag=True, help="Show what the counter would show, and write nothing.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_daily(context: Context, site_id: str, dry_run: bool, file: Path) -> None:
    """Bring along the days of a former counter: a CSV with the columns date,visits[,visitors,pageviews].

    What is shown is history + counted. A date that is imported again is replaced, so the same file changes nothing.
    """
    days = read_days(file)
    site = run(site_of(context, site_id))
    show(run(preview_of(context, site, days, site)))
    if dry_run:
        click.echo("nothing was written")
        return

    async def work() -> None:
        async with open_port(context.config) as port:
            note = f"{file.name}: {len(days)} days"
            await port.apply(PutHistory(site.key, days, note, actor=COMMAND_LINE))

    run(work())
    click.echo(f"{len(days)} days of {file.name} are part of site {site.id} now")


def read_days(file: Path) -> list[HistoryDay]:
    """The days of the file; UsageError names the line and the value that is wrong."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file} is not a CSV file in UTF-8: {error}") from error
    header = tuple(name.strip().lower() for name in rows[0]) if rows else ()
    if header[:2] != COLUMNS[:2] or not set(header) <= set(COLUMNS) or len(set(header)) < len(header):
        raise UsageError(
            f"{file}: the first line is {','.join(header)[:80]!r}, it must be date,visits[,visitors,pageviews]"
        )
    if len(rows) > MOST_ROWS:
        raise UsageError(f"{file} has {len(rows)} lines, the limit is {MOST_ROWS}")
    days: dict[int, HistoryDay] = {}
    for number, row in enumerate(rows[1:], start=2):
        if row:
            day = _day(f"{file}, line {number}", dict(zip(header, row, strict=False)), len(header) == len(row))
            if day.day in days:
                raise UsageError(f"{file}, line {number}: {day_date(day.day)} stands twice")
            days[day.day] = day
    return list(days.values())


def _day(where: str, row: dict[str, str], complete: bool) -> HistoryDay:
    if not complete:
        raise UsageError(f"{where}: it has another number of columns than the first line")
    date = _date(where, row["date"].strip())
    return HistoryDay(
        day_number(date), _count(where, "visits", row["visits"]) or 0,
        _count(where, "visitors", row.get("visitors", "")), _count(where, "pageviews", row.get("pageviews", "")),
    )  # fmt: skip


def _date(where: str, text: str) -> dt.date:
    """A day from 1990 to tomorrow, UTC: east of it today has begun already."""
    latest = dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC).date() + dt.timedelta(days=1)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            date = dt.date.fromisoformat(text)
        except ValueError:
            pass
        else:
            if EARLIEST <= date <= latest:
                return date
    raise UsageError(f"{where}: date is {text[:20]!r}, it must be such as 2024-11-21, from {EARLIEST} to {latest}")


def _count(where: str, name: str, text: str) -> int | None:
    text = text.strip()
    if not text and name != "visits":
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MOST)) or int(text) > MOST:
        raise UsageError(f"{where}: {name} is {text[:24]!r}, it must be a whole number from 0 to {MOST}")
    return int(text)
