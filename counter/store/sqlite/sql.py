"""The engine's SQL. Each statement is a file in `queries/`, named as the question it answers or the change it makes.

The rule: in Python stands a statement that is one text on one line, or a pragma, and no other. What is longer, or put
together, is a file, which begins with a comment that says what it asks or does. Beside SQL it may hold, in braces:

    {sums} {sums t}         pageviews, visits, ...: the eight sums; t.pageviews, t.visits, ...
    {columns}               pageviews integer, visits integer, ...
    {summed} {summed t}     sum(pageviews) as pageviews, ...
    {signed} {signed_sums}  the same two, times :sign
    {all_zero} {any_falls}  whether all are 0; whether one of `t` is higher than that of `c`
    {add_up}                the end of an upsert: they are added to those of the row that is there
    {month} {month first}   the month of the local day in the column `day`, or in another
    {Kind.CUSTOM}           the number that stands for the member of an enum: of Kind, Via or Dimension
    {query NAME}            another file; {query Table}: the file that the member of `Table` names
    {rows}                  (?, ?), (?, ?), ...: rows of values that are bound
    {Table}                 the member of the enum `Table`, a kind of SqlPart, that is given to `statement`
    {no FilterSlot.PATH}    1, or 0 when FilterSlot.PATH is given to `statement`: a switch before the test of it

Nothing else gets into a statement: values are bound, and parts are members of enums, whose texts stand in our code. So
no statement is formatted anywhere else, and no `noqa: S608` (SQL made of texts) is needed in the engine.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from counter.event import Kind, Via
from counter.question import Dimension, Sums

SUMS: Final = Sums.__struct_fields__  # names of columns, in the order of every table that has them
VIA: Final = {Via.SNIPPET: 1, Via.PIXEL: 2, Via.API: 3, Via.LOG: 4, Via.PROXY: 5}  # event.via

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_COMMENT: Final = re.compile(r"^\s*--.*\n", re.MULTILINE)
_MONTH: Final = (
    "cast(strftime('%Y', {day} * 86400, 'unixepoch') as integer) * 12"
    " + cast(strftime('%m', {day} * 86400, 'unixepoch') as integer) - 1"
)
_NUMBERS: Final = {
    "Kind": Kind.__members__,
    "Via": {via.name: VIA[via] for via in Via},
    "Dimension": Dimension.__members__,
}


class SqlPart(StrEnum):
    """What may be put into a statement: the members of enums made of this class, and no text from elsewhere."""

    __hash__ = str.__hash__  # that of Enum is written in Python, and parts are looked up for every hit


class StatementError(Exception):
    """A statement can't be made of its file and its parts: a mistake in our code."""


@lru_cache(maxsize=512, typed=True)
def statement(name: str, *parts: SqlPart) -> str:
    """`queries/NAME.sql` with its parts. StatementError: a part is missing, has no place there, or is no SqlPart."""
    return _Assembly(name, parts).text


@lru_cache(maxsize=256, typed=True)
def statement_of_rows(name: str, width: int, count: int, *parts: SqlPart) -> str:
    """The same with `count` rows of `width` values in the place of `{rows}`."""
    row = f"({', '.join('?' * width)})"
    return _Assembly(name, parts, rows=", ".join([row] * count)).text


@cache
def script(name: str, *parts: SqlPart) -> tuple[str, ...]:
    """The statements of `queries/NAME.sql`, one after the other."""
    return tuple(one.strip() for one in statement(name, *parts).split(";\n") if one.strip())


def run_script(connection: sqlite3.Connection, name: str) -> None:
    """Execute the statements of `queries/NAME.sql`, inside the caller's transaction."""
    for one in script(name):
        connection.execute(one)


@cache
def _read(name: str) -> str:
    """A file of queries without its comments."""
    if not name.isidentifier():
        raise StatementError(f"{name!r} is no name of a query")
    try:
        text = (resources.files("counter.store.sqlite") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StatementError(f"there is no file queries/{name}.sql") from None
    return _COMMENT.sub("", text).strip()


class _Assembly:
    """One statement while it is put together."""

    def __init__(self, name: str, parts: tuple[SqlPart, ...], rows: str = "") -> None:
        for part in parts:
            if not isinstance(part, SqlPart):
                raise StatementError(f"{name}: {part!r} is no SqlPart, and nothing else gets into a statement")
        self._name = name
        self._parts = parts
        self._rows = rows
        self._unused = set(parts)
        self.text = self._fill(name)
        if self._unused:
            raise StatementError(f"{name} has no place for {sorted(map(repr, self._unused))}")

    def _fill(self, name: str) -> str:
        return _BRACES.sub(lambda match: self._put(*match[1].split()), _read(name))

    def _put(self, word: str, argument: str = "") -> str:
        """What stands for `{word argument}`."""
        if word in _MACROS:
            return _MACROS[word](argument)
        if word == "query":
            return self._fill(self._part(argument) if argument[:1].isupper() else argument)
        if word == "rows" and self._rows:
            return self._rows
        if word == "no":
            return self._switch(*argument.split("."))
        if "." in word:
            return self._number(*word.split("."))
        return self._part(word)

    def _part(self, enum: str) -> str:
        given = [part for part in self._parts if type(part).__name__ == enum]
        if len(given) != 1:
            raise StatementError(f"{self._name} takes one {enum}, it was given {len(given)}")
        self._unused.discard(given[0])
        return given[0].value

    def _switch(self, enum: str, member: str) -> str:
        given = [part for part in self._parts if (type(part).__name__, part.name) == (enum, member)]
        self._unused.difference_update(given)
        return "0" if given else "1"

    def _number(self, enum: str, member: str) -> str:
        try:
            return str(int(_NUMBERS[enum][member]))
        except KeyError:
            raise StatementError(f"{self._name}: {enum}.{member} stands for no number") from None


def _of_each(form: str, between: str = ", ") -> Callable[[str], str]:
    """A macro that says `form` of each of the eight sums; its argument is the alias of their table."""

    def macro(alias: str) -> str:
        of = f"{alias}." if alias else ""
        return between.join(form.format(of=of, name=name) for name in SUMS)

    return macro


_MACROS: Final[Mapping[str, Callable[[str], str]]] = {
    "sums": _of_each("{of}{name}"),
    "columns": _of_each("{name} integer"),
    "summed": _of_each("sum({of}{name}) as {name}"),
    "signed": _of_each(":sign * {of}{name}"),
    "signed_sums": _of_each(":sign * sum({of}{name}) as {name}"),
    "all_zero": _of_each("{of}{name} = 0", " and "),
    "any_falls": _of_each("t.{name} > coalesce(c.{name}, 0)", " or "),
    "add_up": lambda _: "on conflict do update set " + _of_each("{name} = {name} + excluded.{name}")(""),
    "month": lambda column: _MONTH.format(day=column or "day"),
}
