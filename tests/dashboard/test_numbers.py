"""Numbers, days and durations as each language writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from counter.site import ActiveSite, Site
from dashboard.words import numbers
from dashboard.words.catalogue import LANGUAGES

NOON = 1_732_190_460  # 2024-11-21 12:01 UTC
THURSDAY = dt.date(2024, 11, 21)
TBILISI = ActiveSite(Site(key=1, id="blog", name="Blog", timezone="Asia/Tbilisi"))


def shown(tag: str, function: Callable[..., str], *values: object) -> str:
    """The text without the marks of direction and with plain spaces, as it looks."""
    text = function(LANGUAGES[tag], *values)
    return "".join(" " if letter == "\u00a0" else letter for letter in text if letter not in "\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("function", "values", "en", "ka", "de", "ar"),
    [
        (numbers.number, (2_506_638,), "2,506,638", "2 506 638", "2.506.638", "2,506,638"),
        (numbers.number, (0,), "0", "0", "0", "0"),
        (numbers.decimal, (2.5,), "2.5", "2,5", "2,5", "2.5"),
        (numbers.decimal, (1234.0,), "1,234.0", "1 234,0", "1.234,0", "1,234.0"),
        (numbers.percent, (12.3,), "12.3%", "12,3%", "12,3 %", "12.3%"),
        (numbers.percent, (100.0,), "100%", "100%", "100 %", "100%"),
        (numbers.change, (12.4,), "+12%", "+12%", "+12 %", "+12%"),
        (numbers.change, (-3.41,), "−3.4%", "−3,4%", "−3,4 %", "−3.4%"),
        (numbers.change, (1250.0,), "+1,250%", "+1 250%", "+1.250 %", "+1,250%"),
        (numbers.compact, (950,), "950", "950", "950", "950"),
        (numbers.compact, (1200,), "1.2K", "1,2 ათ.", "1,2 Tsd.", "1.2 ألف"),
        (numbers.compact, (3_000_000,), "3M", "3 მლნ.", "3 Mio.", "3 مليون"),
        (numbers.duration, (42,), "42s", "42 წმ", "42 s", "42 ث"),
        (numbers.duration, (192,), "3m 12s", "3 წთ 12 წმ", "3 min 12 s", "3 د 12 ث"),
        (numbers.duration, (3900,), "1h 5m", "1 სთ 5 წთ", "1 h 5 min", "1 س 5 د"),
        (numbers.day, (THURSDAY,), "21 Nov 2024", "21 ნოე. 2024", "21. Nov. 2024", "21 نوفمبر 2024"),
        (numbers.short_day, (THURSDAY,), "21 Nov", "21 ნოე.", "21. Nov.", "21 نوفمبر"),
        (numbers.day_with_weekday, (THURSDAY,), "Thu, 21 Nov 2024", "ხუთ, 21 ნოე. 2024", "Do, 21. Nov. 2024",
         "الخميس، 21 نوفمبر 2024"),
        (numbers.month, (THURSDAY,), "Nov 2024", "ნოე. 2024", "Nov. 2024", "نوفمبر 2024"),
        (numbers.weekday, (0,), "Monday", "ორშაბათი", "Montag", "الاثنين"),
        (numbers.hour, (9,), "09:00", "09:00", "09:00", "09:00"),
        (numbers.time_of_day, (NOON, TBILISI), "16:01", "16:01", "16:01", "16:01"),
        (numbers.moment, (NOON, TBILISI), "21 Nov 2024, 16:01", "21 ნოე. 2024, 16:01", "21. Nov. 2024, 16:01",
         "21 نوفمبر 2024، 16:01"),
        (numbers.ago, (NOON - 180, NOON), "3 minutes ago", "3 წუთის წინ", "vor 3 Minuten", "قبل 3 دقائق"),
        (numbers.ago, (NOON - 7200, NOON), "2 hours ago", "2 საათის წინ", "vor 2 Stunden", "قبل ساعتين"),
        (numbers.ago, (NOON - 86400 * 11, NOON), "11 days ago", "11 დღის წინ", "vor 11 Tagen", "قبل 11 يومًا"),
        (numbers.ago, (NOON, NOON), "just now", "ახლახან", "gerade eben", "قبل لحظات"),
    ],
)  # fmt: skip
def test_each_language_writes_it_its_own_way(
    function: Callable[..., str], values: tuple[object, ...], en: str, ka: str, de: str, ar: str
) -> None:
    found = {tag: shown(tag, function, *values) for tag in ("en", "ka", "de", "ar")}
    assert found == {"en": en, "ka": ka, "de": de, "ar": ar}


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "function",
    [
        numbers.number, numbers.decimal, numbers.percent, numbers.change, numbers.compact,
        numbers.duration, numbers.day, numbers.moment,
    ],
)  # fmt: skip
def test_what_is_not_known_is_an_em_dash(tag: str, function: Callable[..., str]) -> None:
    assert function(LANGUAGES[tag], None) == "—"


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (numbers.change, 0.0, "0%"),
        (numbers.change, 0.04, "0%"),
        (numbers.change, -0.04, "0%"),
        (numbers.change, 9.96, "+10%"),
        (numbers.change, -99.6, "−100%"),
        (numbers.decimal, -0.01, "0.0"),
        (numbers.percent, 99.96, "100%"),
        (numbers.compact, 999, "999"),
        (numbers.compact, 999_600, "1M"),
        (numbers.compact, 1250, "1.25K"),
        (numbers.compact, 12_500, "12.5K"),
        (numbers.compact, 2.5, "2.5"),
        (numbers.compact, 4_000_000_000_000, "4,000B"),
        (numbers.duration, 0, "0s"),
        (numbers.duration, 59.6, "1m"),
        (numbers.duration, 180, "3m"),
        (numbers.duration, 3599.7, "1h"),
        (numbers.number, 9_223_372_036_854_775_807, "9,223,372,036,854,775,807"),
    ],
)
def test_edges_of_rounding(function: Callable[..., str], value: float, text: str) -> None:
    assert shown("en", function, value) == text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ((2024, 11, 21), (2024, 11, 21), "21 Nov 2024"),
        ((2024, 11, 25), (2024, 12, 1), "25 Nov – 1 Dec 2024"),
        ((2024, 12, 30), (2025, 1, 5), "30 Dec 2024 – 5 Jan 2025"),
        ((2023, 11, 21), (2024, 11, 21), "21 Nov 2023 – 21 Nov 2024"),
    ],
)
def test_a_span_says_month_and_year_as_often_as_needed(
    first: tuple[int, int, int], last: tuple[int, int, int], text: str
) -> None:
    assert shown("en", numbers.span, dt.date(*first), dt.date(*last)) == text


def test_a_day_may_be_the_number_of_a_local_day() -> None:
    assert numbers.day(LANGUAGES["en"], 0) == "1 Jan 1970"


def test_a_time_without_a_site_is_in_utc_and_says_so() -> None:
    assert shown("en", numbers.moment, NOON) == "21 Nov 2024, 12:01 UTC"
    assert shown("en", numbers.time_of_day, NOON) == "12:01 UTC"


def test_a_time_of_day_may_have_seconds() -> None:
    assert numbers.time_of_day(LANGUAGES["en"], NOON + 7, TBILISI, seconds=True) == "16:01:07"


@given(st.integers(-(2**53), 2**53), st.sampled_from(sorted(LANGUAGES)))
def test_a_number_can_be_read_back(value: int, tag: str) -> None:
    group = LANGUAGES[tag].language.group.replace("\u00a0", " ")
    assert int(shown(tag, numbers.number, value).replace(group, "").replace("−", "-")) == value


@given(st.floats(0, 1e12), st.floats(0, 1e12))
def test_compact_numbers_keep_their_order(one: float, other: float) -> None:
    def read(value: float) -> float:
        text = shown("en", numbers.compact, value).replace(",", "")
        return float(text.rstrip("KMB")) * {"K": 1e3, "M": 1e6, "B": 1e9}.get(text[-1], 1)

    smaller, larger = sorted((one, other))
    assert read(smaller) <= read(larger) * (1 + 1e-9)


class Call:
    """What the filters need of a call."""

    def __init__(self, active: ActiveSite | None) -> None:
        self.active = active
        self.now = NOON + 600


def test_every_function_is_a_filter_that_finds_words_and_site_by_itself() -> None:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    environment.filters.update(numbers.filters())
    source = "{{ 1234|number }} {{ 2.5|decimal(2) }} {{ at|moment }} {{ at|time_of_day(seconds=True) }} {{ at|ago }}"
    facts = {"t": LANGUAGES["de"], "call": Call(TBILISI), "at": NOON}
    text = environment.from_string(source).render(facts)
    assert text == "1.234 2,50 21. Nov. 2024, 16:01 16:01:00 vor 10 Minuten"
    elsewhere = environment.from_string("{{ at|moment }}").render({**facts, "call": Call(None)})
    assert elsewhere == "21. Nov. 2024, 12:01\u00a0UTC"


def positions(browser: Browser, text: str, direction: str = "rtl") -> list[str]:
    """The visible letters from left to right, as Chromium lays them out beside Arabic words."""
    page = browser.new_page()
    try:
        page.set_content(f'<!doctype html><html dir="{direction}" lang="ar"><p id="p">نص {text} نص</p>')
        found: list[str] = page.evaluate(
            """() => {
              const node = document.getElementById('p').firstChild, seen = [];
              for (let at = 0; at < node.length; at++) {
                const range = document.createRange();
                range.setStart(node, at); range.setEnd(node, at + 1);
                const box = range.getBoundingClientRect();
                if (box.width > 0) seen.push([box.left, node.data[at]]);
              }
              return seen.sort((one, other) => one[0] - other[0]).map(pair => pair[1]);
            }"""
        )
        return found
    finally:
        page.close()


@pytest.fixture
def arabic(browser: Browser) -> Iterator[Callable[[str], str]]:
    return lambda text: "".join(letter for letter in positions(browser, text) if letter in "0123456789+−%.,:UTC")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (numbers.change(LANGUAGES["ar"], 12.0), "+12%"),
        (numbers.change(LANGUAGES["ar"], -3.4), "−3.4%"),
        (numbers.number(LANGUAGES["ar"], -1200), "−1,200"),
        (numbers.percent(LANGUAGES["ar"], 46.3), "46.3%"),
        (numbers.number(LANGUAGES["ar"], 2_506_638), "2,506,638"),
        (numbers.time_of_day(LANGUAGES["ar"], NOON), "12:01UTC"),
        (numbers.duration(LANGUAGES["ar"], 192), "123"),  # the minutes stand to the right of the seconds
    ],
)
def test_signs_stay_on_their_side_in_a_page_from_right_to_left(
    arabic: Callable[[str], str], text: str, seen: str
) -> None:
    assert arabic(text) == seen


@pytest.mark.browser
def test_dates_and_durations_keep_their_order_where_a_chart_is_drawn_from_left_to_right(browser: Browser) -> None:
    words = LANGUAGES["ar"]
    for text, seen in ((numbers.day(words, THURSDAY), "202421"), (numbers.duration(words, 192), "123")):
        letters = positions(browser, text, "ltr")
        assert "".join(letter for letter in letters if letter.isdigit()) == seen
