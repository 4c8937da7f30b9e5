"""`counter import-log`: count access logs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from counter.app import build_pipeline
from counter.cli.context import Context, find_site, run
from counter.cli.follow_log import ImportOptions, follow_logs
from counter.cli.port import appending, open_port
from counter.clock import SystemClock
from counter.collect.identify import PassingSalts, Salts
from counter.collect.pipeline import Pipeline
from counter.errors import UsageError
from counter.event import Event, Outcome
from counter.logfiles.formats import AUTO, CUSTOM, FORMATS, find_format
from counter.logfiles.importer import Judges, Log, LogImport, OneProcess
from counter.logfiles.judge import ImportRules, Judge, Terms
from counter.logfiles.read.files import is_stream
from counter.logfiles.read.sources import in_order, open_source
from counter.logfiles.summary import ImportSummary
from counter.logfiles.workers import Workers
from counter.site import Site
from counter.store.open import ReadOnlyStore
from counter.store.protocols import Appended, Batch, BatchSink

# Below this, sharing the work costs more than it saves.
WORTH_SHARING = 8 * 1024 * 1024  # bytes


@click.command("import-log", epilog="Example: counter import-log --site shop /var/log/nginx/access.log*")
@click.option("--site", "site_id", required=True, metavar="ID")
@click.option(
    "--format",
    "form",
    default=AUTO,
    metavar="NAME",
    show_default=True,
    help=f"One of {', '.join(sorted(FORMATS))}; by default the one the first lines are in.",
)
@click.option(
    "--log-format",
    "string",
    default="",
    metavar="STRING",
    help="A format of your own, as it stands behind Apache's LogFormat or nginx's log_format.",
)
@click.option(
    "--address-field",
    default="",
    metavar="NAME",
    help="The field in which proxies name the visitor: a variable, a header, a key of JSON.",
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="A path that does not count; * is any text.")
@click.option("--include", multiple=True, metavar="PATTERN", help="A feed or endpoint that counts as a page.")
@click.option("--everything", is_flag=True, help="Count every line that can be read, not only pages that were found.")
@click.option("--events", is_flag=True, help="Count missing pages (404) and downloads as events.")
@click.option("--keep-bots", is_flag=True, help="Count bots as visitors like any other.")
@click.option("--overlap", is_flag=True, help="Also count lines of days that were counted live.")
@click.option("--dry-run", is_flag=True, help="Say what would be counted, and write nothing.")
@click.option("--follow", is_flag=True, help="Go on with lines as they are written, until stopped; needs the service.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many processes read lines; 1 is this one alone. By default as many as processors.",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.pass_obj
def import_log(
    context: Context, site_id: str, form: str, string: str, address_field: str, exclude: tuple[str, ...],
    include: tuple[str, ...], everything: bool, events: bool,
    keep_bots: bool, overlap: bool, dry_run: bool, follow: bool, processes: int | None, files: tuple[str, ...],
) -> None:  # fmt: skip
    """Count the lines of access logs (plain, .gz, .bz2, .xz, .zst or .zip; - for standard input).

    Lines bring their own time and go through the same rules as live hits. A line that was imported before is not
    counted again. By default GETs of pages that were found (2xx, 304) count. Several files are read in the order of
    their time, in whatever order they are named.
    """
    choices = ImportRules(
        everything=everything, keep_bots=keep_bots, overlap=overlap, events=events, address_field=address_field,
        exclude=exclude, include=include,
    )  # fmt: skip
    asked = ImportOptions(site_id, choices, *_format(form, string, address_field), dry_run, processes)
    started = time.monotonic()
    summary = ImportSummary()
    try:
        if follow:
            follow_logs(context, asked, files, summary)
        else:
            _import(context, asked, in_order(files, asked.format, asked.string), summary)
    finally:
        if summary.lines or sys.exc_info()[0] is None:
            _show(summary, time.monotonic() - started)
    if dry_run:
        click.echo("nothing was written")


def _format(form: str, string: str, address_field: str) -> tuple[str, str]:
    """The name and string of the format; raises UsageError for an unknown one, before anything is read."""
    if string and form not in {AUTO, CUSTOM}:
        raise UsageError(f"--log-format describes a format of its own; it cannot be {form!r} as well")
    name = CUSTOM if string else form
    if name != AUTO:
        find_format(name, string, address_field)
    return name, string


def _import(context: Context, asked: ImportOptions, files: list[str], summary: ImportSummary) -> None:
    kind = PassingSalts if asked.dry_run else Salts
    pipeline = build_pipeline(context.config, kind(context.config.storage.path / "salts"))
    count = asked.processes or _worth(files)
    workers = Workers(count, pipeline) if count > 1 else None
    try:
        run(_count(context, asked, files, summary, pipeline, workers))
    finally:
        if workers is not None:
            workers.close()
        pipeline.geo.close()


def _worth(files: list[str]) -> int:
    """How many processes are worthwhile: one for a small log, otherwise as many as processors."""
    if not any(is_stream(file) for file in files):
        size = sum(Path(file).stat().st_size for file in files)
        if size < WORTH_SHARING:
            return 1
    return len(os.sched_getaffinity(0))


async def _count(
    context: Context,
    asked: ImportOptions,
    files: list[str],
    summary: ImportSummary,
    pipeline: Pipeline,
    workers: Workers | None,
) -> None:
    async with _target(context, asked) as (site, append), AsyncExitStack() as stack:
        terms = Terms(site, pipeline.salts.line_key(), asked.choices, context.config.server.trusted_proxies)
        judges: Judges
        if workers is None:
            judges = OneProcess(Judge(terms, pipeline))
        else:
            await stack.enter_async_context(workers.judging(terms))
            judges = workers
        log_import = LogImport(terms, judges, append, SystemClock().now, summary)
        try:
            await _read_all(log_import, asked, files)
        finally:
            await log_import.finish()


@asynccontextmanager
async def _target(context: Context, asked: ImportOptions) -> AsyncIterator[tuple[Site, BatchSink]]:
    """The site, and where its batches go: to the writer, or nowhere."""
    if asked.dry_run:
        async with context.reading() as store:
            site = await find_site(store, asked.site_id)
            yield site, await _nowhere(store, site, asked.choices)
        return
    async with open_port(context.config) as port:
        async with context.reading() as store:
            site = await find_site(store, asked.site_id)
        yield site, appending(port, site.timezone)


async def _nowhere(store: ReadOnlyStore, site: Site, choices: ImportRules) -> BatchSink:
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


async def _read_all(log_import: LogImport, asked: ImportOptions, files: list[str]) -> None:
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), _Rate(), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in files:
            with open_source(name, asked.format, asked.string) as source:
                task = progress.add_task(Path(name).name, total=source.file.total, lines=0)
                before = log_import.summary.lines

                def tell(position: int, task_id=task, first=before) -> None:  # type: ignore[no-untyped-def]
                    progress.update(task_id, completed=position, lines=log_import.summary.lines - first)

                await log_import.read(Log(source.reading), source.blocks, tell)


class _Rate(ProgressColumn):
    """Lines per second."""

    def render(self, task: Task) -> Text:
        lines = task.fields.get("lines", 0)
        return Text(f"{lines / task.elapsed:,.0f} lines/s" if task.elapsed else "")


def _show(summary: ImportSummary, seconds: float) -> None:
    table = Table("", "lines", box=None, show_header=False)
    table.columns[1].justify = "right"
    for name, count in summary.rows():
        if count or name == "counted":
            table.add_row(name, f"{count:,}")
    table.add_row("read", f"{summary.lines:,}", style="bold")
    console = Console()
    console.print(table)
    console.print(f"{seconds:.1f} s, {summary.lines / max(seconds, 1e-9):,.0f} lines/s", highlight=False)
