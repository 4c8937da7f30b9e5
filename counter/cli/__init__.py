"""The command `counter`: one file a command. Errors become one sentence and an exit code here, and only here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from counter import __version__
from counter.cli.commands import Commands
from counter.cli.context import Context
from counter.errors import CounterError


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: counter --config config.toml serve",
)
@click.version_option(__version__, prog_name="counter")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration file; else $COUNTER_CONFIG, else ./config.toml when it is there.",
)
@click.pass_context
def cli(context: click.Context, config_file: Path | None) -> None:
    """Count the visitors of web sites, and show how many came."""
    named = config_file or (Path(os.environ["COUNTER_CONFIG"]) if os.environ.get("COUNTER_CONFIG") else None)
    # Before the first file: SQLite creates a database and its log with whatever mode the caller's umask allows.
    context.obj = Context(named, os.umask(0o077))


def main() -> None:
    """Run the command line; the exit code is 0, 1 (failure) or 2 (wrong usage)."""
    try:
        cli.main(standalone_mode=True)
    except CounterError as error:
        click.echo(f"counter: {error}", err=True)
        sys.exit(error.exit_code)
