"""The Vinaora Visitors Counter's table becomes days of the site, and "last week" is a week again."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections import Counter
from pathlib import Path

import pytest

from counter.errors import UsageError
from counter.history.vinaora import VinaoraRow, read_buckets
from tests.kit.process import Home, Service, noon_zone

QUARTER = 900  # seconds; the length of a bucket
CREATE = """CREATE TABLE `jos_vvisit_counter` (
  `id` int(11) unsigned NOT NULL AUTO_INCREMENT,
  `time` int(11) unsigned NOT NULL DEFAULT '0',
  `visits` mediumint(8) NOT NULL DEFAULT '0',
  `guests` mediumint(8) NOT NULL DEFAULT '0',
  `bots` mediumint(8) NOT NULL DEFAULT '0',
  `members` mediumint(8) NOT NULL DEFAULT '0',
  PRIMARY KEY (`id`), KEY `idx_time` (`time`)
) ENGINE=MyISAM DEFAULT CHARSET=utf8;
"""
ONE = [VinaoraRow(1_732_190_400, 10, 6, 3, 1)]
NAMED = "INSERT INTO `x_vvisit_counter` (`time`, `visits`, `guests`, `bots`, `members`) VALUES "


@pytest.mark.parametrize(
    ("dump", "buckets"),
    [
        (CREATE + "INSERT INTO `jos_vvisit_counter` VALUES (1,1732190400,10,6,3,1);\n", ONE),
        (CREATE + "INSERT INTO `jos_vvisit_counter` VALUES\n(1, 1732190400, 10, 6, 3, 1);\n", ONE),
        (NAMED + "(1732190400,10,6,3,1);", ONE),
        (NAMED + "('1732190400','10','6','3','1');", ONE),
        (NAMED.replace("`", '"') + "(1732190400,10,6,3,1)", ONE),
        (NAMED.lower() + "(1732190400,10,6,3,1);", ONE),
        (
            "insert into x_vvisit_counter (time, visits) values (1732190400, 10);",
            [VinaoraRow(1_732_190_400, 10, 0, 0, 0)],
        ),
        (NAMED + "(1732190400,10,NULL,3,1);", [VinaoraRow(1_732_190_400, 10, 0, 3, 1)]),
        (NAMED + "(1732190400,10,6,3,1),\n(1732190400,10,6,3,1);\n" + NAMED + "(1732190400,10,6,3,1);", ONE * 3),
        ("INSERT INTO `jos_session` VALUES (1,'(2,3)');\n" + NAMED + "(1732190400,10,6,3,1);\n", ONE),
        ("INSERT INTO `jos_content` VALUES ('INSERT INTO `jos_vvisit_counter` VALUES (9,9)');\n", []),
        ("", []),
    ],
)
def test_dumps_that_are_understood(dump: str, buckets: list[VinaoraRow]) -> None:
    assert list(read_buckets(dump.splitlines(keepends=True), "dump.sql")) == buckets


@pytest.mark.parametrize(
    ("dump", "sentence"),
    [
        ("INSERT INTO `jos_vvisit_counter` VALUES (1,2,3);", "line 1: the table has no column 'time'"),
        ("INSERT INTO `a_vvisit_counter` (`id`, `tm`) VALUES (1,2);", r"no column 'time' \(columns: id, tm\)"),
        (NAMED + "(1,2,3);", "a row has 3 values and the table 5 columns"),
        (NAMED + "(1732190400,-1,6,3,1);", "visits is '-1', it must be a whole number"),
        (NAMED + "(1732190400,1.5,6,3,1);", "visits is '1.5'"),
        ("\n\n" + NAMED + "(now(),1,6,3,1);", "line 3"),
        (NAMED + "(1732190400,99999999999999999,6,3,1);", "visits is '99999999999999999'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(dump: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        list(read_buckets(dump.splitlines(keepends=True), "dump.sql"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path, "shop")
    assert home.type("site", "set", "shop", f"timezone={noon_zone()}").code == 0  # makes the data
    return home


def dump_of(home: Home, buckets: list[VinaoraRow]) -> Path:
    rows = [f"({number},{','.join(map(str, bucket))})" for number, bucket in enumerate(buckets, start=1)]
    parts = [",".join(rows[at : at + 5000]) for at in range(0, len(rows), 5000)]
    lines = [f"INSERT INTO `jos_vvisit_counter` VALUES {part};\n" for part in parts]
    file = home.folder / "dump.sql"
    file.write_text("-- MySQL dump\n" + CREATE + "".join(lines))
    return file


def quarters(count: int) -> list[VinaoraRow]:
    """`count` buckets that end before the current quarter of an hour."""
    dice = random.Random(count)
    last = int(dt.datetime.now(dt.UTC).timestamp()) // QUARTER * QUARTER
    ends = range(last - (count - 1) * QUARTER, last + 1, QUARTER)
    return [
        VinaoraRow(end, guests + bots, guests, bots, 0)
        for end in ends
        for guests, bots in [(dice.randint(0, 90), dice.randint(0, 9))]
    ]


def by_day(buckets: list[VinaoraRow], *, people: bool = False) -> Counter[dt.date]:
    zone = zoneinfo.ZoneInfo(noon_zone())
    days: Counter[dt.date] = Counter()
    for bucket in buckets:
        day = dt.datetime.fromtimestamp(bucket.end - 1, zone).date()
        days[day] += bucket.guests + bucket.members if people else bucket.visits
    return days


def test_forty_thousand_buckets_become_days_and_last_week_is_a_week(home: Home) -> None:
    buckets = quarters(40_000)
    days = by_day(buckets)
    file = dump_of(home, buckets)
    for _ in range(2):  # the second time changes nothing
        done = home.type("import-vinaora", "--site", "shop", file, "--start-count", "2000000")
        assert done.code == 0, done
        assert f"40,000 buckets on {len(days)} days" in done.out
    today = dt.datetime.now(zoneinfo.ZoneInfo(noon_zone())).date()
    monday = today - dt.timedelta(days=today.weekday())
    last_week = sum(count for day, count in days.items() if monday - dt.timedelta(days=7) <= day < monday)
    unbounded = sum(count for day, count in days.items() if day < monday)  # what the former counter showed
    with Service(home) as service:
        totals = service.totals("shop")
        assert totals["last_week"]["count"] == last_week != unbounded
        assert totals["today"]["count"] == days[today]
        assert totals["yesterday"]["count"] == days[today - dt.timedelta(days=1)]
        assert totals["all"]["count"] == 2_000_000 + sum(days.values())
        assert f"{last_week:,}" in service.get("/widget/shop.html?lang=en").body.decode()
    actions = [row[0] for row in home.rows("select action from audit order by id")]
    assert actions[-3:] == ["history.imported", "site.changed", "history.imported"]


def test_the_preview_shows_each_line_and_writes_nothing(home: Home) -> None:
    buckets = quarters(400)
    done = home.type("import-vinaora", "--site", "shop", "--dry-run", dump_of(home, buckets))
    assert done.code == 0
    total = sum(by_day(buckets).values())
    shown = [line.split() for line in done.out.splitlines()]
    assert ["all", "0", f"{total:,}"] in shown
    assert done.out.endswith("nothing was written\n")
    assert home.rows("select count(*) from history") == [(0,)]


def test_people_leave_the_bots_out(home: Home) -> None:
    buckets = quarters(200)
    assert home.type("import-vinaora", "--site", "shop", "--count", "people", dump_of(home, buckets)).code == 0
    stored = dict(home.rows("select date(day * 86400, 'unixepoch'), visits from history"))
    assert stored == {day.isoformat(): count for day, count in by_day(buckets, people=True).items()}


@pytest.mark.parametrize("end", [0, 1, 631_151_999, 99_999_999_999])
def test_a_bucket_of_no_time_is_refused(home: Home, end: int) -> None:
    done = home.type("import-vinaora", "--site", "shop", dump_of(home, [VinaoraRow(end, 1, 1, 0, 0)]))
    assert (done.code, f"a bucket ends at {end}, it must be Unix seconds" in done.err) == (2, True)


def test_a_dump_without_the_table_is_refused(home: Home) -> None:
    file = home.folder / "other.sql"
    file.write_text("CREATE TABLE `a` (\n`b` int\n);\n")
    done = home.type("import-vinaora", "--site", "shop", file)
    assert (done.code, "has no rows of a table such as jos_vvisit_counter" in done.err) == (2, True)
