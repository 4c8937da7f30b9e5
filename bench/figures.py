"""A figure, how servers are measured against each other, and the tables they are shown in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from bench.servers import Server

WIDTH = 120  # columns, when the output goes to a file
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


class Scale(NamedTuple):
    """How much is done; the quick one is for a first look."""

    rounds: int
    hits: int  # a round, at many connections; 20,000 is also what a loaded service folds at once
    hits_alone: int  # a round, at one connection: each waits for the disk
    arrays: int  # a round, of 500 hits
    visitors: int  # for the memory
    kept: int  # hits on the disk
    histories: tuple[int, int]  # hits stored when totals are asked for
    lines: int  # of the imported log
    quick: bool = False


FULL = Scale(3, 20_000, 1_000, 60, 1_000_000, 200_000, (10_000, 5_000_000), 1_000_000)
QUICK = Scale(1, 5_000, 500, 10, 100_000, 20_000, (10_000, 200_000), 50_000, quick=True)


class Figure(NamedTuple):
    """One line of the summary; `bare` and `ratio` are None where nothing bare answers the same."""

    name: str
    unit: str
    ours: float
    bare: float | None = None
    ratio: float | None = None
    aim: str = ""


class Measured(NamedTuple):
    """One server in one round."""

    cpu: float  # microseconds a hit, or a request that is none
    rate: float  # hits a second, by the clock on the wall
    median: float  # milliseconds until the answer
    p99: float


def measure(server: Server, kind: str, connections: int, requests: int, hits_each: int = 1) -> Measured:
    """One round of one server."""
    seen, cpu = server.run(kind, connections, requests)
    hits = seen.requests * hits_each
    return Measured(cpu / hits * 1e6, hits / seen.seconds, seen.median * 1e3, seen.p99 * 1e3)


def summed(rounds: Sequence[Measured]) -> Measured:
    """The median of each column."""
    return Measured(*(median(column) for column in zip(*rounds, strict=True)))


def ratio(ours: Sequence[Measured], bare: Sequence[Measured]) -> float:
    """The median of the rounds' ratios: neighbours in time share the machine's mood."""
    return median(one.cpu / other.cpu for one, other in zip(ours, bare, strict=True))


@contextmanager
def steps(what: str, total: int) -> Iterator[Progress]:
    """A progress bar with one task, for work that takes longer than a moment."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=total)
        yield progress


def step(progress: Progress, by: int = 1) -> None:
    progress.advance(progress.tasks[0].id, by)


def new_table(title: str, *columns: str) -> Table:
    """The first column names, the others are numbers."""
    table = Table(title=title, title_justify="left", box=None, title_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if table.columns else "left")
    return table


def show(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def summary(figures: Sequence[Figure]) -> Table:
    table = new_table("Summary", "figure", "unit", "ours", "bare", "ratio", "aim")
    for one in figures:
        table.add_row(one.name, one.unit, show(one.ours), show(one.bare), show(one.ratio, 2), one.aim or "-")
    return table
