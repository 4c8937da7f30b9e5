"""How large counter.js is on the way to a page."""

from __future__ import annotations

import gzip
from importlib import import_module, resources

from bench.figures import Figure, Scale, console, new_table, show


def measure_script(scale: Scale) -> list[Figure]:
    """As it is, gzipped at level 9, and with brotli where that is installed; as a proxy would send it."""
    body = (resources.files("counter.web") / "static" / "counter.js").read_bytes()
    sizes = {"as it is": len(body), "gzip -9": len(gzip.compress(body, 9, mtime=0))}
    try:
        sizes["brotli"] = len(import_module("brotli").compress(body))
    except ImportError:
        console.print("brotli is not installed: its size is not shown", style="dim")
    table = new_table("counter.js", "form", "bytes")
    for name, size in sizes.items():
        table.add_row(name, show(size, 0))
    console.print(table)
    return [Figure(f"counter.js, {name}", "bytes", size) for name, size in sizes.items()]
