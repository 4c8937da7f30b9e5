"""`counter demo-data`: a year that looks like one, made through the real store, the same for the same seed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import signal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from counter.event import Channel
from counter.question import Dimension
from tests.kit.process import ATTEMPTS, Done, Home, Service, new_home

UNTIL = "2026-11-21"
FIRST, LAST = dt.date(2025, 11, 22), dt.date(2026, 11, 21)
HITS = 20_000
# What says when a row was written, not what happened.
_WRITTEN_AT = {"batch", "written", "audit", "site", "goal", "file_mark", "clock_mark"}


def made(home: Home, *words: object, hits: int = HITS) -> Done:
    done = home.type("demo-data", "--site", "shop", "--until", UNTIL, "--hits", hits, *words)
    assert done.code == 0, done
    return done


def agrees(home: Home) -> bool:
    checked = home.type("check")
    return checked.code == 0 and checked.out.startswith("every number agrees with the raw rows")


def content(home: Home) -> dict[str, str]:
    """Everything that happened, table by table."""
    names = [row[0] for row in home.rows("select name from sqlite_schema where type = 'table' order by 1")]
    told = {}
    for name in set(names) - _WRITTEN_AT:
        columns = [row[1] for row in home.rows(f"pragma table_info({name})") if row[1] != "written_at"]
        rows = sorted(home.rows(f"select {', '.join(columns)} from {name}"), key=repr)
        told[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return told


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Done]:
    """A year of 20,000 hits; no test changes it."""
    home = Home(tmp_path_factory.mktemp("year"))
    return home, made(home)


@pytest.fixture(scope="module")
def home(year: tuple[Home, Done]) -> Home:
    return year[0]


class TestWhatIsSaid:
    def test_at_the_end_what_was_made_and_where_to_look(self, year: tuple[Home, Done]) -> None:
        home, done = year
        key = home.one("select key from site where id = 'shop'")
        days = home.rows("select visits, visitors, events from total_day where site_key = ?", key)
        assert done.numbers == {
            "hits": HITS,
            "of them custom events": sum(day[2] for day in days),
            "visits": sum(day[0] for day in days),
            "daily visitors": sum(day[1] for day in days),
            "days": 365,
            "bots and others not counted": home.one("select sum(count) from drop_count"),
        }
        assert " hits/s\n" in done.out
        assert "http://127.0.0.1:8080/dashboard/" in done.out

    def test_a_new_site_has_a_name_hosts_and_a_zone(self, home: Home) -> None:
        name, hosts, zone = home.rows("select name, hosts, timezone from site where id = 'shop'")[0]
        assert (name, json.loads(hosts), zone) == ("Demo shop", ["shop.example", "www.shop.example"], "Europe/Berlin")

    def test_two_goals_are_reached(self, home: Home) -> None:
        reached = home.rows(
            "select v.text, sum(r.visits), sum(r.visitors), sum(r.events) from rollup_day r"
            " join value v on v.id = r.value_id where r.dimension = ? group by 1",
            Dimension.GOAL,
        )
        signups = home.one("select count(*) from hit_log where name = 'signup'")
        assert {name: hits for name, *_, hits in reached}["Signed up"] == signups > 50
        assert {name for name, *_ in reached} == {"Signed up", "Read pricing"}


class TestAYear:
    """Its shape, on what the store has counted."""

    def test_every_number_agrees_with_the_raw_rows(self, home: Home) -> None:
        assert agrees(home)
        assert home.one("select count(*) from hit_log") == HITS
        assert home.one("select count(*) from quarantine") == 0

    def test_ends_on_the_day_that_was_asked_for(self, home: Home) -> None:
        days = home.days("shop")
        assert (min(days), max(days), len(days)) == (FIRST, LAST, 365)

    def test_weekends_are_lower_than_weekdays(self, home: Home) -> None:
        views = [(day.weekday(), figures[2]) for day, figures in home.days("shop").items()]
        mean = {weekday: sum(n for one, n in views if one == weekday) / 52 for weekday in range(7)}
        assert max(mean[5], mean[6]) < 0.85 * min(mean[0], mean[2], mean[3])

    def test_grows_from_the_first_quarter_to_the_last(self, home: Home) -> None:
        visits = [figures[0] for _, figures in sorted(home.days("shop").items())]
        assert sum(visits[-91:]) > 1.4 * sum(visits[:91])

    def test_the_record_day_is_that_of_the_launch(self, home: Home) -> None:
        days = home.days("shop")
        record = max(days, key=lambda day: days[day][0])
        sources = dict(
            home.rows("select source, count(distinct visit) from hit_log where day = ? group by 1", record.isoformat())
        )
        assert max(sources, key=sources.__getitem__) == "Hacker News"
        assert 5 < days[record][0] / days[record - dt.timedelta(7)][0] < 16

    def test_nights_are_quiet_in_the_visitors_own_country(self, home: Home) -> None:
        for country, zone in (("US", "America/Chicago"), ("DE", "Europe/Berlin")):
            clocks = [
                dt.datetime.fromtimestamp(at, ZoneInfo(zone)).hour
                for (at,) in home.rows("select at from hit_log where country = ?", country)
            ]
            night = sum(hour in (2, 3, 4) for hour in clocks)
            noon = sum(hour in (11, 12, 13) for hour in clocks)
            assert noon > 6 * night > 0, country

    def test_bounces_views_and_durations_are_those_of_a_site(self, home: Home) -> None:
        views, visits, bounces, seconds = home.rows(
            "select sum(pageviews), sum(visits), sum(bounces), sum(seconds) from total_day"
        )[0]
        assert 0.4 < bounces / visits < 0.5
        assert 2.2 < views / visits < 2.8
        assert 60 < seconds / visits < 240

    def test_every_dimension_has_values(self, home: Home) -> None:
        counted = dict(home.rows("select dimension, count(distinct value_id) from rollup_day group by 1"))
        few = {
            Dimension.HOST: 1, Dimension.DEVICE: 4, Dimension.GOAL: 2, Dimension.UTM_SOURCE: 3, Dimension.UTM_MEDIUM: 3,
        }  # fmt: skip
        not_rolled_up = {Dimension.TITLE, Dimension.PROPERTY_KEY, Dimension.PROPERTY}
        for dimension in set(Dimension) - not_rolled_up:
            assert counted[dimension] >= few.get(dimension, 5), dimension

    def test_every_channel_and_event_is_there(self, home: Home) -> None:
        assert {row[0] for row in home.rows("select distinct channel from hit_log")} == {one.value for one in Channel}
        names = {row[0] for row in home.rows("select distinct name from hit_log where props is not null")}
        assert names == {"signup", "purchase", "add_to_cart", "outbound", "download"}
        assert home.one("select count(*) from hit_log where name = 'not_found'") > 20

    def test_views_have_engaged_time(self, home: Home) -> None:
        engaged, views = home.rows("select sum(engaged), sum(engaged > 0) from hit_log")[0]
        assert views > 0.05 * HITS
        assert 10 < engaged / views < 120

    def test_bots_are_counted_apart_and_come_in_a_wave(self, home: Home) -> None:
        bots = home.rows("select name, category, sum(count) from bot_count group by 1, 2")
        assert len(bots) > 10
        assert len({category for _, category, _ in bots}) > 5
        days = sorted(row[0] for row in home.rows("select sum(count) from bot_count group by day"))
        assert days[-1] > 5 * days[len(days) // 2]
        assert sum(count for *_, count in bots) == home.one("select sum(count) from drop_count where reason = 'bot'")
        assert home.one("select count(*) from hit_log where device = 'bot'") == 0


class TestTheSeed:
    def test_the_same_seed_makes_the_same_rows(self, tmp_path: Path) -> None:
        homes = [Home(tmp_path / name) for name in ("one", "two", "three") if not (tmp_path / name).mkdir()]
        for home, seed in zip(homes, (5, 5, 6), strict=True):
            made(home, "--seed", seed, "--days", 30, hits=2000)
        one, two, three = map(content, homes)
        assert one == two
        assert {name for name in one if one[name] != three[name]} > {"event", "visit", "rollup_day", "bot_count"}

    def test_another_process_makes_the_same_as_a_thread(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        homes = [Home(tmp_path / name) for name in ("thread", "process") if not (tmp_path / name).mkdir()]
        made(homes[0], "--days", 10, hits=2000)
        monkeypatch.setattr("counter.demo.writing.WORTH_A_PROCESS", 0)
        made(homes[1], "--days", 10, hits=2000)
        assert content(homes[0]) == content(homes[1])


class TestWhatIsThere:
    def test_a_site_with_hits_is_refused_until_more_may_be_added(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        made(home, "--days", 5, hits=500)
        before = content(home)
        words = ("demo-data", "--site", "shop", "--until", UNTIL, "--days", 5, "--hits", 300)
        refused = home.type(*words)
        assert refused.code == 2
        assert "site 'shop' has 500 hits" in refused.err
        assert content(home) == before
        assert home.type(*words, "--add").code == 0
        assert home.one("select count(*) from hit_log") == 800
        assert agrees(home)

    def test_the_same_command_adds_nothing_twice(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        made(home, "--days", 5, hits=500)
        before = content(home)
        assert made(home, "--days", 5, "--add", hits=500).numbers == {"hits": 0, "written before": 500, "days": 5}
        assert content(home) == before

    def test_a_site_that_is_there_keeps_its_zone(self, tmp_path: Path) -> None:
        home = Home(tmp_path, "shop", zone="Asia/Tbilisi")
        made(home, "--days", 5, hits=500)
        assert sorted(home.days("shop")) == [LAST - dt.timedelta(back) for back in (4, 3, 2, 1, 0)]
        assert home.one("select timezone from site where id = 'shop'") == "Asia/Tbilisi"
        assert agrees(home)

    def test_days_to_come_are_refused(self, tmp_path: Path) -> None:
        tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
        refused = Home(tmp_path).type("demo-data", "--site", "shop", "--until", tomorrow.isoformat())
        assert refused.code == 2
        assert "is in the future" in refused.err

    def test_its_salts_expire_and_take_the_visitors_of_its_days_along(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        made(home, "--days", 3, hits=300)
        assert len(list((home.data / "salts").glob("*.salt"))) == 3


class TestBesideTheService:
    def test_it_goes_through_the_running_service_which_shows_it_at_once(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        with Service(home) as service:
            done = home.type("demo-data", "--site", "shop", "--days", 40, "--hits", 8000)
            assert done.code == 0, done
            assert service.totals("shop", "pageviews")["all"]["count"] == 8000 - done.numbers["of them custom events"]
            assert service.hit().counter == "counted"
            assert agrees(home)
            assert service.stop() == 0
        assert agrees(home)


class TestInterrupted:
    @pytest.mark.soak
    @pytest.mark.faults
    def test_what_is_written_agrees_and_the_same_command_writes_the_others(self, tmp_path: Path) -> None:
        whole = new_home(tmp_path / "whole")
        words = ("demo-data", "--site", "shop", "--until", UNTIL, "--hits", 200_000, "--days", 30)
        for attempt in range(ATTEMPTS):
            home = new_home(tmp_path / f"cut-{attempt}")
            process = home.start(*words)
            Service.until(lambda home=home: home.database.exists() and _events(home) > 0)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=100)
            if process.returncode:
                break  # else all was written before the signal came
        assert process.returncode == 1
        assert b"interrupted: " in told
        assert b"Traceback" not in told
        written = home.one("select count(*) from hit_log")
        assert 0 < written < 200_000
        assert f"{written:,} of 200,000 hits are written".encode() in told
        assert agrees(home)
        assert home.type(*words, "--add").code == 0
        assert whole.type(*words).code == 0
        assert agrees(home)
        cut, uncut = content(home), content(whole)
        assert {name for name in cut if cut[name] != uncut[name]} == set()


def _events(home: Home) -> int:
    try:
        return int(home.one("select coalesce(max(id), 0) from event"))
    except Exception:  # noqa: BLE001 - the tables are not made yet
        return 0
