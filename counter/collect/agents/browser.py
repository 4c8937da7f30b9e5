"""What a browser reveals in addition to its user agent: the language and the width of its screen."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from counter.collect.agents.languages import canonical_language

MAX_HEADER = 256  # characters of Accept-Language looked at; browsers send under 100
MAX_CHOICES = 16

# Bootstrap's breakpoints, which most sites are laid out by; CSS pixels.
_EDGES = (576, 768, 992, 1200, 1600, 1920)
SCREENS = ("under 576", "576-767", "768-991", "992-1199", "1200-1599", "1600-1919", "1920 and over")

_QUALITY = re.compile(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*")


def language_of(declared: str, accept_language: str) -> str:
    """The visitor's language as `canonical_language` writes it ('en-US', 'ka', 'zh-Hant'); '' unknown. Never raises.

    `declared` comes from the tracker and wins; otherwise the preferred language of `Accept-Language`.
    """
    return _language(declared[:64], accept_language[:MAX_HEADER])


@lru_cache(2048)
def _language(declared: str, accept_language: str) -> str:
    return canonical_language(declared) or _preferred(accept_language)


def _preferred(accept_language: str) -> str:
    """The language with the highest quality, the first of equals."""
    best, best_quality = "", 0.0
    for choice in accept_language.split(",", MAX_CHOICES)[:MAX_CHOICES]:
        text, _, parameter = choice.partition(";")
        found = _QUALITY.fullmatch(parameter)
        quality = float(found[1]) if found else 0.0 if parameter.strip() else 1.0
        tag = canonical_language(text)
        if tag and quality > best_quality:
            best, best_quality = tag, quality
    return best


def screen_class(width: int) -> str:
    """The class of a screen `width` in CSS pixels, one of `SCREENS`; '' for 0, unknown. A width alone would be a
    step towards recognising a visitor."""
    return SCREENS[bisect_right(_EDGES, width)] if width > 0 else ""
