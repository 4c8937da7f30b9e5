"""The visits of one day: who visits, when, from where, which pages they view and what they do there."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from operator import attrgetter
from statistics import NormalDist
from typing import NamedTuple, TypeVar

import msgspec

from counter.calendar.localtime import LocalTime
from counter.demo import bots, catalogue, people
from counter.demo.catalogue import Page
from counter.demo.origins import Way, ways_on
from counter.demo.shape import DayShape, Plan, hour_weights
from counter.event import NOT_FOUND, Bot, Client, Drop, DropReason, Event, Kind, Place, Via

T = TypeVar("T")

REGULARS = 0.18  # share of visits by people who return on other days
BACK_SOON = 0.05  # share of visits by people who were here earlier in the day
BOUNCES = {"known": 0.37, "search": 0.51, "asked": 0.47, "linked": 0.58, "launch": 0.64, "letter": 0.4, "offer": 0.55}
MORE_VIEWS = 2.3  # of the visits that go on; the mean of what comes after the second view, and a half
ENGAGED = 0.15  # share of views that report engaged time
PIXELS = 0.03  # share of visits without JavaScript
LOST = 0.006  # share of views of a missing page
OTHER_DROPS = ((DropReason.PREFETCH, 0.05), (DropReason.SPAM_REFERRER, 0.02))  # for each bot

# Seconds on a page: half of the people leave it within 38, few stay for long.
SECONDS = tuple(
    min(1500, round(math.exp(3.65 + 1.05 * NormalDist().inv_cdf((n + 0.5) / 1024)))) + 1 for n in range(1024)
)


class Person(NamedTuple):
    """A visitor as the store sees them on one day."""

    visitor: int
    address: str
    client: Client
    place: Place
    zone: str


class DemoDay(msgspec.Struct, frozen=True):
    """Events and drops of one day, in the order of time."""

    day: int
    events: tuple[Event, ...]
    drops: tuple[Drop, ...]


def make_day(plan: Plan, shape: DayShape) -> DemoDay:
    """What happens on one day: exactly `shape.hits` page views and custom events, plus engaged time.

    A pure function: days may be made in any order and in any process.
    """
    one = _Day(plan, shape)
    left = shape.hits if one.slots else 0
    while left > 0:
        left -= one.add_visit(left)
    one.events.sort(key=attrgetter("at"))
    drops = sorted(one.drops() if one.slots else (), key=attrgetter("at"))
    return DemoDay(shape.day, tuple(one.events), tuple(drops))


class _Day:
    """What is looked up repeatedly while a day is made."""

    def __init__(self, plan: Plan, shape: DayShape) -> None:
        self.plan, self.shape = plan, shape
        self.dice = plan.dice(plan.name, shape.day)
        self.local = _local(plan.timezone)
        begin = self.local.midnight(shape.day)
        self.end = min(self.local.midnight(shape.day + 1), plan.end)
        self.slots = list(range(begin, self.end, 3600))
        self.events: list[Event] = []
        self.earlier: list[Person] = []
        self.today: dict[int, Person] = {}  # regulars, by number
        self.curves: dict[str, list[int]] = {}
        self.ids = f"{plan.name}{shape.day & 0xFFFF:04x}"
        share = (shape.day - plan.first_day) / 365
        self.ways = [ways_on(wave, min(1.0, share)) for wave, _ in shape.waves]
        self.waves = list(accumulate(weight for _, weight in shape.waves))

    def add_visit(self, most: int) -> int:
        """Add the events of one visit, at most `most` hits; returns how many hits they are."""
        chance = self.dice.random
        way = self._way()
        person = self._person()
        at = self._time(person.zone)
        scripted = chance() >= PIXELS
        page = _card(catalogue.ENTRIES[way.entry], chance())
        more = 0 if chance() < BOUNCES[way.entry] else 1 + int(self.dice.expovariate(1 / MORE_VIEWS))
        hits = 0
        while at < self.end and hits < most:
            seconds = _card(SECONDS, chance())
            self._view(person, way, page, at, seconds, scripted=scripted)
            hits += 1
            if scripted and hits < most:
                hits += self._happenings(person, way, page, at + seconds // 2)
            if not more:
                break
            more -= 1
            at += seconds
            page = _card(catalogue.NEXT, chance())
        return hits

    def drops(self) -> list[Drop]:
        """The bots of the day, and the few hits that were not counted for other reasons."""
        cards = bots.IN_A_WAVE if self.shape.bot_wave else bots.USUAL
        found = [self._drop(DropReason.BOT, _card(cards, self.dice.random())) for _ in range(self.shape.bots)]
        for reason, share in OTHER_DROPS:
            found += [self._drop(reason, None) for _ in range(round(self.shape.bots * share))]
        return found

    def _drop(self, reason: DropReason, card: tuple[Bot, str] | None) -> Drop:
        at = self.slots[0] + int(self.dice.random() * (self.end - self.slots[0]))
        bot, agent = card or (None, "")
        page = _card(catalogue.NEXT, self.dice.random())
        address = people.pick_address(self.dice)
        return Drop(self.plan.site_key, at, self.shape.day, reason, bot, page.path, address, agent)

    def _way(self) -> Way:
        chance = self.dice.random()
        if len(self.waves) == 1:
            return _card(self.ways[0], chance)
        place = chance * self.waves[-1]
        wave = next(number for number, edge in enumerate(self.waves) if place < edge)
        return _card(self.ways[wave], self.dice.random())

    def _person(self) -> Person:
        chance = self.dice.random()
        if chance < REGULARS:
            return self._regular(int((chance / REGULARS) ** 2 * people.how_many(self.plan.hits)))
        if chance > 1 - BACK_SOON and self.earlier:
            return self.earlier[int(self.dice.random() * len(self.earlier))]
        country = _card(people.COUNTRY_DECK, self.dice.random())
        client = _card(people.clients_of(self.plan.seed, country.code, self.shape.day // 14), self.dice.random())
        place = _card(people.PLACES[country.code], self.dice.random())
        person = Person(self._visitor(), people.pick_address(self.dice), client, place, country.zone)
        self.earlier.append(person)
        return person

    def _regular(self, number: int) -> Person:
        person = self.today.get(number)
        if person is None:
            known = people.find_regular(self.plan.seed, number)
            client = known.client_on(self.shape.day)
            person = Person(self._visitor(), known.address, client, known.place, known.country.zone)
            self.today[number] = person
        return person

    def _visitor(self) -> int:
        return self.dice.getrandbits(64) - (1 << 63)

    def _time(self, zone: str) -> int:
        """When a visitor whose clock is in `zone` arrives, in UTC seconds."""
        curve = self.curves.get(zone)
        if curve is None:
            noon = self.slots[len(self.slots) // 2]
            curve = self.curves[zone] = list(accumulate(hour_weights(_offset(zone, noon), self.slots)))
        slot = self.dice.choices(self.slots, cum_weights=curve)[0]
        return slot + int(self.dice.random() * min(3600, self.end - slot))

    def _view(self, person: Person, way: Way, page: Page, at: int, seconds: int, *, scripted: bool) -> None:
        engaged = scripted and self.dice.random() < ENGAGED
        hit_id = f"{self.ids}{len(self.events):x}" if engaged else ""
        via = Via.SNIPPET if scripted else Via.PIXEL
        self._add(Kind.PAGEVIEW, person, way, page, at, via=via, hit_id=hit_id)
        if engaged and at + seconds < self.end:
            self.events.append(self._engaged(person, way, at + seconds, hit_id, 1 + seconds * 3 // 4))

    def _engaged(self, person: Person, way: Way, at: int, view: str, seconds: int) -> Event:
        day, hour = self.local.day_hour(at)
        return Event(
            self.plan.site_key, at, day, hour, Kind.ENGAGED, person.visitor, "", Via.SNIPPET, "", "", None,
            person.address, person.client, person.place, way.origin, "", view, seconds,
        )  # fmt: skip

    def _happenings(self, person: Person, way: Way, page: Page, at: int) -> int:
        """Custom events that follow a view; at most one, because two in one moment are seldom."""
        if at >= self.end:
            return 0
        chance = self.dice.random()
        if chance < LOST:
            path = self.dice.choice(catalogue.GONE)
            self._add(Kind.CUSTOM, person, way, Page(path, "", ""), at, name=NOT_FOUND)
            return 1
        for happening in catalogue.HAPPENS.get(page.kind, ()):
            chance -= happening.chance
            if chance < LOST:
                self._add(
                    Kind.CUSTOM, person, way, page, at, name=happening.name, props=self.dice.choice(happening.props)
                )
                return 1
        return 0

    def _add(self, kind: Kind, person: Person, way: Way, page: Page, at: int, *, via: Via = Via.SNIPPET,
             name: str = "", props: str | None = None, hit_id: str = "") -> None:  # fmt: skip
        day, hour = self.local.day_hour(at)
        # By position, as in the pipeline: keywords cost 1.6 us a hit.
        self.events.append(Event(
            self.plan.site_key, at, day, hour, kind, person.visitor, page.path, via, name, page.title, props,
            person.address, person.client, person.place, way.origin, hit_id, host=catalogue.SHOP,
        ))  # fmt: skip


@lru_cache(4)
def _local(zone: str) -> LocalTime:
    return LocalTime(zone)


@lru_cache(4096)
def _offset(zone: str, at: int) -> int:
    """Seconds that the clocks of `zone` are ahead of UTC."""
    offset = dt.datetime.fromtimestamp(at, _local_zone(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(64)
def _local_zone(zone: str) -> dt.tzinfo:
    return LocalTime(zone).zone


def _card(cards: Sequence[T], chance: float) -> T:
    return cards[int(chance * len(cards))]
