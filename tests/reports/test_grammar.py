"""Filters as texts: what is written is read back as the same, whatever stands in a key or a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from counter.errors import BadInput
from counter.question import Dimension, Filter, Operator
from counter.reports.grammar import CUSTOM, DEFAULT_PERIOD, LONGEST_VALUE, filter_text, period_name, read_filters
from counter.text import clean

TEXTS = st.one_of(st.text(max_size=60), st.text(alphabet="\\\\:,ab ", max_size=12))
KEPT = TEXTS.map(lambda text: clean(text, LONGEST_VALUE))


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """Any filter that a report may have."""
    dimension = draw(st.sampled_from([one for one in Dimension if one != Dimension.TITLE]))
    operator = draw(st.sampled_from(Operator))
    may_be_empty = dimension == Dimension.PROPERTY and operator != Operator.CONTAINS
    values = draw(st.lists(KEPT if may_be_empty else KEPT.filter(bool), min_size=1, max_size=4))
    key = draw(KEPT.filter(bool)) if dimension == Dimension.PROPERTY else ""
    return Filter(dimension, operator, tuple(values), key)


def read(text: str) -> Filter:
    (found,) = read_filters(MultiDict(filter=text))
    return found


@given(filters())
def test_any_filter_is_read_back_from_its_text(one: Filter) -> None:
    assert read(filter_text(one)) == one


@given(st.sampled_from(["page:is:", "country:is_not:", "property:", "property:plan:is:"]), TEXTS)
def test_any_text_that_is_read_means_the_same_when_it_is_written_again(start: str, rest: str) -> None:
    try:
        found = read(start + rest)
    except BadInput:
        return
    assert read(filter_text(found)) == found


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("page:is:/a", Filter(Dimension.PAGE, Operator.IS, ("/a",))),
        ("page:is:/a:b", Filter(Dimension.PAGE, Operator.IS, ("/a:b",))),
        (r"page:contains:a\,b,c\\d", Filter(Dimension.PAGE, Operator.CONTAINS, ("a,b", r"c\d"))),
        (r"property:a\:b:is_not:,c", Filter(Dimension.PROPERTY, Operator.IS_NOT, ("", "c"), "a:b")),
    ],
)
def test_a_backslash_takes_the_next_character_as_it_is(text: str, one: Filter) -> None:
    assert read(text) == one
    assert filter_text(one) == text


@pytest.mark.parametrize(
    ("query", "name"),
    [({}, DEFAULT_PERIOD), ({"period": "7d"}, "7d"), ({"from": "2024-11-01", "to": "2024-11-02"}, CUSTOM)],
)
def test_a_period_is_called_what_it_was_asked_by(query: dict[str, str], name: str) -> None:
    assert period_name(MultiDict(query)) == name
