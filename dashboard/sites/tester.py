"""What would become of a hit: each step of screening asked, and its answer in the reader's words.

The verdicts are the steps' own; here they only get their sentences. Nothing is counted, and no salt is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import msgspec

from counter.address import canonical
from counter.collect.explain import (
    AgentEvidence,
    DescribedHit,
    DrivenEvidence,
    Evidence,
    FirstEvidence,
    GapEvidence,
    HostEvidence,
    NetworkEvidence,
    NoEvidence,
    PageEvidence,
    ProxyEvidence,
    RateEvidence,
    ReferrerEvidence,
    StepAnswer,
    StepVerdict,
    ViewEvidence,
    WishEvidence,
    explain_described,
)
from counter.collect.identify import PassingSalts
from counter.collect.parse import LIMITS, USER_AGENT
from counter.event import AgentFacts, DropReason, Event
from counter.hosts import shown_host
from counter.question import UNKNOWN, Dimension
from counter.reports.grammar import Query
from counter.text import clean
from dashboard.access.call import Call
from dashboard.report.row_labels import label_of
from dashboard.words.catalogue import Words

KEYS: Final = ("address", "user_agent", "path", "host", "referrer")


class TrialForm(msgspec.Struct, frozen=True):
    """What is known of the hit; '' is not told."""

    address: str = ""
    user_agent: str = ""
    path: str = "/"
    host: str = ""
    referrer: str = ""
    wrong_address: str = ""  # what was typed and is no address

    @property
    def asks(self) -> bool:
        """Whether there is something to find out."""
        return bool(self.address or self.user_agent) and not self.wrong_address

    @property
    def hit(self) -> DescribedHit:
        return DescribedHit(self.address or None, self.user_agent or None, self.path, self.host, self.referrer)


@dataclass(frozen=True, slots=True)
class TrialStep:
    """One step's question, verdict and what it looked at."""

    asks: str
    verdict: StepVerdict
    reason: DropReason | None
    because: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Every step's answer, why the hit would be dropped (None: it would be counted), and what would be stored."""

    steps: list[TrialStep]
    reason: DropReason | None
    sure: bool  # whether all that the steps look at was told
    stored: list[tuple[str, str]]  # name of a text, value


def read_trial_form(query: Query) -> TrialForm:
    """The form's fields, cleaned and cut as those of a hit."""
    typed = query.get("address", "").strip()
    address = canonical(typed) if typed else ""
    return TrialForm(
        address=address or "",
        user_agent=clean(query.get("user_agent", "")[:USER_AGENT], USER_AGENT),
        path=clean(query.get("path", ""), LIMITS["path"]) or "/",
        host=clean(query.get("host", ""), LIMITS["host"]),
        referrer=clean(query.get("referrer", ""), LIMITS["referrer"]),
        wrong_address=typed[:80] if address is None else "",
    )


def try_hit(call: Call, tested: TrialForm) -> Trial:
    """As if the page's script had sent a hit now. BadInput for what no script can send."""
    service = call.service
    pipeline = replace(service.pipeline, salts=PassingSalts(service.config.storage.path / "salts"))
    found = explain_described(pipeline, call.site, tested.hit, float(call.now))
    return Trial(
        steps=[_step(call.words, answer) for answer in found.answers],
        reason=found.reason,
        sure=found.sure,
        stored=[] if found.event is None else _stored(call, found.event, tested),
    )


def _step(words: Words, answer: StepAnswer) -> TrialStep:
    asks = words(f"why.step.{answer.step}")
    return TrialStep(asks, answer.verdict, answer.reason, _because(words, answer.evidence))


def _because(words: Words, evidence: Evidence | NoEvidence) -> str:
    """What a step looked at."""
    match evidence:
        case NoEvidence():
            return words("why.untold")
        case HostEvidence(host, hosts):
            name = f"why.host_{'told' if host else 'untold'}_{'some' if hosts else 'any'}"
            return words(name, host=shown_host(host), hosts=", ".join(map(shown_host, hosts)))
        case WishEvidence(gpc_heard):
            return words("why.wish_heard" if gpc_heard else "why.wish_unheard")
        case NetworkEvidence():
            return _of_networks(words, evidence)
        case ViewEvidence() | FirstEvidence() | DrivenEvidence():
            return _of_assumption(words, evidence)
        case RateEvidence(limit, sender):
            return words("why.rate", limit=limit, address=sender) if limit else words("why.no_rate")
        case AgentEvidence(agent):
            return _of_agent(words, agent)
        case ProxyEvidence(name):
            return words("why.is_proxy", name=name)
        case ReferrerEvidence(referrer):
            return words("why.referrer", referrer=referrer) if referrer else words("why.no_referrer")
        case GapEvidence() | PageEvidence():
            return _of_setting(words, evidence)


def _of_assumption(words: Words, evidence: ViewEvidence | FirstEvidence | DrivenEvidence) -> str:
    """What is taken for granted, since nobody asks about another hit."""
    match evidence:
        case ViewEvidence():
            return words("why.real_view")
        case FirstEvidence():
            return words("why.first_one")
        case DrivenEvidence(counted):
            return words("why.driven_counted" if counted else "why.driven_unsaid")


def _of_networks(words: Words, evidence: NetworkEvidence) -> str:
    if not evidence.ignored:
        return words("why.no_networks")
    name = "why.in_network" if evidence.around else "why.in_no_network"
    return words(name, address=evidence.address, networks=evidence.around or ", ".join(evidence.ignored))


def _of_setting(words: Words, evidence: GapEvidence | PageEvidence) -> str:
    if isinstance(evidence, PageEvidence):
        path, excluded = evidence
        return words("why.page", page=path, pages=", ".join(excluded)) if excluded else words("why.no_pages")
    if not evidence.proxied:
        return words("why.no_proxy")
    return words("why.gap", seconds=evidence.seconds) if evidence.seconds else words("why.no_gap")


def _of_agent(words: Words, agent: AgentFacts) -> str:
    if agent.bot is not None:
        category, reason = words(f"bot.{agent.bot.category}"), words(f"bot.{agent.bot.reason}")
        return words("why.is_bot", name=agent.bot.name, category=category, reason=reason)
    device = label_of(words, Dimension.DEVICE, agent.device) if agent.device else ""
    known = [part for part in (agent.browser_version, agent.system, device) if part]
    return words("why.reads_as", client=" · ".join(known)) if known else words("why.reads_as_nothing")


def _stored(call: Call, event: Event, tested: TrialForm) -> list[tuple[str, str]]:
    """What would be written down; of an address or user agent that was not told, nothing."""
    place, client, origin = event.place, event.client, event.origin
    values: list[tuple[Dimension, str]] = []
    if tested.address:
        values += [(Dimension.COUNTRY, place.country), (Dimension.REGION, place.region), (Dimension.CITY, place.city)]
    if tested.user_agent:
        values += [(Dimension.BROWSER_VERSION, client.browser_version), (Dimension.SYSTEM, client.system)]
        values += [(Dimension.DEVICE, client.device)]
    values += [(Dimension.SOURCE, origin.source), (Dimension.CHANNEL, origin.channel)]
    address = [("hits.ip", event.address or call.words("why.not_kept"))] if tested.address else []
    return [
        ("dimension.page", event.path),
        *address,
        *((f"dimension.{one.name.lower()}", label_of(call.words, one, value or UNKNOWN)) for one, value in values),
    ]
