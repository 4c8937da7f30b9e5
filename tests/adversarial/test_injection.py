"""T-64: what is asked for is never a part of a statement: not in any parameter, path or hit, and not in the code.

Three proofs: every parameter of every route with every payload, while all statements are written down; what is
searched for is found as the literal text it is; and the source, where all that is executed is made of our own words.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from counter.reports.grammar import DIMENSIONS, HITS_KEYS, OPERATORS, REPORT_KEYS, VISIT_KEYS
from counter.site import TokenMay
from counter.text import clean
from counter.widget.options import OPTIONS
from dashboard.pages import hits as hits_page
from dashboard.report import request as dashboard_asked
from dashboard.report.filters import FORM_KEYS
from tests.kit.app import BROWSER, HANG, Counter, Start
from tests.kit.dashboard import Client, SignedIn
from tests.kit.every_route import ENDLESS, QUERIES, Place, gets, places

MARK: Final = "q7zx"  # in every payload; in no statement
PAYLOADS: Final = tuple(f"{text}{MARK}" if "{}" not in text else text.replace("{}", MARK) for text in (
    "'", '"', "`", "''", "'--{}", "' or '1'='1' -- {}", '" or ""="{}', "') or ('1'='1{}", "1 or 1=1 {}", "1;{}",
    "'; drop table event; -- {}", "'; delete from user; -- {}", "'; attach database '/tmp/{}' as x; -- ",
    "' union select login, password from user -- {}", "{}' union all select sql,1,1,1 from sqlite_schema --",
    "1 and (select count(*) from event, event, event, event) {}", "1 and sleep(9) {}", "' || randomblob(1e9) || '{}",
    "'; with recursive r(n) as (select 1 union all select n+1 from r) select count(*) from r; -- {}",
    "' and 1=(with recursive r(n) as (select 1 union all select n+1 from r) select max(n) from r)-- {}",
    "load_extension('{}')", "/*{}*/", "{}/**/or/**/1", "{}--", "{}#", "%{}%", "_{}_", "100%{}", "a_{}", "[{}]", "*{}?",
    "{}\\", "\\{}", "\\'{}", "{}\x00", "\x00'{}", "{}%00", "’{}’", "ʼ or 1=1{}", "＇{}＇", "\ud83d{}", "{}\u202e",
    "{tests}{}", "{order}{}", ":site{}", "?1{}", "@{}", "$x{}", "NULL{}", "-1{}", "1e999{}", "0x1{}", "{}\r\nX: y",
))  # fmt: skip
# Texts that are stored, each beside its near misses: what LIKE or GLOB would take for one another.
STORED: Final = (
    "100%", "1000", "100x", "a_b", "axb", "a b", "[ab]c", "ac", "x*y", "xzzy", "x?y", "it's", "its",
    'say "hi"', "say hi",
    "back\\slash", "backslash", "c:\\d,e:f", "{tests}", "{order}", ":site", "?1", "' or '1'='1", "--", "/*x*/", "x",
    "’", "＇", "straße", "'; drop table event; --", "%", "_", "\\", "'", '"', ",", ":", "Unknown", "(other)",
    "NULL", "0",
)  # fmt: skip
SEARCHED: Final = (
    *STORED,
    "%%",
    "__",
    "a_",
    "[",
    "*",
    "?",
    "A_B",
    "SAY",
    "0%",
    "' or",
    "\\\\",
    "\\%",
    "a\x00b",
    " ",
    "zz",
)
# The parameters of each route that has any; all others are asked with two that they do not know.
WIDGET: Final = (*(one for one in OPTIONS if one != "label.LINE"), "label.today", "metric", "path", "scope", "count")
PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "/api/v1/totals": ("site", "metric", "path"),
    "/api/v1/report": REPORT_KEYS,
    "/api/v1/hits": HITS_KEYS,
    "/api/v1/visit": VISIT_KEYS,
    "/widget/{site}.html": WIDGET,
    "/widget/{site}.svg": WIDGET,
    "/widget/{site}.json": WIDGET,
    "/badge/{site}.svg": ("style", "line", "color", "label", "lang", "theme", "scheme", "digits", "numerals", "path"),
    "/widget/{site}/about": ("lang",),
    "/widget/gallery": ("site", "lang"),
    "/demo": ("site",),
    "/demo/{page}": ("site",),
    "/dashboard/": ("q",),
    "/dashboard/login": ("next", "lang"),
    "/dashboard/setup/{secret}": ("lang",),
    "/dashboard/sites/{site}": (*dashboard_asked.REPORT_KEYS, *FORM_KEYS),
    "/dashboard/sites/{site}/export.csv": dashboard_asked.REPORT_KEYS,
    "/dashboard/sites/{site}/export.json": dashboard_asked.REPORT_KEYS,
    "/dashboard/sites/{site}/panels/{panel}": dashboard_asked.REPORT_KEYS,
    "/dashboard/sites/{site}/panels/{panel}/rows": dashboard_asked.ROWS_KEYS,
    "/dashboard/sites/{site}/panels/{panel}.csv": dashboard_asked.ROWS_KEYS,
    "/dashboard/sites/{site}/panels/{panel}.json": dashboard_asked.ROWS_KEYS,
    "/dashboard/sites/{site}/hits": hits_page.KEYS,
    "/dashboard/sites/{site}/hits.csv.gz": hits_page.KEYS,
    "/dashboard/sites/{site}/hits.ndjson.gz": hits_page.KEYS,
    "/dashboard/sites/{site}/live/events": ("after",),
    "/dashboard/sites/{site}/why": ("address", "user_agent", "path"),
}
UNKNOWN: Final = ("order", "id")
REFUSED: Final = {
    302,
    303,
    400,
    401,
    404,
    422,
}  # 30x: to the start page, the login, or from the filter form to the URL it means
SOME: Final = 36  # one payload in so many, another one at each parameter
SLOWER: Final = 10.0  # times what the route takes otherwise, and at least as many seconds: against hangs only


class Statements:
    """Every statement that any connection was given, and whether a payload came bound to one."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.bound = 0

    def note(self, text: str, *values: Any) -> None:
        self.texts.add(text)
        self.bound += MARK in repr(values)

    def connect(self, real: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        """`sqlite3.connect` that opens connections which tell; all of them execute through a cursor of theirs."""
        statements = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                statements.note(sql, *values)
                return super().execute(sql, *values)

            def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
                rows = list(rows)
                statements.note(sql, rows)
                return super().executemany(sql, rows)

            def executescript(self, sql: str) -> sqlite3.Cursor:
                statements.note(sql)
                return super().executescript(sql)

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, *values: Any) -> Any:
                return self.cursor().execute(sql, *values)

            def executemany(self, sql: str, rows: Any) -> Any:
                return self.cursor().executemany(sql, rows)

            def executescript(self, sql: str) -> Any:
                return self.cursor().executescript(sql)

        return lambda *names, **options: real(*names, **{**options, "factory": Connection})


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """What is executed from now on."""
    found = Statements()
    monkeypatch.setattr(sqlite3, "connect", found.connect(sqlite3.connect))
    return found


def questions(place: Place, payload: str) -> Iterator[str]:
    """The route with the payload in each parameter, alone and inside of what it is made of, and in the path."""
    base, known = (
        place.at().partition("?")[0],
        dict(one.split("=") for one in QUERIES.get(place.path, "").split("&") if one),
    )
    for name in PARAMETERS.get(place.path, UNKNOWN):
        for value in shapes(name, payload):
            query = {**known, **needed(name, place), name: value}
            yield f"{base}?{urlencode(query, errors='surrogatepass')}"
    yield f"{base}?{urlencode({**known, payload: '1'}, errors='surrogatepass')}"
    for part in place.parts:
        # A lone surrogate has no place in a URL, and a dot alone none in a path.
        yield place.at(**{part: payload.replace("\ud83d", "\ufffd")})


def shapes(name: str, payload: str) -> list[str]:
    """The texts that put the payload everywhere in a parameter of that name."""
    if name == "filter":
        return [payload, f"page:{payload}:x", f"page:is:{payload}", f"event:contains:{payload}",
                f"goal:is_not:{payload}", f"property:{payload}:is:x", f"property:text:contains:{payload}",
                f"country:is:DE,{payload}"]  # fmt: skip
    if name == "by":
        return [payload, f"property:{payload}", f"page:{payload}", f"page,{payload}"]
    if name == "tab":
        return [payload, f"pages:{payload}", f"{payload}:pages"]
    return [payload, f"1{payload}"]


def needed(name: str, place: Place) -> dict[str, str]:
    """What must be said so that the parameter is looked at."""
    if name in {"order", "search", "limit", "offset"} and place.path == "/api/v1/report":
        return {"by": "page"}
    if name in {"from", "to"}:
        return {"from": "2024-11-01", "to": "2024-11-21"}
    if name in FORM_KEYS:
        return {"f_dimension": "page", "f_operator": "is", "f_value": "x"}
    return {"tab": "events:properties"} if name == "key" else {}


def dump(counter: Counter) -> dict[str, list[dict[str, Any]]]:
    """Every table and its schema; what exports note about themselves is left out."""
    tables = [row["name"] for row in counter.rows("select name from sqlite_schema where type = 'table'")]
    found = {name: counter.rows(f'select * from "{name}"') for name in tables if name != "audit"}
    return {**found, "schema": counter.rows("select * from sqlite_schema")}


async def plant(counter: Counter) -> None:
    """Every text of STORED as the property of an event, half of them folded into the rollups."""
    for number, text in enumerate(STORED):
        hit = {"name": "note", "props": {"text": text}, "path": f"/{number}", "ip": f"203.0.113.{number}"}
        assert (await counter.hit(**hit)).headers["X-Counter"] == "counted"
        if number == len(STORED) // 2:
            await counter.service.store.fold()


def test_every_page_has_its_parameters_in_this_test() -> None:
    paths = {one.path for one in (*gets(), *places()) if one.method == "GET"}
    assert set(PARAMETERS) <= paths
    assert set(DIMENSIONS)
    assert set(OPERATORS) == {"is", "is_not", "contains"}
    assert all(MARK in payload for payload in PAYLOADS)


PAGES: Final = [
    one for one in places() if one.method == "GET" and one.path != "/pixel.gif"
]  # that one is sent hits below


async def test_no_parameter_of_any_page_is_a_part_of_a_statement(
    start: Start, signed_in: SignedIn, statements: Statements
) -> None:
    """Each parameter with a few of the payloads, the next one with others."""
    await ask_every_page(await start(dashboard=True), signed_in, statements, every=SOME)


@pytest.mark.soak
@pytest.mark.faults
async def test_no_payload_is_a_part_of_a_statement_in_any_parameter_of_any_page(
    start: Start, signed_in: SignedIn, statements: Statements
) -> None:
    """All payloads in every parameter."""
    await ask_every_page(await start(dashboard=True), signed_in, statements, every=1)


async def ask_every_page(counter: Counter, signed_in: SignedIn, statements: Statements, every: int) -> None:
    await plant(counter)
    await counter.service.store.fold()  # or the service does it by itself, and the tables change for that
    owner, token = await signed_in(counter), await counter.add_token(may=TokenMay.READ)
    before = dump(counter)
    for place in PAGES:
        await ask_everything(owner, place, token, every)
    assert dump(counter) == before
    assert not [text[:200] for text in statements.texts if MARK in text.lower()]
    assert statements.bound, "and payloads did come to SQLite"
    assert not [text for text in statements.texts if "load_extension" in text or "attach" in text.lower()]


async def ask_everything(owner: Client, place: Place, token: Mapping[str, str], every: int) -> None:
    """One route with payloads everywhere: refused with a sentence, or taken as the text they are."""
    asked, counter = 0, owner.counter
    began = time.monotonic()
    if place.path != ENDLESS:
        await owner.get(place.at(), headers=token)
    usual = time.monotonic() - began
    for turn, payload in enumerate(PAYLOADS):
        for path in islice(questions(place, payload), turn % every, None, every):
            # Secrets of links that are tried too often from one address are no longer looked at.
            headers = {**token, "X-Forwarded-For": f"203.0.{asked // 250}.{asked % 250}"}
            began, asked = time.monotonic(), asked + 1
            answer = await owner.get(path, headers=headers)
            spent = time.monotonic() - began
            assert answer.status == 200 or answer.status in REFUSED, (path, answer.status, counter.log.lines[-1:])
            assert spent < min(max(SLOWER * usual, SLOWER), HANG), path
    assert asked >= len(PAYLOADS) // every


async def test_no_hit_is_a_part_of_a_statement(start: Start, statements: Statements) -> None:
    """Every key of the wire format, by POST, pixel and counting image; and the headers that are kept."""
    counter = await start()
    for number, payload in enumerate(PAYLOADS):
        ip, plain = f"203.0.113.{number}", payload.encode("utf-8", "replace").decode()
        header = "".join(one for one in plain if one.isprintable() and one.isascii())
        sent = dict.fromkeys(("path", "title", "host", "referrer", "name", "id", "language", "view"), payload)
        agent = f"{BROWSER} {header}"
        await counter.hit(ip=ip, agent=agent, **{**sent, "host": "", "props": {payload[:60]: payload}})
        await counter.hit(ip=ip, agent=agent, **sent, headers={"Referer": f"https://x.example/{header}",
                          "Accept-Language": header, "Origin": f"https://{quote(header)}"})  # fmt: skip
        await counter.pixel(urlencode({"site": "demo", **sent}, errors="replace"), ip=ip, agent=agent)
        for name in (*sent, "site"):
            await counter.pixel(urlencode({"site": "demo", "path": "/", name: payload}, errors="replace"), ip=ip)
        await counter.get(f"/widget/demo.svg?count=1&path={quote(plain)}", headers={"X-Forwarded-For": ip})
    await counter.settled()
    await counter.service.store.fold()
    assert not [text[:200] for text in statements.texts if MARK in text.lower()]
    assert statements.bound > len(PAYLOADS)
    assert len(counter.hits()) > len(PAYLOADS), "most of them were counted as what they are: texts"
    await counter.assert_unharmed()


# What is searched for ---------------------------------------------------------------------------------------------


def lowered(text: str) -> str:
    """As SQLite's lower(): the letters A to Z alone."""
    return "".join(one.lower() if one.isascii() else one for one in text)


def matching(stored: list[str], wanted: str) -> list[str]:
    """What a search must find, by the naivest reading of it."""
    return sorted(text for text in stored if lowered(clean(wanted, 2048)) in lowered(text))


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,")


async def test_what_is_searched_for_is_found_as_the_text_it_is(start: Start, signed_in: SignedIn) -> None:
    """In the API, on the page of all rows, in its exports and by filters; against a search in Python."""
    counter = await start(dashboard=True)
    await plant(counter)
    owner, token = await signed_in(counter), await counter.add_token(may=TokenMay.READ)
    rows = counter.rows("select distinct json_extract(props, '$.text') as text from hit_log")
    stored = [row["text"] for row in rows]
    assert len(stored) == len(STORED)
    for wanted in SEARCHED:
        expected = matching(stored, wanted)
        by_api = {"site": "demo", "period": "28d", "by": "property:text", "search": wanted, "limit": "1000"}
        answer = await (await counter.get("/api/v1/report", params=by_api, headers=token)).json()
        assert sorted(row["value"] for row in answer["breakdowns"][0]["rows"]) == expected, wanted
        by_page = {"tab": "events:properties", "key": "text", "search": wanted}
        answer = await (await owner.get("/dashboard/sites/demo/panels/events.json", params=by_page)).json()
        assert sorted(row["value"] for row in answer["rows"]) == expected, wanted
        page = await owner.get("/dashboard/sites/demo/panels/events/rows", params=by_page)
        assert (await page.text()).count('scope="row"') == len(expected), wanted


async def test_what_is_filtered_by_is_compared_as_the_text_it_is(start: Start) -> None:
    counter = await start()
    await plant(counter)
    token = await counter.add_token(may=TokenMay.READ)
    stored = [row["text"] for row in counter.rows("select json_extract(props, '$.text') as text from hit_log")]
    for wanted in [one for one in SEARCHED if clean(one, 2048)]:
        same = sorted(text for text in stored if text == clean(wanted, 2048))
        expected = {
            "is": same, "is_not": sorted(set(stored) - set(same)), "contains": matching(stored, wanted),
        }  # fmt: skip
        for operator, texts in expected.items():
            query = {"site": "demo", "filter": f"property:text:{operator}:{escaped(wanted)}", "limit": "1000"}
            answer = await (await counter.get("/api/v1/hits", params=query, headers=token)).json()
            assert sorted(hit["props"]["text"] for hit in answer["hits"]) == texts, (operator, wanted)


async def test_pages_and_sites_are_searched_as_the_text_they_are(start: Start, signed_in: SignedIn) -> None:
    """Values of the dictionary, folded and not, and names of sites."""
    names = ["100% wool", "1000 wools", "a_b", "axb", "it's", "its"]
    counter = await start(dashboard=True, sites=[{"id": f"site{n}", "name": name} for n, name in enumerate(names)])
    for number, name in enumerate(names):
        await counter.hit(site="site0", path="/", name=name, ip=f"203.0.113.{number}")
        if number == 2:
            await counter.service.store.fold()
    owner = await signed_in(counter)
    for wanted in ("%", "_", "0%", "a_b", "'", "its", "a%b", "' or '1'='1", "wool"):
        query = {"tab": "events:events", "search": wanted}
        answer = await (await owner.get("/dashboard/sites/site0/panels/events.json", params=query)).json()
        assert sorted(row["value"] for row in answer["rows"]) == sorted(one for one in names if wanted in one), wanted
        overview = await (await owner.get("/dashboard/", params={"q": wanted})).text()
        shown = [n for n in range(len(names)) if f'href="/dashboard/sites/site{n}"' in overview]
        assert shown == [n for n, name in enumerate(names) if wanted in name], wanted
