"""How wide a text is in an image, without its font: an upper estimate, since the reader's font is not known.

The factors are those of DejaVu Sans, the widest of the fonts that systems show text in; a narrower one leaves air.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

BOLD = 1.1
# Upper limit of a block of Unicode, and the mean width of its letters in em.
_BLOCKS = (
    (0x0250, 0.6),  # Latin
    (0x0530, 0.64),  # Greek, Cyrillic
    (0x0900, 0.55),  # Hebrew, Arabic: joined letters are narrow
    (0x10A0, 0.62),
    (0x1100, 0.66),  # Georgian
    (0x2E80, 0.6),
)
_SQUARE = 1.0  # Chinese, Japanese, Korean
_NARROW = frozenset("iljtfI.,:;'|!’ \u00a0\u202f")
_WIDE = frozenset("mwMWШЩЮЖМФшщюжмфЫы@—")


@lru_cache(4096)  # labels are the same ones again and again
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that `text` takes at most, roughly, in a font of `size` pixels."""
    return sum(_em(character) for character in text) * size * (BOLD if bold else 1.0)


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.34
    if character in _WIDE:
        return 0.95
    if unicodedata.combining(character):
        return 0.0
    if character.isdecimal():
        return 0.64
    code = ord(character)
    return next((width for limit, width in _BLOCKS if code < limit), _SQUARE)
