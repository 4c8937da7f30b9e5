"""T-16: whatever comes in, a parser answers or refuses with an error of ours; its answer is bounded and stays itself.

One row a parser. "Bounded" is on everything that may be kept; "stays itself" is `f(f(x)) == f(x)`, where what is kept
is read again: from an export, a link of the dashboard, a configuration.
"""

from __future__ import annotations

import json
import string
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counter.address import Networks, canonical, client_address, group, mask
from counter.calendar.localtime import LocalTime, valid_zones
from counter.cli.import_daily import read_days
from counter.collect.agents.browser import language_of
from counter.collect.agents.useragent import UserAgents
from counter.collect.lists import read_hosts
from counter.collect.origins.origin import Hosts, Origins
from counter.collect.origins.source_table import read_table
from counter.collect.origins.sources import Sources
from counter.collect.page import campaign, host_of, normalise_path, split_url
from counter.collect.parse import Envelope, decode_body, decode_query, hit_from
from counter.config import check_site_field, site_field_from_text
from counter.errors import CounterError
from counter.history.daily_cells import MOST
from counter.history.sql_text import SqlText
from counter.history.vinaora import VinaoraDump
from counter.logfiles.formats import FORMATS, detect, find_format
from counter.logfiles.formats.combined import parse_line
from counter.logfiles.formats.fields import address_of, clf_time, client_of, epoch_time, iso_time
from counter.logfiles.formats.forwarded import VisitorRule
from counter.logfiles.formats.json_any import json_parser
from counter.logfiles.formats.wrapped import parse_wrapped
from counter.text import clean

LONGEST = 2048  # characters of anything that is kept

# Texts that parsers of the web have tripped over, put together by chance.
SHREDS = st.sampled_from([
    "http://", "https://", "HTTP://", "//", "/", "\\", "?", "#", "&", "=", "+", "%", "%2f", "%252f", "%ff", "%00",
    "%u0041", "@", ":", ":80", ":99999", "[", "]", "[::1]", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.4",
    "1.2.3.4:80", "0x7f.1", "unknown", ",", ";", " ", "\t", "\r\n", "\0", "\x1b[31m", "\u202e", "\ufeff", "\ud800",
    "\udfff", "\u0301" * 9, "é", "e\u0301", "ß", "İ", "ﬁ", "℀", "𝒳", "😀", "xn--", "xn--80ak6aa92e.com", "www.", ".",
    "..", "localhost", "google.com", "index.html", "utm_source=", "utm_medium=cpc", "amp;utm_campaign=x", "gclid=1",
    "android-app://", "javascript:", "data:,", "-", '"', "'", "<script>", "{{7*7}}", "${x}", "=1+1", "Mozilla/5.0 (",
    "Android ", "bot", "; ", "(", ")", "en-US", "q=0.5", "q=1e9", "zh-Hant-TW", "*", "i-klingon",
    "[17/May/2015:10:05:03 +0000]", '"GET / HTTP/1.1" 200 5', '{"time":', "\\x22", "\\", "}", "null", "NaN", "1e999",
    "-1", "9" * 30, "2024-02-29T23:59:60Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2024-W53-7",
    "2023-02-29", "Europe/Berlin", "right/UTC", "../etc/passwd", "date,visits\n", "2024-11-21,5\n",
])  # fmt: skip
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
TEXT = ANY | st.lists(SHREDS | ANY, max_size=12).map("".join)
LONG = st.builds(lambda part, times: part * times, TEXT, st.sampled_from([1, 1, 1, 50, 500]))
NETWORKS = Networks(["10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "unix:"])
ENVELOPE = Envelope(at=1_732_190_400, address="192.0.2.1", user_agent="x")


@cache
def agents() -> UserAgents:
    return UserAgents()


@cache
def origins() -> Origins:
    return Origins(Sources.load())


def texts(value: Any) -> Iterable[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        yield from texts(msgspec.structs.astuple(value))
    elif isinstance(value, dict):
        yield from texts(list(value.items()))
    elif isinstance(value, (tuple, list, set, frozenset)):
        for part in value:
            yield from texts(part)


class Row(NamedTuple):
    """A parser that takes texts."""

    name: str
    parse: Callable[..., Any]
    texts: int = 1  # how many it takes
    longest: int = LONGEST  # characters of a text in its answer
    same: bool = False  # parse(parse(x)) == parse(x)
    refuses: bool = False  # with a CounterError
    input: st.SearchStrategy[str] = LONG
    safe: bool = True  # the answer can be stored: no surrogate, no control character


def hit_of_query(site: str, path: str, title: str, value: str) -> Any:
    query = {"site": site, "path": path, "title": title, "referrer": value, "name": value, "language": value,
             "host": value, "prop.a": value, "prop." + value: title}  # fmt: skip
    hit = hit_from(decode_query(query), ENVELOPE)
    return (hit.path, hit.title, hit.referrer, hit.name, hit.host, hit.language, hit.props)


def trusted_hit(time: str, address: str, agent: str) -> Any:
    wire = {"site": "demo", "path": "/", "time": time, "ip": address, "user_agent": agent}
    hit = hit_from(decode_query(wire), ENVELOPE, trusted=True)
    assert ENVELOPE.at - 86_400 <= hit.at <= ENVELOPE.at + 300
    return (hit.address, hit.user_agent)


def language(text: str) -> str:
    return language_of("", text)


def zone_day(name: str) -> Any:
    zone = str(site_field_from_text("timezone", name))
    assert zone in valid_zones()
    return [str(LocalTime(zone).day(at)) for at in (0, 2**31, 4_102_444_800)]


def daily(content: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "days.csv"
        file.write_text(content, encoding="utf-8", errors="surrogatepass", newline="")
        days = read_days(file).days
    assert len({day.day for day in days}) == len(days)
    assert all(0 <= number <= MOST for day in days for number in (day.visits, day.visitors or 0, day.pageviews or 0))
    return []


def sql(text: str) -> Any:
    """The same tokens, however the text is cut into pieces."""

    def tokens(pieces: list[str]) -> list[object]:
        scanner = SqlText(pieces)
        return [(token.kind, token.text, token.line) for token in iter(scanner.next, None)]

    whole = tokens([text])
    assert tokens(list(text)) == whole
    return []


def dump(text: str) -> Any:
    assert all(0 <= number <= MOST for bucket in VinaoraDump([text], "x.sql").buckets() for number in bucket)
    return []


def moment(parse: Callable[[str], int | None]) -> Callable[[str], Any]:
    def within(text: str) -> Any:
        at = parse(text)
        assert at is None or -86_400 <= at < 32_503_680_000  # years 1970 to 2999, east of Greenwich a day before
        return []

    return within


def log_line(name: str) -> Callable[[str], Any]:
    def parse(line: str) -> Any:
        header = "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(Referer) cs(User-Agent)"
        found = FORMATS[name].parser(header)(line)
        assert found is None or client_of(found.address or "unix:") == found.address
        assert found is None or 0 <= found.status <= 999
        return [] if found is None else [found.address]

    return parse


LINES = st.builds(
    lambda parts, cut: (" ".join(parts))[: cut or None],
    st.lists(st.sampled_from([
        "192.0.2.1", "::1", "host.example:80", "-", "frank", "[17/May/2015:10:05:03 +0000]",
        "[99/Foo/0000:99:99:99 +9999]", '"GET /a HTTP/1.1"', '"\\x16\\x03"', '"GET /' + "a" * 300 + '"', "200",
        "999", "-", '"http://r.test/"', '"Mozilla/5.0"',
        '{"time_iso8601":"2024-11-21T12:00:00Z","remote_addr":"192.0.2.1","request":"GET / HTTP/1.1","status":200}',
        '{"ts":1e300,"request":{"remote_ip":"x"}}',
        "2024-11-21\t12:00:00\tFRA\t1\t192.0.2.1\tGET\td.test\t/\t200\t-\tx", "#Fields: x",
    ]) | ANY, max_size=12),
    st.integers(0, 200),
) | LONG  # fmt: skip

# Pieces of dumps, and what breaks quotes and comments.
SQL = st.builds("".join, st.lists(st.sampled_from([
    "INSERT INTO `a_vvisit_counter` (`time`,`visits`) VALUES ", "(1732190400,5)", ",", ";", "(", ")", "'", '"', "`",
    "\\", "--", "-- ", "#", "/*", "*/", "/*!40101 ", "/*!999999", "\n", "''",
    "CREATE TABLE a_vvisit_counter (time int);",
    "DELIMITER ;;", "DELIMITER ;", "x", "0x1", "-", "VALUES", "NULL", "DROP TABLE a;", "USE b;", ".", " ",
]) | ANY, max_size=30))  # fmt: skip

ROWS = [
    Row("client_address", lambda a, b, c: client_address(a, [b, c], NETWORKS), 3, 45),
    Row("client_address of a trusted peer", lambda b, c: client_address("10.1.2.3", [b, c], NETWORKS), 2, 45),
    Row("canonical", lambda text: canonical(text) or "", 1, 45, same=True),
    Row("mask", lambda text: mask(canonical(text) or ""), 1, 45, same=True),
    Row("group", lambda text: group(canonical(text) or ""), 1, 45, same=True),
    Row("user agent", lambda text: agents().look_up(text), 1, 200),
    Row("origin", lambda a, b, c, d: origins().of(a, b, Hosts((c, "*." + c), d, (c,))), 4, 1024),
    Row("referrer, again", lambda text: origins().of(text, "/", Hosts((), "")).referrer, 1, 1024, same=True),
    Row("campaign", campaign, 1, 256),
    Row("language", language, 1, 35, same=True),
    Row("declared language", lambda text: language_of(text, ""), 1, 35, same=True),
    Row("path", lambda text: normalise_path(text, ("id", "q")), 1, 1024, same=True),
    Row("path without a query", lambda text: normalise_path(text, ()), 1, 1024, same=True),
    Row("url", lambda text: list((split_url(text) or ())[:3]), 1, 255),
    Row("host", host_of, 1, 255),
    Row("text", lambda text: clean(text, 100), 1, 100, same=True),
    Row("hit of a query", hit_of_query, 4, 2048, refuses=True),
    Row("hit of a server", trusted_hit, 3, 512, refuses=True),
    Row("zone", zone_day, refuses=True),
    Row("site's hosts", lambda text: check_site_field("hosts", [text]), 1, 260, refuses=True),
    Row("site's query keys", lambda text: check_site_field("query_keys", [text]), 1, 64, refuses=True),
    Row("days of a CSV", daily, refuses=True, input=st.builds("date,visits,visitors\n{}".format, LONG) | LONG),
    Row("time of a log", moment(clf_time)),
    Row("ISO time", moment(iso_time)),
    Row("seconds", moment(epoch_time)),
    Row("address of a log", lambda text: address_of(text) or "", 1, 45, same=True),
    Row("client of a log", lambda text: client_of(text) or "", 1, 253, same=True),
    Row("line within another", lambda text: str(parse_wrapped(parse_line, text) and ""), 1, 45, input=LINES),
    Row("JSON of any keys", lambda text: [] if json_parser()(text) else "", input=LINES),
    Row("visitor of a field", lambda a, b: VisitorRule((), named=True).address(canonical(a) or "", b), 2, 45),
    Row("SQL", sql, refuses=True, input=SQL),
    Row("dump of Vinaora", dump, refuses=True, input=SQL),
    Row("list of spam", lambda text: read_hosts(text).hosts, 1, 255),
    Row("table of sources", lambda text: read_table(text, "x.toml"), refuses=True),
    *(Row(f"log, {name}", log_line(name), 1, 253, input=LINES) for name in FORMATS),
    Row("kind of a log", lambda text: [] if detect("x.log", text.split(" ")[:9]) else "", refuses=True, input=LINES),
    Row("format string", lambda text: find_format("custom", text).parser("")(text) and [], refuses=True, input=TEXT),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_parser_answers_within_its_bounds_or_refuses_in_our_words(row: Row) -> None:
    """T-16."""

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(row.input, min_size=row.texts, max_size=row.texts))
    def holds(given_texts: list[str]) -> None:
        check(row, given_texts)

    holds()


@pytest.mark.soak
@pytest.mark.faults
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_parser_holds_for_long(row: Row) -> None:
    """T-16."""

    @settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(row.input, min_size=row.texts, max_size=row.texts))
    def holds(given_texts: list[str]) -> None:
        check(row, given_texts)

    holds()


def answered(parse: Callable[[], Any]) -> tuple[Any, CounterError | None]:
    """The answer, or the error of ours that refused; any other error goes on."""
    try:
        return parse(), None
    except CounterError as error:
        return None, error


def check(row: Row, given_texts: list[str]) -> None:
    answer, refused = answered(lambda: row.parse(*given_texts))
    assert row.refuses or refused is None, f"{row.name} promises not to refuse"
    if refused is not None:
        assert len(str(refused)) < 1000, "a sentence, not the input"
        return
    for text in texts(answer):
        assert len(text) <= row.longest
        assert text.isprintable() or not set(text) & set(map(chr, range(32)))
        text.encode()  # a lone surrogate can't be stored
    if row.same:
        assert row.parse(answer) == answer


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["site", "path", "props", "id", "screen", "engaged_ms", "view", "time"]) | TEXT,
        inner, max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(BODIES.map(lambda body: json.dumps(body).encode("utf-8", "surrogatepass")) | st.binary(max_size=200))
def test_a_body_is_hits_or_bad_input(body: bytes) -> None:
    """T-16: NaN, huge numbers, lone surrogates, any shape."""
    hits, refused = answered(lambda: [hit_from(wire, ENVELOPE) for wire in decode_body(body)[0]])
    if refused is not None:
        assert refused.code == "bad_input", refused
        assert len(str(refused)) < 1000
        return
    for hit in hits:
        for text in (hit.path, hit.title, hit.referrer, hit.name, *texts(hit.props)):
            assert len(text) <= LONGEST
            text.encode()


# T-45: dates that are easily got wrong. The server's clock is Thursday 2024-11-21 12:00 UTC.
MOMENTS = [
    ("2024-11-21T11:59:60Z", None),
    ("2024-11-21T11:59:59Z", 1_732_190_399),
    ("2024-11-20T12:00:00Z", 1_732_104_000),
    ("2024-11-20T11:59:59Z", None),
    ("2024-11-21T12:05:01Z", None),
    ("9999-12-31T23:59:59Z", None),
    ("9999-12-31T23:59:59-23:59", None),
    ("0001-01-01T00:00:00+23:59", None),
    ("2023-02-29T00:00:00Z", None),
    ("2024-W47-4T12:00:00Z", 1_732_190_400),
    ("2024-W53-1T12:00:00Z", None),
    ("2024-11-21", 1_732_147_200),
    ("2024-11-21T12:00:00", 1_732_190_400),
    ("10000-01-01T00:00:00Z", None),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_a_servers_time_is_taken_or_refused(text: str, expected: int | None) -> None:
    """T-45."""
    wire = decode_query({"site": "demo", "path": "/", "time": text})
    at, refused = answered(lambda: hit_from(wire, ENVELOPE, trusted=True).at)
    assert at == expected
    assert (refused is None) is (expected is not None)
    assert refused is None or refused.code == "bad_input"


def test_the_alphabet_of_shreds_has_what_breaks_things() -> None:
    """A table that lost its poison would still pass."""
    shreds = "".join(SHREDS.elements)  # type: ignore[attr-defined]
    for poison in ("\0", "\ud800", "\u202e", "%00", "[::1]", "99999", "right/UTC", "23:59:60"):
        assert poison in shreds
    assert set(string.punctuation) - set(shreds) <= set("!$^`|~")
