"""A filter that is typed finds what was stored."""

from __future__ import annotations

import pytest

from counter.collect.typed import as_stored
from counter.question import Dimension, Filter, Operator


@pytest.mark.parametrize(
    ("dimension", "operator", "typed", "stored"),
    [
        (Dimension.PAGE, Operator.IS, "https://shop.example/caf%C3%A9?id=1&page=2", ("/café?page=2&id=1",)),
        (Dimension.ENTRY_PAGE, Operator.IS_NOT, "/a;jsessionid=1", ("/a",)),
        (Dimension.EXIT_PAGE, Operator.IS, "/caf%e9", ("/caf%E9",)),
        (Dimension.PAGE, Operator.CONTAINS, "/a;jsession", ("/a;jsession",)),
        (Dimension.PAGE, Operator.IS, "(other)", ("(other)",)),
        (Dimension.REFERRER, Operator.IS, "https://straße.de/a?b=c", ("https://xn--strae-oqa.de/a",)),
        (Dimension.REFERRER, Operator.IS, "Unknown", ("Unknown",)),
        (Dimension.REFERRER_HOST, Operator.IS, "straße.de", ("straße.de", "xn--strae-oqa.de")),
        (Dimension.HOST, Operator.CONTAINS, "shop.straße.de", ("shop.straße.de", "shop.xn--strae-oqa.de")),
        (Dimension.SOURCE, Operator.IS_NOT, "straße.de", ("straße.de", "xn--strae-oqa.de")),
        (Dimension.SOURCE, Operator.IS, "Hacker News", ("Hacker News",)),
        (Dimension.COUNTRY, Operator.IS, "GE", ("GE",)),
    ],
)
def test_a_typed_value_is_the_stored_one(
    dimension: Dimension, operator: Operator, typed: str, stored: tuple[str, ...]
) -> None:
    [found] = as_stored([Filter(dimension, operator, (typed,))], ("page", "id"))
    assert found.values == stored
    assert as_stored([found], ("page", "id")) == (found,)
