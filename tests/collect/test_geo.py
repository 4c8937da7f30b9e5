"""A place is told by the database that was shipped, fetched or given, and never stands in the way of a hit."""

from __future__ import annotations

import asyncio
import itertools
import lzma
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counter.collect.places.copies import DOWNLOAD, SHIPPED, Whose
from counter.collect.places.edition import Credit, Edition
from counter.collect.places.geo import MAX_NAME, MOST_KNOWN, Geo
from counter.event import Place
from tests.kit.places import ADDRESS, NETWORK, city, database, dbip, geoip2

_numbers = itertools.cycle(range(1, 255))


def here() -> str:
    """An address of NETWORK; another each time, since places of addresses are remembered."""
    return f"203.0.113.{next(_numbers)}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def shipped(folder: Path) -> Iterator[Geo]:
    geo = Geo.open(None, folder)
    yield geo
    geo.close()


def opened(tmp_path: Path, content: bytes, most_known: int = MOST_KNOWN) -> Geo:
    own = tmp_path / "own.mmdb"
    own.write_bytes(content)
    return Geo.open(own, tmp_path / "data", most_known)


def copies(data: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in (data / "geo").iterdir())


# The shipped database ------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "address", ["192.168.1.20", "172.16.0.9", "172.31.255.255", "10.1.2.3", "127.0.0.1", "100.64.0.1", "fd00::1", "::1"]
)
def test_a_private_address_is_nowhere(shipped: Geo, address: str) -> None:
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


def test_the_shipped_file_is_the_compressed_database_itself() -> None:
    with lzma.open(SHIPPED) as file:
        assert b"MaxMind.com" in file.read()[-2000:]


# Records -------------------------------------------------------------------------------------------------------

CODE_ONLY = {"country": {"iso_code": "DE"}, "subdivisions": [{"iso_code": "BE"}]}
TWO_REGIONS = {"country": {"iso_code": "GB"}, "subdivisions": [{"names": {"en": "England"}}, {"names": {"en": "Kent"}}]}

RECORDS: list[tuple[str, dict[str, Any], Place]] = [
    ("GeoIP2, English", geoip2("DE", "Land Berlin", "Berlin"), Place("DE", "Land Berlin", "Berlin")),
    ("DB-IP", dbip("GE", "Tbilisi", "Tbilisi"), Place("GE", "Tbilisi", "Tbilisi")),
    ("no city", geoip2("DE", "Bavaria"), Place("DE", "Bavaria")),
    ("no region", geoip2("SG", "", "Singapore"), Place("SG", "", "Singapore")),
    ("the largest of several regions", TWO_REGIONS, Place("GB", "England")),
    ("a region without a name is its ISO 3166-2 code", CODE_ONLY, Place("DE", "DE-BE")),
    (
        "no English name: the first there is",
        {"country": {"iso_code": "DE"}, "city": {"names": {"de": "Köln"}}},
        Place("DE", "", "Köln"),
    ),
    ("a city without its country is nowhere", {"city": {"names": {"en": "Atlantis"}}}, Place()),
    ("registered only: the country, and no city", {"registered_country": {"iso_code": "AU"},
                                                   "city": {"names": {"en": "Sydney"}}}, Place("AU")),
    ("where it is wins over where it was registered",
     {"country": {"iso_code": "DE"}, "registered_country": {"iso_code": "US"}}, Place("DE")),
    ("a continent is no place", {"continent": {"code": "EU", "names": {"en": "Europe"}}}, Place()),
    ("whom it represents is not asked", {"represented_country": {"iso_code": "US"}}, Place()),
    ("nobody's network", dbip("ZZ"), Place()),
    ("a country as text", {"country": "DE"}, Place()),
    ("a code that is none", {"country": {"iso_code": "<script>"}}, Place()),
    ("a code in lower case", {"country": {"iso_code": "de"}}, Place()),
    ("a number", {"country": {"iso_code": 7}}, Place()),
    ("odd regions keep the country", {"country": {"iso_code": "DE"}, "subdivisions": "BE"}, Place("DE")),
    ("no regions at all", {"country": {"iso_code": "DE"}, "subdivisions": []}, Place("DE")),
    ("an odd region", {"country": {"iso_code": "DE"}, "subdivisions": [7]}, Place("DE")),
    ("an odd city", {"country": {"iso_code": "DE"}, "city": {"names": ["Berlin"]}}, Place("DE")),
    ("a city that is a number", {"country": {"iso_code": "DE"}, "city": {"names": {"en": 7}}}, Place("DE")),
]  # fmt: skip


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geo]:
    """All rows in one database, the n-th at 10.0.n.1: each database that is opened costs a trial."""
    places = {f"10.0.{number}.0/24": record for number, (_, record, _) in enumerate(RECORDS)}
    geo = opened(tmp_path_factory.mktemp("records"), database(places))
    yield geo
    geo.close()


@pytest.mark.parametrize("number", range(len(RECORDS)), ids=[case for case, _, _ in RECORDS])
def test_a_record_is_a_place_whose_parts_belong_together(records: Geo, number: int) -> None:
    assert records.problem is None
    assert records.place(f"10.0.{number}.1") == RECORDS[number][2]


HOSTILE = {
    "10 kB": ("x" * 10_000, "x" * MAX_NAME),
    "controls": ("Ber\x00l\x1bin\x7f", "Berlin"),
    "line breaks": ("Ber\r\nlin\u2028x", "Ber  lin x"),
    "turned around": ("\u202enilreB\u2066", "nilreB"),
    "marks upon marks": ("a" + "\u0301" * 500, "á" + "\u0301" * 7),
    "only space": (" \t ", ""),
    "markup is text": ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geo]:
    places = {f"10.0.{number}.0/24": geoip2("DE", sent, sent) for number, (sent, _) in enumerate(HOSTILE.values())}
    geo = opened(tmp_path_factory.mktemp("hostile"), database(places))
    yield geo
    geo.close()


@pytest.mark.parametrize("case", HOSTILE)
def test_names_are_cleaned_and_cut_whoever_wrote_them(hostile: Geo, case: str) -> None:
    place = hostile.place(f"10.0.{list(HOSTILE).index(case)}.1")
    assert place.city == HOSTILE[case][1]
    if HOSTILE[case][1]:
        assert place.region == HOSTILE[case][1]
    assert place.country == "DE"


def test_an_ipv4_only_database_knows_no_ipv6(tmp_path: Path) -> None:
    geo = opened(tmp_path, database({NETWORK: geoip2("DE")}, six=False))
    assert (geo.place(ADDRESS), geo.place("2001:db8::1")) == (Place("DE"), Place())
    geo.close()
    assert geo.place(ADDRESS) == Place()


def test_places_are_remembered_for_a_bounded_number_of_addresses(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("Berlin"), most_known=5)
    for number in range(20):
        assert geo.place(f"203.0.113.{number}").city == "Berlin"
        assert geo.place(f"198.51.100.{number}") == Place()
        assert len(geo._known) <= 5
    geo.close()


# Editions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cities", "credit"),
    [
        ("DBIP-City-Lite", True, Credit("IP Geolocation by DB-IP", "https://db-ip.com")),
        ("DBIP-Country-Lite", False, Credit("IP Geolocation by DB-IP", "https://db-ip.com")),
        ("DBIP-Location (compat=City)", True, Credit("IP Geolocation by DB-IP", "https://db-ip.com")),
        ("GeoLite2-Country", False, "This product includes GeoLite Data created by MaxMind"),
        ("GeoLite2-City", True, "This product includes GeoLite Data created by MaxMind"),
        ("GeoIP2-Enterprise", True, "Places by MaxMind GeoIP2"),
        ("GeoWhois-Country", False, "Countries by the statistics of the regional Internet registries"),
        ("Somebody-City", True, Credit("Somebody's own")),
    ],
)
def test_a_database_is_credited_as_its_maker_asks(kind: str, cities: bool, credit: Credit | str) -> None:
    edition = Edition(kind, built=1_700_000_000, nodes=7, description="Somebody's own")
    assert edition.cities == cities
    assert edition.licence
    if isinstance(credit, Credit):
        assert edition.credit == credit
    else:
        assert edition.credit.text.startswith(credit)
        assert edition.credit.url.startswith("https://")


def test_the_credit_is_of_the_database_in_force(tmp_path: Path, shipped: Geo) -> None:
    assert shipped.credit.text.startswith("Countries by the statistics")
    geo = opened(tmp_path, city("Berlin", kind="DBIP-City-Lite"))
    assert geo.credit.url == "https://db-ip.com"
    assert Geo(None, tmp_path / "nothing").credit == Credit("")
    geo.close()


def test_what_a_database_says_of_itself_is_cleaned_and_cut(tmp_path: Path) -> None:
    geo = opened(tmp_path, database({NETWORK: geoip2("DE")}, kind="City\x1b[31m", description="\u202e" + "x" * 5000))
    assert geo.edition is not None
    assert (geo.edition.kind, geo.credit.text) == ("City[31m", "x" * 200)
    geo.close()


@pytest.mark.parametrize(("built", "shown", "age"), [(1_700_000_000, "2023-11-14", 10), (10**19, str(10**19), 0)])
def test_an_edition_has_an_age_in_whole_days(built: int, shown: str, age: int) -> None:
    edition = Edition("City", built, nodes=7)
    assert (edition.built_on, edition.age_days(1_700_000_000 + 10.9 * 86_400)) == (shown, age)


# Which database is in force ------------------------------------------------------------------------------------


def test_a_configured_file_wins_over_a_downloaded_one_and_that_over_the_shipped(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shipped = Geo.open(None, data)
    assert (shipped.source.whose, shipped.place(here()).city) == (Whose.SHIPPED, "")
    (data / "geo" / DOWNLOAD).write_bytes(city("Downloaded"))
    downloaded = Geo.open(None, data)
    assert (downloaded.source.whose, downloaded.place(here()).city) == (Whose.DOWNLOADED, "Downloaded")
    own = opened(tmp_path, city("Own"))
    assert (own.source.whose, own.place(here()).city) == (Whose.OWN, "Own")
    assert copies(data) == ["download.mmdb", "own"]
    for geo in (shipped, downloaded, own):
        geo.close()


def test_a_copy_is_made_once_for_a_content(tmp_path: Path) -> None:
    opened(tmp_path, city("Berlin")).close()
    (made,) = (tmp_path / "data" / "geo").iterdir()
    first = made.stat().st_ino
    opened(tmp_path, city("Berlin")).close()
    assert made.stat().st_ino == first


def test_files_that_a_killed_process_left_are_removed_after_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "geo"
    folder.mkdir(parents=True)
    for name in (".new-old", ".new-young"):
        (folder / name).touch()
    os.utime(folder / ".new-old", (0, 0))
    opened(tmp_path, city("Berlin")).close()
    assert [path.name for path in folder.glob(".new-*")] == [".new-young"]


def damaged() -> dict[str, bytes | None]:
    whole = city("Berlin")
    dice = random.Random(5)
    return {
        "missing": None,
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "without its tree": whole[-200:],
        "text": b"<html>Not found</html>",
        "noise": dice.randbytes(5000),
        "of another kind": database({NETWORK: {"autonomous_system_number": 64500}}, kind="GeoLite2-ASN"),
        "records of another shape": database({NETWORK: {"country_code": "DE"}}),
        "records that are texts": database({NETWORK: "DE"}),
    }


@pytest.mark.parametrize("case", damaged())
def test_a_bad_file_is_a_sentence_with_its_path_and_the_country_unknown(tmp_path: Path, case: str) -> None:
    own = tmp_path / "own.mmdb"
    content = damaged()[case]
    if content is not None:
        own.write_bytes(content)
    geo = Geo.open(own, tmp_path / "data")
    assert geo.problem is not None
    assert geo.problem.startswith(f"The database of places {own} cannot be used, countries are unknown: ")
    assert geo.problem.endswith(".")
    assert str(tmp_path / "data") not in geo.problem
    assert geo.place(here()) == Place()
    assert list(tmp_path.glob("data/geo/*")) == []
    geo.close()


@pytest.mark.parametrize("case", ["folder", "pipe", "device"])
def test_what_is_not_a_file_is_not_read(tmp_path: Path, case: str) -> None:
    own = Path("/dev/zero") if case == "device" else tmp_path / "own.mmdb"
    if case == "folder":
        own.mkdir()
    elif case == "pipe":
        os.mkfifo(own)
    geo = Geo.open(own, tmp_path / "data")
    assert geo.problem is not None
    assert "it is not a file" in geo.problem


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    geo = Geo.open(None, tmp_path / "file")
    assert geo.problem is not None
    assert "that comes with this program" in geo.problem
    assert geo.place("8.8.8.8") == Place()


# A new database while the service runs -------------------------------------------------------------------------


async def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("Berlin"))
    reader = geo._reader
    assert not await geo.renew()
    (tmp_path / "own.mmdb").touch()
    assert not await geo.renew()
    assert geo._reader is reader


@pytest.mark.parametrize("way", ["cp", "mv", "ln"])
async def test_a_new_database_is_taken_up_however_it_came(tmp_path: Path, way: str) -> None:
    geo = opened(tmp_path, city("Berlin"))
    new = tmp_path / "new.mmdb"
    new.write_bytes(city("Hamburg"))
    if way == "ln":
        (tmp_path / "link").symlink_to(new)
        new = tmp_path / "link"
    (shutil.copyfile if way == "cp" else os.replace)(new, tmp_path / "own.mmdb")
    assert geo.place(here()).city == "Berlin"
    assert await geo.renew()
    assert geo.place(here()).city == "Hamburg"
    assert copies(tmp_path / "data") == ["own"]
    assert not await geo.renew()


async def test_a_database_that_appears_is_taken_up_and_one_that_goes_stays_in_force(tmp_path: Path) -> None:
    own = tmp_path / "own.mmdb"
    geo = Geo.open(own, tmp_path / "data")
    assert geo.problem is not None
    assert not await geo.renew()
    own.write_bytes(city("Berlin"))
    assert await geo.renew()
    assert (geo.problem, geo.place(here()).city) == (None, "Berlin")
    own.unlink()
    assert await geo.renew()
    assert geo.problem is not None
    assert "stays in force: No such file or directory." in geo.problem
    assert geo.place(here()).city == "Berlin"
    assert not await geo.renew()
    own.write_bytes(city("Berlin"))
    assert await geo.renew()
    assert geo.problem is None


async def test_a_download_that_appears_wins_over_the_shipped_one_until_it_is_removed(tmp_path: Path) -> None:
    geo = Geo.open(None, tmp_path)
    (tmp_path / "geo" / DOWNLOAD).write_bytes(city("Berlin"))
    assert await geo.renew()
    assert geo.place(here()).city == "Berlin"
    (tmp_path / "geo" / DOWNLOAD).unlink()
    assert await geo.renew()
    assert (geo.place(here()).city, geo.place("8.8.8.8")) == ("", Place("US"))


async def test_a_bad_new_database_keeps_the_one_in_force_also_over_a_restart(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("Berlin"))
    own = tmp_path / "own.mmdb"
    own.write_bytes(b"<html>")
    assert await geo.renew()
    assert geo.problem is not None
    assert "stays in force" in geo.problem
    assert geo.place(here()).city == "Berlin"
    assert not await geo.renew(), "the same bad file is tried once"
    again = Geo.open(own, tmp_path / "data")
    assert again.problem == geo.problem
    assert again.place(here()).city == "Berlin"
    assert again.credit == geo.credit
    own.write_bytes(city("Hamburg"))
    assert await again.renew()
    assert (again.problem, again.place(here()).city) == (None, "Hamburg")


async def test_a_copy_in_progress_is_not_taken_half(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("Berlin"))
    whole = city("Hamburg")
    with (tmp_path / "own.mmdb").open("wb", buffering=0) as file:
        for at in range(0, len(whole), len(whole) // 3):
            assert geo.place(here()).city == "Berlin"
            file.write(whole[at : at + len(whole) // 3])
            if file.tell() < len(whole):
                await geo.renew()
    await geo.renew()
    assert (geo.problem, geo.place(here()).city) == (None, "Hamburg")


async def test_a_file_that_cannot_be_read_for_a_while_is_tried_again(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("Berlin"))
    (tmp_path / "own.mmdb").write_bytes(city("Hamburg"))
    folder = tmp_path / "data" / "geo"
    shutil.move(folder, tmp_path / "aside")
    folder.write_text("in the way")
    assert await geo.renew()
    assert geo.problem is not None
    folder.unlink()
    shutil.move(tmp_path / "aside", folder)
    assert await geo.renew()
    assert (geo.problem, geo.place(here()).city) == (None, "Hamburg")


async def test_look_ups_go_on_while_the_database_is_changed_again_and_again(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("City 0"))
    for number in range(1, 4):
        (tmp_path / "own.mmdb").write_bytes(city(f"City {number}"))
        renewing = asyncio.ensure_future(geo.renew())
        looked_up = 0
        while not renewing.done():
            assert geo.place(here()).city in {f"City {number - 1}", f"City {number}"}
            looked_up += 1
            await asyncio.sleep(0)
        assert looked_up > 10
        assert await renewing
        assert geo.place(here()).city == f"City {number}"


async def test_two_who_ask_at_once_take_a_new_database_once(tmp_path: Path) -> None:
    geo = opened(tmp_path, city("Berlin"))
    (tmp_path / "own.mmdb").write_bytes(city("Hamburg"))
    assert sorted(await asyncio.gather(geo.renew(), geo.renew())) == [False, True]
    assert geo.place(here()).city == "Hamburg"
