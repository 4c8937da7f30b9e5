"""`counter import-daily`: the days of a former counter, from a CSV file."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from counter.cli.import_daily import read_days
from counter.errors import UsageError
from tests.kit.process import Home, Service, noon_zone

BROUGHT = "date,visits,visitors,pageviews\n2024-11-20,30,20,90\n2024-11-21,12,9,40\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path, "shop")
    assert home.type("site", "set", "shop", "name=Shop").code == 0  # makes the data
    return home


def file_of(home: Home, text: str | bytes, name: str = "history.csv") -> Path:
    file = home.folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def history(home: Home) -> list[tuple[object, ...]]:
    return home.rows("select date(day * 86400, 'unixepoch'), visits, visitors, pageviews from history order by day")


ONE_DAY = [("2024-11-21", 12, None, None)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("date,visits\n2024-11-21,12\n", ONE_DAY),
        ("date,visits\n2024-11-21,12", ONE_DAY),
        ("date,visits\r\n2024-11-21,12\r\n", ONE_DAY),
        ("\ufeffdate,visits\n2024-11-21,12\n", ONE_DAY),
        ("Date, Visits\n 2024-11-21 , 12 \n\n", ONE_DAY),
        ('"date","visits"\n"2024-11-21","12"\n', ONE_DAY),
        ("date,visits,visitors\n2024-11-21,12,9\n", [("2024-11-21", 12, 9, None)]),
        ("date,visits,pageviews\n2024-11-21,12,40\n", [("2024-11-21", 12, None, 40)]),
        ("date,visits,pageviews,visitors\n2024-11-21,12,40,9\n", [("2024-11-21", 12, 9, 40)]),
        ("date,visits,visitors,pageviews\n2024-11-21,12,,\n", ONE_DAY),
        ("date,visits\n2024-11-21,0\n", [("2024-11-21", 0, None, None)]),
        ("date,visits\n2024-02-29,9007199254740992\n", [("2024-02-29", 2**53, None, None)]),
        ("date,visits\n2024-11-22,1\n2024-11-21,2\n", [("2024-11-21", 2, None, None), ("2024-11-22", 1, None, None)]),
    ],
)
def test_forms_of_a_file_that_are_understood(text: str, days: list[tuple[object, ...]], home: Home) -> None:
    done = home.type("import-daily", "--site", "shop", file_of(home, text))
    assert done.code == 0, done
    assert history(home) == days


HEADER = "the first line is {}, it must be date,visits[,visitors,pageviews]"
WHOLE = "it must be a whole number from 0 to 9007199254740992"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", HEADER.format("''")),
        ("2024-11-21,12\n", HEADER.format("'2024-11-21,12'")),
        ("date;visits\n2024-11-21;12\n", HEADER.format("'date;visits'")),
        ("visits,date\n12,2024-11-21\n", HEADER.format("'visits,date'")),
        ("date,visits,bounces\n", HEADER.format("'date,visits,bounces'")),
        ("date,visits,visits\n2024-11-21,12,13\n", HEADER.format("'date,visits,visits'")),
        ("date,visits\n21.11.2024,12\n", "line 2: date is '21.11.2024', it must be such as 2024-11-21"),
        ("date,visits\n2023-02-29,12\n", "line 2: date is '2023-02-29', it must be such as 2024-11-21"),
        ("date,visits\n2024-11-21,12\n\n,\n", "line 4: date is '', it must be such as 2024-11-21"),
        ("date,visits\n2024-11-21,\n", f"line 2: visits is '', {WHOLE}"),
        ("date,visits\n2024-11-21,-1\n", f"line 2: visits is '-1', {WHOLE}"),
        ("date,visits\n2024-11-21,1.5\n", f"line 2: visits is '1.5', {WHOLE}"),
        ("date,visits\n2024-11-21,1_000\n", f"line 2: visits is '1_000', {WHOLE}"),
        ('date,visits\n2024-11-21,"1,000"\n', f"line 2: visits is '1,000', {WHOLE}"),
        ("date,visits\n2024-11-21,٣\n", f"line 2: visits is '٣', {WHOLE}"),
        ("date,visits\n2024-11-21,9007199254740993\n", f"line 2: visits is '9007199254740993', {WHOLE}"),
        (f"date,visits\n2024-11-21,{'0' * 20}{'9' * 20}\n", f"line 2: visits is '{'0' * 20}9999', {WHOLE}"),
        (f"date,visits\n2024-11-21,{'0' * 9000}\n", f"line 2: visits is '{'0' * 24}', {WHOLE}"),
        ("date,visits,visitors\n2024-11-21,12,x\n", f"line 2: visitors is 'x', {WHOLE}"),
        ("date,visits\n2024-11-21,12,3\n", "line 2: it has another number of columns than the first line"),
        ("date,visits\n2024-11-21\n", "line 2: it has another number of columns than the first line"),
        ("date,visits\n2024-11-21,1\n2024-11-21,2\n", "line 3: 2024-11-21 stands twice"),
        (b"date,visits\n2024-11-21,\xff\n", "is not a CSV file in UTF-8: "),
        ("date,visits\n" + "\n" * 40_001, "has 40002 lines, the limit is 40000"),
    ],
)
def test_wrong_files_get_a_sentence_with_the_line_and_the_value(
    text: str | bytes, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "history.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError, match=re.escape(sentence)) as raised:
        read_days(file)
    assert str(raised.value).startswith(str(file))


def test_a_wrong_file_changes_nothing_and_exits_2(home: Home) -> None:
    done = home.type("import-daily", "--site", "shop", file_of(home, BROUGHT + "2024-11-22,many,1,1\n"))
    assert done.code == 2
    assert re.fullmatch(r"counter: .*history\.csv, line 4: visits is 'many', it must be .*\n", done.err)
    assert history(home) == []


def test_an_unknown_site_is_named_with_those_there_are(home: Home) -> None:
    done = home.type("import-daily", "--site", "shpo", file_of(home, BROUGHT))
    assert (done.code, done.err) == (1, "counter: there is no site 'shpo'; sites: shop\n")


def test_the_same_file_twice_changes_nothing(home: Home) -> None:
    file = file_of(home, BROUGHT)
    assert home.type("import-daily", "--site", "shop", file).code == 0
    once = history(home)
    assert home.type("import-daily", "--site", "shop", file).code == 0
    assert history(home) == once == [("2024-11-20", 30, 20, 90), ("2024-11-21", 12, 9, 40)]


def test_a_date_that_is_imported_again_is_replaced_and_the_others_stay(home: Home) -> None:
    home.type("import-daily", "--site", "shop", file_of(home, BROUGHT))
    home.type("import-daily", "--site", "shop", file_of(home, "date,visits\n2024-11-21,5\n2024-11-22,6\n"))
    assert history(home) == [("2024-11-20", 30, 20, 90), ("2024-11-21", 5, None, None), ("2024-11-22", 6, None, None)]


def test_a_dry_run_shows_the_same_and_writes_nothing(home: Home) -> None:
    file = file_of(home, BROUGHT)
    dry = home.type("import-daily", "--site", "shop", "--dry-run", file)
    assert dry.code == 0
    assert dry.out.endswith("nothing was written\n")
    assert history(home) == []
    assert home.one("select count(*) from audit where action like 'history%'") == 0
    done = home.type("import-daily", "--site", "shop", file)
    assert done.out.replace("2 days of history.csv are part of site shop now", "nothing was written") == dry.out
    assert re.search(r"^ *all +0 +42 *$", done.out, re.MULTILINE), done.out


def test_every_import_is_in_the_audit_log(home: Home) -> None:
    for name in ("old.csv", "older.csv"):
        home.type("import-daily", "--site", "shop", file_of(home, BROUGHT, name))
    rows = home.rows(
        "select s.id, detail from audit join site s on s.key = site_key where action = 'history.imported' order by 1, 2"
    )
    assert rows == [("shop", "old.csv: 2 days"), ("shop", "older.csv: 2 days")]


def test_what_is_shown_is_start_count_and_history_and_counted(tmp_path: Path) -> None:
    home = Home(tmp_path, "shop", zone=noon_zone())
    with Service(home) as service:
        today = service.totals("shop")["today"]["from"]
        yesterday = (dt.date.fromisoformat(today) - dt.timedelta(days=1)).isoformat()
        for number in range(3):
            assert service.hit("shop", visitor=f"203.0.113.{number}").counter == "counted"
        service.hit("shop", "/two", visitor="203.0.113.0")
        assert home.type("site", "set", "shop", "start_count=1000").code == 0
        file = file_of(home, f"date,visits,visitors,pageviews\n{today},10,8,20\n{yesterday},100,80,200\n")
        dry = home.type("import-daily", "--site", "shop", "--dry-run", file)
        assert f"1 dates have both history and counted visits: {today}" in dry.out
        assert yesterday not in dry.out
        assert service.totals("shop")["all"]["count"] == 1003
        done = home.type("import-daily", "--site", "shop", file)
        assert done.code == 0, done
        for metric, day, before in (("visits", 13, 100), ("visitors", 11, 80), ("pageviews", 24, 200)):
            totals = service.totals("shop", metric)  # of the running service, at once
            shown = (totals["today"]["count"], totals["yesterday"]["count"], totals["all"]["count"])
            assert shown == (day, before, 1000 + day + before)
            assert totals["start_count"] == 1000
        for name, now, after in (("today", 3, 13), ("yesterday", 0, 100), ("all", 1003, 1113)):
            assert re.search(rf"^ *{name} +{now:,} +{after:,} *$", done.out, re.MULTILINE), (name, done.out)
        service.stop()
    assert home.type("check").code == 0
