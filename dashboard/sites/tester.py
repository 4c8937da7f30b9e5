"""What would become of a hit: each step of screening asked, and its answer in the reader's words.

The verdicts are the steps' own; here they only get their sentences. Nothing is counted, and no salt is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from counter.address import canonical, group
from counter.collect.explain import StepAnswer, StepVerdict, explain
from counter.collect.identify import PassingSalts
from counter.collect.parse import LIMITS, USER_AGENT, Envelope, WireHit, hit_from
from counter.event import DropReason, Event, Hit
from counter.question import UNKNOWN, Dimension, LoggedDrop
from counter.reports.grammar import Query
from counter.text import clean
from dashboard.access.call import Call
from dashboard.report.row_labels import label_of

KEYS: Final = ("address", "user_agent", "path", "host", "referrer")


class Tested(msgspec.Struct, frozen=True):
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


@dataclass(frozen=True, slots=True)
class StepView:
    """One step's question, verdict and what it looked at."""

    asks: str
    verdict: StepVerdict
    reason: DropReason | None
    because: str


@dataclass(frozen=True, slots=True)
class Tried:
    """Every step's answer, why the hit would be dropped (None: it would be counted), and what would be stored."""

    steps: list[StepView]
    reason: DropReason | None
    sure: bool  # whether all that the steps look at was told
    stored: list[tuple[str, str]]  # name of a text, value


def read_tested(query: Query) -> Tested:
    """The form's fields, cleaned and cut as those of a hit."""
    typed = query.get("address", "").strip()
    address = canonical(typed) if typed else ""
    return Tested(
        address=address or "",
        user_agent=clean(query.get("user_agent", "")[:USER_AGENT], USER_AGENT),
        path=clean(query.get("path", ""), LIMITS["path"]) or "/",
        host=clean(query.get("host", ""), LIMITS["host"]),
        referrer=clean(query.get("referrer", ""), LIMITS["referrer"]),
        wrong_address=typed[:80] if address is None else "",
    )


def try_hit(call: Call, tested: Tested) -> Tried:
    """As if the page's script had sent a hit now. BadInput for what no script can send."""
    service = call.service
    wire = WireHit(call.site.site.id, path=tested.path, host=tested.host, referrer=tested.referrer)
    hit = hit_from(wire, Envelope(at=call.now, address=tested.address, user_agent=tested.user_agent))
    pipeline = replace(service.pipeline, salts=PassingSalts(service.config.storage.path / "salts"))
    told = {name for name in ("address", "user_agent") if getattr(tested, name)}
    found = explain(pipeline, hit, call.site, told, float(call.now))
    return Tried(
        steps=[_step(call, hit, answer) for answer in found.answers],
        reason=found.reason,
        sure=all(answer.verdict != StepVerdict.UNKNOWN for answer in found.answers),
        stored=[] if found.event is None else _stored(call, found.event, tested),
    )


def came_from(call: Call, drops: Sequence[LoggedDrop], tested: Tested) -> list[LoggedDrop]:
    """The drops from the address, as far as privacy keeps it, or with the user agent in theirs."""
    kept = call.service.pipeline.stored_address(tested.address) if tested.address else None
    agent = tested.user_agent
    return [
        drop
        for drop in drops
        if (kept is not None and drop.address == kept) or (agent and agent in drop.user_agent)
    ]  # fmt: skip


def _step(call: Call, hit: Hit, answer: StepAnswer) -> StepView:
    name = answer.step.replace(" ", "_")
    if answer.verdict == StepVerdict.UNKNOWN:
        because = call.words("why.untold")
    else:
        because = BECAUSE[name](call, hit) if name in BECAUSE else ""
    return StepView(call.words(f"why.step.{name}"), answer.verdict, answer.reason, because)


def _host(call: Call, hit: Hit) -> str:
    hosts = ", ".join(call.site.site.hosts)
    told = "told" if hit.host else "untold"
    return call.words(f"why.host_{told}_{'some' if hosts else 'any'}", host=hit.host, hosts=hosts)


def _wish(call: Call, hit: Hit) -> str:
    return call.words("why.wish_heard" if call.service.pipeline.rules.respect_gpc else "why.wish_unheard")


def _network(call: Call, hit: Hit) -> str:
    ignored = call.service.pipeline.rules.ignored
    if not ignored.texts:
        return call.words("why.no_networks")
    around = ignored.around(hit.address)
    name = "why.in_network" if around else "why.in_no_network"
    return call.words(name, address=hit.address, networks=around or ", ".join(ignored.texts))


def _rate(call: Call, hit: Hit) -> str:
    limit = call.service.pipeline.rules.rate.limit
    return call.words("why.rate", limit=limit, address=group(hit.address)) if limit else call.words("why.no_rate")


def _agent(call: Call, hit: Hit) -> str:
    facts, words = call.service.pipeline.agents.look_up(hit.user_agent), call.words
    if facts.bot is not None:
        category, reason = words(f"bot.{facts.bot.category}"), words(f"bot.{facts.bot.reason}")
        return words("why.is_bot", name=facts.bot.name, category=category, reason=reason)
    device = label_of(words, Dimension.DEVICE, facts.device) if facts.device else ""
    known = [part for part in (facts.browser_version, facts.system, device) if part]
    return words("why.reads_as", client=" · ".join(known)) if known else words("why.reads_as_nothing")


def _referrer(call: Call, hit: Hit) -> str:
    return call.words("why.referrer", referrer=hit.referrer) if hit.referrer else call.words("why.no_referrer")


def _stored(call: Call, event: Event, tested: Tested) -> list[tuple[str, str]]:
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


# What there is to say of a step's answer, by the step's name.
BECAUSE: Final[dict[str, Callable[[Call, Hit], str]]] = {
    "foreign_host": _host,
    "opted_out": _wish,
    "ignored_network": _network,
    "prefetched": lambda call, hit: call.words("why.real_view"),
    "repeated": lambda call, hit: call.words("why.first_one"),
    "too_many": _rate,
    "bot": _agent,
    "spam_referrer": _referrer,
}
