"""A visitor is known for one site and one day, and to nobody without the salt."""

from __future__ import annotations

import multiprocessing
import stat
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.collect.identify import LIFETIME, Salt, Salts, visitor_id
from counter.errors import StoreError

NOON = 1_732_190_400.0
DAY = 20_048
KEY = bytes(range(32))
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def test_the_same_four_give_the_same_visitor() -> None:
    """T-74."""
    assert visitor_id(KEY, "main", "203.0.113.7", AGENT) == visitor_id(KEY, "main", "203.0.113.7", AGENT)


@pytest.mark.parametrize(
    "changed",
    [
        (KEY[::-1], "main", "203.0.113.7", AGENT),
        (KEY, "other", "203.0.113.7", AGENT),
        (KEY, "main", "203.0.113.8", AGENT),
        (KEY, "main", "203.0.113.7", AGENT + " "),
        (KEY, "main2", "03.0.113.7", AGENT),
        (KEY, "mai", "n203.0.113.7", AGENT),
        (KEY, "main", "203.0.113.", "7" + AGENT),
    ],
)
def test_any_one_changed_gives_another_visitor(changed: tuple[bytes, str, str, str]) -> None:
    """T-74: the salt, the site, the address, the user agent; and where one ends and the next begins."""
    assert visitor_id(*changed) != visitor_id(KEY, "main", "203.0.113.7", AGENT)


def test_ipv6_addresses_of_one_64_are_one_visitor() -> None:
    """T-74."""
    one = visitor_id(KEY, "main", "2001:db8:1:2::1", AGENT)
    assert visitor_id(KEY, "main", "2001:db8:1:2:ffff::9", AGENT) == one
    assert visitor_id(KEY, "main", "2001:db8:1:3::1", AGENT) != one


@given(st.text(st.characters(codec=None, exclude_categories=())), st.text(), st.text(max_size=600))
def test_a_visitor_is_a_signed_number_of_64_bits_whatever_comes_in(agent: str, site: str, address: str) -> None:
    assert -(2**63) <= visitor_id(KEY, site, address, agent) < 2**63


def test_a_site_and_day_have_one_salt_and_no_two_share_it(tmp_path: Path) -> None:
    salts = Salts(tmp_path / "salts")
    keys = {salts.key(site, day, NOON) for site in (1, 2) for day in (DAY, DAY + 1)}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert salts.key(1, DAY, NOON + 1) in keys


def test_a_restart_reads_the_salt_that_was_made(tmp_path: Path) -> None:
    made = Salts(tmp_path).key(1, DAY, NOON)
    assert Salts(tmp_path).key(1, DAY, NOON + 3600) == made


def test_salts_are_files_that_only_the_service_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "salts"
    Salts(folder).key(7, DAY, NOON)
    assert stat.S_IMODE((folder / f"7-{DAY}.salt").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_salt_is_destroyed_more_than_48_hours_after_it_was_made(tmp_path: Path) -> None:
    salts = Salts(tmp_path)
    first = salts.key(1, DAY, NOON)
    salts.key(2, DAY + 1, NOON + 3600)
    assert salts.expire(NOON + LIFETIME) == []
    assert salts.expire(NOON + LIFETIME + 1) == [(1, DAY)]
    assert not (tmp_path / f"1-{DAY}.salt").exists()
    assert (tmp_path / f"2-{DAY + 1}.salt").exists()
    assert salts.key(1, DAY, NOON + LIFETIME + 2) != first


def test_a_salt_that_has_expired_is_neither_used_nor_replaced_before_it_is_destroyed(tmp_path: Path) -> None:
    """T-42: perhaps the clock is wrong, and the file is of today."""
    salts = Salts(tmp_path)
    first = salts.key(1, DAY, NOON)
    for later in (salts, Salts(tmp_path)):
        other = later.key(1, DAY, NOON + LIFETIME + 1)
        assert other != first
        assert later.key(1, DAY, NOON + LIFETIME + 2) == other
    assert Salts(tmp_path).key(1, DAY, NOON + 1) == first
    assert salts.expire(NOON + LIFETIME + 1) == [(1, DAY)]


def test_a_salt_is_overwritten_before_it_is_removed(tmp_path: Path) -> None:
    salts = Salts(tmp_path)
    key = salts.key(1, DAY, NOON)
    second_name = tmp_path / "second_name"
    second_name.hardlink_to(tmp_path / f"1-{DAY}.salt")
    salts.expire(NOON + LIFETIME + 1)
    assert key not in second_name.read_bytes()


def test_a_salt_that_another_process_destroyed_is_forgotten_too(tmp_path: Path) -> None:
    one, other = Salts(tmp_path), Salts(tmp_path)
    key = one.key(1, DAY, NOON)
    assert other.expire(NOON + LIFETIME + 1) == [(1, DAY)]
    assert one.expire(NOON + LIFETIME + 1) == [(1, DAY)]
    assert one.key(1, DAY, NOON + LIFETIME + 2) != key


def test_a_salt_from_a_future_that_never_was_does_not_live_until_then(tmp_path: Path) -> None:
    salts = Salts(tmp_path)
    salts.key(1, DAY + 3650, NOON + 3650 * 86_400)
    assert salts.expire(NOON) == [(1, DAY + 3650)]


def test_the_time_of_making_stands_in_the_file_and_survives_a_copy(tmp_path: Path) -> None:
    Salts(tmp_path / "old").key(1, DAY, NOON)
    copy = tmp_path / "new"
    copy.mkdir()
    (copy / f"1-{DAY}.salt").write_bytes((tmp_path / "old" / f"1-{DAY}.salt").read_bytes())
    assert Salts(copy).expire(NOON + LIFETIME + 1) == [(1, DAY)]


@pytest.mark.parametrize("written", [0, 1, 31, 32, 47])
def test_a_half_written_salt_is_made_anew(tmp_path: Path, written: int) -> None:
    path = tmp_path / f"1-{DAY}.salt"
    Salts(tmp_path).key(1, DAY, NOON)
    path.write_bytes(path.read_bytes()[:written])
    made = Salts(tmp_path).key(1, DAY, NOON)
    assert len(made) == 32
    assert Salts(tmp_path).key(1, DAY, NOON) == made


def test_a_salt_with_a_flipped_bit_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / f"1-{DAY}.salt"
    stored = bytearray(path.read_bytes() if Salts(tmp_path).key(1, DAY, NOON) else b"")
    stored[5] ^= 1
    path.write_bytes(stored)
    assert Salts(tmp_path).key(1, DAY, NOON) != bytes(stored[:32])


def test_what_a_crash_left_of_a_salt_in_the_making_is_destroyed(tmp_path: Path) -> None:
    (tmp_path / f"1-{DAY}.salt.new").write_bytes(b"half")
    (tmp_path / "readme.salt").write_text("not ours")
    assert Salts(tmp_path).expire(NOON) == []
    assert sorted(path.name for path in tmp_path.glob("*salt*")) == ["readme.salt"]


def test_randomness_comes_in_as_an_argument(tmp_path: Path) -> None:
    numbers = count(1)
    assert Salts(tmp_path, random=lambda size: bytes([next(numbers)]) * size).key(1, DAY, NOON) == b"\x01" * 32


def _key_in_another_process(folder: Path) -> bytes:
    return Salts(folder).key(1, DAY, NOON) + Salts(folder).line_key()


def test_processes_that_race_for_a_salt_end_with_the_same_one(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(6) as pool:
        assert len(set(pool.map(_key_in_another_process, [tmp_path] * 24, chunksize=1))) == 1


def test_the_key_of_log_lines_is_made_once_and_never_expires(tmp_path: Path) -> None:
    key = Salts(tmp_path).line_key()
    salts = Salts(tmp_path)
    assert len(key) == 32
    assert salts.expire(NOON + 10 * LIFETIME) == []
    assert salts.line_key() == key
    assert stat.S_IMODE((tmp_path / "lines.key").stat().st_mode) == 0o600


def test_a_damaged_key_of_log_lines_is_reported_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "lines.key").write_bytes(b"short")
    with pytest.raises(StoreError, match=r"lines\.key is damaged"):
        Salts(tmp_path).line_key()
    assert (tmp_path / "lines.key").read_bytes() == b"short"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be read or written"):
        Salts(tmp_path / "file" / "salts").key(1, DAY, NOON)


def test_a_hit_may_make_a_salt_while_those_of_past_days_are_destroyed(tmp_path: Path) -> None:
    """They are destroyed in a thread, and the service counts on."""
    salts = Salts(tmp_path / "salts")

    class Meanwhile(Salt):
        def expired(self, now: float) -> bool:
            salts.key(2, DAY, NOON)
            return super().expired(now)

    salts._cache[1, DAY] = Meanwhile(KEY, NOON - LIFETIME - 1)
    salts._cache[3, DAY] = Salt(KEY, NOON)
    assert salts.expire(NOON) == [(1, DAY)]
    assert set(salts._cache) == {(2, DAY), (3, DAY)}


def test_expiring_before_any_salt_was_made_does_nothing(tmp_path: Path) -> None:
    assert Salts(tmp_path / "salts").expire(NOON) == []
    assert not (tmp_path / "salts").exists()
