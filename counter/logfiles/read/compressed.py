"""Compressed logs, recognised by how they begin: gzip, and zstd in as many frames as were appended."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import BinaryIO, Final, Protocol

import zstandard

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SKIPPED: Final = tuple(bytes((first, 0x2A, 0x4D, 0x18)) for first in range(0x50, 0x60))  # frames without lines
MAGIC_BYTES: Final = 4
ENDINGS: Final = {".gz": "gzip", ".zst": "zstd"}

_PIECE: Final = 4096  # compressed bytes at a time: zstd can make 128 KiB of 4 of them


class Chunks(Protocol):
    """Bytes as they come: up to `size`, none at the end."""

    def read1(self, size: int = ..., /) -> bytes: ...


class Cut(Exception):
    """The stream is truncated; the text names its kind."""


class Damaged(Exception):
    """The stream is damaged; the text says what is wrong, and what kind it began as."""


def kind_of(beginning: bytes) -> str | None:
    """'gzip' or 'zstd' by a file's first bytes, None for text."""
    if beginning.startswith(_GZIP):
        return "gzip"
    return "zstd" if beginning.startswith((_ZSTD, *_SKIPPED)) else None


def decompressed(kind: str, source: BinaryIO) -> Chunks:
    """What is in a compressed stream; reading raises Cut or Damaged."""
    return _Gzip(source) if kind == "gzip" else _Zstd(source)


class _Gzip:
    def __init__(self, source: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=source, mode="rb")

    def read1(self, size: int = -1, /) -> bytes:
        try:
            return self._file.read1(size)
        except EOFError as error:
            raise Cut("gzip") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Damaged(f"{error}; it begins as a gzip file") from error


class _Zstd:
    """Frame by frame: the library's own reader takes a frame that was cut for a whole one."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False  # some of the frame was read, and its end was not
        self._rest = b""  # read behind the end of the last frame
        self._held = io.BytesIO()

    def read1(self, size: int = -1, /) -> bytes:
        while not (found := self._held.read(size)):
            piece = self._rest or self._source.read(_PIECE)
            if not piece and self._begun:
                raise Cut("zstd")
            if not piece:
                return b""
            self._held = io.BytesIO(self._take(piece))
        return found

    def _take(self, piece: bytes) -> bytes:
        try:
            found = self._frame.decompress(piece)
        except zstandard.ZstdError as error:
            raise Damaged(f"{error}; it begins as a zstd file") from error
        self._begun, self._rest = not self._frame.eof, self._frame.unused_data if self._frame.eof else b""
        if self._frame.eof:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        return found
