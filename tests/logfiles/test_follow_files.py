"""Following a log: which files are behind a path, when one is done with, and from where a restart reads again."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from counter.errors import UsageError
from counter.logfiles.follow.checkpoint import Position, SafePoint, file_of, read_position, write_position
from counter.logfiles.follow.growing import CompressedPart, GrowingPart, beginning, digest
from counter.logfiles.follow.tail import PATIENCE, Tail, siblings
from counter.logfiles.order import WINDOW
from counter.logfiles.read.files import BLOCK


class Stage:
    """A log in a folder, a clock that is set by hand, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "access.log"
        self.now = 0.0
        self.said: list[str] = []
        self.path.touch()

    def tail(self, position: Position | None = None) -> Tail:
        return Tail(self.path, position, lambda: self.now, self.said.append)

    def write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def rename(self, name: str = "access.log.1") -> None:
        self.path.rename(self.path.with_name(name))
        self.path.touch()

    def position(self, text: str, offset: int) -> Position:
        """Where a reader of `text` was after `offset` bytes of it."""
        head = text.encode()[:offset]
        return Position(str(self.path), 0, offset, len(head), digest(head))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def texts(tail: Tail) -> bytes:
    found = b""
    for _ in range(20):
        text = tail.read()
        found += text.text if text else b""
    return found


class TestTail:
    def test_whole_lines_only(self, stage: Stage) -> None:
        tail = stage.tail()
        stage.write("one\ntw")
        assert texts(tail) == b"one\n"
        stage.write("o\n")
        assert texts(tail) == b"two\n"

    def test_the_last_line_of_a_rotated_file_comes_when_nothing_else_can(self, stage: Stage) -> None:
        tail = stage.tail()
        stage.write("one\ntwo")
        stage.rename()
        stage.write("three\n")
        assert texts(tail) == b"one\nthree\n"
        stage.now = PATIENCE - 1
        assert texts(tail) == b""
        stage.now = 2 * PATIENCE
        assert texts(tail) == b"two\n"
        stage.now = 4 * PATIENCE
        assert texts(tail) == b""

    def test_what_was_cut_without_a_copy_is_said_and_read_anew(self, stage: Stage) -> None:
        tail = stage.tail()
        stage.write("one\ntwo\n")
        assert texts(tail) == b"one\ntwo\n"
        stage.path.write_text("three\n")
        assert texts(tail) == b"three\n"
        assert [sentence.endswith("what it held and was not read is lost.") for sentence in stage.said] == [True]

    def test_a_file_that_was_cut_and_has_grown_past_the_place_is_noticed(self, stage: Stage) -> None:
        tail = stage.tail()
        stage.write("one\n")
        assert texts(tail) == b"one\n"
        stage.path.with_name("access.log.1").write_text("one\nrest\n")
        stage.path.write_text("another and longer\n")
        assert texts(tail) == b"rest\nanother and longer\n"
        assert stage.said == []

    def test_a_line_longer_than_a_block_is_an_empty_one(self, stage: Stage) -> None:
        tail = stage.tail()
        stage.write(f"one\n{'x' * (3 * BLOCK)}\ntwo\n")
        assert texts(tail) == b"one\n\ntwo\n"

    def test_a_file_that_is_away_for_a_moment_is_waited_for(self, stage: Stage) -> None:
        tail = stage.tail()
        stage.write("one\n")
        stage.path.rename(stage.path.with_name("access.log.1"))
        assert texts(tail) == b"one\n"
        stage.write("two\n")
        assert texts(tail) == b"two\n"


class TestRestart:
    OLD = "one\ntwo\nthree\n"

    @pytest.mark.parametrize("name", ["access.log.1", "access.log-20240329", "access-2024-03-29.log", "access.log.old"])
    def test_the_file_is_found_by_how_it_begins(self, name: str, stage: Stage) -> None:
        stage.write(self.OLD)
        stage.rename(name)
        stage.write("four\n")
        assert texts(stage.tail(stage.position(self.OLD, 4))) == b"two\nthree\nfour\n"
        assert stage.said == []

    @pytest.mark.parametrize(("ending", "compress"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
    def test_also_compressed(self, ending: str, compress: type, stage: Stage) -> None:
        stage.path.with_name(f"access.log.2{ending}").write_bytes(compress(self.OLD.encode()))
        stage.write("four\n")
        assert texts(stage.tail(stage.position(self.OLD, 8))) == b"three\nfour\n"

    def test_a_copy_of_what_came_after_it_is_read_once(self, stage: Stage) -> None:
        old = '192.0.2.1 - - [29/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n'
        later = old.replace("10:00", "11:00")
        stage.path.with_name("access.log.2").write_text(old)
        stage.path.with_name("access.log.1").write_text(later)
        stage.path.with_name("access.log.1.gz").write_bytes(gzip.compress(later.encode()))
        stage.write("four\n")
        assert texts(stage.tail(stage.position(old, len(old)))) == f"{later}four\n".encode()

    def test_a_file_that_is_gone_is_said_and_all_that_is_there_is_read(self, stage: Stage) -> None:
        stage.path.with_name("access.log.1").write_text("three\n")
        stage.write("four\n")
        assert texts(stage.tail(stage.position("gone\n", 5))) == b"three\nfour\n"
        assert "is gone" in stage.said[0]

    def test_an_empty_file_is_known_by_its_number(self, stage: Stage) -> None:
        position = Position(str(stage.path), stage.path.stat().st_ino, 0, 0, digest(b""))
        stage.write("one\n")
        stage.rename()
        assert texts(stage.tail(position)) == b"one\n"


class TestSafePoint:
    def part(self, stage: Stage) -> GrowingPart:
        stage.write("line\n" * 100)
        one = GrowingPart(stage.path)
        one.read()
        return one

    def test_it_lies_before_every_second_that_may_still_come(self, stage: Stage) -> None:
        part, safe = self.part(stage), SafePoint()
        for offset, newest in ((0, 1000), (50, 1060), (100, 1000 + WINDOW), (150, 1001 + WINDOW), (200, 5000)):
            safe.passed(part, offset, newest)
            position = safe.position(stage.path, [part])
            assert position is not None
            assert position.offset == {0: 0, 50: 0, 100: 0, 150: 50, 200: 200}[offset]

    def test_it_does_not_leave_a_file_that_may_still_grow(self, stage: Stage) -> None:
        old, safe = self.part(stage), SafePoint()
        safe.passed(old, 0, 1000)
        stage.rename()
        new = self.part(stage)
        for offset, newest in ((0, 5000), (50, 9000)):
            safe.passed(new, offset, newest)
        kept, left = safe.position(stage.path, [old, new]), safe.position(stage.path, [new])
        assert (kept.inode if kept else 0, left.inode if left else 0) == (old.inode, new.inode)

    def test_before_anything_was_read_it_is_where_reading_begins(self, stage: Stage) -> None:
        stage.write("line\n" * 100)
        old, new = GrowingPart(stage.path, 50), GrowingPart(stage.path)
        safe = SafePoint()
        for _ in range(2):
            position = safe.position(stage.path, [old, new])
            assert position is not None
            assert (position.inode, position.offset) == (old.inode, 50)
            safe.passed(new, 0, 5000)  # of what came later alone
        assert SafePoint().position(stage.path, []) is None


class TestState:
    def test_a_position_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        file = file_of(tmp_path / "follow", "demo", Path("/var/log/access.log"))
        position = Position("/var/log/access.log", 7, 4711, 1024, "ab")
        write_position(file, position)
        assert read_position(file) == position
        assert [one.name for one in file.parent.iterdir()] == [file.name]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"path":"a"}'])
    def test_a_damaged_one_is_none(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_bytes(content)
        assert read_position(tmp_path / "a.json") is None
        assert read_position(tmp_path / "none.json") is None

    def test_sites_and_logs_have_states_of_their_own(self, tmp_path: Path) -> None:
        names = {file_of(tmp_path, site, Path(path)) for site in ("a", "b") for path in ("/x", "/y")}
        assert len(names) == 4


class TestFiles:
    def test_siblings_are_rotated_forms_and_nothing_else(self, stage: Stage) -> None:
        rotated = {"access.log.1", "access.log.2.gz", "access.log-20240329.zst", "access-20240329.log", "access.1.log"}
        rotated |= {"access.log.3.bz2", "access.log-20240330.xz", "access.log.4.zip"}
        for name in (*rotated, "access.log.bak2", "error.log.1", "access_ssl.log", "access.logs", "access.log.1.lz4"):
            (stage.path.parent / name).touch()
        assert {one.name for one in siblings(stage.path)} == rotated

    def test_a_compressed_file_does_not_grow(self, stage: Stage) -> None:
        stage.path.write_bytes(gzip.compress(b"a\n"))
        with pytest.raises(UsageError, match=r"access\.log is a gzip file: it does not grow"):
            GrowingPart(stage.path)

    def test_a_finished_file_is_read_from_a_place_in_its_text(self, stage: Stage) -> None:
        text = b"".join(b"%07d\n" % number for number in range(100_000))
        stage.path.write_bytes(gzip.compress(text))
        part, found = CompressedPart(stage.path, 400_008), b""
        while more := part.read():
            found += more
        assert found == text[400_008:]
        assert part.head == text[:1024] == beginning(stage.path, 1024)
