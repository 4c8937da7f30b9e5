"""`counter site add|list|set|remove|token`; goals, start counts, drops and bots have modules of their own."""

from __future__ import annotations

import secrets

import click
import msgspec
from rich.console import Console
from rich.table import Table

from counter.app import site_of
from counter.cli.context import Context, find_site, run
from counter.cli.plain import plain
from counter.cli.port import open_port
from counter.cli.site_drops import bots, drops
from counter.cli.site_goal import goal
from counter.cli.site_start import start
from counter.cli.site_why import why
from counter.config import SITE_FIELDS, SiteConfig, check_site_field, site_field_from_text
from counter.errors import UsageError
from counter.hosts import shown_host
from counter.service.changes.change import COMMAND_LINE
from counter.service.changes.sites import AddSite, AddToken, ChangeSite, RemoveSite
from counter.service.service import token_digest
from counter.site import Site, TokenMay


@click.group(epilog="Example: counter site add shop --name 'My shop' --host shop.example --timezone Asia/Tbilisi")
def site() -> None:
    """The sites that are counted."""


@site.command(epilog="Example: counter site add shop --host shop.example --host www.shop.example")
@click.argument("site_id", metavar="ID")
@click.option("--name", default="", help="What people call it; the id when absent.")
@click.option("--host", "hosts", multiple=True, help="A host its pages stand on; none: any. May be repeated.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA name; its days begin at midnight there.")
@click.option("--first-weekday", default="monday", show_default=True)
@click.option("--start-count", default=0, show_default=True, help="The total of a former counter; added to all days.")
@click.option("--hidden", is_flag=True, help="Count, but show strangers nothing.")
@click.option("--query-key", "query_keys", multiple=True, help="A query parameter that belongs to a page's path.")
@click.option("--exclude-page", "excluded_pages", multiple=True, help="A path that is not counted; * is any text.")
@click.option("--exclude-referrer", "excluded_referrers", multiple=True, help="A host that is no source of a visit.")
@click.option("--backdate-days", default=1, show_default=True, help="How far back a write token may date a hit.")
@click.option(
    "--image-gap-seconds",
    default=0,
    show_default=True,
    help="Fetches of a page's image by a proxy count once in this time.",
)
@click.pass_obj
def add(
    context: Context, site_id: str, name: str, hosts: tuple[str, ...], timezone: str, first_weekday: str,
    start_count: int, hidden: bool, query_keys: tuple[str, ...], excluded_pages: tuple[str, ...],
    excluded_referrers: tuple[str, ...], backdate_days: int, image_gap_seconds: int,
) -> None:  # fmt: skip
    """Make a site ID."""
    fields = {
        "id": site_id, "name": name or site_id, "hosts": list(hosts), "timezone": timezone,
        "first_weekday": first_weekday, "start_count": start_count, "public": not hidden,
        "query_keys": list(query_keys), "excluded_pages": list(excluded_pages),
        "excluded_referrers": list(excluded_referrers), "backdate_days": backdate_days,
        "image_gap_seconds": image_gap_seconds,
    }  # fmt: skip
    checked = {key: check_site_field(key, value) for key, value in fields.items()}
    new = site_of(SiteConfig(**checked))  # type: ignore[arg-type]

    async def work() -> Site:
        async with open_port(context.config) as port:
            return await port.apply(AddSite(new, actor=COMMAND_LINE))

    made = run(work())
    click.echo(f"site {made.id} is counted from now on, in {made.timezone}, weeks begin on {made.first_weekday}")


@site.command("list", epilog="Example: counter site list")
@click.pass_obj
def list_sites(context: Context) -> None:
    """Every site, as it is in force."""

    async def work() -> list[Site]:
        async with context.reading() as store:
            return await store.catalog.sites()

    table = Table("id", "name", "hosts", "time zone", "week begins", "start count", "public", box=None)
    for one in run(work()):
        table.add_row(
            one.id, plain(one.name), ", ".join(map(shown_host, one.hosts)) or "any", one.timezone, one.first_weekday,
            str(one.start_count), "yes" if one.public else "no",
        )  # fmt: skip
    Console().print(table)


@site.command("set", epilog="Example: counter site set shop timezone=Asia/Tbilisi hosts=shop.example,www.shop.example")
@click.argument("site_id", metavar="ID")
@click.argument("changes", metavar="KEY=VALUE...", nargs=-1, required=True)
@click.pass_obj
def set_fields(context: Context, site_id: str, changes: tuple[str, ...]) -> None:
    """Change a site.

    \b
    KEY is name, hosts, timezone, first_weekday, start_count, public, query_keys, excluded_pages,
    excluded_referrers, backdate_days or image_gap_seconds; several values are separated by commas.
    """
    values = dict(_change(change) for change in changes)

    async def work() -> Site:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                before = await find_site(store, site_id)
            changed = msgspec.structs.replace(before, **values)
            return await port.apply(ChangeSite(changed, before.version, actor=COMMAND_LINE))

    changed = run(work())
    click.echo(f"site {changed.id}: " + ", ".join(f"{key} = {getattr(changed, key)!r}" for key in values))


@site.command(epilog="Example: counter site remove shop")
@click.argument("site_id", metavar="ID")
@click.confirmation_option(prompt="Stop counting and showing this site? Its numbers stay.")
@click.pass_obj
def remove(context: Context, site_id: str) -> None:
    """Stop counting and showing a site; its numbers stay, and come back with 'site add'."""

    async def work() -> None:
        async with open_port(context.config) as port:
            await port.apply(RemoveSite(site_id, actor=COMMAND_LINE))

    run(work())
    click.echo(f"site {site_id} is removed")


@site.command(epilog="Example: counter site token shop --read")
@click.argument("site_id", metavar="ID")
@click.option("--read", is_flag=True, help="A token to ask for reports instead.")
@click.pass_obj
def token(context: Context, site_id: str, read: bool) -> None:
    """Make a write token: with it a server may send time, ip and user_agent of its visitors' hits."""
    may = TokenMay.READ if read else TokenMay.WRITE
    secret = f"counter_{secrets.token_urlsafe(32)}"

    async def work() -> None:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                found = await find_site(store, site_id)
            await port.apply(AddToken(found.key, token_digest(secret), may, actor=COMMAND_LINE))

    run(work())
    click.echo(secret)
    click.echo("This is shown once. Send it as: Authorization: Bearer TOKEN", err=True)


for command in (goal, start, drops, bots, why):
    site.add_command(command)


def _change(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals or key not in SITE_FIELDS:
        raise UsageError(f"{text!r} is not KEY=VALUE with one of the keys {', '.join(SITE_FIELDS)}")
    return key, site_field_from_text(key, value)
