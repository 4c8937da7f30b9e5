"""`counter import-log`: what is counted equals a naive oracle, and no line is ever counted twice."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import hashlib
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import zstandard

from tests.kit import logformats
from tests.kit.log_oracle import Seen, count_log
from tests.kit.process import BOT, BROWSER, Done, Home, Service, noon_zone
from tests.kit.sample_log import sample_log
from tests.kit.synthetic_log import MALFORMED, synthetic_log

ZONES = {"utc": "UTC", "tbilisi": "Asia/Tbilisi", "new-york": "America/New_York"}
ENDING = re.compile(r"^[^?#;]*\.([A-Za-z][A-Za-z0-9]{0,9})(?:;[^/?#]*)?(?:[?#].*)?$")
PAGE_ENDINGS = ("html", "htm", "xhtml", "php", "asp", "aspx", "jsp")
CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "logs"
ALL = ("--everything", "--keep-bots")
LONG = synthetic_log(seed=5, lines=7000, malformed=50)  # several blocks, that several processes get


def page_seen(seen: Seen) -> bool:
    """A GET of a page that was found, naively."""
    ending = ENDING.search(seen.target)
    found = 200 <= seen.status < 300 or seen.status == 304
    return seen.method == "GET" and found and (ending is None or ending[1].lower() in PAGE_ENDINGS)


MODES: dict[str, tuple[tuple[str, ...], Callable[[Seen], bool]]] = {
    "everything": (ALL, lambda _: True),
    "pages": (("--keep-bots",), page_seen),
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def write(home: Home, lines: Iterable[str], name: str = "access.log") -> Path:
    file = home.folder / name
    text = "".join(f"{line}\n" for line in lines).encode()
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return file


def imported(home: Home, *words: object, site: str = "demo") -> Done:
    done = home.type("import-log", "--site", site, *words)
    assert done.code == 0, done
    assert adds_up(done)
    return done


def adds_up(done: Done) -> bool:
    numbers = done.numbers
    return numbers["read"] == sum(count for name, count in numbers.items() if name != "read")


def agrees(home: Home) -> bool:
    checked = home.type("check")
    return checked.code == 0 and checked.out.startswith("every number agrees with the raw rows")


def _without_host(home: Home) -> list[tuple[object, ...]]:
    """The hit log; few formats know the host of a page."""
    columns = [row[1] for row in home.rows("select * from pragma_table_info('hit_log')") if row[1] != "host"]
    return home.rows(f"select {', '.join(columns)} from hit_log order by hit")


def database(home: Home) -> str:
    """Everything in it, as one text, but for the mark that each start of a writer changes."""
    named = home.rows("select name from sqlite_schema where type = 'table' and name <> 'file_mark' order by 1")
    tables = [row[0] for row in named]
    content = repr([(table, sorted(map(repr, home.rows(f"select * from {table}")))) for table in tables])
    return hashlib.sha256(content.encode()).hexdigest()


class TestEqualsTheOracle:
    """Visits, visitors and pageviews of each local day, bots kept."""

    @pytest.mark.parametrize(("mode", "seed"), [("everything", 1), ("pages", 2)])
    def test_a_synthetic_log_in_several_zones(self, mode: str, seed: int, tmp_path: Path) -> None:
        self.compare(tmp_path, synthetic_log(seed=seed, lines=3000, malformed=40), mode)

    @pytest.mark.parametrize("mode", ["pages", pytest.param("everything", marks=pytest.mark.soak)])
    def test_the_sample_log_in_several_zones(self, mode: str, tmp_path: Path) -> None:
        self.compare(tmp_path, sample_log().read_text(encoding="utf-8", errors="replace").split("\n")[:-1], mode)

    @staticmethod
    def compare(folder: Path, lines: list[str], mode: str) -> None:
        home = Home(folder, *ZONES)
        log = write(home, lines)
        words, keep = MODES[mode]
        for site, zone in ZONES.items():
            assert home.type("site", "set", site, f"timezone={zone}").code == 0
            imported(home, *words, log, site=site)
            assert home.days(site) == count_log(lines, zone, keep)
        assert agrees(home)


class TestTheSampleLog:
    def test_everything_with_bots_counts_all_10000_lines(self, home: Home) -> None:
        first = imported(home, *ALL, sample_log())
        assert first.numbers == {"counted": 10_000, "read": 10_000}
        second = imported(home, *ALL, sample_log())
        assert second.numbers == {"counted": 0, "imported before": 10_000, "read": 10_000}
        assert home.one("select count(*) from hit_log") == 10_000
        assert agrees(home)

    def test_the_default_run_adds_up_and_a_second_one_adds_nothing(self, home: Home) -> None:
        first = imported(home, sample_log()).numbers
        assert set(first) == {"counted", "dropped: bot", "not a page", "read"}
        assert first["read"] == 10_000
        before = database(home)
        second = imported(home, sample_log()).numbers
        assert second == {
            "counted": 0,
            "imported before": first["counted"] + first["dropped: bot"],
            "not a page": first["not a page"],
            "read": 10_000,
        }
        assert database(home) == before
        assert agrees(home)


class TestOnce:
    def test_the_summary_adds_up_and_a_second_run_adds_nothing(self, home: Home) -> None:
        log = write(home, synthetic_log(lines=2500, malformed=25))
        first = imported(home, log).numbers
        assert set(first) == {"counted", "dropped: bot", "not a page", "malformed", "read"}
        assert (first["read"], first["malformed"]) == (2525, 25)
        before = database(home)
        second = imported(home, log).numbers
        assert second["counted"] == 0
        assert second["imported before"] == first["counted"] + first["dropped: bot"]
        assert "dropped: bot" not in second
        assert database(home) == before
        assert agrees(home)

    def test_plain_gzip_and_standard_input_are_the_same_lines(self, home: Home) -> None:
        lines = synthetic_log(lines=600)
        assert imported(home, *ALL, write(home, lines)).numbers["counted"] == 600
        assert imported(home, *ALL, write(home, lines, "access.log.2.gz")).numbers["imported before"] == 600
        renamed = write(home, lines, "other.gz").rename(home.folder / "access.log.3")
        assert imported(home, *ALL, renamed).numbers["imported before"] == 600
        text = "\r\n".join(lines).encode()
        done = home.run("import-log", "--site", "demo", *ALL, "-", stdin=gzip.compress(text))
        assert (done.code, done.numbers["imported before"]) == (0, 600)

    def test_standard_input_counts(self, home: Home) -> None:
        lines = synthetic_log(lines=600)
        done = home.run("import-log", "--site", "demo", *ALL, "-", stdin="\n".join(lines).encode())
        assert (done.code, done.numbers) == (0, {"counted": 600, "read": 600})
        assert home.days() == count_log(lines, "UTC", lambda _: True)

    def test_nothing_is_said_to_a_mail_of_cron_but_the_summary(self, home: Home) -> None:
        assert imported(home, write(home, visit("203.0.113.1", 3))).err == ""

    def test_several_files_in_one_run_are_one_log(self, home: Home) -> None:
        lines = synthetic_log(lines=2400)
        logs = [write(home, lines[start : start + 800], f"{start}.log") for start in (0, 800, 1600)]
        assert imported(home, *ALL, *logs).numbers == {"counted": 2400, "read": 2400}
        assert agrees(home)

    def test_overlapping_files_add_what_is_new_whether_in_one_run_or_in_two(self, home: Home) -> None:
        lines = sorted(set(synthetic_log(lines=2400)), key=lambda line: line[line.index("[") :])
        first, second = write(home, lines[:1600], "1.log"), write(home, lines[800:], "2.log")
        expected = {"counted": len(lines), "imported before": 800, "read": len(lines) + 800}
        assert imported(home, *ALL, first, second).numbers == expected
        again = imported(home, *ALL, second, first).numbers
        assert again == {"counted": 0, "imported before": len(lines) + 800, "read": len(lines) + 800}
        assert home.one("select count(*) from hit_log") == len(lines)
        assert agrees(home)

    def test_the_same_small_file_twice_in_one_run_counts_nothing_twice(self, home: Home) -> None:
        log = write(home, [*visit("203.0.113.1", 3), *visit("203.0.113.2", 4, BOT)])
        numbers = imported(home, log, log).numbers
        assert numbers == {"counted": 3, "dropped: bot": 4, "imported before": 7, "read": 14}
        assert drops(home) == {"bot": 4}

    def test_identical_lines_of_one_file_are_as_many_hits(self, home: Home) -> None:
        log = write(home, visit("203.0.113.1", 1) * 3)
        assert imported(home, log).numbers == {"counted": 3, "read": 3}
        assert imported(home, write(home, visit("203.0.113.1", 1) * 4)).numbers["counted"] == 1

    def test_another_site_knows_nothing_of_the_lines_of_the_first(self, tmp_path: Path) -> None:
        home = Home(tmp_path, "one", "two")
        log = write(home, visit("203.0.113.1", 3))
        for site in ("one", "two"):
            assert imported(home, log, site=site).numbers == {"counted": 3, "read": 3}

    def test_a_dropped_bot_is_dropped_once_however_often_it_is_imported(self, home: Home) -> None:
        log = write(home, [*visit("203.0.113.1", 3), *visit("203.0.113.2", 4, BOT)])
        assert imported(home, log).numbers["dropped: bot"] == 4
        assert imported(home, log).numbers == {"counted": 0, "imported before": 7, "read": 7}
        assert drops(home) == {"bot": 4}
        assert home.rows("select name, count from bot_count") == [("Googlebot", 4)]
        said = home.type("site", "drops", "demo", "--days", "36600")
        assert "bot" in said.out
        assert said.out.split()[-1] == "4"

    def test_bots_that_were_dropped_can_be_brought_in_later(self, home: Home) -> None:
        log = write(home, [*visit("203.0.113.1", 3), *visit("203.0.113.2", 4, BOT)])
        imported(home, log)
        assert imported(home, "--keep-bots", log).numbers == {"counted": 4, "imported before": 3, "read": 7}
        assert imported(home, log).numbers["counted"] == 0
        assert home.one("select count(*) from hit_log") == 7
        assert agrees(home)


class TestDryRun:
    @pytest.mark.parametrize("words", [(), ALL])
    def test_it_says_the_numbers_of_the_run_and_writes_nothing(self, words: tuple[str, ...], home: Home) -> None:
        home.type("site", "set", "demo", "name=Demo")  # makes the data
        log = write(home, synthetic_log(lines=2500, malformed=5))
        for _ in ("new lines", "known lines"):
            before = database(home)
            dry = imported(home, "--dry-run", *words, log)
            assert dry.out.endswith("nothing was written\n")
            assert database(home) == before
            assert dry.numbers == imported(home, *words, log).numbers

    def test_it_leaves_no_salts_of_the_days_it_read(self, home: Home) -> None:
        home.type("site", "set", "demo", "name=Demo")
        imported(home, "--dry-run", write(home, visit("203.0.113.1", 3)))
        assert list(home.data.glob("salts/*.salt")) == []

    def test_it_counts_a_line_of_overlapping_files_once(self, home: Home) -> None:
        home.type("site", "set", "demo", "name=Demo")
        log = write(home, [*visit("203.0.113.1", 3), *visit("203.0.113.2", 4, BOT)])
        dry = imported(home, "--dry-run", log, log)
        assert dry.numbers == imported(home, log, log).numbers

    def test_it_says_which_days_are_taken(self, tmp_path: Path) -> None:
        home, today = live_today(tmp_path)
        log = write(home, visit("203.0.113.1", 5, at=today))
        dry = imported(home, "--dry-run", log)
        assert dry.numbers == {"counted": 0, "dropped: day_taken": 5, "read": 5}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The log in the combined format, read by one process."""
    home = Home(tmp_path_factory.mktemp("alone"))
    home.type("site", "set", "demo", f"hosts={logformats.HOST}")
    numbers = imported(home, *ALL, write(home, LONG)).numbers
    assert numbers == {"counted": 7000, "malformed": 50, "read": 7050}
    return home


class TestSeveralProcesses:
    """However many processes read, and whatever the format, the same is stored."""

    @pytest.mark.parametrize("name", logformats.NAMES)
    def test_the_same_rows_in_the_same_order(self, name: str, alone: Home, tmp_path: Path) -> None:
        home = Home(tmp_path)
        home.type("site", "set", "demo", f"hosts={logformats.HOST}")
        shutil.copytree(alone.data / "salts", home.data / "salts")
        log = write(home, logformats.in_format(name, LONG))
        string = ("--log-format", logformats.CUSTOM_STRING) if name == "custom" else ()
        done = home.run("import-log", "--site", "demo", *ALL, *string, "--processes", "3", log)
        assert done.code == 0, done
        assert done.numbers == {"counted": 7000, "malformed": 50, "read": 7050}
        assert _without_host(home) == _without_host(alone)
        assert home.rows("select * from total_hour") == alone.rows("select * from total_hour")
        if name == "combined":
            lines = "select * from log_line order by 1, 2"
            assert home.rows(lines) == alone.rows(lines)
            again = home.run("import-log", "--site", "demo", *ALL, "--processes", "2", log)
            assert again.numbers == {"counted": 0, "imported before": 7000, "malformed": 50, "read": 7050}
        assert agrees(home)

    def test_they_make_one_salt_a_day_together(self, home: Home) -> None:
        done = home.run("import-log", "--site", "demo", *ALL, "--processes", "4", write(home, LONG))
        assert done.numbers["counted"] == 7000
        assert home.days() == count_log(LONG, "UTC", lambda _: True)

    def test_kill_9_leaves_no_process_behind_and_the_next_run_completes_it(self, home: Home) -> None:
        log = write(home, LONG)
        process = home.start("import-log", "--site", "demo", *ALL, "--processes", "3", log)
        Service.until(lambda: home.database.exists() and has_lines(home))
        process.kill()
        process.communicate()
        Service.until(lambda: not processes_of(home))
        done = home.run("import-log", "--site", "demo", *ALL, "--processes", "3", log)
        assert done.numbers["counted"] + done.numbers["imported before"] == 7000
        assert home.days() == count_log(LONG, "UTC", lambda _: True)
        assert agrees(home)

    def test_the_default_run_sums_up_the_same(self, home: Home, tmp_path: Path) -> None:
        log = write(home, LONG)
        alone = home.run("import-log", "--site", "demo", "--events", "--processes", "1", log).numbers
        (tmp_path / "other").mkdir()
        other = Home(tmp_path / "other")
        shared = other.run("import-log", "--site", "demo", "--events", "--processes", "2", log).numbers
        assert alone == shared
        assert set(alone) == {"counted", "dropped: bot", "not a page", "malformed", "read"}
        named = "select name, count(*) from hit_log group by 1 order by 1"
        assert home.rows(named) == other.rows(named)

    @pytest.mark.parametrize("processes", [1, 2])
    def test_what_was_read_of_a_damaged_file_counts(self, processes: int, home: Home) -> None:
        log = write(home, LONG, "access.log.gz")
        log.write_bytes(log.read_bytes()[:-9])
        done = home.run("import-log", "--site", "demo", *ALL, "--processes", processes, log)
        assert (done.code, done.err.strip()) == (2, f"counter: {log} is cut short: its gzip stream has no end.")
        assert done.numbers["counted"] > 3000
        assert adds_up(done)


class TestSeveralFiles:
    def test_they_are_read_in_the_order_of_their_time(self, home: Home) -> None:
        start = dt.datetime(2024, 3, 29, 10, tzinfo=dt.UTC)
        pages = ("/first", "/second", "/third")
        logs = []
        for number, page in enumerate(pages):
            line = visit("203.0.113.1", 1, at=start + dt.timedelta(minutes=9 * number))[0].replace("/page", page)
            logs.append(write(home, [line], f"access.log.{3 - number}"))
        assert imported(home, logs[1], logs[2], logs[0]).numbers == {"counted": 3, "read": 3}
        assert home.rows("select path from hit_log order by hit") == [(page,) for page in pages]

    def test_standard_input_comes_last(self, home: Home) -> None:
        early = visit("203.0.113.1", 2, at=dt.datetime(2024, 3, 28, tzinfo=dt.UTC))
        log = write(home, visit("203.0.113.2", 3))
        done = home.run("import-log", "--site", "demo", "-", log, stdin="\n".join(early).encode())
        assert done.numbers == {"counted": 5, "read": 5}
        assert [row[0] for row in home.rows("select ip from hit_log order by hit limit 1")] == ["203.0.113.2"]

    def test_each_may_be_in_a_format_and_a_compression_of_its_own(self, home: Home) -> None:
        logs = []
        for number, name in enumerate(logformats.NAMES[:-1]):
            text = "".join(f"{line}\n" for line in logformats.in_format(name, visit(f"203.0.113.{number}", 2))).encode()
            log = home.folder / f"{name}.log"
            log.write_bytes(zstandard.compress(text) if number % 2 else gzip.compress(text))
            logs.append(log)
        assert imported(home, *logs).numbers == {"counted": 10, "read": 10}


class TestFormats:
    def test_lines_of_another_host_are_dropped_when_the_site_names_its_own(self, home: Home) -> None:
        home.type("site", "set", "demo", "hosts=example.org,*.example.org")
        hosts = ("example.org:443", "www.example.org", "-", "other.example", "EXAMPLE.ORG")
        log = write(home, [f"{host} {line}" for host in hosts for line in visit("203.0.113.1", 2)])
        assert imported(home, log).numbers == {"counted": 8, "dropped: foreign_host": 2, "read": 10}
        assert imported(home, log).numbers == {"counted": 0, "imported before": 10, "read": 10}

    def test_a_format_that_is_named_is_taken_at_its_word(self, home: Home) -> None:
        log = write(home, visit("203.0.113.1", 3))
        assert imported(home, "--format", "caddy", log).numbers == {"counted": 0, "malformed": 3, "read": 3}
        assert imported(home, "--format", "common", log).numbers == {"counted": 3, "read": 3}

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("--format", "apache"), "there is no log format 'apache'; formats: auto, alb, caddy, "),
            (("--log-format", "%h %Q"), "--log-format has a directive that is not known here: '%Q'"),
            (("--log-format", "%h", "--format", "caddy"), "it cannot be 'caddy' as well"),
            (
                (),
                "none of the first 2 lines can be read as vhost_combined, combined, nginx-json, caddy, json,",
            ),
        ],
    )
    def test_what_cannot_be_read_is_a_sentence(self, words: tuple[str, ...], sentence: str, home: Home) -> None:
        done = home.type("import-log", "--site", "demo", *words, write(home, ["nothing", "of a log"]))
        assert done.code == 2
        assert sentence in done.err


class TestEvents:
    def test_missing_pages_and_downloads_are_events_when_asked_for(self, home: Home) -> None:
        asked = [
            ("/", 200), ("/gone", 404), ("/x.css", 404), ("/files/a.PDF?v=1", 200), ("/a.zip", 206), ("/b.zip", 304),
            ("/site.css", 200),
        ]  # fmt: skip
        view = visit("203.0.113.1", 1)[0]
        lines = [view.replace("/page", path).replace(" 200 ", f" {status} ") for path, status in asked]
        log = write(home, [f"example.org {line}" for line in lines])
        plain = imported(home, log).numbers
        assert plain == {"counted": 1, "not a page": 6, "read": 7}
        assert imported(home, "--events", log).numbers == {
            "counted": 3,
            "imported before": 1,
            "not a page": 3,
            "read": 7,
        }
        rows = home.rows(
            "select name, path, props from hit_log where name is not null and name != 'pageview' order by hit"
        )
        assert rows == [
            ("not_found", "/gone", None),
            ("download", "/files/a.PDF", '{"url":"https://example.org/files/a.PDF"}'),
            ("download", "/a.zip", '{"url":"https://example.org/a.zip"}'),
        ]
        assert agrees(home)


class TestDaysCountedLive:
    def test_a_day_that_was_counted_live_takes_no_lines_and_the_others_do(self, tmp_path: Path) -> None:
        home, today = live_today(tmp_path)
        before = visit("203.0.113.1", 3, at=today - dt.timedelta(days=1))
        log = write(home, [*before, *visit("203.0.113.1", 5, at=today)])
        assert imported(home, log).numbers == {"counted": 3, "dropped: day_taken": 5, "read": 8}
        assert [figures[2] for figures in home.days().values()] == [3, 1]
        assert imported(home, log).numbers == {"counted": 0, "imported before": 3, "dropped: day_taken": 5, "read": 8}
        assert agrees(home)

    def test_overlap_counts_them_all_the_same(self, tmp_path: Path) -> None:
        home, today = live_today(tmp_path)
        log = write(home, visit("203.0.113.1", 5, at=today))
        assert imported(home, log).numbers["counted"] == 0
        assert imported(home, "--overlap", log).numbers == {"counted": 5, "read": 5}
        assert imported(home, "--overlap", log).numbers == {"counted": 0, "imported before": 5, "read": 5}
        assert [figures[2] for figures in home.days().values()] == [6]
        assert agrees(home)

    def test_a_day_of_lines_takes_more_lines(self, home: Home) -> None:
        assert imported(home, write(home, visit("203.0.113.1", 5))).numbers["counted"] == 5
        assert imported(home, write(home, visit("203.0.113.2", 5))).numbers["counted"] == 5


class TestWhatIsWrong:
    def test_lines_that_cannot_be_read_are_counted_and_skipped(self, home: Home) -> None:
        lines = visit("203.0.113.1", 4)
        mixed = [*MALFORMED, lines[0], "x" * 70_000, *lines[1:], "\x00\xff"]
        assert imported(home, write(home, mixed)).numbers == {
            "counted": 4, "malformed": len(MALFORMED) + 2, "read": len(mixed),
        }  # fmt: skip

    def test_an_empty_file_is_no_lines(self, home: Home) -> None:
        assert imported(home, write(home, [])).numbers == {"counted": 0, "read": 0}

    @pytest.mark.parametrize(
        ("spoil", "sentence"),
        [
            (lambda packed: packed[: len(packed) // 2], "is cut short: its gzip stream has no end."),
            (lambda packed: packed[:-8] + bytes(8), "is damaged: CRC check failed"),
        ],
    )
    def test_a_damaged_gzip_gives_a_sentence_and_the_good_file_completes_it(
        self, spoil: Callable[[bytes], bytes], sentence: str, home: Home
    ) -> None:
        lines = synthetic_log(lines=6000)
        good = write(home, lines, "access.log.gz")
        bad = home.folder / "bad.log.gz"
        bad.write_bytes(spoil(good.read_bytes()))
        done = home.type("import-log", "--site", "demo", *ALL, bad)
        assert done.code == 2
        assert done.err.strip().startswith(f"counter: {bad} {sentence}")
        counted = home.one("select count(*) from hit_log")
        assert counted > 0
        numbers = imported(home, *ALL, good).numbers
        assert numbers == {"counted": 6000 - counted, "imported before": counted, "read": 6000}
        assert home.days() == count_log(lines, "UTC", lambda _: True)
        assert agrees(home)

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (("--site", "demo", "missing.log"), 2, "missing.log does not exist."),
            (("--site", "demo", "."), 2, ". is a directory, not a log file."),
            (("--site", "demo", "config.toml.gz"), 2, "config.toml.gz is not a gzip file, though its name says so."),
            (("--site", "dmeo", "config.toml"), 1, "there is no site 'dmeo'; sites: demo"),
        ],
    )
    def test_a_wrong_question_gets_a_sentence(
        self, words: tuple[str, ...], code: int, sentence: str, home: Home
    ) -> None:
        (home.folder / "config.toml.gz").write_bytes(home.config.read_bytes())
        done = home.type("import-log", *words)
        assert (done.code, done.err.strip(), done.out) == (code, f"counter: {sentence}", "")


def visit(address: str, views: int, agent: str = BROWSER, at: dt.datetime | None = None) -> list[str]:
    """Lines of one visit, a view a minute."""
    at = at or dt.datetime(2024, 3, 29, 10, tzinfo=dt.UTC)
    moments = ((at + dt.timedelta(minutes=minute)).strftime("%d/%b/%Y:%H:%M:%S %z") for minute in range(views))
    return [f'{address} - - [{moment}] "GET /page HTTP/1.1" 200 5 "-" "{agent}"' for moment in moments]


def live_today(folder: Path) -> tuple[Home, dt.datetime]:
    """A site with one live hit, and a moment of its today."""
    home = Home(folder, zone=noon_zone())
    with Service(home) as service:
        assert service.hit().counter == "counted"
        service.stop()
    return home, dt.datetime.now(dt.UTC)


def has_lines(home: Home) -> bool:
    try:
        return bool(home.one("select count(*) from log_line"))
    except sqlite3.OperationalError:  # not migrated yet
        return False


def processes_of(home: Home) -> list[str]:
    """Those that run a command of this home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(home.config).encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
    return found


def drops(home: Home) -> dict[str, int]:
    return dict(home.rows("select reason, sum(count) from drop_count group by 1"))


@pytest.mark.parametrize(
    ("name", "views", "pages"),
    [
        ("jsess.log", 2, {"/shop/item.jsp"}),
        ("latin1.log", 4, {"/caf%E9", "/caf%E8", "/café"}),
        ("escapes.log", 10, None),
    ],
)
def test_pages_of_a_log_are_the_pages_of_live_hits(home: Home, name: str, views: int, pages: set[str] | None) -> None:
    assert imported(home, CASES / name).numbers["counted"] == views
    found = [path for (path,) in home.rows("select path from hit_log")]
    assert pages is None or set(found) == pages
    assert len(found) == views
    assert imported(home, CASES / name).numbers["counted"] == 0
