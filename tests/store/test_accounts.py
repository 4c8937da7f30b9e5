"""Users, sessions, links, annotations, and the audit log that tells of them without secrets."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counter.accounts import INVITATION_LASTS, Annotation, Invitation, Role, Session, SiteToken, User
from counter.errors import BadInput, NotAuthorized, StoreError, UnknownSite, UsageError
from counter.site import Site, TokenMay
from counter.store.open import Store, open_reports, open_store
from tests.kit.events import DAY, NOON, TODAY, read

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2VjcmV0IHNhbHQ$c2VjcmV0IGRpZ2VzdA"
OTHER_HASH = HASH[:-3] + "abc"
BROWSER, PHONE, LINK = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[Store]:
    async with open_store(folder, "normal", 30) as opened:
        yield opened


@pytest.fixture
async def shop(store: Store) -> Site:
    return await store.catalog.add_site(Site(0, "shop", "The shop"), NOON)


@pytest.fixture
async def ann(store: Store) -> User:
    """The first owner."""
    return await store.accounts.add_user(User(0, "ann", owner=True, password=HASH), NOON)


@pytest.fixture
async def ben(store: Store, ann: User, shop: Site) -> User:
    return await store.accounts.add_user(User(0, "ben", access={shop.key: Role.VIEWER}, password=HASH), NOON)


def session(user: User, digest: bytes = BROWSER, made_at: int = NOON, seen_at: int = NOON) -> Session:
    return Session(digest, user.key, made_at, seen_at, "Firefox on Linux")


def audited(folder: Path) -> list[tuple[str, str]]:
    return [(action, detail) for action, detail in read(folder, "select action, detail from audit order by id")]


class TestUsers:
    async def test_a_user_is_read_as_it_was_added(self, store: Store, ann: User, shop: Site) -> None:
        wanted = User(0, "Ben@shop.example", False, {shop.key: Role.ADMIN}, HASH, "ka", "dark")
        made = await store.accounts.add_user(wanted, NOON + 0.9)
        assert made == msgspec.structs.replace(wanted, key=made.key, made_at=NOON)
        assert await store.accounts.users() == [ann, made]

    async def test_the_first_user_is_an_owner(self, store: Store, shop: Site) -> None:
        with pytest.raises(UsageError, match="first user must be one"):
            await store.accounts.add_user(User(0, "ben", access={shop.key: Role.ADMIN}), NOON)
        assert await store.accounts.users() == []

    @pytest.mark.parametrize("login", ["ben", "BEN", "bEn"])
    async def test_logins_that_differ_only_in_capitals_are_one(self, store: Store, ben: User, login: str) -> None:
        with pytest.raises(UsageError, match="exists already"):
            await store.accounts.add_user(User(0, login, owner=True), NOON)

    async def test_a_user_may_write_the_login_in_other_letters(self, store: Store, ann: User) -> None:
        changed = await store.accounts.change_user(msgspec.structs.replace(ann, login="Ann"), NOON)
        assert await store.accounts.users() == [changed]

    async def test_a_login_of_somebody_else_can_not_be_taken(self, store: Store, ann: User, ben: User) -> None:
        with pytest.raises(UsageError, match="'ANN' exists already"):
            await store.accounts.change_user(msgspec.structs.replace(ben, login="ANN"), NOON)
        assert await store.accounts.users() == [ann, ben]

    async def test_a_change_is_stored_whole_but_for_when_the_user_was_made(
        self, store: Store, ann: User, ben: User, shop: Site
    ) -> None:
        wanted = User(ben.key, "benno", True, {shop.key: Role.ADMIN}, OTHER_HASH, "de", "light", made_at=1)
        changed = await store.accounts.change_user(wanted, NOON + DAY)
        assert changed == msgspec.structs.replace(wanted, made_at=NOON)
        assert await store.accounts.users() == [ann, changed]

    async def test_a_change_that_was_made_from_an_older_state_undoes_nothing(self, store: Store, ben: User) -> None:
        """A page saved while somebody else reset the password must not bring the old one back."""
        await store.accounts.set_password(ben.key, OTHER_HASH, NOON)
        with pytest.raises(UsageError, match="'ben' was changed meanwhile"):
            await store.accounts.change_user(msgspec.structs.replace(ben, theme="dark"), NOON, known=ben)
        now = (await store.accounts.users())[1]
        assert now == msgspec.structs.replace(ben, password=OTHER_HASH)
        assert (
            await store.accounts.change_user(msgspec.structs.replace(now, theme="dark"), NOON, known=now)
        ).theme == "dark"

    async def test_the_last_owner_stays_one(self, store: Store, ann: User, ben: User) -> None:
        for change in (
            store.accounts.remove_user(ann.key, NOON),
            store.accounts.change_user(msgspec.structs.replace(ann, owner=False), NOON),
        ):
            with pytest.raises(UsageError, match="'ann' is the last owner"):
                await change
        assert await store.accounts.users() == [ann, ben]
        await store.accounts.change_user(msgspec.structs.replace(ben, owner=True), NOON)
        await store.accounts.remove_user(ann.key, NOON)
        assert [user.login for user in await store.accounts.users()] == ["ben"]

    async def test_of_two_owners_who_leave_at_once_one_stays(self, store: Store, ann: User) -> None:
        bea = await store.accounts.add_user(User(0, "bea", owner=True), NOON)
        ends = await asyncio.gather(
            store.accounts.remove_user(ann.key, NOON), store.accounts.remove_user(bea.key, NOON), return_exceptions=True
        )
        assert [type(end) for end in ends] == [type(None), UsageError]
        assert await store.accounts.users() == [bea]

    async def test_who_is_removed_leaves_no_session_and_no_link_and_the_key_is_not_used_again(
        self, store: Store, ben: User
    ) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        await store.accounts.remove_user(ben.key, NOON)
        assert (await store.accounts.sessions(), await store.accounts.invitations()) == ([], [])
        assert (await store.accounts.add_user(User(0, "ben", owner=True), NOON)).key > ben.key

    async def test_a_user_that_is_not_there_can_not_be_changed(self, store: Store, ann: User) -> None:
        for change in (
            store.accounts.change_user(User(99, "eve"), NOON), store.accounts.remove_user(99, NOON),
            store.accounts.set_password(99, HASH, NOON),
            store.accounts.add_invitation(Invitation(LINK, 99, NOON + DAY), NOON),
        ):  # fmt: skip
            with pytest.raises(UsageError, match="no user with the key 99"):
                await change

    @pytest.mark.parametrize(
        ("wrong", "error", "words"),
        [
            ({"login": "a b"}, BadInput, "'a b'"),
            ({"theme": "pink"}, UsageError, "'pink'"),
            ({"language": "x" * 36}, UsageError, "at most 35"),
            ({"access": {99: Role.VIEWER}}, UsageError, "viewer of the site with the key 99"),
            ({"access": {1: Role.OWNER}}, UsageError, "a role is admin or viewer"),
        ],
    )
    async def test_what_can_not_be_is_refused_and_changes_nothing(
        self, store: Store, ann: User, ben: User, wrong: dict[str, Any], error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=words):
            await store.accounts.change_user(msgspec.structs.replace(ben, **wrong), NOON)
        assert await store.accounts.users() == [ann, ben]

    async def test_the_access_to_a_removed_site_is_harmless_and_comes_back_with_it(
        self, store: Store, ann: User, ben: User, shop: Site
    ) -> None:
        await store.catalog.remove_site("shop", NOON)
        assert await store.accounts.users() == [ann, ben]
        await store.accounts.change_user(msgspec.structs.replace(ben, theme="dark"), NOON)
        again = await store.catalog.add_site(shop, NOON)
        assert (await store.accounts.users())[1].role(again.key) == Role.VIEWER

    async def test_a_reader_beside_the_service_sees_the_same(self, store: Store, folder: Path, ben: User) -> None:
        await store.accounts.add_session(session(ben))
        async with open_reports(folder) as reader:
            assert await reader.accounts.users() == await store.accounts.users()
            assert await reader.accounts.sessions() == [session(ben)]


class TestSessions:
    async def test_a_session_is_kept_until_it_ends(self, store: Store, ben: User) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.add_session(session(ben, PHONE))
        assert await store.accounts.sessions() == [session(ben), session(ben, PHONE)]
        await store.accounts.end_session(BROWSER)
        await store.accounts.end_session(BROWSER)
        assert await store.accounts.sessions() == [session(ben, PHONE)]

    async def test_a_backup_has_the_users_but_nobody_who_is_signed_in(
        self, store: Store, folder: Path, ben: User
    ) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + 60), NOON)
        await store.backup(folder / "copy.db")
        with closing(sqlite3.connect(folder / "copy.db")) as copy:
            counts = [copy.execute(f"select count(*) from {table}").fetchone()[0] for table in
                      ("session", "invitation", "user")]  # fmt: skip
        assert counts[:2] == [0, 0]
        assert counts[2] == len(await store.accounts.users())
        content = (folder / "copy.db").read_bytes()
        assert BROWSER not in content
        assert LINK not in content
        assert await store.accounts.sessions() == [session(ben)]

    async def test_a_restart_ends_no_session(self, store: Store, folder: Path, ben: User) -> None:
        await store.accounts.add_session(session(ben))
        await store.__aexit__()
        async with open_store(folder, "normal", 30) as again:
            assert await again.accounts.sessions() == [session(ben)]

    async def test_all_sessions_of_a_user_end_but_the_one_that_asks(self, store: Store, ann: User, ben: User) -> None:
        for one in (session(ann, LINK), session(ben), session(ben, PHONE)):
            await store.accounts.add_session(one)
        await store.accounts.end_sessions(ben.key, but=PHONE)
        assert await store.accounts.sessions() == [session(ben, PHONE), session(ann, LINK)]
        await store.accounts.end_sessions(ben.key)
        assert await store.accounts.sessions() == [session(ann, LINK)]

    async def test_a_session_was_seen_at_the_latest_time_told_and_an_ended_one_does_not_come_back(
        self, store: Store, ben: User
    ) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.touch_sessions([(BROWSER, NOON + 90), (BROWSER, NOON + 60), (PHONE, NOON + 90)])
        assert await store.accounts.sessions() == [session(ben, seen_at=NOON + 90)]

    async def test_nobody_signs_in_with_a_password_that_was_changed_while_it_was_compared(
        self, store: Store, ben: User
    ) -> None:
        await store.accounts.set_password(ben.key, OTHER_HASH, NOON)
        with pytest.raises(NotAuthorized, match="sign in again"):
            await store.accounts.add_session(session(ben), password=HASH)
        await store.accounts.add_session(session(ben), password=OTHER_HASH)
        await store.accounts.remove_user(ben.key, NOON)
        with pytest.raises(NotAuthorized, match="sign in again"):
            await store.accounts.add_session(session(ben))
        assert await store.accounts.sessions() == []

    @pytest.mark.parametrize(
        ("made", "seen", "over"),
        [
            (0, 0, False), (30 * DAY, 60, True), (30 * DAY - 1, 60, False), (8 * DAY, 7 * DAY, True),
            (8 * DAY, 7 * DAY - 1, False),
        ],
    )  # fmt: skip
    async def test_a_session_is_over_after_30_days_or_7_idle_ones(
        self, store: Store, ben: User, made: int, seen: int, over: bool
    ) -> None:
        one = session(ben, made_at=NOON - made, seen_at=NOON - seen)
        await store.accounts.add_session(one)
        assert one.over(NOON) == over
        assert await store.accounts.expire_accounts(NOON) == {"sessions": int(over), "invitations": 0}
        assert await store.accounts.sessions() == ([] if over else [one])


class TestInvitations:
    async def test_a_link_gives_a_password_once_and_ends_what_was_before(
        self, store: Store, ann: User, ben: User
    ) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.add_session(session(ann, PHONE))
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + INVITATION_LASTS), NOON)
        await store.accounts.accept_invitation(LINK, OTHER_HASH, NOON + DAY - 1)
        assert await store.accounts.users() == [ann, msgspec.structs.replace(ben, password=OTHER_HASH)]
        assert await store.accounts.sessions() == [session(ann, PHONE)]
        assert await store.accounts.invitations() == []
        with pytest.raises(NotAuthorized, match="used before"):
            await store.accounts.accept_invitation(LINK, HASH, NOON + DAY - 1)

    async def test_of_two_who_use_a_link_at_once_one_is_let_in(self, store: Store, ben: User) -> None:
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        ends = await asyncio.gather(
            *(store.accounts.accept_invitation(LINK, text, NOON) for text in (HASH, OTHER_HASH)), return_exceptions=True
        )
        assert [type(end) for end in ends] == [type(None), NotAuthorized]
        assert (await store.accounts.users())[1].password == HASH

    async def test_a_link_that_is_too_old_does_nothing_and_is_forgotten(self, store: Store, ben: User) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        with pytest.raises(NotAuthorized, match="too old"):
            await store.accounts.accept_invitation(LINK, OTHER_HASH, NOON + DAY)
        assert (await store.accounts.users())[1] == ben
        assert await store.accounts.sessions() == [session(ben)]
        assert await store.accounts.expire_accounts(NOON + DAY - 1) == {"sessions": 0, "invitations": 0}
        assert await store.accounts.expire_accounts(NOON + DAY) == {"sessions": 0, "invitations": 1}

    async def test_a_new_link_replaces_the_one_before(self, store: Store, ben: User) -> None:
        await store.accounts.add_invitation(Invitation(BROWSER, ben.key, NOON + DAY), NOON)
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        assert await store.accounts.invitations() == [Invitation(LINK, ben.key, NOON + DAY)]

    async def test_a_link_can_be_taken_back(self, store: Store, folder: Path, ben: User) -> None:
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        for _ in range(2):
            await store.accounts.take_invitation(LINK, NOON)
        assert await store.accounts.invitations() == []
        assert audited(folder)[-2:] == [("user.invited", "ben"), ("user.invitation_removed", "ben")]

    async def test_a_new_password_ends_links_and_sessions_but_the_one_that_asks(self, store: Store, ben: User) -> None:
        await store.accounts.add_session(session(ben))
        await store.accounts.add_session(session(ben, PHONE))
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        await store.accounts.set_password(ben.key, OTHER_HASH, NOON, but=PHONE)
        assert (await store.accounts.sessions(), await store.accounts.invitations()) == ([session(ben, PHONE)], [])
        assert (await store.accounts.users())[1].password == OTHER_HASH


class TestAnnotations:
    async def test_those_of_a_period_are_read_by_day(self, store: Store, shop: Site) -> None:
        blog = await store.catalog.add_site(Site(0, "blog", "The blog"), NOON)
        made = [
            await store.accounts.add_annotation(Annotation(0, site.key, day, text, "ann"), NOON)
            for site, day, text in (
                (shop, TODAY, " Sale "), (shop, TODAY - 1, "New pages"), (shop, TODAY, "Mail"), (blog, TODAY, "Moved"),
            )
        ]  # fmt: skip
        assert made[0].text == "Sale"
        assert await store.reports.annotations(shop.key, TODAY - 1, TODAY + 1) == [made[1], made[0], made[2]]
        assert await store.reports.annotations(shop.key, TODAY - 1, TODAY) == [made[1]]

    async def test_only_one_of_the_very_site_is_removed(self, store: Store, shop: Site) -> None:
        blog = await store.catalog.add_site(Site(0, "blog", "The blog"), NOON)
        made = await store.accounts.add_annotation(Annotation(0, shop.key, TODAY, "Sale", "ann"), NOON)
        with pytest.raises(UsageError, match="no annotation 1 of this site"):
            await store.accounts.remove_annotation(blog.key, made.key, NOON)
        await store.accounts.remove_annotation(shop.key, made.key, NOON)
        assert await store.reports.annotations(shop.key, 0, TODAY + 1) == []

    @pytest.mark.parametrize("text", ["", "  ", "x" * 501, "two\nlines", "red \x1b[31m", "\u202egnp", "\ud800"])
    async def test_a_text_that_can_not_be_shown_is_refused(self, store: Store, shop: Site, text: str) -> None:
        with pytest.raises(BadInput, match="1 to 500, in one line"):
            await store.accounts.add_annotation(Annotation(0, shop.key, TODAY, text, "ann"), NOON)

    async def test_a_site_that_is_not_there_has_none(self, store: Store) -> None:
        with pytest.raises(UnknownSite, match="key 99"):
            await store.accounts.add_annotation(Annotation(0, 99, TODAY, "Sale", "ann"), NOON)


class TestTokens:
    async def test_the_tokens_of_a_site_are_listed_and_removed_one_by_one(
        self, store: Store, folder: Path, shop: Site
    ) -> None:
        blog = await store.catalog.add_site(Site(0, "blog", "The blog"), NOON)
        await store.catalog.add_token(shop.key, BROWSER, NOON)
        await store.catalog.add_token(shop.key, PHONE, NOON + 1, TokenMay.READ)
        listed = [SiteToken(BROWSER, TokenMay.WRITE, NOON), SiteToken(PHONE, TokenMay.READ, NOON + 1)]
        assert await store.catalog.site_tokens(shop.key) == listed
        with pytest.raises(UsageError, match="no such token"):
            await store.catalog.remove_token(blog.key, BROWSER, NOON)
        await store.catalog.remove_token(shop.key, BROWSER, NOON)
        assert await store.catalog.site_tokens(shop.key) == listed[1:]
        assert list(await store.catalog.tokens()) == [PHONE]
        assert audited(folder)[-1] == ("token.removed", "write")


class TestAudit:
    async def test_the_log_is_read_newest_first_of_one_site_or_of_all(self, store: Store, ben: User) -> None:
        await store.accounts.add_annotation(Annotation(0, 1, TODAY, "Sale", "ann"), NOON + 5, actor="ann")
        newest = (NOON + 5, "shop", "annotation.added", '{"day": "2024-11-21", "text": "Sale", "login": "ann"}', "ann")
        everything = await store.accounts.audit_log(None, 100)
        assert everything[0] == newest
        assert [line.action for line in everything] == ["annotation.added", "user.added", "site.added", "user.added"]
        assert {line.site_id for line in everything} == {"shop", ""}
        assert await store.accounts.audit_log(1, 1) == [newest]
        assert [line.action for line in await store.accounts.audit_log(1, 9)] == ["annotation.added", "site.added"]

    async def test_every_change_is_told_and_no_hash_and_no_secret_is(
        self, store: Store, folder: Path, ben: User, shop: Site
    ) -> None:
        await store.accounts.change_user(msgspec.structs.replace(ben, access={shop.key: Role.ADMIN}), NOON)
        await store.accounts.change_user(msgspec.structs.replace(ben, access={shop.key: Role.ADMIN}), NOON)
        await store.accounts.change_user(
            msgspec.structs.replace(ben, access={shop.key: Role.ADMIN}, password=OTHER_HASH), NOON
        )
        await store.accounts.add_session(session(ben))
        await store.accounts.add_invitation(Invitation(LINK, ben.key, NOON + DAY), NOON)
        await store.accounts.accept_invitation(LINK, HASH, NOON)
        await store.accounts.set_password(ben.key, "", NOON)
        await store.accounts.remove_user(ben.key, NOON)
        told = audited(folder)[3:]
        assert [action for action, _ in told] == [
            "user.changed", "user.password_changed", "user.invited", "user.password_set", "user.password_cleared",
            "user.removed",
        ]  # fmt: skip
        assert '"access": {"shop": "viewer"}' in told[0][1].partition(" to ")[0]
        assert '"access": {"shop": "admin"}' in told[0][1].partition(" to ")[2]
        whole = repr(audited(folder))
        assert "argon2" not in whole
        for digest in (BROWSER, LINK):
            assert digest.hex() not in whole

    async def test_a_change_that_fails_leaves_nothing_behind(
        self, store: Store, folder: Path, ann: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The audit log can't be written: the user is not there either."""
        await store._change(lambda connection: connection.execute("alter table audit rename to away") and None)
        with pytest.raises(StoreError, match="audit"):
            await store.accounts.add_user(User(0, "eve", owner=True), NOON)
        assert await store.accounts.users() == [ann]
