"""Panels: each number is that of a naive count, each row filters, and what visitors sent stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import pytest
from multidict import MultiDict
from yarl import URL

from counter.question import By, Dimension, Filter, Operator, Order, Sums
from counter.reports.answer import ROW_METRICS, rate
from counter.reports.grammar import DIMENSIONS, filter_text, read_filters
from dashboard.report.links import Links
from dashboard.report.panels import PANELS, Tab, TabKind, tabs_of
from dashboard.report.row_labels import label_of, outside_of
from dashboard.words.catalogue import LANGUAGES
from dashboard.words.numbers import hour, number, percent, weekday
from tests.kit.app import BOT, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.report_oracle import read_log, sorted_rows
from tests.kit.worlds import (
    GOALS,
    SITES,
    Row,
    attribute,
    body_rows,
    markup,
    open_site,
    oracle,
    query,
    section,
    tables,
)

EN = LANGUAGES["en"]
SITE = "/dashboard/sites/demo"
BROKEN_DOWN = [(panel, tab) for panel in PANELS for tab in panel.tabs if tab.dimension]


def one(dimension: Dimension, *values: str, operator: Operator = Operator.IS, key: str = "") -> Filter:
    return Filter(dimension, operator, values, key)


FILTERS: dict[str, tuple[Filter, ...]] = {
    "none": (),
    "a page": (one(Dimension.PAGE, "/", "/blog/a, b"),),
    "a country but not a browser": (
        one(Dimension.COUNTRY, "US", "GE", "DE"), one(Dimension.BROWSER, "Firefox", operator=Operator.IS_NOT),
    ),
    "a part of a path, a source and a device": (
        one(Dimension.PAGE, "/b", "a", operator=Operator.CONTAINS), one(Dimension.CHANNEL, "search", "direct"),
        one(Dimension.DEVICE, "desktop", "phone"),
    ),
    "an event": (one(Dimension.EVENT, "signup"),),
    "a goal that is an event": (one(Dimension.GOAL, GOALS[0].name),),
    "a goal that is a page": (one(Dimension.GOAL, GOALS[1].name),),
    "a property": (one(Dimension.PROPERTY, "basic", "=1+1", key="plan"),),
    "nothing passes": (one(Dimension.CITY, "Atlantis"),),
}  # fmt: skip


async def panel(client: Client, name: str, tab: str, filters: Sequence[Filter] = (), **more: str) -> str:
    asked = [("tab", f"{name}:{tab}"), *more.items(), *(("filter", filter_text(one)) for one in filters)]
    return await client.text(f"{SITE}/panels/{name}?{query(asked)}")


def expected_order(tab: Tab, dimension: Dimension, metric: str, totals: Sums) -> Order:
    """What the rows of a tab are sorted by; pages by events where nothing else is left of them."""
    if dimension == Dimension.PAGE and (tab.only or (not totals.pageviews and totals.events)):
        return Order.EVENTS
    wanted = metric if metric in {"visits", "visitors", "pageviews"} else "visitors"
    if wanted in ROW_METRICS[dimension]:
        return Order(wanted)
    return Order.VISITS if dimension == Dimension.EXIT_PAGE else Order.EVENTS


def shown_cells(by: By, sums: Sums, totals: Sums, base: int) -> list[str]:
    count = getattr(sums, by.order)
    cells = [number(EN, count)]
    events_of_pages = by.dimension == Dimension.PAGE and by.order == Order.EVENTS
    if by.order != Order.VISITORS and "visitors" in ROW_METRICS[by.dimension] and not events_of_pages:
        cells.append(number(EN, sums.visitors))
    share = rate(sums.visitors, base) if by.dimension == Dimension.GOAL else rate(count, getattr(totals, by.order))
    return [*cells, percent(EN, share)]


@pytest.mark.parametrize(("seed", "metric"), [
    (2, "pageviews"),
    pytest.param(0, "visitors", marks=pytest.mark.soak),
    pytest.param(1, "visits", marks=pytest.mark.soak),
])  # fmt: skip
async def test_every_number_of_every_panel_is_that_of_a_naive_count_under_any_filters(
    start: Start, signed_in: SignedIn, seed: int, metric: str
) -> None:
    counter, owner = await open_site(start, signed_in, seed)
    hits = read_log(counter.folder, "demo")
    for name, filters in FILTERS.items():
        others = tuple(one for one in filters if one.dimension != Dimension.GOAL)
        base = oracle(counter, others, hits=hits).totals().visitors
        for where, tab in BROKEN_DOWN:
            assert tab.dimension is not None
            found = oracle(counter, (*filters, *tab.only), hits=hits)
            totals = found.totals()
            by = By(tab.dimension, tab.key, expected_order(tab, tab.dimension, metric, totals))
            rows = sorted_rows(found.breakdown(by), by)
            wanted = [
                [label_of(EN, by.dimension, value), *shown_cells(by, sums, totals, base)]
                for value, sums in rows[:9]
                if getattr(sums, by.order)
            ]
            page = await panel(owner, where.name, tab.name, filters, metric=metric)
            assert [row.cells for row in body_rows(page)] == wanted, (name, where.name, tab.name)
            if wanted:
                assert f"Show all {len(rows):,}" in page


@pytest.mark.parametrize("metric", ["visits", "visitors", "pageviews", "bounce_rate"])
async def test_the_hours_of_the_week_are_those_of_a_naive_count_from_the_sites_first_weekday_on(
    start: Start, signed_in: SignedIn, metric: str
) -> None:
    counter, owner = await open_site(start, signed_in, 5)
    for filters in FILTERS.values():
        page = await panel(owner, "hours", "hours", filters, metric=metric)
        found = {(day, at): sums for day, at, sums in oracle(counter, filters).week_hours()}
        counted = metric if metric != "bounce_rate" else "visits"
        wanted = [
            [weekday(EN, day), *(number(EN, getattr(found.get((day, at), Sums()), counted)) for at in range(24))]
            for day in (6, 0, 1, 2, 3, 4, 5)
        ]
        rows = body_rows(page, "heat")
        if not any(getattr(sums, counted) for sums in found.values()):
            assert rows == []
            continue
        assert [
            [name, *row.cells[1:]] for name, row in zip(re.findall(r'<abbr title="([^"]*)"', page), rows, strict=True)
        ] == wanted
        most = max(int(cell) for row in rows for cell in row.cells[1:])
        for row in rows:
            for cell, shade in zip(row.cells[1:], row.classes[1:], strict=True):
                level = int(shade.removeprefix("heat-"))
                assert (level == 0) == (cell == "0")
                assert level <= 9
                assert (level == 9) or int(cell) < most


async def test_bots_and_drops_are_counted_by_name_and_reason_whatever_the_filters(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in, 3)
    await counter.hit(host="elsewhere.example")
    await counter.settled()
    bots = counter.rows("select name, category, sum(count) as n from bot_count group by 1, 2 order by n desc, name")
    drops = counter.rows("select reason, sum(count) as n from drop_count group by 1 order by n desc, reason")
    assert len(bots) > 2
    assert len(drops) > 1
    for filters in ((), FILTERS["nothing passes"]):
        whole = await panel(owner, "bots", "bots", filters, **{"from": "2024-01-01", "to": "2024-11-21"})
        assert [row.cells[:2] for row in body_rows(whole)] == [[bot["name"], number(EN, bot["n"])] for bot in bots]
        assert all(EN(f"bot.{bot['category']}") in whole for bot in bots)
        drops_page = await panel(owner, "bots", "drops", filters, **{"from": "2024-01-01", "to": "2024-11-21"})
        assert [row.cells[:2] for row in body_rows(drops_page)] == [
            [EN(f"drop.{drop['reason']}"), number(EN, drop["n"])] for drop in drops
        ]
        assert (EN("panels.unfiltered").replace("'", "&#39;") in drops_page) == bool(filters)


async def test_every_tab_answers_under_a_filter_on_every_dimension(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 7, count=60)
    for dimension in DIMENSIONS.values():
        for operator in (Operator.IS, Operator.IS_NOT, Operator.CONTAINS):
            key = "plan" if dimension == Dimension.PROPERTY else ""
            narrowed = (one(dimension, "Unknown", "e", operator=operator, key=key),)
            tabs = [(where, tab) for where in PANELS for tab in where.tabs]
            if operator != Operator.IS_NOT:  # once in full, else one of each kind
                tabs = [one for one in tabs if one[1].name in {"pages", "goals", "map", "hours", "outbound"}]
            for where, tab in tabs:
                await panel(owner, where.name, tab.name, narrowed)


def tab_links(page: str, name: str) -> list[tuple[str, str]]:
    """Where the tabs of a panel lead: the report, and the panel alone."""
    found = re.findall(r'<a href="([^"]*)" data-tab="[^"]*" data-fragment="([^"]*)"', section(page, name))
    return [(html.unescape(url), html.unescape(alone)) for url, alone in found]


async def test_a_panel_alone_is_the_panel_of_the_report(start: Start, signed_in: SignedIn) -> None:
    _, owner = await open_site(start, signed_in, 1, count=80)
    filters = FILTERS["a page"]
    narrowed = "&".join(f"filter={filter_text(one)}" for one in filters).replace(" ", "+")
    for where in PANELS:
        for tab in tabs_of(where, where.tabs[0], several_hosts=False):
            page = await owner.text(f"{SITE}?period=7d&tab=pages:entry_pages&{narrowed}")
            if len(where.tabs) == 1:
                alone = f"{SITE}/panels/{where.name}?period=7d&tab=pages:entry_pages&{narrowed}"
            else:
                links = dict(
                    zip(attribute(section(page, where.name), "data-tab"), tab_links(page, where.name), strict=True)
                )
                url, alone = links[tab.name]
                page = await owner.text(url.partition("#")[0])
            fragment = await owner.text(alone)
            assert section(fragment, where.name).strip() == fragment.strip()
            if "data-lazy" not in section(page, where.name):
                assert section(page, where.name) == section(fragment, where.name)


async def test_hosts_are_a_tab_where_pages_were_seen_on_several(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, sites=[{"id": "demo", "hosts": []}])
    owner = await signed_in(counter)
    opened = f"{SITE}/panels/pages?tab=pages:hosts&period=today"
    await counter.hit(path="/", host="xn--bcher-kva.example")
    assert "pages:hosts" not in attribute(await owner.text(SITE), "data-tab")
    assert "bücher.example" in await owner.text(opened)
    await counter.hit(path="/", host="www.xn--bcher-kva.example:8080", ip="203.0.113.9")
    page = await owner.text(f"{SITE}?period=today")
    assert "hosts" in attribute(section(page, "pages"), "data-tab")
    rows = {row.label: row.href() for row in body_rows(await owner.text(opened))}
    assert sorted(rows) == ["bücher.example", "www.bücher.example"]
    assert "filter=host:is:www.xn--bcher-kva.example" in rows["www.bücher.example"]


async def test_every_row_leads_to_the_report_of_its_value_and_to_the_one_without(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in, 2)
    hits = read_log(counter.folder, "demo")
    for where, tab in BROKEN_DOWN:
        for row in body_rows(await panel(owner, where.name, tab.name)):
            if tab.kind == TabKind.KEYS:
                assert label_of(EN, Dimension.PROPERTY_KEY, URL(row.href()).query["key"]) == row.label
                continue
            for name, operator in (("row-filter", Operator.IS), ("row-not", Operator.IS_NOT)):
                url = URL(row.href(name))
                first, *needed = read_filters(MultiDict(url.query))
                assert (first.dimension, first.operator, first.key) == (tab.dimension, operator, tab.key)
                assert label_of(EN, first.dimension, first.values[0]) == row.label
                assert tuple(needed) == tab.only
                totals = oracle(counter, (first, *needed), hits=hits).totals()
                assert (totals.pageviews + totals.events > 0) or operator == Operator.IS_NOT
            narrowed = await panel(owner, where.name, tab.name, read_filters(MultiDict(URL(row.href()).query)))
            marked = [found for found in body_rows(narrowed) if "aria-current" in found.links.get("row-filter", {})]
            assert [found.label for found in marked] == [row.label]
            again = read_filters(MultiDict(URL(marked[0].href()).query))
            assert again == tab.only  # the same again takes it away


def test_a_filter_that_a_row_needs_stays_when_the_row_is_taken_back() -> None:
    missing = one(Dimension.EVENT, "not_found")
    page = one(Dimension.PAGE, "/x")

    def filters_after(*now: Filter) -> tuple[Filter, ...]:
        links = Links("demo", MultiDict(), now)
        return read_filters(MultiDict(URL(links.filtered(page, missing)).query))

    assert filters_after() == (page, missing)
    assert filters_after(missing) == (missing, page)
    assert filters_after(page, missing) == (missing,)
    assert filters_after(one(Dimension.PAGE, "/y")) == (page, missing)


async def test_a_propertys_name_leads_to_its_values_and_back(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in, 4)
    names = {row.label: row for row in body_rows(await panel(owner, "events", "properties"))}
    page = await owner.text(names["plan"].href().partition("#")[0])
    events = section(page, "events")
    by = By(Dimension.PROPERTY, "plan", Order.VISITORS)
    wanted = [label_of(EN, by.dimension, value) for value, _ in sorted_rows(oracle(counter).breakdown(by), by)[:9]]
    assert [row.label for row in body_rows(events)] == wanted
    assert EN("panels.values_of", key="plan") in events
    assert f"{SITE}?tab=events:properties#panel-events" in attribute(events, "href")
    assert any("filter=property_key:is:plan" in url for url in attribute(events, "href"))


async def test_what_visitors_sent_is_text_in_every_panel_and_no_link_leaves_the_web(
    start: Start, signed_in: SignedIn
) -> None:
    """T-47, T-48: nothing of it is markup, a script's address, or a template."""
    _, owner = await open_site(start, signed_in, 11, count=500)
    for where in PANELS:
        for tab in where.tabs:
            for key in ("", "plan", "<script>alert(1)</script>") if tab.kind == TabKind.KEYS else ("",):
                page = await panel(owner, where.name, tab.name, period="12m", **({"key": key} if key else {}))
                elements, attributes = markup(page)
                assert elements <= {
                    "section", "header", "h2", "nav", "a", "div", "table", "thead", "tbody", "tr", "th", "td", "svg",
                    "rect", "span", "footer", "p", "strong", "figure", "caption", "abbr",
                }  # fmt: skip
                assert not [name for name in attributes if name.startswith("on") or name in {"style", "src"}]
                assert "49" not in re.findall(r">([^<]*)</a>", page)
                for url in attribute(page, "href"):
                    assert url.startswith((f"{SITE}", "https://", "http://")), url
                for row in body_rows(page):
                    if row.href("row-open"):
                        assert row.links["row-open"]["rel"] == "noopener noreferrer nofollow"


@pytest.mark.parametrize(
    ("dimension", "value", "url"),
    [
        (Dimension.PAGE, "/a b", "https://shop.example/a%20b"),
        (Dimension.PAGE, "/ა", "https://shop.example/%E1%83%90"),
        (Dimension.PAGE, "/a%3Fb", "https://shop.example/a%3Fb"),
        (Dimension.PAGE, "//evil.example/", ""),
        (Dimension.PAGE, "/\\evil.example/", ""),
        (Dimension.PAGE, "javascript:alert(1)", ""),
        (Dimension.PAGE, "(other)", ""),
        (Dimension.PAGE, "Unknown", ""),
        (Dimension.REFERRER, "https://news.example/x", "https://news.example/x"),
        (Dimension.REFERRER, "javascript:alert(1)", ""),
        (Dimension.REFERRER, "java\nscript:alert(1)", ""),
        (Dimension.REFERRER, "data:text/html,x", ""),
        (Dimension.REFERRER, "//evil.example", ""),
        (Dimension.REFERRER, "https:evil.example", ""),
        (Dimension.REFERRER, "https://\\evil", ""),
        (Dimension.PROPERTY, "https://o.example/x", "https://o.example/x"),
        (Dimension.PROPERTY, " https://o.example/x", ""),
        (Dimension.SOURCE, "https://o.example/x", ""),
    ],
)
async def test_only_plain_addresses_of_the_web_become_links(
    start: Start, dimension: Dimension, value: str, url: str
) -> None:
    counter = await start(sites=SITES)
    assert outside_of(counter.service.sites.get("demo"), dimension, value) == url


async def test_pages_of_a_site_that_names_no_host_lead_nowhere(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "name": "Demo", "hosts": ["*.shop.example"]}])
    assert outside_of(counter.service.sites.get("demo"), Dimension.PAGE, "/a") == ""


async def test_what_came_beyond_the_cap_of_new_values_can_not_be_filtered_by(
    start: Start, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("counter.store.sqlite.dictionary.NEW_VALUES_A_DAY", 3)
    counter, owner = await open_site(start, signed_in)
    for name in "abcdefgh":
        await counter.hit(path=f"/{name}", host="shop.example", ip=f"203.0.113.{ord(name)}")
    rows = body_rows(await panel(owner, "pages", "pages"))
    other = [row for row in rows if row.label == EN("value.rest")]
    assert len(other) == 1
    assert other[0].links == {}


async def test_values_are_named_in_the_readers_words_and_stay_themselves_in_filters(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit(host="shop.example", ip="188.169.0.1", language="en-US", screen=1440)
    for where, tab, label, value in (
        ("places", "countries", "Georgia", "GE"),
        ("clients", "languages", "English (United States)", "en-US"),
        ("clients", "devices", "Desktop", "desktop"),
        ("clients", "screens", "1200-1599", "1200-1599"),
        ("sources", "channels", "Direct", "direct"),
        ("sources", "sources", "Direct", "Direct"),
        ("sources", "referrers", "Direct or unknown", "Unknown"),
        ("sources", "utm_source", "Not tagged", "Unknown"),
        ("places", "cities", "Unknown", "Unknown"),
    ):
        (row,) = body_rows(await panel(owner, where, tab))
        assert row.label == label
        assert URL(row.href()).query["filter"].endswith(f":is:{value}")


async def test_an_empty_tab_says_what_would_fill_it(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    for where in PANELS:
        for tab in where.tabs:
            page = await panel(owner, where.name, tab.name)
            assert 'class="empty"' in page
            assert EN("panels.empty.period") in page
    assert "counter.track" in await panel(owner, "events", "events")
    assert EN("panels.empty.filtered") in await panel(owner, "pages", "pages", FILTERS["a page"])
    await counter.hit(host="shop.example")
    assert "?utm_source=" in await panel(owner, "sources", "utm_source")  # only the untagged are there
    assert "counter geo update" in await panel(owner, "places", "cities")


async def test_the_map_has_every_country_and_the_table_beside_it_the_same_numbers(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in, 6)
    page = await panel(owner, "places", "map")
    listed = await panel(owner, "places", "countries")
    assert [row.cells for row in body_rows(page)] == [row.cells for row in body_rows(listed)]
    (figure,) = attribute(page, "data-figure")
    by = By(Dimension.COUNTRY)
    for value, sums in oracle(counter).breakdown(by).items():
        if value != "Unknown" and sums.visitors:
            assert f"{label_of(EN, by.dimension, value)}: {sums.visitors}" in figure


async def test_only_who_administers_is_led_to_the_reasons(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit(host="shop.example", agent=BOT)
    await counter.settled()
    viewer = await signed_in(counter, "vera", "viewer", "demo")
    assert f"{SITE}/why" in attribute(await panel(owner, "bots", "bots"), "href")
    page = await panel(viewer, "bots", "bots")
    assert body_rows(page)[0].label == "Googlebot"
    assert f"{SITE}/why" not in attribute(page, "href")


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/panels/shoes", 404, ""),
        ("/panels/shoes/rows", 404, ""),
        ("/panels/shoes.csv", 404, ""),
        ("/panels/pages?tab=pages:shoes", 400, "it may be PANEL:TAB"),
        ("/panels/pages?order=visits", 400, "is no parameter here"),
        ("/panels/pages/rows?order=bounce_rate", 400, "it may be visitors, visits, pageviews, events, engaged"),
        ("/panels/hours/rows?order=visits", 400, "these rows have one order"),
        ("/panels/pages/rows?page=0", 400, "page is"),
        ("/panels/pages.csv?page=2", 400, "is no parameter here"),
        ("/export.csv?search=x", 400, "is no parameter here"),
        ("/panels/pages?filter=page:is", 400, "it may be page:OPERATOR:VALUE"),
    ],
)
async def test_what_is_not_there_or_can_not_be_asked_is_refused_with_a_sentence(
    start: Start, signed_in: SignedIn, path: str, status: int, sentence: str
) -> None:
    _, owner = await open_site(start, signed_in)
    answer = await owner.get(SITE + path)
    assert answer.status == status
    assert sentence in await answer.text()


async def test_the_longest_values_have_rows_even_where_no_address_can_hold_them(
    start: Start, signed_in: SignedIn
) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit(path="/" + "ქ" * 1000, host="shop.example")
    (row,) = body_rows(await panel(owner, "pages", "pages"))
    assert row.label == "/" + "ქ" * 1000
    assert row.links == {}


async def test_rows_do_not_lead_to_more_filters_than_are_taken(start: Start, signed_in: SignedIn) -> None:
    counter, owner = await open_site(start, signed_in)
    await counter.hit(path="/a", host="shop.example")
    most = [one(Dimension.COUNTRY, f"no{number}", operator=Operator.IS_NOT) for number in range(20)]
    (row,) = body_rows(await panel(owner, "pages", "pages", most[:19]))
    assert (await owner.get(row.href())).status == 200
    (row,) = body_rows(await panel(owner, "pages", "pages", most))
    assert (row.href(), row.href("row-not")) == ("", "")
    (row,) = body_rows(await panel(owner, "pages", "pages", [*most[:19], one(Dimension.PAGE, "/a")]))
    assert (await owner.get(row.href())).status == 200


def test_the_hours_have_names_for_everybody() -> None:
    assert hour(EN, 13) == "13:00"


def test_rows_read_from_a_page_are_its_tables() -> None:
    link = '<a class="row-filter" href="/x">b</a>'
    page = f'<table class="rows"><thead><tr><th>A</th></tr></thead><tr><th>{link}</th></tr></table>'
    (head, row), *_ = tables(page, "rows")
    assert (head.cells, row.cells, row.href()) == (["A"], ["b"], "/x")
    assert isinstance(row, Row)
