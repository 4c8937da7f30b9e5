"""The statements of a dump that say what a table holds: its columns, its rows, and that it is emptied. Others are
passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from counter.errors import UsageError
from counter.history.sql_text import SqlText, SqlToken, TokenKind

# What begins a part of a table's definition that is no column.
_NO_COLUMN: Final = (
    "primary", "key", "unique", "index", "constraint", "fulltext", "spatial", "foreign", "check", "period", "like",
)  # fmt: skip
_HINTS: Final = ("low_priority", "delayed", "high_priority", "ignore", "into")
_VALUE: Final = r"(?:[+-]?[0-9]+|'[0-9]*'|NULL)"
_PLAIN_ROW: Final = re.compile(rf"\s*\(\s*({_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)", re.IGNORECASE)  # nearly every one


class TableState(NamedTuple):
    """The table as a statement leaves it. `columns` in lower case, none when it names none."""

    table: str
    line: int
    columns: tuple[str, ...] = ()
    emptied: bool = True


class Insert(NamedTuple):
    """Rows of the table, each with its line; they are read before the next statement or not at all."""

    table: str
    line: int
    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


class Statements:
    """The statements about tables, in the order of the dump. Names have their database when the dump says it.

    Raises UsageError with the line of what cannot be understood.
    """

    def __init__(self, text: SqlText, where: str) -> None:
        self._text = text
        self._where = where
        self._database = ""
        self._now = SqlToken(TokenKind.SIGN, ";", 1)

    def __iter__(self) -> Iterator[TableState | Insert]:
        while self._advance().text or self._now.kind is not TokenKind.SIGN:
            yield from self._statement()
            if not self._ends():
                self._text.pass_over()

    def _statement(self) -> Iterator[TableState | Insert]:
        """What begins with the token at hand."""
        first = self._now
        if first.is_word("insert", "replace"):
            yield self._insert()
        elif first.is_word("create"):
            yield from self._create()
        elif first.is_word("drop", "truncate"):
            yield from self._emptied()
        elif first.is_word("delete") and self._advance().is_word("from"):
            table = self._name()
            if self._ends():
                yield TableState(table, first.line)
        elif first.is_word("use"):
            self._database = self._advance().text
            self._advance()
        elif first.is_word("delimiter"):
            self._pass_programs()

    def _create(self) -> Iterator[TableState]:
        line = self._now.line
        while self._advance().is_word("temporary", "or", "replace"):
            pass
        if not self._now.is_word("table"):
            return
        existing = self._advance_past("if", "not", "exists")
        table = self._name(advanced=True)
        yield TableState(table, line, self._definition() if self._now.is_sign("(") else (), not existing)

    def _emptied(self) -> Iterator[TableState]:
        """`DROP TABLE IF EXISTS a, b` and `TRUNCATE TABLE a`; nothing for other things that are dropped."""
        line, dropped = self._now.line, self._now.is_word("drop")
        temporary = self._advance().is_word("temporary") and self._advance().is_word("table")
        if not temporary and not self._now.is_word("table"):
            if dropped:
                return
            yield TableState(self._name(advanced=True), line)
            return
        self._advance_past("if", "exists")
        yield TableState(self._name(advanced=True), line)
        while self._now.is_sign(","):
            yield TableState(self._name(), line)

    def _insert(self) -> Insert:
        line = self._now.line
        while self._advance().is_word(*_HINTS):
            pass
        table = self._name(advanced=True)
        if self._now.is_word("partition"):
            self._advance()
            self._list()
            self._advance()
        columns: tuple[str, ...] = ()
        if self._now.is_sign("("):
            columns = tuple(name.lower() for name in self._list())
            self._advance()
        if self._now.is_word("values", "value"):
            return Insert(table, line, columns, self._rows())
        if self._now.is_word("set"):
            names, values = self._assignments()
            return Insert(table, line, names, iter([(line, values)]))
        return Insert(table, line, columns, self._no_rows())

    # Parts of statements -------------------------------------------------------------------------------------

    def _advance(self) -> SqlToken:
        """Take the next token; at the end of the text an empty sign."""
        self._now = self._text.next() or SqlToken(TokenKind.SIGN, "", self._text.line)
        return self._now

    def _advance_past(self, *words: str) -> bool:
        """Take the token behind the words, when they follow; whether they do."""
        if not self._advance().is_word(words[0]):
            return False
        for word in words[1:]:
            if not self._advance().is_word(word):
                raise self._wrong(f"{word.upper()} must follow")
        self._advance()
        return True

    def _ends(self) -> bool:
        return self._now.kind is TokenKind.SIGN and self._now.text in {";", ""}

    def _wrong(self, what: str) -> UsageError:
        found = f"not {self._now.text[:24]!r}" if self._now.text else "and the dump ends"
        return UsageError(f"{self._where}, line {self._now.line}: {what}, {found}")

    def _name(self, *, advanced: bool = False) -> str:
        """`table`, or `database.table`; the token behind it is at hand then."""
        names = [(self._now if advanced else self._advance()).text]
        if self._now.kind is TokenKind.SIGN:
            raise self._wrong("a table must be named")
        while self._advance().is_sign("."):
            names.append(self._advance().text)
        if len(names) == 1 and self._database:
            names.insert(0, self._database)
        return ".".join(names)

    def _definition(self) -> tuple[str, ...]:
        """The columns of `(id int, time int, PRIMARY KEY (id))`, of which the bracket is at hand."""
        parts = self._parts()
        return tuple(part[0].text.lower() for part in parts if part and not part[0].is_word(*_NO_COLUMN))

    def _list(self) -> list[str]:
        """The values of `(a, b)`, of which the bracket is at hand; behind it is what follows them."""
        return [_value(part) for part in self._parts()]

    def _parts(self) -> list[list[SqlToken]]:
        """What stands between the commas of a bracket that is at hand, up to the one that closes it."""
        parts: list[list[SqlToken]] = [[]]
        depth = 0
        while True:
            token = self._advance()
            if not token.text and token.kind is TokenKind.SIGN:
                raise self._wrong("a bracket must be closed")
            if token.is_sign(")") and not depth:
                return parts
            if token.is_sign(",") and not depth:
                parts.append([])
                continue
            depth += token.is_sign("(") - token.is_sign(")")
            parts[-1].append(token)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows behind VALUES; in the end their semicolon, or what follows them, is at hand."""
        while True:
            yield self._row()
            if not self._advance().is_sign(","):
                break
        if not self._ends() and not self._now.is_word("on", "as"):
            raise self._wrong("a comma or a semicolon must follow a row")

    def _row(self) -> tuple[int, list[str]]:
        if plain := self._text.match(_PLAIN_ROW):
            line = self._text.line - plain[0].lstrip().count("\n")
            return line, [value.strip().strip("'") for value in plain[1].split(",")]
        if self._advance().is_word("row"):
            self._advance()
        if not self._now.is_sign("("):
            raise self._wrong("a row must begin with a bracket")
        return self._now.line, self._list()

    def _assignments(self) -> tuple[tuple[str, ...], list[str]]:
        """Columns and values of `SET time = 1, visits = 2`."""
        found: list[list[SqlToken]] = [[]]
        while not self._ends():
            if self._advance().is_sign(","):
                found.append([])
            elif not self._ends():
                found[-1].append(self._now)
        names = tuple(part[0].text.lower() for part in found if part)
        return names, [_value(part[2:]) for part in found if part]

    def _no_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Refuses whoever wants the rows of `INSERT ... SELECT`."""
        yield from self._refused(self._wrong("VALUES must follow"))

    def _refused(self, error: UsageError) -> list[tuple[int, list[str]]]:
        raise error

    def _pass_programs(self) -> None:
        """Go behind procedures and triggers: from `DELIMITER ;;` to `DELIMITER ;`."""
        while self._text.rest_of_line().strip() != ";":
            while not self._advance().is_word("delimiter"):
                if not self._now.text and self._ends():
                    return
        self._now = SqlToken(TokenKind.SIGN, ";", self._text.line)


def _value(tokens: list[SqlToken]) -> str:
    """The text of a value, without the name of a character set before it: `_binary'1'`."""
    if len(tokens) == 2 and tokens[0].is_word("_binary", "_utf8", "_utf8mb3", "_utf8mb4", "_latin1"):
        tokens = tokens[1:]
    return "".join(token.text for token in tokens).strip()
