"""`python -m bench`: all figures, then the summary. Nothing here passes or fails on time."""

from __future__ import annotations

import platform
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import click

from bench.bots import measure_bots
from bench.dashboard import measure_dashboard
from bench.figures import FULL, QUICK, Figure, Scale, console, summary
from bench.hits import measure_arrays, measure_hits
from bench.logs import measure_import
from bench.profile import measure_steps
from bench.reports import measure_reports
from bench.script import measure_script
from bench.stored import measure_disk, measure_memory
from bench.totals import measure_totals

# Name, measurement; in the order of the summary.
FIGURES: tuple[tuple[str, Callable[[Scale], list[Figure]]], ...] = (
    ("hits", measure_hits),
    ("arrays", measure_arrays),
    ("disk", measure_disk),
    ("memory", measure_memory),
    ("totals", measure_totals),
    ("import", measure_import),
    ("script", measure_script),
    ("bots", measure_bots),
    ("reports", measure_reports),
    ("dashboard", measure_dashboard),
)
NAMES = tuple(name for name, _ in FIGURES)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: python -m bench --quick --only hits --only totals",
)
@click.option("--quick", is_flag=True, help="A first look in about 1.5 minutes; the whole takes up to 45.")
@click.option("--only", "names", multiple=True, type=click.Choice(NAMES), help="May be repeated.")
@click.pass_context
def main(context: click.Context, quick: bool, names: tuple[str, ...]) -> None:
    """What a hit costs on this machine, beside a bare aiohttp handler that answers the same request with 204.

    CPU is that of the server's process with all its threads, from the first request until every hit is stored and
    in every rollup. Servers take turns, round by round; shown are medians, and the median of the rounds' ratios.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end and folders go, as after Ctrl-C
    if context.invoked_subcommand is None:
        run(QUICK if quick else FULL, names)


@main.command(epilog="Example: python -m bench profile --hits 50000 --batch 256")
@click.option("--hits", default=20_000, show_default=True, type=click.IntRange(100, 1_000_000))
@click.option("--batch", default=128, show_default=True, type=click.IntRange(1, 5000), help="Hits a transaction.")
def profile(hits: int, batch: int) -> None:
    """Where the time of a hit goes: pipeline and store step by step, in this process, without HTTP."""
    console.print(machine(), style="dim")
    console.print(measure_steps(hits, batch))


def run(scale: Scale, names: tuple[str, ...]) -> None:
    started = time.monotonic()
    console.print(machine(), style="dim")
    figures = []
    for name, measured in FIGURES:
        if not names or name in names:
            figures += measured(scale)
            console.print()
    console.print(summary(figures))
    console.print(f"{time.monotonic() - started:.0f} s", style="dim")


def machine() -> str:
    """What it was measured on."""
    return (
        f"{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()},"
        f" aiohttp {version('aiohttp')}, SQLite {sqlite3.sqlite_version}"
    )


if __name__ == "__main__":
    main(prog_name="python -m bench")
