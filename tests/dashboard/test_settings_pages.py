"""A site's settings, installing it, making and removing it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.config import check_site_field
from counter.site import Site
from dashboard.sites.audit import describe_change
from dashboard.sites.form import changed_site, free_id, new_site, tidy_hosts
from tests.kit.app import Start
from tests.kit.dashboard import SignedIn

HERE = "/dashboard/sites/demo"
SETTINGS = f"{HERE}/settings"
FORM = {
    "name": "My shop", "hosts": "shop.example\nwww.shop.example", "timezone": "Asia/Tbilisi", "first_weekday": "sunday",
    "start_count": "12,345", "query_keys": "id page", "public": "yes",
}  # fmt: skip


async def test_an_admin_changes_every_field_and_the_change_is_in_the_audit_log(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    admin = await signed_in(counter, "ada", "admin")
    answer = await admin.post(SETTINGS, FORM)
    assert answer.headers["Location"] == f"{SETTINGS}?done=saved"
    site = counter.service.sites.get("demo").site
    assert site == Site(
        site.key, "demo", "My shop", ("shop.example", "www.shop.example"), "Asia/Tbilisi", "sunday", 12_345, True,
        ("id", "page"),
    )  # fmt: skip
    page = await admin.text(answer.headers["Location"])
    assert "timezone: UTC → Asia/Tbilisi" in page
    assert "start_count: 0 → 12345" in page
    await admin.post(SETTINGS, {name: text for name, text in FORM.items() if name != "public"})
    assert counter.service.sites.get("demo").site.public is False
    assert (await counter.get("/api/v1/totals?site=demo")).status == 404


async def test_a_form_from_before_another_change_is_refused_and_shows_what_is_stored(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    ada, ben = await signed_in(counter, "ada", "admin"), await signed_in(counter, "ben", "admin")
    versions = [re.findall(r'name="version" value="(\w+)"', await client.text(SETTINGS))[0] for client in (ada, ben)]
    assert (await ada.post(SETTINGS, {**FORM, "name": "By Ada"}, version=versions[0])).status == 303
    answer = await ben.post(SETTINGS, {**FORM, "name": "By Ben"}, version=versions[1])
    page = await answer.text()
    assert answer.status == 400
    assert "was changed meanwhile; look again, and repeat what is still wanted" in page
    assert 'value="By Ada"' in page
    assert counter.service.sites.get("demo").site.name == "By Ada"
    seen = re.findall(r'name="version" value="(\w+)"', page)[0]
    assert (await ben.post(SETTINGS, {**FORM, "name": "By Ben"}, version=seen)).status == 303
    assert "by ben" in await ben.text(SETTINGS)


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("name", "x" * 129, "site name"),
        ("hosts", "http:// shop..example", "site hosts"),
        ("timezone", "Asia/Tiblisi", "did you mean Asia/Tbilisi"),
        ("first_weekday", "Sunday", "monday to sunday"),
        ("start_count", "-1", "integer from 0"),
        ("start_count", "many", "integer from 0"),
        ("start_count", "9" * 17, "integer from 0"),
        ("query_keys", "a=b", "list of at most"),
    ],
)
async def test_a_value_that_may_not_be_is_refused_and_what_was_typed_stays(
    start: Start, signed_in: SignedIn, key, text, sentence
) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    before = counter.rows("select * from site")
    answer = await owner.post(SETTINGS, {**FORM, key: text})
    page = await answer.text()
    assert answer.status == 400
    assert sentence in page
    assert "My shop" in page or key == "name"
    assert counter.rows("select * from site") == before


async def test_goals_are_added_and_removed(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    await owner.post(f"{HERE}/goals", name="Read the blog", kind="page", pattern="/blog/*")
    await owner.post(f"{HERE}/goals", name="", kind="event", pattern="signup")
    page = await owner.text(SETTINGS)
    assert "Read the blog" in page
    assert '<code dir="auto">/blog/*</code>' in page
    answer = await owner.post(f"{HERE}/goals", name="signup", kind="event", pattern="x")
    assert answer.status == 400
    assert "exists already" in await answer.text()
    assert (await owner.post(f"{HERE}/goals", name="x", kind="both", pattern="x")).status == 400
    await owner.post(f"{HERE}/goals/remove", name="signup")
    goals = await counter.service.store.reports.goals(counter.site_key())
    assert [goal.name for goal in goals] == ["Read the blog"]
    assert (await owner.post(f"{HERE}/goals/remove", name="signup")).status == 400


async def test_a_token_is_shown_once_works_at_once_and_not_when_it_is_removed(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    admin = await signed_in(counter, "ada", "admin")
    page = await (await admin.post(f"{HERE}/tokens", may="read")).text()
    found = re.search(r"counter_[A-Za-z0-9_-]{43}", page)
    assert found is not None
    asked = {"headers": {"Authorization": f"Bearer {found[0]}"}}
    assert (await counter.get("/api/v1/report?site=demo&period=today", **asked)).status == 200
    later = await admin.text(SETTINGS)
    assert found[0] not in later
    digest = re.search(r'name="token" value="([0-9a-f]{64})"', later)
    assert digest is not None
    await admin.post(f"{HERE}/tokens/remove", token=digest[1])
    assert (await counter.get("/api/v1/report?site=demo&period=today", **asked)).status == 401
    assert found[0] not in str(counter.rows("select * from audit")) + str(counter.log.lines)
    assert (await admin.post(f"{HERE}/tokens/remove", token=digest[1])).status == 404
    assert (await admin.post(f"{HERE}/tokens", may="everything")).status == 400


async def test_a_site_is_removed_by_an_owner_who_types_its_id(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner, admin = await signed_in(counter), await signed_in(counter, "ada", "admin")
    assert "Remove this site" not in await admin.text(SETTINGS)
    assert (await admin.post(f"{HERE}/remove", id="demo")).status == 403
    for typed in ("", "Demo", "other"):
        answer = await owner.post(f"{HERE}/remove", id=typed)
        assert answer.status == 400
        assert "What you typed is not demo" in await answer.text()
    assert (await owner.post(f"{HERE}/remove", id="demo")).headers["Location"] == "/dashboard/"
    assert (await owner.get(SETTINGS)).status == 404
    assert (await counter.hit()).status == 404


async def test_a_new_site_gets_an_id_from_its_address_and_shows_how_to_install_it(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    answer = await owner.post("/dashboard/new-site", hosts="https://www.Blog.example/2024/?a=b", name="")
    assert answer.headers["Location"] == "/dashboard/sites/blog.example/install"
    again = await owner.post("/dashboard/new-site", hosts="blog.example", name="Second")
    assert again.headers["Location"] == "/dashboard/sites/blog.example-2/install"
    taken = await owner.post("/dashboard/new-site", hosts="blog.example", id="demo")
    assert taken.status == 400
    assert "the id demo already" in await taken.text()
    assert (await owner.post("/dashboard/new-site")).status == 400


async def test_the_install_page_waits_for_the_first_hit_and_then_says_that_it_came(
    start: Start, signed_in: SignedIn
) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    page = await owner.text(f"{HERE}/install")
    assert "data-site=&#34;demo&#34;" in page
    assert "data-waiting hidden" not in page
    assert "data-arrived hidden" in page
    assert "install.js" in page
    await counter.hit(path="/<b>first</b>", ip="81.2.69.142")
    page = await owner.text(f"{HERE}/install")
    assert "data-waiting hidden" in page
    assert "data-arrived hidden" not in page
    assert "/&lt;b&gt;first&lt;/b&gt;" in page
    assert "install.js" not in page


async def test_the_snippet_names_the_public_address(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True, server={"public_url": "https://stats.example"})
    owner = await signed_in(counter)
    cookie = {"Cookie": f"__Host-counter_session={owner.secret}"}
    page = await (await owner.get(f"{HERE}/install", headers=cookie)).text()
    assert "src=&#34;https://stats.example/counter.js&#34;" in page
    assert "Set public_url" not in page
    assert "Set public_url" not in page


async def test_names_of_sites_and_goals_are_text_and_never_markup(start: Start, signed_in: SignedIn) -> None:
    counter = await start(dashboard=True)
    owner = await signed_in(counter)
    hostile = '"><img src=x onerror=alert(1)>'
    await owner.post(SETTINGS, {**FORM, "name": hostile})
    await owner.post(f"{HERE}/goals", name=hostile, kind="page", pattern=hostile)
    for path in (SETTINGS, f"{HERE}/install", "/dashboard/users", "/dashboard/account"):
        assert "<img src=x" not in await owner.text(path)


# What people type -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "hosts"),
    [
        ("", []),
        ("shop.example", ["shop.example"]),
        ("https://shop.example/", ["shop.example"]),
        ("http://shop.example:8080/x?y#z", ["shop.example"]),
        (" a.example,b.example; c.example\n\nd.example ", ["a.example", "b.example", "c.example", "d.example"]),
        ("a.example a.example", ["a.example"]),
        ("*.shop.example", ["*.shop.example"]),
        ("[2001:db8::1]:8080", ["[2001:db8::1]"]),
        ("მაგალითი.გე", ["xn--lodafveble.xn--node"]),
        ("https://straße.de/ *.STRAẞE.de.", ["xn--strae-oqa.de", "*.xn--strae-oqa.de"]),
        ("ασφαλής.gr bu\u0308cher.example:8080", ["xn--jxafa4bwbcv.gr", "xn--bcher-kva.example"]),
    ],
)
def test_hosts_are_taken_as_people_write_them(typed: str, hosts: list[str]) -> None:
    assert tidy_hosts(typed) == hosts


@pytest.mark.parametrize(
    ("text", "taken", "site_id"),
    [
        ("shop.example", [], "shop.example"),
        ("www.shop.example", [], "shop.example"),
        ("My Shop!", [], "my-shop"),
        ("ჩემი საიტი", [], "site"),
        ("shop", ["shop"], "shop-2"),
        ("shop", ["shop", "shop-2"], "shop-3"),
        ("...", [], "site"),
        ("x" * 100, [], "x" * 59),
    ],
)
def test_an_id_is_made_of_what_a_site_is_called(text: str, taken: list[str], site_id: str) -> None:
    assert free_id(text, taken) == site_id


@given(st.text(max_size=120), st.sets(st.sampled_from(["site", "a", "x-2", "x"])))
def test_an_id_that_is_made_is_always_one_that_may_be(text: str, taken: set[str]) -> None:
    made = free_id(text, taken)
    assert check_site_field("id", made) == made
    assert made not in taken


def test_www_is_counted_with_a_site_that_names_one_host() -> None:
    assert new_site({"hosts": "shop.example"}, ()).hosts == ("shop.example", "www.shop.example")
    assert new_site({"hosts": "blog.shop.example"}, ()).hosts == ("blog.shop.example",)
    assert new_site({"hosts": "www.shop.example"}, ()).hosts == ("www.shop.example",)
    assert new_site({"hosts": "127.0.0.1"}, ()).hosts == ("127.0.0.1",)
    assert new_site({"name": "Shop"}, ()).hosts == ()


def test_a_field_that_was_not_sent_stays() -> None:
    site = Site(1, "demo", "Demo", ("a.example",), "Asia/Tbilisi", "sunday", 5, True, ("id",))
    assert changed_site(site, {"public": "yes"}) == site


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ('from {"key": 1, "a": "x", "b": [1]} to {"key": 1, "a": "", "b": [1]}', "a: x → —"),
        ('{"key": 1, "name": "Demo", "hosts": [], "public": true}', "name: Demo; public: yes"),
        ('from {"a": "} to {"} to {"a": "y"}', "a: } to { → y"),
        ('from {"a": "x"} to {"a": "} to {"}', 'from {"a": "x"} to {"a": "} to {"}'),
        ("demo", "demo"),
        ("", ""),
        ("{", "{"),
        ("[1]", "[1]"),
        ("from {} to {}", ""),
    ],
)
def test_the_audit_log_is_told_field_by_field(detail: str, shown: str) -> None:
    assert describe_change(detail) == shown
