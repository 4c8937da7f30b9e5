"""`vhost_combined` of Apache: the host that was asked for, with or without its port, before a combined line."""

from __future__ import annotations

from counter.logfiles.formats.combined import LogLine, parse_line
from counter.logfiles.formats.fields import host_of


def parse_vhost(line: str) -> LogLine | None:
    """The request of one line, None when malformed."""
    text, _, rest = line.partition(" ")
    host = host_of(text)
    return None if host is None else parse_line(rest, host)
