"""All rows of a tab as a page: every number they have, sorted by a column, searched, a hundred a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from counter.question import Dimension, Order
from counter.site import WEEKDAYS
from dashboard.access.call import Call
from dashboard.report.links import Links
from dashboard.report.panels import Panel, Tab, TabKind, tabs_of
from dashboard.report.reading import Reading
from dashboard.report.request import ReportRequest, dimension_of, key_of
from dashboard.report.row_labels import label_of, label_of_count, outside_of
from dashboard.report.row_links import is_filtered, row_links
from dashboard.report.tables import Table, TableLine, shown, sortable, table_of, title_of
from dashboard.words.catalogue import Words
from dashboard.words.numbers import hour, weekday

PAGE_ROWS: Final = 100


class Heading(msgspec.Struct, frozen=True):
    """A column's; without a URL rows cannot be sorted by it."""

    title: str
    url: str = ""
    sorted: bool = False
    number: bool = True


class RowLine(msgspec.Struct, frozen=True):
    """One row: its label with links, further texts, numbers. A link that is '' is none."""

    label: str
    texts: tuple[str, ...]
    cells: tuple[str, ...]
    filter_url: str = ""
    not_url: str = ""
    outside: str = ""
    active: bool = False


class RowsView(msgspec.Struct, frozen=True):
    """Everything `rows.html` shows."""

    title: str
    tabs: tuple[tuple[str, str, bool], ...]  # title, URL, whether it is the open one
    headings: tuple[Heading, ...]
    lines: tuple[RowLine, ...]
    total_rows: int
    first: int  # numbers of the first and the last row shown, from 1
    last: int
    search: str
    search_url: str  # the form's action, and what it keeps of the question
    hidden: tuple[tuple[str, str], ...]
    clear_url: str
    empty: str
    note: str
    incomplete: int  # days whose raw rows are gone, which these rows would need
    report_url: str
    csv_url: str
    json_url: str
    previous_url: str = ""
    next_url: str = ""


def rows_view(call: Call, wanted: ReportRequest, links: Links, panel: Panel, reading: Reading, *, search: str,
              page: int) -> RowsView:  # fmt: skip
    """The page; `reading` holds the rows that it shows."""
    words, tab, path = call.words, wanted.open_tabs[panel.name], f"/panels/{panel.name}/rows"
    offset = (page - 1) * PAGE_ROWS
    table = table_of(tab, wanted, reading, search=search, limit=PAGE_ROWS, offset=offset)
    order = reading.breakdowns[tab].by.order if tab in reading.breakdowns else None
    here = link_state(panel, tab, wanted, call.request.query)

    def to(suffix: str, **changes: str | None) -> str:
        return links.to(f"/panels/{panel.name}{suffix}", **{**here, **changes})

    last = offset + len(table.lines)
    return RowsView(
        title=_title(words, tab, wanted),
        tabs=tuple(
            (words(f"panels.tab.{one.name}"), links.to(path, tab=f"{panel.name}:{one.name}"), one == tab)
            for one in tabs_of(panel, tab, several_hosts=reading.several_hosts)
        ),
        headings=_headings(words, tab, wanted, table, order, {name: to("/rows", order=name) for name in table.numbers}),
        lines=tuple(_line(call, wanted, links, panel, tab, table, line) for line in table.lines),
        total_rows=table.total_rows,
        first=offset + 1 if table.lines else 0,
        last=last,
        search=search,
        search_url=f"{links.base}{path}",
        hidden=(
            *((name, text) for name, text in links.hidden() if name not in {"tab", "key"}),
            *((name, text) for name, text in here.items() if name != "search" and text is not None),
        ),
        clear_url=to("/rows", search=None),
        empty="" if table.lines else _empty(words, wanted, search),
        note=_note(words, tab, wanted),
        incomplete=len(reading.report_of(tab).incomplete_days),
        report_url=links.tab(panel.name, tab.name, key=wanted.key if tab.kind == TabKind.KEYS and wanted.key else None),
        csv_url=to(".csv"),
        json_url=to(".json"),
        previous_url=to("/rows", page=None if page == 2 else str(page - 1)) if page > 1 else "",
        next_url=to("/rows", page=str(page + 1)) if last < table.total_rows else "",
    )  # fmt: skip


def link_state(panel: Panel, tab: Tab, wanted: ReportRequest, query: Mapping[str, str]) -> dict[str, str | None]:
    """What a link of the page keeps besides the question: the tab, the key, the order and the search."""
    found: dict[str, str | None] = {"tab": f"{panel.name}:{tab.name}"}
    if tab.kind == TabKind.KEYS and wanted.key:
        found["key"] = wanted.key
    return {**found, **{name: query[name] for name in ("order", "search") if query.get(name)}}


def _title(words: Words, tab: Tab, wanted: ReportRequest) -> str:
    if tab.kind == TabKind.KEYS and wanted.key:
        return words("panels.values_of", key=wanted.key)
    return words(f"panels.tab.{tab.name}")


def _headings(words: Words, tab: Tab, wanted: ReportRequest, table: Table, order: Order | None,
              urls: Mapping[str, str]) -> tuple[Heading, ...]:  # fmt: skip
    dimension, known = dimension_of(tab, wanted), sortable(tab, wanted)
    texts = (
        [words(f"dimension.{dimension.name.lower()}")] if dimension else [_text_title(words, one) for one in table.keys]
    )
    return (
        *(Heading(text, number=False) for text in texts),
        *(
            Heading(title_of(words, name), urls[name] if name in known else "", name in known and name == order)
            for name in table.numbers
        ),
    )


def _text_title(words: Words, key: str) -> str:
    return words("panels.bot") if key == "name" else words(f"rows.{key}")


def _line(
    call: Call, wanted: ReportRequest, links: Links, panel: Panel, tab: Tab, table: Table, line: TableLine
) -> RowLine:  # fmt: skip
    words, keys = call.words, len(table.keys)
    value, *rest = (str(text) for text in line[:keys])
    cells = tuple(shown(words, name, one) for name, one in zip(table.numbers, line[keys:], strict=True))
    dimension = dimension_of(tab, wanted)
    if dimension is None:
        return RowLine(_label(words, tab, value), tuple(_text(words, tab, one) for one in rest), cells)
    filter_url, not_url = row_links(links, tab, wanted, value)
    if dimension == Dimension.PROPERTY_KEY and filter_url:
        filter_url = links.to(f"/panels/{panel.name}/rows", tab=f"{panel.name}:{tab.name}", key=value)
    return RowLine(
        label_of(words, dimension, value), (), cells, filter_url, not_url, outside_of(call.site, dimension, value),
        is_filtered(tab, wanted, value),
    )  # fmt: skip


def _label(words: Words, tab: Tab, value: str) -> str:
    return weekday(words, WEEKDAYS.index(value)) if tab.kind == TabKind.HEAT else label_of_count(words, tab, value)


def _text(words: Words, tab: Tab, text: str) -> str:
    """The text next to a row's label: an hour, or the kind of a bot and how it was recognised."""
    if tab.kind == TabKind.HEAT:
        return hour(words, int(text))
    return words(f"bot.{text}") if words.has(f"bot.{text}") else text


def _empty(words: Words, wanted: ReportRequest, search: str) -> str:
    if search:
        return words("panels.empty.search", text=search)
    return words("panels.empty.filtered" if wanted.filters else "panels.empty.period")


def _note(words: Words, tab: Tab, wanted: ReportRequest) -> str:
    """Notices about the numbers: filters that do not apply, visitors that are daily ones."""
    if tab.kind in {TabKind.BOTS, TabKind.DROPS}:
        return words("panels.unfiltered") if wanted.filters else ""
    return (
        words("rows.visitors_hint") if wanted.period.end - wanted.period.start > 1 and not key_of(tab, wanted) else ""
    )
