"""The page of all rows of a tab: every number, any order, search and paging."""

from __future__ import annotations

import pytest
from yarl import URL

from counter.question import By, Dimension, Order, Sums
from counter.reports.answer import ALL, ROW_METRICS, metrics, rate
from counter.reports.grammar import filter_text
from dashboard.report.panels import PANELS, TabKind, tabs_of
from dashboard.report.row_labels import label_of
from dashboard.report.tables import shown, title_of
from dashboard.words.catalogue import LANGUAGES
from dashboard.words.numbers import hour, weekday
from tests.dashboard.test_panels import BROKEN_DOWN, FILTERS, SITE
from tests.kit.app import Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.report_oracle import read_log, sorted_rows
from tests.kit.worlds import Row, attribute, body_rows, open_site, oracle, query, tables

EN = LANGUAGES["en"]


async def rows_page(client: Client, panel: str, tab: str, **asked: str) -> str:
    return await client.text(f"{SITE}/panels/{panel}/rows?{query({'tab': f'{panel}:{tab}', **asked})}")


def texts(rows: list[Row]) -> list[list[str]]:
    return [row.cells for row in rows]


def wanted_cells(by: By, value: str, sums: Sums, base: int) -> list[str]:
    """The row of a value: everything it can tell."""
    numbers = metrics(sums, ROW_METRICS[by.dimension])
    if by.dimension == Dimension.GOAL:
        numbers["conversion_rate"] = rate(sums.visitors, base)
    return [label_of(EN, by.dimension, value), *(shown(EN, name, one) for name, one in numbers.items())]


@pytest.mark.parametrize("filters", ["none", "a page", "an event"])
async def test_every_tab_has_a_page_of_all_rows_with_every_number_of_a_naive_count(
    start: Start, signed_in: SignedIn, filters: str
) -> None:
    counter, owner = await open_site(start, signed_in, 21)
    hits, asked = read_log(counter.folder, "demo"), FILTERS[filters]
    base = oracle(counter, asked, hits=hits).totals().visitors
    for panel, tab in BROKEN_DOWN:
        assert tab.dimension is not None
        orders = [name for name in ROW_METRICS[tab.dimension] if name in set(Order)]
        for order in orders:
            by = By(tab.dimension, tab.key, Order(order))
            found = sorted_rows(oracle(counter, (*asked, *tab.only), hits=hits).breakdown(by), by)
            page = await owner.text(
                f"{SITE}/panels/{panel.name}/rows?"
                + query([("tab", f"{panel.name}:{tab.name}"), ("order", order), *filter_pairs(filters)])
            )
            assert texts(body_rows(page, "all-rows")) == [wanted_cells(by, *row, base) for row in found[:100]]
            sorted_by = [text for text in attribute(page, "aria-sort") if text == "descending"]
            assert len(sorted_by) == bool(found)


def filter_pairs(name: str) -> list[tuple[str, str]]:
    return [("filter", filter_text(one)) for one in FILTERS[name]]


async def test_every_heading_that_can_sort_does_and_keeps_the_rest_of_the_question(
    start: Start, signed_in: SignedIn
) -> None:
    _, owner = await open_site(start, signed_in, 22)
    page = await rows_page(owner, "clients", "browsers", period="7d", search="o", metric="visits")
    head = next(tables(page, "all-rows"))[0]
    assert head.cells == ["Browser", *(title_of(EN, name) + (" ↓" if name == "visits" else "") for name in ALL)]
    urls = [URL(url) for url in attribute(page, "href") if "order=" in url]
    assert {url.query["order"] for url in urls} == set(Order)
    for url in urls:
        assert (url.query["period"], url.query["search"], url.query["tab"]) == ("7d", "o", "clients:browsers")
        assert texts(body_rows(await owner.text(str(url)), "all-rows"))


async def test_many_rows_come_in_pages_of_a_hundred_and_are_found_by_a_part_of_their_value(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in)
    hits = [
        {"site": "demo", "host": "shop.example", "path": f"/page-{n:03d}", "ip": f"203.0.113.{n}"} for n in range(250)
    ]
    await counter.post(hits, headers=await counter.add_token())
    wanted = [f"/page-{n:03d}" for n in range(250)]
    seen: list[str] = []
    page = await rows_page(owner, "pages", "pages")
    for number in (1, 2, 3):
        seen += [row.label for row in body_rows(page, "all-rows")]
        assert f"{100 * number - 99}–{min(250, 100 * number)} of 250" in page
        following = [url for url in attribute(page, "href") if f"page={number + 1}" in url]
        assert bool(following) == (number < 3)
        page = await owner.text(following[0]) if following else page
    assert seen == wanted
    back = next(url for url in attribute(page, "href") if "page=2" in url)
    assert [row.label for row in body_rows(await owner.text(back), "all-rows")] == wanted[100:200]
    assert body_rows(await rows_page(owner, "pages", "pages", page="4"), "all-rows") == []
    found = body_rows(await rows_page(owner, "pages", "pages", search="AGE-12"), "all-rows")
    assert [row.label for row in found] == [f"/page-12{n}" for n in range(10)]
    nothing = await rows_page(owner, "pages", "pages", search="<b>%")
    assert body_rows(nothing, "all-rows") == []
    assert "No value contains &lt;b&gt;%." in nothing


async def test_hours_bots_and_drops_have_their_rows_too(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 23)
    found = oracle(counter).week_hours()
    page = await rows_page(owner, "hours", "hours")
    wanted = [
        [weekday(EN, day), hour(EN, at), *(shown(EN, name, one) for name, one in metrics(sums).items())]
        for day, at, sums in found
    ]
    assert texts(body_rows(page, "all-rows")) == wanted[:100]
    more = await rows_page(owner, "hours", "hours", page="2")
    assert texts(body_rows(more, "all-rows")) == wanted[100:]
    bots = counter.rows(
        "select name, category, reason, sum(count) as n from bot_count where day > ? group by 1, 2, 3"
        " order by 4 desc, 1",
        20_048 - 28,
    )
    page = await rows_page(owner, "bots", "bots", search="B")
    assert texts(body_rows(page, "all-rows")) == [
        [one["name"], EN(f"bot.{one['category']}"), EN(f"bot.{one['reason']}"), f"{one['n']:,}"]
        for one in bots
        if "b" in one["name"].lower()
    ]
    drops = body_rows(await rows_page(owner, "bots", "drops"), "all-rows")
    assert [row.cells for row in drops] == [[EN("drop.bot"), f"{sum(one['n'] for one in bots):,}"]]


def here_url(page: str, label: str) -> str:
    return next(row.href() for row in body_rows(page, "all-rows") if row.label == label)


async def test_rows_lead_where_those_of_the_panel_do_and_tabs_stay_on_the_page(
    start: Start, signed_in: SignedIn
) -> None:
    _, owner = await open_site(start, signed_in, 24)
    for panel in PANELS:
        for tab in panel.tabs:
            page = await rows_page(owner, panel.name, tab.name, period="7d")
            alone = await owner.text(f"{SITE}/panels/{panel.name}?tab={panel.name}:{tab.name}&period=7d")
            here = {row.label: row.href().partition("?")[2] for row in body_rows(page, "all-rows")}
            for row in body_rows(alone):
                if tab.kind == TabKind.KEYS:
                    values = URL(here_url(page, row.label))
                    assert (values.path, values.query["key"]) == (
                        f"{SITE}/panels/events/rows",
                        URL(row.href()).query["key"],
                    )
                elif tab.kind not in {TabKind.BOTS, TabKind.DROPS}:
                    assert sorted(here[row.label].split("&")) == sorted(row.href().partition("?")[2].split("&"))
            here_too = tabs_of(panel, tab, several_hosts=False)
            for other in here_too if len(here_too) > 1 else ():
                url = f"{SITE}/panels/{panel.name}/rows?period=7d&tab={panel.name}:{other.name}"
                assert url in attribute(page, "href")


async def test_values_of_a_property_have_a_page_with_the_search_kept_to_them(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 25, count=400)
    page = await rows_page(owner, "events", "properties", key="plan", search="a")
    by = By(Dimension.PROPERTY, "plan", search="a")
    wanted = sorted_rows(oracle(counter).breakdown(by), by)
    assert wanted
    assert texts(body_rows(page, "all-rows")) == [wanted_cells(by, *row, 0) for row in wanted]
    assert 'name="key" value="plan"' in page


async def test_a_viewer_reads_all_rows(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit(host="shop.example", path="/a")
    viewer = await signed_in(counter, "vera", "viewer", "demo")
    for client in (owner, viewer):
        assert [row.label for row in body_rows(await rows_page(client, "pages", "pages"), "all-rows")] == ["/a"]
