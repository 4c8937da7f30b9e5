"""One language of the widget: the shape of a file in `words/`, and what makes it complete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from counter.labels.plurals import RULES

COUNT_LINES = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all")
READER_LINES = ("ip", "your_country", "your_system")  # what is shown to the reader alone
LINES = (*COUNT_LINES, "online", "record_day", "countries", *READER_LINES)  # every line that has a label
METRICS = ("visits", "visitors", "pageviews")

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class OwnNumerals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Digits other than 0 to 9 that readers of the language may prefer, and what stands between groups of three."""

    digits: Annotated[str, msgspec.Meta(min_length=10, max_length=10)]
    group: str
    decimal: str


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every word of one language; texts are plain, never markup."""

    tag: str  # BCP 47
    name: str  # in the language itself
    direction: Literal["ltr", "rtl"]
    group: str  # between groups of three digits
    decimal: str  # before the part of a number that is less than one
    plural: str  # of plurals.RULES
    caption: Word
    unavailable: Word  # read aloud in place of an em dash
    unknown: Word  # an unknown country
    about: Word  # the link to the page that explains the numbers
    day: str  # with {day}, {month}, {year}
    moment: str  # with {day} as above, and {time}
    months: Annotated[tuple[str, ...], msgspec.Meta(min_length=12, max_length=12)]
    short: dict[int, Word]  # large numbers in few letters: a power of ten, and its pattern with {number}
    labels: dict[str, Word]  # by name in LINES
    totals: dict[str, dict[str, Word]]  # by metric and form of the plural, with {count}
    countries: dict[str, Word]  # by ISO 3166 code
    also: tuple[str, ...] = ()  # other tags that mean this language
    numerals: OwnNumerals | None = None


def read_language(text: bytes) -> Language:
    """The language in a TOML file; `ValueError` names what is missing or unknown."""
    language = msgspec.toml.decode(text, type=Language)
    _same("labels", language.labels, LINES, language)
    _same("totals", language.totals, METRICS, language)
    if language.plural not in RULES:
        raise ValueError(f"{language.tag}: plural is {language.plural!r}; there are {', '.join(RULES)}.")
    for power, pattern in language.short.items():
        if pattern.count("{number}") != 1:
            raise ValueError(f"{language.tag}: short.{power} has no {{number}}: {pattern!r}.")
    rule = RULES[language.plural]
    for metric, forms in language.totals.items():
        _same(f"totals.{metric}", forms, rule.forms, language)
        for form, pattern in forms.items():
            if pattern.count("{count}") != 1 and form not in rule.words:
                raise ValueError(f"{language.tag}: totals.{metric}.{form} has no {{count}}: {pattern!r}.")
    return language


def _same(what: str, found: Iterable[str], wanted: Iterable[str], language: Language) -> None:
    if wrong := set(found) ^ set(wanted):
        raise ValueError(f"{language.tag}: {what}: missing or unknown: {', '.join(sorted(wrong))}.")
