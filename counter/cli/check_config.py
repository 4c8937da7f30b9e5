"""`counter check-config`"""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from counter.cli.context import Context
from counter.collect.origins.sources import Sources
from counter.settings import SETTINGS


@click.command("check-config", epilog="Example: counter --config /etc/counter.toml check-config")
@click.pass_obj
def check_config(context: Context) -> None:
    """Read the configuration and show every setting that is in force, or say what is wrong with it."""
    config = context.config
    Sources.load(config.lists.sources)  # for the mistakes in it
    table = Table("setting", "in force", "unit", box=None, pad_edge=False)
    for setting in SETTINGS:
        if setting.section == "sites":
            continue
        value = getattr(getattr(config, setting.section), setting.key)
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        if setting.secret:
            shown = "(set, not shown)" if value else ""
        table.add_row(f"{setting.section}.{setting.key}", shown, setting.unit or "")
    console = Console()
    console.print(table)
    names = ", ".join(site.id for site in config.sites) or "none"
    console.print(f"{context.file or 'built-in defaults'}: fine; sites: {names}", highlight=False)
