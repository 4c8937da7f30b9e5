"""The noun Format: the name of a format and what reads its lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from counter.logfiles.formats.combined import LogLine

Parse = Callable[[str], LogLine | None]  # never raises, whatever the text


class Format(NamedTuple):
    """One format. With `headed`, lines that begin with '#' are no requests, and `#Fields:` says what follows."""

    name: str
    parser: Callable[[str], Parse]  # from the header in force, '' when there is none
    headed: bool = False


def plain(name: str, parse: Parse) -> Format:
    """A format whose lines need no header."""
    return Format(name, lambda header: parse)


def refuse(line: str) -> LogLine | None:
    """Reads nothing: the header is missing."""
    return None
