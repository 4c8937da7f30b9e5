"""Extract the one database from a download: plain .mmdb, .mmdb.gz or .tar.gz.

The first bytes decide what it is, not the name. From an archive only the content of one file is read; its names are
never used as paths, links and devices are never followed, and every byte is counted.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from counter.errors import DownloadFailed

LARGEST_DATABASE: Final = 1024 * 1024 * 1024  # bytes
LARGEST_REST: Final = 16 * 1024 * 1024  # bytes of an archive that are not the database: licences, headers
_CHUNK: Final = 1024 * 1024  # bytes
_GZIP: Final = b"\x1f\x8b"
_TAR_MARK: Final = slice(257, 262)  # of the first block of a tar file: "ustar"


def unpack(packed: Path, target: BinaryIO, largest: int = LARGEST_DATABASE) -> None:
    """Write the database in `packed` to `target`; DownloadFailed unless there is exactly one, of at most `largest`."""
    try:
        with packed.open("rb") as file:
            head = file.read(512)
            file.seek(0)
            _refuse_page(head)
            if not head.startswith(_GZIP):
                _copy(_Counted(file, largest), target)
                return
            with gzip.open(file) as content:
                first = content.read(512)
                content.seek(0)
                counted = _Counted(content, largest)
                if first[_TAR_MARK] == b"ustar":
                    _from_archive(counted, target)
                else:
                    _refuse_page(first)
                    _copy(counted, target)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise DownloadFailed(f"what was downloaded is damaged or cut off: {error}") from None


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Counted(io.RawIOBase):
    """A stream that ends with an error after `largest` bytes: a small archive can hold terabytes of zeros."""

    def __init__(self, inner: _Readable, largest: int) -> None:
        self._inner = inner
        self.left = self.largest = largest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = self.left + 1 if size < 0 else min(size, self.left + 1)
        content = self._inner.read(wanted)
        self.left -= len(content)
        if self.left < 0:
            raise self.too_large()
        return content

    def too_large(self) -> DownloadFailed:
        return DownloadFailed(
            f"what was downloaded unpacks to more than {self.largest:,} bytes of a database,"
            f" or {LARGEST_REST:,} beside it"
        )


def _copy(source: _Readable, target: BinaryIO) -> None:
    while content := source.read(_CHUNK):
        target.write(content)


def _from_archive(content: _Counted, target: BinaryIO) -> None:
    found = 0
    content.left = LARGEST_REST  # including headers, which tarfile reads into memory
    with tarfile.open(fileobj=content, mode="r|") as archive:
        for member in archive:
            if not (member.isreg() and member.name.endswith(".mmdb")) or member.issparse():
                continue
            found += 1
            file = archive.extractfile(member)
            if found > 1 or file is None:
                raise DownloadFailed("the archive holds several databases, and one is needed")
            if member.size > content.largest:
                raise content.too_large()
            content.left = content.largest + LARGEST_REST
            _copy(file, target)
            content.left = LARGEST_REST
    if not found:
        raise DownloadFailed("the archive holds no file that ends with .mmdb")


def _refuse_page(head: bytes) -> None:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise DownloadFailed("what was downloaded is a web page, not a database; is [geoip] update_url right?")
