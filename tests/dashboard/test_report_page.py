"""The report of a site: each number is that of a naive count and of the API, each link is the whole question."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from multidict import MultiDict
from yarl import URL

from counter.calendar.localtime import day_date
from counter.calendar.periods import NAMES
from counter.errors import TooExpensive
from counter.question import Bucket, Dimension, Filter, HistoryDay, Operator, Question
from counter.reports.answer import metrics, rate
from counter.reports.grammar import read_filters
from counter.site import TokenMay
from dashboard.report.cards import make_change
from dashboard.report.chart_points import metric_text
from dashboard.report.choices import period_name, shifted
from dashboard.report.links import filter_text
from dashboard.report.panels import PANELS
from dashboard.report.request import METRICS
from dashboard.words import numbers
from dashboard.words.catalogue import LANGUAGES
from tests.kit.app import NOON, Counter, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.report_oracle import Answer, read_log
from tests.kit.worlds import GOALS, SITES, TODAY, ZONE, body_rows, open_site, oracle, query

EN = LANGUAGES["en"]
SITE = "/dashboard/sites/demo"
COUNTED = METRICS[:-1]  # but who is online


def one(dimension: Dimension, *values: str, operator: Operator = Operator.IS, key: str = "") -> Filter:
    return Filter(dimension, operator, values, key)


FILTERS: dict[str, tuple[Filter, ...]] = {
    "none": (),
    "a page": (one(Dimension.PAGE, "/", "/blog/a, b"),),
    "three dimensions": (
        one(Dimension.COUNTRY, "US", "GE", "DE"), one(Dimension.BROWSER, "Firefox", operator=Operator.IS_NOT),
        one(Dimension.PAGE, "a", "b", operator=Operator.CONTAINS),
    ),
    "a property": (one(Dimension.PROPERTY, "basic", key="plan"),),
    "nothing passes": (one(Dimension.CITY, "Atlantis"),),
}  # fmt: skip


def url(filters: Sequence[Filter] = (), **asked: str) -> str:
    return f"{SITE}?{query([*asked.items(), *(('filter', filter_text(one)) for one in filters)])}"


def text_of(markup: str) -> str:
    """What is read of a piece of a page, without what only screen readers are told."""
    markup = re.sub(r'<span class="sr-only">.*?</span>', "", markup, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip()


def cards(page: str) -> dict[str, tuple[str, str]]:
    """By metric: the number, and how it changed ('' where that is not said)."""
    found = {}
    for metric, inside in re.findall(r'id="card-(\w+)"(.*?)</li>', page, re.DOTALL):
        value = re.search(r'class="card-number">(.*?)</span>\s*(?:<span class="change|</a|</div)', inside, re.DOTALL)
        change = re.search(r'<span class="change[^>]*>(.*)</span>', inside, re.DOTALL)
        assert value is not None
        found[metric] = (text_of(value[1]), text_of(change[1]) if change else "")
    return found


def menu(page: str, name: str) -> dict[str, str]:
    """The lines of a menu and where they lead."""
    found = re.search(rf'<details class="menu[^"]*" id="menu-{name}">(.*?)</details>', page, re.DOTALL)
    assert found is not None, f"there is no menu {name}"
    return {
        text_of(text): html.unescape(href) for href, text in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', found[1])
    }


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found is not None
    return text_of(found[1])


def before(counter: Counter, filters: Sequence[Filter]) -> Answer:
    """The 28 days before the last 28, the last of them until the time that it is now."""
    question = Question(counter.site_key(), TODAY - 55, TODAY - 27, tuple(filters), before=int(NOON) - 28 * 86_400)
    return Answer(read_log(counter.folder, "demo"), question, ZONE, GOALS)


# Numbers -----------------------------------------------------------------------------------------------------------


async def test_every_card_is_a_naive_count_and_its_change_is_against_the_days_before(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    counter, owner = await open_site(start, signed_in, 1)
    for name, filters in FILTERS.items():
        with subtests.test(filters=name):
            found = cards(await owner.text(url(filters)))
            now, then = metrics(oracle(counter, filters).totals()), metrics(before(counter, filters).totals())
            assert list(found) == list(METRICS)
            for metric in COUNTED:
                assert found[metric] == (
                    metric_text(EN, metric, now[metric]), make_change(EN, metric, now[metric], then[metric]).text,
                )  # fmt: skip
            assert found["online"] == (str(counter.service.online.count(counter.site_key())), "")


async def test_the_chart_its_table_and_its_figure_are_the_series_of_a_naive_count(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    counter, owner = await open_site(start, signed_in, 2)
    log = read_log(counter.folder, "demo")
    for metric, bucket, (name, filters) in product(COUNTED, (Bucket.DAY, Bucket.WEEK), FILTERS.items()):
        with subtests.test(metric=metric, bucket=bucket, filters=name):
            page = await owner.text(url(filters, metric=metric, bucket=bucket.value))
            question = Question(counter.site_key(), TODAY - 27, TODAY + 1, filters, bucket, 6)
            series = Answer(log, question, ZONE, GOALS).series()
            wanted = [metrics(sums, (metric,))[metric] for _, sums in series]
            rows = body_rows(page, "list")
            assert [row.cells[1] for row in rows] == [metric_text(EN, metric, value) for value in wanted]
            assert drawn(page) == wanted
            assert page.count("<title>") == len(wanted) + 1  # of each point, and the page's own
            for row, value in zip(rows, wanted, strict=True):
                assert f"<title>{html.escape(row.cells[0])}: " in page or value is None


def drawn(page: str) -> list[float | None]:
    """The values of the main chart's figure, in which the piece to what is not over is a line of its own."""
    found = re.search(r'id="chart">.*?data-figure="([^"]*)"', page, re.DOTALL)
    assert found is not None
    figure = json.loads(html.unescape(found[1]))
    known: dict[int, float | None] = {}
    for trace in figure["data"]:
        if trace["meta"]["role"] == "now":
            for at, value in zip(trace["x"], trace["y"], strict=True):
                known[at] = known.get(at) if value is None else value
    return [known[at] for at in sorted(known)]


async def test_every_number_of_the_page_is_that_of_the_api(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    counter, owner = await open_site(start, signed_in, 3)
    token = await counter.add_token(token="a-read-token", may=TokenMay.READ)
    for name, filters in FILTERS.items():
        with subtests.test(filters=name):
            for period in ("today", "7d", "28d", "this_month", "12m", "all"):
                await assert_as_the_api(counter, owner, token, period, filters)


async def assert_as_the_api(
    counter: Counter, owner: Client, token: dict[str, str], period: str, filters: Sequence[Filter]
) -> None:
    page = await owner.text(url(filters, period=period, compare="last_year", metric="pageviews"))
    asked = query([("site", "demo"), ("period", period), ("compare", "last_year"),
                   *(("filter", filter_text(one)) for one in filters)])  # fmt: skip
    answer = await (await counter.get(f"/api/v1/report?{asked}", headers=token)).json()
    found = cards(page)
    for metric in COUNTED:
        then = answer["compare"]["totals"][metric]
        assert found[metric] == (
            metric_text(EN, metric, answer["totals"][metric]),
            make_change(EN, metric, answer["totals"][metric], then).text,
        )
    shown = [row.cells[1] for row in body_rows(page, "list")]
    points = [numbers.number(EN, point["pageviews"]) for point in answer["series"]["points"]]
    assert shown == points[: len(shown)]
    assert set(points[len(shown) :]) <= {"0"}  # what is still to come stands in no table


async def test_a_filter_on_a_goal_shows_which_part_of_the_visitors_reached_it(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in, 4)
    country = one(Dimension.COUNTRY, "US", "GE", "DE")
    for goal in GOALS:
        filters = (country, one(Dimension.GOAL, goal.name))
        reached, all_ = oracle(counter, filters).totals().visitors, oracle(counter, (country,)).totals().visitors
        then, all_then = before(counter, filters).totals().visitors, before(counter, (country,)).totals().visitors
        change = make_change(EN, "conversion_rate", rate(reached, all_), rate(then, all_then))
        page = await owner.text(url(filters))
        assert cards(page)["conversion_rate"] == (numbers.percent(EN, rate(reached, all_)), change.text)
        assert "href" not in page.split('id="card-conversion_rate"')[0].rsplit("<", 1)[1]  # it has no chart


@pytest.mark.parametrize(
    ("metric", "now", "then", "text", "good"),
    [
        ("visitors", 110, 100, "+10%", "good"),
        ("visitors", 90, 100, "−10%", "bad"),
        ("visitors", 5, 0, "new", ""),
        ("visitors", 0, 0, "—", ""),
        ("visitors", 7, 7, "0%", ""),
        ("bounce_rate", 40.0, 45.5, "−5.5 points", "good"),  # fewer bounces are better
        ("bounce_rate", 45.5, 40.0, "+5.5 points", "bad"),
        ("bounce_rate", 40.0, 0.0, "+40.0 points", "bad"),
        ("bounce_rate", 40.0, None, "—", ""),
        ("bounce_rate", None, 40.0, "—", ""),
        ("conversion_rate", 3.0, 2.0, "+1.0 points", "good"),
        ("visit_duration", 61, 60, "+1.7%", "good"),
        ("views_per_visit", None, None, "—", ""),
    ],
)
def test_a_change_says_how_much_and_whether_that_is_good(
    metric: str, now: float | None, then: float | None, text: str, good: str
) -> None:
    change = make_change(EN, metric, now, then)
    assert (change.text, change.good) == (text, good)


async def test_an_unfinished_day_is_marked_and_days_to_come_have_no_point(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit()
    page = await owner.text(f"{SITE}?period=this_month&metric=visits")
    rows = body_rows(page, "list")
    assert [row.cells[0] for row in rows][-1] == "Thu, 21 Nov 2024"
    assert len(rows) == 21
    assert page.count("not over yet") == 1
    assert 'class="now open"' in page
    assert drawn(page) == [0] * 20 + [1] + [None] * 9


async def test_hours_are_those_of_the_sites_zone_and_lead_nowhere_from_a_single_day(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit()  # at noon in UTC
    day = body_rows(await owner.text(f"{SITE}?period=today&metric=visits"), "list")
    assert [(row.cells[0], row.cells[1]) for row in day][-1] == ("Thu, 21 Nov 2024, 16:00", "1")
    assert len(day) == 17
    assert not any(row.links for row in day)
    two = body_rows(await owner.text(f"{SITE}?from=2024-11-20&to=2024-11-21"), "list")
    assert len(two) == 24 + 17
    assert two[0].href("").startswith(f"{SITE}?from=2024-11-20&to=2024-11-20")


async def test_a_point_of_the_chart_leads_to_the_report_of_its_days_with_everything_else_kept(
    start: Start, signed_in: SignedIn
) -> None:
    _, owner = await open_site(start, signed_in, 5)
    page = await owner.text(url(FILTERS["three dimensions"], bucket="week", metric="visits", compare="none"))
    rows = body_rows(page, "list")
    asked = URL(rows[1].href("")).query
    assert (asked["from"], asked["to"], asked["metric"], asked["compare"]) == (
        "2024-10-27",
        "2024-11-02",
        "visits",
        "none",
    )
    assert read_filters(asked) == FILTERS["three dimensions"]
    assert cards(await owner.text(rows[1].href("")))["visits"][0] == rows[1].cells[1]


async def test_who_is_online_is_drawn_by_the_minute(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    for minute, visitors in ((29, 3), (10, 1), (0, 2)):
        counter.clock.set(NOON - minute * 60)
        for visitor in range(visitors):
            await counter.hit(ip=f"198.51.100.{visitor}")
    counter.service.online.refresh(NOON)
    page = await owner.text(f"{SITE}?metric=online")
    rows = [row.cells[1] for row in body_rows(page, "list")]
    assert rows == ["3", *["0"] * 18, "1", *["0"] * 9, "2"]
    assert cards(page)["online"] == ("2", "")
    assert "menu-bucket" not in page


# Periods, comparisons, buckets -------------------------------------------------------------------------------------


SPANS = {
    "today": "21 Nov 2024", "yesterday": "20 Nov 2024", "this_week": "17–23 Nov 2024", "last_week": "10–16 Nov 2024",
    "this_month": "1–30 Nov 2024", "last_month": "1–31 Oct 2024", "7d": "15–21 Nov 2024",
    "28d": "25 Oct – 21 Nov 2024", "12m": "1 Dec 2023 – 21 Nov 2024", "year": "1 Jan – 31 Dec 2024",
    "last_year": "1 Jan – 31 Dec 2023", "all": "21 Nov 2024",
}  # fmt: skip


async def test_every_period_has_a_name_and_shows_its_days(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in)
    page = await owner.text(SITE)
    assert heading(page) == SPANS["28d"]
    found = menu(page, "period")
    assert list(found) == [EN(f"period.{name}") for name in NAMES]
    for name in NAMES:
        assert heading(await owner.text(found[EN(f"period.{name}")])) == SPANS[name]
    assert heading(await owner.text(f"{SITE}?from=2024-02-28&to=2024-03-01")) == "28 Feb – 1 Mar 2024"


# a period, and the ones that the arrows lead to
ARROWS = [
    ("period=today", "period=yesterday", ""),
    ("period=yesterday", "from=2024-11-19&to=2024-11-19", "period=today"),
    ("period=this_week", "period=last_week", ""),
    ("period=last_month", "from=2024-09-01&to=2024-09-30", "period=this_month"),
    ("period=year", "period=last_year", ""),
    ("period=last_year", "from=2022-01-01&to=2022-12-31", "period=year"),
    ("period=7d", "from=2024-11-08&to=2024-11-14", ""),
    ("from=2024-11-08&to=2024-11-14", "from=2024-11-01&to=2024-11-07", "period=7d"),
    ("from=2024-02-01&to=2024-03-31", "from=2023-12-01&to=2024-01-31", "from=2024-04-01&to=2024-05-31"),
    ("from=1970-01-01&to=1970-01-31", "", "from=1970-02-01&to=1970-02-28"),
    ("period=all", "", ""),
]


async def test_arrows_lead_to_the_neighbours_of_a_period(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    _, owner = await open_site(start, signed_in)
    for asked, earlier, later in ARROWS:
        with subtests.test(period=asked):
            page = await owner.text(f"{SITE}?{asked}")
            for relation, wanted in (("prev", earlier), ("next", later)):
                found = re.search(rf'rel="{relation}" href="([^"]*)"', page)
                assert (html.unescape(found[1]).partition("?")[2] if found else "") == wanted


def test_a_shifted_period_and_back_is_the_same() -> None:
    for name in NAMES:
        if name == "all":
            continue
        asked = next(period for period in (shifted_of(name),) if period)
        there = shifted(asked, -1)
        assert there is not None
        assert there.end == asked.start
        assert shifted(there, 1) == asked


def shifted_of(name: str) -> Any:
    from counter.calendar.periods import named_period

    period = named_period(name, TODAY, 6, None)
    assert period_name(period, TODAY, 6) is not None
    return period


async def test_a_comparison_is_with_the_days_before_with_last_year_or_none(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit()
    page = await owner.text(SITE)
    assert list(menu(page, "compare")) == ["Previous period", "Same dates last year", "No comparison"]
    for compared, legend in (("previous", "27 Sept – 24 Oct 2024"), ("last_year", "25 Oct – 21 Nov 2023")):
        shown = await owner.text(f"{SITE}?compare={compared}")
        assert f'<li class="before">{legend}</li>' in shown
        assert cards(shown)["visits"] == ("1", "new")
    alone = await owner.text(menu(page, "compare")["No comparison"])
    assert cards(alone)["visits"] == ("1", "")
    assert 'class="before"' not in alone


# a period, and what a change in it is against
AGAINST = [
    ("today", "20 Nov 2024, up to the same time"),
    ("this_month", "1–21 Oct 2024, up to the same time"),
    ("yesterday", "19 Nov 2024"),
    ("last_month", "1–30 Sept 2024"),
]


async def test_a_change_says_what_it_is_against(start: Start, signed_in: SignedIn, subtests: pytest.Subtests) -> None:
    _, owner = await open_site(start, signed_in, 6)
    for period, told in AGAINST:
        with subtests.test(period=period):
            page = await owner.text(url(period=period))
            titles = set(re.findall(r'<span class="change [^"]*" title="([^"]*)">', page))
            assert {title.partition(" in ")[2] for title in titles} == {told}
            assert page.count(f" in {told})</span>") == len(COUNTED)  # for screen readers


async def test_all_days_and_the_first_days_there_are_are_compared_with_nothing_unless_asked(
    start: Start, signed_in: SignedIn
) -> None:
    _, owner = await open_site(start, signed_in, 1)
    for asked in ("period=all", "from=1970-01-01&to=1970-01-31"):
        assert 'class="before"' not in await owner.text(f"{SITE}?{asked}")
    refused = await owner.get(f"{SITE}?from=1970-01-01&to=1970-01-31&compare=previous")
    assert refused.status == 400


@pytest.mark.parametrize(
    ("asked", "buckets"),
    [
        ("period=7d", ["By hour", "By day"]),
        ("period=28d", ["By hour", "By day", "By week"]),
        ("period=year", ["By day", "By week", "By month"]),
    ],
)
async def test_a_period_offers_the_buckets_that_fit_it(
    start: Start, signed_in: SignedIn, asked: str, buckets: list[str]
) -> None:
    _, owner = await open_site(start, signed_in, 1)
    found = menu(await owner.text(f"{SITE}?{asked}"), "bucket")
    assert list(found) == buckets
    for href in found.values():
        assert (await owner.get(href)).status == 200


async def test_another_period_leaves_a_bucket_that_may_not_fit_behind(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 1)
    page = await owner.text(f"{SITE}?period=7d&bucket=hour")
    for href in menu(page, "period").values():
        assert "bucket" not in href
        assert (await owner.get(href)).status == 200


async def test_each_card_leads_to_its_chart_and_says_which_is_shown(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 1)
    page = await owner.text(url(FILTERS["a page"], period="7d"))
    for metric in METRICS:
        found = re.search(rf'<a class="card" href="([^"]*)" id="card-{metric}"', page)
        assert found is not None
        shown = await owner.text(html.unescape(found[1]))
        assert re.findall(r'id="card-(\w+)" aria-current="true"', shown) == [metric]
        assert read_filters(URL(html.unescape(found[1])).query) == FILTERS["a page"]


# Filters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        ({"f_dimension": "country", "f_operator": "is", "f_value": "DE"}, "", "filter=country:is:DE"),
        ({"f_dimension": "country", "f_operator": "is", "f_value": "germany"}, "", "filter=country:is:DE"),
        ({"f_dimension": "device", "f_operator": "is_not", "f_value": "Desktop"}, "", "filter=device:is_not:desktop"),
        ({"f_dimension": "country", "f_operator": "contains", "f_value": "germany"}, "",
         "filter=country:contains:germany"),
        ({"f_dimension": "country", "f_operator": "is_not", "f_value": ["DE", "", "FR"]}, "",
         "filter=country:is_not:DE,FR"),
        ({"f_dimension": "page", "f_operator": "contains", "f_value": "a, b\\c&d"}, "",
         "filter=page:contains:a%5C,+b%5C%5Cc%26d"),
        ({"f_dimension": "property", "f_operator": "is", "f_value": "basic", "f_key": "a:b"}, "",
         "filter=property:a%5C:b:is:basic"),
        ({"f_dimension": "browser", "f_operator": "is", "f_value": "Firefox", "f_key": "ignored"},
         "period=7d&filter=country:is:DE", "period=7d&filter=country:is:DE&filter=browser:is:Firefox"),
        ({"f_dimension": "country", "f_operator": "is", "f_value": "DE"},
         "filter=country:is:DE", "filter=country:is:DE"),
        ({"f_dimension": "country", "f_operator": "is_not", "f_value": ["DE", "FR"], "f_index": "0"},
         "filter=country:is:DE&filter=page:is:/", "filter=country:is_not:DE,FR&filter=page:is:/"),
        ({"f_dimension": "country", "f_operator": "is", "f_value": ["", ""], "f_index": "0"},
         "tab=pages:entry_pages&tab=sources:channels&filter=country:is:DE&filter=page:is:/",
         "tab=pages:entry_pages&tab=sources:channels&filter=page:is:/"),
    ],
)  # fmt: skip
async def test_the_form_of_a_filter_is_answered_with_the_url_it_means(
    start: Start, signed_in: SignedIn, form: dict[str, Any], before: str, after: str
) -> None:
    _, owner = await open_site(start, signed_in)
    fields = MultiDict(URL(f"/?{before}").query)
    for name, value in form.items():
        for each in value if isinstance(value, list) else [value]:
            fields.add(name, each)
    answer = await owner.get(f"{SITE}?{query(list(fields.items()))}")
    assert answer.status == 303
    assert answer.headers["Location"] == f"{SITE}?{after}"
    assert (await owner.get(answer.headers["Location"])).status == 200


async def test_chips_name_each_filter_and_lead_to_the_report_without_it(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 1)
    filters = FILTERS["three dimensions"]
    page = await owner.text(url(filters, period="7d"))
    chips = re.findall(r'<li class="chip">.*?<summary>(.*?)</summary>.*?class="remove" href="([^"]*)"', page, re.DOTALL)
    assert [" ".join(text_of(chip).split()) for chip, _ in chips] == [
        "Country is United States, Georgia, Germany", "Browser is not Firefox", "Page contains a, b",
    ]  # fmt: skip
    for index, (_, href) in enumerate(chips):
        asked = URL(html.unescape(href)).query
        assert read_filters(asked) == filters[:index] + filters[index + 1 :]
        assert asked["period"] == "7d"


async def test_hostile_values_of_filters_stay_text(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in)
    hostile = "\"><script>alert(1)</script>{{7*7}}'"
    filters = (one(Dimension.PAGE, hostile), one(Dimension.PROPERTY, hostile, key=hostile[:60]))
    page = await owner.text(url(filters))
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
    assert html.unescape(page).count(hostile) > 1


# What can't be shown -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("period=nix", "period is 'nix'"),
        ("period=7d&period=28d", "period stands 2 times"),
        ("from=2024-11-01", "from and to belong together"),
        ("from=2024-11-02&to=2024-11-01", "which is after"),
        ("filter=nix:is:x", "filter is 'nix'"),
        ("filter=page:is:", "one of its values is empty"),
        ("compare=nix", "compare is 'nix'"),
        ("bucket=nix", "bucket is 'nix'"),
        ("bucket=hour&period=year", "hour"),
        ("metric=nix", "metric is 'nix'"),
        ("tab=nix", "tab is 'nix'"),
        ("nix=1", "'nix' is no parameter"),
        ("f_dimension=nix&f_value=x", "f_dimension is 'nix'"),
        ("f_dimension=page&f_operator=nix&f_value=x", "f_operator is 'nix'"),
        ("f_dimension=page&f_value=", "f_value is empty"),
        ("f_dimension=property&f_value=x", "f_key is empty"),
        ("f_dimension=page&f_value=x&f_index=0", "f_index is '0', there are 0 filters"),
        ("f_dimension=page&f_value=x&nix=1", "'nix' is no parameter"),
    ],
)
async def test_what_is_not_understood_is_said_in_the_frame_of_the_page(
    start: Start, signed_in: SignedIn, asked: str, sentence: str
) -> None:
    _, owner = await open_site(start, signed_in)
    answer = await owner.get(f"{SITE}?{asked}")
    page = html.unescape(await answer.text())
    assert answer.status == 400
    assert sentence in page
    assert 'aria-current="page">Report' in page
    assert f'href="{SITE}"' in page


async def test_a_question_that_takes_too_long_says_what_to_change(
    start: Start, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, owner = await open_site(start, signed_in, 1)

    async def too_long(*_: object, **__: object) -> None:
        raise TooExpensive("the question takes longer than 20 seconds")

    monkeypatch.setattr(type(counter.service.store.reports), "report", too_long)
    answer = await owner.get(url(FILTERS["three dimensions"]))
    page = await answer.text()
    assert answer.status == 422
    assert "Choose a shorter period" in page
    assert page.count('<li class="chip">') == 3
    assert "menu-period" in page


async def test_a_site_without_any_hit_leads_its_admin_to_the_snippet(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    viewer = await signed_in(counter, "vera", "viewer")
    assert f'href="{SITE}/install"' in await owner.text(SITE)
    page = await viewer.text(SITE)
    assert "No hit has come yet" in page
    assert "/install" not in page


async def test_days_without_hits_say_so_and_lead_to_all_days(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit()
    page = await owner.text(f"{SITE}?period=yesterday")
    assert "Nothing was counted in these days" in page
    assert f'href="{SITE}?period=all"' in page
    none = await owner.text(url((one(Dimension.CITY, "Atlantis"),)))
    assert "No hit of these days passes all filters" in none


async def test_days_whose_hits_are_gone_are_told_where_they_are_missing(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, sites=SITES)
    await counter.hit()
    counter.clock.move(10 * 86400)
    await counter.hit()
    owner = await signed_in(counter)
    await counter.service.store.fold()
    await counter.service.store.expire(counter.clock.now(), 5, 5)
    assert "no longer kept" not in await owner.text(f"{SITE}?tab=events:goals")
    page = await owner.text(url((one(Dimension.PAGE, "/"),)))
    assert "The hits of 1 day are no longer kept" in page


async def test_days_of_a_former_counter_are_in_no_report(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit()
    await counter.put_history([HistoryDay(TODAY - 1, 500, 400, 900)])
    page = await owner.text(f"{SITE}?period=all")
    assert cards(page)["visits"][0] == "1"
    assert day_date(TODAY) == dt.date(2024, 11, 21)


# The page ----------------------------------------------------------------------------------------------------------


async def test_every_panel_is_there_without_a_script_but_for_what_is_not_counted(
    start: Start, signed_in: SignedIn
) -> None:
    _, owner = await open_site(start, signed_in, 1)
    page = await owner.text(SITE)
    assert re.findall(r'<section class="panel" id="panel-(\w+)"', page) == [panel.name for panel in PANELS]
    assert re.findall(r'id="panel-(\w+)"[^>]*data-lazy', page) == ["bots"]
    assert "<script>" not in page
    assert " style=" not in page


async def test_the_drawing_is_told_in_a_sentence_with_its_numbers(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 2)
    page = await owner.text(SITE)
    series = [int(row.cells[1]) for row in body_rows(page, "list")]
    told = re.search(r'class="chart-svg main" role="img" aria-label="([^"]*)"', page)
    assert told is not None
    totals = oracle(counter).totals()
    assert f"25 Oct – 21 Nov 2024: {totals.visitors} in all; the highest is {max(series[:-1])} (" in told[1]
    assert f"the lowest {min(series[:-1])} (" in told[1]


async def test_exports_and_hits_are_asked_the_same_question(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 1)
    filters = FILTERS["three dimensions"]
    found = re.search(r'id="menu-export">(.*?)</details>', await owner.text(url(filters, period="7d")), re.DOTALL)
    assert found is not None
    urls = [URL(html.unescape(href)) for href in re.findall(r'href="([^"]*)"', found[1])]
    assert [each.path.removeprefix(SITE) for each in urls] == ["/export.csv", "/export.json", "/hits"]
    assert all(read_filters(each.query) == filters and each.query["period"] == "7d" for each in urls)
    assert (await owner.get(str(urls[2]))).status == 200


async def test_a_stranger_and_a_reader_of_another_site_see_nothing_of_it(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, sites=[*SITES, {"id": "other", "name": "Other"}])
    viewer = await signed_in(counter, "vera", "viewer", "other")
    assert (await viewer.get(SITE)).status == 404
    assert (await Client(counter).get(SITE)).status == 303
