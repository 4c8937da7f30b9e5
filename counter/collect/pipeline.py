"""From a Hit to an Event or a Drop: screen, identify, enrich. Plain and synchronous; nothing here waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from counter.address import mask
from counter.collect.agents.browser import screen_class
from counter.collect.identify import Salts, visitor_id
from counter.collect.origins.origin import Hosts, Origins
from counter.collect.page import normalise_path
from counter.collect.places.geo import Geo
from counter.collect.screen import STEPS, Candidate, Rules, Step, screen
from counter.event import PAGEVIEW, AgentFacts, Client, Drop, DropReason, Event, Hit, ImageProxy, Kind, Origin, Via
from counter.site import ActiveSite, Site

if TYPE_CHECKING:
    from counter.collect.agents.useragent import UserAgents  # its patterns take 0.2 s to load; few commands need them


NOBODY = 0  # the visitor of a view through an image proxy


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What became of a hit before it is stored: exactly one of event and drop."""

    event: Event | None = None
    drop: Drop | None = None
    again: bool = False  # a retry of a hit that was dropped: its drop is counted already
    retry_after: int = 0  # seconds


@dataclass(slots=True)
class Pipeline:
    """Everything that judging a hit looks up. One per process."""

    rules: Rules
    salts: Salts
    agents: UserAgents
    geo: Geo
    origins: Origins
    store_ip: str = "full"

    def judge(self, hit: Hit, site: ActiveSite, now: float, monotonic: float,
              steps: tuple[Step, ...] = STEPS) -> Judged:  # fmt: skip
        """`now` in UTC seconds, for salts; `monotonic` for the rate."""
        agent = self.agents.look_up(hit.user_agent)
        question = Candidate(hit, site, agent, monotonic)
        reason = screen(steps, self.rules, question)
        if reason is None:
            return Judged(event=self.event(hit, site, agent, now))
        key = (site.site.key, hit.id)
        known = bool(hit.id) and key in self.rules.recent
        again = known and self.rules.recent[key] == reason
        if hit.id and not known and reason not in (DropReason.DUPLICATE, DropReason.RATE_LIMITED):
            self.rules.remember(*key, reason)
        return Judged(drop=self.drop(hit, site, agent, reason), again=again, retry_after=question.retry_after)

    def event(self, hit: Hit, site: ActiveSite, agent: AgentFacts, now: float) -> Event:
        """The event, with everything derived."""
        own = site.site
        day, hour = site.local.day_hour(hit.at)
        if hit.proxy is not None:
            return _proxied_view(hit, hit.proxy, own, day, hour)
        address = hit.address
        # By position: keywords cost 1.6 us a hit. The comments name the fields, a test compares the order.
        return Event(
            own.key,  # site_key
            hit.at,  # at
            day,  # day
            hour,  # hour
            _kind(hit),  # kind
            visitor_id(self.salts.key(own.key, day, now), own.id, address, hit.user_agent),  # visitor
            normalise_path(hit.path, own.query_keys) if hit.path else "",  # path
            hit.via,  # via
            "" if hit.name == PAGEVIEW else hit.name,  # name
            hit.title,  # title
            _props(hit),  # props
            self.stored_address(address),  # address
            Client(*agent[:4], hit.language, screen_class(hit.screen)),  # client
            self.geo.place(address),  # place
            self.origins.of(
                hit.referrer, hit.path, Hosts(own.hosts, hit.host, own.excluded_referrers), own.query_keys
            ),  # origin
            hit.id,  # hit_id
            hit.view if hit.engaged_ms else "",  # view
            round(hit.engaged_ms / 1000) if hit.engaged_ms else 0,  # engaged_s
            hit.line,  # line
            hit.overlap,  # overlap
            hit.host,  # host
        )

    def drop(self, hit: Hit, site: ActiveSite, agent: AgentFacts, reason: DropReason) -> Drop:
        """The drop, with what the owner may know about it; nothing when the visitor opted out."""
        day = site.local.day(hit.at)
        if hit.opt_out:  # whatever the reason: visitors who opted out are only counted
            return Drop(site.site.key, hit.at, day, reason, line=hit.line, nameless=True)
        return Drop(
            site.site.key, hit.at, day, reason, agent.bot if reason == DropReason.BOT else None,
            normalise_path(hit.path, site.site.query_keys) if hit.path else "", self.stored_address(hit.address),
            hit.user_agent, hit.id, hit.line,
        )  # fmt: skip

    def stored_address(self, address: str) -> str | None:
        """What privacy settings let us store of the address. Places are looked up with all of it, in memory."""
        if self.store_ip == "full":
            return address
        return mask(address) if self.store_ip == "masked" else None


def _proxied_view(hit: Hit, proxy: ImageProxy, site: Site, day: int, hour: int) -> Event:
    """A view through an image proxy: no visitor is made up, and nothing of the proxy is taken for the reader's."""
    return Event(
        site.key, hit.at, day, hour, Kind.PAGEVIEW, NOBODY,
        normalise_path(hit.path, site.query_keys) if hit.path else "", Via.PROXY,
        title=hit.title, props=_props(hit),
        origin=Origin(source=proxy.name, channel=proxy.channel), hit_id=hit.id,
    )  # fmt: skip


def _props(hit: Hit) -> str | None:
    return msgspec.json.encode(dict(hit.props)).decode() if hit.props else None


def _kind(hit: Hit) -> Kind:
    if hit.engaged_ms:
        return Kind.ENGAGED
    return Kind.PAGEVIEW if hit.name == PAGEVIEW else Kind.CUSTOM
