"""Every link of a report is the whole question: what it keeps, what it changes, and that it can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from yarl import URL

from counter.question import Dimension, Filter, Operator
from counter.reports.grammar import DIMENSIONS, LONGEST_VALUE, read_filters
from counter.text import clean
from dashboard.report.links import Links

SITE = "/dashboard/sites/demo"


def one(dimension: Dimension, *values: str, operator: Operator = Operator.IS, key: str = "") -> Filter:
    return Filter(dimension, operator, values, key)


GERMANY = one(Dimension.COUNTRY, "DE")
FRANCE = one(Dimension.COUNTRY, "FR")
NOT_GERMANY = one(Dimension.COUNTRY, "DE", operator=Operator.IS_NOT)
NOT_FRANCE = one(Dimension.COUNTRY, "FR", operator=Operator.IS_NOT)
PAGE_A = one(Dimension.PAGE, "/a")
HAS_A = one(Dimension.PAGE, "a", operator=Operator.CONTAINS)
HAS_B = one(Dimension.PAGE, "b", operator=Operator.CONTAINS)
BASIC = one(Dimension.PROPERTY, "basic", key="plan")
BLUE = one(Dimension.PROPERTY, "blue", key="colour")


def links(query: str = "") -> Links:
    asked = MultiDict(URL(f"{SITE}?{query}").query)
    return Links("demo", asked, read_filters(asked))


def filters_of(url: str) -> tuple[Filter, ...]:
    return read_filters(URL(url).query)


def with_filters(*filters: Filter) -> Links:
    return Links("demo", MultiDict(), filters)


@pytest.mark.parametrize(
    ("before", "added", "after"),
    [
        ((), GERMANY, (GERMANY,)),
        ((GERMANY,), PAGE_A, (GERMANY, PAGE_A)),
        ((GERMANY, PAGE_A), FRANCE, (FRANCE, PAGE_A)),  # `is` takes the place of `is`, where it stood
        ((GERMANY, PAGE_A), GERMANY, (PAGE_A,)),  # the same again is taken away
        ((GERMANY,), NOT_FRANCE, (GERMANY, NOT_FRANCE)),
        ((NOT_GERMANY,), NOT_FRANCE, (one(Dimension.COUNTRY, "DE", "FR", operator=Operator.IS_NOT),)),
        ((HAS_A,), HAS_B, (one(Dimension.PAGE, "a", "b", operator=Operator.CONTAINS),)),
        ((BASIC,), BLUE, (BASIC, BLUE)),  # two properties are two filters
        ((BASIC,), one(Dimension.PROPERTY, "pro", key="plan"), (one(Dimension.PROPERTY, "pro", key="plan"),)),
    ],
)
def test_a_row_adds_its_filter_takes_the_place_of_one_or_takes_itself_away(
    before: tuple[Filter, ...], added: Filter, after: tuple[Filter, ...]
) -> None:
    assert filters_of(with_filters(*before).filtered(added)) == after


@pytest.mark.parametrize(
    ("query", "changes", "url"),
    [
        ("", {}, SITE),
        ("period=7d&metric=visits", {"period": "today"}, f"{SITE}?metric=visits&period=today"),
        ("from=2024-11-01&to=2024-11-02", {"period": "all"}, f"{SITE}?period=all"),
        ("period=7d", {"from_": "2024-11-01", "to": "2024-11-02"}, f"{SITE}?from=2024-11-01&to=2024-11-02"),
        ("bucket=day&period=7d", {"bucket": None}, f"{SITE}?period=7d"),
        ("filter=country:is:DE&compare=none", {"metric": "visits"},
         f"{SITE}?compare=none&metric=visits&filter=country:is:DE"),
        ("tab=pages:entry_pages&tab=sources:channels", {"period": "7d"},
         f"{SITE}?tab=pages:entry_pages&tab=sources:channels&period=7d"),
        ("unknown=1&page=3&search=x", {}, SITE),
    ],
)  # fmt: skip
def test_a_link_changes_what_it_says_and_keeps_the_rest_of_the_question(
    query: str, changes: dict[str, str | None], url: str
) -> None:
    assert links(query).report(**changes) == url


def test_a_link_to_another_page_takes_the_question_along_and_leaves_the_tabs() -> None:
    asked = links("period=7d&tab=pages:entry_pages&key=plan&filter=country:is:DE")
    assert asked.to("/hits") == f"{SITE}/hits?period=7d&filter=country:is:DE"


def test_a_tab_takes_the_place_of_the_one_its_panel_had_open() -> None:
    asked = links("tab=pages:entry_pages&tab=sources:channels")
    assert asked.tab("pages", "exit_pages") == f"{SITE}?tab=sources:channels&tab=pages:exit_pages#panel-pages"


def test_each_filter_can_be_taken_away_alone_and_all_of_them_at_once() -> None:
    asked = with_filters(GERMANY, PAGE_A, BASIC)
    assert [filters_of(asked.without(index)) for index in range(3)] == [
        (PAGE_A, BASIC), (GERMANY, BASIC), (GERMANY, PAGE_A),
    ]  # fmt: skip
    assert asked.unfiltered() == SITE


def test_the_fields_of_a_form_are_the_question_without_what_it_asks_anew() -> None:
    asked = links("period=7d&metric=visits&filter=country:is:DE")
    assert asked.hidden() == [("period", "7d"), ("metric", "visits"), ("filter", "country:is:DE")]
    assert asked.hidden("period", "filter") == [("metric", "visits")]


KEPT = st.text(max_size=60).map(lambda text: clean(text, LONGEST_VALUE)).filter(bool)


@given(
    dimension=st.sampled_from(sorted(DIMENSIONS.values())),
    operator=st.sampled_from(Operator),
    values=st.lists(KEPT, min_size=1, max_size=4),
    key=KEPT,
)
def test_any_filter_survives_the_way_through_a_url(
    dimension: Dimension, operator: Operator, values: list[str], key: str
) -> None:
    asked = Filter(dimension, operator, tuple(values), key if dimension == Dimension.PROPERTY else "")
    assert filters_of(with_filters(asked).report()) == (asked,)
