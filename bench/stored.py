"""What hits leave behind: bytes on the disk, megabytes in the service's memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench.events import fill, new_visitors, real_visits
from bench.figures import Figure, Scale, console, new_table, show, step, steps
from bench.servers import Server, bare_server, our_server, temporary_folder
from bench.traffic import LARGEST_ARRAY
from counter.event import Event
from counter.site import ActiveSite
from counter.store.sqlite.engine import FILE_NAME

DAYS = 10  # that the hits on the disk are spread over
DISK_AIM = "< 80 bytes"
MEMORY_AIM = "< 200 MB"
PORTIONS = 4  # of the visitors, between two looks at the memory
CONNECTIONS = 4

Generate = Callable[[list[Event], ActiveSite, int, int], Iterator[Event]]
CASES: tuple[tuple[str, Generate], ...] = (
    ("disk, every hit a new visitor", new_visitors),
    ("disk, visits of 3 page views", real_visits),
)


def measure_disk(scale: Scale) -> list[Figure]:
    """Bytes a hit once what serves 48 hours is pruned; free pages are not counted, the next hits fill them."""
    table = new_table(f"Disk, {scale.kept:,} hits over {DAYS} days", "hits", "bytes/hit", "with free pages", "largest")
    figures = []
    for name, generate in CASES:

        def make(patterns: list[Event], site: ActiveSite, generate: Generate = generate) -> Iterator[Event]:
            return generate(patterns, site, scale.kept, DAYS)

        with temporary_folder() as folder, steps(name, scale.kept) as progress:
            fill(folder, make, lambda more, progress=progress: step(progress, more), prune=True)  # type: ignore[misc]
            used, whole, hits, largest = sizes(folder / "data" / FILE_NAME)
        table.add_row(name, show(used / hits), show(whole / hits), largest)
        figures.append(Figure(name, "bytes/hit", used / hits, aim=DISK_AIM))
    console.print(table)
    return figures


def sizes(path: Path) -> tuple[int, int, int, str]:
    """Bytes in use, bytes of the file, events in it, and where most bytes are (when this SQLite can tell)."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        pages, free, size = (
            database.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        hits = database.execute("select count(*) from event").fetchone()[0]
        try:
            rows = database.execute(
                "select name, sum(pgsize) from dbstat group by 1 order by 2 desc limit 4"
            ).fetchall()
        except sqlite3.OperationalError:
            rows = []
    largest = ", ".join(f"{name} {count / hits:.1f}" for name, count in rows)
    return (pages - free) * size, pages * size, hits, largest or "-"


def measure_memory(scale: Scale) -> list[Figure]:
    """Resident memory of the service after many new visitors in one day, sent as arrays."""
    requests = scale.visitors // LARGEST_ARRAY // PORTIONS
    table = new_table("Memory of the service, every hit a new visitor", "visitors", "MB now", "MB at most")
    with our_server() as ours, bare_server() as bare, steps("memory", PORTIONS + 1) as progress:
        table.add_row("0", *map(show, ours.memory()))
        for portion in range(1, PORTIONS + 1):
            ours.run("array", CONNECTIONS, requests)
            step(progress)
            if portion in (1, 2, PORTIONS):
                table.add_row(f"{portion * requests * LARGEST_ARRAY:,}", *map(show, ours.memory()))
        beside = _bare_memory(bare, requests)
        table.add_row(f"bare, {requests * LARGEST_ARRAY:,}", *map(show, beside))
        now, most = ours.memory()
    console.print(table)
    return [
        Figure(f"memory after {scale.visitors:,} visitors", "MB", now, beside[0], now / beside[0], MEMORY_AIM),
        Figure("memory at most", "MB", most, beside[1], most / beside[1]),
    ]


def _bare_memory(bare: Server, requests: int) -> tuple[float, float]:
    bare.run("array", CONNECTIONS, requests)
    return bare.memory()
