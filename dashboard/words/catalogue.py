"""The words of the dashboard: a language is one file in `words/`; English is the reference. See docs/translating.md.

    words/TAG.toml -> Words     words("layout.account"), words("format.days_ago", count=3)

A text is plain, never markup. What depends on a number is a table of the language's plural forms.
"""

from __future__ import annotations

import re
import string
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from counter import labels
from counter.labels import Language, format_number
from counter.labels.plurals import RULES

HERE: Final = Path(__file__).parent
FORMS: Final = frozenset({"zero", "one", "two", "few", "many", "other"})
MEASURE: Final = "en"
LONGEST_HEADER: Final = 500  # characters of Accept-Language that are looked at
# Digits and their separators: no writing direction reorders these.
PLAIN_NUMBER: Final = re.compile(r"[0-9]+(?:[.,:\u00a0][0-9]+)*")
_ISOLATES: Final = "\u2066\u2067\u2068"  # left to right, right to left, as its first letter
_END: Final = "\u2069"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})

TextForms = str | Mapping[str, str]


class Words:
    """One language: every text by its dotted name."""

    __slots__ = ("_texts", "language", "tag")

    def __init__(self, language: Language, texts: Mapping[str, TextForms]) -> None:
        self.language = language
        self.tag = language.tag
        self._texts = texts

    def __call__(self, name: str, /, **values: object) -> str:
        """The text with `{values}` filled in; whole numbers are grouped. KeyError for a missing name or value."""
        text = self._texts[name]
        if not isinstance(text, str):
            text = text[self._form(values["count"])]
        return text.format_map({key: self._shown(value) for key, value in values.items()})

    def has(self, name: str) -> bool:
        return name in self._texts

    def _form(self, count: object) -> str:
        """The form that a count takes in this language; `other` for one that is no whole number."""
        return RULES[self.language.plural].form(abs(count)) if isinstance(count, int) else "other"

    def _shown(self, value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return format_number(value, self.language)
        return isolated(str(value), self.language)


def isolated(text: str, language: Language) -> str:
    """`text` isolated, so that in a sentence of `language` neither changes the other's writing direction."""
    found = set(map(unicodedata.bidirectional, text))
    if language.direction == "ltr":
        safe = found.isdisjoint(_RIGHT_TO_LEFT)
    else:
        safe = ("L" not in found and not found.isdisjoint(_RIGHT_TO_LEFT)) or PLAIN_NUMBER.fullmatch(text) is not None
    return text if safe or not text or (text[:1] in _ISOLATES and text.endswith(_END)) else f"\u2068{text}{_END}"


def read_texts(text: str) -> dict[str, TextForms]:
    """Every text of a TOML file by its dotted name."""
    return dict(_flat("", tomllib.loads(text)))


def read_words(tag: str, text: str, english: Mapping[str, TextForms]) -> Words:
    """A whole language; ValueError names every text that is missing, unknown or does not fit the English one."""
    language, texts = labels.LANGUAGES.get(tag), read_texts(text)
    if language is None:
        raise ValueError(f"{tag}.toml: counter/labels/words has no {tag}.toml, which it builds on.")
    if wrong := list(faults(texts, english, language)):
        raise ValueError(f"{tag}.toml: {'; '.join(wrong)}.")
    return Words(language, texts)


def faults(texts: Mapping[str, TextForms], english: Mapping[str, TextForms], language: Language) -> Iterator[str]:
    """The faults of a language, a phrase each."""
    yield from (f"{name} is missing" for name in english if name not in texts)
    for name, text in texts.items():
        if name not in english:
            yield f"{name} is unknown"
        elif isinstance(text, str) != isinstance(english[name], str):
            yield f"{name} is {'one text' if isinstance(text, str) else 'a table of plurals'}, unlike the English"
        else:
            yield from _own_faults(name, text, english[name], language)


def _own_faults(name: str, text: TextForms, english: TextForms, language: Language) -> Iterator[str]:
    """The faults of one text: its plural forms, and the placeholders of each."""
    rule = RULES[language.plural]
    if not isinstance(text, str) and set(text) != rule.forms:
        yield f"{name} has the forms {', '.join(sorted(text))}, it needs {', '.join(sorted(rule.forms))}"
    wanted = set().union(*(placeholders(one) for one in _forms(english).values()))
    for form, one in _forms(text).items():
        found = placeholders(one)
        wordless = form in rule.words or (form == "one" and language.plural == "one_other")
        if found != wanted and not (wordless and found | {"count"} == wanted):
            where = f"{name}.{form}" if form else name
            yield f"{where} has {_listed(found)}, it needs {_listed(wanted)}: {one!r}"


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def pick_words(requested: str, accept_language: str) -> Words:
    """The requested language, else the best of ours that the reader knows, else English; never fails."""
    wanted = labels.find(requested) if requested else None
    if wanted is None or wanted.tag not in LANGUAGES:
        ours = (part for part in accept_language[:LONGEST_HEADER].split(",") if _is_ours(part.partition(";")[0]))
        wanted = labels.pick("", ",".join(ours))
    return LANGUAGES.get(wanted.tag, LANGUAGES[MEASURE])


def _is_ours(tag: str) -> bool:
    found = labels.find(tag)
    return found is not None and found.tag in LANGUAGES


def _forms(text: TextForms) -> Mapping[str, str]:
    return {"": text} if isinstance(text, str) else text


def _listed(names: set[str]) -> str:
    return " ".join(f"{{{name}}}" for name in sorted(names)) or "no placeholder"


def _flat(above: str, table: Mapping[str, Any]) -> Iterator[tuple[str, TextForms]]:
    for key, value in table.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, str) or FORMS.issuperset(value):
            yield name, value
        else:
            yield from _flat(name, value)


def read_all(folder: Path) -> dict[str, Words]:
    """Every language of `folder`; a ValueError names what is missing, so that the start fails and not a page later."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.toml"))}
    english = read_texts(texts[MEASURE])
    return {tag: read_words(tag, text, english) for tag, text in texts.items()}


LANGUAGES: Final[Mapping[str, Words]] = read_all(HERE)
