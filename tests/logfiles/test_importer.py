"""Access logs: what a line says, which lines are pages, their order, their names, and where they are read from."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
import os
import random
import re
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from counter.errors import UsageError
from counter.logfiles.formats.combined import LogLine, parse_line
from counter.logfiles.order import WINDOW, Occurrences, TimeOrder, line_hash
from counter.logfiles.pages import is_page, is_page_path
from counter.logfiles.read.files import BLOCK, MAX_LINE, LogFile, lines_of, open_log
from counter.text import escape_bytes
from tests.kit.log_oracle import Seen, count_log
from tests.kit.sample_log import sample_log
from tests.kit.synthetic_log import MALFORMED, STEP_BACK, synthetic_log

T = TypeVar("T")

AT = 1431857103  # 17/May/2015:10:05:03 +0000
COMMON = '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 2326'
COMBINED = COMMON + ' "http://example.org/" "Mozilla/5.0 (X11)"'
SEEN = LogLine("192.0.2.7", AT, "GET", "/a?b=c", 200, "http://example.org/", "Mozilla/5.0 (X11)")


def line(
    address: str = "192.0.2.7",
    user: str = "-",
    when: str = "17/May/2015:10:05:03 +0000",
    request: str = "GET / HTTP/1.1",
    agent: str = "Mozilla/5.0",
) -> str:
    return f'{address} - {user} [{when}] "{request}" 200 5 "-" "{agent}"'


def parsed(text: str) -> LogLine:
    found = parse_line(text)
    assert found is not None, text
    return found


class TestParsing:
    def test_a_combined_line_says_everything(self) -> None:
        assert parse_line(COMBINED) == SEEN

    def test_a_common_line_has_no_referrer_and_no_user_agent(self) -> None:
        assert parse_line(COMMON) == LogLine("192.0.2.7", AT, "GET", "/a?b=c", 200, "", "")

    @pytest.mark.parametrize("end", ["", "\n", "\r\n", ' "203.0.113.9:80"', ' "-" 0.004', " rt=0.1"])
    def test_line_ends_and_further_fields_change_nothing(self, end: str) -> None:
        assert parse_line(COMBINED + end) == SEEN

    def test_dashes_are_empty_texts_and_no_size(self) -> None:
        dashes = '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "-" 408 - "-" "-"'
        assert parse_line(dashes) == LogLine("192.0.2.7", AT, "", "", 408)

    @pytest.mark.parametrize("cut", range(1, len("Mozilla/5.0 (X11)") + 2))
    def test_a_line_cut_inside_the_user_agent_still_counts(self, cut: int) -> None:
        assert parsed(COMBINED[:-cut]).user_agent == "Mozilla/5.0 (X11)"[: 1 - cut or None]

    def test_a_line_cut_behind_a_backslash_still_counts(self) -> None:
        assert parsed(COMBINED[:-1] + "\\").user_agent == "Mozilla/5.0 (X11)"

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            (r"a \"quoted\" one", 'a "quoted" one'),
            (r"back\\slash", "back\\slash"),
            (r"\\\" end", '\\" end'),
            (r"tab\there", "tab\there"),
            (r"\x22hex\x22", '"hex"'),
            (r"\xd0\xb6", "ж"),
            (r"ж\xe4", "ж%E4"),
            ("მთავარი", "მთავარი"),
        ],
    )
    def test_escapes_are_undone_in_every_quoted_field(self, written: str, meant: str) -> None:
        text = f'192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /{written} HTTP/1.1" 200 5 "{written}" "{written}"'
        found = parsed(text)
        assert (found.target, found.referrer, found.user_agent) == (f"/{meant}", meant, meant)

    @pytest.mark.parametrize(
        ("written", "canonical"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("::1", "::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
        ],
    )
    def test_addresses_are_canonical(self, written: str, canonical: str) -> None:
        assert parsed(line(address=written)).address == canonical

    @pytest.mark.parametrize(
        ("request_line", "method", "target"),
        [
            ("GET / HTTP/2.0", "GET", "/"),
            ("GET / HTTP/2", "GET", "/"),
            ("GET /old", "GET", "/old"),
            ("POST /a HTTP/1.0", "POST", "/a"),
            ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*"),
            ("GET http://example.org/a?b HTTP/1.1", "GET", "http://example.org/a?b"),
            ("GET /a b c HTTP/1.1", "GET", "/a b c"),
            ("GET /a  HTTP/1.1", "GET", "/a"),
            ("CONNECT example.org:443 HTTP/1.1", "CONNECT", "example.org:443"),
            ("", "", ""),
            ("-", "", ""),
            ("GET", "", ""),
            (r"\x16\x03\x01\x02", "", ""),
        ],
    )
    def test_a_request_is_method_and_target_or_nothing(self, request_line: str, method: str, target: str) -> None:
        found = parsed(line(request=request_line))
        assert (found.method, found.target) == (method, target)

    @pytest.mark.parametrize(
        ("when", "at"),
        [
            ("17/May/2015:10:05:03 +0000", AT),
            ("17/May/2015:14:05:03 +0400", AT),
            ("17/May/2015:15:50:03 +0545", AT),
            ("17/May/2015:06:35:03 -0330", AT),
            ("16/May/2015:23:05:03 -1100", AT),
            ("01/Jan/1970:00:00:00 +0000", 0),
            ("29/Feb/2024:23:59:59 +0000", 1709251199),
            ("31/Dec/2016:23:59:60 +0000", 1483228799),  # a leap second belongs to the day that it ends
        ],
    )
    def test_times_are_utc_seconds(self, when: str, at: int) -> None:
        assert parsed(line(when=when)).at == at

    @given(st.integers(86_400, 30_000_000_000), st.integers(-12 * 60, 14 * 60))
    def test_any_time_that_strftime_writes_is_understood(self, at: int, minutes: int) -> None:
        moment = dt.datetime.fromtimestamp(at, dt.timezone(dt.timedelta(minutes=minutes)))
        assert parsed(line(when=moment.strftime("%d/%b/%Y:%H:%M:%S %z"))).at == at

    @pytest.mark.parametrize("user", ["-", "anna", "anna b", "x [17/May/2000:10:05:03 +0000]", "[", r"\" 200"])
    def test_a_user_name_cannot_forge_the_rest(self, user: str) -> None:
        assert parsed(line(user=user)).at == AT

    @pytest.mark.parametrize(
        "text",
        [
            *MALFORMED,
            "\n",
            line(address="exam!ple.org"),
            line(address="192.0.2.300"),
            line(address="192.0.2"),
            line(address="-"),
            line(when="17/Mai/2015:10:05:03 +0000"),
            line(when="31/Apr/2015:10:05:03 +0000"),
            line(when="17/May/2015:24:05:03 +0000"),
            line(when="17/May/2015:10:60:03 +0000"),
            line(when="17/May/2015:10:05:61 +0000"),
            line(when="17/May/0000:10:05:03 +0000"),
            line(when="17/May/9999:10:05:03 +0000"),
            line(when="17/May/2015:10:05:03 +0075"),
            line(when="17/May/2015:10:05:03 +9900"),
            line(when="17/May/2015:10:05:03 UTC"),
            line(when="١٧/May/2015:10:05:03 +0000"),
            COMBINED[: COMBINED.index("example")],  # cut inside the referrer
            COMMON[: COMMON.index("HTTP")],
            COMMON.replace(" 200 ", " OK "),
            "#Fields: date time c-ip",
            '{"remote_addr": "192.0.2.1"}',
        ],
    )
    def test_anything_else_is_malformed(self, text: str) -> None:
        assert parse_line(text) is None

    @given(st.text() | st.builds(lambda cut, junk: COMBINED[:cut] + junk, st.integers(0, 150), st.text()))
    @example("\x00" * 100)
    def test_no_text_is_an_error(self, text: str) -> None:
        assert parse_line(text) is None or isinstance(parse_line(text), LogLine)

    @pytest.mark.parametrize(
        "filler", [" ", '"', "\\", '\\"', "[", "a ", '" "', ' ["', ' [17/May/2015:10:05:03 +0000] "', '" 200 5 "']
    )
    def test_a_hostile_line_of_64_kib_is_judged_at_once(self, filler: str) -> None:
        hostile = ("192.0.2.7 - " + filler * MAX_LINE)[:MAX_LINE]
        started = time.perf_counter()
        parse_line(hostile)
        assert time.perf_counter() - started < 0.5


class TestPages:
    @pytest.mark.parametrize(
        "target",
        [
            *(
                "/",
                "/about",
                "/blog/",
                "/a.css/",
                "/a.",
                "/site.com/about",
                "/index.php/a",
                "/%E1%83%9B",
                "/a b",
                "//e.org/a",
            ),
            *("/index.html", "/a.HTM", "/a.xhtml", "/x.php?id=1", "/a.asp", "/a.aspx", "/a.jsp", "/a%2Ehtml"),
            *(
                "/item.jsp;jsessionid=4F.n1?p=2",
                "/cart;jsessionid=1.css",
                "/?file=a.png",
                "/search?q=/a.css",
                "/a#b.png",
            ),
            *("/docs/v1.2", "/release/2.0rc1", "/v1.2-beta", "/log/2015.05.17"),
            *("http://example.org", "http://example.org/a", "HTTPS://e.org/?x.css"),
        ],
    )
    def test_a_page(self, target: str) -> None:
        assert is_page_path(target)

    @pytest.mark.parametrize(
        "target",
        [
            *(
                "/style.css",
                "/style.css?v=1",
                "/a.PNG",
                "/robots.txt",
                "/feed.xml",
                "/favicon.ico",
                "/a.tar.gz",
                "/a.html.bak",
            ),
            *("/.htaccess", "/a%2Ecss", "/a.%63ss", "/a.js;v=2", "/x%2Fy.png", "/a.7z", "/a.3gp", "/index.php5"),
            *("http://example.org/a.css", "*", "", "example.org:443", "a"),
        ],
    )
    def test_not_a_page(self, target: str) -> None:
        assert not is_page_path(target)

    @pytest.mark.parametrize(
        ("method", "status", "page"),
        [
            *(("GET", status, True) for status in (200, 206, 299, 304)),
            *(("GET", status, False) for status in (199, 301, 302, 404, 500)),
            *((method, 200, False) for method in ("HEAD", "POST", "get", "")),
        ],
    )
    def test_only_a_get_that_succeeded_is_a_page(self, method: str, status: int, page: bool) -> None:
        assert is_page(LogLine("192.0.2.7", AT, method, "/", status)) is page

    @given(st.text())
    def test_no_target_is_an_error(self, target: str) -> None:
        assert is_page_path("/" + target) in (True, False)


Numbered = tuple[int, int]  # time, place in the file


@st.composite
def late_lines(draw: st.DrawFn) -> list[Numbered]:
    """Lines none of which is more than 120 s older than the newest before it."""
    newest, lines = 0, []
    for number, (step, back) in enumerate(draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 120))))):
        newest = max(newest, newest + step - back)
        lines.append((max(newest - back, 0) if back > step else newest, number))
    return lines


def in_time_order(lines: Iterable[T], at: Callable[[T], int], window: int = WINDOW) -> Iterator[T]:
    order = TimeOrder[T](window)
    for one in lines:
        yield from order.push(at(one), one)
    yield from order.drain()


class TestOrder:
    @given(late_lines())
    @example([(120, 0), (0, 1), (120, 2), (0, 3), (121, 4)])
    def test_lines_within_the_window_come_out_sorted_and_equal_times_as_they_came(self, lines: list[Numbered]) -> None:
        assert list(in_time_order(lines, lambda one: one[0])) == sorted(lines)

    @given(st.lists(st.integers(0, 100_000)), st.integers(0, 1000))
    def test_no_line_is_lost_or_doubled_whatever_the_times(self, times: list[int], window: int) -> None:
        assert Counter(in_time_order(times, int, window)) == Counter(times)

    def test_memory_holds_the_window_and_no_more(self) -> None:
        read = 0

        def lines() -> Iterator[int]:
            nonlocal read
            while read < 10_000:
                read += 1
                yield read

        for done, _ in enumerate(in_time_order(lines(), int), start=1):
            assert read - done <= 120

    def test_a_line_later_than_the_window_comes_out_at_once(self) -> None:
        assert list(in_time_order([1000, 2000, 1500, 1990, 2200], int)) == [1000, 1500, 1990, 2000, 2200]

    def test_an_older_log_behind_a_newer_one_is_sorted_too(self) -> None:
        assert list(in_time_order([90_010, 90_000, 20, 10, 40, 30], int)) == [90_000, 90_010, 10, 20, 30, 40]


class TestOccurrences:
    def test_identical_lines_are_numbered_from_one(self) -> None:
        seen = Occurrences()
        lines = [(5, "a"), (5, "b"), (6, "a"), (5, "a"), (5, "a"), (6, "a")]
        assert [seen.number(at, text) for at, text in lines] == [1, 1, 1, 2, 3, 2]

    def test_numbers_do_not_depend_on_the_order_of_lines(self) -> None:
        lines = [(at, text) for at in range(50) for text in "aabbbc"]
        shuffled = random.Random(1).sample(lines, len(lines))
        first, second = Occurrences(), Occurrences()
        assert sorted((*one, first.number(*one)) for one in lines) == sorted(
            (*one, second.number(*one)) for one in shuffled
        )

    def test_a_line_is_known_for_an_hour_of_the_log(self) -> None:
        seen = Occurrences()
        seen.number(0, "a")
        for at in range(1, 3600):
            seen.number(at, "b")
        assert seen.number(0, "a") == 2
        seen.number(3600, "b")
        assert seen.number(0, "a") == 1

    def test_an_older_log_behind_a_newer_one_is_numbered_too(self) -> None:
        seen = Occurrences()
        assert [seen.number(at, "a") for at in (90_000, 90_000, 10, 10)] == [1, 2, 1, 2]

    def test_memory_is_bounded_on_a_busy_site_and_on_a_quiet_one(self) -> None:
        busy, quiet = Occurrences(lines=1000), Occurrences()
        for number in range(20_000):
            busy.number(number // 100, str(number))
            quiet.number(number * 1000, "a")
        assert len(busy) <= 1000
        assert len(quiet) <= 3600


HASH = -1907412122390529050  # stored in every database: it must not change


class TestHashes:
    def test_the_hash_of_a_line_never_changes(self) -> None:
        assert line_hash(b"key", "site", "line", 1) == HASH

    @pytest.mark.parametrize(
        ("key", "site", "text", "occurrence"),
        [
            (b"other", "site", "line", 1),
            (b"key", "site2", "line", 1),
            (b"key", "site", "lin", 1),
            (b"key", "site", "line", 2),
            (b"key", "sit", "eline", 1),
            (b"key", "site", "1\0line", 1),
        ],
    )
    def test_key_site_text_and_occurrence_each_make_another(
        self, key: bytes, site: str, text: str, occurrence: int
    ) -> None:
        assert line_hash(key, site, text, occurrence) != HASH

    def test_a_line_with_bytes_that_are_not_utf_8_has_the_name_it_had_when_they_were_replaced(self) -> None:
        [line] = lines_of(b"a\xe2\x82\xe4b")
        assert line_hash(b"key", "site", line, 1) == line_hash(b"key", "site", "a\ufffd\ufffdb", 1)

    @given(st.text(), st.integers(1, 10**6))
    def test_it_fits_a_signed_integer_of_64_bits(self, text: str, occurrence: int) -> None:
        assert -(2**63) <= line_hash(b"key", "site", text, occurrence) < 2**63


def read(path: Path | str, stdin: io.BytesIO | None = None) -> list[tuple[str, int]]:
    with open_log(str(path), stdin) as log:
        return lines_and_bytes(log)


def lines_and_bytes(log: LogFile, size: int = BLOCK) -> list[tuple[str, int]]:
    """Each line, with the bytes consumed at the end of its block."""
    return [(text, block.position) for block in log.blocks(size) for text in lines_of(block.text)]


class TestFiles:
    def test_a_plain_file_tells_lines_bytes_and_its_size(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log"
        path.write_bytes("ж\r\n\nlast".encode())
        with open_log(str(path)) as log:
            assert (log.name, log.total) == (str(path), 9)
            assert lines_and_bytes(log) == [("ж", 9), ("", 9), ("last", 9)]

    def test_bytes_that_are_not_utf_8_are_kept_apart(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log"
        path.write_bytes(b"a\xe4b\x85c\n")
        assert read(path) == [("a\udce4b\udc85c", 6)]
        assert escape_bytes(read(path)[0][0]) == "a%E4b%85c"

    @pytest.mark.parametrize("name", ["access.log.gz", "access.log.2"])
    def test_a_gzip_file_is_known_by_its_beginning_and_counts_compressed_bytes(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        lines = synthetic_log(lines=20_000)
        half = gzip.compress("".join(f"{one}\n" for one in lines[:10_000]).encode())
        rest = gzip.compress("".join(f"{one}\n" for one in lines[10_000:]).encode())
        path.write_bytes(half + rest)  # logs are appended member by member
        with open_log(str(path)) as log:
            found = lines_and_bytes(log)
            assert log.total == path.stat().st_size
        assert [text for text, _ in found] == lines
        positions = [position for _, position in found]
        assert positions == sorted(positions)
        assert positions[-1] == path.stat().st_size
        assert positions[len(positions) // 2] == pytest.approx(path.stat().st_size / 2, rel=0.2)

    @pytest.mark.parametrize("zipped", [False, True])
    def test_standard_input_is_read_and_left_open(self, zipped: bool) -> None:
        stdin = io.BytesIO(gzip.compress(b"a\nbc\n") if zipped else b"a\nbc\n")
        with open_log("-", stdin) as log:
            assert (log.name, log.total) == ("standard input", None)
            assert lines_and_bytes(log) == [("a", 5), ("bc", 5)]
        assert not stdin.closed

    def test_a_pipe_is_read_as_it_comes(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(b"a\n" * 100_000,))
        writer.start()
        with open_log(str(path)) as log:
            assert log.total is None
            assert len(lines_and_bytes(log)) == 100_000
        writer.join()

    def test_an_empty_file_has_no_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log"
        path.touch()
        assert read(path) == []

    @pytest.mark.parametrize("size", [MAX_LINE - 1, MAX_LINE, 3 * MAX_LINE, 40 * MAX_LINE])
    def test_a_line_over_64_kib_is_malformed_and_its_neighbours_are_not(self, tmp_path: Path, size: int) -> None:
        path = tmp_path / "access.log"
        text = COMBINED[:-1].ljust(size, "x")
        path.write_text(f"{COMBINED}\n{text}\n{COMBINED}\n{text}")
        found = read(path)
        long = size < MAX_LINE
        assert [parse_line(text) is not None for text, _ in found] == [True, long, True, size <= MAX_LINE]
        assert found[-1][1] == path.stat().st_size

    def test_a_line_without_end_does_not_grow_memory(self) -> None:
        bomb = io.BytesIO(gzip.compress(b"a" * 200_000_000, compresslevel=1))
        tracemalloc.start()
        try:
            assert read("-", bomb) == [("", 200_000_000)]
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()

    def test_a_missing_file_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"/none\.log does not exist\."):
            read(tmp_path / "none.log")

    def test_a_directory_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="is a directory, not a log file"):
            read(tmp_path)

    def test_a_path_that_no_file_can_have_is_a_sentence(self) -> None:
        with pytest.raises(UsageError, match="cannot be opened"):
            read("a\0b")

    def test_a_plain_file_named_gz_is_a_sentence(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log.gz"
        path.write_text(COMBINED)
        with pytest.raises(UsageError, match=r"access\.log\.gz is not a gzip file"):
            read(path)

    def test_a_gzip_file_cut_short_is_a_sentence(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log.gz"
        path.write_bytes(gzip.compress(COMBINED.encode())[:-12])
        with pytest.raises(UsageError, match=r"access\.log\.gz is cut short"):
            read(path)

    @pytest.mark.parametrize("place", [3, 12, -6])
    def test_a_damaged_gzip_file_is_a_sentence(self, tmp_path: Path, place: int) -> None:
        path = tmp_path / "access.log.gz"
        zipped = bytearray(gzip.compress(COMBINED.encode() * 9))
        zipped[place] ^= 0xFF
        path.write_bytes(zipped)
        with pytest.raises(UsageError, match=r"access\.log\.gz is (damaged|cut short)"):
            read(path)


class TestZstd:
    def test_frame_by_frame_with_frames_that_hold_no_lines(self, tmp_path: Path) -> None:
        lines = synthetic_log(lines=4000)
        frames = [zstandard.compress("".join(f"{one}\n" for one in lines[at : at + 1000]).encode()) for at in (0, 1000)]
        stream = zstandard.ZstdCompressor(write_content_size=False).compressobj()
        frames.append(stream.compress("".join(f"{one}\n" for one in lines[2000:]).encode()) + stream.flush())
        skipped = bytes((0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0)) + b"abc"
        for name in ("access.log.zst", "access.log.4"):
            path = tmp_path / name
            path.write_bytes(skipped + b"".join(frames))
            assert [text for text, _ in read(path)] == lines

    @pytest.mark.parametrize("cut", [5, 100, -1, -400])
    def test_a_file_cut_short_is_a_sentence(self, cut: int, tmp_path: Path) -> None:
        path = tmp_path / "access.log.zst"
        path.write_bytes(zstandard.compress("\n".join(synthetic_log(lines=900)).encode())[:cut])
        with pytest.raises(UsageError, match=r"access\.log\.zst is cut short: its zstd stream has no end"):
            read(path)

    @pytest.mark.parametrize("place", [5, 60, 900, -3])
    def test_a_damaged_file_is_a_sentence(self, place: int, tmp_path: Path) -> None:
        path = tmp_path / "access.log.zst"
        options = zstandard.ZstdCompressor(write_checksum=True)
        packed = bytearray(options.compress("\n".join(synthetic_log(lines=900)).encode()))
        packed[place] ^= 0xFF
        path.write_bytes(packed)
        with pytest.raises(UsageError, match=r"access\.log\.zst is (damaged|cut short)"):
            read(path)

    def test_a_plain_file_named_zst_is_a_sentence(self, tmp_path: Path) -> None:
        path = tmp_path / "access.log.zst"
        path.write_text(COMBINED)
        with pytest.raises(UsageError, match=r"access\.log\.zst is not a zstd file"):
            read(path)

    def test_a_line_without_end_does_not_grow_memory(self) -> None:
        bomb = io.BytesIO(zstandard.compress(b"a" * 200_000_000))
        tracemalloc.start()
        try:
            assert read("-", bomb) == [("", 200_000_000)]
            assert tracemalloc.get_traced_memory()[1] < 250_000_000
        finally:
            tracemalloc.stop()


class TestBlocks:
    @given(st.lists(st.binary(max_size=40), max_size=60), st.integers(1, 200))
    def test_lines_do_not_depend_on_where_blocks_end(self, lines: list[bytes], size: int) -> None:
        """As text whatever it begins with: `open_log` would take some beginnings for gzip's and zstd's."""
        text = b"\n".join(lines)
        log = LogFile("any log", io.BytesIO(text), None)
        found = [line for block in log.blocks(size) for line in lines_of(block.text)]
        assert found == lines_of(text)


class TestBeginnings:
    @given(st.sampled_from([b"\x1f\x8b", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"]), st.binary())
    @example(b"\x28\xb5\x2f\xfd", b"\x00\x00\x00")
    def test_what_begins_as_a_compressed_file_is_one_or_refused_and_told_why(self, magic: bytes, rest: bytes) -> None:
        told = ""
        try:
            read("-", io.BytesIO(magic + rest))
        except UsageError as error:
            told = str(error)
        damaged, cut = "damaged: .+; it begins as a (gzip|zstd) file", "cut short: its (gzip|zstd) stream has no end"
        assert told == "" or re.fullmatch(rf"standard input is ({damaged}|{cut})\.", told), told


class TestSyntheticLog:
    def test_a_seed_is_a_log(self) -> None:
        assert synthetic_log(seed=3, lines=500) == synthetic_log(seed=3, lines=500)
        assert synthetic_log(seed=3, lines=500) != synthetic_log(seed=4, lines=500)

    @pytest.mark.parametrize("seed", range(5))
    def test_it_has_the_quirks_of_real_ones(self, seed: int) -> None:
        lines = synthetic_log(seed, lines=3000, malformed=7)
        found = [one for one in map(parse_line, lines) if one is not None]
        assert (len(lines), len(found)) == (3007, 3000)
        assert len(set(lines)) < len(lines) - 7
        newest, steps = 0, []
        for one in found:
            newest = max(newest, one.at)
            steps.append(newest - one.at)
        assert 30 < max(steps) <= STEP_BACK
        assert sum(one.endswith('"') for one in lines) < 3007
        assert {one.status for one in found} >= {200, 206, 304, 404}
        assert {one.method for one in found} >= {"GET", "HEAD", "POST", ""}
        assert any(":" in one.address for one in found)
        assert any(one.user_agent == "" for one in found)
        assert len({(one.address, one.user_agent) for one in found}) > 200


def recount(lines: list[str]) -> Counter[dt.date]:
    """Pages of each UTC date, by the code under test."""
    found = [one for one in map(parse_line, lines) if one is not None and is_page(one)]
    return Counter(dt.datetime.fromtimestamp(one.at, dt.UTC).date() for one in found)


def page_seen(seen: Seen) -> bool:
    return seen.method == "GET" and (200 <= seen.status < 300 or seen.status == 304) and is_page_path(seen.target)


class TestOracle:
    @pytest.mark.parametrize(
        ("times", "figures"),
        [
            (["10:00:00", "10:30:00"], (1, 1, 2)),  # a gap of exactly 30 minutes continues
            (["10:00:00", "10:30:01"], (2, 1, 2)),
            (["10:30:01", "10:00:00", "10:15:00"], (1, 1, 3)),
        ],
    )
    def test_a_gap_of_more_than_30_minutes_starts_a_visit(self, times: list[str], figures: tuple[int, ...]) -> None:
        lines = [line(when=f"17/May/2015:{time} +0000") for time in times]
        assert count_log(lines, "UTC", lambda _: True) == {dt.date(2015, 5, 17): figures}

    def test_local_midnight_ends_a_visit_and_a_visitor(self) -> None:
        lines = [line(when=f"17/May/2015:{time} +0000") for time in ("19:59:59", "20:00:00")]
        expected = {dt.date(2015, 5, 17): (1, 1, 1), dt.date(2015, 5, 18): (1, 1, 1)}
        assert count_log(lines, "Asia/Tbilisi", lambda _: True) == expected

    def test_a_64_and_512_characters_are_one_visitor(self) -> None:
        lines = [line("2001:db8::1", agent="a" * 512 + "b"), line("2001:db8::ffff", agent="a" * 512 + "c")]
        assert list(count_log(lines, "UTC", lambda _: True).values()) == [(1, 1, 2)]

    @pytest.mark.parametrize("seed", range(3))
    def test_it_sees_the_pages_that_we_see(self, seed: int) -> None:
        lines = synthetic_log(seed, malformed=20)
        expected = {date: views for date, (_, _, views) in count_log(lines, "UTC", page_seen).items()}
        assert recount(lines) == expected


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [text for text, _ in read(sample_log())]


@pytest.fixture(scope="module")
def found(lines: list[str]) -> list[LogLine]:
    return [one for one in map(parse_line, lines) if one is not None]


class TestSampleLog:
    """The real log of 10,000 lines, where it is at hand."""

    def test_every_line_is_understood(self, lines: list[str], found: list[LogLine]) -> None:
        assert (len(lines), len(found)) == (10_000, 10_000)

    def test_the_one_line_that_was_cut_has_what_is_left_of_its_user_agent(self, found: list[LogLine]) -> None:
        cut = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html"
        assert [one.target for one in found if one.user_agent == cut] == ["/scripts/grok-py-test/configlib.py"]

    def test_its_time_steps_back_and_is_put_in_order(self, found: list[LogLine]) -> None:
        steps = [earlier.at - later.at for earlier, later in itertools.pairwise(found)]
        assert sum(step > 0 for step in steps) == 4915
        ordered = list(in_time_order(found, lambda one: one.at))
        assert ordered == sorted(found, key=lambda one: one.at)

    def test_its_19_duplicates_get_names_of_their_own(self, lines: list[str], found: list[LogLine]) -> None:
        seen = Occurrences()
        numbers = [seen.number(one.at, text) for one, text in zip(found, lines, strict=True)]
        assert sum(number > 1 for number in numbers) == 19
        names = {line_hash(b"key", "site", text, number) for text, number in zip(lines, numbers, strict=True)}
        assert len(names) == 10_000

    def test_its_pages_are_those_of_the_oracle(self, lines: list[str], found: list[LogLine]) -> None:
        assert sum(map(is_page, found)) == 3775
        expected = {date: views for date, (_, _, views) in count_log(lines, "UTC", page_seen).items()}
        assert recount(lines) == expected
