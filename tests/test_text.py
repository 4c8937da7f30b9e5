"""Text from strangers is made safe once, in one place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.text import MAX_MARKS, clean

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
MARKS = st.text(st.sampled_from("a\u0301\u0316\u0338\u1100\u1161\U0001d165\U000110ba=\u09c7\u09be "), max_size=40)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("plain text", "plain text"),
        ("  ends \t\n", "ends"),
        ("a\tb\nc\r\nd", "a b c  d"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("\u2066a\u2069", "a"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("\udcff\udcfe", "\ufffd\ufffd"),
        ("e\u0301", "\u00e9"),
        ("გამარჯობა", "გამარჯობა"),
        ("x" + "\u0335" * 1_000_000, "x" + "\u0335" * MAX_MARKS),
        ("a\u200fb", "a\u200fb"),
        ("", ""),
        ("\x00", ""),
    ],
)
def test_what_could_hurt_is_removed_and_the_rest_is_kept(raw: str, kept: str) -> None:
    assert clean(raw, 512) == kept


def test_the_limit_counts_characters_and_leaves_no_space_at_the_cut() -> None:
    assert clean("abc def", 4) == "abc"
    assert clean("ა" * 600, 512) == "ა" * 512


@given(ANY_TEXT | MARKS, st.integers(0, 40))
def test_cleaning_twice_changes_nothing_and_the_outcome_is_bounded_nfc_utf8(raw: str, limit: int) -> None:
    once = clean(raw, limit)
    assert clean(once, limit) == once
    assert len(once) <= limit
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in once)
