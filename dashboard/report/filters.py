"""Filters as people see and change them: chips, and the plain form whose answer is the URL with `filter=`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote_plus

import msgspec

from counter.errors import BadInput
from counter.question import Dimension, Filter, Operator
from counter.reports.grammar import DIMENSIONS, LONGEST_VALUE, MOST_FILTERS, OPERATORS, Query, filter_text, one_of
from counter.text import clean
from dashboard.report.links import Links
from dashboard.report.row_labels import label_of, value_of
from dashboard.words.catalogue import Words

FORM_KEYS: Final = ("f_dimension", "f_operator", "f_value", "f_key", "f_index")
# The most common ones are first in the form.
OFFERED: Final[tuple[Dimension, ...]] = (
    Dimension.PAGE, Dimension.ENTRY_PAGE, Dimension.EXIT_PAGE, Dimension.HOST,
    Dimension.SOURCE, Dimension.CHANNEL, Dimension.REFERRER, Dimension.REFERRER_HOST,
    Dimension.COUNTRY, Dimension.REGION, Dimension.CITY,
    Dimension.BROWSER, Dimension.BROWSER_VERSION, Dimension.SYSTEM, Dimension.DEVICE, Dimension.SCREEN,
    Dimension.LANGUAGE,
    Dimension.EVENT, Dimension.GOAL, Dimension.PROPERTY, Dimension.PROPERTY_KEY,
    Dimension.UTM_SOURCE, Dimension.UTM_MEDIUM, Dimension.UTM_CAMPAIGN, Dimension.UTM_TERM, Dimension.UTM_CONTENT,
)  # fmt: skip


class Choice(msgspec.Struct, frozen=True):
    """One option of a <select>."""

    value: str
    text: str


class Chip(msgspec.Struct, frozen=True):
    """One filter: its words, the form's fields to change it, and the link to take it away."""

    index: int
    dimension: str  # in words; of a property, its key
    operator: str
    operator_text: str
    values: tuple[str, ...]  # as they are stored
    shown: tuple[str, ...]  # as pages show them
    remove: str
    name: str  # of the dimension, for the form
    key: str


class Filtering(msgspec.Struct, frozen=True):
    """What `_chips.html` needs: the filters there are, and the form to add one."""

    chips: tuple[Chip, ...]
    action: str
    hidden: tuple[tuple[str, str], ...]  # the rest of the question
    dimensions: tuple[Choice, ...]
    operators: tuple[Choice, ...]
    clear: str  # the report without any


def filtering(words: Words, links: Links) -> Filtering:
    """The filters of a question in words."""
    return Filtering(
        chips=tuple(_chip(words, links, index, one) for index, one in enumerate(links.filters)),
        action=links.base,
        hidden=tuple(links.hidden()),
        dimensions=tuple(Choice(one.name.lower(), words(f"dimension.{one.name.lower()}")) for one in OFFERED),
        operators=tuple(Choice(one.value, words(f"operator.{one.value}")) for one in Operator),
        clear=links.unfiltered(),
    )


def asks_for_filter(query: Query) -> bool:
    """Whether the form was submitted, so that the answer is the URL it means."""
    return any(name in query for name in FORM_KEYS)


def filtered_url(words: Words, site_id: str, query: Query, filters: Sequence[Filter]) -> str:
    """The URL that the form means: `filters` and one more, or one of them changed. BadInput names what is wrong.

    A changed filter without values is removed. A value may be typed as pages show it in `words`. The rest of the
    query is unchanged.
    """
    index, one = _read_index(query, len(filters)), _read_form(words, query)
    changed = [*filters]
    if index is None:
        if one is None:
            raise BadInput("f_value is empty; a filter needs a value")
        changed = list(dict.fromkeys((*filters, one)))
    else:
        changed[index : index + 1] = [one] if one else []
    if len(changed) > MOST_FILTERS:
        raise BadInput(f"there would be {len(changed)} filters, at most {MOST_FILTERS} are taken")
    pairs = [(name, value) for name, value in query.items() if name not in FORM_KEYS and name != "filter"]
    parts = [f"{quote_plus(name)}={quote_plus(value, safe=':,/')}" for name, value in pairs]
    parts += [f"filter={quote_plus(filter_text(each), safe=':,/')}" for each in changed]
    base = f"/dashboard/sites/{quote_plus(site_id)}"
    return f"{base}?{'&'.join(parts)}" if parts else base


def _chip(words: Words, links: Links, index: int, one: Filter) -> Chip:
    name = one.dimension.name.lower()
    return Chip(
        index=index,
        dimension=one.key or words(f"dimension.{name}"),
        operator=one.operator.value,
        operator_text=words(f"operator.{one.operator.value}"),
        values=one.values,
        shown=tuple(
            value if one.operator == Operator.CONTAINS else label_of(words, one.dimension, value)
            for value in one.values
        ),
        remove=links.without(index),
        name=name,
        key=one.key,
    )


def _read_form(words: Words, query: Query) -> Filter | None:
    """The filter of the form's fields; None when every value is empty."""
    dimension = one_of("f_dimension", query.get("f_dimension", ""), DIMENSIONS)
    operator = one_of("f_operator", query.get("f_operator", Operator.IS.value), OPERATORS)
    key = clean(query.get("f_key", ""), LONGEST_VALUE) if dimension == Dimension.PROPERTY else ""
    if dimension == Dimension.PROPERTY and not key:
        raise BadInput("f_key is empty; a filter on a property needs the property's name")
    values = tuple(clean(value, LONGEST_VALUE) for value in query.getall("f_value", []))
    if operator != Operator.CONTAINS:  # which searches the stored text
        values = tuple(value_of(words, dimension, value) for value in values)
    filled = tuple(dict.fromkeys(value for value in values if value))
    return Filter(dimension, operator, filled, key) if filled else None


def _read_index(query: Query, count: int) -> int | None:
    """Which of `count` filters is changed; None for a new one."""
    text = query.get("f_index")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) >= count:
        raise BadInput(f"f_index is {text[:40]!r}, there are {count} filters")
    return int(text)
