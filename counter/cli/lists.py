"""`counter lists`: the lists that the owner loads; today those of referrer spam."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import click
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn

from counter import __version__
from counter.cli.context import Context, run
from counter.errors import ConfigError, DownloadFailed
from counter.ingest.lists import HostList, read_hosts, spam_file, write_hosts

LARGEST: Final = 5_000_000  # bytes of a list; the known ones have under 100,000
REDIRECTS: Final = 5
SHOWN_BAD: Final = 3  # lines that are no hosts, named in the answer
_CHUNK: Final = 64 * 1024  # bytes
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
    """What stands at `url`, at most `largest` bytes within `seconds`; DownloadFailed with the reason.

    Only http and https, also after redirects; `got` is told the bytes that arrived so far.
    """
    where = shown(url)
    body = bytearray()
    headers = {"User-Agent": f"visitor-counter/{__version__}"}
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=True) as session,
            # aiohttp gives up at the redirect of this number.
            session.get(url, max_redirects=REDIRECTS + 1) as answer,
        ):
            if answer.status != 200:
                raise DownloadFailed(f"{where} answered HTTP {answer.status}. {_HINT}")
            async for chunk in answer.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > largest:
                    raise DownloadFailed(f"{where} is larger than {largest:,} bytes, the most that is taken. {_HINT}")
                got(len(body))
    except aiohttp.TooManyRedirects:
        raise DownloadFailed(f"{where} redirects more than {REDIRECTS} times. {_HINT}") from None
    except (aiohttp.NonHttpUrlClientError, aiohttp.InvalidURL):
        raise DownloadFailed(f"{where} redirects to what is no http or https address. {_HINT}") from None
    except TimeoutError:
        raise DownloadFailed(f"{where} took longer than {seconds:g} seconds. The old list stays.") from None
    except aiohttp.ClientError as error:
        raise DownloadFailed(f"{where} can't be fetched: {_reason(error)}. The old list stays.") from None
    return bytes(body)


def check(found: HostList, where: str) -> None:
    """DownloadFailed unless it is a list: at least one host, and no more lines that are none than hosts."""
    if not found.hosts and not found.bad:
        raise DownloadFailed(f"{where} is empty. {_HINT}")
    if len(found.bad) > len(found.hosts):
        raise DownloadFailed(
            f"{where} is no list of hosts: {_lines(len(found.bad))} none, such as"
            f" {_named(found)}, and {len(found.hosts):,} are. {_HINT}"
        )


def shown(url: str) -> str:
    """An address without what may be secret in it: a password, a query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


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


def _reason(error: aiohttp.ClientError) -> str:
    """Why, without the address: errors of aiohttp may carry the whole URL."""
    system = getattr(error, "os_error", None) or error
    if isinstance(system, OSError) and system.strerror:
        return system.strerror
    return type(error).__name__
