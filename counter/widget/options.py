"""What a reader may ask of the widget: query text in, bounded `Options` out, or a sentence of what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from counter.errors import BadInput
from counter.labels import COUNT_LINES, LANGUAGES, LINES, Language, Numerals, find, pick
from counter.text import clean
from counter.widget.theme import DEFAULT_THEME, SCHEMES, THEMES

DEFAULT_LINES = (*COUNT_LINES, "ip", "date")
ALLOWED_LINES = (*LINES, "date")  # `date` stands below the table, wherever it is named
DEFAULT_DIGITS = 7
MAX_DIGITS = 12
DEFAULT_FLAGS = 8
MAX_FLAGS = 40
MAX_LABEL = 40  # characters of a label of one's own
MAX_SHOWN = 40  # characters of a value that is refused

# Every key that is looked at; the owner's manual names each.
OPTIONS = (
    "lang", "lines", "theme", "scheme", "digits", "label.LINE", "hide_zeros", "numerals", "date", "flags", "about",
    "fragment",
)  # fmt: skip

Allowed = TypeVar("Allowed", bound=str)
Date = Literal["iso", "local"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a reader may choose. `digits` is the least number of reels; None hides the odometer."""

    language: Language
    lines: tuple[str, ...] = DEFAULT_LINES
    theme: str = DEFAULT_THEME
    scheme: str = "auto"
    digits: int | None = DEFAULT_DIGITS
    labels: Mapping[str, str] = field(default_factory=dict)  # by line, in place of the language's
    hide_zeros: bool = False
    numerals: Numerals = "latn"
    short: bool = False  # large numbers in few letters; of badges
    date: Date = "iso"
    flags: int = DEFAULT_FLAGS  # at most so many codes of countries are shown
    about: bool = False  # a link to the page that explains the numbers
    fragment: bool = False


def options_from(query: Mapping[str, str], accept_language: str) -> Options:
    """The options in a query; keys that are none are not looked at. `BadInput` names the value and what is allowed."""
    digits = _digits(query.get("digits", str(DEFAULT_DIGITS)))
    lines = _lines(query.get("lines", ",".join(DEFAULT_LINES)))
    if digits is None and not lines:
        raise BadInput("digits=none and lines=none leave nothing to show; name at least one of them.")
    return Options(
        language=_language(query.get("lang", "auto"), accept_language),
        lines=lines,
        theme=one_of("theme", query.get("theme", DEFAULT_THEME), tuple(THEMES)),
        scheme=one_of("scheme", query.get("scheme", "auto"), SCHEMES),
        digits=digits,
        labels=_labels(query),
        hide_zeros=switch(query, "hide_zeros"),
        numerals=one_of("numerals", query.get("numerals", "latn"), _NUMERALS),
        date=one_of("date", query.get("date", "iso"), _DATES),
        flags=whole_number("flags", query.get("flags", str(DEFAULT_FLAGS)), MAX_FLAGS, "most codes of countries shown"),
        about=switch(query, "about"),
        fragment=switch(query, "fragment"),
    )


_NUMERALS: tuple[Numerals, ...] = ("latn", "arab")
_DATES: tuple[Date, ...] = ("iso", "local")


def shown(value: str) -> str:
    """A stranger's text for a sentence: quoted, cut, without control characters."""
    return ascii(value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "...")


def one_of(key: str, value: str, allowed: tuple[Allowed, ...]) -> Allowed:
    """The value, if it is allowed; else `BadInput` says what is."""
    for one in allowed:
        if value == one:
            return one
    raise BadInput(f"{key} is {shown(value)}; allowed are {', '.join(allowed)}.")


def switch(query: Mapping[str, str], key: str) -> bool:
    """Whether `key` is 1; it may be 0 or left out."""
    return one_of(key, query.get(key, "0"), ("0", "1")) == "1"


def _lines(value: str) -> tuple[str, ...]:
    if value == "none":
        return ()
    names = tuple(name.strip() for name in value.split(",", len(ALLOWED_LINES)))
    for number, name in enumerate(names):
        if name not in ALLOWED_LINES:
            raise BadInput(f"lines names {shown(name)}; allowed are {', '.join(ALLOWED_LINES)}, or none alone.")
        if name in names[:number]:
            raise BadInput(f"lines names {name!r} twice; each line may stand once.")
    return names


def _labels(query: Mapping[str, str]) -> dict[str, str]:
    """`label.LINE=text` of a query: the owner's words, as plain text."""
    labels = {}
    for key, value in query.items():
        if not key.startswith("label."):
            continue
        name = key.removeprefix("label.")
        if name not in LINES:
            raise BadInput(f"{shown(key)} names no line; allowed are {', '.join(LINES)}.")
        labels[name] = label_text(key, value)
    return labels


def label_text(key: str, value: str) -> str:
    """A label of the owner's own, as plain text."""
    text = clean(value, MAX_LABEL + 1)
    if not 1 <= len(text) <= MAX_LABEL:
        raise BadInput(f"{key} is {shown(value)}; allowed are 1 to {MAX_LABEL} characters.")
    return text


def _digits(value: str) -> int | None:
    if value == "none":
        return None
    return whole_number("digits", value, MAX_DIGITS, "least number of digits", ", or none")


def whole_number(key: str, value: str, most: int, unit: str, more: str = "") -> int:
    """The number in `value`, from 0 to `most`; else `BadInput` says what is allowed."""
    if not re.fullmatch(rf"[0-9]{{1,{len(str(most))}}}", value, re.ASCII) or int(value) > most:
        raise BadInput(f"{key} is {shown(value)}; allowed are 0 to {most:,} ({unit}){more}.")
    return int(value)


def _language(value: str, accept_language: str) -> Language:
    if value == "auto":
        return pick("", accept_language)
    language = find(value)
    if language is None:
        raise BadInput(f"lang is {shown(value)}; allowed are {', '.join(LANGUAGES)}, or auto.")
    return language
