"""`counter user add|list|set|reset-password|remove`: who may sign in to the dashboard."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from counter.accounts import INVITATION_LASTS, Invitation, Role, User, check_login, check_password, same_login
from counter.cli.context import Context, find_site, run
from counter.cli.plain import plain, print_json
from counter.cli.port import Port, open_port
from counter.clock import SystemClock
from counter.config import Config
from counter.errors import BadInput, UsageError
from counter.passwords import Passwords
from counter.service.accounts import new_secret
from counter.service.changes.accounts import AddUser, ChangeUser, Invite, RemoveUser, SetPassword
from counter.service.changes.change import COMMAND_LINE
from counter.service.service import token_digest
from counter.store.open import ReadOnlyStore

T = TypeVar("T")

PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read the password, one line, from standard input; no link is made."
)


def roles(command: Callable[..., T]) -> Callable[..., T]:
    """The options that say what a user may do."""
    for option in (
        click.option("--viewer", "viewers", metavar="SITE", multiple=True, help="May read SITE. May be repeated."),
        click.option("--admin", "admins", metavar="SITE", multiple=True, help="May change SITE. May be repeated."),
        click.option("--owner", is_flag=True, help="May do everything, on every site."),
    ):
        command = option(command)
    return command


@click.group(epilog="Example: counter user add ann@shop.example --owner")
def user() -> None:
    """Who may sign in to the dashboard, and what they may do there."""


@user.command(epilog="Example: counter user add ben --admin shop --viewer blog")
@click.argument("login")
@roles
@PASSWORD
@click.pass_obj
def add(
    context: Context, login: str, owner: bool, admins: tuple[str, ...], viewers: tuple[str, ...], password_stdin: bool
) -> None:
    """Make an account, and print a link that works once, for 24 hours, to choose its password.

    The first account must be an owner's. LOGIN is 1 to 64 of the letters a-z, digits and . _ @ + -
    """
    login = _check(check_login, login)
    _check_roles(owner, admins, viewers)
    password = _read_password(login) if password_stdin else None

    async def work() -> str:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                access = await _access(store, admins, viewers)
            hashed = "" if password is None else await Passwords().hash(password)
            made = await port.apply(AddUser(User(0, login, owner, access, hashed), actor=COMMAND_LINE))
            return "" if hashed else await _link(context.config, port, made)

    _tell(f"user {login} is made", run(work()))


@user.command("list", epilog="Example: counter user list")
@click.option("--json", "json_wanted", is_flag=True, help="For programs.")
@click.pass_obj
def list_users(context: Context, json_wanted: bool) -> None:
    """Every account, what it may do, and how many browsers are signed in."""
    found = run(_shown(context))
    if json_wanted:
        print_json(found)
    elif not found:
        click.echo("there are no users yet; make the first with 'counter user add LOGIN --owner'")
    else:
        table = Table("login", "may", "password", "signed in", box=None)
        for one in found:
            sites = ", ".join(f"{role} of {site}" for site, role in one["sites"].items())
            may = str(Role.OWNER) if one["owner"] else sites or "nothing"
            table.add_row(plain(one["login"]), plain(may), one["password"], str(one["sessions"]))
        Console().print(table)


@user.command("set", epilog="Example: counter user set ben --admin shop --admin blog")
@click.argument("login")
@roles
@click.pass_obj
def set_roles(context: Context, login: str, owner: bool, admins: tuple[str, ...], viewers: tuple[str, ...]) -> None:
    """Say anew what a user may do: what is not named is taken away."""
    _check_roles(owner, admins, viewers)

    async def work() -> User:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                before = await _find_user(store, login)
                access = await _access(store, admins, viewers)
            changed = msgspec.structs.replace(before, owner=owner, access=access)
            return await port.apply(ChangeUser(changed, before, actor=COMMAND_LINE))

    changed = run(work())
    parts = [f"admin of {site}" for site in admins] + [f"viewer of {site}" for site in viewers]
    click.echo(f"user {changed.login} is {'owner' if owner else ', '.join(parts)} from now on")


@user.command("reset-password", epilog="Example: counter user reset-password ben")
@click.argument("login")
@PASSWORD
@click.pass_obj
def reset_password(context: Context, login: str, password_stdin: bool) -> None:
    """Sign a user out everywhere, make the password useless, and print a link that works once, for 24 hours."""
    password = _read_password(login) if password_stdin else None

    async def work() -> tuple[User, str]:
        hashed = "" if password is None else await Passwords().hash(password)
        async with open_port(context.config) as port:
            async with context.reading() as store:
                found = await _find_user(store, login)
            await port.apply(SetPassword(found.key, hashed, actor=COMMAND_LINE))
            return found, "" if hashed else await _link(context.config, port, found)

    found, link = run(work())
    _tell(f"user {found.login} is signed out everywhere, and the old password works no longer", link)


@user.command(epilog="Example: counter user remove ben --yes")
@click.argument("login")
@click.confirmation_option(prompt="Remove this account? Who is signed in with it is signed out.")
@click.pass_obj
def remove(context: Context, login: str) -> None:
    """Remove an account; the last owner stays. What it wrote into annotations and the audit log stays, too."""

    async def work() -> User:
        async with open_port(context.config) as port:
            async with context.reading() as store:
                found = await _find_user(store, login)
            await port.apply(RemoveUser(found.key, actor=COMMAND_LINE))
            return found

    click.echo(f"user {run(work()).login} is removed")


def _check(check: Callable[..., T], *values: str) -> T:
    """`check(*values)`, with BadInput turned into UsageError."""
    try:
        return check(*values)
    except BadInput as error:
        raise UsageError(str(error)) from error


def _read_password(login: str) -> str:
    line = sys.stdin.buffer.readline().decode("utf-8", "surrogateescape").rstrip("\r\n")
    _check(check_password, line, login)
    return line


def _check_roles(owner: bool, admins: tuple[str, ...], viewers: tuple[str, ...]) -> None:
    if owner == bool(admins or viewers):
        raise UsageError("say either --owner, or --admin SITE and --viewer SITE for each site; an owner has them all")
    for site in set(admins) & set(viewers):
        raise UsageError(f"site {site!r} is named twice; an admin may read it, too")


async def _access(store: ReadOnlyStore, admins: tuple[str, ...], viewers: tuple[str, ...]) -> dict[int, Role]:
    wanted = [(site, Role.ADMIN) for site in admins] + [(site, Role.VIEWER) for site in viewers]
    return {(await find_site(store, site)).key: role for site, role in wanted}


async def _find_user(store: ReadOnlyStore, login: str) -> User:
    users = await store.accounts.users()
    for one in users:
        if same_login(one.login) == same_login(login):
            return one
    known = ", ".join(one.login for one in users) or "none yet; make one with 'counter user add LOGIN --owner'"
    raise UsageError(f"there is no user {login[:80]!r}; users: {known}")


async def _shown(context: Context) -> list[dict[str, Any]]:
    now = SystemClock().now()
    async with context.reading() as store:
        sites = {site.key: site.id for site in await store.catalog.sites()}
        signed_in = [one.user_key for one in await store.accounts.sessions() if not one.over(now)]
        invited = {one.user_key for one in await store.accounts.invitations() if not one.over(now)}
        return [
            {
                "login": one.login,
                "owner": one.owner,
                "sites": {sites[key]: role for key, role in sorted(one.access.items()) if key in sites},
                "password": "chosen" if one.password else "link sent" if one.key in invited else "none",
                "sessions": signed_in.count(one.key),
            }
            for one in await store.accounts.users()
        ]


async def _link(config: Config, port: Port, invited: User) -> str:
    """A new link for a user; only its digest is stored."""
    secret = new_secret()
    until = int(SystemClock().now()) + INVITATION_LASTS
    await port.apply(Invite(Invitation(token_digest(secret), invited.key, until), actor=COMMAND_LINE))
    host = config.server.host
    base = config.server.public_url or f"http://{f'[{host}]' if ':' in host else host}:{config.server.port}"
    return f"{base}/dashboard/welcome/{secret}"


def _tell(done: str, link: str) -> None:
    """The link alone goes to standard output."""
    click.echo(done, err=bool(link))
    if link:
        click.echo(link)
        click.echo("The link is shown once and works once, for 24 hours: who has it chooses the password.", err=True)
