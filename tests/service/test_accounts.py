"""Accounts of a running service: what it knows of them at once, and how passwords are chosen, kept and compared."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing

import msgspec
import pytest
from argon2 import PasswordHasher

from counter.accounts import Invitation, Role, Session, User, check_login, check_password
from counter.app import housekeeping
from counter.errors import BadInput
from counter.passwords import Passwords
from counter.service.accounts import AccountBook, new_secret
from counter.service.service import token_digest
from tests.kit.app import NOON, Counter, Start, stop

DAY = 86_400
HASH = "$argon2id$v=19$m=8,t=1,p=1$c2VjcmV0IHNhbHQ$c2VjcmV0IGRpZ2VzdA"
BROWSER, PHONE, LINK = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
ANN = User(1, "ann", owner=True)
BEN = User(2, "Ben", access={7: Role.VIEWER})


@pytest.fixture
def cheap() -> Passwords:
    return Passwords(time_cost=1, memory_kib=8)


async def add_ann(counter: Counter) -> User:
    made = await counter.service.store.accounts.add_user(User(0, "ann", owner=True, password=HASH), NOON)
    await counter.service.reload_accounts()
    return made


class TestNames:
    @pytest.mark.parametrize("login", ["a", "Ann", "ann@shop.example", "a.b_c+d-e", "7" * 64])
    def test_a_login_is_kept_as_it_was_typed(self, login: str) -> None:
        assert check_login(login) == login

    @pytest.mark.parametrize(
        "login", ["", "a b", "a" * 65, "ann\n", "ანი", "a\x00", "<b>", "\u212a", "\ud800", "a\u202eb"]
    )
    def test_another_login_is_refused_with_what_it_is_and_what_is_allowed(self, login: str) -> None:
        with pytest.raises(
            BadInput, match=re.escape(f"the login is {login[:80]!r}, it must be 1 to 64 of the")
        ) as caught:
            check_login(login)
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize(
        "password", ["ten-signs!", "x y z x y z", "annannann7", "ძნელი პაროლი", "a" * 255 + "b", "correct horse"]
    )
    def test_a_password_of_10_to_256_characters_is_taken(self, password: str) -> None:
        check_password(password, "ann")

    @pytest.mark.parametrize(
        ("password", "words"),
        [
            ("", "has 0 characters, it must have 10 to 256"),
            ("nine-sign", "has 9 characters"),
            ("x" * 257, "has 257 characters"),
            ("annANNannAnn", "only the login"),
            ("Password123", "one of the commonest"),
            ("1234567890", "one of the commonest"),
            ("line\nbreaks and more", "can't be typed"),
            ("\ud800 and nine more", "can't be typed"),
        ],
    )
    def test_what_is_guessed_first_is_refused_and_the_sentence_does_not_tell_it(
        self, password: str, words: str
    ) -> None:
        with pytest.raises(BadInput, match=words) as caught:
            check_password(password, "Ann")
        assert not password or password not in str(caught.value)


class TestRoles:
    def test_an_owner_is_one_on_every_site(self) -> None:
        assert (ANN.role(7), ANN.role(99)) == (Role.OWNER, Role.OWNER)

    def test_others_are_what_they_are_on_each_site(self) -> None:
        assert (BEN.role(7), BEN.role(8)) == (Role.VIEWER, None)


class TestBook:
    @pytest.mark.parametrize("login", ["ben", "BEN", "bEN"])
    def test_a_user_is_found_in_any_case_of_letters(self, login: str) -> None:
        book = AccountBook({1: ANN, 2: BEN})
        assert book.by_login(login) == BEN

    @pytest.mark.parametrize("login", ["", "be", "ben ", "bén", "\ud800"])
    def test_nobody_is_found_by_another_login(self, login: str) -> None:
        assert AccountBook({1: ANN, 2: BEN}).by_login(login) is None

    def test_only_capitals_of_ascii_are_the_same(self) -> None:
        """The sign for Kelvin is a k in small letters."""
        assert AccountBook({1: User(1, "k")}).by_login("\u212a") is None

    def test_it_needs_an_owner(self) -> None:
        assert AccountBook().needs_setup
        assert AccountBook({2: BEN}).needs_setup
        assert not AccountBook({1: ANN, 2: BEN}).needs_setup

    def test_the_setup_secret_has_256_bits_is_new_each_time_and_is_not_told_by_accident(self) -> None:
        one, other = AccountBook(), AccountBook()
        assert len(one.setup_secret) >= 43
        assert one.setup_secret != other.setup_secret
        assert one.setup_secret not in repr(one)

    def test_sessions_and_links_of_nobody_are_left_out(self) -> None:
        book = AccountBook()
        book.load([ANN], [Session(BROWSER, 1, 0, 0), Session(PHONE, 9, 0, 0)], [Invitation(LINK, 9, 0)])
        assert (list(book.sessions), book.invitations) == ([BROWSER], {})

    def test_what_was_seen_since_it_was_stored_is_not_forgotten(self) -> None:
        book = AccountBook()
        book.load([ANN], [Session(BROWSER, 1, 0, 5)], [])
        book.sessions[BROWSER] = msgspec.structs.replace(book.sessions[BROWSER], seen_at=9)
        book.load([ANN], [Session(BROWSER, 1, 0, 5)], [])
        assert book.sessions[BROWSER].seen_at == 9
        book.load([ANN], [Session(BROWSER, 1, 0, 12)], [])
        assert book.sessions[BROWSER].seen_at == 12


class TestService:
    async def test_it_starts_with_what_is_stored(self, start: Start) -> None:
        counter = await start()
        assert counter.service.accounts.needs_setup
        ann = await add_ann(counter)
        await counter.service.store.accounts.add_session(Session(BROWSER, ann.key, int(NOON), int(NOON)))
        await counter.service.store.accounts.add_invitation(Invitation(LINK, ann.key, int(NOON) + DAY), NOON)
        await stop(counter)
        book = (await start()).service.accounts
        assert (book.users, list(book.sessions), list(book.invitations)) == ({ann.key: ann}, [BROWSER], [LINK])
        assert not book.needs_setup

    async def test_what_was_stored_when_it_was_called_is_known_after_it_however_many_call(self, start: Start) -> None:
        counter = await start()
        ann = await add_ann(counter)
        service = counter.service

        async def sign_in(number: int) -> bool:
            digest = bytes([number]) * 32
            await service.store.accounts.add_session(Session(digest, ann.key, int(NOON), int(NOON)))
            await service.reload_accounts()
            known = digest in service.accounts.sessions
            await service.store.accounts.end_session(digest)
            await service.reload_accounts()
            return known and digest not in service.accounts.sessions

        assert all(await asyncio.gather(*(sign_in(number) for number in range(20))))

    async def test_what_is_over_is_erased_with_the_housekeeping(self, start: Start) -> None:
        counter = await start()
        ann = await add_ann(counter)
        store, now = counter.service.store, int(NOON)
        for digest, seen_at in ((BROWSER, now), (PHONE, now + 5 * DAY)):
            await store.accounts.add_session(Session(digest, ann.key, now, seen_at))
        await store.accounts.add_invitation(Invitation(LINK, ann.key, now + DAY), NOON)
        await counter.service.reload_accounts()
        assert len(counter.service.accounts.sessions) == 2
        for _ in range(8):
            counter.clock.move(DAY)
            await housekeeping(counter.service)
        assert list(counter.service.accounts.sessions) == [PHONE]
        assert counter.service.accounts.invitations == {}
        assert counter.rows("select digest from session") == [{"digest": PHONE}]

    async def test_neither_secrets_nor_passwords_are_in_the_database_or_the_log(
        self, start: Start, cheap: Passwords
    ) -> None:
        counter = await start()
        service, link, cookie = counter.service, new_secret(), new_secret()
        ann = await add_ann(counter)
        await service.store.accounts.add_invitation(Invitation(token_digest(link), ann.key, int(NOON) + DAY), NOON)
        await service.store.accounts.accept_invitation(token_digest(link), await cheap.hash("correct horse"), NOON)
        await service.store.accounts.add_session(Session(token_digest(cookie), ann.key, int(NOON), int(NOON)))
        await stop(counter)
        with closing(sqlite3.connect(counter.folder / "counter.db")) as connection:
            stored = "\n".join(connection.iterdump())
        for secret in (link, cookie, "correct horse", service.accounts.setup_secret):
            assert secret not in stored
            assert not any(secret in line for line in counter.log.lines)


class TestPasswords:
    async def test_the_right_one_matches_and_no_other(self, cheap: Passwords) -> None:
        kept = await cheap.hash("correct horse")
        assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert await cheap.matches(kept, "correct horse")
        for wrong in ("correct horsf", "Correct horse", "correct horse ", "", "\ud800", "x" * 100_000):
            assert not await cheap.matches(kept, wrong)

    async def test_the_same_password_has_another_hash_each_time(self, cheap: Passwords) -> None:
        assert await cheap.hash("correct horse") != await cheap.hash("correct horse")

    async def test_keyboards_that_send_a_letter_in_two_forms_make_one_password(self, cheap: Passwords) -> None:
        assert await cheap.matches(await cheap.hash("cafe\u0301 au lait"), "caf\u00e9 au lait")

    @pytest.mark.parametrize("kept", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "*"])
    async def test_what_is_no_hash_matches_nothing(self, cheap: Passwords, kept: str) -> None:
        for password in ("", kept, "correct horse"):
            assert not await cheap.matches(kept, password)

    async def test_who_has_no_password_costs_the_same_work(
        self, cheap: Passwords, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An unknown login is not found out by the time: the same function runs over a hash of the same parameters."""
        verified: list[str] = []
        verify = PasswordHasher.verify

        def watched(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            verified.append(str(hash))
            return verify(self, hash, password)

        monkeypatch.setattr(PasswordHasher, "verify", watched)
        kept = await cheap.hash("correct horse")
        assert not await cheap.matches(kept, "wrong horse")
        assert not await cheap.matches("", "wrong horse")
        known, nobody = (text.split("$") for text in verified)
        assert known[:4] == nobody[:4]
        assert [len(part) for part in known] == [len(part) for part in nobody]

    async def test_a_hash_of_other_parameters_matches_and_is_to_be_made_anew(self, cheap: Passwords) -> None:
        dearer = Passwords(time_cost=2, memory_kib=16)
        kept = await cheap.hash("correct horse")
        assert await dearer.matches(kept, "correct horse")
        assert dearer.needs_rehash(kept)
        assert dearer.needs_rehash("nonsense")
        assert not cheap.needs_rehash(kept)
        assert not cheap.needs_rehash("")

    async def test_the_loop_goes_on_while_one_is_compared(self) -> None:
        passwords = Passwords()
        comparing = asyncio.create_task(passwords.matches("", "correct horse"))
        turns = 0
        while not comparing.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 10

    def test_what_is_in_force_is_argon2id_with_64_mib(self) -> None:
        hasher = Passwords()._hasher
        assert (hasher.type.name, hasher.memory_cost, hasher.time_cost, hasher.parallelism) == ("ID", 65_536, 3, 1)
