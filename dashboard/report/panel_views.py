"""A panel as the page shows it: one open tab, its rows ready to be shown, each with the links that filter.

    call, ReportRequest, Links, Panel, Reading -> PanelView        drawn by templates/_panel.html

The same view is part of the report page and an answer of its own, so both always show the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from counter.question import By, Dimension, Filter, Operator, Order, Row
from counter.reports.answer import ROW_METRICS, rate
from dashboard.access.call import Call
from dashboard.report.figures import CountryPoint, world
from dashboard.report.heat import HeatView, heat_view
from dashboard.report.links import Links
from dashboard.report.panel_hints import empty, gone_days, hint_of
from dashboard.report.panels import Panel, Tab, TabKind, tabs_of
from dashboard.report.reading import Reading
from dashboard.report.request import TOP_ROWS, ReportRequest, dimension_of
from dashboard.report.row_labels import label_of, label_of_count, outside_of
from dashboard.report.row_links import is_filtered, row_links, short
from dashboard.report.tables import table_of, title_of
from dashboard.words.catalogue import Words
from dashboard.words.numbers import number, percent


class TabLink(msgspec.Struct, frozen=True):
    name: str
    title: str
    url: str  # the report with this tab open
    fragment: str  # the panel alone
    current: bool


class RowView(msgspec.Struct, frozen=True):
    """One row; a link that is '' is none."""

    label: str
    width: int  # of the bar, in 100 of the longest
    cells: tuple[str, ...]
    filter_url: str = ""
    not_url: str = ""
    outside: str = ""
    active: bool = False  # the report is narrowed to it
    detail: str = ""


class PanelView(msgspec.Struct, frozen=True):
    """Everything `_panel.html` shows. A panel without rows has a sentence in `empty`."""

    name: str
    title: str
    tab: str
    tabs: tuple[TabLink, ...]
    kind: str
    heading: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[RowView, ...] = ()
    total_rows: int = 0
    heat: HeatView | None = None
    figure: str = ""  # JSON of a plotly figure
    empty: str = ""
    hint: str = ""  # what to do to see more here
    note: str = ""
    key: str = ""  # the property whose values are shown
    back_url: str = ""  # from the values to all properties
    only_url: str = ""  # the report of the events that have it
    why_url: str = ""
    rows_url: str = ""
    csv_url: str = ""
    json_url: str = ""
    lazy: str = ""  # the URL of the panel, when it is loaded later


def panel_view(call: Call, wanted: ReportRequest, links: Links, panel: Panel, reading: Reading) -> PanelView:
    """The panel with its open tab; `reading` holds what `read_tabs` found for that tab."""
    tab, words = wanted.open_tabs[panel.name], call.words
    view = _frame(words, wanted, links, panel, tab, reading)
    match tab.kind:
        case TabKind.ROWS | TabKind.MAP | TabKind.KEYS:
            return _with_rows(call, wanted, links, view, tab, reading)
        case TabKind.HEAT:
            heat = heat_view(words, call.site, reading.week_hours, wanted.metric)
            return msgspec.structs.replace(view, heat=heat, empty="" if heat else empty(words, wanted.filters))
        case TabKind.BOTS | TabKind.DROPS:
            return _with_counts(call, wanted, links, view, tab, reading)


def lazy_view(call: Call, wanted: ReportRequest, links: Links, panel: Panel, reading: Reading) -> PanelView:
    """The panel's frame, for the script to fill when it scrolls into view; without the script it is a link."""
    view = _frame(call.words, wanted, links, panel, wanted.open_tabs[panel.name], reading)
    return msgspec.structs.replace(view, lazy=next(tab.fragment for tab in view.tabs if tab.current))


def _frame(words: Words, wanted: ReportRequest, links: Links, panel: Panel, tab: Tab, reading: Reading) -> PanelView:
    name = panel.name
    here = {"tab": f"{name}:{tab.name}", **({"key": wanted.key} if tab.kind == TabKind.KEYS and wanted.key else {})}
    return PanelView(
        name=name,
        title=words(f"panels.{name}"),
        tab=tab.name,
        tabs=tuple(
            TabLink(
                one.name, words(f"panels.tab.{one.name}"), links.tab(name, one.name),
                links.tab(name, one.name, path=f"/panels/{name}"), one == tab,
            )
            for one in tabs_of(panel, tab, several_hosts=reading.several_hosts)
        ),
        kind=tab.kind.value,
        rows_url=links.to(f"/panels/{name}/rows", **here),
        csv_url=links.to(f"/panels/{name}.csv", **here),
        json_url=links.to(f"/panels/{name}.json", **here),
    )  # fmt: skip


# Breakdowns --------------------------------------------------------------------------------------------------------


def _with_rows(
    call: Call, wanted: ReportRequest, links: Links, view: PanelView, tab: Tab, reading: Reading
) -> PanelView:  # fmt: skip
    breakdown, words = reading.breakdowns[tab], call.words
    counts = _counts(breakdown.by)
    total = getattr(reading.report_of(tab).totals, counts[0])
    most = max((getattr(row.sums, counts[0]) for row in breakdown.rows), default=0)
    goals = breakdown.by.dimension == Dimension.GOAL

    def cells(row: Row) -> tuple[str, ...]:
        numbers = [getattr(row.sums, name) for name in counts]
        share = reading.answer.conversion_rate(row.sums.visitors) if goals else rate(numbers[0], total)
        return (*(number(words, one) for one in numbers), percent(words, share))

    rows = tuple(
        _row(call, wanted, links, tab, row.value, getattr(row.sums, counts[0]), most, cells(row))
        for row in breakdown.rows[:TOP_ROWS]
        if getattr(row.sums, counts[0])
    )
    return msgspec.structs.replace(
        view,
        heading=words(f"dimension.{breakdown.by.dimension.name.lower()}"),
        columns=(*(_column(words, name) for name in counts), words("panels.conversion" if goals else "panels.share")),
        rows=rows,
        total_rows=breakdown.total_rows,
        figure=_map(words, wanted, links, tab, breakdown.rows, counts[0], total) if tab.kind == TabKind.MAP else "",
        empty="" if rows else empty(words, wanted.filters),
        note=gone_days(words, tab, reading),
        hint=hint_of(words, tab, breakdown.by.dimension, (row.value for row in breakdown.rows))
        if rows or not wanted.filters
        else "",
        **_of_keys(wanted, links, tab),
    )


def _row(call: Call, wanted: ReportRequest, links: Links, tab: Tab, value: str, count: int, most: int,
         cells: tuple[str, ...]) -> RowView:  # fmt: skip
    dimension = dimension_of(tab, wanted)
    if dimension is None:
        raise AssertionError(f"the tab {tab.name} has no rows of a dimension")
    filter_url, not_url = row_links(links, tab, wanted, value)
    if dimension == Dimension.PROPERTY_KEY and filter_url:
        filter_url = links.tab("events", tab.name, key=value)  # first its values, then the filter
    return RowView(
        label=label_of(call.words, dimension, value),
        width=_width(count, most),
        cells=cells,
        filter_url=filter_url,
        not_url=not_url,
        outside=outside_of(call.site, dimension, value),
        active=is_filtered(tab, wanted, value),
    )


def _counts(by: By) -> tuple[str, ...]:
    """The numbers a row shows: what rows are sorted by, and visitors where they have any."""
    events_of_pages = by.dimension == Dimension.PAGE and by.order == Order.EVENTS
    if by.order == Order.VISITORS or events_of_pages or "visitors" not in ROW_METRICS[by.dimension]:
        return (by.order.value,)
    return (by.order.value, "visitors")


def _column(words: Words, name: str) -> str:
    return words("rows.count") if name == Order.EVENTS else title_of(words, name)


def _of_keys(wanted: ReportRequest, links: Links, tab: Tab) -> dict[str, str]:
    """For the values of a property: its key, the way back, and the report of the events that have it."""
    if tab.kind != TabKind.KEYS or not wanted.key:
        return {}
    one = Filter(Dimension.PROPERTY_KEY, Operator.IS, (wanted.key,))
    only = "" if one in wanted.filters else short(links.filtered(one))
    return {"key": wanted.key, "back_url": links.tab("events", tab.name), "only_url": only}


def _map(
    words: Words, wanted: ReportRequest, links: Links, tab: Tab, rows: Iterable[Row], count: str, total: int
) -> str:
    points = []
    for row in rows:
        value = getattr(row.sums, count)
        label = label_of(words, Dimension.COUNTRY, row.value)
        text = f"{label}: {number(words, value)} ({percent(words, rate(value, total))})"
        points.append(CountryPoint(row.value, value, text, row_links(links, tab, wanted, row.value)[0]))
    return msgspec.json.encode(world(points, label=words("panels.map"))).decode()


# Bots and drops ----------------------------------------------------------------------------------------------------


def _with_counts(
    call: Call, wanted: ReportRequest, links: Links, view: PanelView, tab: Tab, reading: Reading
) -> PanelView:  # fmt: skip
    words, table = call.words, table_of(tab, wanted, reading)
    counts = [int(line[-1] or 0) for line in table.lines]
    rows = tuple(
        RowView(
            label=label_of_count(words, tab, str(line[0])),
            width=_width(count, counts[0]),
            cells=(number(words, count), percent(words, rate(count, sum(counts)))),
            detail=words(f"bot.{line[1]}") if tab.kind == TabKind.BOTS and words.has(f"bot.{line[1]}") else "",
        )
        for line, count in zip(table.lines[:TOP_ROWS], counts, strict=False)
    )
    return msgspec.structs.replace(
        view,
        heading=words("panels.bot" if tab.kind == TabKind.BOTS else "panels.reason"),
        columns=(words("rows.count"), words("panels.share")),
        rows=rows,
        total_rows=table.total_rows,
        empty="" if rows else words("panels.empty.period"),
        hint="" if rows else words(f"panels.hint.{tab.name}"),
        note=words("panels.unfiltered") if wanted.filters else "",
        why_url=f"{links.base}/why" if call.administers else "",
    )


def _width(count: int, most: int) -> int:
    return max(1, round(100 * count / most)) if count and most else 0
