"""`counter site goal add|list|remove`"""

from __future__ import annotations

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from counter.cli.context import Context, find_site, run
from counter.cli.port import open_port
from counter.errors import UsageError
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.sites import AddGoal, RemoveGoal
from counter.site import Goal, GoalKind


@click.group(epilog="Example: counter site goal add shop 'Signed up' --event signup")
def goal() -> None:
    """What visitors should reach: a page or an event; reports say how many did."""


@goal.command(epilog="Example: counter site goal add shop 'Read the blog' --page '/blog/*'")
@click.argument("site_id", metavar="ID")
@click.argument("name", metavar="NAME")
@click.option("--page", help="A page's path; * is any text, ? any one character.")
@click.option("--event", help="An event's name; * is any text, ? any one character.")
@click.pass_obj
def add(context: Context, site_id: str, name: str, page: str | None, event: str | None) -> None:
    """Make the goal NAME of site ID. Hits from before count too, as far as they are still stored."""
    if (page is None) == (event is None):
        raise UsageError("a goal is either --page PATTERN or --event PATTERN")
    made = Goal(name, GoalKind.PAGE, page) if page is not None else Goal(name, GoalKind.EVENT, event or "")

    async def work() -> None:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                found = await find_site(store, site_id)
            await port.apply(AddGoal(found.key, made, actor=COMMAND_LINE))

    run(work())
    click.echo(f"goal {name!r} of site {site_id}: {made.kind} {made.pattern}")


@goal.command("list", epilog="Example: counter site goal list shop")
@click.argument("site_id", metavar="ID")
@click.pass_obj
def list_goals(context: Context, site_id: str) -> None:
    """The goals of site ID."""

    async def work() -> list[Goal]:
        async with context.reading() as store:
            return await store.reports.goals((await find_site(store, site_id)).key)

    found = run(work())
    if not found:
        click.echo(f"site {site_id} has no goals yet; make one with 'counter site goal add {site_id} NAME --page PATH'")
        return
    table = Table("name", "is", "pattern", box=None)
    for one in found:
        table.add_row(escape(one.name), one.kind, escape(one.pattern))
    Console().print(table)


@goal.command(epilog="Example: counter site goal remove shop 'Signed up'")
@click.argument("site_id", metavar="ID")
@click.argument("name", metavar="NAME")
@click.pass_obj
def remove(context: Context, site_id: str, name: str) -> None:
    """Remove a goal and its numbers; the hits stay, so that it can be made again."""

    async def work() -> None:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                found = await find_site(store, site_id)
            await port.apply(RemoveGoal(found.key, name, actor=COMMAND_LINE))

    run(work())
    click.echo(f"goal {name!r} of site {site_id} is removed")
