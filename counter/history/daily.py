"""A table of days as CSV, whoever wrote it: which of its columns mean what, and its days."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from counter.calendar.localtime import day_date, day_number
from counter.errors import UsageError
from counter.history.daily_cells import date_of, whole_number
from counter.question import HistoryDay

MOST_ROWS: Final = 40_000  # lines; days of more than a century
MOST_LINE: Final = 64 * 1024  # characters
SEPARATORS: Final = (",", ";", "\t", "|")

# What a column may be called, by its letters and digits in lower case; of two that say the same, the first is taken.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("date", "day", "dayindex", "datetime", "timestamp"),
    "visits": ("visits", "sessions", "nbvisits", "totalvisits", "numberofvisits", "totalsessions", "uniquevisits"),
    "visitors": (
        "visitors", "uniquevisitors", "nbuniqvisitors", "uniques", "users", "totalusers", "activeusers", "uniqueusers",
        "totalvisitors", "nbusers",
    ),
    "pageviews": ("pageviews", "views", "screenpageviews", "nbpageviews", "totalpageviews", "pages", "totalviews"),
}  # fmt: skip
_LETTERS: Final = re.compile(r"[\W_]+")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r(?!$))")
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class TableReading(NamedTuple):
    """What the owner says about a table. `columns`: the name of each column that is not called as in NAMES."""

    date_format: str = ""
    columns: Mapping[str, str] = {}


class DailyTable(NamedTuple):
    """The days of a table, in its order, and which of its columns they were made of."""

    days: list[HistoryDay]
    taken: list[str]
    passed_over: list[str]


def read_table(pieces: Iterable[str], where: str, latest: dt.date, reading: TableReading) -> DailyTable:
    """The days of a CSV in pieces of any size; memory does not depend on its size.

    UsageError names the line, the value and what is allowed: a date after `latest`, a date with two readings, a value
    that is no whole number, a day that stands twice, more than 40,000 lines.
    """
    rows = _Rows(_lines(pieces, where), where)
    header = rows.header(reading.columns)
    days: dict[int, HistoryDay] = {}
    for place, row in rows:
        if len(row) != rows.width:
            raise UsageError(f"{place}: it has another number of columns than the first line")
        named = {name: row[column].strip() for name, column in header.items()}
        day = HistoryDay(
            day_number(date_of(place, named["date"], latest, reading.date_format)),
            whole_number(place, "visits", named["visits"], rows.separator) or 0,
            whole_number(place, "visitors", named.get("visitors", ""), rows.separator),
            whole_number(place, "pageviews", named.get("pageviews", ""), rows.separator),
        )
        if day.day in days:
            raise UsageError(f"{place}: {day_date(day.day)} stands twice")
        days[day.day] = day
    taken = [rows.names[column] for column in header.values()]
    others = [name for column, name in enumerate(rows.names) if column not in header.values() and name]
    return DailyTable(list(days.values()), taken, others)


class _Rows:
    """The rows behind the header, with their lines; empty ones and comments are none."""

    def __init__(self, lines: Iterator[tuple[int, str]], where: str) -> None:
        self._lines = lines
        self._where = where
        self._number = 0
        self.names: list[str] = []
        self.separator = ","

    @property
    def width(self) -> int:
        return len(self.names)

    def header(self, chosen: Mapping[str, str]) -> dict[str, int]:
        """The column of each value; reads to the first line, which names them."""
        told: tuple[str, ...] = ()
        for _, line in self._lines:
            if found := _SEPARATOR_LINE.fullmatch(line):
                told = (found[1],)
            elif line.strip() and not line.startswith("#"):
                return self._columns(line.strip("\r\n"), told or SEPARATORS, chosen)
        return self._columns("", SEPARATORS, chosen)

    def __iter__(self) -> Iterator[tuple[str, list[str]]]:
        reader = csv.reader(self._texts(), delimiter=self.separator)
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    yield f"{self._where}, line {self._number}", row
        except csv.Error as error:
            raise UsageError(f"{self._where}, line {self._number}: it is not CSV: {error}") from error

    def _texts(self) -> Iterator[str]:
        for number, line in self._lines:
            self._number = number
            if number > MOST_ROWS:
                raise UsageError(f"{self._where} has more than {MOST_ROWS} lines, the limit is {MOST_ROWS}")
            if not line.startswith("#"):
                yield line

    def _columns(self, line: str, separators: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
        for separator in separators:
            names = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
            found = _meanings(names, chosen)
            if {"date", "visits"} <= found.keys():
                self.names, self.separator = names, separator
                return found
        raise UsageError(
            f"{self._where}: the first line is {line[:80]!r}, it must name a column of dates and one of visits, such as"
            " date,visits[,visitors,pageviews]; other names can be given: --column visits=Sitzungen"
        )


def _meanings(names: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Which column has which value: the chosen ones by their own names, the others by those that are common."""
    plain = [_LETTERS.sub("", name).lower() for name in names]
    found = {}
    for meaning, common in NAMES.items():
        if meaning in chosen:
            places = [place for place, name in enumerate(names) if name.lower() == chosen[meaning].strip().lower()]
        else:
            places = next(([p for p, name in enumerate(plain) if name == one] for one in common if one in plain), [])
        if len(places) == 1:  # of two columns with one name nobody knows which is meant
            found[meaning] = places[0]
    return found


def _lines(pieces: Iterable[str], where: str) -> Iterator[tuple[int, str]]:
    """Lines with their ends and numbers, whether they end as in Unix, Windows or the old Mac."""
    number, rest = 0, ""
    for piece in pieces:
        text, place = rest + piece, 0
        while found := _LINE.match(text, place):
            number += 1
            yield number, found[0]
            place = found.end()
        rest = text[place:]
        if len(rest) > MOST_LINE:
            raise UsageError(f"{where}, line {number + 1}: it has more than {MOST_LINE} characters; is it a CSV file?")
    if rest:
        yield number + 1, rest
