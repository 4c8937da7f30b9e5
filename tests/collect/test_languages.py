"""A language has one spelling, whatever a browser calls it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.collect.agents.languages import canonical_language


@pytest.mark.parametrize(
    ("language", "tags"),
    [
        ("zh-Hant", "zh-TW zh-Hant zh-hant-tw zh_TW zh-HK zh-Hant-HK zh-MO zh-CHT zh-cmn-Hant-TW cmn-Hant zh_TW.Big5"),
        ("zh-Hans", "zh zh-CN zh-Hans zh-Hans-CN zh-SG zh-Hans-HK zh-CHS cmn-CN chi zho"),
        ("yue-HK", "yue-HK zh-yue-HK yue-Hant-HK"),
        ("he", "he iw heb he-Hebr"),
        ("he-IL", "he-IL iw-IL he_il"),
        ("id-ID", "id-ID in-ID ind-ID id-Latn-ID"),
        ("yi", "yi ji yid"),
        ("jv", "jv jw"),
        ("ro-MD", "ro-MD mo-MD"),
        ("fil-PH", "fil-PH tl-PH"),
        ("nb", "nb no nob nor"),
        ("nb-NO", "nb-NO no-NO no_NO"),
        ("nn-NO", "nn-NO nno-NO"),
        ("sr-Latn", "sr-Latn sr-Latn-RS sh sh-BA hbs sr-ME cnr"),
        ("sr-RS", "sr-RS sr-Cyrl-RS sr-YU"),
        ("uz-UZ", "uz-UZ uz-Latn-UZ uzn-UZ"),
        ("uz-Cyrl", "uz-Cyrl uz-Cyrl-UZ"),
        ("az-AZ", "az-AZ az-Latn-AZ azj-AZ"),
        ("pa-Arab", "pa-PK pa-Arab-PK"),
        ("pa-IN", "pa-IN pa-Guru-IN"),
        ("en-US", "en-US EN_us en-Latn-US en_US.UTF-8 eng-US en-US-x-private en-US-u-hc-h12"),
        ("en-GB", "en-GB en-UK"),
        ("de-DE", "de-DE de-DD ger-DE de-DE-1996"),
        ("de", "de de-1996 deu de-Latn"),
        ("es-419", "es-419"),
        ("hi-Latn", "hi-Latn hi-Latn-IN"),
        ("", "und mul zxx C POSIX undefined x-klingon <script> 12 -en"),
    ],
)
def test_all_tags_of_a_language_are_one_value(language: str, tags: str) -> None:
    assert {tag: canonical_language(tag) for tag in tags.split()} == dict.fromkeys(tags.split(), language)


@given(
    st.one_of(
        st.text(st.characters(codec=None, exclude_categories=())),
        st.from_regex(r"\A[a-z]{2,3}([-_][A-Za-z]{3})?([-_][A-Za-z]{4})?([-_][A-Z]{2}|-[0-9]{3})?\Z"),
    )
)
def test_a_value_is_short_and_stays_as_it_is(text: str) -> None:
    value = canonical_language(text)
    assert len(value) <= 8
    assert canonical_language(value) == value
