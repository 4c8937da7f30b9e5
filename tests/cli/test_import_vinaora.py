"""The Vinaora Visitors Counter's table becomes days of the site, and "last week" is a week again."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import lzma
import random
import tracemalloc
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from counter.calendar.localtime import LocalTime
from counter.cli.import_vinaora import read_days
from counter.errors import UsageError
from counter.history.vinaora import VinaoraDump, VinaoraRow
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


def buckets_of(dump: str, table: str = "") -> list[VinaoraRow]:
    """The buckets, whatever the pieces in which the dump comes."""
    whole = list(VinaoraDump([dump], "dump.sql", table).buckets())
    for size in (1, 2, 7):
        pieces = [dump[at : at + size] for at in range(0, len(dump), size)]
        assert list(VinaoraDump(pieces, "dump.sql", table).buckets()) == whole
    return whole


ONE = [VinaoraRow(1_732_190_400, 10, 6, 3, 1)]
NAMED = "INSERT INTO `x_vvisit_counter` (`time`, `visits`, `guests`, `bots`, `members`) VALUES "


DEFINED = "(`id` int, `time` int, `visits` int, `guests` int, `bots` int, `members` int)"
VALUES = "(1,1732190400,10,6,3,1)"
INSERT = f"INSERT INTO `jos_vvisit_counter` VALUES {VALUES};"
SPELLINGS = [
    # a definition on one line, with brackets, quotes and semicolons in it
    (f"CREATE TABLE `jos_vvisit_counter` {DEFINED};{INSERT}", ONE),
    ((f"CREATE TABLE `jos_vvisit_counter` (id int(11), `time` decimal(10,0) DEFAULT '0;)' COMMENT 'a;b), (',"
     f" visits int, guests int, bots int, members int, PRIMARY KEY (`id`), KEY `i` (`time`)) ENGINE=X;{INSERT}"), ONE),
    (f"create temporary table if not exists jos_vvisit_counter {DEFINED} ; {INSERT}", ONE),
    (f"CREATE TABLE `j`.`jos_vvisit_counter` {DEFINED};{INSERT}", ONE),
    (f"CREATE TABLE jos_vvisit_counter {DEFINED};{INSERT.replace('`jos', '`joomla`.`jos')}", ONE),
    (f"CREATE TABLE\n`my-site_vvisit_counter`\n{DEFINED}\n;\n{INSERT.replace('jos', 'my-site')}", ONE),
    (f"CREATE TABLE `#__vvisit_counter` {DEFINED};{INSERT.replace('jos', '#_')}", ONE),
    # names and columns
    (NAMED.replace("`x_vvisit_counter`", "`joomla` . `x_vvisit_counter`") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace("`x_vvisit_counter`", "joomla.x_vvisit_counter") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace("`x_vvisit_counter`", "3ab_vvisitcounter") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace(" (", "\n(\n\t").replace(", ", ",\n\t") + "\n(1732190400,10,6,3,1)\n;", ONE),
    (NAMED.replace("`", "") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace("INSERT", "REPLACE") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace("INSERT", "INSERT DELAYED IGNORE") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace("INTO ", "") + "(1732190400,10,6,3,1);", ONE),
    (NAMED.replace("VALUES", "VALUE") + "(1732190400,10,6,3,1);", ONE),
    (NAMED + "(1732190400,10,6,3,1) ON DUPLICATE KEY UPDATE visits = VALUES(visits);", ONE),
    (NAMED + "ROW(1732190400,10,6,3,1) AS new;", ONE),
    ("INSERT INTO x_vvisit_counter SET `time` = 1732190400, visits=10, guests=6, bots='3', members=1;", ONE),
    # values
    (NAMED + "( +1732190400 , '10' , 6.00 , 0x03 , _binary'1' ) ;", ONE),
    (NAMED + '("1732190400","10","6","3","1");', ONE),
    (NAMED + "(1732190400,10,DEFAULT,null,1);", [VinaoraRow(1_732_190_400, 10, 0, 0, 1)]),
    # comments anywhere, and what servers read as code
    ((f"-- a; 'b\n# it's; (\n/* INSERT INTO `jos_vvisit_counter` VALUES (1);' */CREATE TABLE `jos_vvisit_counter`"
     f" {DEFINED};{INSERT}"), ONE),
    (NAMED + "/* first */ (1732190400,10 /*,99*/ ,6,3,1) -- ,(1,2,3,4,5)\n;", ONE),
    (f"CREATE TABLE `jos_vvisit_counter` {DEFINED.replace('`visits`', '/* `old` int, */ `visits`')};{INSERT}", ONE),
    (f"/*!50001 CREATE TABLE `jos_vvisit_counter` {DEFINED} */;/*M!100100 {INSERT[:-1]} */;", ONE),
    (f"/*!999999\\- enable the sandbox mode */\n/*!40101 SET NAMES utf8 */;\n{NAMED}(1732190400,10,6,3,1);", ONE),
    (f"/*!999999\\- enable the sandbox mode */ {NAMED}(1732190400,10,6,3,1);", ONE),
    # other tables, whatever is in their strings
    ("INSERT INTO `jos_content` VALUES ('it''s; \\'; ', 'INSERT INTO `a_vvisit_counter` VALUES (1)', '-- ', '/*');"
     + NAMED + "(1732190400,10,6,3,1);", ONE),
    ('INSERT INTO `jos_content` VALUES ("a\'b;c\\\\");' + NAMED + "(1732190400,10,6,3,1);", ONE),
    ((f"CREATE TABLE `jos_vvisit_counter_bak` {DEFINED};{INSERT.replace('counter`', 'counter_bak`')}"
     f"CREATE TABLE `jos_vvisit_counter` {DEFINED};{INSERT}"), ONE),
    (f"CREATE TABLE `old_vvisit_counter` {DEFINED};CREATE TABLE `jos_vvisit_counter` {DEFINED};{INSERT}", ONE),
    (NAMED + "(1732190400,10,6,3,1);" + "CREATE TABLE IF NOT EXISTS `x_vvisit_counter` (`time` int, `visits` int);"
     + NAMED + "(1732190400,10,6,3,1);", ONE * 2),
    ((f"DROP TABLE IF EXISTS `a`, `jos_vvisit_counter`;CREATE TABLE `jos_vvisit_counter` {DEFINED};"
     f"LOCK TABLES `jos_vvisit_counter` WRITE;/*!40000 ALTER TABLE `jos_vvisit_counter` DISABLE KEYS */;{INSERT}"
     "UNLOCK TABLES;"), ONE),
    # programs hold statements that nobody ran
    (f"DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN {INSERT} END ;;\nDELIMITER ;\n"
     + NAMED + "(1732190400,10,6,3,1);", ONE),
]  # fmt: skip


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
        *SPELLINGS,
    ],
)
def test_dumps_that_are_understood(dump: str, buckets: list[VinaoraRow]) -> None:
    assert buckets_of(dump) == buckets


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
        ("", "dump.sql has no rows of a table such as jos_vvisit_counter$"),
        (
            "INSERT INTO `jos_content` VALUES ('INSERT INTO `jos_vvisit_counter` VALUES (9,9)');\n",
            "no rows of a table such as jos_vvisit_counter; tables with rows: jos_content$",
        ),
        (NAMED + "(1732190400,10,6,3,1),\n(1732190400,10", "line 2: a bracket must be closed, and the dump ends"),
        (NAMED + "(1732190400,10,6,3,1),\n9;", "line 2: a row must begin with a bracket, not '9'"),
        (NAMED + "(1732190400,10,6,3,1)\n(1732190400,10,6,3,1);", "line 2: a comma or a semicolon must follow a row"),
        ("INSERT INTO a_vvisit_counter (time, visits) SELECT 1, 2;", "line 1: VALUES must follow, not 'SELECT'"),
        (
            f"CREATE TABLE `jos_vvisit_counter` {DEFINED};{INSERT}\nDROP TABLE `jos_vvisit_counter`;{INSERT}",
            "line 2: the table jos_vvisit_counter is emptied or made again after its rows; two dumps in one file",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(dump: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        buckets_of(dump)


TWO = NAMED + "(1732190400,10,6,3,1);" + NAMED.replace("x_", "old_") + "(1732190400,7,0,0,0),(1732190400,7,0,0,0);"


def test_two_tables_that_fit_are_refused_by_their_names() -> None:
    fit = r"2 tables that fit: x_vvisit_counter \(1 rows\) and old_vvisit_counter \(2 rows\)\. Name one with --table"
    with pytest.raises(UsageError, match=fit):
        buckets_of(TWO)
    used = "USE `a`;" + NAMED + "(1732190400,10,6,3,1);USE `b`;" + NAMED + "(1732190400,10,6,3,1);"
    with pytest.raises(UsageError, match=r"a\.x_vvisit_counter \(1 rows\) and b\.x_vvisit_counter"):
        buckets_of(used)
    assert buckets_of(used, "b.x_vvisit_counter") == ONE


def test_a_table_can_be_named() -> None:
    assert buckets_of(TWO, "x_vvisit_counter") == ONE
    assert buckets_of(TWO, "old_vvisit_counter") == [VinaoraRow(1_732_190_400, 7, 0, 0, 0)] * 2
    assert (
        buckets_of(NAMED.replace("counter", "counter_2019") + "(1732190400,10,6,3,1);", "X_Vvisit_Counter_2019") == ONE
    )
    with pytest.raises(
        UsageError, match="no rows of the table jos; tables with rows: x_vvisit_counter, old_vvisit_counter"
    ):
        buckets_of(TWO, "jos")


def test_memory_does_not_grow_with_the_dump() -> None:
    """A blob of 64 MB, comments of 16 MB and 400,000 rows of another table, in pieces of 64 KiB."""

    def pieces() -> Iterator[str]:
        filler = "\\'it''s " * 8192
        yield "INSERT INTO `jos_files` VALUES ('"
        yield from (filler for _ in range(1000))
        yield "');/* "
        yield from (filler for _ in range(250))
        yield "*/# "
        yield from (filler for _ in range(250))
        yield "\nINSERT INTO `jos_log` VALUES "
        yield from ("(1,'a;b')," * 4000 for _ in range(100))
        yield "(1,'');\n" + NAMED + "(1732190400,10,6,3,1);"

    tracemalloc.start()
    try:
        assert list(VinaoraDump(pieces(), "dump.sql").buckets()) == ONE
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress, bz2.compress, lzma.compress,
        lambda dump: b"\xef\xbb\xbf" + dump, lambda dump: dump.decode().encode("utf-16"),
    ],
)  # fmt: skip
def test_a_dump_is_read_however_it_is_packed(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "dump.sql"
    file.write_bytes(pack((CREATE + INSERT).encode()))
    days, buckets, table = read_days(file, LocalTime("UTC"), people=False)
    assert ([day.visits for day in days], buckets, table) == ([10], 1, "jos_vvisit_counter")


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
