"""`counter import-log`: count access logs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from counter.app import build_pipeline
from counter.cli.context import Context, find_site, run
from counter.cli.port import open_port
from counter.clock import SystemClock
from counter.event import Event, Outcome
from counter.ingest.accesslog.files import open_log
from counter.ingest.accesslog.importer import Append, Choices, LogImport, Summary
from counter.site import ActiveSite, Site
from counter.store.open import ReadOnlyStore
from counter.store.protocols import Appended, Batch


@click.command("import-log", epilog="Example: counter import-log --site shop /var/log/nginx/access.log*")
@click.option("--site", "site_id", required=True, metavar="ID")
@click.option("--everything", is_flag=True, help="Count every line that can be read, not only pages that were found.")
@click.option("--keep-bots", is_flag=True, help="Count bots as visitors like any other.")
@click.option("--overlap", is_flag=True, help="Also count lines of days that were counted live.")
@click.option("--dry-run", is_flag=True, help="Say what would be counted, and write nothing.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.pass_obj
def import_log(
    context: Context, site_id: str, everything: bool, keep_bots: bool, overlap: bool, dry_run: bool,
    files: tuple[str, ...],
) -> None:  # fmt: skip
    """Count the lines of access logs (combined or common format; plain or .gz; - for standard input).

    Lines bring their own time and go through the same rules as live hits. A line that was imported before is not
    counted again. By default GETs of pages that were found (2xx, 304) count.
    """
    choices = Choices(everything, keep_bots, overlap)
    started = time.monotonic()
    summary = Summary()
    try:
        run(_import(context, site_id, choices, files, summary, dry_run=dry_run))
    finally:
        if summary.lines or sys.exc_info()[0] is None:
            _show(summary, time.monotonic() - started)
    if dry_run:
        click.echo("nothing was written")


async def _import(
    context: Context, site_id: str, choices: Choices, files: tuple[str, ...], summary: Summary, *, dry_run: bool
) -> None:
    pipeline = await asyncio.to_thread(build_pipeline, context.config, throw_away_salts=dry_run)
    try:
        async with _target(context, site_id, choices, dry_run=dry_run) as (site, append):
            log_import = LogImport(
                ActiveSite(site), pipeline, pipeline.salts.line_key(), choices, append, SystemClock().now(), summary
            )
            try:
                await _read_all(log_import, files)
            finally:
                await log_import.finish()
    finally:
        pipeline.geo.close()


@asynccontextmanager
async def _target(
    context: Context, site_id: str, choices: Choices, *, dry_run: bool
) -> AsyncIterator[tuple[Site, Append]]:  # fmt: skip
    """The site, and where its batches go: to the writer, or nowhere."""
    if dry_run:
        async with context.reading() as store:
            site = await find_site(store, site_id)
            yield site, await _nowhere(store, site, choices)
        return
    async with open_port(context.config) as port:
        async with context.reading() as store:
            site = await find_site(store, site_id)
        yield site, partial(port.append, timezone=site.timezone)


async def _nowhere(store: ReadOnlyStore, site: Site, choices: Choices) -> Append:
    """Answers as the writer would, and writes nothing."""
    live = set() if choices.overlap else await store.reports.live_days(site.key)

    seen: dict[int | None, bool] = {}  # lines of this run and of earlier imports, and whether they were counted

    def outcome(event: Event) -> Outcome:
        if seen.get(event.line):
            return Outcome.KNOWN
        if event.day in live:
            return Outcome.DAY_TAKEN
        seen[event.line] = True
        return Outcome.COUNTED

    async def append(batch: Batch) -> Appended:
        lines = [item.line for items in (batch.events, batch.drops) for item in items if item.line is not None]
        for line, counted in (await store.reports.known_lines(site.key, lines)).items():
            seen[line] = seen.get(line, False) or counted
        outcomes = tuple(outcome(event) for event in batch.events)
        known_drops = []
        for index, drop in enumerate(batch.drops):
            if drop.line in seen:
                known_drops.append(index)
            seen.setdefault(drop.line, False)
        return Appended(outcomes, (), known_drops=tuple(known_drops))

    return append


async def _read_all(log_import: LogImport, files: tuple[str, ...]) -> None:
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), _Rate(), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in files:
            with open_log(name) as file:
                task = progress.add_task(Path(name).name, total=file.total, lines=0)
                before = log_import.summary.lines

                def tell(position: int, task_id=task, first=before) -> None:  # type: ignore[no-untyped-def]
                    progress.update(task_id, completed=position, lines=log_import.summary.lines - first)

                await log_import.read(file, tell)


class _Rate(ProgressColumn):
    """Lines per second."""

    def render(self, task: Task) -> Text:
        lines = task.fields.get("lines", 0)
        return Text(f"{lines / task.elapsed:,.0f} lines/s" if task.elapsed else "")


def _show(summary: Summary, seconds: float) -> None:
    table = Table("", "lines", box=None, show_header=False)
    table.columns[1].justify = "right"
    for name, count in summary.rows():
        if count or name == "counted":
            table.add_row(name, f"{count:,}")
    table.add_row("read", f"{summary.lines:,}", style="bold")
    console = Console()
    console.print(table)
    console.print(f"{seconds:.1f} s, {summary.lines / max(seconds, 1e-9):,.0f} lines/s", highlight=False)
