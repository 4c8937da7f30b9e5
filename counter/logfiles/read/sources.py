"""Which format each log is in, and the order in which several are read: that of their first lines' times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import NamedTuple

from counter.errors import UsageError
from counter.logfiles.formats import AUTO, DETECTED, FORMATS, detect, find_format, last_header
from counter.logfiles.importer import LineFormat
from counter.logfiles.read.files import Block, LogFile, is_stream, lines_of, open_log

EXAMPLE = '$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent "$http_referer" "$http_user_agent"'
_EMPTY = FORMATS["combined"]  # of a log without lines: nothing is read by it


class OpenLog(NamedTuple):
    """An open log, and how to read it."""

    file: LogFile
    reading: LineFormat
    blocks: Iterator[Block]


@contextmanager
def open_source(path: str, name: str = AUTO, string: str = "") -> Iterator[OpenLog]:
    """The log at `path` in the format `name`, by default the one its first lines are in.

    Raises UsageError as `open_log` does, and when no format reads any of the first lines.
    """
    with open_log(path) as file:
        blocks = file.blocks()
        first = list(_first(blocks))
        reading = LineFormat(find_format(name, string), string) if name != AUTO else detected(file.name, _lines(first))
        yield OpenLog(file, reading, chain(first, blocks))


def detected(name: str, lines: Sequence[str]) -> LineFormat:
    """How to read the log `name`, by its first lines. Raises UsageError when no format reads any of them."""
    found = detect(name, lines)
    if found is None and any(not line.startswith("#") for line in lines):
        tried = ", ".join(one.name for one in DETECTED)
        first = next(line for line in lines if not line.startswith("#"))
        raise UsageError(
            f"{name}: none of the first {len(lines):,} lines can be read as {tried}; the first is {first[:200]!r}."
            " Name the format with --format, or describe it with --log-format as the server's configuration has it,"
            f" such as {EXAMPLE!r}"
        )
    return LineFormat(found or _EMPTY)


def _lines(blocks: Iterable[Block]) -> list[str]:
    return [line for block in blocks for line in lines_of(block.text)]


def _first(blocks: Iterator[Block]) -> Iterator[Block]:
    block = next(blocks, None)
    if block is not None:
        yield block


def in_order(paths: Sequence[str], name: str = AUTO, string: str = "") -> list[str]:
    """The logs in the order of their first lines' times; those that can be read only once come last.

    Raises UsageError as `open_log` does, before any log is read.
    """
    streams = [path for path in paths if is_stream(path)]
    files = [path for path in paths if path not in streams]
    return [*sorted(files, key=lambda path: begin(path, name, string)), *streams]


def begin(path: str, name: str = AUTO, string: str = "") -> float:
    """UTC seconds of the first line that can be read; infinity without one."""
    with open_log(path) as file:
        lines = _lines(_first(file.blocks()))
    form = detect(file.name, lines) if name == AUTO else find_format(name, string)
    if form is None:
        return float("inf")
    parse = form.parser(last_header(lines))
    return next((found.at for line in lines if (found := parse(line)) is not None), float("inf"))
