"""`counter geo`: a new database from a server of our own, in every shape it may come in, and what is said of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import os
import stat
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import maxminddb
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from counter import config as counter_config
from counter.app import Intervals
from counter.cli.download import Address, Limits, Progress, download
from counter.cli.geo import addresses
from counter.cli.geo_unpack import LARGEST_REST, unpack
from counter.cli.port import running_service
from counter.errors import DownloadFailed
from tests.kit.app import Start
from tests.kit.places import ADDRESS, NETWORK, city, database, gz, tar_gz
from tests.kit.process import Done, Home, Service

KEY = "AbC/123+x"
SAVED = city("Berlin", kind="DBIP-City-Lite")


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, target
    return about


FILES: dict[str, bytes] = {
    "good.mmdb": SAVED,
    "good.mmdb.gz": gz(SAVED),
    "good.tar.gz": tar_gz({"GeoLite2-City_20261117/COPYRIGHT.txt": b"(c)", "GeoLite2-City_20261117/x.mmdb": SAVED}),
    "misnamed.zip": gz(SAVED),
    "traversal.tar.gz": tar_gz({"../../../evil.mmdb": SAVED, "/tmp/evil.txt": b"x", "..": link("..", "/")}),
    "page": b"\n<!DOCTYPE html><title>Welcome</title>",
    "page.gz": gz(b"<html>Welcome</html>"),
    "text": b"not a database",
    "empty": b"",
    "asn.mmdb": database({NETWORK: {"autonomous_system_number": 64500}}, kind="GeoLite2-ASN"),
    "half.mmdb": SAVED[: len(SAVED) // 2],
    "half.mmdb.gz": gz(SAVED)[:-200],
    "half.tar.gz": tar_gz({"x.mmdb": SAVED})[:-200],
    "broken.gz": b"\x1f\x8b" + bytes(1000),
    "two.tar.gz": tar_gz({"a.mmdb": SAVED, "b.mmdb": SAVED}),
    "none.tar.gz": tar_gz({"README.txt": b"nothing here"}),
    "link.tar.gz": tar_gz({"a": link("x.mmdb", "/etc/passwd")}),
    "hard.tar.gz": tar_gz({"a": link("x.mmdb", "/etc/passwd", tarfile.LNKTYPE)}),
    "beside.tar.gz": tar_gz({"zeros": bytes(LARGEST_REST + 20_000), "x.mmdb": SAVED}),
}


class Server:
    """What a maker of databases does, and what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        app = web.Application()
        app.router.add_get("/files/{name}", self.file)
        app.router.add_get("/dated/{name}", self.dated)
        app.router.add_get("/keyed", self.keyed)
        app.router.add_get("/basic", self.basic)
        app.router.add_get("/status/{status}", self.status)
        app.router.add_get("/redirect/{count}", self.redirect)
        app.router.add_get("/to-a-file", self.to_a_file)
        app.router.add_get("/cut", self.cut)
        app.router.add_get("/large", self.large)
        self.server = TestServer(app)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}/{path}"

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=FILES[request.match_info["name"]])

    async def dated(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["name"])
        if len(self.asked) == 1:
            raise web.HTTPNotFound
        return web.Response(body=FILES["good.mmdb.gz"])

    async def keyed(self, request: web.Request) -> web.Response:
        if request.query.get("license_key") != KEY:
            raise web.HTTPUnauthorized(text="Invalid license key")
        raise web.HTTPFound("/files/good.tar.gz")

    async def basic(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Basic MTIzOkFiQy8xMjMreA==":  # 123:AbC/123+x
            raise web.HTTPUnauthorized
        return web.Response(body=FILES["good.tar.gz"])

    async def status(self, request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), body=SAVED)

    async def redirect(self, request: web.Request) -> web.Response:
        count = int(request.match_info["count"])
        raise web.HTTPFound(f"/redirect/{count - 1}" if count > 1 else "/files/good.mmdb")

    async def to_a_file(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "file:///etc/passwd"})

    async def cut(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000000"})
        await answer.prepare(request)
        await answer.write(SAVED[:1000])
        assert request.transport is not None
        request.transport.close()
        return answer

    async def large(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(300 * 1024 * 1024)})
        await answer.prepare(request)
        return answer


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = Server()
    await made.server.start_server()
    yield made
    await made.server.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    return Home(tmp_path)


def configure(home: Home, **geoip: Any) -> None:
    keys = "".join(f"{key} = '{value}'\n" for key, value in geoip.items())
    home.config.write_text(home.config.read_text().partition("[geoip]")[0] + f"[geoip]\n{keys}")


async def update(home: Home, url: str, **geoip: Any) -> Done:
    configure(home, update_url=url, **geoip)
    return await asyncio.to_thread(home.type, "geo", "update")


def left(home: Home) -> list[str]:
    return sorted(path.name for path in (home.data / "geo").iterdir())


# What is fetched -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["good.mmdb", "good.mmdb.gz", "good.tar.gz", "misnamed.zip", "traversal.tar.gz"])
async def test_a_database_is_taken_in_every_shape_it_comes_in(server: Server, home: Home, name: str) -> None:
    done = await update(home, server.url(f"files/{name}"))
    assert (done.code, done.err) == (0, "")
    assert (home.data / "geo" / "download.mmdb").read_bytes() == SAVED
    assert [one.split("-")[0] for one in left(home)] == ["download.mmdb", "downloaded"]
    assert not list(home.folder.rglob("evil*"))
    assert "DBIP-City-Lite" in done.out
    assert "no service runs" in done.out


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("status/401", "answered HTTP 401; is [geoip] license_key right?"),
        ("status/404", "answered HTTP 404; is [geoip] update_url right?"),
        ("status/429", "answered HTTP 429; that was too often, try again tomorrow"),
        ("status/500", "answered HTTP 500"),
        ("status/206", "answered HTTP 206"),
        ("redirect/6", "redirects more than 5 times"),
        ("to-a-file", "redirects to what is not http or https"),
        ("cut", "broke off before the end; try again"),
        ("large", "has 314,572,800 bytes, and 209,715,200 are the most that is fetched"),
        ("files/page", "is a web page, not a database"),
        ("files/page.gz", "is a web page, not a database"),
        ("files/text", "can't be used: "),
        ("files/empty", "can't be used: "),
        ("files/half.mmdb", "can't be used: "),
        ("files/asn.mmdb", "it is a database of the kind 'GeoLite2-ASN', and countries or cities are needed"),
        ("files/half.mmdb.gz", "is damaged or cut off: "),
        ("files/half.tar.gz", "is damaged or cut off: "),
        ("files/broken.gz", "is damaged or cut off: "),
        ("files/two.tar.gz", "holds several databases, and one is needed"),
        ("files/none.tar.gz", "holds no file that ends with .mmdb"),
        ("files/link.tar.gz", "holds no file that ends with .mmdb"),
        ("files/hard.tar.gz", "holds no file that ends with .mmdb"),
        ("files/beside.tar.gz", "unpacks to more than 1,073,741,824 bytes of a database, or 16,777,216 beside it"),
    ],
)
async def test_what_cannot_be_used_is_a_sentence_and_changes_nothing(
    server: Server, home: Home, path: str, sentence: str
) -> None:
    (home.data / "geo" / "download.mmdb").write_bytes(b"the one before")
    before = left(home)
    done = await update(home, server.url(path))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("counter: ")
    assert sentence in done.err
    assert done.err.count("\n") == 1
    assert (home.data / "geo" / "download.mmdb").read_bytes() == b"the one before"
    assert left(home) == before


async def test_five_redirects_are_followed(server: Server, home: Home) -> None:
    assert (await update(home, server.url("redirect/5"))).code == 0


async def test_nobody_there_is_a_sentence(home: Home) -> None:
    done = await update(home, "http://127.0.0.1:9/x.mmdb")
    assert done.err == "counter: http://127.0.0.1:9/x.mmdb can't be reached: Connection refused\n"


async def test_when_this_month_is_not_out_yet_the_last_one_is_taken(server: Server, home: Home) -> None:
    done = await update(home, server.url("dated/city-{year}-{month}.mmdb.gz"))
    assert done.code == 0
    this, last = (dt.date(int(name[5:9]), int(name[10:12]), 1) for name in server.asked)
    assert last == (this - dt.timedelta(days=1)).replace(day=1)
    assert f"dated/city-{last:%Y-%m}.mmdb.gz is now " in done.out


@pytest.mark.parametrize(
    ("today", "months"),
    [(dt.date(2026, 1, 1), ["2026-01", "2025-12"]), (dt.date(2026, 3, 31), ["2026-03", "2026-02"])],
)
def test_the_month_before_is_that_of_the_calendar(today: dt.date, months: list[str]) -> None:
    assert addresses("https://x/{year}-{month}", "", today) == [
        Address(f"https://x/{m}", f"https://x/{m}") for m in months
    ]


# The key -------------------------------------------------------------------------------------------------------


async def test_the_key_takes_its_place_and_is_never_shown(server: Server, home: Home) -> None:
    pattern = server.url("keyed?edition_id=GeoLite2-City&license_key={key}&suffix=tar.gz")
    done = await update(home, pattern, license_key=KEY)
    assert done.code == 0, done
    assert f"{server.url('keyed')} is now " in done.out
    wrong = await update(home, pattern, license_key="WrOnGkEy")
    assert "answered HTTP 401; is [geoip] license_key right?" in wrong.err
    shown = await asyncio.to_thread(home.type, "check-config")
    assert "(set, not shown)" in shown.out
    for told in (done, wrong, shown):
        for key in (KEY, "AbC%2F123%2Bx", "WrOnGkEy"):
            assert key not in told.out + told.err


async def test_a_key_as_a_password_is_sent_as_one(server: Server, home: Home) -> None:
    pattern = server.url("basic").replace("http://", "http://123:{key}@")
    done = await update(home, pattern, license_key=KEY)
    assert done.code == 0, done
    assert "123:" not in done.out


async def test_a_key_that_is_missing_is_asked_for_before_anything_is_fetched(server: Server, home: Home) -> None:
    done = await update(home, server.url("dated/{key}"))
    assert (done.code, server.asked) == (1, [])
    assert "set [geoip] license_key, or COUNTER_GEOIP_LICENSE_KEY" in done.err


@pytest.mark.parametrize(
    ("line", "environment"),
    [
        ("license_key = 'a secret'", {}),
        ("licence_key = 'a secret'", {}),
        ("license_key = ['a secret']", {}),
        ("", {"COUNTER_GEOIP_LICENSE_KEY": "a secret"}),
        ("", {"COUNTER_GEOIP_KEY": "a secret"}),
    ],
)
def test_no_error_of_the_configuration_shows_a_key(tmp_path: Path, line: str, environment: dict[str, str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[geoip]\n{line}\n")
    with pytest.raises(counter_config.ConfigError) as caught:
        counter_config.load(file, environment)
    assert "secret" not in str(caught.value)
    assert "(not shown)" in str(caught.value)


def test_the_configuration_does_not_show_a_key_when_it_is_printed(tmp_path: Path) -> None:
    config = counter_config.load(None, {"COUNTER_GEOIP_LICENSE_KEY": KEY})
    assert config.geoip.license_key == KEY
    assert KEY not in repr(config)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/y", "//x/y", "https://", "https://x/{day}", "", "https://a b/"]
)
def test_only_addresses_of_http_are_taken(url: str) -> None:
    with pytest.raises(counter_config.ConfigError, match="an http or https address; "):
        counter_config.load(None, {"COUNTER_GEOIP_UPDATE_URL": url})


# Limits --------------------------------------------------------------------------------------------------------


async def test_a_body_that_goes_on_is_cut_off_at_the_limit(server: Server) -> None:
    out = io.BytesIO()
    url = server.url("files/good.mmdb")
    progress = Progress(expect=lambda size: None, received=lambda size: None)
    with pytest.raises(DownloadFailed, match="the most that is fetched"):
        await download([Address(url, url)], out.write, progress, Limits(len(SAVED) - 1, 60))
    assert not out.getvalue()
    await download([Address(url, url)], out.write, progress, Limits(len(SAVED), 60))
    assert out.getvalue() == SAVED


@pytest.mark.parametrize("shape", ["mmdb", "gz", "tar"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path: Path, shape: str) -> None:
    content = bytes(3_000_000)
    packed = tmp_path / "packed"
    packed.write_bytes({"mmdb": content, "gz": gz(content), "tar": tar_gz({"x.mmdb": content})}[shape])
    out = io.BytesIO()
    with pytest.raises(DownloadFailed, match="unpacks to more than 2,999,999 bytes"):
        unpack(packed, out, 2_999_999)
    assert len(out.getvalue()) <= 3_000_000
    out = io.BytesIO()
    unpack(packed, out, 3_000_000)
    assert out.getvalue() == content


# Where it goes, and who takes it -------------------------------------------------------------------------------


async def test_the_configured_file_is_replaced_and_keeps_its_mode(server: Server, home: Home) -> None:
    own = home.folder / "own.mmdb"
    own.write_bytes(city("Hamburg"))
    own.chmod(0o640)
    first = own.stat().st_ino
    done = await update(home, server.url("files/good.mmdb"), database=own)
    assert done.code == 0
    assert own.read_bytes() == SAVED
    assert (stat.S_IMODE(own.stat().st_mode), own.stat().st_ino != first) == (0o640, True)
    assert not (home.data / "geo" / "download.mmdb").exists()


async def test_a_configured_link_stays_a_link_and_may_point_elsewhere_later(server: Server, home: Home) -> None:
    own, real = home.folder / "own.mmdb", home.folder / "real.mmdb"
    own.symlink_to(real)
    done = await update(home, server.url("files/good.mmdb"), database=own)
    assert done.code == 0
    assert (own.is_symlink(), real.read_bytes()) == (True, SAVED)
    assert counter_config.load(home.config, {}).geoip.database == own


async def test_a_place_that_cannot_be_written_is_a_sentence(server: Server, home: Home) -> None:
    done = await update(home, server.url("files/good.mmdb"), database=home.folder / "no" / "own.mmdb")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"counter: {home.folder}/no/own.mmdb can't be written: No such file or directory\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
async def test_a_full_disk_is_a_sentence(server: Server, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkstemp", lambda **_: (os.open("/dev/full", os.O_WRONLY), str(home.folder / "new")))
    done = await update(home, server.url("files/good.mmdb"))
    assert done.code == 1
    assert done.err.endswith("download.mmdb can't be written: No space left on device\n")


async def test_a_running_service_takes_a_downloaded_database_at_once(server: Server, home: Home) -> None:
    configure(home, update_url=server.url("files/good.tar.gz"))
    with await asyncio.to_thread(Service, home) as service:
        await asyncio.to_thread(service.hit, visitor="203.0.113.7")
        done = await asyncio.to_thread(home.run, "geo", "update")
        assert (done.code, done.err) == (0, "")
        assert "the running service: DBIP-City-Lite of " in done.out
        await asyncio.to_thread(service.hit, visitor="203.0.113.8")
        assert service.process.poll() is None
        assert "a new database of places is in force" in service.log
    assert home.rows("select city from hit_log order by hit") == [("Unknown",), ("Berlin",)]


async def test_a_running_service_follows_its_file_and_keeps_the_last_good_one(tmp_path: Path) -> None:
    """T-40: over all of it one process lives, and every hit has the city of the database in force."""
    home = Home(tmp_path)
    own = home.folder / "own.mmdb"
    own.write_bytes(city("Berlin"))
    configure(home, database=own)
    config = counter_config.load(home.config, {})
    steps: list[tuple[Any, str]] = [
        (lambda: None, "Berlin"),
        (lambda: own.write_bytes(city("Hamburg")), "Hamburg"),
        (lambda: os.truncate(own, 1000), "Hamburg"),
        (lambda: own.write_bytes(b""), "Hamburg"),
        (own.unlink, "Hamburg"),
        (lambda: own.write_bytes(city("Bremen")), "Bremen"),
    ]
    with await asyncio.to_thread(Service, home) as service:
        for number, (done, _) in enumerate(steps):
            done()
            async with running_service(config) as port:
                assert port is not None
                await port.renew_places()
            await asyncio.to_thread(service.hit, visitor=f"203.0.113.{number}")
        assert await asyncio.to_thread(service.stop) == 0
    assert home.rows("select city from hit_log order by hit") == [(expected,) for _, expected in steps]


async def test_the_service_looks_for_a_new_database_by_itself(start: Start, tmp_path: Path) -> None:
    own = tmp_path / "own.mmdb"
    own.write_bytes(city("Berlin"))
    counter = await start(intervals=Intervals(places=0.01), geoip={"database": str(own)})
    own.write_bytes(city("Hamburg"))
    async with asyncio.timeout(60):
        while counter.service.pipeline.geo.place(ADDRESS).city != "Hamburg":
            await asyncio.sleep(0.01)


# What is told --------------------------------------------------------------------------------------------------


def test_show_tells_which_database_is_in_force(home: Home) -> None:
    shipped = home.type("geo", "show")
    assert shipped.code == 0
    assert "comes with this program" in shipped.out
    assert "GeoWhois-Country" in shipped.out
    (home.data / "geo" / "download.mmdb").write_bytes(SAVED)
    built = maxminddb.open_database(io.BytesIO(SAVED), maxminddb.MODE_FD).metadata().build_epoch
    downloaded = home.type("geo", "show")
    for told in ("downloaded by 'counter geo update'", "DBIP-City-Lite", "countries, regions and cities",
                 f"{dt.datetime.fromtimestamp(built, dt.UTC):%Y-%m-%d}", "0 days ago", "IP Geolocation by DB-IP https://db-ip.com",
                 "CC BY 4.0"):  # fmt: skip
        assert told in downloaded.out
    configure(home, database=home.folder / "missing.mmdb")
    missing = home.type("geo", "show")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert "the file that [geoip] database names" in missing.out
    assert "missing.mmdb cannot be used, countries are unknown: No such file or directory." in missing.err


def test_look_up_tells_places(home: Home) -> None:
    (home.data / "geo" / "download.mmdb").write_bytes(city("[red]Berlin"))
    done = home.type("geo", "look-up", ADDRESS, "::ffff:203.0.113.9", "2001:db8::7", "10.0.0.1")
    rows = [line.split() for line in done.out.splitlines()]
    assert rows == [
        ["address", "country", "region", "city"],
        [ADDRESS, "DE", "Region", "of", "[red]Berlin", "[red]Berlin"],
        ["203.0.113.9", "DE", "Region", "of", "[red]Berlin", "[red]Berlin"],
        ["2001:db8::7", "FR"],
        ["10.0.0.1", "unknown"],
    ]


def test_look_up_refuses_what_is_no_address(home: Home) -> None:
    done = home.type("geo", "look-up", ADDRESS, "example.com")
    assert (done.code, done.out) == (2, "")
    assert done.err == "counter: 'example.com' is not an address such as 203.0.113.7 or 2001:db8::7\n"
