"""SQL as MySQL and MariaDB write it into dumps: tokens one after another, from text that comes in pieces.

Memory does not grow with the dump: of a long string or comment only its beginning is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

LONGEST_QUOTED: Final = 256  # characters of a string or a name; a count or the name of a table is far shorter
_LONGEST_WORD: Final = 64 * 1024  # characters; more without a space is no SQL
_AHEAD: Final = 16  # characters that tell a comment from another sign: `/*!999999 `

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"[0-9][\w.]*+|[\w$@]++")
# Of a statement that is passed over: all that is certain to hold no end of it.
_PASSED: Final = re.compile(r"""(?:[^;'"`\#/\-]++|'(?:[^'\\]++|\\.|'')*+'(?=.)|-(?=[^-])|/(?=[^*M]))++""", re.DOTALL)
_EXECUTED: Final = re.compile(r"/\*M?!([0-9]*)")
_NEVER: Final = 999_999  # the version that MariaDB names for "no server runs this"
_DASHES: Final = re.compile(r"--(?=\s|$)")

# What is inside of quotes: a quote that stands twice and what follows a backslash do not end it.
_INSIDE: Final = {
    "'": re.compile(r"(?:[^'\\]++|\\[\s\S]|'')*+"),
    '"': re.compile(r'(?:[^"\\]++|\\[\s\S]|"")*+'),
    "`": re.compile(r"(?:[^`]++|``)*+"),
}
_ESCAPE: Final = re.compile(r"\\([\s\S])")
_MEANT: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}


class TokenKind(StrEnum):
    WORD = "word"  # a keyword, a name without quotes, a number
    NAME = "name"  # in backticks
    QUOTED = "quoted"  # in double quotes: a name or a string, by its place
    STRING = "string"
    SIGN = "sign"  # one character


_KINDS: Final = {"'": TokenKind.STRING, '"': TokenKind.QUOTED, "`": TokenKind.NAME}


class SqlToken(NamedTuple):
    """One token. `text` without quotes and escapes, at most 256 characters of what was quoted."""

    kind: TokenKind
    text: str
    line: int  # in which it begins, from 1

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, which are in lower case."""
        return self.kind is TokenKind.WORD and self.text.lower() in words

    def is_sign(self, sign: str) -> bool:
        return self.kind is TokenKind.SIGN and self.text == sign


class SqlText:
    """The tokens of SQL in pieces of any size. Comments are none, but what is in `/*!40101 ... */` is read."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = (piece for piece in pieces if piece)
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def next(self) -> SqlToken | None:
        """The next token; None at the end of the text."""
        while self._look(_AHEAD):
            sign = self._text[self._at]
            if sign in _KINDS:
                line = self.line
                return SqlToken(_KINDS[sign], self._quoted(sign), line)
            if sign.isspace():
                self._take(_SPACE)
            elif not self._comment():
                if word := self._word():
                    return SqlToken(TokenKind.WORD, word, self.line)
                self._at += 1
                return SqlToken(TokenKind.SIGN, sign, self.line)
        return None

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What matches here and ends well before the text at hand does; it is taken."""
        found = pattern.match(self._text, self._at)
        if found is None or (found.end() == len(self._text) and not self._ended):
            return None
        self.line += self._text.count("\n", self._at, found.end())
        self._at = found.end()
        return found

    def pass_over(self) -> None:
        """Go behind the next semicolon that is not in quotes or a comment."""
        while self._look(_AHEAD):
            self._take(_PASSED)
            if not self._look(_AHEAD):
                return
            sign = self._text[self._at]
            if sign in _KINDS:
                self._quoted(sign)
            elif not self._comment():
                self._at += 1
                if sign == ";":
                    return

    def rest_of_line(self) -> str:
        """What stands before the next line end, at most 256 characters of it."""
        return self._until("\n")

    # The text at hand ----------------------------------------------------------------------------------------

    def _look(self, length: int) -> bool:
        """Have `length` characters at hand, or all there are; False when there are none."""
        while len(self._text) - self._at < length and self._read():
            pass
        return self._at < len(self._text)

    def _read(self) -> bool:
        """Append a piece to what is at hand; False at the end of the text."""
        piece = next(self._pieces, "")
        self._ended = not piece
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    def _take(self, pattern: re.Pattern[str]) -> str:
        """What matches here, as far as the text at hand goes."""
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self.line += self._text.count("\n", self._at, found.end())
        self._at = found.end()
        return found[0]

    def _word(self) -> str:
        while found := _WORD.match(self._text, self._at):
            if found.end() < len(self._text) or len(found[0]) > _LONGEST_WORD or not self._read():
                self._at += len(found[0])
                return found[0]
        return ""

    def _quoted(self, quote: str) -> str:
        """What stands in quotes, of which the first one is at hand; behind it is what follows them."""
        self._at += 1
        kept = ""
        while self._look(2):
            part = self._take(_INSIDE[quote])
            kept = (kept + part)[:LONGEST_QUOTED] if len(kept) < LONGEST_QUOTED else kept
            # A quote or a backslash in front of the last piece's end is looked at again with what follows it.
            if self._text.startswith(quote, self._at) and (self._at + 1 < len(self._text) or not self._read()):
                self._at += 1
                break
            if not part and self._ended:
                self._at = len(self._text)
        return _unquoted(kept, quote)

    def _comment(self) -> bool:
        """Go behind a comment, or into or out of one that servers execute; False when there is none."""
        text, at = self._text, self._at
        if text.startswith("#", at) or _DASHES.match(text, at):
            self._until("\n")
        elif found := _EXECUTED.match(text, at):
            self._at = found.end()
            if found[1] and int(found[1]) >= _NEVER:
                self._until("*/")
        elif text.startswith("/*", at):
            self._at += 2
            self._until("*/")
        elif text.startswith("*/", at):
            self._at += 2
        else:
            return False
        return True

    def _until(self, end: str) -> str:
        """Go behind `end`, or to the end of the text; returns the first 256 characters of what stands before it."""
        kept = ""
        while True:
            place = self._text.find(end, self._at)
            until = place if place >= 0 else max(self._at, len(self._text) - len(end) + 1)
            kept = (kept + self._text[self._at : until])[:LONGEST_QUOTED]
            self.line += self._text.count("\n", self._at, until)
            self._at = until
            if place >= 0:
                self.line += end == "\n"
                self._at += len(end)
                return kept
            if not self._read():
                self._at = len(self._text)
                return kept


def _unquoted(text: str, quote: str) -> str:
    text = text.replace(quote * 2, quote)
    if quote == "`" or "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[1]), text)
