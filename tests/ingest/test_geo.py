"""A place is told by the database that was shipped, or by the owner's, and never stands in the way of a hit."""

from __future__ import annotations

import lzma
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counter.event import Place
from counter.ingest.enrich.geo import SHIPPED, Geo

BERLIN = {
    "country": {"iso_code": "DE"},
    "subdivisions": [{"iso_code": "BE", "names": {"de": "Berlin (Land)", "en": "Land Berlin"}}],
    "city": {"names": {"de": "Berlin", "en": "Berlin\x00"}},
}


class Wide(int):
    """A number the format wants in 32 bits."""


def encoded(value: Any) -> bytes:
    """One value in the data format of MaxMind DB 2.0; small ones only."""

    def control(kind: int, size: int) -> bytes:
        head, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
        return (bytes([kind << 5 | head]) if kind < 8 else bytes([head, kind - 7])) + more

    match value:
        case str():
            return control(2, len(value.encode())) + value.encode()
        case Wide():
            return control(6, 4) + value.to_bytes(4)
        case int() if value < 1 << 16:
            return control(5, 2) + value.to_bytes(2)
        case int():
            return control(9, 8) + value.to_bytes(8)
        case list():
            return control(11, len(value)) + b"".join(map(encoded, value))
        case dict():
            return control(7, len(value)) + b"".join(encoded(key) + encoded(item) for key, item in value.items())
    raise TypeError(value)


def database(records: dict[str, Any], kind: str = "Test-City") -> bytes:
    """A MaxMind DB of single IPv4 addresses."""
    nodes: list[list[int | None]] = [[None, None]]
    contents, offsets = b"", {}
    for address, record in records.items():
        offsets[address] = len(contents)
        contents += encoded(record)
        node = 0
        bits = int.from_bytes(socket.inet_aton(address))
        for place in range(31, 0, -1):
            side = bits >> place & 1
            following = nodes[node][side]
            if following is None:
                nodes.append([None, None])
                following = nodes[node][side] = len(nodes) - 1
            node = following
        nodes[node][bits & 1] = -1 - offsets[address]
    size = len(nodes)

    def pointer(value: int | None) -> bytes:
        number = size if value is None else value if value >= 0 else size + 16 + (-1 - value)
        return number.to_bytes(3)

    tree = b"".join(pointer(left) + pointer(right) for left, right in nodes)
    about = {
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_700_000_000,
        "database_type": kind, "description": {"en": "test"}, "ip_version": 4, "languages": ["en"],
        "node_count": Wide(size), "record_size": 24,
    }  # fmt: skip
    return tree + bytes(16) + contents + b"\xab\xcd\xefMaxMind.com" + encoded(about)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def shipped(folder: Path) -> Iterator[Geo]:
    geo = Geo.open(None, folder)
    yield geo
    geo.close()


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("8.8.8.8", "US"),
        ("2001:4860:4860::8888", "US"),
        ("193.0.6.139", "NL"),
        ("127.0.0.1", ""),
        ("10.0.0.1", ""),
        ("::1", ""),
    ],
)
def test_the_shipped_database_tells_the_country(shipped: Geo, address: str, country: str) -> None:
    assert shipped.problem is None
    assert shipped.place(address) == Place(country=country)


@pytest.mark.parametrize("address", ["", "unknown", "\x00", "\ud800", "203.0.0.0/16"])
def test_what_is_not_an_address_is_nowhere(shipped: Geo, address: str) -> None:
    assert shipped.place(address) == Place()


def test_the_shipped_database_is_unpacked_once_and_mended_when_truncated(tmp_path: Path) -> None:
    Geo.open(None, tmp_path).close()
    (made,) = (tmp_path / "geo").iterdir()
    first = made.stat().st_ino
    Geo.open(None, tmp_path).close()
    assert made.stat().st_ino == first
    os.truncate(made, 1000)
    geo = Geo.open(None, tmp_path)
    assert geo.place("8.8.8.8").country == "US"
    assert [path.name for path in (tmp_path / "geo").iterdir()] == [made.name]
    geo.close()


def test_region_and_city_are_told_in_english_when_the_owners_database_has_them(tmp_path: Path) -> None:
    own = tmp_path / "city.mmdb"
    own.write_bytes(database({"203.0.113.7": BERLIN, "203.0.113.8": {"country": {"iso_code": "GE"}}}))
    geo = Geo.open(own, tmp_path / "data")
    assert geo.problem is None
    assert geo.place("203.0.113.7") == Place("DE", "Land Berlin", "Berlin")
    assert geo.place("203.0.113.8") == Place("GE")
    assert geo.place("203.0.113.9") == Place()
    geo.close()
    assert geo.place("203.0.113.7") == Place()


@pytest.mark.parametrize(
    "odd", [{"country": "7"}, {"country": {"iso_code": "<script>"}}, {"subdivisions": []}, {"city": {}}]
)
def test_odd_records_are_nowhere(tmp_path: Path, odd: dict[str, Any]) -> None:
    own = tmp_path / "odd.mmdb"
    own.write_bytes(database({"203.0.113.7": odd}))
    geo = Geo.open(own, tmp_path)
    assert geo.place("203.0.113.7") == Place()
    geo.close()


def test_the_owners_file_may_be_overwritten_truncated_and_removed_while_it_is_read(tmp_path: Path) -> None:
    own = tmp_path / "city.mmdb"
    own.write_bytes(database({"203.0.113.7": BERLIN}))
    geo = Geo.open(own, tmp_path / "data")
    own.write_bytes(b"")
    assert geo.place("203.0.113.7").country == "DE"
    own.unlink()
    assert geo.place("203.0.113.7").country == "DE"
    geo.close()


def damaged() -> dict[str, bytes | None]:
    whole = database({"203.0.113.7": BERLIN})
    dice = random.Random(5)
    return {
        "missing": None,
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "without its tree": whole[-200:],
        "text": b"<html>Not found</html>",
        "noise": dice.randbytes(5000),
        "of another kind": database({"203.0.113.7": BERLIN}, kind="GeoLite2-ASN"),
    }


@pytest.mark.parametrize("case", damaged())
def test_a_bad_file_is_a_sentence_with_its_path_and_the_country_unknown(tmp_path: Path, case: str) -> None:
    own = tmp_path / "own.mmdb"
    content = damaged()[case]
    if content is not None:
        own.write_bytes(content)
    geo = Geo.open(own, tmp_path / "data")
    assert geo.problem is not None
    assert str(own) in geo.problem
    assert geo.problem.endswith(".")
    assert geo.place("203.0.113.7") == Place()
    assert list(tmp_path.glob("data/geo/*")) == []
    geo.close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    geo = Geo.open(None, tmp_path / "file")
    assert geo.problem is not None
    assert geo.place("8.8.8.8") == Place()


def test_mutants_of_a_database_never_kill_the_process(tmp_path: Path) -> None:
    whole = database({"203.0.113.7": BERLIN})
    dice = random.Random(7)
    for number in range(4):
        mutant = bytearray(whole)
        for _ in range(3):
            mutant[dice.randrange(len(mutant))] = dice.randrange(256)
        own = tmp_path / f"{number}.mmdb"
        own.write_bytes(mutant)
        geo = Geo.open(own, tmp_path / "data")
        assert isinstance(geo.place("203.0.113.7"), Place)
        geo.close()


def test_the_shipped_file_is_the_compressed_database_itself() -> None:
    with lzma.open(SHIPPED) as file:
        assert b"MaxMind.com" in file.read()[-2000:]
