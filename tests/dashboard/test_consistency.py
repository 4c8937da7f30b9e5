"""Every number agrees with every other: page, chart, CSV, JSON, API and widget are one naive count of `hit_log`.

Random sites, random filters, random periods and buckets; nothing here knows how the service counts.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections import defaultdict
from typing import Any

import pytest

from counter.calendar.localtime import day_date
from counter.question import Bucket, By, Dimension, Filter, Operator, Question, Sums
from counter.reports.answer import ROW_METRICS, metrics, total_metrics
from counter.reports.grammar import filter_text
from counter.site import TokenMay
from dashboard.report.chart_points import metric_text
from dashboard.report.csv_cells import plain
from dashboard.report.panels import PANELS, TabKind
from dashboard.words import numbers
from dashboard.words.catalogue import LANGUAGES
from tests.dashboard.test_report_page import COUNTED, cards
from tests.kit.app import NOON, Counter, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.report_oracle import Answer, Hit, read_log
from tests.kit.worlds import GOALS, TODAY, ZONE, attribute, body_rows, open_site, query

EN = LANGUAGES["en"]
SITE = "/dashboard/sites/demo"
DIMENSIONS = tuple(one for one in Dimension if one not in (Dimension.TITLE, Dimension.PROPERTY, Dimension.GOAL))
# The lines of the widget, and the period of the report that says the same.
LINES = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all")


class Asked:
    """A random question of a site, and what every form of its answer must say."""

    def __init__(self, counter: Counter, hits: list[Hit], rng: random.Random) -> None:
        self.start = TODAY - rng.choice((0, 1, 6, 13, 27, 40))
        self.end = rng.choice((TODAY + 1, TODAY + 1, min(self.start + 3, TODAY + 1)))
        self.filters = tuple(_filter(rng, hits) for _ in range(rng.randint(0, 3)))
        self.bucket = rng.choice([Bucket.DAY, Bucket.WEEK, Bucket.MONTH, Bucket.HOUR])
        if self.bucket == Bucket.HOUR and self.end - self.start > 31:
            self.bucket = Bucket.DAY
        self.metric = rng.choice(COUNTED)
        question = Question(counter.site_key(), self.start, self.end, self.filters, self.bucket, 6)
        self.found = Answer(hits, question, ZONE, GOALS)
        self.totals = metrics(self.found.totals())
        self.series = self.found.series()
        # A chart ends with now; exports have the hours to come, too.
        self.drawn = [(at, sums) for at, sums in self.series if self.bucket != Bucket.HOUR or at <= NOON]
        self.query = query([
            ("from", str(day_date(self.start))), ("to", str(day_date(self.end - 1))), ("bucket", self.bucket.value),
            *(("filter", filter_text(one)) for one in self.filters),
        ])  # fmt: skip

    def __repr__(self) -> str:
        return f"{self.query} metric={self.metric}"


def _filter(rng: random.Random, hits: list[Hit]) -> Filter:
    dimension = rng.choice(DIMENSIONS)
    field = dimension.name.lower()
    known = sorted({str(hit.get(field) or "Unknown") for hit in hits}) if field in hits[0] else ["plan", "url"]
    if dimension == Dimension.EVENT:
        known = sorted({hit["name"] for hit in hits})
    values = tuple({rng.choice([*known, "Atlantis"]): None for _ in range(rng.randint(1, 2))})
    operator = rng.choice(tuple(Operator))
    if operator == Operator.CONTAINS:
        values = tuple(value[: rng.randint(1, 5)] for value in values)
    return Filter(dimension, operator, values)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 12))])
async def test_page_chart_csv_json_and_api_say_what_a_naive_count_of_the_hit_log_says(
    start: Start, signed_in: SignedIn, seed: int
) -> None:
    counter, owner = await open_site(start, signed_in, 100 + seed, count=150)
    rng = random.Random(seed)
    hits = read_log(counter.folder, "demo")
    reader = await counter.add_token(token="reads", may=TokenMay.READ)
    for _ in range(5):
        asked = Asked(counter, hits, rng)
        page = await owner.text(f"{SITE}?{asked.query}&metric={asked.metric}&compare=none")
        verify_page(asked, page)
        verify_figure(asked, page)
        verify_csv(asked, await owner.text(f"{SITE}/export.csv?{asked.query}&compare=none"))
        verify_json(asked, json.loads(await owner.text(f"{SITE}/export.json?{asked.query}&compare=none")))
        answer = await counter.get(f"/api/v1/report?site=demo&{asked.query}", headers=reader)
        verify_report(asked, await answer.json())


def verify_page(asked: Asked, page: str) -> None:
    found = cards(page)
    assert {metric: found[metric][0] for metric in COUNTED} == {
        metric: metric_text(EN, metric, asked.totals[metric]) for metric in COUNTED
    }, asked
    shown = [row.cells[1] for row in body_rows(page, "list")]
    assert shown == [metric_text(EN, asked.metric, metrics(sums)[asked.metric]) for _, sums in asked.drawn], asked


def verify_figure(asked: Asked, page: str) -> None:
    """What plotly draws: the values of the lines, one after the other where the last bucket is not over."""
    figure = json.loads(attribute(page[page.index('id="chart"') :], "data-figure")[0])
    drawn: dict[int, Any] = {}
    for trace in figure["data"]:
        drawn |= {index: value for index, value in enumerate(trace["y"]) if value is not None}
    wanted = [metrics(sums)[asked.metric] for _, sums in asked.drawn]
    assert drawn == {index: value for index, value in enumerate(wanted) if value is not None}, asked


def verify_csv(asked: Asked, text: str) -> None:
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1:]
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for section, tab, value, detail, metric, number in lines:
        found[section, tab][plain(value) if not detail else f"{value} {detail}"][metric] = number
    assert _numbers(found["totals", ""][""]) == _shown(total_metrics(asked.found.totals())), asked
    series = [_numbers(found["series", asked.bucket.value][key]) for key in found["series", asked.bucket.value]]
    assert series == [_shown(metrics(sums)) for _, sums in asked.series], asked
    for panel, tab, by in _tabs():
        expected = Answer(_hits(asked), _with(asked, tab.only), ZONE, GOALS).breakdown(by)
        rows = found[panel.name, tab.name]
        assert set(rows) == set(expected), (asked, tab.name)
        for value, sums in expected.items():
            wanted = _shown(metrics(sums, ROW_METRICS[by.dimension]))
            assert {name: rows_of for name, rows_of in _numbers(rows[value]).items() if name in wanted} == wanted, tab


def verify_json(asked: Asked, body: dict[str, Any]) -> None:
    verify_report(asked, body)
    expected = {(tab.name): Answer(_hits(asked), _with(asked, tab.only), ZONE, GOALS).breakdown(by)
                for _, tab, by in _tabs()}  # fmt: skip
    for one in body["breakdowns"]:
        if one["tab"] not in expected:
            continue
        rows = {row["value"]: row for row in one["rows"]}
        assert set(rows) == set(expected[one["tab"]]), (asked, one["tab"])
        for value, sums in expected[one["tab"]].items():
            dimension = Dimension[one["by"].upper()]
            wanted = metrics(sums, ROW_METRICS[dimension])
            assert {name: rows[value][name] for name in wanted} == wanted, (asked, one["tab"], value)


def verify_report(asked: Asked, body: dict[str, Any]) -> None:
    assert {name: body["totals"][name] for name in asked.totals} == asked.totals, asked
    points = [{name: point[name] for name in asked.totals} for point in body["series"]["points"]]
    assert points == [metrics(sums) for _, sums in asked.series], asked


def _tabs() -> list[tuple[Any, Any, By]]:
    """Every list of values that stands in an export."""
    return [
        (panel, tab, By(tab.dimension, tab.key))
        for panel in PANELS
        for tab in panel.tabs
        if tab.dimension is not None and tab.kind == TabKind.ROWS
    ]


def _with(asked: Asked, more: tuple[Filter, ...]) -> Question:
    question = asked.found.question
    return Question(question.site_key, question.start, question.end, (*asked.filters, *more), asked.bucket, 6)


def _hits(asked: Asked) -> list[Hit]:
    return sorted((hit for hits in asked.found.visits.values() for hit in hits), key=lambda hit: int(hit["hit"]))


def _numbers(texts: dict[str, str]) -> dict[str, float | None]:
    return {name: float(text) if text else None for name, text in texts.items()}


def _shown(values: dict[str, int | float | None]) -> dict[str, float | None]:
    return {name: None if value is None else float(value) for name, value in values.items()}


@pytest.mark.parametrize("metric", ["visits", "visitors", "pageviews"])
async def test_the_report_of_a_period_says_what_the_widget_says(start: Start, signed_in: SignedIn, metric: str) -> None:
    counter, owner = await open_site(start, signed_in, 7)
    totals = await counter.totals(metric=metric)
    page = await (await counter.get(f"/widget/demo.html?metric={metric}")).text()
    for line in LINES:
        shown = cards(await owner.text(f"{SITE}?period={line}"))[metric][0]
        assert shown == numbers.number(EN, totals[line]["count"]), line
        assert shown in page, line


async def test_the_overview_says_what_reports_say(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 8)
    page = await owner.text("/dashboard/")
    today = cards(await owner.text(f"{SITE}?period=today"))
    month = cards(await owner.text(f"{SITE}?period=28d"))
    for metric in ("visitors", "visits", "pageviews"):
        assert today[metric][0] in page
        assert f"{month[metric][0]} in 28 days" in page


async def test_the_numbers_are_those_of_every_role(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 9)
    people: list[Client] = [await signed_in(counter, role, role, "demo") for role in ("viewer", "admin")]
    wanted = cards(await owner.text(SITE))
    for one in people:
        assert cards(await one.text(SITE)) == wanted
    assert any(sums != Sums() for sums in Answer(
        read_log(counter.folder, "demo"), Question(counter.site_key(), TODAY - 27, TODAY + 1), ZONE, GOALS
    ).breakdown(By(Dimension.PAGE)).values())  # fmt: skip
