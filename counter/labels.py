"""The words and numbers of the widget, one table a language.

A language is one `Language(...)` in `LANGUAGES`; a test keeps every table complete. The tracker script carries
the same words (another test compares them). CLDR 48 gives the first six lines. The first day of the week and
the time zone are *not* here: they belong to the site, or two readers would see different totals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

EM_DASH = "\u2014"
NO_BREAK_SPACE = "\u00a0"

COUNT_LINES = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all")
LINES = (*COUNT_LINES, "online", "record_day", "ip")  # every line that has a label
METRICS = ("visits", "visitors", "pageviews")


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the widget. `totals` has a pattern with `{count}` for each metric."""

    tag: str  # BCP 47
    name: str  # in the language itself
    direction: Literal["ltr", "rtl"]
    group: str  # between groups of three digits
    decimal: str
    caption: str
    unavailable: str  # heard where an em dash is seen
    labels: Mapping[str, str]  # by name in LINES
    totals: Mapping[str, str]  # by metric


ENGLISH = Language(
    tag="en",
    name="English",
    direction="ltr",
    group=",",
    decimal=".",
    caption="Visitor statistics",
    unavailable="No reliable number at the moment",
    labels={
        "today": "Today",
        "yesterday": "Yesterday",
        "this_week": "This week",
        "last_week": "Last week",
        "this_month": "This month",
        "last_month": "Last month",
        "all": "All days",
        "online": "Online now",
        "record_day": "Record day",
        "ip": "Your IP",
    },
    totals={
        "visits": "{count} visits in total",
        "visitors": "{count} visitors in total",
        "pageviews": "{count} page views in total",
    },
)

GEORGIAN = Language(
    tag="ka",
    name="ქართული",
    direction="ltr",
    group=NO_BREAK_SPACE,
    decimal=",",
    caption="ვიზიტორების სტატისტიკა",
    unavailable="სანდო რიცხვი ამჟამად მიუწვდომელია",
    labels={
        "today": "დღეს",
        "yesterday": "გუშინ",
        "this_week": "ამ კვირაში",
        "last_week": "გასულ კვირაში",
        "this_month": "ამ თვეში",
        "last_month": "გასულ თვეს",
        "all": "სულ",
        "online": "ახლა საიტზე",
        "record_day": "რეკორდული დღე",
        "ip": "თქვენი IP",
    },
    totals={
        "visits": "სულ {count} ვიზიტი",
        "visitors": "სულ {count} ვიზიტორი",
        "pageviews": "სულ გვერდის {count} ნახვა",
    },
)

LANGUAGES: Mapping[str, Language] = {language.tag: language for language in (ENGLISH, GEORGIAN)}
DEFAULT = ENGLISH

# One range of Accept-Language: a tag and its weight. Anything else in the header is passed over.
_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?", re.ASCII)
_MAX_HEADER = 500  # characters of Accept-Language that are looked at


def find(tag: str) -> Language | None:
    """The language of a BCP 47 tag, by its longest known beginning: `ka-GE` is `ka`."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        language = LANGUAGES.get("-".join(parts[:length]))
        if language is not None:
            return language
    return None


def pick(requested: str, accept_language: str) -> Language:
    """What was asked for, else the reader's best known language (RFC 9110, 12.5.4), else English; never fails."""
    wanted = find(requested) if requested else None
    if wanted is not None:
        return wanted
    best, best_weight = DEFAULT, 0.0
    for part in accept_language[:_MAX_HEADER].split(","):
        match = _RANGE.fullmatch(part.strip())
        language = find(match[1]) if match else None
        weight = min(float(match[2] or 1), 1.0) if match else 0.0
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def format_number(value: int | None, language: Language) -> str:
    """`2,506,638` in the language's grouping; an em dash for a number that is not to be shown."""
    return EM_DASH if value is None else f"{value:,}".replace(",", language.group)
