"""Where a visit came from is kept without anything that could run or tell a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.event import Origin
from counter.ingest.enrich.origin import MAX_REFERRER, origin_of
from counter.ingest.page import NO_CAMPAIGN

OWN = ("example.com",)


@pytest.mark.parametrize(
    ("referrer", "kept", "host"),
    [
        ("https://www.google.com/search?q=secret#x", "https://www.google.com/search", "google.com"),
        ("https://news.example.org", "https://news.example.org/", "news.example.org"),
        ("http://news.example.org:80/a", "http://news.example.org/a", "news.example.org"),
        ("http://news.example.org:8080/a", "http://news.example.org:8080/a", "news.example.org"),
        ("https://user:password@news.example.org/a", "https://news.example.org/a", "news.example.org"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("android-app://com.Example.Mail/https/x", "android-app://com.example.mail", "com.example.mail"),
        ("HTTPS://NEWS.example.org/A", "https://news.example.org/A", "news.example.org"),
        ("https://news.example.org\\@evil.example/", "https://news.example.org/@evil.example/", "news.example.org"),
        ("https://news.example.org/a\tb\nc", "https://news.example.org/a b c", "news.example.org"),
        ("https://news.example.org/" + "x" * 8192, None, "news.example.org"),
        ("javascript:alert(1)", "", ""),
        ("java\tscript:alert(1)", "", ""),
        ("data:text/html,<script>alert(1)</script>", "", ""),
        ("http://[::1", "", ""),
        ("http://a.example:99999/", "", ""),
        ("http://evil\u2100.example/", "", ""),
        ("http://exa\tmple.org/", "", ""),
        ("//evil.example/", "", ""),
        ("file:///etc/passwd", "", ""),
        ("about:blank", "", ""),
        ("evil.example", "", ""),
        ("http://", "", ""),
        ("\x00", "", ""),
    ],
)
def test_a_referrer_is_kept_as_scheme_host_and_path_or_not_at_all(referrer: str, kept: str | None, host: str) -> None:
    """T-10, the classification."""
    origin = origin_of(referrer, NO_CAMPAIGN, OWN, "example.com")
    assert kept is None or origin.referrer == kept
    assert len(origin.referrer) <= MAX_REFERRER
    assert origin.referrer_host == host
    assert origin.source == (host or "Direct")
    assert origin.channel == ("referral" if host else "direct")


@pytest.mark.parametrize(
    "referrer",
    ["https://example.com/a", "https://www.example.com/", "http://EXAMPLE.com:8080/", "https://shop.example/x"],
)
def test_a_link_from_the_sites_own_hosts_is_no_referrer(referrer: str) -> None:
    origin = origin_of(referrer, NO_CAMPAIGN, frozenset({"www.example.com", "example.com"}), "shop.example")
    assert origin == Origin(source="Direct", channel="direct")


def test_a_campaign_names_the_source_before_the_referrer_does() -> None:
    utm = ("newsletter", "mail", "may", "", "")
    origin = origin_of("https://mail.example.org/", utm, OWN, "example.com")
    assert (origin.source, origin.channel) == ("newsletter", "campaign")
    assert origin.referrer_host == "mail.example.org"
    assert origin[4:] == utm


def test_a_medium_alone_makes_a_campaign_and_a_term_alone_does_not() -> None:
    assert origin_of("", ("", "mail", "", "", ""), OWN, "")[2:4] == ("Direct", "campaign")
    assert origin_of("", ("", "", "", "shoes", ""), OWN, "")[2:4] == ("Direct", "direct")


@given(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=60),
    st.sampled_from(["", "http://", "https://a/"]),
)
def test_no_referrer_raises_and_every_kept_one_has_a_safe_scheme(text: str, before: str) -> None:
    """T-10, the property."""
    origin = origin_of(before + text, NO_CAMPAIGN, OWN, "example.com")
    assert origin.referrer == "" or origin.referrer.startswith(("http://", "https://", "android-app://"))
    assert origin_of(origin.referrer, NO_CAMPAIGN, OWN, "example.com") == origin
