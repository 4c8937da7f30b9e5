"""Databases of places for tests, written by mmdb_writer: in the shapes of MaxMind and DB-IP, and hostile ones."""

from __future__ import annotations

import functools
import gzip
import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

KIND = "GeoLite2-City"
ADDRESS = "203.0.113.7"  # of the visitor that tests send
NETWORK = "203.0.113.0/24"


def geoip2(country: str, region: str = "", city: str = "", code: str = "BE") -> dict[str, Any]:
    """A record as GeoLite2 City has it, names in two languages."""
    found: dict[str, Any] = {
        "continent": {"code": "EU", "geoname_id": 6255148, "names": {"de": "Europa", "en": "Europe"}},
        "country": {"geoname_id": 2921044, "iso_code": country, "names": {"de": f"{country} de", "en": country}},
        "registered_country": {"geoname_id": 2921044, "iso_code": country, "names": {"en": country}},
        "location": {"latitude": 52.5, "longitude": 13.4, "time_zone": "Europe/Berlin"},
    }
    if region:
        found["subdivisions"] = [{"geoname_id": 2, "iso_code": code, "names": {"de": f"{region} (de)", "en": region}}]
    if city:
        found["city"] = {"geoname_id": 3, "names": {"de": f"{city} (de)", "en": city}}
    return found


def dbip(country: str, region: str = "", city: str = "") -> dict[str, Any]:
    """A record as DB-IP City Lite has it: English names, no codes of regions."""
    found: dict[str, Any] = {
        "continent": {"code": "EU", "names": {"en": "Europe"}},
        "country": {"iso_code": country, "names": {"en": country}, "is_in_european_union": True},
        "location": {"latitude": 52.5, "longitude": 13.4},
    }
    if region:
        found["subdivisions"] = [{"names": {"en": region}}]
    if city:
        found["city"] = {"names": {"en": city}}
    return found


def database(places: Mapping[str, Any], kind: str = KIND, *, six: bool = True, description: str = "a test") -> bytes:
    """A database of networks and their records; with IPv6 as the real ones are."""
    writer = MMDBWriter(
        ip_version=6 if six else 4, ipv4_compatible=six, database_type=kind, languages=["en"], description=description
    )
    for network, place in places.items():
        writer.insert_network(IPSet([network]), place)
    with tempfile.NamedTemporaryFile() as file:
        writer.to_db_file(file.name)
        return Path(file.name).read_bytes()


@functools.cache
def city(name: str, country: str = "DE", kind: str = KIND) -> bytes:
    """A database that has the tests' visitor in a city of this name."""
    shape = dbip if kind.startswith("DBIP") else geoip2
    return database({NETWORK: shape(country, f"Region of {name}", name), "2001:db8::/32": shape("FR")}, kind)


@functools.cache
def large_city(name: str) -> bytes:
    """The same of many pages of memory: what is mapped of a file that was truncated is lost page by page."""
    others = {f"10.{n >> 8}.{n & 255}.0/24": geoip2("FR", f"Region {n}", f"City {n}") for n in range(2000)}
    return database({NETWORK: geoip2("DE", f"Region of {name}", name), **others})


@functools.cache
def world(networks: int = 2000) -> bytes:
    """A database of many networks, so that its tree and its records are worth damaging."""
    return database({f"{n >> 8 & 255}.{n & 255}.{n % 7}.0/24": geoip2("DE", f"R{n % 97}", f"C{n}")
                     for n in range(256, 256 + networks)})  # fmt: skip


def gz(content: bytes) -> bytes:
    return gzip.compress(content, 1)


def tar_gz(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A .tar.gz of files by name; a TarInfo is taken as it is: links, devices, lies."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                about = tarfile.TarInfo(name)
                about.size = len(content)
                archive.addfile(about, io.BytesIO(content))
    return out.getvalue()
