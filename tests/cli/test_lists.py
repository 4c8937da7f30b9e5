"""The owner's list of referrer spam: fetched, checked, put in force while the service runs."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from counter.app import Intervals
from counter.cli import cli
from counter.cli.download import REDIRECTS
from counter.cli.lists import LARGEST
from counter.collect.agents.useragent import UserAgents
from counter.collect.lists import SpamReferrers, read_hosts, spam_file, write_hosts
from counter.collect.screen import LOG_STEPS, STEPS, Candidate, Rules, screen, spam_referrer
from counter.errors import CounterError
from counter.event import Hit, Via
from counter.site import ActiveSite, Site
from tests.kit.app import BOT, BROWSER, HANG, NOON, Start, stop
from tests.kit.process import Home

LIST = "# spam\nevil.example\nWWW.Bad.Example.\nbücher.example\n\nseo-offer.example # bought\n"
PAGE = "<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>\nexample.com\n</body>\n</html>\n"


class Server:
    """What the list's server answers; a test puts the answer there."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: web.Response(text=LIST)
        self.wait = 0.0  # seconds before the second half of a slow answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self.wait:
            return self.answer(request)
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"evil.example\n")
        await asyncio.sleep(self.wait)
        return answer


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.handle)
    async with TestServer(app) as running:
        server.url = str(running.make_url("/list.txt"))
        yield server


async def counter_lists(folder: Path, *words: str) -> Result:
    """`counter lists ...`, beside the loop that serves the list."""
    argv = ["--config", str(folder / "config.toml"), "lists", *words]
    async with asyncio.timeout(HANG):
        return await asyncio.to_thread(CliRunner().invoke, cli, argv)


def configure(folder: Path, url: str) -> Path:
    """A configuration with that list; returns where the list will stand."""
    (folder / "config.toml").write_text(f'[storage]\npath = "data"\n[lists]\nspam_referrers_url = "{url}"\n')
    return spam_file(folder / "data")


# Updating ---------------------------------------------------------------------------------------------------------


async def test_a_list_is_fetched_checked_and_kept_as_plain_hosts(tmp_path: Path, server: Server) -> None:
    file = configure(tmp_path, server.url)
    done = await counter_lists(tmp_path, "update")
    assert (done.exit_code, done.stdout) == (0, "4 hosts of referrer spam: 4 new, 0 gone\n")
    assert read_hosts(file.read_text()).hosts == {
        "evil.example", "bad.example", "xn--bcher-kva.example", "seo-offer.example",
    }  # fmt: skip
    assert file.read_text().startswith("# ")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_an_update_says_how_many_hosts_are_new_and_gone(tmp_path: Path, server: Server) -> None:
    configure(tmp_path, server.url)
    await counter_lists(tmp_path, "update")
    server.answer = lambda _: web.Response(text="evil.example\nnew.example\n")
    assert (await counter_lists(tmp_path, "update")).stdout == "2 hosts of referrer spam: 1 new, 3 gone\n"
    assert (await counter_lists(tmp_path, "update")).stdout == "2 hosts of referrer spam: 0 new, 0 gone\n"


async def test_lines_that_are_no_hosts_are_counted_and_named(tmp_path: Path, server: Server) -> None:
    configure(tmp_path, server.url)
    server.answer = lambda _: web.Response(text="a.example\nb.example\nc.example\nnot a host\n\x1b[31mcom\n")
    done = await counter_lists(tmp_path, "update")
    assert done.stdout == (
        "3 hosts of referrer spam: 3 new, 0 gone\n"
        "2 lines are no host and left out: line 4 'not a host', line 5 '\\x1b[31mcom'\n"
    )


async def test_a_redirect_is_followed_and_a_compressed_list_is_read(tmp_path: Path, server: Server) -> None:
    def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/list.txt":
            raise web.HTTPFound("/moved.txt")
        response = web.Response(text=LIST)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    configure(tmp_path, server.url)
    server.answer = answer
    assert (await counter_lists(tmp_path, "update")).exit_code == 0


def redirect(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"/{int(request.path.strip('/') or 0) + 1}" if request.path != "/list.txt" else "/1")


def to_a_file(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("file:///etc/passwd")


WRONG: list[tuple[Callable[[web.Request], web.StreamResponse], str]] = [
    (lambda _: web.Response(status=404, text=LIST), "answered HTTP 404; is [lists] spam_referrers_url right?"),
    (lambda _: web.Response(status=500), "answered HTTP 500."),
    (lambda _: web.Response(status=204), "answered HTTP 204."),
    (
        lambda _: web.Response(body=b"evil.example\n" * (LARGEST // 13 + 1)),
        f"has {LARGEST // 13 * 13 + 13:,} bytes, and",
    ),
    (lambda _: web.Response(text=PAGE), "is no list of hosts: 6 lines are none, such as line 1 '<!DOCTYPE html>'"),
    (lambda _: web.Response(text=""), "is empty."),
    (lambda _: web.Response(text="# nothing\n\n"), "is empty."),
    (lambda _: web.Response(body=bytes(range(256)) * 40), "is no list of hosts"),
    (redirect, f"redirects more than {REDIRECTS} times"),
    (to_a_file, "redirects to what is not http or https"),
]


@pytest.mark.parametrize(("answer", "sentence"), WRONG, ids=[sentence[:24] for _, sentence in WRONG])
async def test_what_is_no_list_is_a_sentence_and_the_old_list_stays(
    tmp_path: Path, server: Server, answer: Callable[[web.Request], web.StreamResponse], sentence: str
) -> None:
    file = configure(tmp_path, server.url)
    write_hosts(file, ["old.example"])
    before = file.read_bytes()
    server.answer = answer
    done = await counter_lists(tmp_path, "update")
    assert isinstance(done.exception, CounterError)
    assert f"{server.url} {sentence}" in str(done.exception)
    assert "The old list stays" in str(done.exception)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_a_server_that_takes_its_time_is_left(tmp_path: Path, server: Server) -> None:
    file = configure(tmp_path, server.url)
    server.wait = HANG
    done = await counter_lists(tmp_path, "update", "--timeout", "0.5")
    assert isinstance(done.exception, CounterError)
    assert str(done.exception) == f"{server.url} took too long; try again. The old list stays."
    assert not file.exists()


async def test_nobody_there_is_a_sentence_without_what_is_secret(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, and it does not listen: no other test can open this port meanwhile
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        configure(tmp_path, f"http://me:password@127.0.0.1:{port}/list.txt?token=secret")
        done = await counter_lists(tmp_path, "update")
    assert isinstance(done.exception, CounterError)
    sentence = str(done.exception)
    assert sentence.startswith(f"http://127.0.0.1:{port}/list.txt can't be reached: ")
    assert "password" not in sentence
    assert "secret" not in sentence


def test_without_an_address_the_command_says_what_to_set(tmp_path: Path) -> None:
    done = Home(tmp_path).type("lists", "update")
    assert done.code == 2
    assert "counter: no list is set: give [lists] spam_referrers_url" in done.err


def test_a_disk_that_refuses_is_a_sentence_and_the_old_list_stays(tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("a file in the folder's place")
    with pytest.raises(CounterError, match=r"spam_referrers\.txt can't be written: "):
        write_hosts(spam_file(tmp_path), ["a.example"])


# Showing ----------------------------------------------------------------------------------------------------------


async def test_show_tells_count_age_and_address(tmp_path: Path, server: Server) -> None:
    file = configure(tmp_path, server.url)
    assert "never loaded; run: counter lists update" in (await counter_lists(tmp_path, "show")).stdout
    await counter_lists(tmp_path, "update")
    os.utime(file, (NOON, NOON))
    shown = (await counter_lists(tmp_path, "show")).stdout.splitlines()
    assert shown[0] == "hosts   4"
    assert shown[1].startswith("age     ")
    assert shown[1].endswith(" days, of 2024-11-21 12:00 UTC")
    assert shown[2:] == [f"url     {server.url}", f"file    {file}"]


# The owner's sources ----------------------------------------------------------------------------------------------


async def test_a_service_knows_the_owners_sources(start: Start, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('[social]\n"Our forum" = ["forum.example"]\n')
    counter = await start(lists={"sources": "ours.toml"})
    await counter.hit(referrer="https://a.forum.example/topic")
    await counter.hit(referrer="https://www.google.com/", ip="203.0.113.9")
    await counter.hit(path="/?gclid=SECRET&page=2", ip="203.0.113.10")
    stored = [(hit["source"], hit["channel"]) for hit in counter.hits()]
    assert stored == [("Our forum", "social"), ("Google", "search"), ("Google", "campaign")]
    assert not any("SECRET" in str(value) for hit in counter.hits() for value in hit.values())


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_a_mistake_in_the_owners_sources_stops_the_start_with_a_sentence(tmp_path: Path, command: str) -> None:
    home = Home(tmp_path)
    (tmp_path / "ours.toml").write_text('[social]\n"Our forum" = ["forum"]\n')
    home.config.write_text(home.config.read_text() + '[lists]\nsources = "ours.toml"\n')
    done = home.type(command)
    assert done.code == 2
    assert done.err == (
        f'counter: {tmp_path / "ours.toml"}: [social] "Our forum": "forum" is not a host, such as example.com or'
        " example.*.\n"
    )


# The list ---------------------------------------------------------------------------------------------------------

# a referrer's host, whether it is on the list
MATCHES = [
    ("evil.example", True),
    ("sub.evil.example", True),
    ("a.b.evil.example", True),
    ("notevil.example", False),
    ("evil.example.org", False),
    ("example", False),
    ("evil", False),
    ("xn--bcher-kva.example", True),
    ("bad.example", True),
    ("", False),
]


@pytest.mark.parametrize(("host", "listed"), MATCHES)
def test_a_host_is_listed_by_itself_or_by_one_above_it(host: str, listed: bool) -> None:
    assert (host in SpamReferrers(read_hosts(LIST).hosts)) == listed


@pytest.mark.parametrize(
    "line", ["com", "www.com", "a b.example", "http://a.example", "a.example/x", "a@b.example", "192.0.2.1", "[::1]",
             "a..example", "*.example.com", "0.0.0.0 a.example", "a.example:80", "x" * 400]
)  # fmt: skip
def test_a_line_that_is_no_host_lists_nothing(line: str) -> None:
    found = read_hosts(f"{line}\n")
    assert found.hosts == frozenset()
    assert [bad.number for bad in found.bad] == [1]


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=300))
def test_any_text_is_read_and_what_was_read_is_read_the_same_again(text: str) -> None:
    """T-16."""
    hosts = read_hosts(text).hosts
    again = read_hosts("\n".join(hosts))
    assert again.hosts == hosts
    assert not again.bad
    assert all("." in host and len(host) <= 253 for host in hosts)


def test_a_list_that_cannot_be_read_leaves_the_one_in_force_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "list.txt"
    write_hosts(file, ["evil.example"])
    spam = SpamReferrers.of_file(file)
    file.unlink()
    file.mkdir()
    assert [spam.renew(), spam.renew()] == [False, False]
    assert "evil.example" in spam
    assert [line.levelname for line in caplog.records].count("WARNING") == 1
    file.rmdir()
    assert [spam.renew(), spam.renew()] == [True, False]
    assert len(spam) == 0


# Screening --------------------------------------------------------------------------------------------------------

AGENTS = UserAgents()


def question(referrer: str, *hosts: str, host: str = "", agent: str = BROWSER) -> Candidate:
    hit = Hit("demo", "/", int(NOON), "198.51.100.7", agent, Via.SNIPPET, host=host, referrer=referrer)
    return Candidate(hit, ActiveSite(Site(1, "demo", "Demo", hosts)), AGENTS.look_up(agent), 0.0)


RULES = Rules(spam=SpamReferrers({"evil.example", "example.com"}))


def test_the_list_is_asked_last() -> None:
    assert STEPS[-2] is LOG_STEPS[-1] is spam_referrer, "what remembers a fetch comes after all questions"
    assert screen(STEPS, RULES, question("https://evil.example/", agent=BOT)) == "bot"
    assert screen(LOG_STEPS, RULES, question("https://evil.example/", agent=BOT)) == "bot"
    assert (
        screen(STEPS, RULES, question("https://evil.example/", "shop.example", host="other.example")) == "foreign_host"
    )
    assert screen(STEPS, RULES, question("https://evil.example/")) == "spam_referrer"
    assert screen(LOG_STEPS, RULES, question("https://evil.example/")) == "spam_referrer"


@pytest.mark.parametrize(
    ("asked", "dropped"),
    [
        (question("https://evil.example/buy?now"), True),
        (question("HTTP://WWW.Evil.Example:8080/"), True),
        (question("https://a.evil.example/"), True),
        (question("https://notevil.example/"), False),
        (question("https://good.example/?evil.example"), False),
        (question("android-app://evil.example"), False),
        (question(""), False),
        (question("https://example.com/"), True),
        (question("https://example.com/", "example.com"), False),
        (question("https://www.example.com/", "example.com"), False),
        (question("https://example.com/", "www.example.com"), False),
        (question("https://a.example.com/", "*.example.com"), False),
        (question("https://www.example.com/", host="example.com"), False),
    ],
)
def test_a_listed_referrer_is_dropped_unless_it_is_the_sites_own(asked: Candidate, dropped: bool) -> None:
    assert spam_referrer(RULES, asked) == ("spam_referrer" if dropped else None)
    assert spam_referrer(Rules(), asked) is None


async def test_a_running_service_takes_a_new_list_up_and_drops_its_referrers(
    start: Start, tmp_path: Path, server: Server
) -> None:
    counter = await start(intervals=Intervals(lists=0.01), lists={"spam_referrers_url": server.url})
    assert await counter.outcome(referrer="https://sub.evil.example/") == "counted"
    assert (await counter_lists(tmp_path, "update")).exit_code == 0
    async with asyncio.timeout(HANG):
        while not len(counter.service.pipeline.rules.spam):
            await asyncio.sleep(0.01)
    answer = await counter.hit(referrer="https://sub.evil.example/", ip="203.0.113.9")
    assert (answer.status, answer.headers["X-Counter"]) == (202, "dropped; reason=spam_referrer")
    assert await counter.outcome(referrer="https://good.example/", ip="203.0.113.10") == "counted"
    assert await counter.drops() == {"spam_referrer": 1}
    assert len(counter.hits()) == 2


async def test_a_service_starts_with_the_list_that_is_there(start: Start, tmp_path: Path) -> None:
    await stop(await start())
    await asyncio.to_thread(write_hosts, spam_file(tmp_path / "data"), ["evil.example"])
    counter = await start()
    assert await counter.outcome(referrer="https://evil.example/") == "spam_referrer"


def test_an_import_drops_what_is_listed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_hosts(spam_file(home.data), ["evil.example"])
    line = f'198.51.100.7 - - [21/Nov/2024:12:00:00 +0000] "GET /%s HTTP/1.1" 200 5 "https://%s/" "{BROWSER}"\n'
    log = tmp_path / "access.log"
    log.write_text(line % ("a", "www.evil.example") + line % ("b", "good.example"))
    home.type("site", "add", "demo")
    done = home.type("import-log", "--site", "demo", log)
    assert done.code == 0, done.err
    assert done.numbers["counted"] == 1
    assert done.numbers["dropped: spam_referrer"] == 1
