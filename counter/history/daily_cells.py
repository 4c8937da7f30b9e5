"""The cells of a table of days: dates that have one reading, and whole numbers as people's programs write them."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from counter.errors import UsageError

MOST: Final = 2**53
EARLIEST: Final = dt.date(1990, 1, 1)
EXAMPLE: Final = dt.date(2024, 11, 21)

# The year first: whoever writes so goes on with the month. Midnight may follow, in whatever zone.
_YEAR_FIRST: Final = re.compile(
    r"(\d{4})(?:-(\d\d?)-(\d\d?)|/(\d\d?)/(\d\d?)|\.(\d\d?)\.(\d\d?)|(\d\d)(\d\d))"
    r"(?:[T ]?00:?00(?::?00(?:\.0+)?)?)? ?(?:Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_DAY_OR_MONTH: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})\.?", re.ASCII)
_IN_WORDS: Final = (
    "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%B-%Y", "%a %d %b %Y", "%A %d %B %Y", "%a %b %d %Y",
    "%A %B %d %Y",
)  # fmt: skip

# Marks between thousands. A blank cannot be anything else; a comma can where commas separate no columns.
_BLANKS: Final = re.compile(r"\d{1,3}(?:[ '\u00a0\u2009\u202f\u2019]\d{3})+", re.ASCII)
_COMMAS: Final = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
_TWICE: Final = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+", re.ASCII)
_WHOLE: Final = re.compile(r"\d+(?:\.0{1,2})?", re.ASCII)


def date_of(where: str, text: str, latest: dt.date, date_format: str = "") -> dt.date:
    """The day of a cell, from 1990 to `latest`. UsageError names the cell, and both days when it has two readings."""
    date = _by_format(text, date_format) if date_format else _by_form(where, text)
    if date is not None and EARLIEST <= date <= latest:
        return date
    example = EXAMPLE.strftime(date_format) if date_format else EXAMPLE.isoformat()
    raise UsageError(f"{where}: date is {text[:20]!r}, it must be such as {example}, from {EARLIEST} to {latest}")


def check_date_format(date_format: str) -> None:
    """Raises UsageError when a date that is written so cannot be read again."""
    try:
        fine = dt.datetime.strptime(EXAMPLE.strftime(date_format), date_format).date() == EXAMPLE  # noqa: DTZ007
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(f"--date-format is {date_format!r}, it must have year, month and day, such as %d.%m.%Y")


def whole_number(where: str, name: str, text: str, separator: str) -> int | None:
    """The number of a cell, None when it is empty and not the visits. UsageError for what has two readings."""
    if not text and name != "visits":
        return None
    digits = _digits(text, separator)
    if not digits or len(digits) > len(str(MOST)) or int(digits) > MOST:
        raise UsageError(f"{where}: {name} is {text[:24]!r}, it must be a whole number from 0 to {MOST}")
    return int(digits)


def _digits(text: str, separator: str) -> str:
    """Only the digits of a whole number; '' when it is none, or could be another (`1.234`, with semicolons `1,234`)."""
    if _WHOLE.fullmatch(text):
        return text.partition(".")[0]
    grouped = _BLANKS.fullmatch(text) or _TWICE.fullmatch(text) or (separator != ";" and _COMMAS.fullmatch(text))
    return re.sub(r"\D", "", text) if grouped else ""


@lru_cache(maxsize=64)
def _by_format(text: str, date_format: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, date_format).date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return None


def _by_form(where: str, text: str) -> dt.date | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _day(*(int(part) for part in found.groups() if part))
    if found := _DAY_OR_MONTH.fullmatch(text):
        raise UsageError(f"{where}: {_readings(text, found)}")
    plain = " ".join(text.replace(",", " ").split())
    return next((date for form in _IN_WORDS if (date := _by_format(plain, form)) is not None), None)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _readings(text: str, found: re.Match[str]) -> str:
    """The sentence for `1/2/2024`, which is a day of January or of February."""
    sign, year = found[2], "%Y" if len(found[4]) == 4 else "%y"
    forms = [f"%d{sign}%m{sign}{year}", f"%m{sign}%d{sign}{year}"]
    days = [(form, day) for form in forms if (day := _by_format(text.removesuffix("."), form)) is not None]
    if not days:
        return f"date is {text[:20]!r}, it must be such as {EXAMPLE}"
    meant = " or ".join(dict.fromkeys(str(day) for _, day in days))
    said = " or ".join(f"--date-format {form}" for form, _ in days)
    return f"date is {text[:20]!r}, it must be such as {EXAMPLE}; when it is {meant}, add {said}"
