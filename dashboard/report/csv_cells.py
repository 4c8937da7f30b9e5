"""CSV cells that no spreadsheet takes for a formula: numbers stay numbers, texts stay texts.

A text that begins with a sign which starts a formula gets an apostrophe before it (OWASP ASVS 1.2.10). So does one
that begins with apostrophes and then such a sign: `plain` gives every text back as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

SIGNS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four: full-width = + - @
QUOTE: Final = "'"

Cell = str | int | float | None


def cell(text: str) -> str:
    """`text` as a cell."""
    return QUOTE + text if _starts_formula(text) else text


def plain(written: str) -> str:
    """The text that was given to `cell`."""
    return written[1:] if written.startswith(QUOTE) and _starts_formula(written) else written


def csv_lines(rows: Iterable[Iterable[Cell]]) -> str:
    """Lines of a CSV file (RFC 4180): every text quoted, numbers bare, None an empty cell."""
    lines = io.StringIO()
    writer = csv.writer(lines, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerows([cell(one) if isinstance(one, str) else one for one in row] for row in rows)
    return lines.getvalue()


def _starts_formula(text: str) -> bool:
    return text.lstrip(QUOTE)[:1] in SIGNS if text else False
