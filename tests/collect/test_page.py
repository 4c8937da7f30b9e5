"""A page has one path, however its address was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counter.collect.page import MAX_PATH, MAX_VALUE, NO_CAMPAIGN, campaign, host_of, normalise_path, typed_path

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)
PIECES = [
    "/", "//", "%", "25", "%25", "%3F", "%2F", "%23", "?", "#", "&", "=", "+", "%2B", "%20", " ", "a", "p", "q", "41",
    "index.html", "/index.html", "utm_source", "\u0301", "\u0307", "\u0338", "%CC%81", "\u0323", "%ff", "%E1%83%90",
    "ა", "\x00", "http://h", ":", "\ud800", "%0A", "\u2000", "x" * 200, "%41" * 60, "..", "%EC", "%e9", "\udce9",
    "\U0010fe90", ";", "%3B", ";sid", ";jsessionid=", "(S(a))", "/sid/", "0a1b2c3d4e5f6071", "/(", "$", "amp;", "&#38;",
    "\u200b", "\ufeff", "%E2%80%8B",
]  # fmt: skip
URLS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
KEYS = st.lists(st.sampled_from(["p", "q", "page", "a b", "a+b", "a%b", "=", "utm_source", "", "ა"]), max_size=4)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/", "/"),
        ("", "/"),
        ("/about", "/about"),
        ("/About", "/About"),
        ("about", "/about"),
        ("//about///us//", "/about/us/"),
        ("/index.html", "/"),
        ("/docs/index.html", "/docs/"),
        ("/docs/INDEX.html", "/docs/INDEX.html"),
        ("/myindex.html", "/myindex.html"),
        ("/a?b=c", "/a"),
        ("/a#top", "/a"),
        ("/a#top?b=c", "/a"),
        ("/index.html?x=1#y", "/"),
        ("https://example.com/a?b=c", "/a"),
        ("https://user:secret@example.com", "/"),
        ("HTTP://example.com?x=/y", "/"),
        ("//evil.example/x", "/evil.example/x"),
        ("/%E1%83%90%E1%83%91", "/აბ"),
        ("/cafe%CC%81", "/caf\u00e9"),
        ("/a%20b", "/a b"),
        ("/a%0Ab%00c", "/a bc"),
        ("/a%2Fb", "/a/b"),
        ("/100%", "/100%"),
        ("/100%25", "/100%"),
        ("/%2541", "/%2541"),
        ("/%252541", "/%252541"),  # decoded once it is the text '%2541', which would be decoded again
        ("/what%3F", "/what%3F"),
        ("/c%23", "/c%23"),
        ("/%ff", "/%FF"),
        ("/a\ud800", "/a\ufffd"),
        ("/%\x0041", "/%2541"),
        ("/../../etc/passwd", "/../../etc/passwd"),
        ("/" + "x" * 3000, "/" + "x" * (MAX_PATH - 1)),
    ],
)
def test_a_path_is_decoded_and_its_query_fragment_and_index_page_go(raw: str, path: str) -> None:
    assert normalise_path(raw, ()) == path


@pytest.mark.parametrize(
    ("raw", "keys", "path"),
    [
        ("/a?page=2&x=1", ("page",), "/a?page=2"),
        ("/a?x=1&page=2", ("page", "x"), "/a?page=2&x=1"),
        ("/a?x=1&page=2", ("x", "page"), "/a?x=1&page=2"),
        ("/a?x=2&x=1", ("x",), "/a?x=2&x=1"),
        ("/a?utm_source=n&gclid=1&page=2", ("page", "utm_source", "gclid"), "/a?page=2"),
        ("/a?GCLID=1&igsh=2&page=2", ("page", "GCLID", "igsh"), "/a?page=2"),
        ("/a?q=%E1%83%90+b", ("q",), "/a?q=ა+b"),
        ("/a?q=a%26b%3Dc%2Bd", ("q",), "/a?q=a%26b%3Dc%2Bd"),
        ("/a?q", ("q",), "/a?q="),
        ("/a?Q=1", ("q",), "/a"),
        ("/a/index.html?q=1", ("q",), "/a/?q=1"),
        ("/a?q=1&q=1", ("q", "q"), "/a?q=1&q=1"),
        ("/" + "x" * 1020 + "?q=1234&p=", ("q", "p"), "/" + "x" * 1020 + "?p="),
        ("/a?sid=7&PHPSESSID=7", ("sid", "PHPSESSID"), "/a?sid=7"),
        ("/a?sid=0a1b2c3d4e5f60718293", ("sid",), "/a"),
        ("/a?session=keynote-day-2", ("session",), "/a?session=keynote-day-2"),
        ("/a?CFID=1&CFTOKEN=2&jsessionid=3&id=4", ("CFID", "CFTOKEN", "jsessionid", "id"), "/a?id=4"),
        ("/a?hsa_acc=1&UTM_Source=x&_ga=2&page=3", ("hsa_acc", "UTM_Source", "_ga", "page"), "/a?page=3"),
    ],
)
def test_of_a_query_the_sites_own_keys_stay_in_their_order(raw: str, keys: tuple[str, ...], path: str) -> None:
    assert normalise_path(raw, keys) == path


@given(URLS | ANY_TEXT, KEYS)
@example("/%2525", [])
@example("/%%341", [])
@example("/" + "%2541" * 400, [])
@example("/?p=%2525&q=%", ["p", "q", "p"])
@example("/" + "a" * 1013 + "/index.html", [])
@example("/" + "a" * 1022 + " b", [])
@example("/%3F\u0591\u0307", [])
@example("/?p=\u0338", ["p"])
@example("/%EC\u0301", [])
@example("/sid/;sid=1/0a1b2c3d4e5f6071", [])
@example("/" + "a" * 1018 + ";sidx", [])
@example("/;sid\u200b", [])
def test_a_normal_path_is_its_own_normal_path_and_is_bounded(raw: str, keys: list[str]) -> None:
    path = normalise_path(raw, tuple(keys))
    assert normalise_path(path, tuple(keys)) == path
    assert path.startswith("/")
    assert not path.startswith("//")
    assert len(path) <= MAX_PATH
    assert "#" not in path
    path.encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("/", NO_CAMPAIGN),
        ("/?x=1", NO_CAMPAIGN),
        ("/utm_source=x", NO_CAMPAIGN),
        ("/?UTM_Source=x", ("x", "", "", "", "")),
        ("/?ref=x&source=y&utm_medium=mail", ("x", "mail", "", "", "")),
        ("/?ref=x&utm_source=y", ("y", "", "", "", "")),
        ("/?utm_source=news&utm_medium=mail", ("news", "mail", "", "", "")),
        ("https://a.example/?utm_campaign=a%20b+c&utm_term=t&utm_content=k#x", ("", "", "a b c", "t", "k")),
        ("/?utm_source=first&utm_source=second", ("first", "", "", "", "")),
        ("/?utm_source=&utm_source=second&utm_medium=&utm_medium=%20&utm_medium=m", ("second", "m", "", "", "")),
        ("/?utm_source=a&#38;utm_medium=b&amp%3Butm_term=c", ("a", "b", "", "c", "")),
        ("/?utm_source=%E9", ("\ufffd", "", "", "", "")),
        ("/?utm_source=a&amp;utm_medium=b", ("a", "b", "", "", "")),
        ("/?utm_source=%E1%83%90%00%0A!", ("ა !", "", "", "", "")),
        ("/#?utm_source=x", NO_CAMPAIGN),
        ("/?utm_source=" + "x" * 9000, ("x" * MAX_VALUE, "", "", "", "")),
    ],
)
def test_a_campaign_is_read_from_the_five_utm_keys(raw: str, found: tuple[str, ...]) -> None:
    assert campaign(raw) == found


CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "paths.tsv"


@pytest.mark.parametrize("row", [line for line in CASES.read_text("utf-8").splitlines() if not line.startswith("# ")])
def test_two_addresses_are_one_page_or_two(row: str) -> None:
    one, other, expected, _ = row.split("\t")
    paths = {normalise_path(address, ("page", "id")) for address in (one, other, f"https://shop.example{other}")}
    assert len(paths) == {"same": 1, "different": 2}[expected], paths
    assert all(normalise_path(path, ("page", "id")) == path for path in paths)


def test_looking_for_session_ids_in_a_path_made_of_them_takes_no_time_to_speak_of() -> None:
    """Each round takes one pair from the middle; the number of rounds is bounded by the length of a path in a hit."""
    nested = "/sid" * 90 + "/0a1b2c3d4e5f6071" * 90
    assert normalise_path(nested, ()) == "/"
    assert normalise_path("/" + ";sid" * 500 + "/" + "(S(" * 200, ()) == "/" + "(S(" * 200


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/a?id=1&page=2", "/a?page=2&id=1"),
        ("/a?former=1&page=2", "/a?page=2&former=1"),
        ("/a?utm_source=x", "/a"),
        ("https://shop.example/caf%C3%A9?id=1#top", "/café?id=1"),
        ("/a;jsessionid=1", "/a"),
        ("/caf%e9", "/caf%E9"),
        ("Unknown", "Unknown"),
        ("", ""),
        ("a b", "a b"),
    ],
)
def test_a_page_that_somebody_types_is_the_one_that_was_counted(typed: str, path: str) -> None:
    assert typed_path(typed, ("page", "id")) == path
    assert typed_path(path, ("page", "id")) == path


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.COM/x", "example.com"),
        ("http://example.com:8080", "example.com"),
        ("http://example.com.", "example.com"),
        ("https://user:p@ss@example.com/", "example.com"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://straße.de/", "xn--strae-oqa.de"),
        ("https://ασφαλής.gr./", "xn--jxafa4bwbcv.gr"),
        ("https://a_ü.example/", "xn--a_-yka.example"),
        ("https://xn--ü.example/", ""),
        ("http://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("http://[::1", ""),
        ("http://[::::]/", ""),
        ("http://a:99999/", ""),
        ("http://a:port/", ""),
        ("http://evil\u2100.example/", ""),
        ("http://exa mple.com/", ""),
        ("http://exa\nmple.com/", ""),
        ("http:///x", ""),
        ("http://?x", ""),
        ("http://" + "a" * 8000, ""),
        ("http://" + "@" * 8000, ""),
        ("//example.com", ""),
        ("ftp://example.com", ""),
        ("javascript:alert(1)", ""),
        ("null", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_url_is_lower_case_and_only_of_http(url: str, host: str) -> None:
    assert host_of(url) == host


@given(ANY_TEXT, st.sampled_from(["", "http://", "https://[", "http://a?utm_source="]))
def test_reading_a_url_never_raises(text: str, before: str) -> None:
    assert len(host_of(before + text)) <= 300
    assert all(len(value) <= MAX_VALUE for value in campaign(before + text))


@pytest.mark.parametrize("piece", ["%80", "%3F", "%2541", "%C3%A9%E9", "a%25"])
def test_a_path_of_escapes_is_cut_to_its_limit_and_no_further(piece: str) -> None:
    """An escape is three characters for one, so what is taken away must not be counted in escaped ones."""
    path = normalise_path("/" + piece * 700, ())
    assert 1024 - 6 <= len(path) <= 1024
    assert normalise_path(path, ()) == path
