"""The themes of the widget: one style sheet each in `static/themes/`, read here for the images and the tests.

A theme is custom properties only, in two rules: `.vc-NAME` has its colours, sizes and shapes, `.vc-NAME .vc-digit` says
which of the drawings of `static/widget.css` build a reel. Pages get the file itself; an image has no style sheet of its
own to load, so it is drawn from the same values. docs/themes.md is the contract; a file that breaks it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from counter.errors import ConfigError
from counter.widget.shape import Shape, read_shape

STATIC = Path(__file__).parent / "static"
SCHEMES = ("auto", "light", "dark")  # auto: as the reader's system is set

# What each colour of text stands on, and the contrast that WCAG 1.4.3 asks for there.
TEXT_ON: Mapping[str, tuple[tuple[str, ...], float]] = {
    "ink": (("paper",), 4.5),  # numbers
    "muted": (("paper",), 4.5),  # labels, date, icons of past days
    "accent": (("paper",), 3.0),  # icons
    "digit": (("reel", "shade"), 3.0),
    "blank": (("reel", "shade"), 3.0),  # leading zeros
    "last-digit": (("last", "last-shade"), 3.0),  # the reel at the right
}
GROUNDS = ("paper", "rim", "edge", "frame", "reel", "shade", "last", "last-shade", "seam")
COLOURS = (*TEXT_ON, *GROUNDS)

GLYPHS = (*"0123456789", "dash")  # the dash is what stands there when no number is known
SHAPES = (*(f"glyph-{name}" for name in GLYPHS), "unlit", "band", "frame-cut")

# Lengths in em of the widget's 14 px unless a comment says otherwise: (least, most, where it is left out).
NUMBERS: Mapping[str, tuple[float, float, float]] = {
    "card-radius": (0, 2, 1),
    "frame-radius": (0, 1.6, 0.55),
    "reel-radius": (0, 1.3, 0.22),
    "reel-gap": (0, 0.4, 0.14),
    "digit-size": (0.8, 2.2, 1.6),
    "digit-weight": (100, 900, 600),  # as in font-weight
    "glyph-ratio": (0.3, 1, 0.6),  # width of a drawn digit by its height
    "glow": (0, 1, 0),
    "hinge": (0, 0.3, 0),  # the line across a reel
    "neighbours": (0, 1, 0),  # how visible the digits above and below are, 1 is fully
}
CHOICES: Mapping[str, tuple[str, ...]] = {  # the first stands where it is left out
    "reel-form": ("drum", "halves", "flat", "none"),
    "fill": ("none", "solid", "stitch"),
    "typeface": ("sans", "mono", "serif", "narrow"),
    "motion": ("roll", "flip", "light", "still"),
}

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TITLE = re.compile(r"\s*/\*\s*([^:*]{1,40}):\s*([^*]{1,400}?)\s*\*/")
_PROPERTY = re.compile(r"--([a-z0-9-]+)\s*:\s*([^;{}]*?)\s*;")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:em)?")
_CHOICE = re.compile(r"var\(--([a-z]+)\)")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by name of `COLOURS`, each `#rrggbb`; numbers, choices and shapes as the tables above name them."""

    name: str
    title: str  # and what it is like, for the gallery
    note: str
    light: Mapping[str, str]
    dark: Mapping[str, str]
    numbers: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)

    def pixels(self, name: str) -> float:
        """A length at the widget's own size, 14 px."""
        return round(self.numbers[name] * 14, 2)


def read_theme(name: str, css: str) -> Theme:
    """The theme in a style sheet; `ConfigError` says which property is wrong."""
    theme = f"Theme {name!r}"
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{theme}: the file's name is the theme's, up to 32 of a-z, 0-9 and - after a letter.")
    bare = _COMMENT.sub("", css)
    _check_rules(theme, name, bare)
    properties = dict(_PROPERTY.findall(bare))
    if unknown := sorted(set(properties) - _PROPERTIES):
        raise ConfigError(f"{theme}: unknown property --{unknown[0]}; docs/themes.md names all of them.")
    title, note = _words(theme, css)
    return Theme(
        name=name,
        title=title,
        note=note,
        light=_colours(theme, "light", properties),
        dark=_colours(theme, "dark", properties),
        numbers={key: _number(theme, key, properties.get(key)) for key in NUMBERS},
        choices={key: _choice(theme, key, properties.get(key)) for key in CHOICES},
        shapes=_shapes(theme, properties),
    )


_PROPERTIES = {f"{scheme}-{colour}" for scheme in ("light", "dark") for colour in COLOURS} | {
    *NUMBERS,
    *CHOICES,
    *SHAPES,
}


def _check_rules(theme: str, name: str, css: str) -> None:
    """Two rules and nothing else: a theme asks nobody for a file, and paints nothing outside its own widget."""
    allowed = (f".vc-{name}", f".vc-{name} .vc-digit")
    rest = re.sub(r"([^{}]*)\{([^{}]*)\}", lambda rule: _outside(rule[1], rule[2], allowed), css)
    if strange := rest.strip():
        raise ConfigError(f"{theme}: {strange[:40]!r} is no part of a theme; it has the rules {' and '.join(allowed)}.")


def _outside(selector: str, body: str, allowed: tuple[str, ...]) -> str:
    """What of a rule is not ours."""
    if " ".join(selector.split()) not in allowed:
        return selector + "{}"
    return _PROPERTY.sub("", body)


def _words(theme: str, css: str) -> tuple[str, str]:
    """The first comment, `Title: what it is like.`"""
    found = _TITLE.match(css)
    if found is None:
        raise ConfigError(f"{theme}: its file begins with a comment, /* Title: what it is like. */")
    return found[1], " ".join(found[2].split())


def _colours(theme: str, scheme: str, properties: Mapping[str, str]) -> dict[str, str]:
    prefix = f"{scheme}-"
    found = {key.removeprefix(prefix): value for key, value in properties.items() if key.startswith(prefix)}
    if wrong := set(COLOURS) ^ set(found):
        raise ConfigError(f"{theme}, {scheme}: missing or unknown colours: {', '.join(sorted(wrong))}.")
    for colour, value in found.items():
        if not _COLOUR.fullmatch(value):
            raise ConfigError(f"{theme}: --{prefix}{colour} is {value!r}; a colour is written #rrggbb, in lower case.")
    return found


def _number(theme: str, key: str, value: str | None) -> float:
    least, most, usual = NUMBERS[key]
    if value is None:
        return usual
    found = _NUMBER.fullmatch(value)
    if found is None or not least <= float(found[1]) <= most:
        raise ConfigError(f"{theme}: --{key} is {value!r}; allowed are {least} to {most}.")
    return float(found[1])


def _choice(theme: str, key: str, value: str | None) -> str:
    allowed = CHOICES[key]
    if value is None:
        return allowed[0]
    found = _CHOICE.fullmatch(value)
    if found is None or found[1] not in allowed:
        choices = ", ".join(f"var(--{one})" for one in allowed)
        raise ConfigError(f"{theme}: --{key} is {value!r}; allowed are {choices}.")
    return found[1]


def _shapes(theme: str, properties: Mapping[str, str]) -> dict[str, Shape]:
    found = {key: read_shape(f"{theme}: --{key}", properties[key]) for key in SHAPES if key in properties}
    drawn = [name for name in GLYPHS if f"glyph-{name}" in found]
    if drawn and len(drawn) < len(GLYPHS):
        missing = ", ".join(f"--glyph-{name}" for name in GLYPHS if name not in drawn)
        raise ConfigError(f"{theme}: it draws digits of its own and leaves out {missing}.")
    if drawn and not {"glyph-ratio", "fill"} <= set(properties):
        raise ConfigError(f"{theme}: it draws digits of its own; --glyph-ratio and --fill say how wide and with what.")
    return found


class Themes(Mapping[str, Theme]):
    """The themes of a folder by name, read when the first one is asked for: a command that draws nothing needs none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _themes(self) -> dict[str, Theme]:
        files = sorted(self._folder.glob("*.css"))
        return {file.stem: read_theme(file.stem, file.read_text(encoding="utf-8")) for file in files}

    def __getitem__(self, name: str) -> Theme:
        return self._themes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._themes)

    def __len__(self) -> int:
        return len(self._themes)


THEMES = Themes(STATIC / "themes")
DEFAULT_THEME = "classic"


def check_themes(themes: Mapping[str, Theme]) -> None:
    """Read them all now, so that a bad one stops the start and not a page; `ConfigError` names it."""
    if DEFAULT_THEME not in themes:
        raise ConfigError(
            f"There is no theme {DEFAULT_THEME!r} in {STATIC / 'themes'}; it is what shows when none is named."
        )


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb`, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
