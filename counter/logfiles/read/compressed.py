"""Compressed files, recognised by how they begin: gzip, zstd, bzip2, xz and zip, in as many members as there are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, Final, Protocol, cast

import zstandard

_SKIPPED: Final = tuple(bytes((first, 0x2A, 0x4D, 0x18)) for first in range(0x50, 0x60))  # frames without lines
_BEGINNINGS: Final = {
    "gzip": (b"\x1f\x8b",),
    "zstd": (b"\x28\xb5\x2f\xfd", *_SKIPPED),
    "bzip2": tuple(b"BZh%d" % level for level in range(1, 10)),
    "xz": (b"\xfd7zX",),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
MAGIC_BYTES: Final = 4
ENDINGS: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}

_PIECE: Final = 4096  # compressed bytes at a time: zstd can make 128 KiB of 4 of them
_KEPT: Final = 8 * 1024 * 1024  # bytes of a zip on a pipe held in memory; more go into a temporary file


class Chunks(Protocol):
    """Bytes as they come: up to `size`, none at the end."""

    def read1(self, size: int = ..., /) -> bytes: ...


class Cut(Exception):
    """The stream is truncated; the text names its kind."""


class Damaged(Exception):
    """The stream is damaged; the text says what is wrong, and what kind it began as."""


def kind_of(beginning: bytes) -> str | None:
    """'gzip', 'zstd', 'bzip2', 'xz' or 'zip' by a file's first bytes, None for text."""
    return next((kind for kind, starts in _BEGINNINGS.items() if beginning.startswith(starts)), None)


def decompressed(kind: str, source: BinaryIO) -> Chunks:
    """What is in a compressed stream; reading raises Cut or Damaged."""
    if kind == "zstd":
        return _Zstd(source)
    if kind == "zip":
        return _Zip(source)
    file = _OPENED[kind](source)
    return _Guarded(kind, file.read1)


# Each of these reads member after member. Their own types differ in what the library's stubs say of `read1`.
_OPENED: Final[dict[str, Callable[[BinaryIO], io.BufferedIOBase]]] = {
    "gzip": lambda source: gzip.GzipFile(fileobj=source, mode="rb"),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


class _Guarded:
    """A reader whose errors are Cut and Damaged."""

    def __init__(self, kind: str, read: Callable[[int], bytes]) -> None:
        self._kind = kind
        self._read = read

    def read1(self, size: int = -1, /) -> bytes:
        try:
            return self._read(size)
        except EOFError as error:
            raise Cut(self._kind) from error
        except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise Damaged(f"{error}; it begins as a {self._kind} file") from error
        except OSError as error:
            if error.errno is not None:  # of the disk
                raise
            raise Damaged(f"{error}; it begins as a {self._kind} file") from error


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


class _Zip:
    """The files of an archive one after another, each perhaps compressed itself; without what macOS adds."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source if source.seekable() else _kept(source)
        self._copied = self._source is not source
        try:
            self._archive = zipfile.ZipFile(self._source)
        except zipfile.BadZipFile as error:
            raise Damaged(f"{error}; it begins as a zip file") from error
        files = (one for one in self._archive.infolist() if not one.is_dir())
        self._waiting = (one for one in files if not one.filename.startswith("__MACOSX/"))
        self._file: Chunks | None = None
        self._last = b"\n"

    def read1(self, size: int = -1, /) -> bytes:
        while True:
            if self._file is None and not self._next():
                return b""
            if found := cast("Chunks", self._file).read1(size):
                self._last = found[-1:]
                return found
            self._file = None
            if self._last != b"\n":  # a file's last line ends with the file
                self._last = b"\n"
                return b"\n"

    def _next(self) -> bool:
        one = next(self._waiting, None)
        if one is None:
            if self._copied:
                self._source.close()
            return False
        try:
            file = io.BufferedReader(cast("io.RawIOBase", self._archive.open(one)))
            kind = kind_of(file.peek(MAGIC_BYTES))
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise Damaged(f"{one.filename}: {error}") from error
        # An archive within an archive is passed on as it is: no line of it can be read.
        self._file = _Guarded("zip", (decompressed(kind, file) if kind not in {None, "zip"} else file).read1)
        return True


def _kept(source: BinaryIO) -> BinaryIO:
    """A copy of what comes through a pipe: the table of an archive stands at its end."""
    copy = tempfile.SpooledTemporaryFile(_KEPT)  # noqa: SIM115  # closed behind its last file
    while piece := source.read(1024 * 1024):
        copy.write(piece)
    copy.seek(0)
    return cast("BinaryIO", copy)
