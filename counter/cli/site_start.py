"""`counter site start set|list|remove`: what single pages had counted before."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from counter.cli.context import Context, find_site, run
from counter.cli.port import open_port
from counter.collect.page import normalise_path
from counter.service.changes.change import COMMAND_LINE, Change
from counter.service.changes.sites import RemovePageStart, SetPageStart
from counter.site import Site


@click.group(epilog="Example: counter site start set shop /readme 1234")
def start() -> None:
    """What single pages had counted before, with another counter: part of the page's number, not of the site's."""


@start.command("set", epilog="Example: counter site start set shop /readme 1234")
@click.argument("site_id", metavar="ID")
@click.argument("path", metavar="PATH")
@click.argument("count", metavar="COUNT", type=int)
@click.pass_obj
def set_start(context: Context, site_id: str, path: str, count: int) -> None:
    """The page PATH of site ID had COUNT views before; a start count that it has is replaced."""
    site = run(_apply(context, site_id, lambda site: SetPageStart(site.key, path, count, actor=COMMAND_LINE)))
    click.echo(f"the page {normalise_path(path, site.query_keys)} of site {site_id} starts at {count:,}")


@start.command("list", epilog="Example: counter site start list shop")
@click.argument("site_id", metavar="ID")
@click.pass_obj
def list_starts(context: Context, site_id: str) -> None:
    """The pages of site ID that have a start count."""

    async def work() -> dict[str, int]:
        async with context.reading() as store:
            site = await find_site(store, site_id)
            return (await store.catalog.page_starts()).get(site.key, {})

    found = run(work())
    if not found:
        click.echo(f"no page of site {site_id} has a start count; give one with 'counter site start set {site_id}'")
        return
    table = Table("page", "starts at", box=None)
    for path, count in found.items():
        table.add_row(escape(path), f"{count:,}")
    Console(highlight=False).print(table)


@start.command(epilog="Example: counter site start remove shop /readme")
@click.argument("site_id", metavar="ID")
@click.argument("path", metavar="PATH")
@click.pass_obj
def remove(context: Context, site_id: str, path: str) -> None:
    """The page PATH of site ID starts at 0 again."""
    site = run(_apply(context, site_id, lambda site: RemovePageStart(site.key, path, actor=COMMAND_LINE)))
    click.echo(f"the page {normalise_path(path, site.query_keys)} of site {site_id} starts at 0")


async def _apply(context: Context, site_id: str, change: Callable[[Site], Change[None]]) -> Site:
    """Apply what is to be changed of the site, and return the site."""
    async with open_port(context.config) as port:
        async with context.reading() as store:
            site = await find_site(store, site_id)
        await port.apply(change(site))
    return site
