"""Why a hit is counted or not is told by the steps that decide it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from counter.app import build_pipeline
from counter.cli.site_why import because
from counter.collect.explain import LOOKS_AT, NEEDED, DescribedHit, StepVerdict, explain, explain_described
from counter.collect.identify import PassingSalts
from counter.collect.pipeline import Pipeline
from counter.collect.screen import ASKS, LOG_STEPS, STEPS
from counter.config import load
from counter.event import DropReason, Hit, Via
from counter.site import ActiveSite, Site

NOW = 1_711_713_600
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SITE = ActiveSite(Site(7, "shop", "Shop", ("shop.example", "*.shop.example"), "Asia/Tbilisi",
                       excluded_pages=("/admin/*", "*/preview", "/a.b")))  # fmt: skip
VIEW = Hit("shop", "/a", NOW, "203.0.113.7", FIREFOX, Via.SNIPPET, host="shop.example")
BOTH = {"address", "user_agent"}
CONFIG = """
[storage]
path = "data"
[counting]
ignored_networks = ["10.0.0.0/8", "2001:db8::/32"]
rate_limit_per_minute = 50
respect_gpc = true
[privacy]
store_ip = "masked"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "config.toml").write_text(CONFIG)
    (folder / "data" / "lists").mkdir(parents=True)
    (folder / "data" / "lists" / "spam_referrers.txt").write_text("spam.example\n")
    return folder


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Iterator[Pipeline]:
    config = load(folder / "config.toml", {"COUNTER_STORAGE_PATH": str(folder / "data")})
    pipeline = build_pipeline(config, PassingSalts(config.storage.path / "salts"))
    yield pipeline
    pipeline.geo.close()


def told(pipeline: Pipeline, **changed: object) -> dict[str, tuple[StepVerdict, str]]:
    """Verdict and reasoning by step, in the words of the command line."""
    hit = msgspec.structs.replace(VIEW, **changed)
    found = explain(pipeline, hit, SITE, BOTH, NOW)
    return {answer.step: (answer.verdict, because(answer.evidence)) for answer in found.answers}


def test_every_step_says_what_it_asks() -> None:
    """A new step without a sentence fails here."""
    assert set(ASKS) == {*STEPS, *LOG_STEPS}
    assert [text for text in ASKS.values() if not text.strip() or text[-1] not in ".?"] == []
    assert set(LOOKS_AT) == set(STEPS)
    assert set(NEEDED) <= set(STEPS)


def test_the_steps_are_told_in_the_order_of_screening(pipeline: Pipeline) -> None:
    assert list(told(pipeline)) == [step.__name__ for step in STEPS]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"host": "evil.example"}, DropReason.FOREIGN_HOST),
        ({"host": "www.shop.example"}, None),
        ({"opt_out": True}, DropReason.OPT_OUT),
        ({"address": "10.1.2.3"}, DropReason.IGNORED_IP),
        ({"address": "2001:db8::1"}, DropReason.IGNORED_IP),
        ({"path": "/admin/users?page=2"}, DropReason.EXCLUDED_PAGE),
        ({"path": "/x/preview"}, DropReason.EXCLUDED_PAGE),
        ({"path": "/admin"}, None),
        ({"path": "/x/preview/1"}, None),
        ({"path": "/ADMIN/"}, None),
        ({"path": "/a.b"}, DropReason.EXCLUDED_PAGE),
        ({"path": "/axb"}, None),
        ({"prefetch": True}, DropReason.PREFETCH),
        ({"user_agent": GOOGLE}, DropReason.BOT),
        ({"user_agent": ""}, DropReason.BOT),
        ({"driven": True}, DropReason.DRIVEN),
        ({"driven": True, "trusted": True}, None),
        ({"driven": True, "user_agent": GOOGLE}, DropReason.BOT),
        ({"referrer": "https://www.spam.example/x"}, DropReason.SPAM_REFERRER),
        ({"referrer": "https://friend.example/x"}, None),
        ({"user_agent": GOOGLE, "address": "10.1.2.3", "host": "evil.example"}, DropReason.FOREIGN_HOST),
    ],
)
def test_what_is_told_is_what_becomes_of_the_hit(
    pipeline: Pipeline, changed: dict[str, object], reason: DropReason | None
) -> None:
    hit = msgspec.structs.replace(VIEW, **changed)
    found = explain(pipeline, hit, SITE, BOTH, NOW)
    judged = pipeline.judge(hit, SITE, NOW, 0.0)
    assert found.reason == reason == (None if judged.drop is None else judged.drop.reason)
    assert found.event == judged.event
    assert [answer.reason for answer in found.answers if answer.verdict == StepVerdict.DROPPED][:1] == (
        [reason] if reason else []
    )


def test_each_answer_says_what_it_looked_at(pipeline: Pipeline) -> None:
    found = told(pipeline, host="evil.example", address="10.1.2.3", user_agent=GOOGLE, referrer="https://a.example/")
    assert {step: because for step, (_, because) in found.items()} == {
        "foreign_host": "the hit is from evil.example, the site counts shop.example, *.shop.example",
        "opted_out": "the opt-out cookie says so; Global Privacy Control and Do Not Track are heard, too",
        "ignored_network": "10.1.2.3 is in 10.0.0.0/8",
        "excluded_page": "it is /a; excluded are /admin/*, */preview, /a.b",
        "prefetched": "a browser says so in its request; this hit is taken for a real view",
        "repeated": "this hit is taken for a first one",
        "too_many": "50 are allowed; how many 10.1.2.3 has sent, only the running service knows",
        "bot": r"Googlebot (search): it matches Googlebot\/ in the list of known bots",
        "driven": "the script says so; this hit is taken for a person's",
        "spam_referrer": "it is https://a.example/",
        "too_soon": "no image proxy has fetched it",
    }
    found = told(pipeline, host="")
    assert found["foreign_host"][1] == (
        "the hit is from a host that is not told, the site counts shop.example, *.shop.example"
    )
    assert found["ignored_network"][1] == "203.0.113.7 is in none of 10.0.0.0/8, 2001:db8::/32"
    assert found["bot"] == (StepVerdict.PASSES, "it reads as Firefox 123, Linux, desktop")
    assert found["spam_referrer"] == (StepVerdict.PASSES, "there is none")


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        ({"address"}, {"bot": "no user agent was given"}),
        ({"user_agent"}, {"ignored_network": "no address was given", "too_many": "no address was given"}),
        (BOTH, {}),
    ],
)
def test_a_step_is_not_asked_about_what_was_not_told(
    pipeline: Pipeline, known: set[str], unknown: dict[str, str]
) -> None:
    hit = msgspec.structs.replace(VIEW, **dict.fromkeys(BOTH - known, ""))
    found = explain(pipeline, hit, SITE, known, NOW)
    untold = [answer for answer in found.answers if answer.verdict == StepVerdict.UNKNOWN]
    assert {answer.step: because(answer.evidence) for answer in untold} == unknown
    assert found.sure == (not unknown)
    assert found.reason is None
    assert found.event is not None


def test_explaining_counts_and_writes_nothing(pipeline: Pipeline, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    for _ in range(60):
        assert explain(pipeline, VIEW, SITE, BOTH, NOW).reason is None
    assert sorted(folder.rglob("*")) == before
    assert not (folder / "data" / "salts").exists()
    assert not pipeline.rules.recent
    assert pipeline.judge(VIEW, SITE, NOW, 1e6).event is not None


@pytest.mark.parametrize(("agent", "reason"), [("github-camo (876de43e)", None), ("curl/8.5.0", DropReason.BOT)])
def test_an_image_proxy_is_taken_to_fetch_a_counting_image(
    pipeline: Pipeline, agent: str, reason: DropReason | None
) -> None:
    site = ActiveSite(msgspec.structs.replace(SITE.site, image_gap_seconds=30))
    found = explain_described(pipeline, site, DescribedHit("203.0.113.7", agent, "/a", "", ""), NOW)
    assert found.reason == reason
    if found.event is None:
        return
    assert (found.event.via, found.event.address, found.event.origin.source) == (Via.PROXY, None, "GitHub Camo")
    because_of = {answer.step: because(answer.evidence) for answer in found.answers}
    assert because_of["bot"].startswith("GitHub Camo is no reader: a counting image that it fetches is a page view")
    assert because_of["too_soon"] == "the gap is 30 s; this fetch is taken for a first one"
    assert because_of["too_many"].startswith("1,000 are allowed")
    assert not pipeline.rules.fetched
