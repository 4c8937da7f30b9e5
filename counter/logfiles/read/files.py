"""Opening access logs: a plain or compressed file, or standard input, read as a stream in constant memory."""

from __future__ import annotations

import io
import os
import stat
import sys
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from counter.errors import UsageError
from counter.logfiles.read.compressed import (
    ENDINGS,
    MAGIC_BYTES,
    Chunks,
    Cut,
    Damaged,
    decompressed,
    kind_of,
)
from counter.logfiles.read.encoding import in_utf8

STDIN: Final = "-"
MAX_LINE: Final = 64 * 1024  # bytes; servers limit a request line and a header to 8 KiB each
BLOCK: Final = 256 * 1024  # bytes


class Block(NamedTuple):
    """Whole lines; only the last block of a log may lack its last line end."""

    text: bytes
    position: int  # bytes consumed with it: of the file on disk, compressed or not


class LogFile:
    """An open log. `total` is its size in the bytes that `blocks` counts, None when unknown (a pipe)."""

    def __init__(self, name: str, stream: Chunks, total: int | None, compressed: BinaryIO | None = None) -> None:
        self.name = name
        self.total = total
        self._stream = stream
        self._compressed = compressed  # the file below `stream`: its position is the progress
        self._consumed = 0

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """The log in blocks of about `size` bytes.

        What is compressed on standard input counts as what comes out. A line over 64 KiB comes as an empty one,
        malformed like any, and is never held in memory whole. Raises UsageError when the file cannot be read on,
        or its compressed stream is damaged or cut.
        """
        rest, dropping = b"", False
        while chunk := self._read(size):
            if dropping:
                _, end, chunk = chunk.partition(b"\n")
                if not end:
                    continue
                rest, dropping = b"\n", False
            rest += chunk
            if len(rest) < size:
                continue
            end_of_lines = rest.rfind(b"\n") + 1
            if end_of_lines:
                yield self._block(rest[:end_of_lines], len(rest) - end_of_lines)
            rest = rest[end_of_lines:]
            if len(rest) > MAX_LINE:
                rest, dropping = b"", True
        if rest or dropping:
            yield self._block(b"\n" if dropping else rest, 0)

    def texts(self, size: int = BLOCK) -> Iterator[tuple[str, int]]:
        """The text in pieces of at most `size` bytes, wherever they end, each with the bytes consumed.

        For what is not made of lines; U+FFFD for what is not UTF-8. Raises UsageError as `blocks` does.
        """
        decoder = getincrementaldecoder("utf-8-sig")("replace")
        while chunk := self._read(size):
            yield decoder.decode(chunk), self._block(b"", 0).position
        yield decoder.decode(b"", final=True), self._consumed

    def _block(self, text: bytes, behind: int) -> Block:
        """`behind` bytes were read and are not in it."""
        return Block(text, self._consumed - behind if self._compressed is None else self._compressed.tell())

    def _read(self, size: int) -> bytes:
        try:
            chunk = self._stream.read1(size)
        except Cut as error:
            raise UsageError(f"{self.name} is cut short: its {error} stream has no end.") from error
        except Damaged as error:
            raise UsageError(f"{self.name} is damaged: {error}.") from error
        except OSError as error:
            raise UsageError(f"{self.name} cannot be read: {error.strerror or error}.") from error
        self._consumed += len(chunk)
        return chunk


def lines_of(text: bytes) -> list[str]:
    """The lines of a block without their ends, '' for a line over 64 KiB. Bytes that are not UTF-8 are lone surrogates,
    as `surrogateescape` makes them: `counter.text.escape_bytes` writes them as %E9.

    A byte order mark at the beginning of the block belongs to no line.
    """
    *lines, last = text.removeprefix(BOM_UTF8).split(b"\n")
    found = [_text(line) if len(line) < MAX_LINE else "" for line in lines]
    if last:
        found.append(_text(last) if len(last) <= MAX_LINE else "")
    return found


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "surrogateescape")


@contextmanager
def open_log(path: str, stdin: BinaryIO | None = None) -> Iterator[LogFile]:
    """The log at `path`; '-' is standard input (`stdin` in its place in tests), which stays open.

    What begins as gzip, zstd, bzip2, xz or zip is read as that, whatever its name (`access.log.2`, a pipe); UTF-16
    is turned into UTF-8. Raises UsageError with the path: missing, a directory, unreadable, or named `.gz` and the
    like without being it.
    """
    with ExitStack() as stack:
        if path == STDIN:
            name, reader, total = "standard input", _wrap(stdin or sys.stdin.buffer), None
            stack.callback(reader.detach)
        else:
            name, reader = path, _open(path)
            stack.callback(reader.close)
            total = _size(reader)
        kind, named = kind_of(_peek(reader, name)), ENDINGS.get(Path(path).suffix)
        if kind is None and named is not None:
            raise UsageError(f"{path} is not a {named} file, though its name says so.")
        plain: Chunks = reader if kind is None else _decompressed(name, kind, reader)
        stream = in_utf8(plain)
        raw = stream is reader  # what is read is what is on disk
        yield LogFile(name, stream, total, None if raw or total is None else reader)


def _decompressed(name: str, kind: str, reader: BinaryIO) -> Chunks:
    try:
        return decompressed(kind, reader)
    except Damaged as error:
        raise UsageError(f"{name} is damaged: {error}.") from error


def is_stream(path: str) -> bool:
    """Whether the log can be read only once: standard input, a pipe, a device."""
    if path == STDIN:
        return True
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


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
        return reader.peek(MAGIC_BYTES)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.") from error
