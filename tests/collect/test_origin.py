"""Where a visit came from is kept without anything that could run or tell a secret."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.collect.origins.origin import MAX_REFERRER, Hosts, Origins
from counter.collect.origins.sources import Sources
from counter.collect.page import MAX_VALUE
from counter.collect.visitor_marks import TRACKING
from counter.event import Channel, Origin

ORIGINS = Origins(Sources.load())
OWN = ("example.com",)
GOOGLE = "https://www.google.com/"


def origin_of(
    referrer: str,
    link: str,
    own: Collection[str],
    page: str,
    keys: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
) -> Origin:
    return ORIGINS.of(referrer, link, Hosts(tuple(own), page, excluded), keys)


@pytest.mark.parametrize(
    ("referrer", "kept", "host"),
    [
        ("https://www.r.example/search?q=secret#x", "https://www.r.example/search", "r.example"),
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
    origin = origin_of(referrer, "/", OWN, "example.com")
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
    origin = origin_of(referrer, "/", frozenset({"www.example.com", "example.com"}), "shop.example")
    assert origin == Origin(source="Direct", channel="direct")


@pytest.mark.parametrize("own", ["xn--strae-oqa.de", "strasse.de", "*.strasse.de", "www.xn--strae-oqa.de"])
def test_a_link_from_an_own_host_is_no_referrer_in_whatever_letters_it_was_kept(own: str) -> None:
    """'strasse.de' is what a former version made of 'straße.de'."""
    below = "shop." if own.startswith("*.") else ""
    for referrer in (f"https://{below}straße.de/a", f"https://{below}xn--strae-oqa.de/a"):
        assert origin_of(referrer, "/", (own,), "elsewhere.example") == Origin(source="Direct", channel="direct")
    assert origin_of("https://strase.de/", "/", (own,), "elsewhere.example").source == "strase.de"


@pytest.mark.parametrize("host", ["blog.example.com", "example.net", "192.0.2.1", "localhost", "notexample.com"])
def test_another_host_of_the_same_people_is_a_referral_unless_it_is_listed(host: str) -> None:
    referrer = f"https://{host}/"
    assert origin_of(referrer, "/", OWN, "example.com")[2:4] == (host, "referral")
    assert origin_of(referrer, "/", (*OWN, host), "example.com")[2:4] == ("Direct", "direct")


def test_everything_below_a_listed_host_is_own_when_it_is_listed_so() -> None:
    assert origin_of("https://blog.example.com/", "/", ("*.example.com",), "")[2:4] == ("Direct", "direct")
    assert origin_of("https://blogexample.com/", "/", ("*.example.com",), "")[2:4] == ("blogexample.com", "referral")


def test_a_source_of_the_table_that_is_the_sites_own_host_is_no_referrer() -> None:
    assert origin_of("https://github.com/", "/", ("github.com",), "")[2:4] == ("Direct", "direct")


# What a link says. The query, the referrer; the source and the channel.
LINKS = [
    # utm_medium decides when it tells more than that somebody tagged the link
    ("utm_source=letter&utm_medium=email", "", "letter", "mail"),
    ("utm_source=newsletter&utm_medium=E-Mail&utm_campaign=may", "", "Newsletter", "mail"),
    ("utm_medium=newsletter", "", "Direct", "mail"),
    ("utm_medium=email", "https://mail.google.com/", "Gmail", "mail"),
    ("utm_source=facebook&utm_medium=social", "", "Facebook", "social"),
    ("utm_source=fb&utm_medium=Social-Media", "", "Facebook", "social"),
    ("utm_source=forum&utm_medium=community", "", "forum", "social"),
    ("utm_source=google&utm_medium=organic&utm_campaign=gmb", GOOGLE, "Google", "search"),
    ("utm_source=partner&utm_medium=referral", "", "partner", "referral"),
    ("utm_source=yt&utm_medium=video", "", "YouTube", "video"),
    ("utm_source=blog&utm_medium=rss", "", "blog", "news"),
    ("utm_source=agent&utm_medium=chatbot", "", "agent", "ai"),
    # every other medium is paid for, or unknown: a campaign
    ("utm_source=google&utm_medium=cpc", GOOGLE, "Google", "campaign"),
    ("utm_source=Google&utm_medium=PPC", "", "Google", "campaign"),
    ("utm_source=fb&utm_medium=paid_social", "https://l.facebook.com/", "Facebook", "campaign"),
    ("utm_source=ig&utm_medium=paidsocial", "", "Instagram", "campaign"),
    ("utm_source=site&utm_medium=banner", "", "site", "campaign"),
    ("utm_source=site&utm_medium=display", "", "site", "campaign"),
    ("utm_source=shop&utm_medium=affiliate", "", "shop", "campaign"),
    ("utm_source=app&utm_medium=push", "", "app", "campaign"),
    ("utm_source=chatgpt.com&utm_medium=cpc", "https://chatgpt.com/", "ChatGPT", "campaign"),
    ("utm_medium=cpc", GOOGLE, "Google", "campaign"),
    ("utm_medium=cpc", "", "Direct", "campaign"),
    ("utm_campaign=may", "", "Direct", "campaign"),
    ("utm_campaign=may", "https://news.example.org/", "news.example.org", "campaign"),
    ("utm_source=google&utm_campaign=may", "", "Google", "campaign"),
    # a source alone says where the link stands
    ("utm_source=chatgpt.com", "", "ChatGPT", "ai"),
    ("utm_source=google", GOOGLE, "Google", "search"),
    ("utm_source=ig", "", "Instagram", "social"),
    ("UTM_Source=HackerNews", "", "Hacker News", "news"),
    ("utm_source=partner.example", "", "partner.example", "referral"),
    ("utm_source=spring", "", "spring", "campaign"),
    ("utm_source=spring", GOOGLE, "spring", "campaign"),
    ("utm_source=", GOOGLE, "Google", "search"),
    # a term or a content alone is no campaign
    ("utm_term=shoes", "", "Direct", "direct"),
    ("utm_content=top", GOOGLE, "Google", "search"),
    # ref and source stand in for a utm_source
    ("ref=producthunt", "", "Product Hunt", "social"),
    ("ref=blog.example.org", "https://blog.example.org/", "blog.example.org", "referral"),
    ("source=sidebar", "", "sidebar", "campaign"),
    ("source=first&ref=second", "", "first", "campaign"),
    ("ref=x&utm_source=google", "", "Google", "search"),
    ("ref=letter&utm_medium=email", "", "letter", "mail"),
    ("href=x&resource=y&utm_id=7", "", "Direct", "direct"),
    # click ids of paid links
    ("gclid=abc", "", "Google", "campaign"),
    ("gclid=abc", GOOGLE, "Google", "campaign"),
    ("gclid=abc", "https://partner.example/", "Google", "campaign"),
    ("GCLID=abc", "", "Google", "campaign"),
    ("page=1&amp;gclid=abc", "", "Google", "campaign"),
    ("gbraid=1", "", "Google", "campaign"),
    ("wbraid=1", "", "Google", "campaign"),
    ("dclid=1", "", "Google", "campaign"),
    ("msclkid=1", "https://www.bing.com/", "Bing", "campaign"),
    ("yclid=1", "", "Yandex", "campaign"),
    ("ttclid=1", "", "TikTok", "campaign"),
    ("twclid=1", "", "X", "campaign"),
    ("li_fat_id=1", "", "LinkedIn", "campaign"),
    ("gclid=1&utm_source=spring", "", "spring", "campaign"),
    ("gclid=1&utm_source=google", "", "Google", "campaign"),
    ("gclid=1&utm_source=letter&utm_medium=email", "", "letter", "mail"),
    ("fbclid=1&gclid=2", "", "Google", "campaign"),
    ("irclickid=1", "", "Impact.com", "campaign"),
    # click ids of other links: only when no referrer tells
    ("fbclid=abc", "", "Facebook", "social"),
    ("fbclid=abc", "https://l.facebook.com/", "Facebook", "social"),
    ("fbclid=abc", "https://l.instagram.com/", "Instagram", "social"),
    ("fbclid=abc", "https://forum.example/", "forum.example", "referral"),
    ("fbclid=abc", "https://example.com/", "Facebook", "social"),
    ("igshid=abc", "", "Instagram", "social"),
    ("igsh=abc", "", "Instagram", "social"),
    ("srsltid=abc", "", "Google", "search"),
    ("ysclid=abc", "", "Yandex", "search"),
    ("fbclid=abc&utm_medium=cpc", "", "Facebook", "campaign"),
    ("gclid=", "", "Direct", "direct"),
    ("xgclid=1", "", "Direct", "direct"),
    ("q=gclid", "", "Direct", "direct"),
]


@pytest.mark.parametrize(("query", "referrer", "source", "channel"), LINKS)
def test_the_link_tells_source_and_channel_before_the_referrer_does(
    query: str, referrer: str, source: str, channel: str
) -> None:
    for link in (f"/?{query}", f"/a?page=2&{query}#top", f"https://example.com/a?{query}"):
        assert origin_of(referrer, link, OWN, "example.com")[2:4] == (source, channel), link


def test_what_stands_behind_the_hash_or_in_the_path_is_no_tag() -> None:
    for link in ("/#?gclid=1&utm_source=x", "/gclid=1", "/a&gclid=1", "/utm_source=x"):
        assert origin_of("", link, OWN, "") == Origin(source="Direct", channel="direct")


def test_the_five_values_are_kept_as_they_were_written() -> None:
    origin = origin_of(GOOGLE, "/?utm_source=FB&utm_medium=Paid&utm_campaign=May&utm_term=a+b&utm_content=Top", OWN, "")
    assert origin[4:] == ("FB", "Paid", "May", "a b", "Top")
    assert origin.referrer_host == "google.com"
    assert origin_of("", "/?ref=producthunt", OWN, "").utm_source == "producthunt"


def test_a_parameter_that_belongs_to_the_page_is_no_source() -> None:
    assert origin_of("", "/list?source=archive", OWN, "", ("id", "source"))[2:5] == ("Direct", "direct", "")
    assert origin_of("", "/list?Source=archive", OWN, "", ("Source",))[2:5] == ("Direct", "direct", "")
    assert origin_of("", "/list?source=archive&ref=producthunt", OWN, "", ("source",)).source == "Product Hunt"


@pytest.mark.parametrize("key", sorted(TRACKING))
def test_the_value_of_a_click_id_is_never_kept(key: str) -> None:
    for referrer in ("", f"https://r.example/?{key}=SECRET"):
        origin = origin_of(referrer, f"/?{key}=SECRET&utm_source=x", OWN, "")
        assert "SECRET" not in " ".join(origin)


PARTS = st.sampled_from(
    ["utm_source=", "utm_medium=", "&", "?", "#", "=", "ref=", "source=", "gclid=1", "fbclid=x", "google", "email",
     "%00", "amp;", "www.", ".com", "\ud800", "x" * 300, "android-app://", "https://", "/", "a.example"]
)  # fmt: skip
ANY_TEXT = st.lists(PARTS, max_size=12).map("".join) | st.text(
    st.characters(codec=None, exclude_categories=()), max_size=60
)


@given(ANY_TEXT, st.sampled_from(["", "http://", "https://a/"]))
def test_no_referrer_raises_and_every_kept_one_has_a_safe_scheme(text: str, before: str) -> None:
    """T-10, the property; T-16."""
    origin = origin_of(before + text, "/", OWN, "example.com")
    assert origin.referrer == "" or origin.referrer.startswith(("http://", "https://", "android-app://"))
    if "/http" not in origin.referrer + text.lower():  # of an app the page that it showed is not kept
        assert origin_of(origin.referrer, "/", OWN, "example.com") == origin


@given(ANY_TEXT, ANY_TEXT)
def test_whatever_link_and_referrer_come_the_origin_is_bounded_and_its_channel_known(link: str, referrer: str) -> None:
    """T-16."""
    origin = origin_of(referrer, link, OWN, "example.com")
    assert origin.channel in set(Channel)
    assert 0 < len(origin.source) <= MAX_VALUE
    assert all(len(value) <= MAX_VALUE for value in origin[4:])
    "".join(origin).encode("utf-8")
    assert origin_of(referrer, link, OWN, "example.com") == origin
