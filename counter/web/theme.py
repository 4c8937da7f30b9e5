"""The themes of the widget: one CSS file each in `static/themes/`, read here for the image form and the tests.

A theme file is one block of custom properties `--light-NAME` and `--dark-NAME` with the names of `COLOURS`, as
`#rrggbb`. `static/widget.css` paints with them; the SVG gets them as literals, because an image has no style
sheet of its own to load.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
SCHEMES = ("auto", "light", "dark")  # auto: as the reader's system is set

# What each colour paints. Text colours first, each with the grounds it stands on and the contrast WCAG 1.4.3 asks.
TEXT_ON: Mapping[str, tuple[tuple[str, ...], float]] = {
    "ink": (("paper",), 4.5),  # numbers
    "muted": (("paper",), 4.5),  # labels, date, icons of past days
    "accent": (("paper",), 3.0),  # icons
    "digit": (("reel", "shade", "last", "last-shade"), 3.0),
    "blank": (("reel", "shade"), 3.0),  # leading zeros
}
COLOURS = (*TEXT_ON, "paper", "edge", "frame", "reel", "shade", "last", "last-shade")

_PROPERTY = re.compile(r"--(light|dark)-([a-z-]+):\s*(#[0-9a-f]{6});")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by name of `COLOURS`, each `#rrggbb`."""

    name: str
    light: Mapping[str, str]
    dark: Mapping[str, str]


def read_theme(name: str, css: str) -> Theme:
    """The theme in a style sheet; `ValueError` when a colour is missing or unknown."""
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for scheme, colour, value in _PROPERTY.findall(css):
        found[scheme][colour] = value
    for scheme, colours in found.items():
        if wrong := set(COLOURS) ^ set(colours):
            raise ValueError(f"Theme {name!r}, {scheme}: missing or unknown colours: {', '.join(sorted(wrong))}.")
    return Theme(name, found["light"], found["dark"])


def _read_all() -> dict[str, Theme]:
    return {
        file.stem: read_theme(file.stem, file.read_text(encoding="utf-8"))
        for file in sorted((STATIC / "themes").glob("*.css"))
    }


THEMES: Mapping[str, Theme] = _read_all()
DEFAULT_THEME = "classic"


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb`, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
