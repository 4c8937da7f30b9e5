"""`counter check`: recount every number from the raw rows."""

from __future__ import annotations

import time

import click

from counter.cli.context import Context, run
from counter.cli.port import open_port
from counter.question import Difference
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.numbers import MendNumbers

SHOWN = 20


@click.command(epilog="Example: counter check --repair")
@click.option("--repair", is_flag=True, help="Replace what differs by what the raw rows say.")
@click.pass_context
def check(click_context: click.Context, repair: bool) -> None:
    """Recount totals and breakdowns from the raw rows, while the service runs, and report every difference.

    SQLite's quick check of the file comes first: a damaged one is an error, and nothing is recounted or mended.
    Exit code 0: every number agrees, or was mended. Days whose raw rows have expired can't be recounted.
    """
    context: Context = click_context.obj
    started = time.monotonic()
    differences = run(_find(context))
    seconds = time.monotonic() - started
    if not differences:
        click.echo(f"every number agrees with the raw rows ({seconds:.1f} s)")
        return
    for difference in differences[:SHOWN]:
        click.echo(
            f"{difference.table} site {difference.site_key} day {difference.day} {difference.what}:"
            f" stored {difference.stored}, counted {difference.counted}"
        )
    if len(differences) > SHOWN:
        click.echo(f"... and {len(differences) - SHOWN} more")
    falling = sum(difference.falls for difference in differences)
    if falling:
        click.echo(
            f"{falling} of them would fall: if raw rows were lost, a backup has the right numbers; a repair notes the"
            " old totals in the audit log"
        )
    if not repair:
        click.echo("mend them with: counter check --repair")
        click_context.exit(1)
    mended = run(_repair(context))
    click.echo(f"{mended} numbers were mended")


async def _find(context: Context) -> list[Difference]:
    async with context.reading() as store:
        return await store.check()


async def _repair(context: Context) -> int:
    async with open_port(context.config) as port:
        return (await port.apply(MendNumbers(lower=True, actor=COMMAND_LINE))).mended
