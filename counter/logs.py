"""Logs: one line an event, text for people or JSON for machines, without visitors' addresses.

    log = logging.getLogger(__name__)
    log.info("batch written", extra={"events": 212, "ms": 3.1})

Text: `2026-06-01T12:00:00.000Z INFO counter.service.writer batch written events=212 ms=3.1`. Our own lines do not name
visitors; the libraries' may (aiohttp writes `Error handling request from 203.0.113.7`), so every address that is not
the machine's own is replaced, in messages, extras and tracebacks alike. What a visitor sent cannot break a line.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO

LIMIT = 2_000  # characters of one value
TRACEBACK_LIMIT = 8_000  # characters; the end is kept, it names the error
# (logger, lines per minute), where a stranger decides how often a line is written. With no file descriptors left,
# asyncio writes a traceback for every second of waiting and every refused connection.
SPARED = (("asyncio", 5), ("aiohttp.server", 20))

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_V4 = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)"
_V6 = r"(?<![\w:])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:.]{2,45}"
_ADDRESS = re.compile(rf"{_V6}|{_V4}")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@+()*-]+")


class Sparing(logging.Filter):
    """Lets `most` lines through in `seconds`; the next one after that says how many were `suppressed`."""

    def __init__(self, most: int, seconds: float = 60, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most, self._seconds, self._monotonic = most, seconds, monotonic
        self._since = monotonic()
        self._passed = self._suppressed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._monotonic()
        if now - self._since >= self._seconds:
            self._since, self._passed = now, 0
        if self._passed >= self._most:
            self._suppressed += 1
            return False
        self._passed += 1
        if self._suppressed:
            record.suppressed, self._suppressed = self._suppressed, 0
        return True


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values = "".join(f" {key}={_text(value)}" for key, value in _extras(record))
        message = _one_line(_clean(record.getMessage()))
        return f"{_stamp(record)} {record.levelname} {record.name} {message}{values}"


class JsonFormatter(logging.Formatter):
    """Keys: time, level, logger, message, then the extras; one of those names among the extras gets a `_` behind it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _stamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        for key, value in _extras(record):
            line[f"{key}_" if key in line else key] = value
        return json.dumps(line)


class _Handler(logging.StreamHandler[TextIO]):
    """A class of our own, so that configuring twice finds the first one."""


def configure(level: str, format: str, stream: TextIO | None = None) -> None:  # noqa: A002  the setting's own name
    """Write what is at least `level` (debug, info, warning, error) to `stream` (stderr) as "text" or "json"."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(handler)
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, most in SPARED:
        logger = logging.getLogger(name)
        for spare in [spare for spare in logger.filters if isinstance(spare, Sparing)]:
            logger.removeFilter(spare)
        logger.addFilter(Sparing(most))


def without_addresses(text: str) -> str:
    """`text` with every IP address replaced, except loopback and unspecified ones, which identify no person."""
    return _ADDRESS.sub(_replace, text)


def _replace(match: re.Match[str]) -> str:
    found = match.group()
    # A sentence may end behind the address: try it without the full stop or colon.
    for text in (found, found.rstrip("."), found.rstrip(".:")):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        kept = text if address.is_loopback or address.is_unspecified else "(address)"
        return kept + found[len(text) :]
    return found


def _extras(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    for key, value in vars(record).items():
        if key not in _STANDARD:
            yield key, value if isinstance(value, bool | int | float | None) else _clean(str(value))
    if record.exc_info and record.exc_info[0]:
        trace = logging.Formatter().formatException(record.exc_info)
        yield "exception", without_addresses(trace[-TRACEBACK_LIMIT:])


def _clean(text: str) -> str:
    # Cut first, so that a huge text costs nothing; an address that the cut splits is replaced or no longer one.
    return without_addresses(text[:LIMIT])


def _text(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else _one_line(json.dumps(text, ensure_ascii=False))


def _one_line(text: str) -> str:
    """Line breaks, control and invisible characters and lone surrogates as escapes: a terminal shows, never obeys."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _stamp(record: logging.LogRecord) -> str:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
