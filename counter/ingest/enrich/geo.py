"""Where an address is: country, and region and city when the owner's database has them. Approximate, always.

The files are read through a memory map, which kills the process when somebody truncates or overwrites the file in
place. So only private copies under `data_dir/geo/` are mapped, never changed once they have their name, and an
owner's file is first tried in another process, because a damaged one can crash the reader.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, Self

import maxminddb

from counter.event import Place
from counter.ingest.text import clean

SHIPPED: Final = Path(__file__).parents[2] / "data" / "country.mmdb.xz"
MAX_NAME: Final = 128  # characters of a region or city
TRIAL_SECONDS: Final = 60
STALE_SECONDS: Final = 3600
NOWHERE: Final = Place()

# Metadata, kind, then 200,000 look-ups spread over both address families: half a second. Walking all networks of a
# file would take 8 s for countries, a minute for cities.
_TRIAL: Final = """
import random, sys
import geoip2.database, maxminddb
with geoip2.database.Reader(sys.argv[1]) as reader:
    kind = reader.metadata().database_type
if not any(word in kind for word in ("Country", "City", "Enterprise")):
    sys.exit(f"it is a database of the kind {kind!r}, and countries or cities are needed")
with maxminddb.open_database(sys.argv[1]) as reader:
    dice = random.Random(1)
    six = reader.metadata().ip_version == 6
    for _ in range(100_000):
        texts = ["%d.%d.%d.%d" % tuple(dice.randbytes(4))]
        if six:
            texts.append("2%03x:%x::1" % (dice.randrange(4096), dice.randrange(65536)))
        for text in texts:
            if not isinstance(reader.get(text), (dict, type(None))):
                sys.exit("its records are not of the GeoIP2 kind")
"""


class Geo:
    """One open database, or none: then every place is unknown and `problem` says why in a sentence."""

    def __init__(self, reader: maxminddb.Reader | None, problem: str | None = None) -> None:
        self._reader = reader
        self.problem = problem

    @classmethod
    def open(cls, database: Path | None, data_dir: Path) -> Self:
        """Opens the owner's `database`, or the shipped one for None. Never raises: the service runs without.

        Blocks: 0.5 s the first time a file is seen, then some 10 ms for a country file.
        """
        try:
            copy = _private_copy(SHIPPED if database is None else database, data_dir / "geo", own=database is not None)
            return cls(maxminddb.open_database(copy))  # the C reader on a memory map, else the one in Python
        except Exception as error:  # noqa: BLE001  # a damaged file raises nearly anything
            name = "shipped with this program" if database is None else str(database)
            reason = str(error).rstrip(".?")
            return cls(None, f"The database of countries {name} cannot be used, countries are unknown: {reason}.")

    def place(self, address: str) -> Place:
        """Where an address (canonical text) is; unknown parts are ''.

        Reads the raw record: 2 us, against 9 for geoip2's models.
        """
        if self._reader is None:
            return NOWHERE
        try:
            found: Any = self._reader.get(address)
            if found is None:
                return NOWHERE
            regions = found.get("subdivisions")
            return Place(
                country=_code(found.get("country")),
                region=_name(regions[0]) if regions else "",
                city=_name(found["city"]) if "city" in found else "",
            )
        except Exception:  # noqa: BLE001  # whatever ails the database, a hit is counted without its place
            return NOWHERE

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


def _code(country: Any) -> str:
    """The ISO code of a record's country; '' when there is none."""
    code = country.get("iso_code") if country else None
    return code if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isupper() else ""


def _name(part: Any) -> str:
    name = part.get("names", {}).get("en") or part.get("iso_code")
    return clean(name, MAX_NAME) if isinstance(name, str) else ""


def _private_copy(source: Path, folder: Path, *, own: bool) -> Path:
    """The copy of `source` that may be mapped, named by what is in it; made, and tried, when there is none yet."""
    content = source.read_bytes()
    digest = hashlib.blake2b(content, digest_size=8).hexdigest()
    kind = "own" if own else "shipped"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".new-*"):
        if left.stat().st_mtime < time.time() - STALE_SECONDS:
            left.unlink(missing_ok=True)  # of a process that was killed while it wrote
    for made in folder.glob(f"{kind}-{digest}-*.mmdb"):
        if made.name == f"{kind}-{digest}-{made.stat().st_size}.mmdb":  # not truncated since
            return made
    if not own:
        content = lzma.decompress(content)
    final = folder / f"{kind}-{digest}-{len(content)}.mmdb"
    _write(final, content, tried=own)
    for older in folder.glob("*.mmdb"):
        if older != final:
            older.unlink(missing_ok=True)  # who has it mapped keeps it until they close it
    return final


def _write(final: Path, content: bytes, *, tried: bool) -> None:
    """Writes `content` so that `final` is whole or absent, also after a power cut."""
    descriptor, name = tempfile.mkstemp(dir=final.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if tried:
            _try(name)
        Path(name).replace(final)
    finally:
        Path(name).unlink(missing_ok=True)


def _try(path: str) -> None:
    """Raises ValueError with the reason when a process that reads `path` fails or dies."""
    command = [sys.executable, "-I", "-c", _TRIAL, path]
    try:
        trial = subprocess.run(  # noqa: S603  # our own interpreter, our own text
            command, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it takes over {TRIAL_SECONDS} s") from None
    if trial.returncode < 0:
        raise ValueError("it is damaged, reading it crashes")
    if trial.returncode > 0:
        lines = trial.stderr.strip().splitlines() or ["it is damaged"]
        raise ValueError(lines[-1])
