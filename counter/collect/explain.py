"""Why a hit is counted, or not: each step of screening asked in turn, with its answer and what it looked at.

The answers are the steps' own, none is decided here. No word is chosen here either: `counter site why` and the
dashboard's tester have a sentence for each kind of evidence.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from counter.address import group
from counter.collect import screen
from counter.collect.agents.image_proxies import named_proxy
from counter.collect.parse import Envelope, WireHit, hit_from
from counter.collect.pipeline import Pipeline
from counter.collect.rate import RateLimiter
from counter.collect.screen import STEPS, Candidate, Rules, Step
from counter.event import AgentFacts, DropReason, Event, Hit, Via
from counter.question import LoggedDrop
from counter.site import ActiveSite


class StepVerdict(StrEnum):
    PASSES = "passes"
    DROPPED = "dropped"
    UNKNOWN = "unknown"  # what the step looks at was not given


class NoEvidence(NamedTuple):
    """The step was not asked: what it looks at is missing."""

    field: str  # address or user_agent


class HostEvidence(NamedTuple):
    host: str  # '' is not told
    hosts: tuple[str, ...]  # that the site counts; none is any


class WishEvidence(NamedTuple):
    gpc_heard: bool  # and Do Not Track; the opt-out cookie always is


class NetworkEvidence(NamedTuple):
    address: str
    ignored: tuple[str, ...]  # networks
    around: str  # the ignored network that the address is in, '' for none


class PageEvidence(NamedTuple):
    path: str  # '' is none
    excluded: tuple[str, ...]  # patterns; none is no page


class ViewEvidence(NamedTuple):
    """The hit is taken for a real view: browsers say in their request that they load ahead."""


class FirstEvidence(NamedTuple):
    """The hit is taken for a first one."""


class RateEvidence(NamedTuple):
    limit: int  # hits a minute; 0 is no limit
    sender: str  # the address, of IPv6 its network of 64 bits


class AgentEvidence(NamedTuple):
    agent: AgentFacts
    sign: str  # of a bot, in English: what says that it is one


class ProxyEvidence(NamedTuple):
    """The hit is taken for a counting image that an image proxy fetches."""

    name: str


class DrivenEvidence(NamedTuple):
    """The hit is taken for a person's: the page's script says in its hit that a program drives the browser."""

    counted: bool  # all the same, by counting.driven_browsers


class ReferrerEvidence(NamedTuple):
    referrer: str  # '' is none


class GapEvidence(NamedTuple):
    proxied: bool  # fetched by an image proxy
    seconds: int  # the site's gap; 0 is none


Evidence = (
    HostEvidence | WishEvidence | NetworkEvidence | PageEvidence | ViewEvidence | FirstEvidence | RateEvidence
    | AgentEvidence | ProxyEvidence | DrivenEvidence | ReferrerEvidence | GapEvidence
)  # fmt: skip


class StepAnswer(NamedTuple):
    """What one step says of a hit."""

    step: str  # its name, foreign_host
    verdict: StepVerdict
    reason: DropReason | None  # of a drop
    evidence: Evidence | NoEvidence


class Explanation(NamedTuple):
    """Every step's answer, and the event that would be kept; None when the hit would be dropped."""

    answers: tuple[StepAnswer, ...]
    event: Event | None

    @property
    def reason(self) -> DropReason | None:
        """Why the hit would be dropped: the first reason, as in screening."""
        return next((answer.reason for answer in self.answers if answer.reason is not None), None)

    @property
    def sure(self) -> bool:
        """Whether all that the steps look at was told."""
        return all(answer.verdict != StepVerdict.UNKNOWN for answer in self.answers)


class DescribedHit(NamedTuple):
    """What is known of a hit that somebody asks about; None is not told."""

    address: str | None  # canonical
    user_agent: str | None
    path: str
    host: str
    referrer: str


def explain_described(pipeline: Pipeline, site: ActiveSite, asked: DescribedHit, now: float) -> Explanation:
    """As if the page's script had sent a hit now: the same parsing, steps and tables. BadInput as for a hit.

    An image proxy runs no script: for one, as if it had fetched a counting image.
    """
    wire = WireHit(site.site.id, path=asked.path, host=asked.host, referrer=asked.referrer)
    proxy = named_proxy(asked.user_agent or "")
    via = Via.SNIPPET if proxy is None else Via.PROXY
    envelope = Envelope(int(now), asked.address or "", asked.user_agent or "", via=via, proxy=proxy)
    told = {name for name in ("address", "user_agent") if getattr(asked, name) is not None}
    return explain(pipeline, hit_from(wire, envelope), site, told, now)


def explain(pipeline: Pipeline, hit: Hit, site: ActiveSite, told: Container[str], now: float) -> Explanation:
    """Ask every step about `hit`, also those after a drop. `told` names what is known about it: address, user_agent.

    Nothing is counted or remembered. The pipeline should have salts that pass: an event is made, and thrown away.
    """
    agent = pipeline.agents.look_up(hit.user_agent)
    question = Candidate(hit, site, agent, monotonic=0.0)
    rules = _without_memory(pipeline.rules)
    answers = tuple(_answer(pipeline, rules, question, step, told) for step in STEPS)
    dropped = any(answer.verdict == StepVerdict.DROPPED for answer in answers)
    return Explanation(answers, None if dropped else pipeline.event(hit, site, agent, now))


def _without_memory(rules: Rules) -> Rules:
    """The same settings, asked for the first time."""
    return replace(
        rules, rate=RateLimiter(rules.rate.limit), image_rate=RateLimiter(rules.image_rate.limit),
        recent=OrderedDict(), fetched=OrderedDict(),
    )  # fmt: skip


def came_from(drops: Sequence[LoggedDrop], asked: DescribedHit, pipeline: Pipeline) -> list[LoggedDrop]:
    """The drops from the address, as far as privacy keeps it, or with the user agent in theirs; '' is in none."""
    kept = pipeline.stored_address(asked.address) if asked.address else None
    agent = asked.user_agent
    return [
        drop
        for drop in drops
        if (kept is not None and drop.address == kept)
        or (agent is not None and (agent in drop.user_agent if agent else not drop.user_agent))
    ]


def name_of(step: Step) -> str:
    return getattr(step, "__name__", "step")


def _answer(pipeline: Pipeline, rules: Rules, question: Candidate, step: Step, told: Container[str]) -> StepAnswer:
    needed = NEEDED.get(step)
    if needed is not None and needed not in told:
        return StepAnswer(name_of(step), StepVerdict.UNKNOWN, None, NoEvidence(needed))
    reason = step(rules, question)
    verdict = StepVerdict.PASSES if reason is None else StepVerdict.DROPPED
    return StepAnswer(name_of(step), verdict, reason, LOOKS_AT[step](pipeline, question))


def _network(pipeline: Pipeline, question: Candidate) -> NetworkEvidence:
    ignored, address = pipeline.rules.ignored, question.hit.address
    return NetworkEvidence(address, tuple(ignored.texts), ignored.around(address) or "")


def _rate(pipeline: Pipeline, question: Candidate) -> RateEvidence:
    rules = pipeline.rules
    rate = rules.image_rate if question.hit.proxy else rules.rate
    return RateEvidence(rate.limit, group(question.hit.address))


def _agent(pipeline: Pipeline, question: Candidate) -> AgentEvidence | ProxyEvidence:
    if question.hit.proxy is not None:
        return ProxyEvidence(question.hit.proxy.name)
    return AgentEvidence(question.agent, pipeline.agents.evidence(question.hit.user_agent))


# What a step needs of a hit, where that may be unknown.
NEEDED: Final[dict[Step, str]] = {
    screen.ignored_network: "address",
    screen.too_many: "address",
    screen.bot: "user_agent",
}

LOOKS_AT: Final[dict[Step, Callable[[Pipeline, Candidate], Evidence]]] = {
    screen.foreign_host: lambda _, question: HostEvidence(question.hit.host, question.site.site.hosts),
    screen.opted_out: lambda pipeline, _: WishEvidence(pipeline.rules.respect_gpc),
    screen.ignored_network: _network,
    screen.excluded_page: lambda _, question: PageEvidence(question.hit.path, question.site.site.excluded_pages),
    screen.prefetched: lambda *_: ViewEvidence(),
    screen.repeated: lambda *_: FirstEvidence(),
    screen.too_many: _rate,
    screen.bot: _agent,
    screen.driven: lambda pipeline, _: DrivenEvidence(pipeline.rules.count_driven),
    screen.spam_referrer: lambda _, question: ReferrerEvidence(question.hit.referrer),
    screen.too_soon: lambda _, question: GapEvidence(
        question.hit.proxy is not None, question.site.site.image_gap_seconds
    ),
}
