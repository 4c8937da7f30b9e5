"""T-64, in the source: all that SQLite is given to execute is made of our own words.

Each first argument of `execute`, `executemany` and `executescript` is followed back to where it comes from. Our own are

    texts that stand in the code, constants (NAMES_LIKE_THIS)
    what `counter/store/sqlite/sql.py` makes of a file of ours and of members of enums: it takes nothing else
    numbers made by `int(...)`, the value or the name of a member of an enum
    what formatting, joining and replacing make of these, variables that hold nothing else, parameters that are given
    nothing else wherever the function is called, and what functions return when it is nothing else

and what the table OURS names, with the reason why it can be nothing else.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
EXECUTES: Final = {"execute", "executemany", "executescript"}
# Methods of texts that make of our own words our own words.
SHAPES: Final = {"format", "format_map", "replace", "join", "lower", "split", "strip"}
# Functions whose answer is ours whatever they are given: a number, a file of ours (it refuses other parts).
MAKES_OURS: Final = {"int", "len", "statement", "statement_of_rows", "script"}
FOLLOWED: Final = {"str", "tuple", "list", "sorted", "set", "enumerate", "next", "zip"}  # they give what they are given
OURS: Final = {
    ("engine.py", "_migrate", "script"): "a file of ours in migrations/",
    ("engine.py", "_migrate", "number"): "how many of them there are",
}


Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


class Source:
    """One file, and what of its expressions is not made of our own words."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.tree = ast.parse(file.read_text(encoding="utf-8"))
        self.above = {child: one for one in ast.walk(self.tree) for child in ast.iter_child_nodes(one)}
        self.calls = [one for one in ast.walk(self.tree) if isinstance(one, ast.Call)]
        # Functions that are named and not called there: whoever they are given to may call them with anything.
        called = {one.func for one in self.calls}
        self.passed_on = {name_of(one) for one in ast.walk(self.tree) if one not in called}
        self.functions = [one for one in ast.walk(self.tree) if isinstance(one, FUNCTIONS)]

    def executed(self) -> Iterator[tuple[ast.expr, int]]:
        """What is executed, and in which line."""
        for one in self.calls:
            if isinstance(one.func, ast.Attribute) and one.func.attr in EXECUTES:
                yield one.args[0], one.lineno

    def function_of(self, one: ast.AST) -> Function | None:
        """The function around it."""
        above: ast.AST | None = self.above.get(one)
        while above is not None and not isinstance(above, FUNCTIONS):
            above = self.above.get(above)
        return above

    def given(self, scope: ast.AST, name: str) -> list[ast.expr]:
        """What a variable is given, wherever in `scope` it is given anything."""
        found: list[ast.expr] = []
        for one in ast.walk(scope):
            match one:
                case ast.Assign(targets=targets, value=value):
                    pairs = [(target, value) for target in targets]
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value)
                ):
                    pairs = [(target, value)]
                case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                    pairs = [(target, each) for each in (value.elts if isinstance(value, ast.Tuple) else [value])]
                case _:
                    continue
            found += [part for target, value in pairs for known, part in unpacked(target, value) if known == name]
        return found


def unpacked(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names of a target with what each is given; of what cannot be taken apart each is given the whole."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple):
        parts = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for place, one in enumerate(target.elts):
            yield from unpacked(one, parts[place] if parts else value)


def is_ours(one: ast.AST) -> bool:
    """Texts and numbers that stand in the code, constants, and members of an enum by name or value."""
    match one:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper():
            return True
        case ast.Attribute(value=ast.Name(id="dimension" | "one"), attr="name"):
            return True  # of Dimension
        case ast.Attribute(value=ast.Call(func=ast.Name(id="Order")), attr="value"):
            return True
    return False


def parts_of(one: ast.AST) -> list[ast.expr] | None:
    """What an expression is made of, where it is no more than that; None for any other."""
    match one:
        case ast.Dict(values=values):
            return values
        case ast.Subscript(value=part) | ast.GeneratorExp(elt=part) | ast.ListComp(elt=part) | ast.DictComp(value=part):
            return [part]
        case ast.IfExp(body=left, orelse=right):
            return [left, right]
        case (
            ast.JoinedStr() | ast.FormattedValue() | ast.Tuple() | ast.List() | ast.Set() | ast.BinOp() | ast.Starred()
        ):
            return [part for part in ast.iter_child_nodes(one) if isinstance(part, ast.expr)]
    return None


class Sources:
    """All files of both packages; follows an expression through them."""

    def __init__(self, files: list[Path]) -> None:
        self.all = [Source(file) for file in files]
        self.used: set[tuple[str, str, str]] = set()  # of OURS

    def strangers(self) -> dict[str, set[str]]:
        """By file and line what is executed and is not ours."""
        found = {}
        for source in self.all:
            for one, line in source.executed():
                strange = set(self._strange(source, one, frozenset()))
                if strange:
                    found[f"{source.file.name}:{line}"] = strange
        return found

    def _strange(self, source: Source, one: ast.AST, seen: frozenset[ast.AST]) -> Iterator[str]:
        """What in an expression is not ours. `seen` is what is being followed: things may be made of themselves."""
        if one in seen or is_ours(one):
            return
        seen |= {one}
        match one:
            case ast.Name():
                yield from self._of_name(source, one, seen)
            case ast.Call():
                yield from self._of_call(source, one, seen)
            case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
                # What two sets have in common is ours when one of them is.
                both = [set(self._strange(source, part, seen)) for part in (left, right)]
                yield from both[0] if all(both) else ()
            case _:
                parts = parts_of(one)
                if parts is None:
                    yield f"{ast.unparse(one)} in {source.file.name}"
                for part in parts or []:
                    yield from self._strange(source, part, seen)

    def _of_call(self, source: Source, one: ast.Call, seen: frozenset[ast.AST]) -> Iterator[str]:
        match one:
            case ast.Call(func=ast.Name(id=name)) if name in MAKES_OURS:
                return
            case ast.Call(func=ast.Attribute(attr="index")):
                return  # a number
            case ast.Call(func=ast.Name(id="map"), args=[_, *parts]) | ast.Call(func=ast.Name(id="next"), args=parts):
                pass
            case ast.Call(func=ast.Name(id=name), args=parts) if name in FOLLOWED:
                pass
            case ast.Call(func=ast.Attribute(value=text, attr=name), args=args, keywords=named) if name in SHAPES:
                parts = [text, *args, *(each.value for each in named)]
            case ast.Call(func=ast.Attribute(value=text, attr="get"), args=[_, *rest]):
                parts = [text, *rest]
            case ast.Call(func=ast.Attribute(value=text, attr="items" | "values" | "keys")):
                parts = [text]
            case ast.Call(func=ast.Name(id=name)):
                yield from self._of_function(source, name, seen)
                return
            case _:
                yield f"{ast.unparse(one)} in {source.file.name}"
                return
        for part in parts:
            yield from self._strange(source, part, seen)

    def _of_function(self, source: Source, name: str, seen: frozenset[ast.AST]) -> Iterator[str]:
        """What a function gives back: that of the same file, else whichever has the name."""
        here = [(source, one) for one in source.functions if one.name == name]
        known = here or [(other, one) for other in self.all for one in other.functions if one.name == name]
        if not known:
            yield f"{name}() in {source.file.name}"
        for other, function in known:
            given = [one for one in ast.walk(function) if isinstance(one, (ast.Return, ast.Yield)) and one.value]
            if not given:
                yield f"{name}() in {other.file.name}"
            for one in given:
                if one.value is not None:
                    yield from self._strange(other, one.value, seen)

    def _of_name(self, source: Source, one: ast.Name, seen: frozenset[ast.AST]) -> Iterator[str]:
        """A variable: all that it is given; a parameter: all that the function is called with."""
        function = source.function_of(one)
        key = (source.file.name, function.name if function else "", one.id)
        if key in OURS:
            self.used.add(key)
            return
        given = source.given(function or source.tree, one.id)
        for value in given:
            yield from self._strange(source, value, seen)
        names = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)] if function else []
        if function is not None and one.id in names:
            yield from self._of_parameter(source, function, one.id, seen)
        elif not given:
            yield f"{one.id} in {source.file.name}"

    def _of_parameter(self, source: Source, function: Function, name: str, seen: frozenset[ast.AST]) -> Iterator[str]:
        names = [each.arg for each in function.args.args]
        bound = 1 if names[:1] == ["self"] else 0
        place = names.index(name) - bound if name in names else 10_000
        called = 0
        local = function.name.startswith("_") or source.function_of(function) is not None
        for other in [source] if local else self.all:
            for call in other.calls:
                if name_of(call.func) != function.name:
                    continue
                called += 1
                named = [each.value for each in call.keywords if each.arg == name]
                for part in [*named, *call.args[place : place + 1]]:
                    yield from self._strange(other, part, seen)
            if function.name in other.passed_on:
                yield f"{name} of {function.name}(), which is passed on in {other.file.name}"
        if not called:
            yield f"{name} of {function.name}() in {source.file.name}, which nobody calls"


def name_of(one: ast.AST) -> str:
    """`f` of `f` and of `x.f`; nothing else has a name."""
    return one.id if isinstance(one, ast.Name) else one.attr if isinstance(one, ast.Attribute) else ""


@cache
def followed() -> tuple[dict[str, set[str]], set[tuple[str, str, str]]]:
    sources = Sources([file for one in ("counter", "dashboard") for file in sorted((ROOT / one).rglob("*.py"))])
    return sources.strangers(), sources.used


def test_all_that_is_executed_is_made_of_our_own_words() -> None:
    assert followed()[0] == {}, "bind it as :name, or say in OURS why it can be nothing but our own"


def test_every_exception_is_still_needed_and_has_a_reason() -> None:
    assert followed()[1] == set(OURS)
    assert all(len(reason) > 10 for reason in OURS.values())


@pytest.mark.parametrize("code", [
    "def f(c, text): c.execute(f'select {text}')\ndef g(c, call): f(c, call.query['x'])",
    "def f(c, text): c.execute('select ' + text)\ndef g(c, call): f(c, text=call.query['x'])",
    "def f(c, text): c.execute('select %s' % text)\ndef g(c, t): f(c, t)",
    "def f(c, text): c.execute('select {}'.format(text))",
    "def f(c, call): c.execute(statement('report').replace('{order}', call.query['order']))",
    "def f(c, call):\n sql = 'select 1'\n sql += call.text\n c.execute(sql)",
    "def f(c, call):\n for one in call.rows: c.executemany(f'insert into {one} values (?)', [])",
    "def f(c, call): c.executescript(' union '.join(one for one in call.names))",
    "def part(call): return call.name\ndef f(c, call): c.execute(f'select {part(call)}')",
    "def f(c, text='x'): c.execute(text)\ndef g(c, run): f(c, 'select 1'); run(f)",
    "class A:\n def f(self, text): self.c.execute(text)\n def g(self, call): self.f(call.text)",
    "def f(c, call): c.execute('select 1' if call else call.text)",
    "async def f(c, call):\n sql = WHOLE\n sql, x = call.pair\n await c.execute(sql)",
])  # fmt: skip
def test_what_is_not_ours_is_found(tmp_path: Path, code: str) -> None:
    """Or nothing is proved above."""
    file = tmp_path / "code.py"
    file.write_text(textwrap.dedent(code), encoding="utf-8")
    assert Sources([file]).strangers()
