"""The engine's SQL stands in files that say what they ask, and nothing but our own words gets into it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pytest

from counter.question import Dimension, Order
from counter.store.sqlite.dictionary import TupleColumns, TupleTable
from counter.store.sqlite.report.answer import PointColumn, PointTable
from counter.store.sqlite.report.breakdown import SortColumn
from counter.store.sqlite.report.filters import FilterSlot, FilterTest
from counter.store.sqlite.sql import SUMS, SqlPart, StatementError, statement, statement_of_rows
from counter.store.sqlite.visit_values import VISIT_PARTS, VisitValue

ROOT: Final = Path(__file__).parents[2]
ENGINE: Final = ROOT / "counter" / "store" / "sqlite"
QUERIES: Final = sorted((ENGINE / "queries").glob("*.sql"))
CODE: Final = sorted(ENGINE.rglob("*.py"))
SQL: Final = re.compile(r"\s*(select|insert|update|delete|create|drop|with|replace)\s", re.IGNORECASE)


def texts(tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Every text in code that is no docstring; of a formatted one the whole."""
    docstrings = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    parts = {id(part) for one in ast.walk(tree) if isinstance(one, ast.JoinedStr) for part in one.values}
    for one in ast.walk(tree):
        is_text = isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and isinstance(one.value, str))
        if is_text and id(one) not in docstrings | parts:
            yield one


def begins(one: ast.Constant | ast.JoinedStr) -> str:
    first: Any = one.values[0] if isinstance(one, ast.JoinedStr) else one
    return str(first.value) if isinstance(first, ast.Constant) else ""


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_a_query_says_first_what_it_asks_or_does(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- [A-Z]", first), "a comment, which is a sentence"
    assert all(len(line) <= 120 for line in file.read_text(encoding="utf-8").splitlines())


def test_every_query_is_asked_by_code_or_by_another() -> None:
    named = {one.value for file in CODE for one in texts(ast.parse(file.read_text())) if isinstance(one, ast.Constant)}
    for file in QUERIES:
        named.update(re.findall(r"\{query (\w+)\}", file.read_text(encoding="utf-8")))
    assert {file.stem for file in QUERIES} - named == set()


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ENGINE)))
def test_what_is_longer_than_a_line_or_put_together_is_a_file(file: Path) -> None:
    wrong = [
        one.lineno
        for one in texts(ast.parse(file.read_text(encoding="utf-8")))
        if SQL.match(begins(one)) and (isinstance(one, ast.JoinedStr) or one.lineno != one.end_lineno)
    ]
    assert wrong == []


def test_no_module_needs_an_exception_for_sql_made_of_texts() -> None:
    """The one place where a statement is put together is `sql.py`, which says why that is safe."""
    modules = [file for room in ("counter", "dashboard") for file in (ROOT / room).rglob("*.py")]
    found = {file.name for file in modules if re.search(r"#\s*noqa:.*S608", file.read_text(encoding="utf-8"))}
    assert found == set()


class Evil(StrEnum):
    TEXT = "'; drop table event; --"


@pytest.mark.parametrize("part", ["visits", "1; drop table event", Evil.TEXT, Order.VISITS, Dimension.PAGE, 1, None])
def test_what_is_no_part_is_refused(part: Any) -> None:
    statement("report_top", SortColumn.VISITS)  # remembered, and not mistaken for a text that equals it
    with pytest.raises(StatementError, match="is no SqlPart"):
        statement("report_top", part)
    with pytest.raises(StatementError, match="is no SqlPart"):
        statement_of_rows("add_visits", 8, 1, part)


@pytest.mark.parametrize("parts", [
    (), (PointColumn.DAY,), (PointColumn.DAY, PointColumn.HOUR, PointTable.DAY),
    (PointColumn.DAY, PointTable.DAY, SortColumn.VISITS),
    (SortColumn.VISITS, PointTable.DAY),
])  # fmt: skip
def test_a_part_that_is_missing_or_has_no_place_is_refused(parts: tuple[SqlPart, ...]) -> None:
    with pytest.raises(StatementError, match=r"takes one|has no place"):
        statement("report_period_points", *parts)


def test_an_unknown_query_or_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StatementError, match="is no name"):
        statement("../migrations/0001_first")
    with pytest.raises(StatementError, match="there is no file"):
        statement("nothing")
    for text in ("select {Kind.NOTHING}", "select {nonsense}", "select {rows}"):
        monkeypatch.setattr("counter.store.sqlite.sql._read", {"odd": text}.get)
        with pytest.raises(StatementError, match="odd"):
            statement("odd")


def test_a_switch_is_off_without_its_part() -> None:
    whole = statement("report_hits")
    narrowed = statement("report_hits", FilterSlot.PATH)
    assert "(1 or e.path_id in" in whole
    assert "(0 or e.path_id in" in narrowed
    assert whole == narrowed.replace("(0 or", "(1 or")


def test_the_macros() -> None:
    assert "add_up" not in statement_of_rows("add_to_hours", 10, 2)
    assert statement_of_rows("add_to_hours", 2, 2).endswith("proxied = proxied + excluded.proxied")
    assert "values (?, ?), (?, ?)\n" in statement_of_rows("add_to_hours", 2, 2)
    assert ", ".join(SUMS) in statement("day_totals")
    assert f"dimension = {Dimension.PAGE:d} and" in statement("page_days")
    assert "e.via <> 4 and e.kind in (1, 2)" in statement("live_hits")


def test_parts_have_the_names_of_what_they_stand_for() -> None:
    assert [part.name for part in SortColumn] == [order.name for order in Order]
    assert {part.name for part in VisitValue} == {dimension.name for dimension in VISIT_PARTS}
    assert [part.name for part in TupleTable] == [part.name for part in TupleColumns]
    assert all("t.text" in test.value for test in FilterTest)
