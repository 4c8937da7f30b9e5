"""Which form of a word a whole number takes: the rules of CLDR 48 for the languages of the widget, cardinals only.

https://www.unicode.org/cldr/charts/48/supplemental/language_plural_rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`form` gives the one of `forms` that a count of 0 or more takes. Forms in `words` may leave out the number."""

    forms: frozenset[str]
    form: Callable[[int], str]
    words: frozenset[str] = frozenset()


def _one_other(count: int) -> str:
    return "one" if count == 1 else "other"


def _spanish(count: int) -> str:
    """Whole millions take "de": `1.000.000 de visitas`."""
    if count and count % MILLION == 0:
        return "many"
    return _one_other(count)


def _french(count: int) -> str:
    """Zero is singular as well: `0 visite`."""
    return "one" if count == 0 else _spanish(count)


def _east_slavic(count: int) -> str:
    ten, hundred = count % 10, count % 100
    if ten == 1 and hundred != 11:
        return "one"
    if 2 <= ten <= 4 and not 12 <= hundred <= 14:
        return "few"
    return "many"


def _arabic(count: int) -> str:
    if count <= 2:
        return ("zero", "one", "two")[count]
    hundred = count % 100
    if 3 <= hundred <= 10:
        return "few"
    return "many" if hundred >= 11 else "other"


def _other(_: int) -> str:
    return "other"


RULES: Mapping[str, Rule] = {
    "other": Rule(frozenset({"other"}), _other),
    "one_other": Rule(frozenset({"one", "other"}), _one_other),
    "spanish": Rule(frozenset({"one", "many", "other"}), _spanish),
    "french": Rule(frozenset({"one", "many", "other"}), _french),
    "east_slavic": Rule(frozenset({"one", "few", "many"}), _east_slavic),
    "arabic": Rule(
        frozenset({"zero", "one", "two", "few", "many", "other"}), _arabic, words=frozenset({"zero", "one", "two"})
    ),
}
