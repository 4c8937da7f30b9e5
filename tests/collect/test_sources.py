"""A referrer, a name and a click id lead to the source people know, and to nothing that only looks like it."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.collect.origins.origin import Hosts, Origins
from counter.collect.origins.source_table import (
    LARGEST,
    SHIPPED,
    MarkKind,
    SourceTable,
    name_key,
    owners_table,
    read_table,
    shipped_table,
)
from counter.collect.origins.sources import Source, Sources
from counter.collect.visitor_marks import TRACKING
from counter.errors import ConfigError
from counter.event import Channel, Origin

SOURCES = Sources.load()
ORIGINS = Origins(SOURCES)
TABLE = shipped_table()
DOCS = Path(__file__).parents[2] / "docs" / "sources.md"
CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "sources.tsv"
SHOP = Hosts(("shop.example", "www.shop.example"), "shop.example", ("paypal.com", "*.checkout.example"))
OTHER_SITE = Hosts(("other.example",), "other.example")
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)

# the host of a referrer, or a whole referrer; its source and channel
REFERRERS = """
google.com                            Google             search
www.google.com                        Google             search
google.de                             Google             search
www.google.co.uk                      Google             search
google.com.tr                         Google             search
GOOGLE.COM                            Google             search
google.com:443                        Google             search
images.google.fr                      Google             search
https://www.google.ge/url?sa=t&q=x    Google             search
android-app://com.google.android.googlequicksearchbox/  Google  search
scholar.google.com                    Google_Scholar     search
www.bing.com                          Bing               search
cn.bing.com                           Bing               search
duckduckgo.com                        DuckDuckGo         search
html.duckduckgo.com                   DuckDuckGo         search
search.yahoo.com                      Yahoo              search
r.search.yahoo.com                    Yahoo              search
uk.search.yahoo.com                   Yahoo              search
search.yahoo.co.jp                    Yahoo_Japan        search
www.ecosia.org                        Ecosia             search
www.qwant.com                         Qwant              search
search.brave.com                      Brave              search
www.startpage.com                     Startpage          search
eu.startpage.com                      Startpage          search
kagi.com                              Kagi               search
www.mojeek.com                        Mojeek             search
yandex.ru                             Yandex             search
yandex.com.tr                         Yandex             search
ya.ru                                 Yandex             search
android-app://ru.yandex.searchplugin  Yandex             search
www.baidu.com                         Baidu              search
m.baidu.com                           Baidu              search
search.naver.com                      Naver              search
m.search.naver.com                    Naver              search
search.daum.net                       Daum               search
search.seznam.cz                      Seznam             search
www.sogou.com                         Sogou              search
www.so.com                            360_Search         search
m.sm.cn                               Shenma             search
coccoc.com                            Coc_Coc            search
go.mail.ru                            Mail.ru_Search     search
daosearch.com                         DaoSearch          search
facebook.com                          Facebook           social
l.facebook.com                        Facebook           social
lm.facebook.com                       Facebook           social
m.facebook.com                        Facebook           social
fb.me                                 Facebook           social
android-app://com.facebook.katana     Facebook           social
www.messenger.com                     Messenger          social
l.instagram.com                       Instagram          social
www.threads.net                       Threads            social
l.threads.com                         Threads            social
t.co                                  X                  social
x.com                                 X                  social
mobile.twitter.com                    X                  social
bsky.app                              Bluesky            social
go.bsky.app                           Bluesky            social
lnkd.in                               LinkedIn           social
www.linkedin.com                      LinkedIn           social
de.linkedin.com                       LinkedIn           social
android-app://com.linkedin.android    LinkedIn           social
www.reddit.com                        Reddit             social
old.reddit.com                        Reddit             social
out.reddit.com                        Reddit             social
www.pinterest.co.uk                   Pinterest          social
pin.it                                Pinterest          social
www.tiktok.com                        TikTok             social
web.whatsapp.com                      WhatsApp           social
android-app://com.whatsapp            WhatsApp           social
web.telegram.org                      Telegram           social
t.me                                  Telegram           social
android-app://org.telegram.messenger  Telegram           social
discord.com                           Discord            social
app.slack.com                         Slack              social
android-app://com.Slack/              Slack              social
statics.teams.cdn.office.net          Microsoft_Teams    social
vk.com                                VK                 social
away.vk.com                           VK                 social
ok.ru                                 Odnoklassniki      social
weibo.com                             Weibo              social
mp.weixin.qq.com                      WeChat             social
www.zhihu.com                         Zhihu              social
line.me                               LINE               social
story.kakao.com                       KakaoStory         social
pf.kakao.com                          KakaoTalk          social
mastodon.social                       Mastodon           social
fosstodon.org                         Mastodon           social
lemmy.world                           Lemmy              social
github.com                            GitHub             social
gist.github.com                       GitHub             social
stackoverflow.com                     Stack_Overflow     social
math.stackexchange.com                Stack_Exchange     social
www.quora.com                         Quora              social
www.producthunt.com                   Product_Hunt       social
tieba.baidu.com                       Tieba              social
blog.naver.com                        Naver_Blog         social
chatgpt.com                           ChatGPT            ai
chat.openai.com                       ChatGPT            ai
www.perplexity.ai                     Perplexity         ai
gemini.google.com                     Gemini             ai
copilot.microsoft.com                 Copilot            ai
edgeservices.bing.com                 Copilot            ai
claude.ai                             Claude             ai
you.com                               You.com            ai
www.phind.com                         Phind              ai
chat.deepseek.com                     DeepSeek           ai
chat.mistral.ai                       Mistral            ai
grok.com                              Grok               ai
poe.com                               Poe                ai
www.meta.ai                           Meta_AI            ai
www.doubao.com                        Doubao             ai
mail.google.com                       Gmail              mail
android-app://com.google.android.gm   Gmail              mail
outlook.live.com                      Outlook            mail
outlook.office.com                    Outlook            mail
eur01.safelinks.protection.outlook.com Outlook           mail
mail.yahoo.com                        Yahoo_Mail         mail
mail.proton.me                        Proton_Mail        mail
navigator.gmx.net                     GMX                mail
e.mail.ru                             Mail.ru            mail
mail.yandex.ru                        Yandex_Mail        mail
mail.qq.com                           QQ_Mail            mail
someone.substack.com                  Substack           mail
www.youtube.com                       YouTube            video
m.youtube.com                         YouTube            video
youtu.be                              YouTube            video
vimeo.com                             Vimeo              video
www.twitch.tv                         Twitch             video
www.bilibili.com                      Bilibili           video
www.nicovideo.jp                      Niconico           video
news.ycombinator.com                  Hacker_News        news
lobste.rs                             Lobsters           news
news.google.com                       Google_News        news
flipboard.com                         Flipboard          news
feedly.com                            Feedly             news
www.smartnews.com                     SmartNews          news
www.msn.com                           MSN                news
news.yahoo.co.jp                      Yahoo_Japan_News   news
dzen.ru                               Dzen               news
trc.taboola.com                       Taboola            campaign
en.wikipedia.org                      Wikipedia          referral
docs.google.com                       Google_Docs        referral
www.amazon.de                         Amazon             referral
google.com.evil.example               google.com.evil.example  referral
notgoogle.com                         notgoogle.com      referral
google.evil.com                       google.evil.com    referral
google.com.evil                       google.com.evil    referral
google.evil                           google.evil        referral
google.com.co                         Google             search
google.co.com                         google.co.com      referral
sites.google.com                      sites.google.com   referral
my-google.de                          my-google.de       referral
google-com.example                    google-com.example referral
evilt.co                              evilt.co           referral
t.com                                 t.com              referral
netflix.com                           netflix.com        referral
notx.com                              notx.com           referral
fakefacebook.com                      fakefacebook.com   referral
facebook.com.phish.example            facebook.com.phish.example  referral
blogchatgpt.com                       blogchatgpt.com    referral
yandex.ru.example                     yandex.ru.example  referral
amazon.evil                           amazon.evil        referral
bing.com.                             Bing               search
com                                   com                referral
www.example.org                       example.org        referral
news.example.org                      news.example.org   referral
192.0.2.1                             192.0.2.1          referral
localhost                             localhost          referral
[2001:db8::1]                         [2001:db8::1]      referral
com.google.android.gm                 com.google.android.gm  referral
android-app://com.example.app         com.example.app    referral
android-app://com.google.android.gm.evil  com.google.android.gm.evil  referral
android-app://google.com              Google             search
"""
ROWS = [tuple(line.split()) for line in REFERRERS.strip().splitlines()]


@pytest.mark.parametrize(("referrer", "source", "channel"), ROWS)
def test_a_referrer_is_of_the_source_people_know(referrer: str, source: str, channel: str) -> None:
    origin = ORIGINS.of(referrer if "://" in referrer else f"https://{referrer}/", "/", Hosts((), ""))
    assert (origin.source.replace(" ", "_"), origin.channel) == (source, channel)


def test_there_are_at_least_120_referrers_in_the_test_and_150_sources_in_the_table() -> None:
    assert len(ROWS) >= 120
    assert len(TABLE.rows) >= 150
    assert {row.channel for row in TABLE.rows} == set(Channel) - {Channel.DIRECT}


# The shipped table ------------------------------------------------------------------------------------------------


MARKS = [(row, *mark) for row in TABLE.rows for mark in row.marks]


def test_each_row_is_found_by_everything_it_is_known_by() -> None:
    assert all(row.marks for row in TABLE.rows)
    for row, kind, text in MARKS:
        channel = row.channel
        match kind:
            case MarkKind.HOST | MarkKind.ONLY_HOST:
                host = text.replace(".*", ".com")
                found = SOURCES.of_host(host)
                below = SOURCES.of_host(f"some-where.{host}")
                assert (below is not None and below.name == row.name) == (kind == MarkKind.HOST), text
            case MarkKind.APP:
                found = SOURCES.of_app(text)
            case MarkKind.NAME:
                found = SOURCES.named(text)
            case MarkKind.AD_NAME:
                found = SOURCES.named(text)
                channel = Channel.CAMPAIGN
            case MarkKind.AD_HOST:
                found = SOURCES.of_host(f"some-where.{text.replace('.*', '.com')}")
                channel = Channel.CAMPAIGN
            case MarkKind.AD | MarkKind.CLICK:
                click = SOURCES.click(text)
                assert click is not None
                assert click.paid == (kind == MarkKind.AD)
                found = click.source
        assert found == Source(row.name, channel.value), text


def test_each_row_can_be_produced_by_some_referrer_or_link() -> None:
    for row in TABLE.rows:
        found = {origin_of(kind, text)[2:4] for kind, text in row.marks}
        assert (row.name, row.channel.value) in found, row


def origin_of(kind: MarkKind, text: str) -> Origin:
    """The origin of a visit with one sign alone."""
    host = text.replace(".*", ".de")
    match kind:
        case MarkKind.HOST | MarkKind.ONLY_HOST | MarkKind.AD_HOST:
            return ORIGINS.of(f"https://{host}/", "/", OTHER_SITE)
        case MarkKind.APP:
            return ORIGINS.of(f"android-app://{text}/", "/", OTHER_SITE)
        case MarkKind.NAME | MarkKind.AD_NAME:
            return ORIGINS.of("", f"/?utm_source={quote(text)}", OTHER_SITE)
        case _:
            return ORIGINS.of("", f"/?{text}=1", OTHER_SITE)


def test_no_host_and_no_name_stands_twice_in_whatever_form() -> None:
    for kinds in ({MarkKind.HOST, MarkKind.ONLY_HOST, MarkKind.AD_HOST}, {MarkKind.NAME, MarkKind.AD_NAME}):
        texts = Counter(text for _, kind, text in MARKS if kind in kinds)
        assert {text for text, count in texts.items() if count > 1} == set()


@pytest.mark.parametrize("row", [line for line in CASES.read_text("utf-8").splitlines() if not line.startswith("# ")])
def test_referrer_and_link_of_a_report_by_people_have_the_right_source(row: str) -> None:
    referrer, link, source, channel, _ = row.split("\t")
    found = ORIGINS.of(referrer, link, SHOP)
    assert found.channel == channel, found
    assert source in {"", found.source}, found


def test_no_row_says_a_thing_twice() -> None:
    hosts = {(row.name, text) for row, kind, text in MARKS if kind == MarkKind.HOST}
    for row, kind, text in MARKS:
        if kind in (MarkKind.HOST, MarkKind.ONLY_HOST):
            above = {(row.name, text.split(".", count)[-1]) for count in range(1, text.count(".") + 1)}
            # A host that '.*' of another row would take is written out to win over it.
            assert not above & hosts or row.name == "Yahoo Japan", text
        if kind in (MarkKind.NAME, MarkKind.AD_NAME):
            assert text != name_key(row.name)


def test_the_file_is_in_lower_case_and_names_are_found_however_they_are_written() -> None:
    for row in TABLE.rows:
        assert all(mark.text == mark.text.lower() for mark in row.marks)
        for text in (row.name, row.name.upper(), row.name.replace(" ", "-"), row.name.replace(" ", "_")):
            found = SOURCES.named(text)
            assert found is not None
            assert found.name == row.name


def test_a_country_page_is_under_one_of_the_listed_endings() -> None:
    assert len(set(TABLE.endings)) == len(TABLE.endings)
    for ending in TABLE.endings:
        assert SOURCES.of_host(f"google.{ending}") == Source("Google", "search")
        assert SOURCES.of_host(f"google.{ending}.example") is None


def test_no_click_id_can_become_part_of_a_page() -> None:
    assert SOURCES.click_keys <= TRACKING


def test_no_medium_stands_in_two_channels_nor_is_a_paid_one_telling() -> None:
    assert set(TABLE.media.values()) == set(Channel) - {Channel.CAMPAIGN, Channel.DIRECT}
    for medium in ("cpc", "ppc", "cpm", "paid", "paid_social", "paid-search", "display", "banner", "affiliate", "push"):
        assert SOURCES.channel_of(medium) == ""


# The owner's table ------------------------------------------------------------------------------------------------


def owned(folder: Path, text: str) -> Sources:
    file = folder / "sources.toml"
    file.write_text(text, encoding="utf-8")
    return Sources.load(file)


def test_the_owners_rows_win_over_ours_and_the_rest_stays(tmp_path: Path) -> None:
    sources = owned(tmp_path, """
        [social]
        "Our forum" = ["forum.example", "app:example.forum", "utm:board", "ad:forum_ad"]
        "My search" = ["duckduckgo.com", "news.google.com"]
        [ai]
        Kagi = ["kagi.example"]
        [media]
        social = ["board"]
        campaign = ["newsletter"]
    """)  # fmt: skip
    forum = Source("Our forum", "social")
    assert sources.of_host("a.forum.example") == sources.of_app("example.forum") == sources.named("Board") == forum
    assert sources.click_key("/?forum_ad=1") == "forum_ad"
    assert sources.of_host("html.duckduckgo.com") == Source("My search", "social")
    assert sources.of_host("news.google.com") == Source("My search", "social")
    assert sources.of_host("kagi.com") == sources.of_host("kagi.example") == Source("Kagi", "ai")
    assert sources.of_host("google.de") == Source("Google", "search")
    assert sources.channel_of("Board") == "social"
    assert sources.channel_of("newsletter") == "campaign"


def test_a_host_of_the_owners_may_be_written_in_its_letters(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    file.write_text('[search]\nA = ["straße.de", "=ασφαλής.gr", "bücher.*"]\n', encoding="utf-8")
    sources = Sources.load(file)
    for host in ("xn--strae-oqa.de", "shop.xn--strae-oqa.de", "xn--jxafa4bwbcv.gr", "xn--bcher-kva.com"):
        assert sources.of_host(host) == Source("A", "search"), host
    assert sources.of_host("strasse.de") is None


def test_a_host_of_the_owners_wins_over_a_longer_one_of_ours(tmp_path: Path) -> None:
    sources = owned(tmp_path, '[referral]\n"All of Google" = ["google.*"]')
    assert {sources.of_host(host) for host in ("google.de", "mail.google.com", "docs.google.com")} == {
        Source("All of Google", "referral")
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[search", "is not TOML: "),
        ('[serach]\nA = ["a.example"]', "serach is not a section; allowed are [search], [social], [ai], "),
        ('[direct]\nA = ["a.example"]', "direct is not a section; allowed are "),
        ('search = "a"', "search is not a section; allowed are "),
        ('[search]\nA = "a.example"', '[search] "A" must be a list of texts, such as '),
        ('[search]\nA = ["a.example", 1]', '[search] "A" must be a list of texts, such as '),
        ('[search]\nA = ["a.example "]', '[search] "A": "a.example " is not a host, such as example.com or example.*.'),
        ('[search]\nA = ["A.example"]', '[search] "A": "A.example" must be in lower case: "a.example".'),
        ('[search]\nA = ["example"]', '[search] "A": "example" is not a host, '),
        ('[search]\nA = ["https://a.example/"]', '[search] "A": "https://a.example/" is not a host, '),
        ('[search]\nA = ["*.example"]', '[search] "A": "*.example" is not a host, '),
        ('[search]\nA = ["192.0.2.1"]', '[search] "A": "192.0.2.1" is not a host, '),
        ('[search]\nA = ["app:mail"]', '[search] "A": "app:mail" is not the package of an app, '),
        ('[search]\nA = ["utm:"]', '[search] "A": "utm:" is not a name of at most 64 characters.'),
        ('[search]\nA = ["utm:- -"]', '[search] "A": "utm:- -" is not a name '),
        ('[search]\nA = ["ad:g clid"]', '[search] "A": "ad:g clid" is not the name of a query parameter, '),
        ('[search]\n" " = ["a.example"]', '[search] " " is no name; it must be 1 to 64 printable characters.'),
        ('[search]\nA = ["a.example"]\nB = ["a.example"]', '[search] "B": "a.example" belongs to "A" already.'),
        ('[search]\nA = ["a.example"]\n[ai]\n"a" = []', '[ai] "a" stands twice; it is also "A" in [search].'),
        ('[media]\nmial = ["x"]', "[media] mial is not a channel; allowed are search, "),
        ('[media]\nmail = "x"', "[media] mail must be a list of texts, "),
        ('[media]\nmail = ["x"]\nsocial = ["X"]', '[media] social: "X" is mail already.'),
        ("media = 1", "media must be a section, [media]."),
    ],
)
def test_a_mistake_in_the_owners_table_is_a_sentence_with_file_row_and_what_is_wrong(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        owned(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'sources.toml'}: {sentence}")
    assert str(refused.value).endswith(".")


def test_a_table_that_is_not_there_not_text_or_too_large_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        owners_table(tmp_path / "none.toml")
    file = tmp_path / "odd.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        owners_table(file)
    file.write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(ConfigError, match=f"has {LARGEST + 1} bytes; a table of sources has at most {LARGEST}"):
        owners_table(file)


@given(ANY_TEXT | st.sampled_from(["[search]\n", "[media]\n"]).flatmap(lambda head: ANY_TEXT.map(lambda t: head + t)))
def test_no_table_raises_anything_but_a_sentence(text: str) -> None:
    """T-16."""
    with contextlib.suppress(ConfigError):
        assert isinstance(read_table(text, "sources.toml"), SourceTable)


# Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source", "channel"),
    [
        ("google", "Google", "search"),
        ("Google", "Google", "search"),
        ("google.com", "Google", "search"),
        ("www.google.de", "Google", "search"),
        ("https://www.google.com/search", "Google", "search"),
        ("fb", "Facebook", "social"),
        ("IG", "Instagram", "social"),
        ("l.facebook.com", "Facebook", "social"),
        ("hacker_news", "Hacker News", "news"),
        ("chatgpt.com", "ChatGPT", "ai"),
        ("newsletter", "Newsletter", "mail"),
        ("Newsletter ", "Newsletter", "mail"),
        ("com.google.android.gm", "Gmail", "mail"),
        ("Partner.Example", "partner.example", "referral"),
        ("www.www.partner.example", "partner.example", "referral"),
    ],
)
def test_a_name_in_a_link_is_the_source_it_means(text: str, source: str, channel: str) -> None:
    assert SOURCES.named(text) == Source(source, channel)


@pytest.mark.parametrize(
    "text",
    ["", "-", "my partner", "1.2", "v1.2.3", "a@b.example", "a b.example", "googel", "spring", "\x00", "x" * 256],
)
def test_a_name_we_do_not_know_is_no_source_of_ours(text: str) -> None:
    assert SOURCES.named(text) is None


@given(ANY_TEXT)
def test_naming_a_source_by_its_name_gives_the_same_source(text: str) -> None:
    """T-16: never raises, bounded, idempotent."""
    found = SOURCES.named(text)
    if found is not None:
        assert SOURCES.named(found.name) == found
        assert 0 < len(found.name) <= 253
        assert found.channel in set(Channel)
    assert SOURCES.channel_of(text) in {"", *Channel}


@given(st.lists(st.sampled_from(["google", "com", "evil", "www", "t", "co", "uk", "x", ""]), max_size=8))
def test_a_host_belongs_to_a_source_only_by_its_whole_last_labels(labels: list[str]) -> None:
    host = ".".join(labels)
    found = SOURCES.of_host(host)
    if found is not None and found.name == "Google":
        assert host.removeprefix("www.") in {f"google.{ending}" for ending in TABLE.endings} | {"cse.google.com"}
    if found is not None and found.name == "X":
        assert labels[-2:] in (["x", "com"], ["t", "co"])


def test_the_table_says_whose_work_it_is_and_how_to_add_a_row() -> None:
    """And the documentation knows every channel and click id."""
    documented = DOCS.read_text(encoding="utf-8")
    for word in (*Channel, *SOURCES.click_keys):
        assert f"`{word}`" in documented, word
    head = SHIPPED.read_text(encoding="utf-8").partition("endings")[0]
    assert "made by the visitor-counter project" in head
    assert "To add a row" in head
