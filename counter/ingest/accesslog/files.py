"""Opening access logs: a plain file, a gzip file, or standard input, read as a stream in constant memory."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from counter.errors import UsageError

STDIN: Final = "-"
MAX_LINE: Final = 64 * 1024  # bytes; servers limit a request line and a header to 8 KiB each
_CHUNK: Final = 256 * 1024  # bytes
_GZIP_MAGIC: Final = b"\x1f\x8b"


class _Chunks(Protocol):
    """Bytes as they come: up to `size`, none at the end."""

    def read1(self, size: int = ..., /) -> bytes: ...


class LogFile:
    """An open log. `total` is its size in the bytes that `lines` counts, None when nobody knows (a pipe)."""

    def __init__(self, name: str, stream: _Chunks, total: int | None, compressed: BinaryIO | None = None) -> None:
        self.name = name
        self.total = total
        self._stream = stream
        self._compressed = compressed  # the gzip file below `stream`: its position is the progress
        self._position = 0

    def lines(self) -> Iterator[tuple[str, int]]:
        """Each line without its end, and the bytes consumed so far: of the file as it lies there, compressed or not.

        Gzip on standard input counts what comes out. Text is UTF-8 with U+FFFD for what is not. A line over
        64 KiB comes as '', malformed like any empty line, and is never held in memory whole. Raises UsageError
        when the file cannot be read on, or its gzip stream is damaged or cut.
        """
        consumed = 0
        for text, size in _split(self._chunks()):
            consumed += size
            yield text, consumed if self._compressed is None else self._position

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._read():
            if self._compressed is not None:
                self._position = self._compressed.tell()
            yield chunk

    def _read(self) -> bytes:
        try:
            return self._stream.read1(_CHUNK)
        except EOFError as error:
            raise UsageError(f"{self.name} is cut short: its gzip stream has no end.") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UsageError(f"{self.name} is damaged: {error}.") from error
        except OSError as error:
            raise UsageError(f"{self.name} cannot be read: {error.strerror or error}.") from error


def _split(chunks: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    """The text of each line and its size in bytes with its end."""
    rest, dropped = b"", 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            size = dropped + len(line) + 1
            yield _text(line) if size <= MAX_LINE else "", size
            dropped = 0
        if len(rest) > MAX_LINE:
            rest, dropped = b"", dropped + len(rest)
    if rest or dropped:
        yield "" if dropped else _text(rest), dropped + len(rest)


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")


@contextmanager
def open_log(path: str, stdin: BinaryIO | None = None) -> Iterator[LogFile]:
    """The log at `path`; '-' is standard input (`stdin` in its place in tests), which stays open.

    What begins as gzip is read as gzip, whatever its name (`access.log.2`, a pipe).
    Raises UsageError with the path: missing, a directory, unreadable, or named `.gz` without being gzip.
    """
    with ExitStack() as stack:
        if path == STDIN:
            name, reader, total = "standard input", _wrap(stdin or sys.stdin.buffer), None
            stack.callback(reader.detach)
        else:
            name, reader = path, _open(path)
            stack.callback(reader.close)
            total = _size(reader)
        if _peek(reader, name).startswith(_GZIP_MAGIC):
            unzipped = stack.enter_context(gzip.GzipFile(fileobj=reader, mode="rb"))
            yield LogFile(name, unzipped, total, reader if total is not None else None)
        elif path.endswith(".gz"):
            raise UsageError(f"{path} is not a gzip file, though its name says so.")
        else:
            yield LogFile(name, reader, total)


def _wrap(stdin: BinaryIO) -> io.BufferedReader:
    """A reader of our own, because the input may be one that cannot peek; detached at the end, it stays open."""
    return io.BufferedReader(cast("io.RawIOBase", stdin))


def _open(path: str) -> io.BufferedReader:
    try:
        return Path(path).open("rb")
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        raise UsageError(f"{path} is a directory, not a log file.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be opened: {reason}.") from error


def _size(file: io.BufferedReader) -> int | None:
    """Bytes on disk; None for a named pipe or a device."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _peek(reader: io.BufferedReader, name: str) -> bytes:
    try:
        return reader.peek(len(_GZIP_MAGIC))
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.") from error
