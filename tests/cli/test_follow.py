"""`counter import-log --follow`: each line counts once, whatever happens to file, command and service."""

from __future__ import annotations

import datetime as dt
import gzip
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.process import HANG, Done, Home, Service, noon_zone, running
from tests.kit.synthetic_log import synthetic_log

ALL = ("--everything", "--keep-bots")
LINES = synthetic_log(lines=3000)  # with six exact duplicates


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


class Writer:
    """A web server and its log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        path.touch()

    def write(self, lines: int, cut: int = 0) -> None:
        """The next lines, without the last `cut` bytes of what is written."""
        text = "".join(f"{line}\n" for line in LINES[self.written : self.written + lines])
        with self.path.open("a") as file:
            file.write(text[:-cut] if cut else text)
        self.written += lines

    def complete(self, cut: int) -> None:
        with self.path.open("a") as file:
            file.write(f"{LINES[self.written - 1]}\n"[-cut:])

    def rename(self, name: str = "access.log.1") -> Path:
        rotated = self.path.rename(self.path.with_name(name))
        self.path.touch()
        return rotated

    def copytruncate(self, name: str = "access.log.1") -> None:
        self.path.with_name(name).write_bytes(self.path.read_bytes())
        self.path.write_bytes(b"")


class Following:
    """The command as a process of its own."""

    def __init__(self, home: Home, *words: object) -> None:
        self.process = home.start("import-log", "--site", "demo", "--follow", *words)

    def stop(self, number: int = signal.SIGTERM) -> Done:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=HANG)
        return Done(self.process.returncode, out.decode(), err.decode())


@contextmanager
def following(home: Home, *words: object) -> Iterator[Following]:
    one = Following(home, *ALL, *words)
    try:
        yield one
    finally:
        one.process.kill()
        print(*one.process.communicate())  # pytest shows it when the test fails


def stored(home: Home) -> int:
    return int(home.one("select count(*) from log_line"))


def wait_for(home: Home, lines: int) -> None:
    Service.until(lambda: stored(home) >= lines)
    assert stored(home) == lines


def agrees(home: Home, written: int) -> bool:
    """Everything was counted once, and a plain import of all lines has nothing to add."""
    whole = home.folder / "whole.txt"
    whole.write_text("".join(f"{line}\n" for line in LINES[:written]))
    again = home.type("import-log", "--site", "demo", *ALL, whole).numbers
    return (
        again == {"counted": 0, "imported before": written, "read": written}
        and home.one("select count(*) from hit_log") == written
        and home.type("check").code == 0
    )


class TestAGrowingFile:
    def test_lines_are_counted_as_they_come_and_the_summary_comes_at_the_end(self, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        log.write(1000)
        with running(home), following(home, log.path) as one:
            wait_for(home, 1000)
            for count in (1, 1, 500):
                log.write(count)
                wait_for(home, log.written)
            done = one.stop(signal.SIGINT)
            assert (done.code, done.err) == (0, "")
            assert done.numbers == {"counted": 1502, "read": 1502}
            assert agrees(home, 1502)

    def test_a_line_without_its_end_waits_for_it(self, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        with running(home), following(home, log.path) as one:
            log.write(5, cut=40)
            wait_for(home, 4)
            log.complete(cut=40)
            wait_for(home, 5)
            assert one.stop().numbers == {"counted": 5, "read": 5}

    def test_several_files_at_once(self, home: Home) -> None:
        first, second = Writer(home.folder / "one.log"), Writer(home.folder / "two.log")
        second.written = 1500
        with running(home), following(home, first.path, second.path):
            first.write(700)
            second.write(800)
            wait_for(home, 1500)


class TestRotation:
    def test_renamed_while_the_server_still_writes_to_the_old_file(self, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        with running(home), following(home, log.path):
            log.write(1000)
            wait_for(home, 1000)
            log.write(20)
            old = Writer(log.rename())
            log.write(30)
            wait_for(home, 1050)
            old.written = log.written
            old.write(15)  # it was not told to reopen yet
            log.written = old.written
            log.write(100)
            wait_for(home, log.written)
            log.path.with_name("access.log.1").rename(log.path.with_name("access.log.2"))
            log.rename()
            log.write(100)
            wait_for(home, log.written)
            assert agrees(home, log.written)

    def test_copied_and_truncated(self, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        with running(home), following(home, log.path):
            log.write(1000)
            wait_for(home, 1000)
            log.write(50)
            log.copytruncate()
            log.write(700)
            wait_for(home, log.written)
            assert agrees(home, log.written)


Rotate = Callable[[Writer], object]


def compress(log: Writer) -> None:
    rotated = log.rename()
    rotated.with_name("access.log.1.gz").write_bytes(gzip.compress(rotated.read_bytes()))
    rotated.unlink()


def twice(log: Writer) -> None:
    log.rename("access.log.2")
    log.write(60)
    log.rename("access.log.1")


class TestRestart:
    @pytest.mark.parametrize(
        "rotate",
        [lambda _: None, Writer.rename, Writer.copytruncate, compress, twice],
        ids=["none", "renamed", "copytruncate", "compressed", "rotated twice"],
    )
    def test_what_came_while_it_was_away_is_counted_once(self, rotate: Rotate, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        with running(home):
            with following(home, log.path) as one:
                log.write(1500)
                wait_for(home, 1500)
                assert one.stop().numbers == {"counted": 1500, "read": 1500}
            log.write(40)
            rotate(log)
            log.write(200)
            with following(home, log.path) as one:
                wait_for(home, log.written)
                done = one.stop()
                assert done.numbers["counted"] == log.written - 1500
                assert done.err == ""
            assert agrees(home, log.written)

    def test_it_does_not_begin_anew(self, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        log.write(2900)
        with running(home):
            with following(home, log.path) as one:
                wait_for(home, 2900)
                assert one.stop().numbers["read"] == 2900
            with following(home, log.path) as one:
                log.write(1)
                wait_for(home, 2901)
                numbers = one.stop().numbers
        assert numbers["counted"] == 1
        assert numbers["read"] < 2000

    @pytest.mark.parametrize("turns", [3, pytest.param(10, marks=(pytest.mark.soak, pytest.mark.faults))])
    def test_kill_9_again_and_again_loses_and_doubles_nothing(self, home: Home, turns: int) -> None:
        log = Writer(home.folder / "access.log")
        with running(home):
            for turn in range(turns):
                log.write(150)
                with following(home, log.path) as one:
                    Service.until(lambda: stored(home) > log.written - 150)
                    log.write(137, cut=11)
                    if turn % 3 == 1:
                        log.complete(11)
                        log.rename(f"access.log.{turns + 3 - turn}")
                    one.process.kill()
                if turn % 3 != 1:
                    log.complete(11)
            with following(home, log.path):
                wait_for(home, log.written)
            assert agrees(home, log.written)


class TestTheService:
    def test_a_restart_of_the_service_is_waited_for(self, home: Home) -> None:
        log = Writer(home.folder / "access.log")
        with running(home) as service:
            one = Following(home, *ALL, log.path)
            log.write(300)
            wait_for(home, 300)
            service.kill()
            log.write(300)
        try:
            assert one.process.stderr is not None
            said = iter(one.process.stderr.readline, b"")
            assert any(b"trying again every 1 s" in line for line in said)  # before there is another service
            with running(home):
                wait_for(home, 600)
                log.write(10)
                wait_for(home, 610)
                done = one.stop()
                assert done.numbers["read"] == 610
                assert done.err.endswith("counter: the service is back\n")
                assert agrees(home, 610)
        finally:
            one.process.kill()
            one.process.communicate()

    def test_without_a_service_it_says_so_and_can_be_stopped(self, home: Home) -> None:
        home.type("site", "set", "demo", "name=Demo")
        log = Writer(home.folder / "access.log")
        log.write(10)
        with following(home, log.path) as one:
            assert one.process.stderr is not None
            said = one.process.stderr.readline().decode()
            assert "no service runs on" in said
            assert one.stop().numbers["counted"] == 0
        with running(home), following(home, log.path):
            wait_for(home, 10)

    def test_lines_of_a_day_that_counts_live_are_taken_only_with_overlap(self, tmp_path: Path) -> None:
        home = Home(tmp_path, zone=noon_zone())
        with running(home) as service:
            assert service.hit().counter == "counted"
            log = home.folder / "access.log"
            now = dt.datetime.now(dt.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
            log.write_text(f'203.0.113.9 - - [{now}] "GET / HTTP/1.1" 200 5 "-" "Firefox/123.0"\n')
            for words, expected in (((), "dropped: day_taken"), (("--overlap",), "counted")):
                with following(home, *words, log) as one:
                    Service.until(lambda: one.process.poll() is not None or bool(list(home.data.glob("follow/*.json"))))
                    numbers = one.stop().numbers
                assert numbers[expected] == 1
                for state in home.data.glob("follow/*.json"):
                    state.unlink()


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("-",), "- cannot be followed: it is read once"),
            (("missing.log",), "missing.log is not a file that can be followed."),
            (("access.log.gz",), "access.log.gz is a gzip file: it does not grow."),
            (("--dry-run", "config.toml"), "--follow writes as it reads"),
        ],
    )
    def test_a_wrong_question_gets_a_sentence(self, words: tuple[str, ...], sentence: str, home: Home) -> None:
        home.type("site", "set", "demo", "name=Demo")
        (home.folder / "access.log.gz").write_bytes(gzip.compress(b"a\n"))
        done = home.type("import-log", "--site", "demo", "--follow", *words)
        assert done.code == 2
        assert sentence in done.err
