"""Numbers, days, places and totals as a reader of a language writes them."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from counter.labels.language import Language
from counter.labels.plurals import RULES

EM_DASH = "\u2014"

Numerals = Literal["latn", "arab"]


def format_number(value: int | None, language: Language, numerals: Numerals = "latn") -> str:
    """`2,506,638` in the language's grouping; an em dash for a number that is not to be shown."""
    if value is None:
        return EM_DASH
    own = language.numerals if numerals == "arab" else None
    return _digits(f"{value:,}".replace(",", own.group if own else language.group), language, numerals)


def short_number(value: int | None, language: Language, numerals: Numerals = "latn") -> str:
    """`2.5M`: in the language's units, with one digit after the point below 100; never more than there is."""
    power = max((power for power in language.short if value is not None and value >= 10**power), default=0)
    if value is None or not power:
        return format_number(value, language, numerals)
    whole, rest = divmod(value // 10 ** (power - 1), 10)
    own = language.numerals if numerals == "arab" else None
    point = own.decimal if own else language.decimal
    text = format_number(whole, language, numerals) + (f"{point}{rest}" if rest and whole < 100 else "")
    return _digits(language.short[power].format(number=text), language, numerals)


def spoken_total(value: int | None, metric: str, language: Language, numerals: Numerals = "latn") -> str:
    """`2,506,638 visits in total`: what a screen reader says for the digits."""
    if value is None:
        return language.unavailable
    form = RULES[language.plural].form(max(value, 0))
    return language.totals[metric][form].format(count=format_number(value, language, numerals))


def local_day(day: dt.date, language: Language, numerals: Numerals = "latn") -> str:
    """`21 Nov 2024`"""
    text = language.day.format(day=day.day, month=language.months[day.month - 1], year=day.year)
    return _digits(text, language, numerals)


def local_moment(moment: str, language: Language, numerals: Numerals = "latn") -> str:
    """`21 Nov 2024, 15:11` of the ISO form `2024-11-21 15:11`, which is in the site's zone."""
    day, _, time = moment.partition(" ")
    text = language.moment.format(day=local_day(dt.date.fromisoformat(day), language), time=time)
    return _digits(text, language, numerals)


def country_name(code: str, language: Language) -> str:
    """The name of an ISO 3166 code, the code itself where it has none; `unknown` for no code."""
    return language.countries.get(code, code) or language.unknown


def _digits(text: str, language: Language, numerals: Numerals) -> str:
    """`text` in the language's own digits, where they are asked for and there are any."""
    if numerals == "latn" or language.numerals is None:
        return text
    return text.translate(str.maketrans("0123456789", language.numerals.digits))
