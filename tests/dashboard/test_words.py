"""The catalogues: whole in every language, fitting the English one, used, and nothing but plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from counter import labels
from counter.calendar.periods import NAMES, Compare
from counter.collect.agents.devices import DEVICES
from counter.event import Channel
from counter.labels.plurals import RULES
from counter.question import Bucket, Dimension, Operator
from counter.reports.answer import ALL
from counter.site import WEEKDAYS
from dashboard.words import catalogue
from dashboard.words.catalogue import LANGUAGES, faults, isolated, pick_words, read_all, read_texts, read_words

TAGS = sorted(LANGUAGES)
OTHERS = [tag for tag in TAGS if tag != "en"]
SOURCES = Path(catalogue.__file__).parent.parent
ENGLISH = read_texts((catalogue.HERE / "en.toml").read_text(encoding="utf-8"))
DIMENSIONS = frozenset(dimension.name.lower() for dimension in Dimension)

# Tables whose names come from a closed set of the code: the set, and what else stands there.
CLOSED: Mapping[str, frozenset[str]] = {
    "weekday": frozenset(WEEKDAYS),
    "weekday_short": frozenset(WEEKDAYS),
    "metric": frozenset((*ALL, "online", "conversion_rate")),
    "dimension": DIMENSIONS,
    "operator": frozenset(Operator),
    "period": frozenset((*NAMES, "custom")),
    "compare": frozenset((*Compare, "none")),
    "bucket": frozenset(Bucket),
    "device": frozenset(DEVICES) - {""},
    "channel": frozenset(Channel),
}
# Texts that are the same in English and another language, and right so: names, abbreviations, and words both have.
SAME: Mapping[str, frozenset[str]] = {
    "de": frozenset({
        "Browser", "Region", "System", "Tablet", "Bot", "Bots", "Video", "Live", "Name", "Status", "Export", "Version",
        "Admin", "Downloads", "Marketing", "Medium", "Minute",
    }),
}  # fmt: skip
NAMES_OF_THINGS = frozenset({"visitor-counter", "CSV", "JSON", "NDJSON", "IP", "URL", "UTM", "UTC", "404"})
SCRIPTS = {"ka": re.compile("[ა-ჰ]"), "ar": re.compile("[ء-ي]")}

_NAME = r"[a-z0-9_]+(?:\.[a-z0-9_]+)+"
# A whole name in quotes; and the beginning of one that goes on: "layout.page_" ~ name, f"weekday.{day}".
_WHOLE = re.compile(rf"""["']({_NAME})["']""")
_BEGINNING = re.compile(r"""(?:["']([a-z0-9_]+\.[a-z0-9_.]*)["']\s*[~+]|f["']([a-z0-9_]+\.[a-z0-9_.]*)\{)""")
_ASKED = re.compile(rf"""\b(?:t|words)\(\s*["']({_NAME})["']\s*(?![~+\s])""")


def own_texts(tag: str) -> dict[str, catalogue.TextForms]:
    return read_texts((catalogue.HERE / f"{tag}.toml").read_text(encoding="utf-8"))


def every_text(tag: str) -> Iterator[tuple[str, str]]:
    """Name and text, a line for each form of a plural."""
    for name, text in own_texts(tag).items():
        if isinstance(text, str):
            yield name, text
        else:
            yield from ((f"{name}.{form}", one) for form, one in text.items())


def sources() -> str:
    """All templates and modules of the dashboard."""
    files = [*SOURCES.rglob("*.html"), *SOURCES.rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(files))


@pytest.mark.parametrize("tag", TAGS)
def test_every_language_is_whole(tag: str) -> None:
    assert list(faults(own_texts(tag), ENGLISH, labels.LANGUAGES[tag])) == []


def test_the_languages_of_the_dashboard() -> None:
    assert TAGS == ["ar", "de", "en", "ka"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_text_is_plain(tag: str) -> None:
    wrong = [
        (name, text)
        for name, text in every_text(tag)
        if re.search(r"[<>\n\t]|&[a-z]+;|&#|  ", text) or text != text.strip() or not text
    ]
    assert wrong == []


@pytest.mark.parametrize("tag", OTHERS)
def test_nothing_is_left_in_english(tag: str) -> None:
    english = dict(every_text("en"))
    left = [name for name, text in every_text(tag) if text == english.get(name) and is_foreign(tag, text)]
    assert left == []


@pytest.mark.parametrize("tag", sorted(SCRIPTS))
def test_every_text_is_in_the_script_of_its_language(tag: str) -> None:
    wrong = [name for name, text in every_text(tag) if is_foreign(tag, text) and not SCRIPTS[tag].search(text)]
    assert wrong == []


def is_foreign(tag: str, text: str) -> bool:
    """Whether `text` has words, and they are not the same in every language."""
    words = re.findall(r"[A-Za-z-]{2,}", re.sub(r"\{[a-z_]+\}", "", text))
    return bool(words) and text not in SAME.get(tag, ()) and not NAMES_OF_THINGS.issuperset(words)


@pytest.mark.parametrize("section", sorted(CLOSED))
def test_a_closed_set_of_the_code_has_a_text_for_each_and_no_other(section: str) -> None:
    assert {name.partition(".")[2] for name in ENGLISH if name.startswith(f"{section}.")} == CLOSED[section]


def test_every_text_that_is_asked_for_is_there() -> None:
    assert {name for name in _ASKED.findall(sources()) if name not in ENGLISH} == set()


def test_every_beginning_of_a_name_has_texts() -> None:
    assert {start for start in beginnings() if start.split(".")[0] in sections() and not begun_by(start)} == set()


def test_every_text_is_used() -> None:
    named, begun = set(_WHOLE.findall(sources())), tuple(beginnings())
    unused = {name for name in ENGLISH if name not in named and not name.startswith(begun)}
    assert unused == set()


def beginnings() -> set[str]:
    """What names made at run time begin with."""
    return {start for pair in _BEGINNING.findall(sources()) for start in pair if start}


def begun_by(start: str) -> set[str]:
    return {name for name in ENGLISH if name.startswith(start)}


def sections() -> set[str]:
    return {name.partition(".")[0] for name in ENGLISH}


SMALL: dict[str, catalogue.TextForms] = {
    "hits.title": "Hits of {site}",
    "hits.shown": {"one": "{count} hit", "other": "{count} hits"},
}
GERMAN = """
[hits]
title = "Zugriffe auf {site}"
[hits.shown]
one = "ein Zugriff"
other = "{count} Zugriffe"
"""


def test_a_whole_language_is_read() -> None:
    words = read_words("de", GERMAN, SMALL)
    assert words("hits.title", site="Blog") == "Zugriffe auf Blog"
    assert [words("hits.shown", count=count) for count in (1, 1234)] == ["ein Zugriff", "1.234 Zugriffe"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GERMAN.replace('title = "Zugriffe auf {site}"', ""), "de.toml: hits.title is missing."),
        (GERMAN + '[new]\nname = "Neu"', "de.toml: new.name is unknown."),
        (GERMAN.replace("{site}", "{sites}"), "hits.title has {sites}, it needs {site}: 'Zugriffe auf {sites}'."),
        (GERMAN.replace("{site}", ""), "hits.title has no placeholder, it needs {site}"),
        (GERMAN.replace("{count} ", ""), "hits.shown.other has no placeholder, it needs {count}"),
        (GERMAN.replace("one =", "two ="), "hits.shown has the forms other, two, it needs one, other"),
        (GERMAN.replace("[hits.shown]\none", "shown"), "hits.shown is one text, unlike the English"),
    ],
)
def test_a_language_that_is_not_whole_is_refused_by_name(text: str, sentence: str) -> None:
    text = text.replace('other = "{count} Zugriffe"', "") if "shown =" in text else text
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_words("de", text, SMALL)


def test_a_text_that_one_language_lacks_keeps_all_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[hits]\ntitle = "Hits"\nnone = "No hits"\n', encoding="utf-8")
    (tmp_path / "de.toml").write_text('[hits]\ntitle = "Zugriffe"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape("de.toml: hits.none is missing.")):
        read_all(tmp_path)


def test_a_language_needs_the_labels_it_builds_on() -> None:
    with pytest.raises(ValueError, match=re.escape("sv.toml: counter/labels/words has no sv.toml")):
        read_words("sv", GERMAN, SMALL)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 11, 100, 102, 1_000_000])
@pytest.mark.parametrize("tag", TAGS)
def test_every_count_has_its_form(tag: str, count: int) -> None:
    words = LANGUAGES[tag]
    forms = own_texts(tag)["format.days_ago"]
    assert not isinstance(forms, str)
    form = RULES[words.language.plural].form(count)
    assert words("format.days_ago", count=count) == forms[form].format(
        count=labels.format_number(count, words.language)
    )


def test_the_page_for_translators_names_every_format_and_every_plural_rule() -> None:
    page = (SOURCES.parent / "docs" / "translating.md").read_text(encoding="utf-8")
    formats = {name.split(".")[1] for name in ENGLISH if name.startswith("format.")}
    assert {name for name in (*formats, *RULES, *LANGUAGES) if f"`{name}`" not in page} == set()


def test_a_value_that_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="number"):
        LANGUAGES["en"]("format.percent")


@pytest.mark.parametrize(
    ("tag", "text", "stands"),
    [
        ("en", "/about", "/about"),
        ("en", "مدونة", "\u2068مدونة\u2069"),
        ("ar", "مدونة", "مدونة"),
        ("ar", "1,234", "1,234"),
        ("ar", "/2024/11", "\u2068/2024/11\u2069"),
        ("ar", "Firefox", "\u2068Firefox\u2069"),
        ("ar", "\u2066+12%\u2069", "\u2066+12%\u2069"),
        ("ar", "", ""),
    ],
)
def test_what_is_written_the_other_way_is_kept_apart_in_a_sentence(tag: str, text: str, stands: str) -> None:
    assert isolated(text, LANGUAGES[tag].language) == stands


@pytest.mark.parametrize(
    ("requested", "header", "tag"),
    [
        ("", "", "en"),
        ("ka", "de", "ka"),
        ("ka-GE", "", "ka"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr,ja;q=0.9,ar;q=0.5", "ar"),  # ours, though the reader would rather have two that are not
        ("fr", "de", "de"),
        ("no such", "\x00;;;q=", "en"),
    ],
)
def test_the_reader_gets_what_was_asked_for_or_knows_best(requested: str, header: str, tag: str) -> None:
    assert pick_words(requested, header).tag == tag
