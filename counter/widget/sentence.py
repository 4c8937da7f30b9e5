"""A sentence as an image: what is wrong with an image's address, where only an image can be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from counter.templates import templates_in
from counter.widget.text_width import text_width

WIDTH: Final = 340  # pixels; the text has 12 on each side
TEXT_WIDTH: Final = WIDTH - 24
SIZE: Final = 13  # pixels of the font
LINE_HEIGHT: Final = 18

_templates = templates_in(Path(__file__).parent / "templates")


def render_sentence(sentence: str) -> str:
    """The sentence as SVG, on as many lines as it takes."""
    lines = wrap(sentence)
    return _templates.get_template("sentence.svg").render(
        sentence=sentence, lines=lines, width=WIDTH, height=20 + LINE_HEIGHT * len(lines)
    )


def wrap(sentence: str) -> list[str]:
    """Lines that fit in the image, broken at spaces, and within words that are longer than a line."""
    lines = [""]
    for word in sentence.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if _fits(longer):
            lines[-1] = longer
            continue
        lines.append("")
        for character in word:
            if not _fits(lines[-1] + character):
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line]


def _fits(line: str) -> bool:
    return text_width(line, SIZE) <= TEXT_WIDTH
