"""Colours that a query names: hexadecimal digits, the words badges have, and those of CSS."""

from __future__ import annotations

import re
from typing import Final

import webcolors

from counter.errors import BadInput
from counter.widget.options import shown

# As the badges of README files have them everywhere; some say what is meant.
BADGE_COLOURS: Final = {
    "brightgreen": "#44cc11",
    "green": "#97ca00",
    "yellowgreen": "#a4a61d",
    "yellow": "#dfb317",
    "orange": "#fe7d37",
    "red": "#e05d44",
    "blue": "#007ec6",
    "grey": "#555555",
    "gray": "#555555",
    "lightgrey": "#9f9f9f",
    "lightgray": "#9f9f9f",
    "success": "#44cc11",
    "important": "#fe7d37",
    "critical": "#e05d44",
    "informational": "#007ec6",
    "inactive": "#9f9f9f",
}

_HEXADECIMAL: Final = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE | re.ASCII)


def colour_from(key: str, value: str) -> str:
    """`#rrggbb` of a colour's digits or name; `BadInput` names the key, the value and what is allowed."""
    found = _HEXADECIMAL.fullmatch(value)
    if found is not None:
        digits = found[1].lower()
        return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
    name = value.lower()
    if name in BADGE_COLOURS:
        return BADGE_COLOURS[name]
    if name == "rebeccapurple":
        return "#663399"  # of CSS 4, which webcolors does not know
    try:
        return str(webcolors.name_to_hex(name))
    except ValueError:
        raise BadInput(
            f"{key} is {shown(value)}; allowed are three or six hexadecimal digits, such as 0a6f80, the names"
            f" {', '.join(BADGE_COLOURS)}, and those of CSS."
        ) from None
