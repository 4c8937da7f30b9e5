"""Which language a reader gets: the requested one, else the best one they know, else English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from counter.labels.language import Language, read_language

# One range of Accept-Language: a tag and its weight. Anything else in the header is passed over.
_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?", re.ASCII)
_MAX_HEADER = 500  # characters of Accept-Language that are looked at


def _read_all() -> dict[str, Language]:
    files = (resources.files("counter.labels") / "words").iterdir()
    found = [read_language(file.read_bytes()) for file in files if file.name.endswith(".toml")]
    return {language.tag: language for language in sorted(found, key=lambda one: one.tag)}


LANGUAGES: Mapping[str, Language] = _read_all()
DEFAULT = LANGUAGES["en"]
_BY_TAG = {tag.lower(): language for language in LANGUAGES.values() for tag in (language.tag, *language.also)}


def find(tag: str) -> Language | None:
    """The language of a BCP 47 tag, by its longest known beginning: `ka-GE` is `ka`, `zh-Hant-HK` is `zh-Hant`."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        language = _BY_TAG.get("-".join(parts[:length]))
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
