"""Where the time of a hit goes, step by step, without HTTP: decode, judge, append, fold. CPU of one thread."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from bench.bare import freeze_garbage
from bench.figures import new_table, show, step, steps
from bench.servers import make_config, temporary_folder
from bench.traffic import HOST, SEED, SITE, Traffic, address, browsers
from counter.app import build_pipeline
from counter.collect.parse import Envelope, WireHit, decode_body, hit_from
from counter.collect.pipeline import Pipeline
from counter.config import load
from counter.event import Event, Via
from counter.site import ActiveSite, Site
from counter.store.catalog import sites
from counter.store.protocols import Batch
from counter.store.sqlite.append import Appender
from counter.store.sqlite.engine import prepare
from counter.store.sqlite.fold import fold

FOLD = 20_000  # events a fold, the service's own under load
STATEMENTS = {  # how statements begin, and what they are called here
    "insert into event": "sqlite: event",
    "insert into visit ": "sqlite: visit",
    "insert into visitor_tail": "sqlite: visitor_tail",
    "insert into hit_id": "sqlite: hit_id",
    "insert into total": "sqlite: totals",
    "commit": "sqlite: commit (write and sync)",
    "select": "sqlite: questions",
}


Spent = defaultdict[str, float]  # CPU seconds by step


class Timed(sqlite3.Connection):
    """A connection that keeps the time of its statements apart, by kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spent = Spent(float)

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        started = time.thread_time()
        try:
            return super().execute(sql, *values)
        finally:
            self.spent[_kind(sql)] += time.thread_time() - started


class Parts(NamedTuple):
    """What the steps work with."""

    pipeline: Pipeline
    site: ActiveSite
    connection: Timed
    appender: Appender


def measure_steps(hits: int, batch: int) -> Table:
    """Microseconds of CPU a hit for each step; as many hits before fill the caches and the dictionaries."""
    with temporary_folder() as folder, steps("profile", 2 * hits) as progress:
        parts = _open(folder)
        bodies = [request.partition(b"\r\n\r\n")[2] for request in Traffic().render("post", 0, 2 * hits)]
        freeze_garbage()
        _run(parts, bodies[:hits], 0, batch)
        step(progress, hits)
        parts.connection.spent.clear()
        spent = Spent(float)
        for start in range(hits, 2 * hits, FOLD):
            portion = bodies[start : start + FOLD]
            _add(spent, _run(parts, portion, start, batch))
            step(progress, len(portion))
        _add(spent, parts.connection.spent)
        parts.connection.close()
    return _table(spent, hits, batch)


def _open(folder: Path) -> Parts:
    """A store of its own, with durability full, in this thread."""
    config = load(make_config(folder), {})
    config.storage.path.mkdir(parents=True)
    connection = sqlite3.connect(
        prepare(config.storage.path), isolation_level=None, factory=Timed, cached_statements=512
    )
    for pragma in ("synchronous = full", "wal_autocheckpoint = 4000", "cache_size = -32768", "temp_store = memory"):
        connection.execute(f"pragma {pragma}")
    connection.execute("pragma secure_delete = on")
    site, _ = sites.add_site(
        connection, Site(0, SITE, SITE, hosts=(HOST,), timezone="Europe/Berlin"), time.time(), actor="the benchmark"
    )
    return Parts(build_pipeline(config), ActiveSite(site), connection, Appender(connection, 1800))


def _run(parts: Parts, bodies: Sequence[bytes], first: int, batch: int) -> Spent:
    """All steps for `bodies`, whose visitors are numbered from `first`; CPU seconds by step."""
    spent = Spent(float)
    clock, now = time.thread_time, time.time()
    started = clock()
    wires = [decode_body(body)[0][0] for body in bodies]
    spent["decode"] = clock() - started
    events = _judge(parts, wires, first, now, spent)
    sqlite_before = sum(parts.connection.spent.values())
    started = clock()
    for start in range(0, len(events), batch):
        parts.appender.append(Batch(tuple(events[start : start + batch])), now)
    spent["append: Python"] = clock() - started - (sum(parts.connection.spent.values()) - sqlite_before)
    _fold(parts, spent)
    return spent


def _judge(parts: Parts, wires: Sequence[WireHit], first: int, now: float, spent: Spent) -> list[Event]:
    clock, agents, dice = time.thread_time, browsers(), random.Random(SEED)
    envelopes = [
        Envelope(int(now), address(first + number), dice.choice(agents), "de-DE,de;q=0.9", f"https://{HOST}/",
                 Via.SNIPPET)
        for number in range(len(wires))
    ]  # fmt: skip
    started = clock()
    hits = [hit_from(wire, envelope) for wire, envelope in zip(wires, envelopes, strict=True)]
    cleaned = clock()
    judged = [parts.pipeline.judge(hit, parts.site, now, 0.0) for hit in hits]
    spent["clean (hit_from)"], spent["judge"] = cleaned - started, clock() - cleaned
    return [one.event for one in judged if one.event is not None]


def _fold(parts: Parts, spent: Spent) -> None:
    """One transaction, as the store does it; its statements are counted as folding, not by kind."""
    by_kind = parts.connection.spent.copy()
    started = time.thread_time()
    parts.connection.execute("begin immediate")
    fold(parts.connection)
    parts.connection.execute("commit")
    parts.appender.visitors.tail_folded()
    spent["fold"] = time.thread_time() - started
    parts.connection.spent = by_kind


def _add(spent: Spent, more: Spent) -> None:
    for name, seconds in more.items():
        spent[name] += seconds


def _kind(sql: str) -> str:
    return next((name for start, name in STATEMENTS.items() if sql.startswith(start)), "sqlite: other")


def _table(spent: Spent, hits: int, batch: int) -> Table:
    table = new_table(f"CPU a hit by step, {hits:,} hits in transactions of {batch}", "step", "us/hit", "part")
    order = ("decode", "clean (hit_from)", "judge", "append: Python")
    inside = sorted((name for name in spent if name.startswith("sqlite")), key=lambda name: -spent[name])
    for name in (*order, *inside, "fold"):
        table.add_row(name, show(spent[name] / hits * 1e6), f"{spent[name] / sum(spent.values()):.0%}")
    table.add_row("all, without HTTP", show(sum(spent.values()) / hits * 1e6), "", style="bold")
    return table
