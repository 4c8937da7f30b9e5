"""Reports on a year of hits: what a question costs, how much more with ten times the hits.

`python -m bench.reports make FOLDER` fills a store, `python -m bench.reports ask FOLDER` asks it. CPU is that of the
reading process with all its threads; the middle of three, after one that is not counted.
"""

from __future__ import annotations

import asyncio
import bisect
import itertools
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click

from bench.figures import Figure, Scale, console, new_table, show, step, steps
from bench.servers import temporary_folder
from counter.event import Client, Event, Kind, Origin, Place, Via
from counter.question import Bucket, By, Dimension, Filter, Operator, Question
from counter.site import ActiveSite, Site
from counter.store.open import open_reports, open_store
from counter.store.protocols import Batch

SEED = 20241121
START = 1_704_067_200  # UTC seconds: 2024-01-01
DAY = 86_400
DAYS = 366
BATCH = 5_000  # events a transaction
FOLD = 200_000  # events a fold
ROUNDS = 3
PATIENCE = 600.0  # seconds by the clock on the wall: a busy machine must not end a measurement
SITE = Site(0, "bench", "Bench", timezone="Europe/Berlin")

COUNTRIES = tuple(f"{first}{second}" for first in "ABCDE" for second in "ABCDEFGH")
BROWSERS = tuple(f"Browser {number}" for number in range(12))
SYSTEMS = ("Windows", "Android", "iOS", "macOS", "Linux")
DEVICES = ("desktop", "phone", "tablet")
LANGUAGES = ("en", "de", "fr", "ka", "es")
SOURCES = tuple(f"Source {number}" for number in range(30))
CHANNELS = ("direct", "search", "social", "referral", "mail")


class Dice:
    """Choices with few that are common and many that are rare: the n-th is taken in proportion to 1/n."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._sums: dict[int, list[float]] = {}

    def rank(self, count: int) -> int:
        sums = self._sums.get(count)
        if sums is None:
            sums = self._sums[count] = list(itertools.accumulate(1 / number for number in range(1, count + 1)))
        return bisect.bisect(sums, self._rng.random() * sums[-1])


def year_of_hits(site: ActiveSite, hits: int, paths: int) -> Iterator[Event]:
    """A year of visits of 2.5 events on average, in order of time; one visitor in ten comes a second time."""
    rng = random.Random(SEED)
    dice = Dice(rng)
    pages = [f"/section-{number % 40}/page-{number}" for number in range(paths)]
    for day in range(DAYS):
        events: list[Event] = []
        while len(events) < hits / DAYS:
            events += _visitor_day(site, rng, dice, pages, START + day * DAY)
        events.sort(key=lambda event: event.at)
        yield from events


def _visitor_day(site: ActiveSite, rng: random.Random, dice: Dice, pages: list[str], midnight: int) -> Iterator[Event]:
    visitor = rng.getrandbits(63)
    browser = BROWSERS[dice.rank(len(BROWSERS))]
    client = Client(
        browser, f"{browser} {rng.randint(100, 105)}", SYSTEMS[dice.rank(5)], DEVICES[dice.rank(3)],
        LANGUAGES[dice.rank(5)], rng.choice(("small", "wide")),
    )  # fmt: skip
    place = Place(COUNTRIES[dice.rank(len(COUNTRIES))])
    origin = Origin(source=SOURCES[dice.rank(len(SOURCES))], channel=CHANNELS[dice.rank(5)])
    address = f"203.0.{rng.randrange(256)}.{rng.randrange(256)}"
    at = midnight + rng.randrange(int(DAY * 0.8))
    for _ in range(2 if rng.random() < 0.1 else 1):
        while True:
            local_day, hour = site.local.day_hour(at)
            is_custom = rng.random() < 0.03
            yield Event(
                site.site.key, at, local_day, hour, Kind.CUSTOM if is_custom else Kind.PAGEVIEW, visitor,
                pages[dice.rank(len(pages))], Via.SNIPPET, name=f"event {dice.rank(8)}" if is_custom else "",
                props='{"plan":"basic"}' if is_custom else None, address=address, client=client, place=place,
                origin=origin,
            )  # fmt: skip
            if rng.random() < 0.4:
                break
            at += rng.randint(5, 300)
        at += 7200


async def make_year(folder: Path, hits: int, paths: int) -> None:
    """Fill the store below `folder`, with what serves 48 hours pruned at the end."""
    async with open_store(folder, "normal", 30) as store:
        site = ActiveSite(await store.catalog.add_site(SITE, START))
        events = year_of_hits(site, hits, paths)
        unfolded, days = 0, set()
        with steps(f"storing {hits:,} hits on {paths:,} paths", hits) as progress:
            while batch := tuple(islice(events, BATCH)):
                await store.append(Batch(batch), batch[-1].at)
                days |= {event.day for event in batch}
                unfolded += len(batch)
                if unfolded >= FOLD:
                    await store.fold()
                    unfolded = 0
                step(progress, len(batch))
        await store.fold()
        await store.prune(START + (DAYS + 4) * DAY, [(site.site.key, day) for day in sorted(days)])


class Case(NamedTuple):
    name: str
    filters: tuple[Filter, ...]
    aim: str


def _is(dimension: Dimension, *values: str) -> Filter:
    return Filter(dimension, Operator.IS, values)


CASES = (
    Case("no filter", (), "<= 60 ms"),
    Case("two visit filters, few", (_is(Dimension.COUNTRY, "AB"), _is(Dimension.DEVICE, "desktop")), "<= 1,000 ms"),
    Case("source and page, few", (
        _is(Dimension.SOURCE, "Source 0"), Filter(Dimension.PAGE, Operator.CONTAINS, ("/section-1/",))), "<= 1,000 ms"),
    Case("two visit filters, most", (
        Filter(Dimension.COUNTRY, Operator.IS_NOT, ("AF",)),
        Filter(Dimension.BROWSER, Operator.IS_NOT, ("Browser 5",))), "<= 4,000 ms"),
    Case("page and country, most", (
        Filter(Dimension.COUNTRY, Operator.IS_NOT, ("AF",)), Filter(Dimension.PAGE, Operator.CONTAINS, ("/page",))),
        "<= 4,000 ms"),
)  # fmt: skip


def question_of(site_key: int, case: Case, bucket: Bucket) -> Question:
    """Totals, a series of the year and its ten top pages."""
    start = START // DAY
    return Question(site_key, start, start + DAYS, case.filters, bucket, 0, (By(Dimension.PAGE),))


class Asked(NamedTuple):
    """Milliseconds of CPU, and what share of the page views the filters let pass, in 100."""

    by_day: float
    by_month: float
    share: float


async def ask_year(folder: Path, rounds: int = ROUNDS) -> dict[str, Asked]:
    """What each case costs on a filled store."""
    found: dict[str, Asked] = {}
    async with open_reports(folder) as store:
        site = next(one for one in await store.catalog.sites() if one.id == SITE.id)
        whole = 0
        for case in CASES:
            times: dict[Bucket, float] = {}
            part = 0
            for bucket in (Bucket.DAY, Bucket.MONTH):
                spent = []
                for number in range(rounds + 1):
                    before = time.process_time()
                    [report] = await store.reports.report([question_of(site.key, case, bucket)], limit=PATIENCE)
                    spent += [(time.process_time() - before) * 1e3] if number else []
                    part = report.totals.pageviews
                times[bucket] = median(spent)
            whole = whole or part
            found[case.name] = Asked(times[Bucket.DAY], times[Bucket.MONTH], 100 * part / max(whole, 1))
    return found


def measure_reports(scale: Scale) -> list[Figure]:
    """Every case on small and on large histories, and how the cost grows."""
    figures = []
    shapes = ((20_000, 1_000), (200_000, 1_000)) if scale.quick else (
        (1_000_000, 1_000), (10_000_000, 1_000), (1_000_000, 50_000), (10_000_000, 50_000))  # fmt: skip
    first: dict[str, Asked] = {}
    for hits, paths in shapes:
        with temporary_folder() as folder:
            asyncio.run(make_year(folder, hits, paths))
            found = asyncio.run(ask_year(folder))
        show_year(f"Reports of a year, {hits:,} hits on {paths:,} paths", found, first)
        first = first or found
        for case in CASES:
            spent = found[case.name].by_day
            aim = case.aim if (hits, paths) == shapes[0] else ""
            figures.append(Figure(f"{case.name}, {hits:,} hits, {paths:,} paths", "ms CPU", spent, aim=aim))
    return figures


def show_year(title: str, found: dict[str, Asked], first: dict[str, Asked]) -> None:
    table = new_table(title, "totals, series, top pages", "% of views", "ms CPU by day", "by month", "growth")
    for name, one in found.items():
        before = first[name].by_day if name in first else None
        growth = one.by_day / before if before else None
        table.add_row(name, show(one.share), show(one.by_day), show(one.by_month), show(growth))
    console.print(table)


@click.group(epilog="Example: python -m bench.reports make /tmp/year --hits 1000000")
def main() -> None:
    """Fill a store with a year of hits, and time the questions of a report on it."""


@main.command(epilog="Example: python -m bench.reports make /tmp/year --hits 1000000 --paths 50000")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--hits", default=1_000_000, show_default=True)
@click.option("--paths", default=1_000, show_default=True)
def make(folder: Path, hits: int, paths: int) -> None:
    """Fill a new store below FOLDER."""
    asyncio.run(make_year(folder, hits, paths))


@main.command(epilog="Example: python -m bench.reports ask /tmp/year")
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--rounds", default=ROUNDS, show_default=True, type=click.IntRange(1, 100))
def ask(folder: Path, rounds: int) -> None:
    """Time the questions on the store below FOLDER."""
    show_year(f"Reports of a year in {folder}", asyncio.run(ask_year(folder, rounds)), {})


if __name__ == "__main__":
    main()
