"""Figures are what plotly takes, without colours, and nothing in them is markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from counter import labels
from dashboard.report import chart
from dashboard.report.chart import ChartPoint
from dashboard.report.figures import CountryPoint, escaped, series_figure, world
from dashboard.words.catalogue import LANGUAGES
from dashboard.words.countries import ALPHA_3
from tests.kit.worlds import HOSTILE

EN = LANGUAGES["en"]
MAP = Path(__file__).parents[2] / "dashboard" / "static" / "world_110m.json"
AREAS = frozenset({"XAC", "XAP", "XBT", "XHT", "XIT", "XJK"})  # of the map that are no country of anybody's alone


def point(index: int, value: float | None, label: str = "", **more: Any) -> ChartPoint:
    text = label or f"day {index}"
    return ChartPoint(text, value, "—" if value is None else f"{value:g}", f"/dashboard/{index}", text, **more)


def texts_of(figure: Any) -> list[str]:
    """Every text of a figure, wherever it stands."""
    if isinstance(figure, str):
        return [figure]
    if isinstance(figure, dict):
        return [text for one in figure.values() for text in texts_of(one)]
    return [text for one in figure for text in texts_of(one)] if isinstance(figure, list | tuple) else []


def keys_of(figure: Any) -> set[str]:
    if isinstance(figure, dict):
        return set(figure).union(*(keys_of(one) for one in figure.values()))
    return set().union(*(keys_of(one) for one in figure)) if isinstance(figure, list | tuple) else set()


SERIES = {
    "nothing": ([], []),
    "one point": ([point(0, 3)], []),
    "zeros": ([point(n, 0) for n in range(7)], []),
    "a month and the one before": ([point(n, n * n) for n in range(30)], [point(n, 40 - n) for n in range(31)]),
    "gaps": ([point(0, 1), point(1, None), point(2, 3)], [point(0, None)]),
    "a day that is not over": ([point(n, 5, unfinished=n == 2, ahead=n > 2) for n in range(3)] + [point(3, None)], []),
    "a first day that is not over": ([point(0, 5, unfinished=True)], []),
    "four years of days": ([point(n, n % 97) for n in range(1461)], []),
    "texts of strangers": ([point(n, n, text) for n, text in enumerate(HOSTILE)], []),
}
METRICS = ("visitors", "bounce_rate", "visit_duration", "views_per_visit")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", list(SERIES))
@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_the_main_chart_is_a_figure_that_plotly_takes(name: str, metric: str, tag: str) -> None:
    points, before = SERIES[name]
    figure = series_figure(points, before, LANGUAGES[tag], metric=metric, title="<b>&")
    go.Figure(figure)
    assert json.loads(json.dumps(figure)) == figure
    assert not keys_of(figure) & {"color", "colorscale", "marker", "font"}
    roles = [trace["meta"]["role"] for trace in figure["data"]]
    assert roles == ["before"] * bool(before) + ["now"] * (1 + any(one.unfinished for one in points))


def test_a_chart_has_every_number_once_where_it_stands_in_time() -> None:
    points, before = SERIES["a month and the one before"]
    earlier, now = series_figure(points, before, EN)["data"]
    assert now["y"] == [one.value for one in points]
    assert now["x"] == earlier["x"] == list(range(30))
    assert earlier["y"] == [one.value for one in before[:30]]
    assert now["customdata"] == [one.url for one in points]
    assert now["text"][3] == "day 3: 9<br>day 3: 37"


def test_what_is_not_over_is_drawn_apart_and_leads_on_from_what_is() -> None:
    now, open_end = series_figure(SERIES["a day that is not over"][0], [], EN)["data"]
    assert now["y"] == [5, 5, None, None]
    assert open_end["y"] == [None, 5, 5, None]
    assert (now["line"]["dash"], open_end["line"]["dash"]) == ("solid", "dot")


@pytest.mark.parametrize("name", list(SERIES))
def test_the_axes_have_ready_made_texts_and_the_steps_of_the_drawing(name: str) -> None:
    points, before = SERIES[name]
    layout = series_figure(points, before, EN)["layout"]
    for axis in (layout["xaxis"], layout["yaxis"]):
        assert axis["tickmode"] == "array"
        assert len(axis["tickvals"]) == len(axis["ticktext"])
    assert len(layout["xaxis"]["tickvals"]) <= 16
    assert [tick.value for tick in chart.draw_chart(points, before, "visitors").ticks] == layout["yaxis"]["tickvals"]
    assert "<" not in "".join(layout["xaxis"]["ticktext"])


def test_nothing_that_strangers_chose_is_markup_of_a_chart() -> None:
    figure = series_figure(SERIES["texts of strangers"][0], SERIES["texts of strangers"][0], EN, title=HOSTILE[0])
    for text in texts_of(figure):
        assert "<" not in text.replace("<br>", "").replace("<extra></extra>", "")
    assert escaped("a<b>&amp;") == "a&lt;b&gt;&amp;amp;"


def test_the_map_is_a_figure_that_plotly_takes_with_countries_by_three_letters() -> None:
    points = [CountryPoint("GE", 12, "Georgia: 12", "/dashboard/ge"), CountryPoint("DE", 3, "<b>Germany</b>")]
    figure = world(points, label="<i>")
    go.Figure(figure)
    (trace,) = figure["data"]
    assert (trace["locations"], trace["z"], trace["zmax"]) == (["GEO", "DEU"], [12, 3], 12)
    assert trace["text"] == ["Georgia: 12", "&lt;b&gt;Germany&lt;/b&gt;"]
    assert trace["customdata"] == ["/dashboard/ge", ""]
    assert (trace["locationmode"], trace["meta"]) == ("ISO-3", {"role": "map"})
    assert not keys_of(figure) & {"color", "colorscale", "landcolor", "font"}


def test_what_is_no_country_is_not_on_the_map() -> None:
    codes = ("Unknown", "(other)", "", "ge", "GEO", "ZZ", "EU", "T1", "<b", "ＧＥ", "__proto__")
    figure = world([CountryPoint(code, 5, code) for code in codes])
    go.Figure(figure)
    assert figure["data"][0]["locations"] == []
    assert world([CountryPoint("GE", 0, "")])["data"][0]["locations"] == []


def test_every_country_of_the_map_and_of_every_language_has_its_code_of_three_letters() -> None:
    drawn = {one["id"] for one in json.loads(MAP.read_bytes())["objects"]["countries"]["geometries"]}
    assert drawn - set(ALPHA_3.values()) == AREAS
    assert len(set(ALPHA_3.values())) == len(ALPHA_3)
    for language in labels.LANGUAGES.values():
        assert set(language.countries) <= set(ALPHA_3)
    assert all(len(two) == 2 and len(three) == 3 and (two + three).isupper() for two, three in ALPHA_3.items())


def test_the_map_lacks_small_states_so_a_table_stands_beside_it() -> None:
    drawn = {one["id"] for one in json.loads(MAP.read_bytes())["objects"]["countries"]["geometries"]}
    assert {ALPHA_3[code] for code in ("MT", "SG", "LI", "HK")}.isdisjoint(drawn)
