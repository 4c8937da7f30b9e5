"""The commands, as people type them: beside a running service, and alone."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from counter.cli import cli, commands
from counter.cli.commands import SUMMARIES
from tests.kit.process import BOT, BROWSER, ROOT, Done, Home, Service, awake_zone, noon_zone, running

Named = tuple[tuple[str, ...], click.Command]


def all_commands(group: click.Group = cli, above: tuple[str, ...] = ()) -> Iterator[Named]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*above, name), command
        if isinstance(command, click.Group):
            yield from all_commands(command, (*above, name))


COMMANDS = [((), cli), *all_commands()]


class TestHelp:
    @pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(("counter", *path)) for path, _ in COMMANDS])
    def test_every_command_says_what_it_does_with_an_example_that_can_be_typed(
        self, path: tuple[str, ...], command: click.Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = CliRunner().invoke(cli, [*path, "--help"])
        assert shown.exit_code == 0
        assert command.help
        example = (command.epilog or "").partition("Example: counter ")[2]
        assert " ".join(example.split()) in " ".join(shown.output.split())
        # Files of an example need not exist here, and questions are answered.
        monkeypatch.setattr(click.Path, "convert", lambda self, value, param, context: Path(value))
        monkeypatch.setattr("click.core.confirm", lambda *_, **__: True)
        assert typed(shlex.split(example))[: len(path)] == path

    def test_the_list_of_commands_has_each_with_one_line_that_is_whole(self) -> None:
        shown = CliRunner().invoke(cli, ["--help"], terminal_width=80).output
        listed = re.findall(r"^  ([a-z-]+) {2,}(\S.*)$", shown.partition("\nCommands:\n")[2], re.MULTILINE)
        assert listed == list(SUMMARIES.items())
        assert listed == sorted(listed)
        assert all(summary.endswith(".") and not summary.endswith("..") for _, summary in listed)

    def test_every_command_of_the_folder_can_be_called(self) -> None:
        defined = {
            name.replace("_", "-")
            for file in Path(commands.__file__).parent.glob("[a-z]*.py")
            for name in re.findall(
                r"^@click\.(?:command|group)\(.*?^def (\w+)", file.read_text(), re.MULTILINE | re.DOTALL
            )
        }
        assert len(defined) > len(SUMMARIES)
        assert defined - {path[-1] for path, _ in all_commands()} == set()

    @pytest.mark.parametrize(
        ("words", "unneeded"),
        [
            (["--help"], {"aiohttp", "jinja2", "rich", "ua_parser", "plotly", "counter.app", "dashboard"}),
            (["backup", "--help"], {"aiohttp", "jinja2", "rich", "ua_parser", "plotly", "counter.app", "dashboard"}),
            (["site", "--help"], {"ua_parser", "user_agents", "plotly", "dashboard"}),
        ],
        ids=["counter", "backup", "site"],
    )
    def test_a_command_imports_what_it_needs_and_no_more(self, words: list[str], unneeded: set[str]) -> None:
        code = (
            f"import sys; from counter.cli import cli; cli.main({words}, standalone_mode=False);"
            f"print('imported:', *sorted({unneeded} & sys.modules.keys()))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, text=True)
        assert done.stdout.splitlines()[-1] == "imported:"

    def test_the_command_says_its_version(self, tmp_path: Path) -> None:
        assert re.fullmatch(r"counter, version \d+\.\d+\S*\n", Home(tmp_path).run("--version").out)


def typed(words: list[str]) -> tuple[str, ...]:
    """The names of the commands that these words are; a click error when they are none."""
    context = cli.make_context("counter", words)
    group: click.Command = cli
    names: tuple[str, ...] = ()
    while isinstance(group, click.Group):
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert name is not None
        assert command is not None
        context, group, names = command.make_context(name, rest, parent=context), command, (*names, name)
    return names


class TestCheckConfig:
    def test_a_good_file_is_shown_as_it_is_in_force(self, tmp_path: Path) -> None:
        done = Home(tmp_path, "shop", "blog").type("check-config")
        assert (done.code, done.err) == (0, "")
        assert done.out.endswith("config.toml: fine; sites: shop, blog\n")
        assert re.search(r"^counting\.rate_limit_per_minute +0 +hits per minute", done.out, re.MULTILINE)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (
                "[counting]\nvisit_timeout = 30\n",
                r"\[counting\] visit_timeout = 30 is not a setting; .*timeout_minutes",
            ),
            ('[server]\nport = "80"\n', r"\[server\] port = .*80.* is not allowed; it must be an integer from 0"),
            ("[server]\nport = 65536\n", r"\[server\] port = 65536 is not allowed; it must be an integer .* to 65535"),
            ("[sevrer]\nport = 80\n", r"sevrer is not a section; allowed are .*did you mean"),
            (
                '[[sites]]\nid = "a"\ntimezone = "Tbilisi"\n',
                r"timezone = .*Tbilisi.* is not allowed; it must be a time",
            ),
            (
                '[counting]\nignored_networks = ["10.0.0.0/33"]\n',
                r"ignored_networks = .*10\.0\.0\.0/33.* is not allowed",
            ),
            ("[server\n", r"is not TOML: "),
        ],
    )
    def test_a_bad_file_is_a_sentence_with_the_key_the_value_and_what_is_allowed(
        self, text: str, sentence: str, tmp_path: Path
    ) -> None:
        home = Home(tmp_path)
        home.config.write_text(text)
        done = home.type("check-config")
        assert (done.code, done.out) == (2, "")
        assert re.fullmatch(rf"counter: .*config\.toml.*{sentence}.*\n", done.err), done.err

    def test_every_command_refuses_a_bad_file_with_exit_code_2(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        home.config.write_text("[server]\nport = -1\n")
        for words in (("serve",), ("site", "list"), ("totals", "--site", "demo"), ("check",)):
            done = home.type(*words)
            assert (done.code, done.err.count("\n"), done.out) == (2, 1, ""), words

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        home.config.unlink()
        done = home.type("check-config")
        assert done.code == 2
        assert re.fullmatch(r"counter: .*config\.toml: cannot be read: .*\n", done.err)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One running service for everything that leaves it running."""
    with running(Home(tmp_path_factory.mktemp("live"), zone=noon_zone())) as service:
        yield service
        assert service.stop() == 0
        assert "Traceback" not in service.log


@pytest.fixture(params=["service running", "service stopped"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Where a command is given; the sites that tests make in the running service have names of their own."""
    if request.param == "service stopped":
        return Home(tmp_path)
    service: Service = request.getfixturevalue("live")
    return service.home


def said(home: Home, *words: object) -> str:
    done = home.type(*words)
    assert done.code == 0, done
    assert done.err == ""
    return done.out


class TestSite:
    def test_add_set_list_and_remove(self, home: Home) -> None:
        made = said(home, "site", "add", "full", "--name", "ფული", "--host", "A.example", "--host", "b.example",
                    "--timezone", "Asia/Tbilisi", "--first-weekday", "sunday", "--start-count", "2498807",
                    "--query-key", "id", "--hidden")  # fmt: skip
        assert made == "site full is counted from now on, in Asia/Tbilisi, weeks begin on sunday\n"
        listed = line_of(said(home, "site", "list"), "full")
        assert listed == ["full", "ფული", "a.example, b.example", "Asia/Tbilisi", "sunday", "2498807", "no"]
        changed = said(home, "site", "set", "full", "public=true", "hosts=", "start_count=7", "name=Full")
        assert changed == "site full: public = True, hosts = (), start_count = 7, name = 'Full'\n"
        listed = line_of(said(home, "site", "list"), "full")
        assert listed == ["full", "Full", "any", "Asia/Tbilisi", "sunday", "7", "yes"]
        assert said(home, "site", "remove", "full", "--yes") == "site full is removed\n"
        assert line_of(said(home, "site", "list"), "full") == []
        assert home.rows("select count(*) from audit where action in ('site.added', 'site.changed', 'site.removed')"
                         " and detail like '%full%'") == [(3,)]  # fmt: skip

    WRONG = (
        (("add", "demo"), 2, "site 'demo' exists already; change it with 'counter site set demo KEY=VALUE'"),
        (("add", "a b"), 2, "site id = .*a b.* is not allowed; it must be 1 to 64 of .*"),
        (
            ("add", "x", "--timezone", "../../etc/passwd"),
            2,
            "site timezone = .* is not allowed; it must be a time zone.*",
        ),
        (("add", "x", "--host", "http://a/"), 2, "site hosts = .*http://a/.* is not allowed; .*host names.*"),
        (("add", "x", "--first-weekday", "Montag"), 2, "site first_weekday = .*Montag.* is not allowed; .*"),
        (("add", "x", "--start-count", "-1"), 2, "site start_count = -1 is not allowed; .*from 0.*"),
        (("set", "demo", "colour=red"), 2, "'colour=red' is not KEY=VALUE with one of the keys name, hosts, .*"),
        (("set", "demo", "id=other"), 2, "'id=other' is not KEY=VALUE with one of the keys name, hosts, .*"),
        (("set", "demo", "public"), 2, "'public' is not KEY=VALUE with one of the keys name, hosts, .*"),
        (("set", "demo", "public=perhaps"), 2, "site public = .*perhaps.* is not allowed; it must be true or false.*"),
        (("set", "demo", "start_count=many"), 2, "site start_count = .*many.* is not allowed; .*an integer.*"),
        (("set", "nosuch", "public=true"), 1, "there is no site 'nosuch'; sites: demo.*"),
        (("remove", "nosuch", "--yes"), 1, "there is no site 'nosuch'.*"),
        (("token", "nosuch"), 1, "there is no site 'nosuch'; sites: demo.*"),
        (("drops", "nosuch"), 1, "there is no site 'nosuch'; sites: demo.*"),
    )

    @pytest.mark.parametrize(("words", "code", "sentence"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
    def test_what_is_wrong_is_a_sentence_and_nothing_changes(
        self, words: tuple[str, ...], code: int, sentence: str, live: Service
    ) -> None:
        before = live.home.rows("select * from site")
        done = live.home.type("site", *words)
        assert (done.code, done.out) == (code, "")
        assert re.fullmatch(f"counter: {sentence}\n", done.err), done.err
        assert live.home.rows("select * from site") == before

    def test_the_same_sentence_comes_without_a_service(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        said(home, "site", "set", "demo", "name=Demo")
        assert home.type("site", "add", "demo").err.startswith("counter: site 'demo' exists already;")
        assert home.type("site", "remove", "nosuch", "--yes") == Done(1, "", "counter: there is no site 'nosuch'\n")

    def test_remove_asks_first(self, live: Service) -> None:
        done = live.home.run("site", "remove", "demo", stdin=b"n\n")
        assert done.code == 1
        assert "Its numbers stay." in done.out
        assert live.get("/api/v1/totals?site=demo").status == 200

    def test_reading_commands_make_no_data_where_there_is_none(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        shutil.rmtree(home.data)
        for words in (("site", "list"), ("totals", "--site", "demo"), ("check",), ("backup", tmp_path / "b.db")):
            done = home.type(*words)
            assert done.code == 1
            assert re.fullmatch(r"counter: there is no data in .*; start the service once: counter serve\n", done.err)
        assert not home.data.exists()


class TestTheRunningServiceTakesChangesAtOnce:
    def test_a_new_site_takes_hits(self, live: Service) -> None:
        assert live.hit("fresh").status == 404
        said(live.home, "site", "add", "fresh")
        assert live.hit("fresh").counter == "counted"
        assert live.totals("fresh")["all"]["count"] == 1

    def test_a_hidden_site_counts_and_shows_strangers_nothing(self, live: Service) -> None:
        said(live.home, "site", "add", "shy")
        assert live.totals("shy")["all"]["count"] == 0
        said(live.home, "site", "set", "shy", "public=false")
        unknown = live.get("/api/v1/totals?site=nosuch")
        hidden = live.get("/api/v1/totals?site=shy")
        assert hidden.status == unknown.status == 404
        assert hidden.body.replace(b"shy", b"nosuch") == unknown.body
        assert live.hit("shy").counter == "counted"
        said(live.home, "site", "set", "shy", "public=true")
        assert live.totals("shy")["all"]["count"] == 1

    def test_a_removed_site_is_unknown_and_comes_back_with_its_numbers(self, live: Service) -> None:
        said(live.home, "site", "add", "phoenix")
        assert live.hit("phoenix").counter == "counted"
        said(live.home, "site", "remove", "phoenix", "--yes")
        assert live.hit("phoenix").status == 404
        assert live.get("/api/v1/totals?site=phoenix").status == 404
        said(live.home, "site", "add", "phoenix")
        assert live.totals("phoenix")["all"]["count"] == 1
        assert live.hit("phoenix", visitor="203.0.113.8").counter == "counted"
        assert live.totals("phoenix")["all"]["count"] == 2

    def test_start_count_hosts_and_zone_are_in_force(self, live: Service) -> None:
        said(live.home, "site", "add", "moving", "--timezone", noon_zone())
        assert live.hit("moving").counter == "counted"
        said(live.home, "site", "set", "moving", "start_count=2000000", "hosts=a.example")
        assert live.totals("moving")["all"]["count"] == 2_000_001
        assert live.hit("moving", host="b.example").counter == "dropped; reason=foreign_host"
        assert live.hit("moving", host="a.example").counter == "counted"
        today = dt.date.fromisoformat(live.totals("moving")["today"]["from"])
        east = awake_zone("Pacific/Kiritimati", "Asia/Tokyo")
        said(live.home, "site", "set", "moving", f"timezone={east}")
        totals = live.totals("moving")
        assert totals["zone"] == east
        assert dt.date.fromisoformat(totals["today"]["from"]) >= today
        assert (totals["today"]["count"], totals["all"]["count"]) == (1, 2_000_001)
        assert said(live.home, "check").startswith("every number agrees")

    def test_a_token_may_say_when_and_who(self, live: Service) -> None:
        said(live.home, "site", "add", "server-side")
        done = live.home.type("site", "token", "server-side")
        token = done.out.strip()
        assert (done.code, done.err) == (0, "This is shown once. Send it as: Authorization: Bearer TOKEN\n")
        assert re.fullmatch(r"counter_[\w-]{43}", token)
        then = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)).replace(microsecond=0, tzinfo=None)
        fields = {"time": f"{then}Z", "ip": "198.51.100.9", "user_agent": BROWSER}
        assert live.hit("server-side", id="told", token=token, **fields).counter == "counted"
        assert live.hit("server-side", id="forged", token=token[:-1], **fields).status == 401
        rows = live.home.rows("select hit_id, time_utc, ip from hit_log where site = 'server-side'")
        assert rows == [("told", str(then), "198.51.100.9")]
        assert token.encode() not in live.home.database.read_bytes()

    def test_pages_have_start_counts_of_their_own(self, live: Service) -> None:
        said(live.home, "site", "add", "readmes")
        none = said(live.home, "site", "start", "list", "readmes")
        assert none.startswith("no page of site readmes has a start count; give one with 'counter site start set")
        told = said(live.home, "site", "start", "set", "readmes", "/pro//file?a=1", "1234")
        assert told == "the page /pro/file of site readmes starts at 1,234\n"
        lines = said(live.home, "site", "start", "list", "readmes").splitlines()
        assert [line.split() for line in lines] == [["page", "starts", "at"], ["/pro/file", "1,234"]]
        badge = live.get("/badge/readmes.svg?count=1&path=/pro/file&scope=page&lang=en&label=Views").body.decode()
        assert '<title id="title">Views: 1,235</title>' in badge
        wrong = live.home.type("site", "start", "set", "readmes", "/x", str(10**17))
        assert (wrong.code, "it must be 0 to" in wrong.err) == (2, True)
        assert said(live.home, "site", "start", "remove", "readmes", "/pro/file").endswith(" starts at 0\n")
        again = live.home.type("site", "start", "remove", "readmes", "/pro/file")
        assert (again.code, again.err) == (2, "counter: the page '/pro/file' has no start count\n")

    def test_goals_are_made_listed_and_removed(self, live: Service) -> None:
        said(live.home, "site", "add", "aiming")
        nothing = said(live.home, "site", "goal", "list", "aiming")
        assert nothing.startswith("site aiming has no goals yet; make one with 'counter site goal add aiming")
        made = said(live.home, "site", "goal", "add", "aiming", "Read the [blog]", "--page", "/blog/*")
        assert made == "goal 'Read the [blog]' of site aiming: page /blog/*\n"
        said(live.home, "site", "goal", "add", "aiming", "Signed up", "--event", "signup")
        lines = [
            re.split(r" {2,}", line.strip()) for line in said(live.home, "site", "goal", "list", "aiming").splitlines()
        ]
        assert lines == [
            ["name", "is", "pattern"],
            ["Read the [blog]", "page", "/blog/*"],
            ["Signed up", "event", "signup"],
        ]
        again = live.home.type("site", "goal", "add", "aiming", "Signed up", "--event", "x")
        assert (again.code, "'Signed up' exists already" in again.err) == (2, True)
        neither = live.home.type("site", "goal", "add", "aiming", "Nothing")
        assert (neither.code, neither.err) == (2, "counter: a goal is either --page PATTERN or --event PATTERN\n")
        assert (
            said(live.home, "site", "goal", "remove", "aiming", "Signed up")
            == "goal 'Signed up' of site aiming is removed\n"
        )
        assert "Signed up" not in said(live.home, "site", "goal", "list", "aiming")

    def test_drops_say_why_hits_were_not_counted(self, live: Service) -> None:
        said(live.home, "site", "add", "picky", "--host", "picky.example", "--timezone", noon_zone())
        assert said(live.home, "site", "drops", "picky") == "nothing was dropped in 30 days\n"
        for _ in range(3):
            assert live.hit("picky", agent=BOT).counter == "dropped; reason=bot"
        assert live.hit("picky", host="other.example").counter == "dropped; reason=foreign_host"
        live.until(lambda: len(said(live.home, "site", "drops", "picky").splitlines()) == 3)
        today = live.totals("picky")["today"]["from"]
        found = [line.split() for line in said(live.home, "site", "drops", "picky", "--days", "1").splitlines()[1:]]
        assert found == [[today, "bot", "3"], [today, "foreign_host", "1"]]

    def test_an_imported_log_is_counted_by_the_services_own_writer(self, live: Service) -> None:
        said(live.home, "site", "add", "logged")
        lines = [
            f'203.0.113.{number} - - [29/Mar/2024:10:{number:02}:00 +0000] "GET / HTTP/1.1" 200 5 "-" "{BROWSER}"\n'
            for number in range(40)
        ]
        log = live.home.folder / "logged.log"
        log.write_text("".join(lines))
        before = written(live)
        done = live.home.run("import-log", "--site", "logged", log)
        assert (done.code, done.numbers) == (0, {"counted": 40, "read": 40})
        assert live.totals("logged")["all"]["count"] == 40
        assert written(live) == before + 40
        assert said(live.home, "check").startswith("every number agrees")


def written(service: Service) -> int:
    found = re.search(r"^counter_events_written_total (\S+)$", service.get("/metrics").body.decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def line_of(table: str, name: str) -> list[str]:
    """The cells of the line that begins with `name`."""
    lines = (re.split(r" {2,}", line.strip()) for line in table.splitlines())
    return next((cells for cells in lines if cells[0] == name), [])


class TestTotals:
    def test_text_and_json_are_what_the_service_answers(self, tmp_path: Path) -> None:
        home = Home(tmp_path, zone=noon_zone())
        with Service(home) as service:
            for number in range(5):
                service.hit(path=f"/{number % 2}", visitor=f"203.0.113.{number % 3}")
            said(home, "site", "set", "demo", "start_count=1000")
            service.stop()
        with Service(home) as service:  # who is online is counted when it starts
            for metric, count in (("visits", 3), ("visitors", 3), ("pageviews", 5)):
                answered = service.totals(metric=metric)
                printed = home.run if metric == "visits" else home.type
                done = printed("totals", "--site", "demo", "--metric", metric, "--json")
                assert timeless(printed_json(done)) == timeless(answered)
                assert (answered["today"]["count"], answered["all"]["count"]) == (count, 1000 + count)
                assert answered["online"] == 3
                text = said(home, "totals", "--site", "demo", "--metric", metric)
                for name in ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "all"):
                    line = answered[name]
                    cells = [name.replace("_", " "), f"{line['count']:,}", line["from"], line["to"]]
                    assert line_of(text, cells[0]) == [cell for cell in cells if cell]
                assert re.search(rf"^3 online, \S+ \S+ in {re.escape(noon_zone())}$", text, re.MULTILINE)
            service.stop()
        stopped = printed_json(home.type("totals", "--site", "demo", "--json"))
        assert stopped["all"] == answered["all"] | {"count": 1003}

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (("--site", "nosuch"), 1, "counter: there is no site 'nosuch'; sites: demo"),
            (("--site", "demo", "--metric", "hits"), 2, "'hits' is not one of 'visits', 'visitors', 'pageviews'"),
            ((), 2, "Missing option '--site'"),
        ],
    )
    def test_a_wrong_question_gets_a_sentence(
        self, words: tuple[str, ...], code: int, sentence: str, live: Service
    ) -> None:
        done = live.home.type("totals", *words)
        assert (done.code, done.out) == (code, "")
        assert sentence in done.err


def printed_json(done: Done) -> dict[str, Any]:
    assert done.code == 0, done
    return json.loads(done.out)  # type: ignore[no-any-return]


def timeless(totals: dict[str, Any]) -> dict[str, Any]:
    """Totals without the moment they were taken at."""
    return {key: value for key, value in totals.items() if key not in {"generated_at", "local_time"}}


class TestOneServiceOnOneData:
    def test_a_second_service_refuses_with_a_sentence_and_the_first_goes_on(self, live: Service) -> None:
        done = live.home.run("serve", "--port", "0")
        assert (done.code, done.out) == (1, "")
        sentence = f"counter: the data in .* is in use by process {live.process.pid}; stop it first, or use another .*"
        assert re.fullmatch(sentence, done.err.splitlines()[-1]), done.err
        assert "Traceback" not in done.err
        assert live.hit(id="still-here").counter == "counted"
        said(live.home, "site", "set", "demo", "name=Demo")  # its command socket is still there, too

    def test_a_port_that_is_taken_is_a_sentence(self, live: Service, tmp_path: Path) -> None:
        done = Home(tmp_path).run("serve", "--port", live.port)
        assert (done.code, done.out) == (2, "")
        assert done.err.splitlines()[-1].startswith(f"counter: can't listen on 127.0.0.1 port {live.port}: ")
        assert "Traceback" not in done.err


class TestBackup:
    def test_a_backup_while_hits_go_on_holds_all_that_was_acknowledged_before(self, tmp_path: Path) -> None:
        home, target = Home(tmp_path), tmp_path / "backups" / "counter.db"
        target.parent.mkdir()
        acknowledged: list[str] = []
        enough = threading.Event()

        def visit(service: Service, who: int) -> None:
            for number in range(100_000):
                hit_id = f"{who}-{number}"
                if enough.is_set() or service.hit(id=hit_id, visitor=f"203.0.113.{who}").counter != "counted":
                    break
                acknowledged.append(hit_id)

        with Service(home) as service:
            threads = [threading.Thread(target=visit, args=(service, who)) for who in range(3)]
            for thread in threads:
                thread.start()
            service.until(lambda: len(acknowledged) > 100)
            before = list(acknowledged)
            done = home.type("backup", target)
            enough.set()
            for thread in threads:
                thread.join()
            assert done.code == 0, done
            assert done.out == f"{target}: {target.stat().st_size:,} bytes\n"
            again = home.type("backup", target)
            assert (again.code, again.out) == (1, "")
            assert re.fullmatch(r"counter: .*counter\.db exists; name a new file, .*\n", again.err)
            service.stop()
        assert list(target.parent.iterdir()) == [target]
        assert target.stat().st_mode & 0o777 == 0o600
        copy = sqlite3.connect(target)
        assert copy.execute("pragma quick_check").fetchone() == ("ok",)
        held = {row[0] for row in copy.execute("select hit_id from hit_log")}
        copy.close()
        assert set(before) <= held <= set(acknowledged)

        moved = Home(tmp_path / "backups")  # a fresh machine
        assert moved.type("restore", target).code == 0
        with Service(moved) as service:
            assert service.totals(metric="pageviews")["all"]["count"] == len(held)
            assert service.hit(id=before[0]).counter == "duplicate"
            assert service.hit(id="after").counter == "counted"
            assert moved.one("pragma journal_mode") == "wal"
            service.stop()
        assert moved.type("check").code == 0

    def test_a_folder_that_is_not_there_is_a_sentence_and_leaves_nothing(self, live: Service, tmp_path: Path) -> None:
        done = live.home.type("backup", tmp_path / "nowhere" / "b.db")
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"counter: the backup to .*nowhere/b\.db failed: .*\n", done.err)
        assert list(tmp_path.iterdir()) == []


class TestRestore:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Home:
        """Two sites, and a backup of the time when there was one."""
        home = Home(tmp_path)
        said(home, "site", "set", "demo", "name=Demo")
        said(home, "backup", tmp_path / "one.db")
        said(home, "site", "add", "second")
        return home

    def test_it_replaces_data_only_when_forced_and_keeps_them(self, home: Home) -> None:
        done = home.type("restore", home.folder / "one.db")
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(
            r"counter: .*counter\.db exists; --force replaces it and keeps it under another name\n", done.err
        )
        assert "second" in said(home, "site", "list")
        kept_as = re.search(r"what was there is now (\S+/counter\.db\.replaced-\d{8}T\d{6}Z)\n",
                            said(home, "restore", "--force", home.folder / "one.db"))  # fmt: skip
        assert kept_as is not None
        assert "second" not in said(home, "site", "list")
        kept = sqlite3.connect(kept_as[1])
        assert kept.execute("select id from site order by 1").fetchall() == [("demo",), ("second",)]
        kept.close()
        assert list(home.data.glob("*.part")) == []

    def test_it_refuses_while_the_service_runs(self, live: Service, home: Home) -> None:
        before = live.home.database.stat().st_ino
        done = live.home.type("restore", "--force", home.folder / "one.db")
        assert (done.code, done.out) == (1, "")
        assert f"is in use by process {live.process.pid}; stop it first" in done.err
        assert live.home.database.stat().st_ino == before
        assert live.hit().counter == "counted"

    @pytest.mark.parametrize("junk", ["text", "nothing", "another program's", "cut", "damaged", "missing"])
    def test_it_refuses_what_is_no_backup_and_leaves_the_data_alone(self, junk: str, home: Home) -> None:
        good = (home.folder / "one.db").read_bytes()
        file = home.folder / "junk.db"
        if junk == "another program's":
            other = sqlite3.connect(file)
            other.execute("create table song (name text)")
            other.close()
        elif junk != "missing":
            page = 4096 * 5
            file.write_bytes({
                "text": b"date,visits\n" * 1000, "nothing": b"", "cut": good[: len(good) // 2],
                "damaged": good[:page] + b"\xa5" * 4096 + good[page + 4096 :],
            }[junk])  # fmt: skip
        before = home.database.read_bytes()
        done = home.type("restore", "--force", file)
        assert done.code in {1, 2}
        assert done.out == ""
        assert "junk.db" in done.err or "backup" in done.err
        assert home.database.read_bytes() == before
        assert {path.name for path in home.data.glob("counter.db*")} == {"counter.db"}
        assert "second" in said(home, "site", "list")

    def test_the_log_of_a_database_that_was_lost_is_not_played_onto_the_backup(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        with Service(home) as service:
            service.hit(id="old")
            said(home, "backup", tmp_path / "old.db")
            for number in range(20):
                service.hit("demo", f"/{number}", id=f"new-{number}", visitor=f"203.0.113.{number}")
            service.kill()
        home.database.unlink()
        said(home, "restore", "--force", tmp_path / "old.db")
        assert said(home, "check").startswith("every number agrees")
        assert home.rows("select hit_id from hit_log") == [("old",)]
        assert home.one("pragma integrity_check") == "ok"


class TestCheck:
    @pytest.fixture(scope="class")
    @classmethod
    def counted(cls, tmp_path_factory: pytest.TempPathFactory) -> Home:
        """A stopped service's data with a few visits."""
        home = Home(tmp_path_factory.mktemp("counted"), zone=noon_zone())
        with Service(home) as service:
            for number in range(12):
                service.hit(path=f"/{number % 3}", visitor=f"203.0.113.{number % 5}")
            service.stop()
        return home

    @pytest.mark.parametrize(
        ("table", "harm"),
        [
            ("rollup_day", "update rollup_day set pageviews = pageviews + 1 where dimension = 1 and pageviews > 0"),
            ("rollup_day", "delete from rollup_day where dimension = 12"),
            ("rollup_month", "update rollup_month set visitors = 0"),
            ("total_hour", "update total_hour set seconds = seconds + 60"),
            ("total_day", "update total_day set visits = visits + 100000"),
            ("total_day", "delete from total_day"),
            ("total_day", "update total_day set logged = logged + 1"),
        ],
    )
    def test_a_planted_difference_is_found_named_and_mended(self, table: str, harm: str, counted: Home) -> None:
        right = counted.rows(f"select * from {table} order by 1, 2, 3")
        assert counted.tamper(harm) > 0
        found = counted.type("check")
        assert found.code == 1, found
        assert re.search(rf"^{table} site 1 day \d+ .*: stored .*, counted ", found.out, re.MULTILINE)
        assert found.out.endswith("mend them with: counter check --repair\n")
        mended = counted.type("check", "--repair")
        assert mended.code == 0
        assert re.search(r"^\d+ numbers were mended$", mended.out, re.MULTILINE)
        assert said(counted, "check").startswith("every number agrees with the raw rows")
        assert counted.rows(f"select * from {table} order by 1, 2, 3") == right

    @pytest.fixture
    def own(self, counted: Home, tmp_path: Path) -> Home:
        """A copy, for harm that is not undone."""
        home = Home(tmp_path)
        shutil.copytree(counted.data, home.data, dirs_exist_ok=True)
        return home

    def test_what_would_fall_is_said_and_the_old_totals_are_noted_without_a_service_too(self, own: Home) -> None:
        """T-41."""
        assert own.tamper("delete from event where id > 1") > 0
        found = own.type("check")
        assert re.search(r"^\d+ of them would fall: if raw rows were lost, a backup has", found.out, re.MULTILINE)
        assert own.type("check", "--repair").code == 0
        notes = own.rows("select detail from audit where action = 'day.mended' order by id desc limit 1")
        assert len(notes) == 1, notes
        assert re.match(r"\d{4}-\d\d-\d\d: pageviews \d+ to 1, visits \d+ to 1", notes[0][0])
        assert said(own, "check").startswith("every number agrees")

    def test_a_file_with_a_destroyed_index_is_not_said_to_agree(self, own: Home) -> None:
        """T-31, T-41: every number agrees, and no hit can be stored."""
        root = own.one("select rootpage from sqlite_schema where name = 'sqlite_autoindex_hit_id_1'")
        size = own.one("pragma page_size")
        with own.database.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * size)
        for words in (("check",), ("check", "--repair")):
            done = own.type(*words)
            assert done.code == 1
            assert "the database file is damaged" in done.err
            assert "agrees" not in done.out

    def test_a_running_service_mends_and_shows_it_at_once(self, counted: Home) -> None:
        assert counted.tamper("update total_day set visits = visits + 100000") > 0
        with Service(counted) as service:
            assert service.totals()["all"]["count"] == 100_005
            assert counted.type("check").code == 1
            assert counted.type("check", "--repair").code == 0
            assert service.totals()["all"]["count"] == 5
            assert said(counted, "check").startswith("every number agrees")
            service.stop()
