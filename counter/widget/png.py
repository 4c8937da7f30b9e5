"""An image as PNG, for mails and forums that show no SVG: the same drawing, with fonts of our own.

The renderer is the extra `png`, so everything here works without it but `draw_png`. It holds Python's lock while it
draws: about 1 ms for a badge and 15 ms for the widget.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from counter.errors import NotInstalled

LARGEST_SCALE: Final = 3
IMAGES: Final = 256  # that are kept, about 30 KB each

_INSTALLED: Final = find_spec("resvg_py") is not None
_FONTS: Final = Path(__file__).parent / "fonts"
_TEXT: Final = re.compile(r"<text\b[^>]*>([^<]*)</text>")
_RIGHT_TO_LEFT: Final = re.compile(r"<text\b[^>]*\bdirection=\"rtl\"[^>]*>")
_ANCHOR: Final = re.compile(r" text-anchor=\"(start|end)\"")


def check_png() -> None:
    """Raise `NotInstalled` with what to install, unless images can be drawn as PNG."""
    if not _INSTALLED:
        raise NotInstalled("images as PNG need the extra 'png' of this service: pip install 'visitor-counter[png]'")


@lru_cache(maxsize=IMAGES)
def draw_png(svg: str, scale: int = 1) -> bytes:
    """One of our own SVGs as PNG, `scale` times as large, 1 to 3. What depends on the reader's system is light."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=_anchored(svg),
            zoom=float(scale),
            font_files=_font_files(),
            skip_system_fonts=not _needs_more_fonts(svg),
            font_family="DejaVu Sans",
            sans_serif_family="DejaVu Sans",
            serif_family="DejaVu Serif",
            monospace_family="DejaVu Sans Mono",
        )
    )


def _anchored(svg: str) -> str:
    """The renderer knows anchors from left to right only: where text runs the other way, its start is the right."""
    return _RIGHT_TO_LEFT.sub(_turned, svg)


def _turned(tag: re.Match[str]) -> str:
    anchor = _ANCHOR.search(tag[0])
    if anchor is None:
        return tag[0] if "text-anchor" in tag[0] else f'{tag[0][:-1]} text-anchor="end">'
    other = "start" if anchor[1] == "end" else "end"
    return f'{tag[0][: anchor.start()]} text-anchor="{other}"{tag[0][anchor.end() :]}'


def _needs_more_fonts(svg: str) -> bool:
    """Whether an owner's words have a character that only a font of this machine may have."""
    return any(not covered(text) for text in _TEXT.findall(svg))


def covered(text: str) -> bool:
    """Whether our own fonts have every character of `text`."""
    return _covered().issuperset(ord(character) for character in text)


@cache
def _covered() -> frozenset[int]:
    ranges = [line.split("-") for line in (_FONTS / "coverage.txt").read_text(encoding="ascii").split()]
    return frozenset(code for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1))


@cache
def _font_files() -> list[str]:
    return sorted(str(file) for file in _FONTS.iterdir() if file.suffix in {".ttf", ".otf"})
