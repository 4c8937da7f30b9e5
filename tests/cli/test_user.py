"""`counter user`: accounts, made and changed with a running service and without one."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counter.accounts import Invitation, Session, User
from counter.passwords import Passwords
from counter.service.service import token_digest
from counter.store.open import open_store
from tests.kit.process import Done, Home, Service, running

LINK = re.compile(r"(http://\S+)/dashboard/welcome/([A-Za-z0-9_-]{43})\n")
PASSWORD = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, "shop", "blog")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(Home(tmp_path_factory.mktemp("user"), "shop", "blog")) as service:
        yield service


def said(home: Home, *words: object) -> str:
    done = home.type("user", *words)
    assert done.code == 0, done
    return done.out


def refused(done: Done, *words: str) -> None:
    """Asked wrongly: exit code 2, and one sentence with `words`."""
    assert (done.code, done.out) == (2, ""), done
    assert done.err.startswith("counter: ")
    assert done.err.count("\n") == 1
    for word in words:
        assert word in done.err


def listed(home: Home) -> dict[str, dict[str, Any]]:
    return {one.pop("login"): one for one in json.loads(said(home, "list", "--json"))}


def matches(home: Home, login: str, password: str) -> bool:
    return asyncio.run(Passwords().matches(home.one("select password from user where login = ?", login), password))


class TestWithoutAService:
    def test_the_first_account_is_made_before_the_service_ever_ran(self, home: Home) -> None:
        link = LINK.fullmatch(said(home, "add", "ann", "--owner"))
        assert link is not None
        assert link[1] == "http://127.0.0.1:8080"
        assert listed(home) == {"ann": {"owner": True, "sites": {}, "password": "link sent", "sessions": 0}}
        assert home.rows("select digest from invitation") == [(token_digest(link[2]),)]

    def test_the_link_has_the_public_address(self, home: Home) -> None:
        home.config.write_text(
            home.config.read_text().replace("[server]\n", '[server]\npublic_url = "http://c.example/x"\n')
        )
        assert said(home, "add", "ann", "--owner").startswith("http://c.example/x/dashboard/welcome/")

    def test_the_first_account_must_be_an_owners(self, home: Home) -> None:
        refused(home.type("user", "add", "ben", "--viewer", "shop"), "first user must be one", "--owner")

    def test_a_password_comes_from_standard_input_and_no_link_is_made(self, home: Home) -> None:
        done = home.type("user", "add", "ann", "--owner", "--password-stdin", stdin=f"{PASSWORD}\n".encode())
        assert done == Done(0, "user ann is made\n", "")
        assert listed(home)["ann"]["password"] == "chosen"
        assert matches(home, "ann", PASSWORD)
        assert home.one("select count(*) from invitation") == 0

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (b"short\n", "has 5 characters"),
            (b"", "has 0 characters"),
            (b"annannannann\n", "only the login"),
            (b"password123\r\n", "commonest"),
            (b"\xff\xfe and nine more\n", "can't be typed"),
        ],
    )
    def test_a_bad_password_is_refused_and_nothing_is_made(self, home: Home, line: bytes, words: str) -> None:
        refused(home.type("user", "add", "ann", "--owner", "--password-stdin", stdin=line), words)
        assert not home.database.exists()

    def test_before_there_is_data_the_list_says_what_to_do(self, home: Home) -> None:
        done = home.type("user", "list")
        assert (done.code, done.out) == (1, "")
        assert "start the service once: counter serve" in done.err

    def test_before_there_are_users_the_list_says_what_to_do(self, home: Home) -> None:
        assert home.type("site", "add", "third").code == 0
        assert said(home, "list") == "there are no users yet; make the first with 'counter user add LOGIN --owner'\n"

    def test_a_login_from_a_tampered_database_can_not_reach_the_terminal(self, home: Home) -> None:
        said(home, "add", "ann", "--owner")
        home.tamper("update user set login = 'a' || char(27) || '[31m' || char(155) || '2J[red]b'")
        shown = said(home, "list")
        assert "\x1b[31m" not in shown
        assert "\x9b" not in shown
        assert "[red]b" in shown


class TestWithAService:
    """One story, in the order of the file: the service knows at once, and what ends, ends at once."""

    def test_accounts_are_made_by_the_running_service(self, live: Service) -> None:
        home = live.home
        said(home, "add", "ann", "--owner")
        said(home, "add", "Ben@x.example", "--admin", "shop", "--viewer", "blog")
        assert listed(home) == {
            "ann": {"owner": True, "sites": {}, "password": "link sent", "sessions": 0},
            "Ben@x.example": {
                "owner": False, "sites": {"shop": "admin", "blog": "viewer"}, "password": "link sent", "sessions": 0,
            },
        }  # fmt: skip

    def test_the_list_is_a_table_for_people(self, live: Service) -> None:
        lines = [re.split(r"\s{2,}", line.strip()) for line in said(live.home, "list").splitlines()]
        assert lines == [
            ["login", "may", "password", "signed in"],
            ["ann", "owner", "link sent", "0"],
            ["Ben@x.example", "admin of shop, viewer of blog", "link sent", "0"],
        ]

    def test_what_can_not_be_is_refused_by_the_service_with_the_same_sentence(self, live: Service) -> None:
        home = live.home
        refused(home.type("user", "add", "ANN", "--owner"), "'ANN' exists already")
        refused(home.type("user", "add", "a b", "--owner"), "'a b'", "1 to 64")
        refused(home.type("user", "add", "eve"), "--owner", "--viewer SITE")
        refused(home.type("user", "add", "eve", "--owner", "--admin", "shop"), "an owner has them all")
        refused(home.type("user", "add", "eve", "--admin", "shop", "--viewer", "shop"), "'shop' is named twice")
        refused(home.type("user", "remove", "ann", "--yes"), "'ann' is the last owner")
        refused(home.type("user", "set", "ann", "--viewer", "shop"), "'ann' is the last owner")
        refused(home.type("user", "set", "eve", "--owner"), "no user 'eve'", "ann, Ben@x.example")
        unknown = home.type("user", "add", "eve", "--viewer", "shoop")
        assert "there is no site 'shoop'; sites: " in unknown.err

    def test_roles_are_said_anew_and_what_is_not_named_is_taken_away(self, live: Service) -> None:
        assert said(live.home, "set", "BEN@x.example", "--admin", "blog") == (
            "user Ben@x.example is admin of blog from now on\n"
        )
        assert listed(live.home)["Ben@x.example"]["sites"] == {"blog": "admin"}

    def test_a_password_is_set_from_standard_input_and_the_link_works_no_longer(self, live: Service) -> None:
        done = live.home.type("user", "reset-password", "ann", "--password-stdin", stdin=f"{PASSWORD}\n".encode())
        assert done.code == 0
        assert "signed out everywhere" in done.out
        assert matches(live.home, "ann", PASSWORD)
        assert listed(live.home)["ann"]["password"] == "chosen"

    def test_a_reset_without_a_password_makes_the_old_one_useless_and_gives_a_link(self, live: Service) -> None:
        done = live.home.type("user", "reset-password", "ann")
        link = LINK.fullmatch(done.out)
        assert link is not None
        assert "the old password works no longer" in done.err
        assert live.home.one("select password from user where login = 'ann'") == ""
        digests = live.home.rows("select digest from invitation i join user u on u.key = user_key where login = 'ann'")
        assert digests == [(token_digest(link[2]),)]
        for line in (live.log, repr(live.home.rows("select * from audit"))):
            assert link[2] not in line

    def test_who_is_removed_is_gone(self, live: Service) -> None:
        assert live.home.type("user", "remove", "ben@x.example", "--yes").out == "user Ben@x.example is removed\n"
        assert list(listed(live.home)) == ["ann"]


async def signed_in(home: Home) -> None:
    """An owner who chose a password, is signed in twice, and has an open link."""
    async with open_store(home.data, "normal", 30) as store:
        ann = await store.accounts.add_user(
            User(0, "ann", owner=True, password="a hash", language="ka", theme="dark"), 1.0
        )
        for number in range(2):
            now = 4_000_000_000  # never over
            await store.accounts.add_session(Session(bytes([number]) * 32, ann.key, now, now))
        await store.accounts.add_invitation(Invitation(b"\x09" * 32, ann.key, 4_000_000_000), 1.0)


@pytest.mark.parametrize("with_service", [False, True])
def test_a_reset_ends_sessions_and_links_and_new_roles_leave_the_rest_alone(home: Home, with_service: bool) -> None:
    asyncio.run(signed_in(home))
    if with_service:
        with running(home):
            change_and_reset(home)
    else:
        change_and_reset(home)


def change_and_reset(home: Home) -> None:
    said(home, "set", "ann", "--owner")
    assert home.rows("select owner, password, language, theme from user") == [(1, "a hash", "ka", "dark")]
    assert listed(home)["ann"]["sessions"] == 2
    assert home.type("user", "reset-password", "ann", "--password-stdin", stdin=f"{PASSWORD}\n".encode()).code == 0
    assert home.rows("select (select count(*) from session), (select count(*) from invitation)") == [(0, 0)]
    assert home.rows("select language, theme from user") == [("ka", "dark")]


@pytest.mark.parametrize("command", ["add", "list", "set", "reset-password", "remove"])
def test_each_command_has_help_with_an_example(home: Home, command: str) -> None:
    done = home.type("user", command, "--help")
    assert done.code == 0
    assert f"Example: counter user {command}" in done.out
