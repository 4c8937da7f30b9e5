"""Why a hit is counted, or not: each step of screening asked in turn, with its answer in words.

The answers are the steps' own, nothing is decided here; each comes with what the step looked at.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container
from dataclasses import replace
from enum import StrEnum

import msgspec

from counter.address import group
from counter.collect import screen
from counter.collect.pipeline import Pipeline
from counter.collect.rate import RateLimiter
from counter.collect.screen import ASKS, STEPS, Candidate, Rules, Step
from counter.event import DropReason, Event, Hit
from counter.site import ActiveSite


class StepVerdict(StrEnum):
    PASSES = "passes"
    DROPPED = "dropped"
    UNKNOWN = "unknown"  # what the step looks at was not given


class StepAnswer(msgspec.Struct, frozen=True):
    """What one step says about a hit."""

    step: str
    asks: str
    verdict: StepVerdict
    reason: DropReason | None  # of a drop
    because: str  # what it looked at; '' when there is no more to say


class Explanation(msgspec.Struct, frozen=True):
    """Every step's answer, and the event that would be kept; None when the hit would be dropped."""

    answers: tuple[StepAnswer, ...]
    event: Event | None

    @property
    def reason(self) -> DropReason | None:
        """Why the hit would be dropped: the first reason, as in screening."""
        return next((answer.reason for answer in self.answers if answer.reason is not None), None)


def explain(pipeline: Pipeline, hit: Hit, site: ActiveSite, told: Container[str], now: float) -> Explanation:
    """Ask every step about `hit`, also those after a drop. `told` names what is known about it: address, user_agent.

    Nothing is counted or remembered. The pipeline should have salts that pass: an event is made, and thrown away.
    """
    agent = pipeline.agents.look_up(hit.user_agent)
    question = Candidate(hit, site, agent, monotonic=0.0)
    rules = replace(pipeline.rules, rate=RateLimiter(pipeline.rules.rate.limit), recent=OrderedDict())
    answers = tuple(_answer(pipeline, rules, question, step, told) for step in STEPS)
    dropped = any(answer.verdict == StepVerdict.DROPPED for answer in answers)
    return Explanation(answers, None if dropped else pipeline.event(hit, site, agent, now))


def _answer(pipeline: Pipeline, rules: Rules, question: Candidate, step: Step, told: Container[str]) -> StepAnswer:
    needed = NEEDED.get(step)
    if needed is not None and needed not in told:
        because = f"no {needed.replace('_', ' ')} was given"
        return StepAnswer(_name(step), ASKS[step], StepVerdict.UNKNOWN, None, because)
    reason = step(rules, question)
    verdict = StepVerdict.PASSES if reason is None else StepVerdict.DROPPED
    because = BECAUSE[step](pipeline, question) if step in BECAUSE else ""
    return StepAnswer(_name(step), ASKS[step], verdict, reason, because)


def _name(step: Step) -> str:
    return getattr(step, "__name__", "step").replace("_", " ")


def _host(pipeline: Pipeline, question: Candidate) -> str:
    hosts = ", ".join(question.site.site.hosts) or "any host"
    return f"the hit is from {question.hit.host or 'a host that is not told'}, the site counts {hosts}"


def _wish(pipeline: Pipeline, question: Candidate) -> str:
    heard = "are heard, too" if pipeline.rules.respect_gpc else "are not heard, as counting.respect_gpc is off"
    return f"the opt-out cookie says so; Global Privacy Control and Do Not Track {heard}"


def _network(pipeline: Pipeline, question: Candidate) -> str:
    ignored, address = pipeline.rules.ignored, question.hit.address
    if not ignored.texts:
        return "none is set"
    around = ignored.around(address)
    return f"{address} is in {around}" if around else f"{address} is in none of {', '.join(ignored.texts)}"


def _rate(pipeline: Pipeline, question: Candidate) -> str:
    limit = pipeline.rules.rate.limit
    if not limit:
        return "there is no limit"
    whom = group(question.hit.address)
    return f"{limit:,} are allowed; how many {whom} has sent, only the running service knows"


def _referrer(pipeline: Pipeline, question: Candidate) -> str:
    return f"it is {question.hit.referrer}" if question.hit.referrer else "there is none"


def _agent(pipeline: Pipeline, question: Candidate) -> str:
    facts = question.agent
    if facts.bot is not None:
        evidence = pipeline.agents.evidence(question.hit.user_agent)
        return f"{facts.bot.name} ({facts.bot.category}): {evidence}"
    known = [part for part in (facts.browser_version, facts.system, facts.device) if part]
    return f"it reads as {', '.join(known)}" if known else "nothing says so"


# The part of a hit that a step looks at, where that may be unknown.
NEEDED: dict[Step, str] = {
    screen.ignored_network: "address",
    screen.too_many: "address",
    screen.bot: "user_agent",
}

# What there is to say of a step's answer.
BECAUSE: dict[Step, Callable[[Pipeline, Candidate], str]] = {
    screen.foreign_host: _host,
    screen.opted_out: _wish,
    screen.ignored_network: _network,
    screen.prefetched: lambda pipeline, question: "a browser says so in its request; this hit is taken for a real view",
    screen.repeated: lambda pipeline, question: "this hit is taken for a first one",
    screen.too_many: _rate,
    screen.bot: _agent,
    screen.spam_referrer: _referrer,
}
