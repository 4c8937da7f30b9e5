"""One word per thing and one thing per word: `docs/words.md` is the list, and names keep to it."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for room in ("counter", "dashboard") for path in (ROOT / room).rglob("*.py"))
WORDS = ROOT / "docs" / "words.md"
TEMPLATES = sorted(path for room in ("counter", "dashboard") for path in (ROOT / room).rglob("templates/*.html"))

# A participle says what happened to a thing, a vague noun that there is one; neither says what it is.
FORBIDDEN = frozenset(
    {
        "asked", "beside", "found", "given", "got", "kept", "made", "seen", "told", "wanted",
        "data", "entity", "helper", "helpers", "info", "item", "items", "manager", "misc", "object", "payload", "stuff",
        "thing", "things", "util", "utils",
    }
)  # fmt: skip
# Adjectives and numerals: good before their noun (`known_lines`, `OneProcess`), not in its place.
NEEDS_A_NOUN = frozenset({"known", "one"})
ALLOWED = {
    "Appended.seen": "a key of what the command socket answers",
    "DataLock": "`data` is the folder that holds all that is stored, and `data/lock` is its lock",
    "NOT_FOUND": "the event's name, as HTTP says it",
    "Outcome.KNOWN": "a value on the wire",
    "_Refuse.connection_made": "a method of asyncio's protocols",
    "demo_data": "the command's name",
}


class Name(NamedTuple):
    """A name that other modules may use, with its class; `where` is a path from the root, with the line."""

    text: str
    where: str
    is_class: bool = False


def names() -> Iterator[Name]:
    for path in [*MODULES, *TEMPLATES]:
        yield Name(path.stem, str(path.relative_to(ROOT)))
    for path in MODULES:
        yield from names_in(ast.parse(path.read_text()).body, str(path.relative_to(ROOT)))


def names_in(body: list[ast.stmt], where: str, owner: str = "") -> Iterator[Name]:
    """Classes, type aliases, functions, methods, constants and fields; nothing inside a function is public."""
    for node in body:
        line = f"{where}:{node.lineno}"
        match node:
            case ast.ClassDef(name=text):
                yield Name(text, line, is_class=True)
                yield from names_in(node.body, where, f"{text}.")
            case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text):
                yield Name(f"{owner}{text}", line)
            case ast.Assign(targets=targets):
                for text in [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]:
                    yield Name(f"{owner}{text}", line, is_class=not owner and is_alias(text, node.value))
            case ast.AnnAssign(target=ast.Name(id=text)):
                yield Name(f"{owner}{text}", line)


def is_alias(text: str, value: ast.expr) -> bool:
    """A type alias is a class to its readers; a type variable is nothing of its own."""
    is_variable = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "TypeVar"
    return re.fullmatch(r"_?[A-Z]+[a-z]\w*", text) is not None and not is_variable


def forbidden_words(text: str) -> list[str]:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", text.rpartition(".")[2])]
    if words[-1:] == ["at"]:
        return []  # `made_at`, `seen_at`: a moment
    bare = words[-1:] if set(words[-1:]) & NEEDS_A_NOUN else []
    return bare + [word for word in words if word in FORBIDDEN]


def is_private(name: Name) -> bool:
    return name.text.rpartition(".")[2].startswith("_") and not name.is_class


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("found", ["found"]), ("RowsFound", ["found"]), ("Count.asked", ["asked"]), ("MOST_ITEMS", ["items"]),
        ("made_at", []), ("made_by", ["made"]), ("Line.known", ["known"]), ("known_lines", []), ("KnownLines", []),
        ("OneProcess", []), ("the_one", ["one"]), ("founder", []), ("metadata", []), ("Pool.connection", []),
    ],
)  # fmt: skip
def test_a_forbidden_word_is_seen_in_every_spelling(text: str, words: list[str]) -> None:
    assert forbidden_words(text) == words


def test_no_public_name_has_a_word_that_says_nothing() -> None:
    """What is allowed all the same has its reason, and is still there."""
    bad = {name.text: name.where for name in names() if not is_private(name) and forbidden_words(name.text)}
    assert bad.keys() - ALLOWED.keys() == set(), bad
    assert ALLOWED.keys() - bad.keys() == set()


def test_no_class_name_stands_for_two_things() -> None:
    classes = defaultdict(set)
    for name in names():
        if name.is_class:
            classes[name.text].add(name.where)
    assert len(classes) > 200
    assert {text: where for text, where in classes.items() if len(where) > 1} == {}


def test_each_word_is_explained_once() -> None:
    words = [
        word
        for row in re.findall(r"^\| ([^|]+) \| [^|]+ \|$", WORDS.read_text(encoding="utf-8"), re.MULTILINE)
        for word in row.split(", ")
        if word != "word"
    ]
    assert len(words) > 80
    assert [word for word, times in Counter(words).items() if times > 1] == []


def test_the_page_names_the_forbidden_words() -> None:
    page = WORDS.read_text(encoding="utf-8").partition("## Names")[2]
    assert {word for word in FORBIDDEN if not re.search(rf"\b{word}\b", page)} == {
        "items",
        "things",
        "helpers",
        "utils",
    }
