"""CPU a hit: single hits at 1, 64 and 256 connections, and arrays; appended, committed and folded."""

from __future__ import annotations

from contextlib import ExitStack

from bench.figures import Figure, Measured, Scale, console, measure, new_table, ratio, show, step, steps, summed
from bench.load import RENDERED
from bench.servers import Server, bare_server, our_server
from bench.traffic import LARGEST_ARRAY

KINDS = ("pixel", "post")
CONNECTIONS = (1, 64, 256)
ARRAY_CONNECTIONS = 4
AIM = {256: "<= 2.5 x"}
ARRAY_AIM = "<= 25 us"


def measure_hits(scale: Scale) -> list[Figure]:
    """Pixel and POST, each beside a bare handler, and one that reads the body of a POST."""
    cases = [(kind, connections) for kind in KINDS for connections in CONNECTIONS]
    table = new_table("CPU a hit, every hit a new visitor, durability full", "request", *_COLUMNS)
    figures = []
    with ExitStack() as stack, steps("hits", len(cases) * scale.rounds) as progress:
        bare, reading = stack.enter_context(bare_server()), stack.enter_context(bare_server(read=True))
        ours = stack.enter_context(our_server())
        for server in (bare, reading, ours):
            warm_up(server, scale)
        for kind, connections in cases:
            servers = [bare, ours] if kind == "pixel" else [bare, reading, ours]
            hits = min(scale.hits_alone if connections == 1 else scale.hits, RENDERED)
            rounds: dict[str, list[Measured]] = {server.name: [] for server in servers}
            for _ in range(scale.rounds):
                for server in servers:
                    rounds[server.name].append(measure(server, kind, connections, hits))
                step(progress)
            for server in servers:
                table.add_row(*_row(f"{kind}, {_at(connections)}: {server.name}", rounds, server))
            figures.append(_figure(f"{kind}, {_at(connections)}", rounds, AIM.get(connections, "")))
    console.print(table)
    return figures


def warm_up(server: Server, scale: Scale) -> None:
    """Caches and dictionaries fill: browsers, languages, screens and pages are what a site has seen after a day."""
    server.run("array", ARRAY_CONNECTIONS, scale.arrays)
    server.run("post", 64, scale.hits // 10)


def measure_arrays(scale: Scale) -> list[Figure]:
    """Arrays of 500 hits, as a server or an offline application sends them."""
    table = new_table(f"CPU a hit in arrays of {LARGEST_ARRAY}, {ARRAY_CONNECTIONS} connections", "hits", *_COLUMNS)
    with ExitStack() as stack, steps("arrays", scale.rounds) as progress:
        servers = [
            stack.enter_context(bare_server()), stack.enter_context(bare_server(read=True)),
            stack.enter_context(our_server()),
        ]  # fmt: skip
        rounds: dict[str, list[Measured]] = {server.name: [] for server in servers}
        for server in servers:
            warm_up(server, scale)
        for _ in range(scale.rounds):
            for server in servers:
                rounds[server.name].append(measure(server, "array", ARRAY_CONNECTIONS, scale.arrays, LARGEST_ARRAY))
            step(progress)
        for server in servers:
            table.add_row(*_row(f"arrays: {server.name}", rounds, server))
    console.print(table)
    return [_figure(f"arrays of {LARGEST_ARRAY}", rounds, ARRAY_AIM)]


_COLUMNS = ("us CPU", "ratio", "lowest", "highest", "hits/s", "median ms", "p99 ms")


def _row(name: str, rounds: dict[str, list[Measured]], server: Server) -> list[str]:
    mine = rounds[server.name]
    middle, all_cpu = summed(mine), [one.cpu for one in mine]
    return [
        name, show(middle.cpu), show(ratio(mine, rounds["bare"]), 2), show(min(all_cpu)), show(max(all_cpu)),
        show(middle.rate, 0), show(middle.median), show(middle.p99),
    ]  # fmt: skip


def _at(connections: int) -> str:
    return f"{connections} connection{'s' if connections > 1 else ''}"


def _figure(name: str, rounds: dict[str, list[Measured]], aim: str) -> Figure:
    ours, bare = rounds["ours"], rounds["bare"]
    return Figure(name, "us CPU/hit", summed(ours).cpu, summed(bare).cpu, ratio(ours, bare), aim)
