"""`counter site why`: what would become of a hit, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from counter.address import canonical
from counter.app import build_pipeline
from counter.cli.context import Context, find_site, run
from counter.cli.plain import plain, print_json
from counter.cli.site_drops import drops_as_json, show_drops
from counter.clock import SystemClock
from counter.collect.explain import (
    AgentEvidence,
    DescribedHit,
    DrivenEvidence,
    Evidence,
    Explanation,
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
    ViewEvidence,
    WishEvidence,
    came_from,
    explain_described,
    name_of,
)
from counter.collect.identify import PassingSalts
from counter.collect.parse import USER_AGENT
from counter.collect.screen import ASKS
from counter.errors import UsageError
from counter.event import Event
from counter.hosts import shown_host
from counter.question import UNKNOWN, LoggedDrop
from counter.site import ActiveSite, Site
from counter.text import clean

LAST_DROPS = 1000  # drops a site
STEP_QUESTIONS = {name_of(step): sentence for step, sentence in ASKS.items()}
SHOWN = 20  # of the drops that came from there, unless JSON is wanted


@click.command(epilog="Example: counter site why shop 203.0.113.7 'Mozilla/5.0 (compatible; Googlebot/2.1)'")
@click.argument("site_id", metavar="ID")
@click.argument("whom", metavar="ADDRESS|USER-AGENT...", nargs=-1, required=True)
@click.option("--path", default="/", show_default=True, help="The page, with its query.")
@click.option("--host", default="", help="The host that the page is on.")
@click.option("--referrer", default="", help="The address of the page that linked there.")
@click.option("--json", "json_wanted", is_flag=True, help="For programs; with every drop that came from there.")
@click.pass_obj
def why(
    context: Context, site_id: str, whom: tuple[str, ...], path: str, host: str, referrer: str, json_wanted: bool
) -> None:
    """What would become of a hit from ADDRESS, with USER-AGENT, or both; nothing is counted.

    Each step of screening is asked, and what would be stored is shown. Below are those of the last 1,000 drops that
    came from there: from the address, or with a user agent that has USER-AGENT in it.
    """
    address, user_agent = split_words(whom)
    asked = DescribedHit(address, user_agent, path, host, referrer)
    site, found = run(_look_up(context, site_id))
    pipeline = build_pipeline(context.config, PassingSalts(context.config.storage.path / "salts"))
    try:
        explanation = explain_described(pipeline, ActiveSite(site), asked, SystemClock().now())
        came = came_from(found, asked, pipeline)
    finally:
        pipeline.geo.close()
    if json_wanted:
        print_json({**as_json(explanation, asked), "drops": drops_as_json(came, site)})
    else:
        _show(explanation, asked)
        _show_came(came, site)


def split_words(words: Sequence[str]) -> tuple[str | None, str | None]:
    """The address and the user agent among the arguments; anything that is no address is the user agent."""
    addresses = [address for address in map(canonical, words) if address is not None]
    rest = [word for word in words if canonical(word) is None]
    if len(addresses) > 1:
        raise UsageError(f"{len(addresses)} addresses were given, {' and '.join(addresses)}; ask about one at a time")
    user_agent = clean(" ".join(rest)[:USER_AGENT], USER_AGENT) if rest else None
    return (addresses[0] if addresses else None), user_agent


def stored(event: Event, asked: DescribedHit) -> dict[str, str | None]:
    """What would be stored, by name; without what depends on an address or user agent that was not given."""
    found: dict[str, str | None] = {"path": event.path}
    if asked.address is not None:
        found["address"] = event.address
        found |= {name: value or UNKNOWN for name, value in event.place._asdict().items()}
    if asked.user_agent is not None:
        client = event.client
        found["browser"] = client.browser_version or UNKNOWN
        found["system"] = client.system or UNKNOWN
        found["device"] = client.device or UNKNOWN
    return found | {"source": event.origin.source, "channel": event.origin.channel, "referrer": event.origin.referrer}


def as_json(explanation: Explanation, asked: DescribedHit) -> dict[str, Any]:
    return {
        "asked": asked._asdict(),
        "verdict": "counted" if explanation.reason is None else "dropped",
        "reason": explanation.reason,
        "steps": [_step_json(answer) for answer in explanation.answers],
        "stored": None if explanation.event is None else stored(explanation.event, asked),
    }


def because(evidence: Evidence | NoEvidence) -> str:
    """What a step looked at."""
    match evidence:
        case NoEvidence(field):
            return f"no {field.replace('_', ' ')} was given"
        case HostEvidence(host, hosts):
            counts = ", ".join(map(shown_host, hosts)) or "any host"
            return f"the hit is from {host or 'a host that is not told'}, the site counts {counts}"
        case WishEvidence():
            return _of_wish(evidence)
        case NetworkEvidence():
            return _of_networks(evidence)
        case ViewEvidence() | FirstEvidence() | DrivenEvidence():
            return _of_assumption(evidence)
        case RateEvidence():
            return _of_rate(evidence)
        case AgentEvidence():
            return _of_agent(evidence)
        case ProxyEvidence(name):
            return f"{name} is no reader: a counting image that it fetches is a page view without a visitor"
        case ReferrerEvidence(referrer):
            return f"it is {referrer}" if referrer else "there is none"
        case GapEvidence() | PageEvidence():
            return _of_setting(evidence)


def _of_assumption(evidence: ViewEvidence | FirstEvidence | DrivenEvidence) -> str:
    """What is taken for granted, since nobody asks about another hit."""
    match evidence:
        case ViewEvidence():
            return "a browser says so in its request; this hit is taken for a real view"
        case FirstEvidence():
            return "this hit is taken for a first one"
        case DrivenEvidence(counted):
            return "such browsers are counted" if counted else "the script says so; this hit is taken for a person's"


def _of_wish(evidence: WishEvidence) -> str:
    heard = "are heard, too" if evidence.gpc_heard else "are not heard, as counting.respect_gpc is off"
    return f"the opt-out cookie says so; Global Privacy Control and Do Not Track {heard}"


def _of_rate(evidence: RateEvidence) -> str:
    if not evidence.limit:
        return "there is no limit"
    return f"{evidence.limit:,} are allowed; how many {evidence.sender} has sent, only the running service knows"


def _of_networks(evidence: NetworkEvidence) -> str:
    if not evidence.ignored:
        return "none is set"
    where = evidence.around or f"none of {', '.join(evidence.ignored)}"
    return f"{evidence.address} is in {where}"


def _of_setting(evidence: GapEvidence | PageEvidence) -> str:
    if isinstance(evidence, PageEvidence):
        path, excluded = evidence
        return f"it is {path or 'not told'}; excluded are {', '.join(excluded)}" if excluded else "none is set"
    if not evidence.proxied:
        return "no image proxy has fetched it"
    if not evidence.seconds:
        return "none is set"
    return f"the gap is {evidence.seconds} s; this fetch is taken for a first one"


def _of_agent(evidence: AgentEvidence) -> str:
    agent = evidence.agent
    if agent.bot is not None:
        return f"{agent.bot.name} ({agent.bot.category}): {evidence.sign}"
    known = [part for part in (agent.browser_version, agent.system, agent.device) if part]
    return f"it reads as {', '.join(known)}" if known else "nothing says so"


def _step_json(answer: StepAnswer) -> dict[str, Any]:
    return {
        "step": answer.step.replace("_", " "),
        "asks": STEP_QUESTIONS[answer.step],
        "verdict": answer.verdict,
        "reason": answer.reason,
        "because": because(answer.evidence),
    }


async def _look_up(context: Context, site_id: str) -> tuple[Site, list[LoggedDrop]]:
    async with context.reading() as store:
        site = await find_site(store, site_id)
        return site, await store.reports.last_drops(site.key, LAST_DROPS)


def _show(explanation: Explanation, asked: DescribedHit) -> None:
    console = Console(highlight=False)
    table = Table("asked in this order", "verdict", "because", box=None)
    for answer in explanation.answers:
        verdict = answer.verdict if answer.reason is None else f"dropped: {answer.reason}"
        table.add_row(plain(STEP_QUESTIONS[answer.step]), verdict, plain(because(answer.evidence)))
    console.print(table)
    console.print()
    if explanation.event is None:
        console.print(f"It would be dropped: {explanation.reason}. The first reason counts.")
        return
    it = "It" if explanation.sure else "As far as was told it"
    console.print(f"{it} would be counted, and this would be stored:")
    table = Table(box=None, show_header=False)
    for name, value in stored(explanation.event, asked).items():
        table.add_row(name, plain("(not kept)" if value is None else value or "(none)"))
    console.print(table)


def _show_came(came: list[LoggedDrop], site: Site) -> None:
    click.echo()
    if not came:
        click.echo(f"None of the last {LAST_DROPS:,} drops came from there.")
        return
    shown = f", the last {SHOWN} are" if len(came) > SHOWN else ""
    click.echo(f"{len(came):,} of the last {LAST_DROPS:,} drops came from there{shown}:")
    show_drops(came[:SHOWN], site)
