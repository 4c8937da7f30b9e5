"""The words and numbers of the widget: a language is one file in `words/`, and nothing else.

    words/TAG.toml -> Language        language: read strictly, refused when a word is missing
    tag, Accept-Language -> Language  choice
    number, moment, country -> text   wording; plurals has the rules of "1 visit, 2 visits"

The first day of the week and the time zone are *not* here: they belong to the site, or two readers would see
different totals. CLDR 48 gives the first six lines and the plural rules, CLDR 47 the names of countries.
"""

from counter.labels.choice import DEFAULT, LANGUAGES, find, pick
from counter.labels.language import COUNT_LINES, LINES, METRICS, READER_LINES, Language, read_language
from counter.labels.wording import (
    EM_DASH,
    Numerals,
    country_name,
    format_number,
    local_day,
    local_moment,
    short_number,
    spoken_total,
)

__all__ = [
    "COUNT_LINES",
    "DEFAULT",
    "EM_DASH",
    "LANGUAGES",
    "LINES",
    "METRICS",
    "READER_LINES",
    "Language",
    "Numerals",
    "country_name",
    "find",
    "format_number",
    "local_day",
    "local_moment",
    "pick",
    "read_language",
    "short_number",
    "spoken_total",
]
