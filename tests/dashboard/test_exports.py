"""What is taken away of a report: the numbers of the page, for programs and for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from counter.calendar.periods import Period
from counter.question import By, Dimension, Order
from counter.reports.answer import ROW_METRICS, metrics, rate
from counter.reports.grammar import DIMENSIONS
from counter.site import TokenMay
from dashboard.report.csv_cells import plain
from dashboard.report.export import EXPORTED, HEAD, file_name
from dashboard.report.links import filter_text
from dashboard.report.panels import PANELS
from tests.dashboard.test_panels import BROKEN_DOWN, FILTERS, SITE
from tests.kit.app import BOT, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.report_oracle import read_log, sorted_rows
from tests.kit.worlds import HOSTILE, open_site, oracle, query

Lines = list[dict[str, Any]]


async def read_csv(client: Client, path: str) -> Lines:
    """The file read back: quoted cells are texts, bare ones numbers."""
    answer = await client.get(path)
    assert answer.status == 200, await answer.text()
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    body = await answer.read()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), quoting=csv.QUOTE_NONNUMERIC))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def asked_for(panel: str, tab: str, filters: str = "none", **more: str) -> str:
    pairs = [("tab", f"{panel}:{tab}"), *more.items(), *(("filter", filter_text(one)) for one in FILTERS[filters])]
    return query(pairs)


def as_cells(row: dict[str, Any]) -> dict[str, Any]:
    """None is an empty cell."""
    return {name: "" if value is None else value for name, value in row.items()}


async def test_the_rows_of_every_panel_are_those_of_a_naive_count_as_csv_and_json(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    counter, owner = await open_site(start, signed_in, 31)
    for filters in FILTERS:
        with subtests.test(filters=filters):
            hits, asked = read_log(counter.folder, "demo"), FILTERS[filters]
            others = tuple(one for one in asked if one.dimension != Dimension.GOAL)
            base = oracle(counter, others, hits=hits).totals().visitors
            for panel, tab in BROKEN_DOWN:
                assert tab.dimension is not None
                by = By(tab.dimension, tab.key, Order.VISITS)
                rows: Lines = []
                for value, sums in sorted_rows(oracle(counter, (*asked, *tab.only), hits=hits).breakdown(by), by):
                    rates = {"conversion_rate": rate(sums.visitors, base)} if by.dimension == Dimension.GOAL else {}
                    rows.append({"value": value, **metrics(sums, ROW_METRICS[by.dimension]), **rates})
                path = asked_for(panel.name, tab.name, filters, order="visits")
                found = await read_csv(owner, f"{SITE}/panels/{panel.name}.csv?{path}")
                assert [{**row, "value": plain(row["value"])} for row in found] == [as_cells(row) for row in rows]
                answer = json.loads(await owner.text(f"{SITE}/panels/{panel.name}.json?{path}"))
                assert (answer["by"], answer["total_rows"], answer["rows"]) == (
                    tab.dimension.name.lower(),
                    len(rows),
                    rows,
                )
                assert [one["dimension"] for one in answer["filters"]] == [one.dimension.name.lower() for one in asked]


async def test_hours_bots_and_drops_are_exported_as_they_are_stored(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 32)
    week = oracle(counter).week_hours()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    wanted = [{"weekday": names[day], "hour": at, **metrics(sums)} for day, at, sums in week]
    assert json.loads(await owner.text(f"{SITE}/panels/hours.json"))["rows"] == wanted
    assert await read_csv(owner, f"{SITE}/panels/hours.csv") == [as_cells(row) for row in wanted]
    since = 20_048 - 28
    bots = counter.rows(
        "select name, category, reason, sum(count) as count from bot_count where day > ? group by 1, 2, 3"
        " order by 4 desc, 1",
        since,
    )
    assert json.loads(await owner.text(f"{SITE}/panels/bots.json"))["rows"] == bots
    drops = counter.rows("select reason, sum(count) as count from drop_count where day > ? group by 1", since)
    assert await read_csv(owner, f"{SITE}/panels/bots.csv?tab=bots:drops") == drops


async def test_search_order_and_key_of_the_page_are_those_of_its_files(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 33, count=400)
    by = By(Dimension.PROPERTY, "plan", Order.EVENTS, search="a")
    wanted = [value for value, _ in sorted_rows(oracle(counter).breakdown(by), by)]
    path = asked_for("events", "properties", key="plan", search="A", order="events")
    assert wanted
    assert [plain(row["value"]) for row in await read_csv(owner, f"{SITE}/panels/events.csv?{path}")] == wanted
    answer = json.loads(await owner.text(f"{SITE}/panels/events.json?{path}"))
    assert (answer["by"], answer["key"]) == ("property", "plan")
    assert [row["value"] for row in answer["rows"]] == wanted


async def test_more_rows_than_a_page_has_are_all_in_the_file(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    token = await counter.add_token()
    for first in range(0, 1500, 500):
        hits = [
            {"site": "demo", "host": "shop.example", "path": f"/{first + n}", "ip": "203.0.113.9"} for n in range(500)
        ]
        await counter.post(hits, headers=token)
    rows = await read_csv(owner, f"{SITE}/panels/pages.csv")
    assert len({row["value"] for row in rows}) == 1500
    assert sum(row["pageviews"] for row in rows) == 1500


async def test_the_whole_as_json_is_the_answer_of_the_api_with_every_tab(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    counter, owner = await open_site(start, signed_in, 34)
    reading = await counter.add_token(token="a-read-token-of-the-tests", may=TokenMay.READ)
    for filters in ("none", "a page", "an event", "nothing passes"):
        with subtests.test(filters=filters):
            asked = [("compare", "previous"), *(("filter", filter_text(one)) for one in FILTERS[filters])]
            found = json.loads(await owner.text(f"{SITE}/export.json?{query(asked)}"))
            by = {("by", tab.dimension.name.lower()) for _, tab in EXPORTED if tab.dimension and not tab.only}
            whole = await counter.get(
                "/api/v1/report?"
                + query([("site", "demo"), ("week_hours", "1"), ("limit", "1000"), *sorted(by), *asked]),
                headers=reading,
            )
            api = await whole.json()
            assert {name: found[name] for name in api if name != "breakdowns"} == {
                name: api[name] for name in api if name != "breakdowns"
            }
            known = {one["by"]: one for one in api["breakdowns"]}
            for one in found["breakdowns"]:
                if "only" not in one and one["tab"] != "not_found":
                    where = {"panel": one.pop("panel"), "tab": one.pop("tab")}
                    if one["by"] == "page":  # sorted by what there is
                        one["rows"].sort(key=lambda row: row["value"])
                        known["page"]["rows"].sort(key=lambda row: row["value"])
                    assert one == known[one["by"]], where
            assert [(one["name"], one["count"]) for one in found["bots"]]
            assert found["drops"] == [{"reason": "bot", "count": sum(one["count"] for one in found["bots"])}]


@pytest.mark.parametrize("filters", ["none", "a page"])
async def test_the_whole_as_csv_has_the_numbers_of_the_whole_as_json(
    start: Start, signed_in: SignedIn, filters: str
) -> None:
    _, owner = await open_site(start, signed_in, 35)
    asked = query([("period", "7d"), *(("filter", filter_text(one)) for one in FILTERS[filters])])
    whole = json.loads(await owner.text(f"{SITE}/export.json?{asked}"))
    lines = await read_csv(owner, f"{SITE}/export.csv?{asked}")
    assert tuple(lines[0]) == HEAD
    found = [tuple(plain(cell) if isinstance(cell, str) else cell for cell in line.values()) for line in lines]
    wanted: list[tuple[Any, ...]] = []

    def add(section: str, tab: str, value: str, detail: str, numbers: dict[str, Any]) -> None:
        wanted.extend((section, tab, value, detail, name, "" if one is None else one) for name, one in numbers.items())

    for section, series, report in (("totals", "series", whole), ("compared", "compared_series", whole["compare"])):
        add(section, "", report.get("until", ""), "", report["totals"])
        for point in report["series"]["points"]:
            add(series, "day", point.pop("start"), "", point)
    for one in whole["breakdowns"]:
        for row in one["rows"]:
            add(one["panel"], one["tab"], row.pop("value"), "", row)
    for row in whole["week_hours"]:
        add("hours", "hours", row.pop("weekday"), str(row.pop("hour")), row)
    for row in whole["bots"]:
        add("bots", "bots", row["name"], f"{row['category']} {row['reason']}", {"count": row["count"]})
    for row in whole["drops"]:
        add("bots", "drops", row["reason"], "", {"count": row["count"]})
    assert found == wanted


async def test_no_cell_is_a_formula_and_every_text_comes_back(start: Start, signed_in: SignedIn) -> None:
    """T-68"""
    counter, owner = await open_site(start, signed_in)
    texts = (*HOSTILE, "+1", "-1", "@x", "＋1", "－1", "＠x", "'=x", 'a"b', "a;b")
    for number, text in enumerate(texts):
        await counter.hit(path="/", host="shop.example", name="x", props={"k": text}, ip=f"203.0.113.{number}")
    path = f"{SITE}/panels/events.csv?tab=events:properties&key=k"
    rows = await read_csv(owner, path)
    assert {plain(row["value"]) for row in rows} == set(texts)
    assert not [row["value"] for row in rows if row["value"][0] in "=+-@\t\r\n＝＋－＠"]
    for line in (await (await owner.get(path)).text()).splitlines()[1:]:
        assert re.fullmatch(r'"(?:[^"]|"")*"(,[0-9.]*)*', line)


async def test_a_file_is_private_kept_by_nobody_and_named_in_plain_ascii(
    start: Start, signed_in: SignedIn, subtests: pytest.Subtests
) -> None:
    """T-66"""
    counter, _ = await open_site(start, signed_in)
    await counter.hit(host="shop.example", agent=BOT)
    viewer = await signed_in(counter, "vera", "viewer", "demo")
    for path in ("/panels/pages.csv", "/panels/pages.json", "/export.csv", "/export.json"):
        with subtests.test(path=path):
            answer = await viewer.get(SITE + path)
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert re.fullmatch(
                r'attachment; filename="demo-(pages-pages|report)-2024-10-25-2024-11-21\.(csv|json)"',
                answer.headers["Content-Disposition"],
            )


def test_a_file_is_named_after_what_it_has_whatever_the_site_is_called() -> None:
    assert (
        file_name('a"\r\nb/../c', ("pages", "pages"), Period(0, 2), ".csv")
        == "a-b-c-pages-pages-1970-01-01-1970-01-02.csv"
    )
    assert file_name("ქართული", ("report",), Period(0, 1), ".json") == "report-1970-01-01-1970-01-01.json"


def test_every_tab_but_the_map_is_exported_once() -> None:
    assert [tab.name for _, tab in EXPORTED] == [
        tab.name for panel in PANELS for tab in panel.tabs if tab.name != "map"
    ]
    broken_down = {tab.dimension for _, tab in EXPORTED if tab.dimension}
    assert broken_down == set(DIMENSIONS.values()) - {Dimension.REFERRER_HOST}
