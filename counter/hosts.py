"""Host names in the one form in which they are kept and compared: as browsers send them.

    ascii_host("Straße.DE.")   -> "xn--strae-oqa.de"       of letters outside of ASCII, UTS 46 as browsers do it
    shown_host("xn--strae-oqa.de") -> "straße.de"      for people to read, when nobody can mistake it
    former_host("xn--strae-oqa.de") -> "strasse.de"        what IDNA 2003 made of the same name

Browsers map by UTS 46 without its transitional step, so ß, final ς and the two joiners stay. Python's own codec `idna`
is IDNA 2003: it makes 'strasse.de' of 'straße.de', which is another name and may have another owner.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

import idna

MAX_HOST: Final = 253  # characters
MAX_LABEL: Final = 63
_PUNY: Final = "xn--"
_MIXED: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
# Cyrillic and Greek letters that are drawn as Latin ones: a label of these alone reads as another name.
_LOOKS_LATIN: Final = frozenset("асԁеһіјӏорԛѕԝхуѵԍьгпкмтнвꙅɡονραικυχτγωϲϳ0123456789-")
_FORMER: Final = str.maketrans({"ß": "ss", "ς": "σ", "\u200c": None, "\u200d": None})


def ascii_host(host: str) -> str:
    """`host` in lower case and ASCII, without a dot at its end; '' when it cannot be a host. Never raises.

    The caller checks whether its ASCII characters are those of a host ('_', ':' and '*' stay).
    """
    if host.isascii():
        return host.lower().removesuffix(".")
    return _in_ascii(host) if len(host) <= MAX_HOST else ""  # keeps the cache small


def former_host(host: str) -> str:
    """The IDNA 2003 form of a host that `ascii_host` gave: 'strasse.de' of 'xn--strae-oqa.de'; most have one form."""
    return _former(host) if _PUNY in host and len(host) <= MAX_HOST else host


def host_letters(host: str) -> str:
    """An ASCII host in its own letters; a label that encodes none is unchanged."""
    return ".".join(map(_letters, host.split(".")))


def shown_host(host: str) -> str:
    """A host as people read it: in its own letters, label by label, where they can't be taken for others.

    A label stays as browsers send it, 'xn--...', when its letters are of several scripts, when all of them look like
    Latin ones in a domain that is not of their script, or when IDNA 2008 has no such label. '*.' and a port stay.
    """
    return _shown(host) if _PUNY in host and len(host) <= MAX_HOST + 8 else host


def is_elsewhere(host: str) -> bool:
    """Whether a scheme stands in place of a host, 'file:', because the page is none of the web."""
    return host.endswith(":")


@lru_cache(maxsize=4096)
def _shown(host: str) -> str:
    *labels, ending = host.split(".")
    foreign = not ending.startswith(_PUNY)
    return ".".join([*(_shown_label(label, foreign=foreign) for label in labels), _shown_label(ending, foreign=False)])


def _shown_label(label: str, *, foreign: bool) -> str:
    """`foreign`: the domain that it stands in is not of its script."""
    name, colon, port = label.partition(":")
    letters = _letters(name)
    if letters == name or not _is_plain(letters) or (foreign and _LOOKS_LATIN.issuperset(letters)):
        return label
    return letters + colon + port


def _is_plain(letters: str) -> bool:
    """Whether a label is one of IDNA 2008 and of one script, or of those that Japanese, Chinese or Korean mix."""
    try:
        idna.check_label(letters)
    except UnicodeError:
        return False
    scripts = {_script(letter) for letter in letters} - {""}
    return len(scripts) == 1 or any(scripts <= mixed for mixed in _MIXED)


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name in Unicode; '' for what every script has.

    Letters of phonetic and other rare alphabets, many of which look like a to z, are a script of their own.
    """
    if letter.isascii() and not letter.isalpha():
        return ""
    script = unicodedata.name(letter, "").partition(" ")[0]
    if script in {"COMBINING", "MIDDLE", "ZERO", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}:
        return ""
    return "RARE" if script == "LATIN" and 0x24F < ord(letter) < 0x1E00 else script


@lru_cache(maxsize=4096)
def _former(host: str) -> str:
    letters = host_letters(host)
    former = letters.translate(_FORMER)
    return ascii_host(former) if former != letters else host


@lru_cache(maxsize=4096)
def _in_ascii(host: str) -> str:
    try:
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
        made = ".".join(map(_label, mapped.removesuffix(".").split(".")))
    except UnicodeError:
        return ""
    return made if len(made) <= MAX_HOST else ""


def _label(label: str) -> str:
    """A mapped label as it travels. Not `idna.alabel`: browsers also send '_ü', 'ab--ü' and emoji, which it refuses."""
    if label.isascii():
        return label
    made = _PUNY + label.encode("punycode").decode("ascii")
    if label.startswith(_PUNY) or len(made) > MAX_LABEL:
        raise UnicodeError
    return made


def _letters(label: str) -> str:
    if not label.startswith(_PUNY):
        return label
    try:
        letters = label[len(_PUNY) :].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label
    # A name that does not round-trip is of another kind, or made up to be misread.
    return letters if ascii_host(letters) == label else label
