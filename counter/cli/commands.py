"""Which commands there are, and in which file each is. A file is imported when its command is called, never before."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final

import click

# What `counter --help` says of each, at most 62 characters: the width of a terminal less the names.
SUMMARIES: Final[Mapping[str, str]] = {
    "backup": "Write a consistent copy of all data to a file.",
    "check": "Recount totals and breakdowns from the raw rows.",
    "check-config": "Read the configuration and show every setting in force.",
    "demo-data": "Fill a site with visitors who never were.",
    "doctor": "Look at configuration, service, disk, clock and databases.",
    "geo": "Where visitors are: the database of countries and cities.",
    "import-daily": "Bring along the days of a former counter, from a CSV.",
    "import-log": "Count the lines of access logs, once or as they grow.",
    "import-vinaora": "Bring along what the Vinaora Visitors Counter counted.",
    "lists": "Lists that say what is not counted: referrer spam.",
    "restore": "Put a backup in the place of the data.",
    "serve": "Collect hits and answer with numbers, until SIGTERM.",
    "site": "The sites that are counted.",
    "snippet": "The lines for your page.",
    "totals": "The numbers of a site.",
    "user": "Who may sign in to the dashboard, and what they may do.",
}
_ELSEWHERE: Final = {"restore": "backup"}  # the file that has a command which is not named after its file


class Commands(click.Group):
    """The group of all commands. All together take a second to import; `--help` and most commands need little of it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"counter.cli.{_ELSEWHERE.get(name, name)}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))
