"""`counter doctor`: a health check, with what to do about each problem."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counter.cli.context import Context, run
from counter.cli.port import running_service
from counter.clock import SystemClock
from counter.config import Config
from counter.doctor.checks import examine
from counter.doctor.facts import Facts, Finding, Level
from counter.doctor.look import look, versions
from counter.errors import ConfigError, CounterError
from counter.service.status import Status

PATIENCE: Final = 10.0  # seconds that a service has to answer
STYLES: Final = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


@click.command(epilog="Example: counter doctor --json")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of check, level and sentence.")
@click.pass_context
def doctor(click_context: click.Context, as_json: bool) -> None:
    """Look at versions, configuration, service, disk, clock, files and numbers, and say what to do.

    It changes nothing, and works while the service runs, without one, and when the database is broken.
    Exit code 1: there is a problem.
    """
    findings = examine(_facts(click_context.obj))
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=1))
    else:
        _show(findings)
    if any(finding.level == Level.PROBLEM for finding in findings):
        click_context.exit(1)


def _facts(context: Context) -> Facts:
    now = SystemClock().now()
    file = str(context.file or "")
    try:
        config = context.config
    except ConfigError as error:
        return Facts(now, versions(), file, config_error=str(error))
    return look(config, file, run(_status(config)), now)


async def _status(config: Config) -> Status | None:
    """The status of the running service; None when none runs or it does not answer."""
    try:
        async with asyncio.timeout(PATIENCE), running_service(config) as port:
            return None if port is None else await port.status()
    except (CounterError, OSError, TimeoutError):
        return None


def _show(findings: Iterable[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check, level, sentence in findings:
        table.add_row(Text(level.value, STYLES[level]), check, Text(sentence))
    Console().print(table)
