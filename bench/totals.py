"""`GET /api/v1/totals` with little and with much history: the cost must not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.events import fill, new_visitors
from bench.figures import Figure, Measured, Scale, console, measure, new_table, ratio, show, step, steps, summed
from bench.servers import bare_server, our_server, temporary_folder
from counter.event import Event
from counter.site import ActiveSite

CONNECTIONS = 64
DAYS = 400  # that the history is spread over
AIM = "<= 1.2 x"


def measure_totals(scale: Scale) -> list[Figure]:
    """Beside the bare handler: one service with a short, one with a long history."""
    with ExitStack() as stack:
        folders = {total: stack.enter_context(temporary_folder()) for total in scale.histories}
        for total, folder in folders.items():

            def make(patterns: list[Event], site: ActiveSite, total: int = total) -> Iterator[Event]:
                return new_visitors(patterns, site, total, DAYS)

            with steps(f"storing {total:,} hits", total) as progress:
                fill(folder, make, lambda more, progress=progress: step(progress, more))  # type: ignore[misc]
        servers = {"bare": stack.enter_context(bare_server())}
        servers |= {f"{total:,} hits": stack.enter_context(our_server(folder)) for total, folder in folders.items()}
        rounds: dict[str, list[Measured]] = {name: [] for name in servers}
        for server in servers.values():
            server.run("totals", CONNECTIONS, 1000)
        with steps("totals", scale.rounds) as progress:
            for _ in range(scale.rounds):
                for name, server in servers.items():
                    rounds[name].append(measure(server, "totals", CONNECTIONS, scale.hits))
                step(progress)
    return _shown(rounds)


def _shown(rounds: dict[str, list[Measured]]) -> list[Figure]:
    table = new_table(f"CPU a GET /api/v1/totals, {CONNECTIONS} connections", "stored", "us CPU", "ratio", "requests/s")
    figures = []
    bare = rounds["bare"]
    for name, measured in rounds.items():
        middle, times = summed(measured), ratio(measured, bare)
        table.add_row(name, show(middle.cpu), show(times, 2), show(middle.rate, 0))
        if name != "bare":
            figures.append(Figure(f"totals JSON, {name}", "us CPU/GET", middle.cpu, summed(bare).cpu, times, AIM))
    console.print(table)
    return figures
