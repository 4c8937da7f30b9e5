"""How large the scripts are on the way to a page, beside what others say of theirs."""

from __future__ import annotations

import gzip
import subprocess
from importlib import import_module

from bench.figures import Figure, Scale, console, new_table, show
from counter.config import TrackerConfig
from counter.web.script.build import LARGEST
from counter.web.tracker import tracker_of

LIMITED = ("counter.js, counts", "gzip")
NODE = "console.log(require('zlib').brotliCompressSync(require('fs').readFileSync(0)).length)"
# gzip, in bytes, as published or measured by others; the smallest form each offers.
OTHERS = (
    ("counter.dev", 447),
    ("GoatCounter, minified", 2_186),
    ("Umami", 2_223),
    ("Plausible", 2_541),
    ("Matomo", 21_877),
)


def measure_script(scale: Scale) -> list[Figure]:
    """As they are, gzipped at level 9, and with brotli where that is installed; as a proxy would send them."""
    tracker = tracker_of(TrackerConfig("counter.js", "/hit"))
    ours = ((LIMITED[0], tracker.script.body), ("its widget, where one stands", tracker.widget.body))
    table = new_table("Scripts, bytes on the way to a page", "script", "as it is", "gzip -9", "brotli")
    figures = []
    for name, body in ours:
        sizes = (len(body), len(gzip.compress(body, 9, mtime=0)), _brotli(body))
        table.add_row(name, *(show(size, 0) for size in sizes))
        figures += [
            Figure(f"{name}: {form}", "bytes", size, aim=f"at most {LARGEST:,}" if (name, form) == LIMITED else "")
            for form, size in zip(("as it is", "gzip", "brotli"), sizes, strict=True)
            if size is not None
        ]
    for name, size in OTHERS:
        table.add_row(name, "-", show(size, 0), "-")
    console.print(table)
    return figures


def _brotli(body: bytes) -> int | None:
    try:
        return len(import_module("brotli").compress(body))
    except ImportError:
        pass
    try:
        done = subprocess.run(["node", "-e", NODE], input=body, capture_output=True, check=True, timeout=60)
        return int(done.stdout)
    except (OSError, subprocess.SubprocessError):
        console.print("neither the package brotli nor node is installed: its size is not shown", style="dim")
        return None
