"""Reads a database in a process of its own, because a damaged one can kill, stop or fill the process that reads it.

    python -I trial_reader.py FILE

ends with 0 when the file may be used, else with the reason as the last line of stderr, or dies. Small files are read
whole; of large ones 200,000 addresses spread over both families: half a second. Walking all networks would take 8 s
for countries, a minute for cities.
"""

from __future__ import annotations

import itertools
import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import geoip2.database
import maxminddb

KINDS = ("Country", "City", "Enterprise")  # words in the kind of a database that has countries or cities
MOST_SAMPLES = 100_000  # addresses of each family
SAMPLES_A_NODE = 10
WHOLE = 20_000  # nodes; up to so many, all networks are read
MEMORY = 512 * 1024 * 1024  # bytes beyond the file itself: a record may be made to grow without end


def judge(path: str) -> None:
    """Raises, or calls sys.exit with a sentence, when the file at `path` may not be used."""
    with geoip2.database.Reader(path) as reader:
        kind = reader.metadata().database_type
    if not any(word in kind for word in KINDS):
        sys.exit(f"it is a database of the kind {kind[:64]!r}, and countries or cities are needed")
    with maxminddb.open_database(path) as database:
        found = [0, 0]  # records, and those that know a country
        for place in _some(database, random.Random(1)):
            if not isinstance(place, dict):
                sys.exit("its records are not of the GeoIP2 kind")
            found[0] += 1
            found[1] += isinstance(place.get("country") or place.get("registered_country"), dict)
        if found[0] and not found[1]:
            sys.exit("its records have no country as GeoIP2 writes it")


def _some(database: maxminddb.Reader, dice: random.Random) -> Iterator[object]:
    """Records of `database`: of all networks when there are few, then of addresses everywhere."""
    about = database.metadata()
    if about.node_count <= WHOLE:
        # A tree has one leaf more than it has nodes, each on up to two sides of IPv4 in IPv6; more is a loop.
        for number, (_, place) in enumerate(database):
            if number > 4 * about.node_count + 4:
                sys.exit("it is damaged, its tree has no end")
            yield place
    for _ in range(min(MOST_SAMPLES, SAMPLES_A_NODE * about.node_count)):
        texts = [".".join(map(str, dice.randbytes(4)))]
        if about.ip_version == 6:
            texts.append(f"2{dice.randrange(4096):03x}:{dice.randrange(65536):x}::1")
        yield from itertools.filterfalse(lambda place: place is None, map(database.get, texts))


def confine(path: str) -> None:
    """Bounds what this process may take: memory, and no core file when it dies."""
    memory = 2 * Path(path).stat().st_size + MEMORY
    _, allowed = resource.getrlimit(resource.RLIMIT_AS)
    if allowed == resource.RLIM_INFINITY or allowed > memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    confine(sys.argv[1])
    judge(sys.argv[1])
