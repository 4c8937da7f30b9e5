"""Returning visitors, and the clients of one-time visitors; derived from a number, never listed."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import NamedTuple

from counter.calendar.localtime import day_date
from counter.demo import people
from counter.event import Client, Place

POOL = 96  # different clients of a country and fortnight, at most


class Regular(NamedTuple):
    """A returning visitor: the same address, place and browser, whose version moves on."""

    number: int
    seed: int
    country: people.Country
    browser: people.Browser
    address: str
    place: Place

    def client_on(self, day: int) -> Client:
        dice = random.Random(f"{self.seed}:client:{self.number}")
        return people.pick_client(self.country, self.browser, day_date(day - day % 7), dice)


def how_many(hits: int) -> int:
    """Regulars of a site with that many hits in all."""
    return max(20, hits // 150)


@lru_cache(10_000)
def find_regular(seed: int, number: int) -> Regular:
    dice = random.Random(f"{seed}:regular:{number}")
    country = dice.choice(people.COUNTRY_DECK)
    browser = people.pick_browser(country, dice)
    return Regular(number, seed, country, browser, people.pick_address(dice), dice.choice(people.PLACES[country.code]))


@lru_cache(256)
def clients_of(seed: int, code: str, fortnight: int) -> tuple[Client, ...]:
    """The clients of visits from a country in a fortnight; the same few texts again and again, as in reality."""
    country = next(one for one in people.COUNTRIES if one.code == code)
    dice = random.Random(f"{seed}:clients:{code}:{fortnight}")
    date = day_date(fortnight * 14)
    size = min(POOL, 16 + int(country.weight * 8))
    return tuple(people.pick_client(country, people.pick_browser(country, dice), date, dice) for _ in range(size))
