"""Sites with a past for tests of the dashboard, sent over HTTP; and the tables of a page, read as a browser does."""

from __future__ import annotations

import datetime as dt
import html
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from counter.question import Filter, Question
from counter.site import Goal, GoalKind
from tests.kit.app import BROWSER, NOON, Counter, FakeClock, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.report_oracle import Answer, Hit, read_log

ZONE = "Asia/Tbilisi"
SITES = [{"id": "demo", "name": "Demo", "timezone": ZONE, "hosts": ["shop.example"], "first_weekday": "sunday"}]
GOALS = (Goal("Joined, at last", GoalKind.EVENT, "sign*"), Goal("<b>Blog", GoalKind.PAGE, "/blog/*"))
TODAY = 20_048  # the local day of NOON
DAYS = 41  # of the past
SPAN = 40_000  # seconds of the hits that are sent at once; a hit may be a day old
HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=1+1", "'@SUM(1)", "＝cmd", "{{7*7}}", "${7}",
    "%{z}", "javascript:alert(1)", "__proto__", "a,b\\c:d", "</section>", "&lt;i&gt;", "ქართული გვერდი", "صفحة",
    "Unknown", "{0}",
)  # fmt: skip

_PATHS = ("/", "/", "/", "/a", "/blog/1", "/blog/a, b", "/blog/2", "/price?x", *(f"/{text}" for text in HOSTILE))
_REFERRERS = ("", "", "https://www.google.com/", "https://news.example/x", "https://t.co/z", "http://a.example/<b>")
_ADDRESSES = ("8.8.8.8", "5.9.0.1", "188.169.0.1", "198.51.100.7", "203.0.113.7", "81.2.69.142", "1.1.1.1", "127.0.0.9")
_AGENTS = (
    BROWSER,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
)
_BOTS = ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0", "<b>bot</b> crawler")
_NAMES = ("pageview",) * 6 + ("signup", "outbound", "download", "not_found", "<i>event")


async def open_site(
    start: Start, sign_in: SignedIn, seed: int | None = None, count: int = 200
) -> tuple[Counter, Client]:
    """A service at NOON whose site has hits of the last weeks, the older ones folded; and its owner, signed in."""
    past = DAYS if seed is not None else 0
    counter = await start(FakeClock(NOON - past * 86400), dashboard=True, sites=SITES)
    if seed is not None:
        await _send_hits(counter, random.Random(seed), count)
    return counter, await sign_in(counter)


async def _send_hits(counter: Counter, rng: random.Random, count: int) -> None:
    for goal in GOALS:
        await counter.service.store.catalog.add_goal(counter.site_key(), goal, NOON)
    token = await counter.add_token()
    ages = sorted((rng.random() ** 2 * (DAYS - 1) * 86400 for _ in range(count)), reverse=True)
    for _, group in groupby(ages, key=lambda age: int(age // SPAN)):
        hits = [_hit(rng, NOON - age) for age in group]
        counter.clock.set(min(NOON, dt.datetime.fromisoformat(hits[-1]["time"]).timestamp()))
        answer = await counter.post(hits, headers=token)
        assert answer.status in {200, 202}, await answer.text()
        if rng.random() < 0.3:
            await counter.service.store.fold()
    counter.clock.set(NOON)
    await counter.settled()


def _hit(rng: random.Random, at: float) -> dict[str, Any]:
    name = rng.choice(_NAMES)
    found = {
        "site": "demo", "host": "shop.example", "path": rng.choice(_PATHS), "name": name,
        "time": dt.datetime.fromtimestamp(at, dt.UTC).isoformat(), "ip": rng.choice(_ADDRESSES),
        "user_agent": rng.choice(_BOTS if rng.random() < 0.1 else _AGENTS), "referrer": rng.choice(_REFERRERS),
        "language": rng.choice(("en-US", "ka", "de-DE", "")), "screen": rng.choice((0, 390, 1440, 2560)),
    }  # fmt: skip
    if rng.random() < 0.3:
        found["path"] += "&" if "?" in found["path"] else "?"
        found["path"] += f"utm_source={rng.choice('ab')}&utm_medium=mail&utm_campaign=x&utm_term={rng.choice('tu')}"
    if name in {"outbound", "download"}:
        found["props"] = {"url": rng.choice(("https://o.example/x", "http://files.example/a.pdf"))}
    elif name != "pageview":
        found["props"] = {"plan": rng.choice((*HOSTILE, "", "basic")), rng.choice(HOSTILE): "1"}
    return found


def oracle(counter: Counter, filters: Sequence[Filter] = (), days: int = 28, hits: list[Hit] | None = None) -> Answer:
    """The last `days` counted naively from the view `hit_log`."""
    question = Question(counter.site_key(), TODAY - days + 1, TODAY + 1, tuple(filters))
    return Answer(read_log(counter.folder, "demo") if hits is None else hits, question, ZONE, GOALS)


# Pages, read -------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """A row of a table: the texts of its cells, and its links by class."""

    cells: list[str] = field(default_factory=list)
    links: dict[str, dict[str, str]] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)  # of the cells

    @property
    def label(self) -> str:
        return self.cells[0]

    def href(self, name: str = "row-filter") -> str:
        return self.links.get(name, {}).get("href", "")


class _Tables(HTMLParser):
    """Every table of a page: the cells without their links' own signs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[str, list[Row]]] = []
        self._cell: list[str] | None = None
        self._aside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "table":
            self.tables.append((found.get("class", ""), []))
        elif tag == "tr":
            self.tables[-1][1].append(Row())
        elif tag in {"td", "th"} and self.tables:
            self._cell = []
            self.tables[-1][1][-1].classes.append(found.get("class", ""))
        elif tag == "a" and self._cell is not None:
            name = found.get("class", "")
            self.tables[-1][1][-1].links[name] = found
            self._aside = tag if name in {"row-open", "row-not"} else ""
        elif tag == "span" and self._cell is not None and found.get("class") == "muted":
            self._aside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._aside:
            self._aside = ""
        elif tag in {"td", "th"} and self._cell is not None:
            self.tables[-1][1][-1].cells.append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, text: str) -> None:
        if self._cell is not None and not self._aside:
            self._cell.append(text)


def tables(page: str, name: str) -> Iterator[list[Row]]:
    """The tables of a class, each with its head as the first row."""
    reader = _Tables()
    reader.feed(page)
    return (rows for classes, rows in reader.tables if name in classes.split())


def body_rows(page: str, name: str = "rows") -> list[Row]:
    """The rows below the head of the first such table; none where there is no table."""
    return next(tables(page, name), [Row()])[1:]


def section(page: str, panel: str) -> str:
    """A panel as it stands in a page."""
    found = re.search(rf'<section class="panel" id="panel-{panel}".*?</section>', page, re.DOTALL)
    assert found is not None, f"there is no panel {panel}"
    return found[0]


def attribute(page: str, name: str) -> list[str]:
    """Every value of an attribute, unescaped."""
    return [html.unescape(value) for value in re.findall(rf'\s{name}="([^"]*)"', page)]


def query(pairs: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
    return urlencode(list(pairs.items()) if isinstance(pairs, Mapping) else list(pairs))


def markup(page: str) -> tuple[set[str], set[str]]:
    """The names of every element and of every attribute of a page."""
    reader = _Markup(convert_charrefs=True)
    reader.feed(page)
    return reader.elements, reader.attributes


class _Markup(HTMLParser):
    def __init__(self, **options: bool) -> None:
        super().__init__(**options)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attributes)
