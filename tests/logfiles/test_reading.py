"""Logs and tables as they lie on disks: compressed in any way, in members, in UTF-16, with a byte order mark."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest
import zstandard

from counter.errors import UsageError
from counter.logfiles.read.files import lines_of, open_log

LINES = [f"line {number} é" for number in range(20_000)]
TEXT = "".join(f"{line}\n" for line in LINES).encode()
HALF = TEXT.index(b"\n", len(TEXT) // 2) + 1


def zipped(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


COMPRESS = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
FORMS: dict[str, bytes] = {
    **{name: compress(TEXT) for name, compress in COMPRESS.items()},
    **{f"{name} twice": compress(TEXT[:HALF]) + compress(TEXT[HALF:]) for name, compress in COMPRESS.items()},
    "zip": zipped(a=TEXT),
    "zip of two, without the last line end": zipped(a=TEXT[: HALF - 1], b=TEXT[HALF:]),
    "zip of gzip and bzip2": zipped(a=gzip.compress(TEXT[:HALF]), b=bz2.compress(TEXT[HALF:])),
    "zip with what macOS adds": zipped(a=TEXT, **{"__MACOSX/._a": b"resource\n"}),
    "a mark": b"\xef\xbb\xbf" + TEXT,
    "UTF-16 LE": TEXT.decode().encode("utf-16"),
    "UTF-16 BE": b"\xfe\xff" + TEXT.decode().encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.decode().encode("utf-16-le"),
    "UTF-16 BE without a mark": TEXT.decode().encode("utf-16-be"),
    "UTF-32": TEXT.decode().encode("utf-32"),
    "UTF-16 in gzip": gzip.compress(TEXT.decode().encode("utf-16")),
    "a mark in xz": lzma.compress(b"\xef\xbb\xbf" + TEXT),
}


def read(path: str, stdin: io.BufferedIOBase | None = None) -> list[str]:
    with open_log(path, stdin) as log:  # type: ignore[arg-type]  # a stream of bytes
        return [line for block in log.blocks(4096) for line in lines_of(block.text)]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_read_by_its_content_whatever_its_name(form: str, tmp_path: Path) -> None:
    file = tmp_path / "access.log.3"
    file.write_bytes(FORMS[form])
    assert read(str(file)) == LINES


class Pipe(io.RawIOBase):
    """What comes a little at a time and cannot be read twice."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, into: object) -> int:
        piece = self._content.read(min(700, len(memoryview(into))))  # type: ignore[arg-type]
        memoryview(into)[: len(piece)] = piece  # type: ignore[arg-type]
        return len(piece)


@pytest.mark.parametrize("form", FORMS)
def test_standard_input_is_read_by_its_content(form: str) -> None:
    assert read("-", Pipe(FORMS[form])) == LINES  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COMPRESS)
def test_a_file_that_is_cut_or_damaged_is_refused_by_name(name: str, tmp_path: Path) -> None:
    whole = COMPRESS[name](TEXT)
    file = tmp_path / "access.log.gz"
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=rf"access\.log\.gz is cut short: its {name} stream has no end"):
        read(str(file))
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + bytes(200) + whole[middle + 200 :])
    with pytest.raises(UsageError, match=rf"access\.log\.gz is damaged: .*it begins as a {name} file"):
        read(str(file))


def test_archives_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "logs.zip"
    file.write_bytes(zipped(a=TEXT)[:2000])
    with pytest.raises(UsageError, match=r"logs\.zip is damaged: .*it begins as a zip file"):
        read(str(file))
    whole = bytearray(zipped(a=TEXT))
    whole[whole.rindex(b"PK\x03\x04") + 6] |= 1  # the flags of the file say that it is encrypted
    whole[whole.rindex(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(whole)
    with pytest.raises(UsageError, match=r"logs\.zip is damaged: .*password"):
        read(str(file))


@pytest.mark.parametrize(("name", "kind"), [("a.bz2", "bzip2"), ("a.xz", "xz"), ("a.zip", "zip"), ("a.gz", "gzip")])
def test_a_name_that_promises_more_than_the_file_has_is_refused(name: str, kind: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(TEXT)
    with pytest.raises(UsageError, match=f"is not a {kind} file, though its name says so"):
        read(str(file))
