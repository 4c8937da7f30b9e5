"""The styles of badges in README files: where their two parts stand and what they are painted with. Pure geometry.

They have the sizes that such badges have everywhere, so that ours stand well in a row of others; templates/badge.svg
paints them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from counter.labels import Language
from counter.widget.text_width import text_width
from counter.widget.theme import contrast

WHITE, BLACK = "#ffffff", "#000000"
GROUND: Final = "#4b5563"  # behind the label
SOCIAL_GROUND, SOCIAL_INK, SOCIAL_RIM = "#fafafa", "#333333", "#d5d5d5"
NOTCH: Final = 6.0  # pixels between the parts of a social badge, with the corner that points to the label


@dataclass(frozen=True, slots=True)
class BadgeStyle:
    """Lengths in pixels."""

    height: int
    radius: float
    size: float  # of the text
    baseline: float
    pad: float  # on each side of a text
    shine: tuple[tuple[str, float], tuple[str, float]] | None = None  # colour and opacity, above and below
    shadow: bool = False  # below white text
    capitals: bool = False
    spacing: float = 0.0  # after each letter
    bold_label: bool = False
    bold_number: bool = False
    apart: bool = False  # the number stands in a bubble of its own


STYLES: Final = {
    "flat": BadgeStyle(20, 3, 11, 14, 6.5, shine=(("#bbbbbb", 0.1), ("#000000", 0.1)), shadow=True),
    "flat-square": BadgeStyle(20, 0, 11, 14, 6.5),
    "plastic": BadgeStyle(18, 4, 11, 13, 6.5, shine=(("#ffffff", 0.5), ("#000000", 0.35)), shadow=True),
    "for-the-badge": BadgeStyle(28, 0, 10, 17.6, 10, capitals=True, spacing=1.2, bold_number=True),
    "social": BadgeStyle(20, 2, 11, 14, 6.5, bold_label=True, bold_number=True, apart=True),
}


@dataclass(frozen=True, slots=True)
class BadgeHalf:
    """One of the two halves: its text, from where to where it goes, and its colours."""

    text: str
    x: float
    width: float
    ground: str
    ink: str
    bold: bool
    shadow: str  # colour, '' for none

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class DrawnBadge:
    style: BadgeStyle
    width: float
    label: BadgeHalf
    number: BadgeHalf
    rim: str  # around parts that stand apart
    notch: tuple[float, float] | None  # the point towards the label, and where it begins


def draw_style(
    style: BadgeStyle, label: str, number: str, language: Language, label_colour: str, colour: str, accent: str
) -> DrawnBadge:
    """A badge of two parts, in the direction of the language. Colours are `#rrggbb` or '' for the style's own."""
    if style.capitals:
        label, number = capitals(label, language), capitals(number, language)
    rtl = language.direction == "rtl"
    if rtl:
        style = replace(style, spacing=0.0)  # its letters are joined
    between = NOTCH if style.apart else 0.0
    widths = (_width(style, label, style.bold_label), _width(style, number, style.bold_number))
    label_x, number_x = (widths[1] + between, 0.0) if rtl else (0.0, widths[0] + between)
    grounds = (label_colour or (SOCIAL_GROUND if style.apart else GROUND),
               colour or (WHITE if style.apart else accent))  # fmt: skip
    return DrawnBadge(
        style=style,
        width=sum(widths) + between,
        label=_part(style, label, label_x, widths[0], grounds[0], bold=style.bold_label),
        number=_part(style, number, number_x, widths[1], grounds[1], bold=style.bold_number),
        rim=SOCIAL_RIM if style.apart else "",
        notch=_notch(number_x, widths[1], rtl=rtl) if style.apart else None,
    )


def ink_on(ground: str) -> str:
    """Black or white, whichever reads better; that one always has 4.5 to 1."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, ground))


def capitals(text: str, language: Language) -> str:
    """In capitals where readers know them: Georgian has none in running text, and a Turkish i keeps its dot."""
    if language.tag == "tr":
        text = text.replace("i", "İ")
    return "".join(letter if "\u10d0" <= letter <= "\u10ff" else letter.upper() for letter in text)


def _part(style: BadgeStyle, text: str, x: float, width: float, ground: str, *, bold: bool) -> BadgeHalf:
    ink = SOCIAL_INK if style.apart and contrast(SOCIAL_INK, ground) >= 4.5 else ink_on(ground)
    return BadgeHalf(text, x, width, ground, ink, bold, "#010101" if style.shadow and ink == WHITE else "")


def _width(style: BadgeStyle, text: str, bold: bool) -> float:
    return round(text_width(text, style.size, bold=bold) + style.spacing * len(text) + 2 * style.pad)


def _notch(x: float, width: float, *, rtl: bool) -> tuple[float, float]:
    return (x + width + NOTCH - 1.5, x + width - 0.5) if rtl else (x - NOTCH + 1.5, x + 0.5)
