"""UTF-16 and UTF-32, as Windows' tools write them, turned into UTF-8 as a stream; everything else is left alone."""

from __future__ import annotations

import codecs
import io
from typing import Final

from counter.logfiles.read.compressed import Chunks

# The longer marks come first: that of UTF-32 begins as that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(beginning: bytes) -> str | None:
    """What a text is written in by its first four bytes; None for UTF-8 and the like, in which ASCII stands as itself.

    Without a mark it is UTF-16 when two ASCII characters say so: a NUL beside each.
    """
    for mark, name in _MARKS:
        if beginning.startswith(mark):
            return name
    zeros = [byte == 0 for byte in beginning[:4]]
    if zeros == [False, True, False, True]:
        return "utf-16-le"
    return "utf-16-be" if zeros == [True, False, True, False] else None


def in_utf8(source: Chunks) -> Chunks:
    """The source's text in UTF-8; a file itself when nothing has to be done."""
    if isinstance(source, io.BufferedReader) and encoding_of(source.peek(4)[:4]) is None:
        return source
    return _Utf8(source)


class _Utf8:
    """UTF-8 of a source that may be in UTF-16 or UTF-32; U+FFFD for what is not. Its beginning is read when needed."""

    def __init__(self, source: Chunks) -> None:
        self._source = source
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self._ended = False

    def read1(self, size: int = -1, /) -> bytes:
        piece = self._source.read1(size) if self._begun else self._begin()
        if self._decoder is None:
            return piece
        while not self._ended:
            self._ended = not piece
            if text := self._decoder.decode(piece, final=self._ended):
                return text.encode("utf-8", "replace")
            piece = self._source.read1(size)
        return b""

    def _begin(self) -> bytes:
        self._begun, begun = True, b""
        while len(begun) < 4 and (more := self._source.read1(4 - len(begun))):
            begun += more
        name = encoding_of(begun)
        if name is not None:
            self._decoder = codecs.getincrementaldecoder(name)("replace")
        return begun
