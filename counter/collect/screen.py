"""Screening: why a hit is not counted. Cheap questions first; the first reason wins. The order is the rule."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from counter.address import Networks
from counter.collect.lists import SpamReferrers
from counter.collect.origins.origin import Hosts
from counter.collect.page import host_of, normalise_path
from counter.collect.rate import RateLimiter
from counter.event import AgentFacts, DropReason, Hit
from counter.site import ActiveSite

READERS = 20  # the address of an image proxy may send so many times as many hits as another: many read through it
REMEMBERED = 20_000  # client-made ids and what became of them, about 6 MB; the store knows all of 48 h


@dataclass(slots=True)
class Rules:
    """The owner's settings, and the little memory that screening has."""

    respect_gpc: bool = False
    count_driven: bool = False
    ignored: Networks = field(default_factory=Networks)
    rate: RateLimiter = field(default_factory=lambda: RateLimiter(0))
    image_rate: RateLimiter = field(default_factory=lambda: RateLimiter(0))  # of image proxies
    spam: SpamReferrers = field(default_factory=SpamReferrers)
    recent: OrderedDict[tuple[int, str], DropReason | None] = field(default_factory=OrderedDict)
    fetched: OrderedDict[tuple[int, str, str], float] = field(default_factory=OrderedDict)

    def remember(self, site_key: int, hit_id: str, reason: DropReason | None) -> None:
        """What became of a hit with an id: a reason, or None when it was counted."""
        self.recent[(site_key, hit_id)] = reason
        if len(self.recent) > REMEMBERED:
            self.recent.popitem(last=False)

    def remember_fetch(self, image: tuple[int, str, str], monotonic: float) -> None:
        """When an image proxy fetched the image of a page and was counted: by site key, path and the proxy's name."""
        self.fetched[image] = monotonic
        self.fetched.move_to_end(image)
        if len(self.fetched) > REMEMBERED:
            self.fetched.popitem(last=False)


@dataclass(slots=True)
class Candidate:
    """One hit to be judged, with what was looked up for it."""

    hit: Hit
    site: ActiveSite
    agent: AgentFacts
    monotonic: float
    retry_after: int = 0  # seconds, set when the rate is exceeded


Step = Callable[[Rules, Candidate], DropReason | None]


def foreign_host(rules: Rules, question: Candidate) -> DropReason | None:
    allowed = question.hit.trusted or question.site.takes(question.hit.host)
    return None if allowed else DropReason.FOREIGN_HOST


def opted_out(rules: Rules, question: Candidate) -> DropReason | None:
    return DropReason.OPT_OUT if question.hit.opt_out else None


def ignored_network(rules: Rules, question: Candidate) -> DropReason | None:
    return DropReason.IGNORED_IP if question.hit.address in rules.ignored else None


def excluded_page(rules: Rules, question: Candidate) -> DropReason | None:
    site, path = question.site, question.hit.path
    if not path or not site.leaves_pages_out:
        return None
    return DropReason.EXCLUDED_PAGE if site.leaves_out(normalise_path(path, site.site.query_keys)) else None


def prefetched(rules: Rules, question: Candidate) -> DropReason | None:
    return DropReason.PREFETCH if question.hit.prefetch else None


def repeated(rules: Rules, question: Candidate) -> DropReason | None:
    """A retry of a hit that was dropped gets the first answer; one that was counted is a duplicate."""
    if not question.hit.id:
        return None
    key = (question.site.site.key, question.hit.id)
    if key not in rules.recent:
        return None
    return rules.recent[key] or DropReason.DUPLICATE


def too_many(rules: Rules, question: Candidate) -> DropReason | None:
    if question.hit.trusted:
        return None
    rate = rules.image_rate if question.hit.proxy else rules.rate
    question.retry_after = rate.wait(question.hit.address, question.monotonic)
    return DropReason.RATE_LIMITED if question.retry_after else None


def bot(rules: Rules, question: Candidate) -> DropReason | None:
    if question.hit.trusted and not question.hit.user_agent:
        return None  # a hit from a server: it reports a visitor without saying which browser
    if question.hit.proxy:
        return None  # somebody looks at the image that it fetches
    return DropReason.BOT if question.agent.bot else None


def driven(rules: Rules, question: Candidate) -> DropReason | None:
    if rules.count_driven or question.hit.trusted:
        return None  # a hit from a server: it speaks for a person, whatever its script says
    return DropReason.DRIVEN if question.hit.driven else None


def spam_referrer(rules: Rules, question: Candidate) -> DropReason | None:
    """A link on a host of the site's own, or on one that the owner excludes, is no referrer, whatever the list says."""
    hit, site = question.hit, question.site.site
    if not rules.spam or not hit.referrer:
        return None
    host = host_of(hit.referrer).removeprefix("www.")
    hosts = Hosts(site.hosts, hit.host, site.excluded_referrers)
    if host not in rules.spam or hosts.are_own(host) or hosts.exclude(host):
        return None
    return DropReason.SPAM_REFERRER


def too_soon(rules: Rules, question: Candidate) -> DropReason | None:
    """The last step: what passes it is counted, and the gap begins."""
    hit, site = question.hit, question.site.site
    if hit.proxy is None or not site.image_gap_seconds:
        return None
    image = (site.key, normalise_path(hit.path, site.query_keys), hit.proxy.name)
    last = rules.fetched.get(image)
    if last is not None and question.monotonic - last < site.image_gap_seconds:
        return DropReason.IMAGE_GAP
    rules.remember_fetch(image, question.monotonic)
    return None


# Bad input and unknown sites never get here.
STEPS: tuple[Step, ...] = (
    foreign_host, opted_out, ignored_network, excluded_page, prefetched, repeated, too_many, bot, driven, spam_referrer,
    too_soon,
)  # fmt: skip

# The question of each step, shown to the owner by `counter site why`.
ASKS: dict[Step, str] = {
    foreign_host: "Is the page on a host of this site? One that is not told passes.",
    opted_out: "Has the visitor asked not to be counted?",
    ignored_network: "Is the address in one of counting.ignored_networks?",
    excluded_page: "Is the page one of the site's excluded_pages?",
    prefetched: "Was the page only loaded ahead, before anybody looked at it?",
    repeated: "Was a hit with the same id here in the last 48 hours?",
    too_many: "Has the address sent too many hits this minute?",
    bot: "Is it a bot?",
    driven: "Does a program drive the browser?",
    spam_referrer: "Is the referrer on the list of referrer spam, 'counter lists show'?",
    too_soon: "Has the same image proxy fetched the image of this page within the site's image_gap_seconds?",
}

# Log lines are counted by line and come as fast as the file is read; few formats record the host.
LOG_STEPS: tuple[Step, ...] = (foreign_host, ignored_network, excluded_page, bot, spam_referrer)


def screen(steps: tuple[Step, ...], rules: Rules, question: Candidate) -> DropReason | None:
    """The first reason not to count the hit, or None."""
    for step in steps:
        reason = step(rules, question)
        if reason is not None:
            return reason
    return None
