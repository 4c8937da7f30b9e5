"""URLs that keep the question: every link of a report has all of it, so that it can be bookmarked and shared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote_plus

from counter.question import Filter, Operator
from counter.reports.grammar import Query, filter_text

QUESTION: Final = ("period", "from", "to", "filter", "compare", "bucket", "metric")  # what goes from page to page
OF_PAGE: Final = ("tab", "key")  # what one page shows of it

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~:,/-]*", re.ASCII)  # most texts; quoting takes longer than this check


class Links:
    """The links of one site's pages. `filters` are those of the query, in its order."""

    def __init__(self, site_id: str, query: Query, filters: tuple[Filter, ...]) -> None:
        self.base = f"/dashboard/sites/{quote_plus(site_id)}"
        self.filters = filters
        self._kept = [
            (name, value) for name, value in query.items() if name in (*QUESTION, *OF_PAGE) and name != "filter"
        ]

    def report(self, **changes: str | None) -> str:
        """The report with some parameters changed; None takes one away. A keyword ending in _ is without it: from_."""
        return self.to("", **changes)

    def to(self, path: str, **changes: str | None) -> str:
        """Another page of the site (`/hits`) with the same question; tabs stay on the report."""
        wanted = {name.rstrip("_"): value for name, value in changes.items()}
        dropped = {*wanted, *(OF_PAGE if path else ())}
        if wanted.get("period") is not None:
            dropped |= {"from", "to"}
        if wanted.get("from") is not None:
            dropped.add("period")
        pairs = [pair for pair in self._kept if pair[0] not in dropped]
        pairs += [(name, value) for name, value in wanted.items() if value is not None]
        return self._url(path, pairs, self.filters)

    def tab(self, panel: str, tab: str, *, path: str = "", key: str | None = None) -> str:
        """The report with this tab of a panel open, of a property's with its `key`; another page with `path`."""
        tabs = [value for name, value in self._kept if name == "tab" and not value.startswith(f"{panel}:")]
        pairs = [pair for pair in self._kept if pair[0] not in OF_PAGE]
        pairs += [("tab", value) for value in (*tabs, f"{panel}:{tab}")]
        pairs += [("key", key)] if key is not None else []
        return self._url(path, pairs, self.filters) + ("" if path else f"#panel-{panel}")

    def filtered(self, one: Filter, *needed: Filter) -> str:
        """The report narrowed by one filter more: `is` takes the place of an earlier `is`, and the same again is taken
        away; `is not` and `contains` add a value. `needed` are there as well, and stay when `one` is taken away."""
        filters = _with(self.filters, one)
        for other in needed:
            filters = filters if other in filters else _with(filters, other)
        return self._url("", self._kept, filters)

    def without(self, index: int) -> str:
        """The report without the filter at `index`."""
        return self._url("", self._kept, self.filters[:index] + self.filters[index + 1 :])

    def unfiltered(self) -> str:
        return self._url("", self._kept, ())

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """The question as fields of a form that asks for something more; without the parameters named."""
        pairs = [pair for pair in self._kept if pair[0] not in but]
        return pairs + ([] if "filter" in but else [("filter", filter_text(one)) for one in self.filters])

    def _url(self, path: str, pairs: Iterable[tuple[str, str]], filters: Iterable[Filter]) -> str:
        parts = [f"{name}={_quoted(value)}" for name, value in pairs]
        parts += [f"filter={_quoted(filter_text(one))}" for one in filters]
        return f"{self.base}{path}?{'&'.join(parts)}" if parts else f"{self.base}{path}"


def _with(filters: tuple[Filter, ...], added: Filter) -> tuple[Filter, ...]:
    if added in filters:
        return tuple(one for one in filters if one != added)
    for index, one in enumerate(filters):
        if (one.dimension, one.key, one.operator) == (added.dimension, added.key, added.operator):
            if added.operator != Operator.IS:
                values = tuple(dict.fromkeys((*one.values, *added.values)))
                added = Filter(added.dimension, added.operator, values, added.key)
            return (*filters[:index], added, *filters[index + 1 :])
    return (*filters, added)


def _quoted(text: str) -> str:
    """As a browser's form sends it, but with the signs that are harmless in a query left readable."""
    return text if _PLAIN.fullmatch(text) else quote_plus(text, safe=":,/")
