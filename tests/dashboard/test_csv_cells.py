"""Cells of CSV files: no text is a formula, every text comes back, numbers stay numbers (T-68)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.report.csv_cells import SIGNS, cell, csv_lines, plain

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.builds(
    lambda quotes, sign, rest: "'" * quotes + sign + rest, st.integers(0, 3), st.sampled_from(sorted(SIGNS)), st.text()
).filter(lambda text: "\0" not in text)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_text_that_would_be_a_formula_begins_with_an_apostrophe(sign):
    assert cell(f"{sign}SUM(A1)") == f"'{sign}SUM(A1)"


@pytest.mark.parametrize("text", ["", "a", "/a=b", "'", "''", "'a", "1+1", "é"])
def test_any_other_text_stays_as_it_is(text):
    assert cell(text) == text


@given(TEXTS)
def test_no_cell_begins_with_a_sign_and_every_text_comes_back(text):
    assert cell(text)[:1] not in SIGNS
    assert plain(cell(text)) == text


@given(st.lists(st.lists(TEXTS | st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=5), max_size=5))
def test_a_file_that_is_read_back_is_equal(rows):
    lines = csv_lines(rows)
    read = list(csv.reader(io.StringIO(lines, newline="")))
    assert read == [[cell(one) if isinstance(one, str) else str(one) for one in row] for row in rows]
    assert [[plain(one) for one in row] for row in read] == [[str(one) for one in row] for row in rows]


def test_numbers_are_bare_and_texts_are_quoted_whatever_separates_cells():
    assert csv_lines([["a;=b", -5, 2.5, None, 'say "x"']]) == '"a;=b",-5,2.5,"","say ""x"""\r\n'
