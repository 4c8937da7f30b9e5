"""Who comes: countries with their clocks, languages and cities, and the browsers and screens people have.

Nobody is listed. Who comes again is made from a number, and the many who come once share the clients of their country.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from counter.calendar.localtime import day_date
from counter.demo.chance import deck
from counter.event import Client, Place

POOL = 96  # different clients of a country and fortnight, at most


class Country(NamedTuple):
    code: str
    weight: float
    zone: str  # of most of its people
    languages: tuple[str, ...]  # likeliest first
    phones: float  # share of visits from phones
    cities: tuple[tuple[str, str, float], ...] = ()  # region, city, weight; the rest is unknown


COUNTRIES = (
    Country("US", 21.0, "America/Chicago", ("en-US",) * 9 + ("es-US",), 0.46, (
        ("California", "San Francisco", 5), ("California", "Los Angeles", 6), ("New York", "New York", 8),
        ("Washington", "Seattle", 4), ("Texas", "Austin", 3), ("Illinois", "Chicago", 4),
        ("Massachusetts", "Boston", 3), ("Colorado", "Denver", 3), ("Oregon", "Portland", 2))),
    Country("DE", 14.0, "Europe/Berlin", ("de-DE", "de-DE", "de", "en-GB"), 0.44, (
        ("Berlin", "Berlin", 8), ("Bavaria", "Munich", 6), ("Hamburg", "Hamburg", 5), ("Hesse", "Frankfurt am Main", 4),
        ("North Rhine-Westphalia", "Cologne", 4), ("Saxony", "Leipzig", 2), ("Baden-Wurttemberg", "Stuttgart", 3))),
    Country("GB", 9.0, "Europe/London", ("en-GB",), 0.5, (
        ("England", "London", 9), ("England", "Manchester", 3), ("Scotland", "Edinburgh", 2), ("Wales", "Cardiff", 1))),
    Country("IN", 5.6, "Asia/Kolkata", ("en-IN", "en-US", "hi-IN"), 0.68, (
        ("Karnataka", "Bengaluru", 6), ("Maharashtra", "Mumbai", 5), ("Delhi", "Delhi", 4))),
    Country("FR", 5.2, "Europe/Paris", ("fr-FR", "fr"), 0.45, (
        ("Île-de-France", "Paris", 8), ("Auvergne-Rhône-Alpes", "Lyon", 3), ("Occitanie", "Toulouse", 2))),
    Country("CA", 4.2, "America/Toronto", ("en-CA", "en-CA", "fr-CA"), 0.45, (
        ("Ontario", "Toronto", 5), ("Quebec", "Montreal", 4), ("British Columbia", "Vancouver", 3))),
    Country("NL", 3.6, "Europe/Amsterdam", ("nl-NL", "en-NL"), 0.42, (
        ("North Holland", "Amsterdam", 5), ("Utrecht", "Utrecht", 2), ("South Holland", "Rotterdam", 2))),
    Country("BR", 2.9, "America/Sao_Paulo", ("pt-BR",), 0.6, (
        ("São Paulo", "São Paulo", 6), ("Rio de Janeiro", "Rio de Janeiro", 3))),
    Country("ES", 2.6, "Europe/Madrid", ("es-ES", "ca-ES"), 0.5, (
        ("Madrid", "Madrid", 4), ("Catalonia", "Barcelona", 4))),
    Country("IT", 2.5, "Europe/Rome", ("it-IT",), 0.52, (("Lombardy", "Milan", 4), ("Lazio", "Rome", 4))),
    Country("PL", 2.3, "Europe/Warsaw", ("pl-PL",), 0.45, (("Mazovia", "Warsaw", 4), ("Lesser Poland", "Krakow", 2))),
    Country("AU", 2.3, "Australia/Sydney", ("en-AU",), 0.48, (
        ("New South Wales", "Sydney", 4), ("Victoria", "Melbourne", 4))),
    Country("JP", 2.0, "Asia/Tokyo", ("ja-JP", "ja"), 0.5, (("Tokyo", "Tokyo", 6), ("Ōsaka", "Osaka", 2))),
    Country("CH", 1.8, "Europe/Zurich", ("de-CH", "de-CH", "fr-CH"), 0.45, (
        ("Zurich", "Zurich", 4), ("Geneva", "Geneva", 2))),
    Country("AT", 1.7, "Europe/Vienna", ("de-AT",), 0.46, (("Vienna", "Vienna", 5), ("Tyrol", "Innsbruck", 2))),
    Country("SE", 1.6, "Europe/Stockholm", ("sv-SE",), 0.42, (("Stockholm", "Stockholm", 4),)),
    Country("BE", 1.2, "Europe/Brussels", ("nl-BE", "fr-BE"), 0.45),
    Country("GE", 1.1, "Asia/Tbilisi", ("ka-GE", "ka", "en-US"), 0.6, (
        ("Tbilisi", "Tbilisi", 6), ("Adjara", "Batumi", 2))),
    Country("MX", 1.1, "America/Mexico_City", ("es-MX",), 0.6),
    Country("UA", 1.0, "Europe/Kyiv", ("uk-UA",), 0.5),
    Country("TR", 1.0, "Europe/Istanbul", ("tr-TR",), 0.62),
    Country("KR", 0.9, "Asia/Seoul", ("ko-KR",), 0.5),
    Country("ID", 0.9, "Asia/Jakarta", ("id-ID",), 0.72),
    Country("DK", 0.9, "Europe/Copenhagen", ("da-DK",), 0.44),
    Country("NO", 0.9, "Europe/Oslo", ("nb-NO",), 0.44),
    Country("FI", 0.8, "Europe/Helsinki", ("fi-FI",), 0.42),
    Country("CZ", 0.8, "Europe/Prague", ("cs-CZ",), 0.42),
    Country("SG", 0.8, "Asia/Singapore", ("en-SG", "zh-Hans"), 0.5),
    Country("CN", 0.8, "Asia/Shanghai", ("zh-Hans",), 0.5),
    Country("PT", 0.7, "Europe/Lisbon", ("pt-PT",), 0.5),
    Country("IE", 0.7, "Europe/Dublin", ("en-IE",), 0.5),
    Country("RO", 0.6, "Europe/Bucharest", ("ro-RO",), 0.5),
    Country("AR", 0.6, "America/Argentina/Buenos_Aires", ("es-AR",), 0.55),
    Country("ZA", 0.5, "Africa/Johannesburg", ("en-ZA",), 0.6),
    Country("IL", 0.5, "Asia/Jerusalem", ("he-IL", "en-US"), 0.5),
    Country("TW", 0.5, "Asia/Taipei", ("zh-Hant",), 0.5),
    Country("HU", 0.4, "Europe/Budapest", ("hu-HU",), 0.45),
    Country("GR", 0.4, "Europe/Athens", ("el-GR",), 0.52),
    Country("NZ", 0.4, "Pacific/Auckland", ("en-NZ",), 0.48),
    Country("VN", 0.4, "Asia/Ho_Chi_Minh", ("vi-VN",), 0.62),
    Country("PH", 0.4, "Asia/Manila", ("en-PH",), 0.68),
    Country("HK", 0.4, "Asia/Hong_Kong", ("zh-Hant",), 0.5),
    Country("CL", 0.3, "America/Santiago", ("es-CL",), 0.58),
    Country("CO", 0.3, "America/Bogota", ("es-CO",), 0.6),
    Country("TH", 0.3, "Asia/Bangkok", ("th-TH",), 0.65),
    Country("AE", 0.3, "Asia/Dubai", ("en-AE", "ar-AE"), 0.62),
    Country("NG", 0.3, "Africa/Lagos", ("en-NG",), 0.75),
    Country("EG", 0.2, "Africa/Cairo", ("ar-EG",), 0.65),
    Country("KE", 0.2, "Africa/Nairobi", ("en-KE",), 0.72),
    Country("", 0.5, "UTC", ("en-US", ""), 0.3),
)  # fmt: skip
COUNTRY_DECK = deck(((country, country.weight) for country in COUNTRIES), 4096)
# One visit in five has no more than its country, as with most databases of cities.
PLACES = {
    country.code: deck(
        (
            (Place(country.code), 0.25 * sum(weight for *_, weight in country.cities) or 1),
            *((Place(country.code, region, city), weight) for region, city, weight in country.cities),
        ),
        256,
    )
    for country in COUNTRIES
}


def _steady(first: dt.date, number: int, days: float) -> Callable[[dt.date], int]:
    """A browser with a version every so many days: `number` came out on `first`."""
    return lambda date: number + int((date - first).days / days)


def _yearly(date: dt.date) -> int:
    """Safari comes each September: 17 in 2023, 18 in 2024, and from 2025 on by the year that follows."""
    year = date.year - (date.month * 100 + date.day < 916)
    return year - 1999 if year >= 2025 else year - 2006


_CHROME = _steady(dt.date(2022, 3, 29), 100, 31)
_FIREFOX = _steady(dt.date(2022, 5, 3), 100, 28.3)


class Browser(NamedTuple):
    name: str
    system: str
    device: str
    weight: float
    version: Callable[[dt.date], int]


DESKTOPS = (
    Browser("Chrome", "Windows", "desktop", 38, _CHROME),
    Browser("Chrome", "Mac OS X", "desktop", 15, _CHROME),
    Browser("Chrome", "Linux", "desktop", 4, _CHROME),
    Browser("Chrome", "Chrome OS", "desktop", 2, _CHROME),
    Browser("Safari", "Mac OS X", "desktop", 13, _yearly),
    Browser("Firefox", "Windows", "desktop", 8, _FIREFOX),
    Browser("Firefox", "Linux", "desktop", 5, _FIREFOX),
    Browser("Firefox", "Mac OS X", "desktop", 3, _FIREFOX),
    Browser("Edge", "Windows", "desktop", 11, _CHROME),
    Browser("Opera", "Windows", "desktop", 2, _steady(dt.date(2022, 4, 20), 86, 36)),
    Browser("Safari", "iOS", "tablet", 4, _yearly),
    Browser("Chrome", "Android", "tablet", 1.6, _CHROME),
    Browser("Samsung Internet", "Android", "tv", 0.2, _steady(dt.date(2022, 5, 1), 17, 130)),
    Browser("Edge", "Windows", "console", 0.2, _CHROME),
)
PHONES = (
    Browser("Chrome", "Android", "phone", 44, _CHROME),
    Browser("Safari", "iOS", "phone", 39, _yearly),
    Browser("Samsung Internet", "Android", "phone", 7, _steady(dt.date(2022, 5, 1), 17, 130)),
    Browser("Chrome", "iOS", "phone", 4, _CHROME),
    Browser("Firefox", "Android", "phone", 3, _FIREFOX),
    Browser("iOS WebView", "iOS", "phone", 2, _yearly),
)
_DESKTOP_DECK = deck(((browser, browser.weight) for browser in DESKTOPS), 512)
_PHONE_DECK = deck(((browser, browser.weight) for browser in PHONES), 512)
_SCREENS = {
    "desktop": ("1200-1599",) * 4 + ("1600-1919",) * 3 + ("1920 and over",) * 5 + ("992-1199",),
    "tablet": ("768-991", "992-1199", "992-1199", "1200-1599"),
    "phone": ("under 576",) * 24 + ("576-767",),
    "tv": ("1920 and over",),
    "console": ("1920 and over",),
}


def pick_browser(country: Country, dice: random.Random) -> Browser:
    return dice.choice(_PHONE_DECK if dice.random() < country.phones else _DESKTOP_DECK)


def pick_client(country: Country, browser: Browser, date: dt.date, dice: random.Random) -> Client:
    """The client of a visit from `country` with this browser on `date`; most people update soon."""
    behind = int(dice.expovariate(1 / (160 if browser.system == "Chrome OS" or browser.device == "tv" else 16)))
    return Client(
        browser.name,
        f"{browser.name} {browser.version(date - dt.timedelta(days=behind))}",
        browser.system,
        browser.device,
        dice.choice(country.languages),
        dice.choice(_SCREENS[browser.device]),
    )


def pick_address(dice: random.Random) -> str:
    """An unassigned address: from the benchmark range of RFC 2544 or the documentation ranges of RFC 5737 and 3849."""
    number = dice.getrandbits(32)
    kind = number >> 28
    if kind < 4:
        return f"2001:db8:{number >> 14 & 0x3FFF:x}:{number & 0x3FFF:x}::1"
    if kind == 4:
        return f"{('192.0.2', '203.0.113', '198.51.100')[number % 3]}.{(number >> 8) % 254 + 1}"
    return f"198.{18 + (number >> 16 & 1)}.{number >> 8 & 255}.{number & 255}"


class Regular(NamedTuple):
    """Somebody who comes again: the same address, place and browser, whose version moves on."""

    number: int
    seed: int
    country: Country
    browser: Browser
    address: str
    place: Place

    def client_on(self, day: int) -> Client:
        dice = random.Random(f"{self.seed}:client:{self.number}")
        return pick_client(self.country, self.browser, day_date(day - day % 7), dice)


def how_many(hits: int) -> int:
    """Regulars of a site with that many hits in all."""
    return max(20, hits // 150)


@lru_cache(10_000)
def find_regular(seed: int, number: int) -> Regular:
    dice = random.Random(f"{seed}:regular:{number}")
    country = dice.choice(COUNTRY_DECK)
    browser = pick_browser(country, dice)
    return Regular(number, seed, country, browser, pick_address(dice), dice.choice(PLACES[country.code]))


@lru_cache(256)
def clients_of(seed: int, code: str, fortnight: int) -> tuple[Client, ...]:
    """What visits from a country tell in a fortnight; the same few texts again and again, as with real ones."""
    country = next(one for one in COUNTRIES if one.code == code)
    dice = random.Random(f"{seed}:clients:{code}:{fortnight}")
    date = day_date(fortnight * 14)
    size = min(POOL, 16 + int(country.weight * 8))
    return tuple(pick_client(country, pick_browser(country, dice), date, dice) for _ in range(size))
