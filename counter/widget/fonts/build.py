"""Makes the fonts of this folder smaller than their originals. Run by hand, when there are new characters:

    python -m counter.widget.fonts.build /usr/share/fonts/truetype/dejavu .../NotoSansCJK-Regular.ttc

DejaVu Sans is for Latin, Greek, Cyrillic, Georgian, Armenian, Hebrew and Arabic texts; its other cuts are for the
digits of themes. Noto Sans CJK has the characters of our own words in Chinese and Japanese, and all kana.
`coverage.txt` says which characters there are. NOTICE has the licences.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER: Final = Path(__file__).parent
WORDS: Final = FOLDER.parents[1] / "labels" / "words"
COVERAGE: Final = FOLDER / "coverage.txt"
TEXTS: Final = ("DejaVuSans", "DejaVuSans-Bold")
DIGITS: Final = (
    "DejaVuSans-ExtraLight", "DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold",
    "DejaVuSerif", "DejaVuSerif-Bold",
)  # fmt: skip
CJK: Final = "NotoSansCJK.otf"
SIMPLIFIED: Final = 2  # of the fonts in Noto's collection
# Blocks of Unicode; the last of each is a part of it.
BLOCKS: Final = (
    (0x20, 0x24F), (0x2B0, 0x52F), (0x531, 0x5F4), (0x600, 0x6FF), (0x750, 0x77F), (0x10A0, 0x10FF), (0x1E00, 0x1EFF),
    (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2212, 0x2215), (0x2500, 0x27BF),
    (0x2D00, 0x2D2F), (0xFB13, 0xFDFF), (0xFE70, 0xFEFF),
)  # fmt: skip
KANA: Final = range(0x3041, 0x3100)
SHAPING: Final = ["ccmp", "locl", "init", "medi", "fina", "isol", "rlig", "liga", "calt", "mark", "mkmk", "kern"]


def build(dejavu: Path, noto: Path) -> None:
    """Write every font and `coverage.txt` anew."""
    texts = [code for first, last in BLOCKS for code in range(first, last + 1)]
    for name in TEXTS:
        _write(dejavu / f"{name}.ttf", f"{name}.ttf", texts, SHAPING)
    for name in DIGITS:
        _write(dejavu / f"{name}.ttf", f"{name}.ttf", map(ord, "0123456789\u2014"), [])
    known = characters(FOLDER / "DejaVuSans.ttf")
    _write(noto, CJK, (words() | set(KANA)) - known, [], SIMPLIFIED)
    covered = known & characters(FOLDER / "DejaVuSans-Bold.ttf") | characters(FOLDER / CJK)
    COVERAGE.write_text("\n".join(_ranges(sorted(covered))) + "\n", encoding="ascii")


def words() -> set[int]:
    """Every character of the words of all languages that is seen."""
    text = "".join(file.read_text(encoding="utf-8") for file in WORDS.glob("*.toml"))
    return {ord(character) for character in text if not character.isspace()}


def characters(font: Path) -> set[int]:
    """The characters that a font can draw."""
    return set(TTFont(font).getBestCmap())


def _write(source: Path, name: str, codes: Iterable[int], features: list[str], number: int = -1) -> None:
    options = subset.Options(layout_features=features, hinting=False, desubroutinize=True, font_number=number)
    options.name_IDs = ["*"]
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    subset.save_font(font, FOLDER / name, options)


def _ranges(codes: list[int]) -> Iterator[str]:
    """`41-5a`, one a line, hexadecimal."""
    first = last = codes[0]
    for code in [*codes[1:], -1]:
        if code != last + 1:
            yield f"{first:x}-{last:x}"
            first = code
        last = code


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
