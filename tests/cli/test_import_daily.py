"""`counter import-daily`: the days of a former counter, from a CSV file."""

from __future__ import annotations

import datetime as dt
import gzip
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from counter.cli.import_daily import read_days
from counter.errors import UsageError
from counter.history.daily import TableReading, read_table
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
        ("date,visits\r2024-11-21,12\r", ONE_DAY),
        # separators
        ("date;visits\n2024-11-21;12\n", ONE_DAY),
        ("date\tvisits\n2024-11-21\t12\n", ONE_DAY),
        ("date|visits\n2024-11-21|12\n", ONE_DAY),
        ('sep=;\r\n"date";"visits"\r\n"2024-11-21";"12"\r\n', ONE_DAY),
        # columns in any order, between others, by the names that they have elsewhere
        ("visits,date\n12,2024-11-21\n", ONE_DAY),
        ("date,visits,bounces\n2024-11-21,12,3\n", ONE_DAY),
        ("date,bounces;rate,visits,\n2024-11-21,a;b,12,\n", ONE_DAY),
        ("date,visitors,pageviews,visits,bounce_rate\n2024-11-21,9,40,12,31.5\n", [("2024-11-21", 12, 9, 40)]),
        (
            (
                "# ----\n# Report\n# Start date: 20241121\n# ----\n\nDate,Total users,Active users,Sessions,Views\n"
                "20241121,9,8,12,40\n"
            ),
            [("2024-11-21", 12, 9, 40)],
        ),
        ("date,nb_uniq_visitors,nb_visits,nb_pageviews\n2024-11-21,9,12,40\n", [("2024-11-21", 12, 9, 40)]),
        ('"Day","Page Views","Unique Visitors","Sessions"\n2024-11-21,40,9,12\n', [("2024-11-21", 12, 9, 40)]),
        # dates with one reading
        *(
            (f"visits;date\n12;{date}\n", ONE_DAY)
            for date in (
                "20241121",
                "2024-11-21T00:00:00Z",
                "2024-11-21 00:00:00",
                "2024-11-21T00:00:00.000+02:00",
                "2024/11/21",
                "2024.11.21",
                "2024-11-21 00:00:00 UTC",
                "Nov 21, 2024",
                "21 November 2024",
                "Thursday, November 21, 2024",
                "21-Nov-2024",
            )
        ),
        # whole numbers
        *(
            (f'date,visits\n2024-11-21,"{number}"\n', [("2024-11-21", 1234567, None, None)])
            for number in ("1,234,567", "1 234 567", "1\u00a0234\u202f567", "1'234'567", "1.234.567", "1234567.0")
        ),
        ('date,visits\n2024-11-21,"1,234"\n', [("2024-11-21", 1234, None, None)]),
        # UTF-16 and compression
        ("date\tvisits\n2024-11-21\t12\n".encode("utf-16"), ONE_DAY),
        (gzip.compress(b"date,visits\n2024-11-21,12\n", mtime=0), ONE_DAY),
        (b"date,visits,caf\xe9\n2024-11-21,12,\xe9\n", ONE_DAY),
    ],
)
def test_forms_of_a_file_that_are_understood(text: str | bytes, days: list[tuple[object, ...]], home: Home) -> None:
    done = home.type("import-daily", "--site", "shop", file_of(home, text))
    assert done.code == 0, done
    assert history(home) == days


HEADER = "the first line is {}, it must name a column of dates and one of visits, such as date,visits"
WHOLE = "it must be a whole number from 0 to 9007199254740992"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", HEADER.format("''")),
        ("2024-11-21,12\n", HEADER.format("'2024-11-21,12'")),
        ("date,visits,visits\n2024-11-21,12,13\n", HEADER.format("'date,visits,visits'")),
        ("date,visits\n21.11.2024,12\n", "line 2: date is '21.11.2024', it must be such as 2024-11-21"),
        ("date,visits\n2023-02-29,12\n", "line 2: date is '2023-02-29', it must be such as 2024-11-21"),
        ("date,visits\n2024-11-21,12\n\n,\n", "line 4: date is '', it must be such as 2024-11-21"),
        ("date,visits\n2024-11-21,\n", f"line 2: visits is '', {WHOLE}"),
        ("date,visits\n2024-11-21,-1\n", f"line 2: visits is '-1', {WHOLE}"),
        ("date,visits\n2024-11-21,1.5\n", f"line 2: visits is '1.5', {WHOLE}"),
        ("date,visits\n2024-11-21,1_000\n", f"line 2: visits is '1_000', {WHOLE}"),
        ("date,visits\n2024-11-21,٣\n", f"line 2: visits is '٣', {WHOLE}"),
        ("date,visits\n2024-11-21,9007199254740993\n", f"line 2: visits is '9007199254740993', {WHOLE}"),
        (f"date,visits\n2024-11-21,{'0' * 20}{'9' * 20}\n", f"line 2: visits is '{'0' * 20}9999', {WHOLE}"),
        (f"date,visits\n2024-11-21,{'0' * 9000}\n", f"line 2: visits is '{'0' * 24}', {WHOLE}"),
        ("date,visits,visitors\n2024-11-21,12,x\n", f"line 2: visitors is 'x', {WHOLE}"),
        ("date,visits\n2024-11-21,12,3\n", "line 2: it has another number of columns than the first line"),
        ("date,visits\n2024-11-21\n", "line 2: it has another number of columns than the first line"),
        ("date,visits\n2024-11-21,1\n2024-11-21,2\n", "line 3: 2024-11-21 stands twice"),
        (b"date,visits\n2024-11-21,\xff\n", f"line 2: visits is '\N{REPLACEMENT CHARACTER}', {WHOLE}"),
        ("date,visits\n" + "\n" * 40_001, "has more than 40000 lines, the limit is 40000"),
        ("x" * 70_000, "line 1: it has more than 65536 characters; is it a CSV file?"),
        ("date,visitors\n2024-11-21,9\n", HEADER.format("'date,visitors'")),
        # two readings
        (
            "date,visits\n1/2/2024,1\n",
            (
                "line 2: date is '1/2/2024', it must be such as 2024-11-21; when it is 2024-02-01 or"
                " 2024-01-02, add --date-format %d/%m/%Y or --date-format %m/%d/%Y"
            ),
        ),
        ("date,visits\n1.1.24,1\n", "when it is 2024-01-01, add --date-format %d.%m.%y or --date-format %m.%d.%y"),
        ("date,visits\n2024-11-21T13:00:00Z,1\n", "line 2: date is '2024-11-21T13:00:00Z', it must be such as"),
        ("date,visits\nTotal,12\n", "line 2: date is 'Total', it must be such as 2024-11-21"),
        ("date,visits\n2024-11-21,1.234\n", f"line 2: visits is '1.234', {WHOLE}"),
        ("date;visits\n2024-11-21;1,234\n", f"line 2: visits is '1,234', {WHOLE}"),
        ('date,visits\n2024-11-21,"1,23"\n', f"line 2: visits is '1,23', {WHOLE}"),
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


@pytest.mark.parametrize(
    ("date", "date_format"),
    [
        ("21.11.2024", "%d.%m.%Y"),
        ("11/21/24", "%m/%d/%y"),
        ("21/11/2024 00:00", "%d/%m/%Y %H:%M"),
        ("326-2024", "%j-%Y"),
    ],
)
def test_a_date_is_read_as_the_owner_says(date: str, date_format: str, home: Home) -> None:
    file = file_of(home, f"date;visits\n{date};12\n")
    done = home.type("import-daily", "--site", "shop", "--date-format", date_format, file)
    assert done.code == 0, done
    assert history(home) == ONE_DAY


@pytest.mark.parametrize("date_format", ["%d.%m.", "DD.MM.YYYY", "%Q", "%Y"])
def test_a_date_format_that_names_no_day_is_refused(date_format: str, home: Home) -> None:
    done = home.type("import-daily", "--site", "shop", "--date-format", date_format, file_of(home, BROUGHT))
    sentence = f"--date-format is {date_format!r}, it must have year, month and day, such as %d.%m.%Y"
    assert (done.code, done.err) == (2, f"counter: {sentence}\n")


def test_a_date_that_does_not_fit_its_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text("date,visits\n2024-11-21,12\n")
    with pytest.raises(UsageError, match=r"line 2: date is '2024-11-21', it must be such as 21\.11\.2024, from 1990"):
        read_days(file, TableReading("%d.%m.%Y"))


def test_columns_can_be_named_and_the_preview_says_which_were_taken(home: Home) -> None:
    file = file_of(home, "Datum;Sitzungen;Gäste;Absprünge;visits\n2024-11-21;12;9;3;99\n")
    columns = ["--column", "date=Datum", "--column", "visits=sitzungen", "--column", "visitors=Gäste"]
    done = home.type("import-daily", "--site", "shop", *columns, file)
    assert done.code == 0, done
    assert "1 days from the columns Datum, Sitzungen, Gäste; passed over: Absprünge, visits\n" in done.out
    assert history(home) == [("2024-11-21", 12, 9, None)]
    done = home.type("import-daily", "--site", "shop", "--column", "bounces=Absprünge", file)
    assert (done.code, "--column is 'bounces=Absprünge', it must be such as" in done.err) == (2, True)


def test_memory_does_not_grow_with_the_file() -> None:
    """64 MB of comments before the header, columns of 8 KB in each row, and more rows than are read."""

    def pieces() -> Iterator[str]:
        yield from ("# " + "x" * 8192 + "\n" for _ in range(8000))
        yield "date,visits,text\n"
        for number in range(6000):
            day = dt.date(2000, 1, 1) + dt.timedelta(days=number)
            yield f"{day},1,{'y' * 8192}\n"

    tracemalloc.start()
    try:
        table = read_table(pieces(), "history.csv", dt.date(2024, 1, 1), TableReading())
        assert (len(table.days), table.passed_over) == (6000, ["text"])
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


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
