"""What happens on a demo day: a pure function, whose values are those that the pipeline would have made."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections import Counter
from urllib.parse import urlencode

import msgspec
import pytest

from counter.calendar.localtime import LocalTime, day_number
from counter.collect.agents.browser import SCREENS, language_of
from counter.collect.agents.devices import DEVICES
from counter.collect.agents.useragent import UserAgents
from counter.collect.origins.origin import Hosts, Origins
from counter.collect.origins.sources import Sources
from counter.collect.page import normalise_path
from counter.demo import bots, catalogue
from counter.demo.origins import WAYS
from counter.demo.people import COUNTRIES, DESKTOPS, PHONES
from counter.demo.shape import Plan, days_of, happenings
from counter.demo.visits import DemoDay, make_day
from counter.demo.writing import LARGEST, Packer
from counter.event import DropReason, Event, Kind

ZONE = "Europe/Berlin"
LAST = day_number(dt.date(2026, 11, 21))
LOCAL = LocalTime(ZONE)
NOBODYS = [ipaddress.ip_network(net) for net in (
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32",
)]  # fmt: skip


def plan(hits: int = 20_000, days: int = 20, seed: int = 1) -> Plan:
    return Plan(1, ZONE, LAST - days + 1, days, hits, seed, LOCAL.midnight(LAST + 1))


@pytest.fixture(scope="module")
def days() -> list[DemoDay]:
    return [make_day(plan(), shape) for shape in days_of(plan())]


@pytest.fixture(scope="module")
def events(days: list[DemoDay]) -> list[Event]:
    return [event for made in days for event in made.events]


class TestADay:
    def test_has_exactly_its_hits_in_the_order_of_time_and_within_the_day(self, days: list[DemoDay]) -> None:
        for made, shape in zip(days, days_of(plan()), strict=True):
            assert sum(event.kind != Kind.ENGAGED for event in made.events) == shape.hits
            assert sum(drop.reason == DropReason.BOT for drop in made.drops) == shape.bots
            times = [event.at for event in made.events]
            assert times == sorted(times)
            assert LOCAL.midnight(shape.day) <= times[0] < times[-1] < LOCAL.midnight(shape.day + 1)
            assert all((event.day, event.hour) == LOCAL.day_hour(event.at) for event in made.events)

    def test_is_the_same_whenever_and_in_whatever_order_days_are_made(self, days: list[DemoDay]) -> None:
        shapes = days_of(plan())
        for number in (12, 3):
            assert make_day(plan(), shapes[number]) == days[number]

    def test_is_another_with_another_seed(self, days: list[DemoDay]) -> None:
        other = plan(seed=2)
        assert make_day(other, days_of(other)[5]).events != days[5].events

    def test_that_is_not_over_ends_now(self) -> None:
        noon = LOCAL.midnight(LAST) + 43_200
        unfinished = msgspec.structs.replace(plan(), end=noon)
        made = make_day(unfinished, days_of(unfinished)[-1])
        assert max(event.at for event in made.events) < noon
        assert noon - max(event.at for event in made.events) < 3600

    def test_of_25_hours_has_visits_in_each(self) -> None:
        sunday = day_number(dt.date(2026, 10, 25))
        one = Plan(1, ZONE, sunday, 1, 20_000, 1, LOCAL.midnight(sunday + 1))
        assert len({event.hour for event in make_day(one, days_of(one)[0]).events}) == 25


class TestValues:
    """Each value is one that the pipeline makes."""

    def test_origins_are_what_their_referrers_and_links_tell(self) -> None:
        origins = Origins(Sources.load())
        for way in {way for ways in WAYS.values() for way in ways}:
            tags = {key: value for key, value in way.origin._asdict().items() if key.startswith("utm") and value}
            link = f"/?{urlencode(tags)}" if tags else "/"
            assert origins.of(way.origin.referrer, link, Hosts((catalogue.SHOP,), catalogue.SHOP)) == way.origin

    def test_bots_are_what_their_user_agents_tell(self) -> None:
        agents = UserAgents()
        assert [agents.look_up(agent).bot for _, agent in bots.BOTS] == [bot for bot, _ in bots.BOTS]

    def test_paths_are_normal_and_every_page_has_one_title(self) -> None:
        paths = [page.path for page in catalogue.PAGES]
        assert len(set(paths)) == len(paths)
        assert 300 <= len(paths) <= 1000
        assert all(page.title for page in catalogue.PAGES)
        assert [normalise_path(path, ()) for path in paths] == paths

    def test_clients_are_of_the_closed_sets(self, events: list[Event]) -> None:
        clients = {event.client for event in events}
        assert {client.device for client in clients} <= set(DEVICES)
        assert {client.screen for client in clients} <= set(SCREENS)
        assert all(language_of(client.language, "") == client.language for client in clients)

    def test_countries_languages_and_zones_exist(self) -> None:
        assert len({country.code for country in COUNTRIES}) == len(COUNTRIES) >= 45
        for country in COUNTRIES:
            LocalTime(country.zone)
            assert country.languages
            assert country.code == "" or len(country.code) == 2

    def test_addresses_belong_to_nobody(self, days: list[DemoDay]) -> None:
        given = {one.address for made in days for one in (*made.events, *made.drops)}
        for text in given:
            assert text is not None
            address = ipaddress.ip_address(text)
            assert str(address) == text
            assert any(address in network for network in NOBODYS), text

    def test_properties_are_json_of_text_to_text(self, events: list[Event]) -> None:
        told = {event.props for event in events if event.props is not None}
        assert told
        for props in told:
            assert msgspec.json.decode(props, type=dict[str, str])


class TestABelievableDay:
    def test_engaged_time_names_a_view_of_the_same_visitor_seen_before(self, events: list[Event]) -> None:
        views = {event.hit_id: event for event in events if event.hit_id}
        told = [event for event in events if event.kind == Kind.ENGAGED]
        assert 0.05 * len(events) < len(told) < 0.4 * len(events)
        for event in told:
            view = views[event.view]
            assert (view.kind, view.visitor) == (Kind.PAGEVIEW, event.visitor)
            assert 0 < event.engaged_s <= event.at - view.at + 1

    def test_versions_of_browsers_move_on(self) -> None:
        first, last = dt.date(2025, 11, 22), dt.date(2026, 11, 21)
        for browser in (*DESKTOPS, *PHONES):
            assert browser.version(last) > browser.version(first), browser
        safari = next(browser for browser in DESKTOPS if browser.name == "Safari")
        assert [safari.version(dt.date(*day)) for day in ((2024, 9, 1), (2024, 10, 1), (2025, 10, 1))] == [17, 18, 26]

    def test_a_person_who_comes_again_has_the_same_address_and_another_number(self, days: list[DemoDay]) -> None:
        seen: dict[tuple[object, ...], set[int]] = {}
        for made in days:
            for event in made.events:
                whom = (event.address, event.place, event.client.browser, event.client.screen)
                seen.setdefault(whom, set()).add(event.day)
        assert sum(len(on) > 3 for on in seen.values()) > 50
        numbers = [{event.visitor for event in made.events} for made in days]
        assert sum(map(len, numbers)) == len(set().union(*numbers))

    def test_the_launch_comes_from_elsewhere_and_begins_on_its_page(self, days: list[DemoDay]) -> None:
        launch = next(made for made in days if made.day == happenings(plan())["launch"])
        usual = days[1]
        sources = [Counter(event.origin.source for event in made.events) for made in (launch, usual)]
        shares = [one["Hacker News"] / one.total() for one in sources]
        assert shares[0] > 0.25 > 5 * shares[1]
        paths = Counter(event.path for event in launch.events if event.kind == Kind.PAGEVIEW)
        assert paths.most_common(1)[0][0] == catalogue.LAUNCH_PAGE.path


class TestBatches:
    def test_have_one_size_and_names_and_hold_everything_once(self, days: list[DemoDay], events: list[Event]) -> None:
        packer = Packer(plan())
        batches = [batch for made in days for batch in packer.add(made)] + list(packer.rest())
        assert [event for batch in batches for event in batch.events] == events
        assert [drop for batch in batches for drop in batch.drops] == [drop for made in days for drop in made.drops]
        assert {len(batch.events) for batch in batches[:-1]} == {LARGEST}
        assert len({batch.id for batch in batches}) == len(batches)

    def test_of_another_plan_have_other_names(self) -> None:
        names = set()
        for one in (plan(), plan(seed=2), plan(hits=20_001), plan(days=21)):
            packer = Packer(one)
            list(packer.add(DemoDay(LAST, (), make_day(plan(), days_of(plan())[0]).drops)))
            names.update(batch.id for batch in packer.rest())
        assert len(names) == 4
