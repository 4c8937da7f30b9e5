"""`counter import-log --follow`: lines are counted as they are written, through the running service."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
import click

from counter.app import build_pipeline
from counter.cli.context import Context, find_site, run
from counter.cli.port import appending, running_service
from counter.clock import SystemClock
from counter.collect.pipeline import Pipeline
from counter.config import Config
from counter.errors import Overloaded, StoreError, UsageError
from counter.logfiles.follow.checkpoint import file_of
from counter.logfiles.follow.follower import FollowedLog, follow
from counter.logfiles.importer import LogImport, OneProcess
from counter.logfiles.judge import ImportRules, Judge, Terms
from counter.logfiles.read.files import is_stream
from counter.logfiles.summary import ImportSummary
from counter.store.protocols import Appended, Batch

AGAIN: Final = 1.0  # seconds until the service is asked again
FORGOTTEN_EVERY: Final = 3600.0  # seconds


class ImportOptions(NamedTuple):
    """The options of `import-log`."""

    site_id: str
    choices: ImportRules
    format: str
    string: str  # of the format `custom`
    dry_run: bool
    processes: int | None


class _Stopped(Exception):
    """The command was stopped while it waited for the service."""


def follow_logs(context: Context, asked: ImportOptions, files: tuple[str, ...], summary: ImportSummary) -> None:
    """Count the lines in the files and those that are added, until SIGINT or SIGTERM."""
    if asked.dry_run:
        raise UsageError("--follow writes as it reads; without --follow, --dry-run says what would be counted")
    for file in files:
        if is_stream(file):
            raise UsageError(f"{file} cannot be followed: it is read once; leave --follow out")
    paths = list(dict.fromkeys(Path(file).absolute() for file in files))
    pipeline = build_pipeline(context.config)
    try:
        run(_follow(context, asked, paths, summary, pipeline))
    finally:
        pipeline.geo.close()


async def _follow(
    context: Context, asked: ImportOptions, paths: list[Path], summary: ImportSummary, pipeline: Pipeline
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with context.reading() as store:
        site = await find_site(store, asked.site_id)
    terms = Terms(site, pipeline.salts.line_key(), asked.choices, context.config.server.trusted_proxies)
    writer = _Service(context.config, site.timezone, stop)
    log_import = LogImport(terms, OneProcess(Judge(terms, pipeline)), writer.append, SystemClock().now, summary)
    folder = context.config.storage.path / "follow"
    with ExitStack() as stack:
        followed = []
        for path in paths:
            state = file_of(folder, site.id, path)
            one = FollowedLog(path, asked.format, asked.string, state, time.monotonic, _say)
            stack.callback(one.close)
            followed.append(one)
        forgetting = asyncio.create_task(_forget(pipeline))
        try:
            await follow(followed, log_import, stop, time.monotonic)
        except _Stopped:
            _say("the last lines were read and not written; the next run reads them again")
        finally:
            forgetting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await forgetting


async def _forget(pipeline: Pipeline) -> None:
    """The service destroys the files of expired salts; this process only forgets them."""
    while True:
        await asyncio.sleep(FORGOTTEN_EVERY)
        pipeline.salts.forget(SystemClock().now())


class _Service:
    """Write through the running service, and wait while it is away. A batch that was committed but not
    answered is sent again: its lines are known by then."""

    def __init__(self, config: Config, timezone: str, stop: asyncio.Event) -> None:
        self._config = config
        self._timezone = timezone
        self._stop = stop
        self._away = False

    async def append(self, batch: Batch) -> Appended:
        while True:
            try:
                async with running_service(self._config) as port:
                    if port is None:
                        raise StoreError(f"no service runs on {self._config.storage.path}; start it: counter serve")
                    appended = await appending(port, self._timezone)(batch)
            except (StoreError, Overloaded, aiohttp.ClientError) as error:
                await self._wait(error)
                continue
            if self._away:
                _say("the service is back")
            self._away = False
            return appended

    async def _wait(self, error: Exception) -> None:
        if not self._away:
            _say(f"{error}; trying again every {AGAIN:.0f} s, nothing is lost")
        self._away = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), AGAIN)
        if self._stop.is_set():
            raise _Stopped


def _say(sentence: str) -> None:
    click.echo(f"counter: {sentence}", err=True)
