"""What a reader may ask of the widget: query text in, bounded `Options` out, or a sentence of what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from counter.errors import BadInput
from counter.labels import COUNT_LINES, LANGUAGES, LINES, Language, find, pick
from counter.web.theme import DEFAULT_THEME, SCHEMES, THEMES

DEFAULT_LINES = (*COUNT_LINES, "ip", "date")
ALLOWED_LINES = (*LINES, "date")  # `date` stands below the table, wherever it is named
DEFAULT_DIGITS = 7
MAX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Options:
    """What a reader may choose. `digits` is the least number of reels; None hides the odometer."""

    language: Language
    lines: tuple[str, ...] = DEFAULT_LINES
    theme: str = DEFAULT_THEME
    scheme: str = "auto"
    digits: int | None = DEFAULT_DIGITS
    fragment: bool = False


def options_from(query: Mapping[str, str], accept_language: str) -> Options:
    """The options of `lines`, `lang`, `theme`, `scheme`, `digits` and `fragment`; other keys are not looked at.

    `BadInput` names the value and what is allowed.
    """
    digits = _digits(query.get("digits", str(DEFAULT_DIGITS)))
    lines = _lines(query.get("lines", ",".join(DEFAULT_LINES)))
    if digits is None and not lines:
        raise BadInput("digits=none and lines=none leave nothing to show; name at least one of them.")
    return Options(
        language=_language(query.get("lang", "auto"), accept_language),
        lines=lines,
        theme=_one_of("theme", query.get("theme", DEFAULT_THEME), tuple(THEMES)),
        scheme=_one_of("scheme", query.get("scheme", "auto"), SCHEMES),
        digits=digits,
        fragment=_one_of("fragment", query.get("fragment", "0"), ("0", "1")) == "1",
    )


def _shown(value: str) -> str:
    """A stranger's text for a sentence: quoted, cut, without control characters."""
    return ascii(value if len(value) <= 40 else value[:40] + "...")


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise BadInput(f"{key} is {_shown(value)}; allowed are {', '.join(allowed)}.")
    return value


def _lines(value: str) -> tuple[str, ...]:
    if value == "none":
        return ()
    names = tuple(name.strip() for name in value.split(",", len(ALLOWED_LINES)))
    for number, name in enumerate(names):
        if name not in ALLOWED_LINES:
            raise BadInput(f"lines names {_shown(name)}; allowed are {', '.join(ALLOWED_LINES)}, or none alone.")
        if name in names[:number]:
            raise BadInput(f"lines names {name!r} twice; each line may stand once.")
    return names


def _digits(value: str) -> int | None:
    if value == "none":
        return None
    if not re.fullmatch(r"[0-9]{1,2}", value, re.ASCII) or int(value) > MAX_DIGITS:
        raise BadInput(f"digits is {_shown(value)}; allowed are 0 to {MAX_DIGITS} (least number of digits), or none.")
    return int(value)


def _language(value: str, accept_language: str) -> Language:
    if value == "auto":
        return pick("", accept_language)
    language = find(value)
    if language is None:
        raise BadInput(f"lang is {_shown(value)}; allowed are {', '.join(LANGUAGES)}, or auto.")
    return language
