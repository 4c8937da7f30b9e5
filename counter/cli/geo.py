"""`counter geo show|look-up|update`"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from counter.address import canonical
from counter.cli.context import Context, run
from counter.cli.download import Address, Limits, Progress, download, shown
from counter.cli.geo_unpack import unpack
from counter.cli.port import running_service
from counter.clock import SystemClock
from counter.collect.places.copies import DOWNLOAD, NEW, BadDatabase, Whose, try_database
from counter.collect.places.geo import Geo
from counter.config import Config
from counter.errors import DownloadFailed, UsageError
from counter.folders import make_open_folder

LIMITS: Final = Limits(
    200 * 1024 * 1024,
    1800,
    {
        401: "; is [geoip] license_key right?",
        403: "; is [geoip] license_key right?",
        404: "; is [geoip] update_url right?",
        429: "; that was too often, try again tomorrow",
    },
)
EXAMPLES = ("8.8.8.8", "1.1.1.1", "193.0.6.139", "2001:4860:4860::8888")
_WHOSE = {
    Whose.OWN: "the file that \\[geoip] database names",
    Whose.DOWNLOADED: "downloaded by 'counter geo update'",
    Whose.SHIPPED: "comes with this program",
}


@click.group(epilog="Example: counter geo show")
def geo() -> None:
    """Where visitors are: the database of countries, regions and cities."""


@geo.command(epilog="Example: counter geo show")
@click.pass_context
def show(click_context: click.Context) -> None:
    """Say which database is in force, how old it is and what its licence asks for. Exit code 1: there is a problem."""
    context: Context = click_context.obj
    with closing(_open(context.config)) as opened:
        _show(opened, SystemClock().now())
        if opened.problem:
            click.echo(opened.problem, err=True)
            click_context.exit(1)


@geo.command("look-up", epilog="Example: counter geo look-up 8.8.8.8 2001:4860:4860::8888")
@click.argument("texts", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def look_up(context: Context, texts: tuple[str, ...]) -> None:
    """Say where addresses are, by the database in force. Approximate, always."""
    known = [(text, canonical(text)) for text in texts]
    for text, address in known:
        if address is None:
            raise UsageError(f"{text!r} is not an address such as 203.0.113.7 or 2001:db8::7")
    with closing(_open(context.config)) as opened:
        if opened.problem:
            click.echo(opened.problem, err=True)
        _look_up(opened, [address for _, address in known if address])


@geo.command(epilog="Example: counter geo update")
@click.pass_obj
def update(context: Context) -> None:
    """Download a new database, try it, and put it in the place of the one before; a running service takes it up.

    What is fetched says [geoip] update_url: by default DB-IP City Lite of this month, or of the last one when it is
    not out yet. It is written to [geoip] database when that is set, else beside the data.
    """
    config = context.config
    own = config.geoip.database
    target = config.storage.path / "geo" / DOWNLOAD if own is None else own.resolve()  # a link stays one
    today = dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC).date()
    candidates = addresses(config.geoip.update_url, config.geoip.license_key, today)
    try:
        if own is None:
            make_open_folder(target.parent)
        fetched = _fetch(candidates, target)
    except OSError as error:
        raise DownloadFailed(f"{target} can't be written: {error.strerror or error}") from error
    click.echo(f"{fetched.shown} is now {target}")
    told = run(_tell_service(config))
    with closing(_open(config)) as opened:
        _show(opened, SystemClock().now())
        _look_up(opened, list(EXAMPLES))
    click.echo(f"the running service: {told}" if told else "no service runs; the next one takes it")


def _fetch(candidates: list[Address], target: Path) -> Address:
    """Download, unpack and try next to `target`; only a usable file is ever given its name."""
    with _new_file(target.parent) as (packed, archive), _new_file(target.parent) as (new, database):
        fetched = run(_download(candidates, archive))
        unpack(packed, database)
        database.flush()
        os.fsync(database.fileno())
        try:
            try_database(new)
        except BadDatabase as bad:
            raise DownloadFailed(f"{fetched.shown} can't be used: {bad}") from None
        new.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        new.replace(target)
    return fetched


@contextmanager
def _new_file(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A temporary file, removed at the end unless it was renamed."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=NEW)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield Path(name), file
    finally:
        Path(name).unlink(missing_ok=True)


def addresses(pattern: str, key: str, today: dt.date) -> list[Address]:
    """Where to look, in order: with a month in the pattern, this month's file and then the one before."""
    if "{key}" in pattern and not key:
        raise DownloadFailed(
            "[geoip] update_url needs a key: set [geoip] license_key, or COUNTER_GEOIP_LICENSE_KEY in the environment"
        )
    months = [today, today.replace(day=1) - dt.timedelta(days=1)]
    dated = "{month}" in pattern or "{year}" in pattern
    return [_address(pattern, key, month) for month in months[: 2 if dated else 1]]


def _address(pattern: str, key: str, month: dt.date) -> Address:
    dated = pattern.replace("{year}", f"{month.year:04}").replace("{month}", f"{month.month:02}")
    return Address(dated.replace("{key}", quote(key, safe="")), shown(dated))


async def _download(candidates: list[Address], archive: BinaryIO) -> Address:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("database of places", total=None)
        progress = Progress(
            expect=lambda size: bar.update(task, total=size), received=lambda size: bar.update(task, completed=size)
        )
        fetched = await download(candidates, archive.write, progress, LIMITS)
    archive.flush()
    return fetched


async def _tell_service(config: Config) -> str:
    """What the running service reports about the new database; '' when none runs."""
    async with running_service(config) as service:
        return await service.renew_places() if service else ""


def _open(config: Config) -> Geo:
    return Geo.open(config.geoip.database, config.storage.path)


def _show(opened: Geo, now: float) -> None:
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    table.add_row("database", escape(str(opened.source.path)))
    table.add_row("", _WHOSE[opened.source.whose])
    edition = opened.edition
    if edition is not None:
        table.add_row("kind", escape(edition.kind))
        table.add_row("knows", "countries, regions and cities" if edition.cities else "countries")
        table.add_row("built", f"{edition.built_on}, {edition.age_days(now):,} days ago")
        table.add_row("nodes", f"{edition.nodes:,}")
        table.add_row("licence", escape(edition.licence))
        table.add_row("credit", escape(" ".join(part for part in edition.credit if part)))
    Console(highlight=False).print(table)


def _look_up(opened: Geo, looked_up: list[str]) -> None:
    table = Table("address", "country", "region", "city", box=None, pad_edge=False)
    for address in looked_up:
        place = opened.place(address)
        table.add_row(address, place.country or "unknown", escape(place.region), escape(place.city))
    Console(highlight=False).print(table)
