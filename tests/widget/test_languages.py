"""Languages: every table is whole, every plural and number is the language's own, each is drawn in every form."""

from __future__ import annotations

import datetime as dt
import json
import re
from xml.etree import ElementTree as ET

import pytest

from counter.labels import (
    LANGUAGES,
    LINES,
    METRICS,
    country_name,
    find,
    format_number,
    local_day,
    local_moment,
    pick,
    read_language,
    short_number,
    spoken_total,
)
from counter.labels.plurals import RULES
from tests.kit.widget_sample import EVERYTHING, READER, SNAPSHOT, html_of, json_of, options, rows_of, svg_of

WANTED = {"en", "ka", "de", "fr", "es", "ru", "uk", "tr", "ar", "zh-Hans", "zh-Hant", "ja"}
ENGLISH = LANGUAGES["en"]

# The first six lines, all days and the address, as the specification has them.
SPECIFIED = [
    "ka|დღეს|გუშინ|ამ კვირაში|გასულ კვირაში|ამ თვეში|გასულ თვეს|სულ|თქვენი IP",
    "de|Heute|Gestern|Diese Woche|Letzte Woche|Dieser Monat|Letzter Monat|Gesamt|Ihre IP",
    "fr|Aujourd’hui|Hier|Cette semaine|Semaine dernière|Ce mois-ci|Mois dernier|Total|Votre IP",
    "es|Hoy|Ayer|Esta semana|Semana pasada|Este mes|Mes pasado|Total|Su IP",
    "ru|Сегодня|Вчера|На этой неделе|На прошлой неделе|В этом месяце|В прошлом месяце|Всего|Ваш IP",
    "uk|Сьогодні|Учора|Цього тижня|Минулого тижня|Цього місяця|Минулого місяця|Усього|Ваша IP-адреса",
    "tr|Bugün|Dün|Bu hafta|Geçen hafta|Bu ay|Geçen ay|Toplam|IP adresiniz",
    "ar|اليوم|أمس|هذا الأسبوع|الأسبوع الماضي|هذا الشهر|الشهر الماضي|الإجمالي|عنوان IP الخاص بك",
    "zh-Hans|今天|昨天|本周|上周|本月|上个月|总计|您的 IP",
    "zh-Hant|今天|昨天|本週|上週|本月|上個月|總計|您的 IP",
    "ja|今日|昨日|今週|先週|今月|先月|累計|あなたのIP",
]


# Tables ---------------------------------------------------------------------------------------------------------


def test_there_are_the_twelve_languages_and_each_is_complete() -> None:
    assert set(LANGUAGES) == WANTED
    for language in LANGUAGES.values():
        assert set(language.labels) == set(LINES)
        assert set(language.totals) == set(METRICS)
        assert set(language.countries) == set(ENGLISH.countries)
        assert len(set(language.months)) == 12
        texts = [language.caption, language.unavailable, language.unknown, language.about, *language.labels.values()]
        assert all(text == text.strip() != "" for text in texts), language.tag


def test_only_english_is_in_english() -> None:
    for tag in WANTED - {"en"}:
        same = [name for name in LINES if LANGUAGES[tag].labels[name] == ENGLISH.labels[name]]
        assert same == [], tag


@pytest.mark.parametrize("line", SPECIFIED)
def test_the_labels_are_those_of_the_specification(line: str) -> None:
    tag, *labels = line.split("|")
    names = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all", "ip")
    assert [LANGUAGES[tag].labels[name] for name in names] == labels


def test_a_table_that_lacks_a_word_is_refused_with_its_name() -> None:
    whole = _as_toml()
    assert read_language(whole.encode()).tag == "en"
    for cut, sentence in (
        ('today = "Today"\n', "en: labels: missing or unknown: today"),
        ('one = "{count} visit in total"\n', "en: totals.visits: missing or unknown: one"),
        ('caption = "Visitor statistics"\n', "missing required field `caption`"),
    ):
        assert cut in whole
        with pytest.raises(ValueError, match=re.escape(sentence)):
            read_language(whole.replace(cut, "").encode())
    for old, new, sentence in (
        ("{count} visits", "visits", "en: totals.visits.other has no {count}"),
        ('"one_other"', '"two_three"', "en: plural is 'two_three'; there are"),
        ('name = "English"', 'name = "English"\ncolour = "red"', "unknown field `colour`"),
    ):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            read_language(whole.replace(old, new).encode())


def _as_toml() -> str:
    from importlib import resources

    return (resources.files("counter.labels") / "words" / "en.toml").read_text(encoding="utf-8")


# Numbers, plurals, dates ----------------------------------------------------------------------------------------

GROUPED = {
    ",": ("en", "ar", "zh-Hans", "zh-Hant", "ja"), ".": ("de", "es", "tr"), "\u00a0": ("ka", "ru", "uk"),
    "\u202f": ("fr",),
}  # fmt: skip


@pytest.mark.parametrize(("mark", "tags"), GROUPED.items())
def test_numbers_are_grouped_as_the_language_does(mark: str, tags: tuple[str, ...]) -> None:
    for tag in tags:
        assert format_number(2506638, LANGUAGES[tag]) == mark.join(("2", "506", "638"))
        assert format_number(709, LANGUAGES[tag]) == "709"
        assert format_number(None, LANGUAGES[tag]) == "—"


def test_arabic_digits_are_for_readers_of_arabic_who_are_given_them() -> None:
    assert format_number(2506638, LANGUAGES["ar"], "arab") == "٢٬٥٠٦٬٦٣٨"
    assert format_number(2506638, LANGUAGES["de"], "arab") == "2.506.638"
    assert local_moment("2024-11-21 15:11", LANGUAGES["ar"], "arab") == "٢١ نوفمبر ٢٠٢٤، ١٥:١١"
    html = html_of(SNAPSHOT, options(lang="ar", numerals="arab", lines=EVERYTHING), READER)
    assert rows_of(html)["الإجمالي"] == "٢٬٥٠٦٬٦٣٨"
    assert rows_of(html)["عنوان IP الخاص بك"] == "13.59.129.141"
    assert "".join(re.findall(r"<b>(.)</b>", html)) == "2506638", "themes draw 0 to 9 only"


@pytest.mark.parametrize(
    ("rule", "form", "counts"),
    [
        ("one_other", "one", [1]),
        ("one_other", "other", [0, 2, 21, 100]),
        ("spanish", "many", [1_000_000, 2_000_000]),
        ("spanish", "other", [0, 2, 1_000_001, 2_506_638]),
        ("french", "one", [0, 1]),
        ("french", "many", [1_000_000]),
        ("french", "other", [2, 21, 1_000_100]),
        ("east_slavic", "one", [1, 21, 101, 1_001]),
        ("east_slavic", "few", [2, 3, 4, 22, 104]),
        ("east_slavic", "many", [0, 5, 11, 12, 13, 14, 20, 111, 112, 2_506_638]),
        ("arabic", "zero", [0]),
        ("arabic", "one", [1]),
        ("arabic", "two", [2]),
        ("arabic", "few", [3, 10, 103, 1_010]),
        ("arabic", "many", [11, 26, 99, 111, 2_506_638]),
        ("arabic", "other", [100, 101, 102, 1_000]),
        ("other", "other", [0, 1, 2, 100]),
    ],
)
def test_plural_forms_are_those_of_cldr(rule: str, form: str, counts: list[int]) -> None:
    assert form in RULES[rule].forms
    assert {count: RULES[rule].form(count) for count in counts} == dict.fromkeys(counts, form)


@pytest.mark.parametrize(
    ("tag", "count", "spoken"),
    [
        ("en", 1, "1 visit in total"),
        ("en", 2506638, "2,506,638 visits in total"),
        ("ka", 2506638, "სულ 2\u00a0506\u00a0638 ვიზიტი"),
        ("de", 1, "1 Besuch insgesamt"),
        ("fr", 1_000_000, "1\u202f000\u202f000 de visites au total"),
        ("ru", 21, "Всего 21 посещение"),
        ("ru", 2506638, "Всего 2\u00a0506\u00a0638 посещений"),
        ("uk", 3, "Усього 3 відвідування"),
        ("ar", 0, "لا زيارات حتى الآن"),
        ("ar", 2, "زيارتان إجمالًا"),
        ("ar", 7, "7 زيارات إجمالًا"),
        ("ja", 1, "合計 1 回の訪問"),
        ("tr", None, "Şu anda güvenilir bir sayı yok"),
    ],
)
def test_a_total_is_said_in_a_sentence(tag: str, count: int | None, spoken: str) -> None:
    assert spoken_total(count, "visits", LANGUAGES[tag]) == spoken


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_metric_and_number_has_a_sentence(tag: str) -> None:
    for metric in METRICS:
        for count in (*range(130), 1000, 10**6, 10**9):
            assert "{" not in spoken_total(count, metric, LANGUAGES[tag])


def test_dates_are_written_as_the_language_does() -> None:
    assert {tag: local_moment("2024-11-21 15:11", language) for tag, language in LANGUAGES.items()} == {
        "ar": "21 نوفمبر 2024، 15:11", "de": "21. Nov. 2024, 15:11", "en": "21 Nov 2024, 15:11",
        "es": "21 nov 2024, 15:11", "fr": "21 nov. 2024, 15:11", "ja": "2024年11月21日 15:11",
        "ka": "21 ნოე. 2024, 15:11", "ru": "21 нояб. 2024 г., 15:11", "tr": "21 Kas 2024, 15:11",
        "uk": "21 лист. 2024 р., 15:11", "zh-Hans": "2024年11月21日 15:11", "zh-Hant": "2024年11月21日 15:11",
    }  # fmt: skip
    for language in LANGUAGES.values():
        assert len({local_day(dt.date(2024, month, 1), language) for month in range(1, 13)}) == 12


def test_a_country_has_its_name_else_its_code_else_is_unknown() -> None:
    assert [country_name(code, LANGUAGES["ka"]) for code in ("GE", "QQ", "")] == ["საქართველო", "QQ", "უცნობია"]


# Whose language -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("ka-GE", "ka"), ("KA", "ka"), ("ar-EG", "ar"), ("de_AT", "de"), ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"),
        ("zh-SG", "zh-Hans"), ("zh-Hans-HK", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"),
        ("zh-Hant-TW", "zh-Hant"), ("zh_MO", "zh-Hant"), ("ja-JP-u-ca-japanese", "ja"),
    ],
)  # fmt: skip
def test_a_tag_finds_its_language(tag: str, found: str) -> None:
    language = find(tag)
    assert language is not None
    assert language.tag == found


@pytest.mark.parametrize("tag", ["", "xx", "kaa", "english", "-", "x" * 1000])
def test_what_is_no_language_finds_none(tag: str) -> None:
    assert find(tag) is None


@pytest.mark.parametrize(
    ("requested", "accepted", "tag"),
    [
        ("ka-GE", "en", "ka"),
        ("", "ka", "ka"),
        ("", "pt, ka;q=0.8, en;q=0.5", "ka"),
        ("", "en;q=0.5, ka;q=0.8", "ka"),
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("", "ka;q=0, en", "en"),
        ("", "xx, *;q=0.1", "en"),
        ("", "ka;q=nonsense" + ",x" * 5000, "en"),
        ("", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_best_the_reader_knows(
    requested: str, accepted: str, tag: str
) -> None:
    assert pick(requested, accepted).tag == tag


# Every form -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_is_drawn_in_every_form(tag: str) -> None:
    language, asked = LANGUAGES[tag], options(lang=tag, lines=EVERYTHING, date="local", about="1")
    labels = {language.labels[name] for name in LINES}
    html = html_of(SNAPSHOT, asked, READER, "https://counter.example/about")
    assert set(rows_of(html)) == labels
    assert f'lang="{tag}" dir="{language.direction}"' in html
    assert language.about in html
    view = json.loads(json_of(SNAPSHOT, asked, READER, "https://counter.example/about"))
    assert {row["label"] for row in view["rows"]} == labels
    assert (view["lang"], view["dir"], view["caption"]) == (tag, language.direction, language.caption)
    image = ET.fromstring(svg_of(SNAPSHOT, asked, READER))
    drawn = {"".join(text.itertext()) for text in image.iter("{http://www.w3.org/2000/svg}text")}
    assert labels < drawn
    assert view["date"] in drawn
    assert image.attrib["lang"] == tag


def test_only_arabic_is_mirrored() -> None:
    assert [tag for tag, language in LANGUAGES.items() if language.direction == "rtl"] == ["ar"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (999, "999"), (1000, "1k"), (1049, "1k"), (1234, "1.2k"), (12_345, "12.3k"), (99_999, "99.9k"),
        (123_456, "123k"), (999_999, "999k"), (3_400_000, "3.4M"), (7_000_000_000, "7B"), (None, "—"),
    ],
)  # fmt: skip
def test_a_short_number_is_never_more_than_there_is(value: int | None, shown: str) -> None:
    assert short_number(value, ENGLISH) == shown


@pytest.mark.parametrize(
    ("tag", "value", "shown"),
    [
        ("zh-Hans", 9_999, "9,999"), ("zh-Hans", 12_345, "1.2万"), ("ja", 123_456_789, "1.2億"),
        ("ru", 1_234, "1,2\u00a0тыс."), ("es", 1_500_000_000, "1,5\u00a0mil\u00a0M"), ("tr", 45_600, "45,6\u00a0B"),
    ],
)  # fmt: skip
def test_short_numbers_have_the_units_of_the_language(tag: str, value: int, shown: str) -> None:
    assert short_number(value, LANGUAGES[tag]) == shown


def test_short_numbers_in_arabic_digits() -> None:
    assert short_number(1_234, LANGUAGES["ar"], "arab") == "١٫٢\u00a0ألف"
