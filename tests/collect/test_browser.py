"""Language and screen are classes, not fingerprints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.collect.agents.browser import SCREENS, language_of, screen_class


@pytest.mark.parametrize(
    ("declared", "accept", "language"),
    [
        ("en-US", "", "en-US"),
        ("EN_us", "", "en-US"),
        ("ka", "en", "ka"),
        ("zh-Hant-TW", "", "zh-Hant"),
        ("sr-latn", "", "sr-Latn"),
        ("es-419", "", "es-419"),
        ("de-1996", "", "de"),
        ("en-x-private", "", "en"),
        ("", "en-US,en;q=0.9", "en-US"),
        ("", "en;q=0.5, ka;q=0.9", "ka"),
        ("", "*, fr;q=0.1", "fr"),
        ("", "de;q=0", ""),
        ("", "de;q=x, fr", "fr"),
        ("undefined", "fr", "fr"),
        ("x-klingon", "", ""),
        ("", "", ""),
        ("<script>", "<script>", ""),
    ],
)
def test_a_language_has_at_most_two_subtags_and_the_pages_word_wins(declared: str, accept: str, language: str) -> None:
    assert language_of(declared, accept) == language


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT, ANY_TEXT)
def test_no_language_raises_or_has_more_than_eight_letters(declared: str, accept: str) -> None:
    found = language_of(declared, accept)
    assert len(found) <= 8
    assert language_of(found, "") == found


@pytest.mark.parametrize(
    ("width", "name"),
    [
        (0, ""), (-1, ""), (1, "under 576"), (575, "under 576"), (576, "576-767"), (768, "768-991"), (992, "992-1199"),
        (1200, "1200-1599"), (1600, "1600-1919"), (1919, "1600-1919"), (1920, "1920 and over"),
        (32767, "1920 and over"),
    ],
)  # fmt: skip
def test_a_screen_is_one_of_seven_classes(width: int, name: str) -> None:
    assert screen_class(width) == name
    assert not name or name in SCREENS
