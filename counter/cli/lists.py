"""`counter lists`: lists that the owner downloads; today only referrer spam."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn

from counter.cli.context import Context, run
from counter.cli.download import Address, Limits, download, shown
from counter.cli.download import Progress as Arrival
from counter.collect.lists import HostList, read_hosts, spam_file, write_hosts
from counter.errors import ConfigError, DownloadFailed

LARGEST: Final = 5_000_000  # bytes of a list; published ones have under 100,000
SHOWN_BAD: Final = 3  # bad lines that are named in the answer
_HINT: Final = "The old list stays; is [lists] spam_referrers_url right?"


@click.group("lists", epilog="Example: counter lists update")
def lists() -> None:
    """Lists that say what is not counted: hosts of referrer spam."""


@lists.command("update", epilog="Example: counter lists update --timeout 120")
@click.option(
    "--timeout", "seconds", type=click.FloatRange(0.1, 3600), default=60.0, show_default=True, metavar="SECONDS",
    help="How long the whole download may take.",
)  # fmt: skip
@click.pass_obj
def update(context: Context, seconds: float) -> None:
    """Download the list at [lists] spam_referrers_url and put it in force.

    A running service takes it up within a minute. A list that can't be used leaves the old one in its place.
    """
    url = context.config.lists.spam_referrers_url
    if not url:
        raise ConfigError(
            "no list is set: give [lists] spam_referrers_url the address of a list with one host a line, such as that"
            " of matomo-org/referrer-spam-list"
        )
    with Progress(
        SpinnerColumn(), TextColumn(shown(url)), DownloadColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        task = progress.add_task("", total=None)
        body = run(fetch(url, seconds, lambda size: progress.update(task, completed=size)))
    found = read_hosts(body.decode("utf-8", "replace"))
    check(found, shown(url))
    file = spam_file(context.config.storage.path)
    before = _hosts_in(file)
    write_hosts(file, found.hosts)
    new, gone = len(found.hosts - before), len(before - found.hosts)
    count = f"{len(found.hosts):,} host{'' if len(found.hosts) == 1 else 's'}"
    click.echo(f"{count} of referrer spam: {new:,} new, {gone:,} gone")
    if found.bad:
        click.echo(f"{_lines(len(found.bad))} no host and left out: {_named(found)}")


@lists.command("show", epilog="Example: counter lists show")
@click.pass_obj
def show(context: Context) -> None:
    """Show how many hosts are listed, how old the list is, and where it came from."""
    url = context.config.lists.spam_referrers_url
    file = spam_file(context.config.storage.path)
    click.echo(f"hosts   {len(_hosts_in(file)):,}")
    click.echo(f"age     {_age(file, dt.datetime.now(dt.UTC))}")
    click.echo(f"url     {shown(url) if url else 'none; set [lists] spam_referrers_url'}")
    click.echo(f"file    {file}")


async def fetch(url: str, seconds: float, got: Callable[[int], object], largest: int = LARGEST) -> bytes:
    """The content of `url`, at most `largest` bytes within `seconds`; DownloadFailed with the reason.

    `got` is called with the number of bytes received.
    """
    body = bytearray()
    progress = Arrival(expect=lambda _: None, received=got)
    limits = Limits(largest, seconds, {404: "; is [lists] spam_referrers_url right?"})
    try:
        await download([Address(url, shown(url))], body.extend, progress, limits, decompress=True)
    except DownloadFailed as error:
        raise DownloadFailed(f"{error}. The old list stays.") from None
    return bytes(body)


def check(found: HostList, where: str) -> None:
    """DownloadFailed unless it is a list: at least one host, and no more bad lines than hosts."""
    if not found.hosts and not found.bad:
        raise DownloadFailed(f"{where} is empty. {_HINT}")
    if len(found.bad) > len(found.hosts):
        raise DownloadFailed(
            f"{where} is no list of hosts: {_lines(len(found.bad))} none, such as"
            f" {_named(found)}, and {len(found.hosts):,} are. {_HINT}"
        )


def _lines(count: int) -> str:
    return "1 line is" if count == 1 else f"{count:,} lines are"


def _named(found: HostList) -> str:
    """The first of the bad lines, safe for a terminal."""
    named = [f"line {bad.number} {bad.text[:60]!a}" for bad in found.bad[:SHOWN_BAD]]
    return ", ".join(named) + (", ..." if len(found.bad) > SHOWN_BAD else "")


def _hosts_in(file: Path) -> frozenset[str]:
    try:
        return read_hosts(file.read_text(encoding="utf-8", errors="replace")).hosts
    except FileNotFoundError:
        return frozenset()


def _age(file: Path, now: dt.datetime) -> str:
    """How old the list is, in days or hours, and its date."""
    if not file.exists():
        return "never loaded; run: counter lists update"
    updated = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
    hours = max(0, int((now - updated).total_seconds() // 3600))
    number, unit = (hours // 24, "day") if hours >= 48 else (hours, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}, of {updated:%Y-%m-%d %H:%M} UTC"
