"""`make script`: minify counter.js and widget.js into `static/`. It needs node; running the service does not.

The first line of what is made names the version of this package and a hash of all that it was made from, so that a
test without node can check that source and result belong together.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from pathlib import Path

from counter import __version__

HERE = Path(__file__).parent
STATIC = HERE.parent / "static"
TERSER = HERE / "node_modules" / ".bin" / "terser"  # `make script` puts it there, as package-lock.json says

# Name, whether it is a module. Every `async` and `?.` here is of ES 2020, as are all browsers since then.
SCRIPTS = (("counter.js", False), ("widget.js", True))
OPTIONS = ("--ecma", "2020", "--compress", "passes=3,unsafe_arrows=true", "--mangle", "--format", "ascii_only=true")
LARGEST = 2048  # bytes of counter.js after `gzip -9`


def first_line() -> str:
    """`//visitor-counter VERSION HASH`; the name is in the script already, so it costs a byte or two."""
    digest = hashlib.sha256(__version__.encode())
    for name, _ in SCRIPTS:
        digest.update((HERE / name).read_bytes())
    digest.update((HERE / "package.json").read_bytes())
    return f"//visitor-counter {__version__} {digest.hexdigest()[:10]}\n"


def minify(name: str, *, is_module: bool) -> bytes:
    """The script as served, except for the two names that the server fills in."""
    command = [str(TERSER), str(HERE / name), *OPTIONS, *(("--module",) if is_module else ())]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)  # noqa: S603  # our own tool and files
    return first_line().encode() + done.stdout.strip() + b"\n"


def main() -> None:
    for name, is_module in SCRIPTS:
        body = minify(name, is_module=is_module)
        (STATIC / name).write_bytes(body)
        print(f"{name}: {len(body)} bytes, gzip -9 {len(gzip.compress(body, 9, mtime=0))}")


if __name__ == "__main__":
    main()
