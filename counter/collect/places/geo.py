"""Where an address is: country, and region and city when the database has them. Approximate, always.

A changed database is picked up while the service runs: `renew` copies and tries it without holding up hits
(`copies`), then changes the reader between two look-ups. One that cannot be used changes nothing but `problem`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import maxminddb

from counter.address import Networks
from counter.collect.places.copies import DatabaseFile, Stamp, Whose, last_good, private_copy, source_of, stamp_of
from counter.collect.places.edition import Credit, Edition
from counter.event import Place
from counter.text import clean

log = logging.getLogger(__name__)

MAX_NAME: Final = 128  # characters of a region or city
REMEMBERED: Final = 10_000  # addresses whose places are remembered
NOWHERE: Final = Place()
# Addresses that are in many places at once; the shipped statistics assign some of these blocks to a country.
PRIVATE: Final = Networks(
    ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::1",
     "fc00::/7", "fe80::/10")
)  # fmt: skip
_NO_COUNTRY: Final = "ZZ"  # what DB-IP writes for unassigned networks


class _Opened(NamedTuple):
    """A database that can be used."""

    copy: Path  # what the reader reads
    reader: maxminddb.Reader
    edition: Edition


class _Look(NamedTuple):
    """The result of a look at the source: a database, or why there is none."""

    source: DatabaseFile
    stamp: Stamp | None  # None: look again the next time, whatever the file
    opened: _Opened | None = None
    problem: str = ""


class Geo:
    """One open database, or none: then every place is unknown and `problem` says why in a sentence.

    `place` belongs to one thread. The reader is never closed while in use: each look-up holds a reference.
    """

    def __init__(self, database: Path | None, data_dir: Path, most_known: int = REMEMBERED) -> None:
        """`most_known` addresses are remembered with their places."""
        self._database = database
        self._data_dir = data_dir
        self._reader: maxminddb.Reader | None = None
        self._copy: Path | None = None
        self._known: dict[str, Place] = {}
        self._most_known = most_known
        self._seen: tuple[DatabaseFile, Stamp] | None = None
        self._turn = asyncio.Lock()
        self.source = source_of(database, data_dir)
        self.edition: Edition | None = None  # of the database in force
        self.problem: str | None = None

    @classmethod
    def open(cls, database: Path | None, data_dir: Path, most_known: int = REMEMBERED) -> Self:
        """Opens the owner's `database`; for None what `counter geo update` fetched, else the shipped one.

        Never raises: the service runs without. Blocks: half a second the first time a file is seen, then as long
        as reading it takes once.
        """
        geo = cls(database, data_dir, most_known)
        seen = geo._look()
        if seen is not None:
            if seen.opened is None:
                geo._fall_back(seen.source)
            geo._take(seen)
        return geo

    @property
    def credit(self) -> Credit:
        """The credit to show with places; empty without a database."""
        return self.edition.credit if self.edition else Credit("")

    def place(self, address: str) -> Place:
        """Where an address (canonical text) is; unknown parts are '', and a region or city never lacks its country.

        A visitor sends many hits: places are remembered, in memory and until the database changes.
        """
        known = self._known.get(address)
        if known is not None:
            return known
        if self._reader is None:
            return NOWHERE
        if len(self._known) >= self._most_known:
            self._known.clear()
        nowhere = self.source.whose == Whose.SHIPPED and address in PRIVATE
        place = self._known[address] = NOWHERE if nowhere else _find(self._reader, address)
        return place

    async def renew(self) -> bool:
        """Take up the database if it changed; returns whether the database in force, or `problem`, changed.

        The work is done in another thread and process; the reader changes in the caller's thread.
        """
        async with self._turn:
            seen = await asyncio.to_thread(self._look)
            reader, problem = self._reader, self.problem
            if seen is not None:
                self._take(seen)
        if self._reader is not reader and self.edition is not None:
            log.info("a new database of places is in force",
                     extra={"database": str(self.source.path), "kind": self.edition.kind,
                            "built": self.edition.built_on})  # fmt: skip
        return self._reader is not reader or self.problem != problem

    def close(self) -> None:
        """Places are unknown from now on."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._known.clear()

    def _look(self) -> _Look | None:
        """Read the source again; None when nothing changed since it was judged."""
        source = source_of(self._database, self._data_dir)
        stamp = stamp_of(source.path)
        if stamp is not None and (source, stamp) == self._seen:
            return None
        try:
            return _Look(source, stamp, self._open(source))
        except OSError as error:
            return _Look(source, None, problem=error.strerror or str(error))
        except Exception as error:  # noqa: BLE001  # a damaged file raises nearly anything
            return _Look(source, stamp, problem=str(error) or type(error).__name__)

    def _open(self, source: DatabaseFile) -> _Opened:
        copy = private_copy(source, self._data_dir / "geo")
        if copy == self._copy and self._reader is not None and self.edition is not None:
            return _Opened(copy, self._reader, self.edition)  # the same content under another date
        try:
            return _opened(copy)
        except FileNotFoundError:  # another process saw a newer file, and removed this copy before it was opened
            return _opened(private_copy(source, self._data_dir / "geo"))

    def _take(self, seen: _Look) -> None:
        """Puts what was seen in force. The former reader is not closed here: its last user lets it go."""
        self._seen = (seen.source, seen.stamp) if seen.stamp is not None else None
        if seen.opened is None:
            self.problem = self._sentence(seen)
            return
        self._copy, self._reader, self.edition = seen.opened
        self._known.clear()
        self.source = seen.source
        self.problem = None

    def _fall_back(self, source: DatabaseFile) -> None:
        """The last good copy of an owner's file serves until the file is mended, also over a restart."""
        copy = last_good(source, self._data_dir / "geo")
        if copy is not None:
            with contextlib.suppress(Exception):  # then there is none, as without a copy
                self._copy, self._reader, self.edition = _opened(copy)

    def _sentence(self, seen: _Look) -> str:
        name = "that comes with this program" if seen.source.path.suffix == ".xz" else str(seen.source.path)
        meanwhile = "countries are unknown"
        if self._reader is not None and self.edition is not None:
            meanwhile = f"the one of {self.edition.built_on} stays in force"
        reason = clean(seen.problem, 300).rstrip(".?")
        return f"The database of places {name} cannot be used, {meanwhile}: {reason}."


def _opened(copy: Path) -> _Opened:
    """By the C reader on a memory map, else by the one in Python."""
    reader = maxminddb.open_database(copy)
    return _Opened(copy, reader, Edition.of(reader.metadata()))


def _find(reader: maxminddb.Reader, address: str) -> Place:
    """Reads the raw record: geoip2's models would take several times as long."""
    try:
        found = reader.get(address)
        return _place(found) if isinstance(found, dict) else NOWHERE
    except Exception:  # noqa: BLE001  # whatever is wrong with the database, a hit is counted without its place
        return NOWHERE


def _place(found: dict[str, Any]) -> Place:
    """The place of a record. Where the address is wins over where it was registered, which has no city."""
    country = _code(found.get("country"))
    if not country:
        country = _code(found.get("registered_country"))
        return Place(country) if country else NOWHERE
    regions = found.get("subdivisions")
    region = regions[0] if isinstance(regions, list) and regions else None  # the largest comes first
    name = _name(region)
    if not name and isinstance(region, dict) and isinstance(region.get("iso_code"), str):
        name = clean(f"{country}-{region['iso_code']}", MAX_NAME)
    return Place(country, name, _name(found.get("city")))


def _code(country: Any) -> str:
    """The ISO code of a record's country; '' when there is none."""
    code = country.get("iso_code") if isinstance(country, dict) else None
    if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isupper() and code != _NO_COUNTRY:
        return code
    return ""


def _name(part: Any) -> str:
    """The English name of a region or city, else the first there is; '' when there is none."""
    names = part.get("names") if isinstance(part, dict) else None
    if not isinstance(names, dict) or not names:
        return ""
    name = names.get("en") or next(iter(names.values()))
    return clean(name, MAX_NAME) if isinstance(name, str) else ""
