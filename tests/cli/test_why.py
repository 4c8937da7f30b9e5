"""What was not counted, and why: `counter site drops`, `bots` and `why`, beside a running service and alone."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from counter.cli.site_why import split_words
from counter.errors import UsageError
from tests.kit.process import BOT, BROWSER, Home, Service, awake_zone, noon_zone, running

VISITOR = "203.0.113.7"
SETTINGS = """
[privacy]
store_ip = "masked"
[counting]
rate_limit_per_minute = 0
ignored_networks = ["198.51.100.0/24"]
"""
ZONE = awake_zone("Asia/Tbilisi", "Asia/Tokyo")
EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J[red]me[/red][/bold]\u202e :boom:"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that has dropped three bots, somebody on a foreign host and one of an ignored network."""
    home = Home(tmp_path_factory.mktemp("why"), zone=noon_zone())
    home.config.write_text(home.config.read_text().replace("[counting]\nrate_limit_per_minute = 0\n", SETTINGS))
    home.type("site", "add", "picky", "--host", "picky.example", "--timezone", ZONE)
    with running(home) as service:
        for agent in (BOT, BOT, "curl/8.5.0", "blabot/1 (+https://bla.example)"):
            assert service.hit("picky", agent=agent, path=f"/{agent[:4]}").counter == "dropped; reason=bot"
        assert service.hit("picky", host="evil.example").counter == "dropped; reason=foreign_host"
        assert service.hit("picky", visitor="198.51.100.9").counter == "dropped; reason=ignored_ip"
        service.until(lambda: home.one("select count(*) from drop_log") == 6)
        yield service


def said(home: Home, *words: object) -> str:
    done = home.type(*words)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def answered(home: Home, *words: object) -> Any:
    return json.loads(said(home, *words, "--json"))


def last_drop(home: Home) -> int:
    return int(home.one("select max(at) from drop_log"))


class TestBots:
    def test_bots_are_shown_by_name_category_and_reason_the_busiest_first(self, live: Service) -> None:
        lines = [re.split(r"\s{2,}", line.strip()) for line in said(live.home, "site", "bots", "picky").splitlines()]
        assert lines == [
            ["bot", "category", "recognised by", "hits"],
            ["Googlebot", "search", "list", "2"],
            ["blabot", "other", "parser", "1"],
            ["curl", "library", "list", "1"],
        ]

    def test_programs_get_the_same(self, live: Service) -> None:
        found = answered(live.home, "site", "bots", "picky", "--days", "7")
        assert found[0] == {"name": "Googlebot", "category": "search", "reason": "list", "hits": 2}
        assert len(found) == 3

    def test_a_site_without_bots_says_so(self, live: Service) -> None:
        assert said(live.home, "site", "bots", "demo") == "no bot came in 30 days\n"
        assert answered(live.home, "site", "bots", "demo") == []


class TestLastDrops:
    def test_they_are_shown_newest_first_in_the_sites_time_with_what_privacy_keeps(self, live: Service) -> None:
        local = f"{dt.datetime.fromtimestamp(last_drop(live.home), ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"
        lines = said(live.home, "site", "drops", "picky", "--last", "50").splitlines()
        assert len(lines) == 7
        assert lines[1].split()[:5] == [*local.split(), "ignored_ip", "/", "198.51.0.0"]
        assert "Googlebot" in lines[6]
        assert VISITOR not in "".join(lines)
        assert len(said(live.home, "site", "drops", "picky", "--last", "2").splitlines()) == 3

    def test_programs_get_everything_that_is_kept(self, live: Service) -> None:
        found = answered(live.home, "site", "drops", "picky", "--last", "1000")
        assert [one["reason"] for one in found] == ["ignored_ip", "foreign_host", "bot", "bot", "bot", "bot"]
        assert found[0].pop("time") == dt.datetime.fromtimestamp(last_drop(live.home), ZoneInfo(ZONE)).isoformat()
        assert found[0] == {
            "reason": "ignored_ip", "path": "/", "address": "198.51.0.0", "bot": None, "user_agent": BROWSER,
        }  # fmt: skip
        assert (found[-1]["bot"], found[-1]["user_agent"], found[-1]["path"]) == ("Googlebot", BOT, "/Mozi")

    def test_counts_per_day_are_for_programs_too(self, live: Service) -> None:
        found = answered(live.home, "site", "drops", "picky")
        assert [(one["reason"], one["hits"]) for one in found] == [("bot", 4), ("foreign_host", 1), ("ignored_ip", 1)]

    def test_a_site_without_drops_says_so(self, live: Service) -> None:
        assert said(live.home, "site", "drops", "demo", "--last", "5") == "nothing was dropped\n"
        assert live.home.type("site", "drops", "demo", "--last", "1001").code == 2


class TestWhy:
    def test_every_step_is_asked_and_the_first_reason_counts(self, live: Service) -> None:
        found = said(live.home, "site", "why", "picky", "198.51.100.9", BOT, "--host", "other.example")
        assert re.search(r"host of this site\?.* dropped: foreign_host +the hit is from other\.example, ", found)
        assert re.search(r"dropped: ignored_ip +198\.51\.100\.9 is in 198\.51\.100\.0/24", found)
        assert re.search(
            r"dropped: bot +Googlebot \(search\): it matches Googlebot\\/ in the list of known bots", found
        )
        assert "It would be dropped: foreign_host. The first reason counts.\n" in found

    def test_what_would_be_stored_is_what_is_stored(self, live: Service) -> None:
        words = (
            "--path",
            "/a?utm_source=letter",
            "--host",
            "picky.example",
            "--referrer",
            "https://friend.example/x?y",
        )
        found = answered(live.home, "site", "why", "picky", VISITOR, BROWSER, *words)
        assert (found["verdict"], found["reason"]) == ("counted", None)
        assert live.hit("picky", path=words[1], host=words[3], referrer=words[5]).counter == "counted"
        names = ("path", "ip", "country", "region", "city", "browser_version", "system", "device")
        row = live.home.rows(
            f"select {', '.join(names)}, source, channel, referrer from hit_log order by hit desc limit 1"
        )[0]
        assert list(found["stored"].values()) == list(row)
        assert found["stored"]["address"] == "203.0.0.0"

    def test_the_words_of_a_user_agent_need_no_quotes(self, live: Service) -> None:
        found = answered(live.home, "site", "why", "picky", *BROWSER.split())
        assert found["asked"]["user_agent"] == BROWSER
        assert found["asked"]["address"] is None
        assert [one["step"] for one in found["steps"] if one["verdict"] == "unknown"] == ["ignored network", "too many"]
        assert "address" not in found["stored"]
        assert "As far as was told it would be counted" in said(live.home, "site", "why", "picky", VISITOR)

    def test_the_drops_that_came_from_there_are_shown(self, live: Service) -> None:
        assert len(answered(live.home, "site", "why", "picky", VISITOR)["drops"]) == 5
        assert len(answered(live.home, "site", "why", "picky", "198.51.100.200")["drops"]) == 1  # masked alike
        assert len(answered(live.home, "site", "why", "picky", "Googlebot")["drops"]) == 2
        assert len(answered(live.home, "site", "why", "picky", "192.0.2.1")["drops"]) == 0
        found = said(live.home, "site", "why", "picky", "curl/8.5.0")
        assert "\n1 of the last 1,000 drops came from there:\n" in found
        assert "\nNone of the last 1,000 drops came from there.\n" in said(live.home, "site", "why", "demo", VISITOR)

    def test_nothing_is_counted_or_written_and_no_salt_is_made(self, live: Service) -> None:
        def state() -> tuple[object, ...]:
            tables = ("event", "visit", "drop_log", "drop_count", "bot_count", "value")
            counts = [live.home.one(f"select count(*) from {table}") for table in tables]
            # A fold moves visitors from the one to the other.
            counts.append(live.home.one("select (select count(*) from visitor) + count(*) from visitor_tail"))
            salts = {path: path.stat().st_mtime_ns for path in (live.home.data / "salts").rglob("*")}
            return counts, salts, sorted(live.home.data.rglob("*"))

        live.home.type("site", "add", "fresh")
        before = state()
        assert answered(live.home, "site", "why", "fresh", VISITOR, BROWSER)["verdict"] == "counted"
        assert answered(live.home, "site", "why", "fresh", VISITOR, BOT)["verdict"] == "dropped"
        assert state() == before

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (("nosuch", VISITOR), 1, "there is no site 'nosuch'; sites: .*"),
            (("demo", VISITOR, "2001:db8::1"), 2, "2 addresses were given, 203.0.113.7 and 2001:db8::1; ask .*"),
        ],
    )
    def test_what_cannot_be_answered_is_a_sentence(
        self, live: Service, words: tuple[str, ...], code: int, sentence: str
    ) -> None:
        done = live.home.type("site", "why", *words)
        assert (done.code, done.out) == (code, "")
        assert re.fullmatch(f"counter: {sentence}\n", done.err)


@pytest.mark.parametrize(
    ("words", "address", "user_agent"),
    [
        ([VISITOR], VISITOR, None),
        (["::ffff:203.0.113.7"], VISITOR, None),
        (["2001:DB8::1"], "2001:db8::1", None),
        (["[2001:db8::1]:443"], "2001:db8::1", None),
        ([BROWSER], None, BROWSER),
        ([BROWSER, VISITOR], VISITOR, BROWSER),
        (["curl/8.5.0", VISITOR, "x"], VISITOR, "curl/8.5.0 x"),
        ([""], None, ""),
        (["1.2.3"], None, "1.2.3"),
        (["x" * 600], None, "x" * 512),
        (["a\x1b[31m"], None, "a[31m"),
    ],
)
def test_an_address_is_told_from_a_user_agent(words: list[str], address: str | None, user_agent: str | None) -> None:
    assert split_words(words) == (address, user_agent)


def test_one_address_at_a_time() -> None:
    with pytest.raises(UsageError, match="2 addresses were given"):
        split_words(["192.0.2.1", "192.0.2.2"])


@pytest.mark.parametrize("words", [("drops", "demo", "--last", "9"), ("bots", "demo"), ("why", "demo", "owned")])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_strangers_sent_cannot_steer_the_terminal(
    words: tuple[str, ...], form: tuple[str, ...], tmp_path: Path
) -> None:
    """Not even what came into the database by another way than ours: escape sequences, C1 controls, markup."""
    home = Home(tmp_path)
    home.type("site", "list")
    home.type("site", "add", "other")  # makes the database, and the site of config.toml
    key, today = home.rows("select key, cast(julianday('now') - 2440587.5 as integer) from site where id = 'demo'")[0]
    with sqlite3.connect(home.database) as connection:
        connection.execute(
            "insert into drop_log (site_key, at, reason, path, address, user_agent, bot, written_at)"
            " values (?, ?, 'bot', ?, ?, ?, ?, 0)",
            (key, today * 86_400, f"/{EVIL}", EVIL, EVIL, EVIL),
        )
        connection.execute(
            "insert into bot_count (site_key, day, name, category, reason, count) values (?, ?, ?, 'other', 'list', 1)",
            (key, today, EVIL),
        )
    connection.close()
    out = said(home, "site", *words, *form)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)
    assert "[red]" in out
    assert ":boom:" in out
