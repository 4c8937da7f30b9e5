"""The main chart's geometry: round ticks, labels that never overlap, gaps where nothing is known."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.report.chart import (
    BOTTOM,
    GAP,
    LETTER,
    ROOMS,
    TICKS,
    TOP,
    ChartPoint,
    draw_chart,
    label_step,
    tick_values,
)
from dashboard.report.chart_points import axis_text
from dashboard.words.catalogue import LANGUAGES

METRICS = ("visitors", "views_per_visit", "bounce_rate", "visit_duration")


def points(*values: float | None, unfinished: int | None = None) -> list[ChartPoint]:
    return [
        ChartPoint(f"day {index}", value, str(value), short=f"{index} Nov", unfinished=index == unfinished)
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("metric", "highest", "ticks"),
    [
        ("visitors", 1, [0, 1]),
        ("visitors", 4, [0, 1, 2, 3, 4]),
        ("visitors", 9, [0, 5, 10]),
        ("visitors", 83, [0, 25, 50, 75, 100]),
        ("visitors", 1234, [0, 500, 1000, 1500]),
        ("pageviews", 9_999_999, [0, 2_500_000, 5_000_000, 7_500_000, 10_000_000]),
        ("bounce_rate", 100, [0, 25, 50, 75, 100]),
        ("views_per_visit", 2.4, [0, 1, 2, 3]),
        ("visit_duration", 103, [0, 30, 60, 90, 120]),
        ("visit_duration", 4000, [0, 1200.0 * 1.5, 3600, 5400]),
        ("visit_duration", 20_000, [0, 7200, 14_400, 21_600]),
    ],
)
def test_an_axis_has_up_to_four_round_steps(metric: str, highest: float, ticks: list[float]) -> None:
    assert list(tick_values(highest, metric)) == ticks


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("visit_duration", 0, "0:00"), ("visit_duration", 90, "1:30"), ("visit_duration", 5400, "1:30:00"),
        ("views_per_visit", 2, "2"), ("views_per_visit", 2.5, "2.5"), ("views_per_visit", 0.25, "0.25"),
        ("bounce_rate", 25, "25%"), ("visitors", 2_500_000, "2.5M"), ("online", 3, "3"),
    ],
)  # fmt: skip
def test_an_axis_is_told_shortly(metric: str, value: float, text: str) -> None:
    assert axis_text(LANGUAGES["en"], metric, value) == text


@given(highest=st.floats(0.01, 1e9), metric=st.sampled_from(METRICS))
def test_the_last_step_of_an_axis_is_never_below_the_highest_point(highest: float, metric: str) -> None:
    ticks = list(tick_values(highest, metric))
    assert ticks[-1] >= highest
    assert 2 <= len(ticks) <= TICKS + 1


@given(count=st.integers(1, 1500), letters=st.integers(1, 24))
def test_labels_have_room_on_every_screen(count: int, letters: int) -> None:
    drawn = draw_chart([ChartPoint("x", 1, "1", short="x" * letters) for _ in range(count)], [], "visits")
    rooms: list[str] = []
    for room, pixels in ROOMS:
        rooms.append(room)
        at = [float(label.x.rstrip("%")) * pixels / 100 for label in drawn.labels if label.room in rooms]
        needed = min(LETTER * letters + GAP, pixels) - 0.1  # what rounding takes
        assert all(after - before >= needed for before, after in pairwise(at))
    assert any(label.room == "" for label in drawn.labels)


@given(points=st.integers(1, 5000), most=st.integers(1, 60), of=st.sampled_from([1, 2, 3, 7]))
def test_steps_between_labels_keep_to_what_has_room(points: int, most: int, of: int) -> None:
    step = label_step(points, most, of)
    assert step % of == 0
    assert -(-points // step) <= most


def test_a_line_is_interrupted_where_nothing_is_known_and_a_lone_point_is_a_dot() -> None:
    drawn = draw_chart(points(4, 2, None, 4, None, 0), [], "visits")
    top, bottom = TOP, BOTTOM
    assert drawn.line == (
        f"M83.3,{top}L250,{(top + bottom) // 2} M583.3,{top}L583.3,{top} M916.7,{bottom}L916.7,{bottom}"
    )
    assert drawn.area.count("M") == drawn.area.count("Z") == 3


def test_what_is_not_over_is_dashed_from_the_last_that_is() -> None:
    drawn = draw_chart(points(1, 2, 1, None, unfinished=2), [], "visits")
    assert re.findall(r"[\d.]+,", drawn.line) == ["125,", "375,"]
    assert re.findall(r"[\d.]+,", drawn.open_end) == ["375,", "625,"]
    alone = draw_chart(points(1, unfinished=0), [], "visits")
    assert (alone.line, alone.open_end) == ("", f"M500,{TOP}L500,{TOP}")


def test_a_comparison_is_drawn_on_the_same_axis_and_not_beyond_the_period() -> None:
    drawn = draw_chart(points(1, 2), points(8, 4, 100), "visits")
    assert drawn.ticks[-1].value == 8
    assert drawn.before.count(",") == 2
    assert [slot.title for slot in drawn.slots] == ["day 0: 1\nday 0: 8", "day 1: 2\nday 1: 4"]


def test_annotations_of_one_bucket_share_a_mark_with_their_numbers() -> None:
    drawn = draw_chart(points(1, 2, 3, 4), [], "visits", [0, 2, 2, 2, 3])
    assert [(mark.x, mark.text) for mark in drawn.marks] == [("12.5%", "1"), ("62.5%", "2–4"), ("87.5%", "5")]


@pytest.mark.parametrize("values", [(), (None,), (0,), (0, 0, None)])
def test_nothing_at_all_is_an_empty_chart(values: tuple[float | None, ...]) -> None:
    drawn = draw_chart(points(*values), [], "visits")
    assert len(drawn.slots) == len(values)
    assert drawn.ticks[0].y == BOTTOM
