"""Files behind a path that is followed: one that grows, and one that was rotated away and compressed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

from counter.errors import UsageError
from counter.logfiles.read.compressed import kind_of
from counter.logfiles.read.encoding import encoding_of
from counter.logfiles.read.files import BLOCK, open_log

HEAD: Final = 1024  # bytes by which a file is recognised; they hold the time of its first lines


class Part(Protocol):
    """One of the files behind a path."""

    name: str
    inode: int
    offset: int  # bytes of whole lines that were read
    head: bytes  # the first bytes of what was read

    def read(self) -> bytes:
        """The next whole lines, about 256 KiB at most; none when there are none now."""

    def changed(self) -> bool:
        """Whether the file was cut or replaced in place since it was read."""

    def last(self) -> bytes:
        """What follows the last line end; called when nothing more can come."""

    def close(self) -> None: ...


class GrowingPart:
    """A plain file, read by offset. Raises UsageError when it cannot be opened or is compressed."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.name = str(path)
        self.offset = offset
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"{path} cannot be opened: {error.strerror}.") from error
        self.inode = os.fstat(self._file).st_ino
        self.head = os.pread(self._file, min(HEAD, offset), 0)
        self._too_long = False  # inside a line longer than a block
        start = os.pread(self._file, 4, 0)
        if kind := kind_of(start):
            os.close(self._file)
            raise UsageError(f"{path} is a {kind} file: it does not grow. Import it without --follow.")
        if encoding := encoding_of(start):
            os.close(self._file)
            raise UsageError(
                f"{path} is written in {encoding.upper()}: only UTF-8 is followed. Import it without --follow."
            )

    def read(self) -> bytes:
        text = os.pread(self._file, BLOCK, self.offset)
        end = text.rfind(b"\n") + 1
        if not end and len(text) == BLOCK:
            self.offset += BLOCK
            self._too_long = True
        if not end or self.changed():  # replaced while it was read: what was read may be the middle of another log
            return b""
        whole = text[:end]
        if len(self.head) < HEAD:
            self.head = os.pread(self._file, min(HEAD, self.offset + end), 0)
        self.offset += end
        if self._too_long:
            self._too_long = False
            return b"\n" + whole[whole.index(b"\n") + 1 :]  # malformed, like any empty line
        return whole

    def changed(self) -> bool:
        if os.fstat(self._file).st_size < self.offset:
            return True
        return os.pread(self._file, len(self.head), 0) != self.head

    def last(self) -> bytes:
        return os.pread(self._file, BLOCK, self.offset)

    def close(self) -> None:
        os.close(self._file)


class CompressedPart:
    """A file that was compressed after its rotation; offsets are those of its text."""

    inode = 0

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.name = str(path)
        self.head = beginning(path, min(HEAD, offset))
        self.offset = offset
        self._texts = self._read(path, offset)

    def _read(self, path: Path, skip: int) -> Iterator[bytes]:
        with open_log(str(path)) as log:
            for block in log.blocks():
                text = block.text[skip:]
                skip = max(0, skip - len(block.text))
                if text:
                    yield text

    def read(self) -> bytes:
        text = next(self._texts, b"")
        if len(self.head) < HEAD:
            self.head = (self.head + text)[:HEAD]
        self.offset += len(text)
        return text

    def changed(self) -> bool:
        return False

    def last(self) -> bytes:
        return b""

    def close(self) -> None:
        self._texts = iter(())


def beginning(path: Path, length: int) -> bytes:
    """The first bytes of a log's text, compressed or not; none when it cannot be read."""
    found = b""
    try:
        with open_log(str(path)) as log:
            for block in log.blocks():
                found += block.text
                if len(found) >= length:
                    break
    except UsageError:
        return b""
    return found[:length]


def digest(head: bytes) -> str:
    """The digest by which the beginning of a file is remembered: no text of a visitor is stored."""
    return blake2b(head, digest_size=16).hexdigest()
