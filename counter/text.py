"""Untrusted text, made safe to store, compare and print.

`clean` is the one place where what a visitor sent becomes text we keep: valid Unicode in NFC, without control
characters, without characters that turn the reading direction around, and of bounded length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Drawn as nothing: zero-width characters, marks of direction, fillers, byte order marks, the place of an object.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063"
    "\u2064\u206a\u206b\u206c\u206d\u206e\u206f\u2800\u3164\ufeff\uffa0\ufff9\ufffa\ufffb\ufffc"
)
_SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_NOT_SEEN = _INVISIBLE + _SPACES

MAX_MARKS = 8  # combining marks in a row; Vietnamese, Hebrew and Thai need at most four

_SURROGATES = re.compile("[\ud800-\udfff]")
_STRAY_BYTES = re.compile("[\udc80-\udcff]")
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]")
# C0, DEL and C1, and the bidi embeddings, overrides and isolates that make "gpj.exe" read as "exe.jpg".
_REMOVED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _too_many_marks(codes: Iterable[int]) -> re.Pattern[str]:
    """Finds a run of more than eight combining marks, the allowed ones in group 1."""
    ranges: list[tuple[int, int]] = []
    for code in codes:
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    marks = "[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges) + "]"
    return re.compile(f"({marks}{{{MAX_MARKS}}}){marks}+")


# `re` has a table for a class within the basic plane; one character beyond makes it try 300 ranges, 20 times slower.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_TOO_MANY_MARKS = _too_many_marks(range(0x300, 0x10000))
_TOO_MANY_ANY_MARKS = _too_many_marks((*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)))  # all planes that have any


def clean(text: str, limit: int) -> str:
    """`text` without anything that could hurt, at most `limit` characters long.

    Lone surrogates become U+FFFD, tabs and line breaks a space, other controls and bidi overrides nothing; more
    than eight combining marks in a row are cut; the rest is NFC without white space at its ends. Never raises;
    `clean(clean(x, n), n) == clean(x, n)`.
    """
    if text.isascii() and text.isprintable():
        return text.strip()[:limit].rstrip()
    # NFC is quadratic in a run of marks: a megabyte of them must not reach it.
    text = text[: 4 * limit + 64]
    if not text.isprintable():  # every character removed or replaced below is "not printable" to Python
        text = _SURROGATES.sub("\ufffd", text)
        text = _REMOVED.sub("", _BREAKS.sub(" ", text))
    marks = _TOO_MANY_ANY_MARKS if _ASTRAL.search(text) else _TOO_MANY_MARKS
    if marks.search(text):  # a third of the time of a `sub` that finds nothing
        text = marks.sub(r"\1", text)
    if not unicodedata.is_normalized("NFC", text):
        # Decomposing can lengthen a run again; cutting the end of a run keeps a text in NFC.
        text = marks.sub(r"\1", unicodedata.normalize("NFC", text))
    return text.strip()[:limit].rstrip()


def without_invisible_end(text: str) -> str:
    """`text` without spaces and zero-width characters at its end; inside, they may tell words and letters apart."""
    return text.rstrip() if text.isascii() else text.rstrip(_NOT_SEEN)


def escape_bytes(text: str) -> str:
    """Text that was read with `surrogateescape`, its bytes that are not UTF-8 as escapes of a URL: `/caf%E9`."""
    return _STRAY_BYTES.sub(lambda stray: f"%{ord(stray[0]) - 0xDC00:02X}", text)
