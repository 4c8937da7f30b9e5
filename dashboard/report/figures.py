"""Figures for plotly as plain dicts, {"data": [...], "layout": {...}}: pure, checked by plotly's own classes in tests.

A figure has no colours: `meta.role` says what a trace is, and the page's script takes the colour of the role from
its style sheet. Texts come ready made in the reader's language; plotly formats nothing, because it would do so in
English. What is shown is escaped for plotly's pseudo-HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dashboard.report.chart import DOTTED, TICKS, ChartPoint, label_step, tick_values
from dashboard.report.chart_points import axis_text
from dashboard.words.catalogue import Words
from dashboard.words.countries import ALPHA_3

Figure = dict[str, Any]

CLEAR: Final = "rgba(0,0,0,0)"
HOVER: Final = "%{text}<extra></extra>"  # the ready-made text, and no second box
MOST_TICKS: Final = 16  # of an x axis; the script leaves out what has no room on a narrow screen
HEIGHT: Final = 300  # CSS pixels
MAP_HEIGHT: Final = 280
ABOVE: Final = 1.01  # of the highest step: plotly draws no line at the very edge


class CountryPoint(msgspec.Struct, frozen=True):
    """One country of a map: its ISO 3166 code of two letters, what it counts, the text, and where a click leads."""

    code: str
    value: float
    text: str
    url: str = ""


def series_figure(points: Sequence[ChartPoint], before: Sequence[ChartPoint], words: Words, *,
                  metric: str = "visitors", title: str = "") -> Figure:  # fmt: skip
    """The main chart: a line over the buckets, its open end dotted, and what it is compared with, dashed.

    Time runs from left to right in every language, as in the charts of Arabic newspapers and spreadsheets, and in the
    server's drawing that this one replaces.
    """
    before = before[: len(points)]
    ends = next((index for index, point in enumerate(points) if point.unfinished), len(points))
    texts = [_hover(points, before, index) for index in range(len(points))]
    traces = [_line([point.value for point in before], "before", "dash")] if before else []
    finished = [point.value if index < ends else None for index, point in enumerate(points)]
    traces.append({**_line(finished, "now", "solid"), "fill": "tozeroy", **_hover_texts(points, texts, title)})
    if ends < len(points):
        open_end = [point.value if ends - 1 <= index <= ends else None for index, point in enumerate(points)]
        traces.append({**_line(open_end, "now", "dot"), **_hover_texts(points, texts, title)})
    layout = _layout(HEIGHT)
    layout["hovermode"] = "closest"
    layout["hoverdistance"] = -1
    layout["xaxis"] = {**_AXIS, "showgrid": False, "ticklabelstandoff": 8, **_ticks_of(points)}
    layout["yaxis"] = {**_AXIS, **_steps_of([*points, *before], words, metric)}
    return {"data": traces, "layout": layout}


def world(points: Sequence[CountryPoint], *, label: str = "") -> Figure:
    """Countries by shade. Other values are left out; states too small for the map are in the table next to it."""
    known = [point for point in points if point.code in ALPHA_3 and point.value > 0]
    layout = {**_layout(MAP_HEIGHT), "margin": dict.fromkeys("lrtb", 0), "dragmode": False, "geo": dict(_GEO)}
    trace = {
        "type": "choropleth",
        "locationmode": "ISO-3",
        "locations": [ALPHA_3[point.code] for point in known],
        "z": [point.value for point in known],
        "zmin": 0,
        "zmax": max((point.value for point in known), default=1),
        "text": [escaped(point.text) for point in known],
        "customdata": [point.url for point in known],
        "hovertemplate": HOVER,
        "showscale": False,
        "name": escaped(label),
        "meta": {"role": "map"},
    }
    return {"data": [trace], "layout": layout}


def escaped(text: str) -> str:
    """`text` as plotly shows it: nothing in it is markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(values: Sequence[float | None], role: str, dash: str) -> Figure:
    """A line that says nothing; a bucket without a number is a gap, and a lone one a dot."""
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= (DOTTED if role == "now" else 1) else "lines",
        "x": list(range(len(values))),
        "y": list(values),
        "hoverinfo": "skip",
        "line": {"dash": dash},
        "connectgaps": False,
        "meta": {"role": role},
    }


def _hover_texts(points: Sequence[ChartPoint], texts: Sequence[str], title: str) -> Figure:
    """The text of each point, and where a click on it leads."""
    return {
        "name": escaped(title), "text": list(texts), "customdata": [point.url for point in points],
        "hovertemplate": HOVER, "hoverinfo": "text",
    }  # fmt: skip


def _hover(points: Sequence[ChartPoint], before: Sequence[ChartPoint], index: int) -> str:
    """A bucket, and below it the one it is compared with."""
    both = (points[index], *before[index : index + 1])
    return "<br>".join(escaped(f"{point.label}: {point.text}") for point in both)


def _ticks_of(points: Sequence[ChartPoint]) -> Figure:
    """Not too many labels, at the steps of the drawing."""
    every = label_step(len(points), MOST_TICKS) if points else 1
    at = list(range(0, len(points), every))
    return {
        "range": [-0.5, max(len(points), 1) - 0.5],
        "tickmode": "array", "tickvals": at, "ticktext": [escaped(points[one].short) for one in at],
    }  # fmt: skip


def _steps_of(points: Sequence[ChartPoint], words: Words, metric: str) -> Figure:
    steps = list(tick_values(max((point.value for point in points if point.value), default=TICKS), metric))
    texts = [escaped(axis_text(words, metric, step)) for step in steps]
    return {"range": [0, steps[-1] * ABOVE], "tickmode": "array", "tickvals": steps, "ticktext": texts}


def _layout(height: int) -> Figure:
    return {
        "height": height,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "showlegend": False,
        "margin": {"l": 48, "r": 12, "t": 16, "b": 32},
        "hoverlabel": {"align": "left"},
    }


_AXIS: Final[Figure] = {"fixedrange": True, "zeroline": False, "ticks": "", "automargin": True}
_GEO: Final[Figure] = {
    "bgcolor": CLEAR,
    "showframe": False,
    "showcoastlines": False,
    "showland": True,
    "showlakes": False,
    "showcountries": True,
    "projection": {"type": "natural earth"},
    "lataxis": {"range": [-58, 85]},
}
