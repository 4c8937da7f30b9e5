"""`counter backup` and `counter restore`."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import click

from counter.cli.context import Context, run
from counter.clock import SystemClock
from counter.errors import UsageError
from counter.store.open import replace_database


@click.command(epilog="Example: counter backup /backups/counter-2026-03-29.db")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def backup(context: Context, target: Path) -> None:
    """Write a consistent copy of all data to FILE while the service runs.

    Salts are not in it, on purpose: who a visitor was stays unknowable. Keep data/salts/lines.key with the backup
    if access logs will be imported again, or old lines would be counted a second time.
    """

    async def work() -> None:
        async with context.reading() as store:
            await store.backup(target)

    run(work())
    click.echo(f"{target}: {target.stat().st_size:,} bytes")


@click.command(epilog="Example: counter restore /backups/counter-2026-03-29.db --force")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the data there is; it is kept as counter.db.replaced-TIME.")
@click.pass_obj
def restore(context: Context, source: Path, force: bool) -> None:
    """Put a backup in the place of the data; the service must not be running."""
    try:
        kept = replace_database(context.config.storage.path, source, force, SystemClock().now())
    except (sqlite3.Error, shutil.Error, OSError) as error:
        raise UsageError(f"{source} can't be restored: {error}") from error
    click.echo(f"restored {source} to {context.config.storage.path}")
    if kept:
        click.echo(f"what was there is now {', '.join(map(str, kept))}")
