"""Which visit an event joins and what it adds: tables of the rules, without a database."""

from __future__ import annotations

import pytest

from counter.event import Kind
from counter.store.visiting import ENGAGED_CAP, Added, Adds, Visit, VisitorDay

TIMEOUT = 1800
VIEW, CUSTOM = Kind.PAGEVIEW, Kind.CUSTOM
VALUES = (1, 1, 1, 10)  # ids of client, place, origin and entry page


class Day:
    """A visitor's day, fed as the store feeds it."""

    def __init__(self) -> None:
        self.day = VisitorDay(1)
        self.next_id = 1

    def arrive(self, at: int, path: int = 10, kind: Kind = VIEW, name: int = 77, host: int = 0) -> Added:
        what = path if kind == VIEW else name
        visit = self.day.nearest(at, TIMEOUT) if self.day.visits else None
        event_id, self.next_id = self.next_id, self.next_id + 1
        if visit is not None:
            return self.day.join(visit, at, kind, what, path, host)
        return self.day.start(event_id, at, 0, at // 3600 * 3600, kind, what, (*VALUES[:3], path), host)


def names(added: Added) -> str:
    """What it adds, without what it adds to its host."""
    adds = added.adds & ~(Adds.FIRST_OF_HOST | Adds.FIRST_OF_HOST_IN_DAY)
    return " ".join(sorted(bit.name.lower() for bit in Adds if adds & bit))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arrivals", "of_visit", "of_day"),
    [  # (seconds, host): which of them is the first of its host in its visit, and in the visitor's day
        ([(0, 1)], [0], [0]),
        ([(0, 1), (10, 1), (20, 1)], [0], [0]),
        ([(0, 1), (10, 2), (20, 1), (30, 2)], [0, 1], [0, 1]),
        ([(0, 1), (2000, 1)], [0, 1], [0]),  # a second visit
        ([(0, 1), (2000, 2), (2010, 1), (2020, 3)], [0, 1, 2, 3], [0, 1, 3]),
        ([(0, 1), (10, 2), (2000, 2)], [0, 1, 2], [0, 1]),
        ([(0, 0), (10, 0), (20, 1), (4000, 0)], [0, 2, 3], [0, 2]),  # 0 is unknown, and a value
    ],
)
def test_the_first_event_on_a_host_counts_a_visit_and_a_visitor_of_it(
    arrivals: list[tuple[int, int]], of_visit: list[int], of_day: list[int]
) -> None:
    day = Day()
    found = [day.arrive(at, host=host).adds for at, host in arrivals]
    assert [number for number, adds in enumerate(found) if adds & Adds.FIRST_OF_HOST] == of_visit
    assert [number for number, adds in enumerate(found) if adds & Adds.FIRST_OF_HOST_IN_DAY] == of_day


@pytest.mark.parametrize(
    ("begin", "end", "at", "gap"),
    [(100, 200, 150, 0), (100, 200, 100, 0), (100, 200, 200, 0), (100, 200, 205, 5), (100, 200, 93, 7), (5, 5, 5, 0)],
)
def test_the_gap_of_a_visit_is_zero_inside_and_counts_from_its_nearer_end(
    begin: int, end: int, at: int, gap: int
) -> None:
    visit = Visit(1, begin, 0, 0, VALUES)
    visit.stretch(end)
    assert visit.gap(at) == gap


@pytest.mark.parametrize(
    ("at", "grows", "span"), [(150, 0, (100, 200)), (260, 60, (100, 260)), (70, 30, (70, 200)), (200, 0, (100, 200))]
)
def test_a_visit_grows_by_what_lies_beyond_its_ends(at: int, grows: int, span: tuple[int, int]) -> None:
    visit = Visit(1, 100, 0, 0, VALUES)
    assert visit.stretch(200) == 100
    assert (visit.stretch(at), (visit.begin, visit.end)) == (grows, span)


@pytest.mark.parametrize(
    ("visits", "at", "joins"),
    [
        ((0,), 1799, 0),
        ((0,), 1800, 0),
        ((0,), 1801, None),
        ((5000,), 3200, 0),
        ((5000,), 3199, None),
        ((0, 4000), 1900, None),
        ((0, 3600), 1800, 0),  # equally near: the one that arrived first
        ((3600, 0), 1800, 0),
        ((0, 3500), 1701, 0),
        ((0, 3500), 1799, 1),
        ((3500, 0), 1799, 0),
    ],
)
def test_an_event_joins_the_nearest_visit_within_the_timeout(
    visits: tuple[int, ...], at: int, joins: int | None
) -> None:
    day = VisitorDay(1)
    for number, begin in enumerate(visits):
        day.start(number, begin, 0, 0, VIEW, 10, VALUES)
    found = day.nearest(at, TIMEOUT)
    assert (None if found is None else day.visits.index(found)) == joins


@pytest.mark.parametrize(
    ("arrivals", "adds"),
    [
        # (at, path), ... -> what the last of them adds
        ([(0, 10)], "bounce exit first_in_day first_in_visit starts_visit starts_visitor"),
        ([(0, 10), (5, 10)], "unbounce"),
        ([(0, 10), (5, 11)], "exit first_in_day first_in_visit unbounce"),
        ([(0, 10), (5, 11), (9, 11)], ""),
        ([(0, 10), (5, 11), (9, 10)], "exit"),
        ([(0, 10), (5, 10), (5, 12)], "exit first_in_day first_in_visit"),
        ([(60, 10), (0, 11)], "first_in_day first_in_visit unbounce"),  # late: the exit page stays
        ([(0, 10), (9000, 10)], "bounce exit first_in_visit starts_visit"),
        ([(0, 10), (9000, 11)], "bounce exit first_in_day first_in_visit starts_visit"),
        ([(0, 10), (9000, 11), (9001, 10)], "exit first_in_visit unbounce"),
    ],
)
def test_what_a_page_view_adds(arrivals: list[tuple[int, int]], adds: str) -> None:
    day = Day()
    assert names([day.arrive(at, path) for at, path in arrivals][-1]) == adds


def test_a_custom_event_unbounces_and_a_visit_that_one_begins_never_bounces() -> None:
    day = Day()
    assert "bounce" in names(day.arrive(0))
    assert "unbounce" in names(day.arrive(5, kind=CUSTOM))
    assert names(day.arrive(9000, kind=CUSTOM)) == "exit first_in_visit starts_visit"
    assert "bounce" not in names(day.arrive(9005)).split()
    assert names(day.arrive(20000, kind=CUSTOM, name=78)) == "exit first_in_day first_in_visit starts_visit"


def test_a_name_and_a_path_of_the_same_id_are_two_things() -> None:
    day = Day()
    day.arrive(0, path=10)
    assert "first_in_day first_in_visit" in names(day.arrive(5, kind=CUSTOM, name=10))


def test_the_exit_moves_only_forward_and_names_the_page_it_was() -> None:
    day = Day()
    steps = [(100, 10, None), (200, 11, 10), (150, 12, None), (200, 13, 11), (201, 13, None), (300, 10, 13)]
    assert [day.arrive(at, path).exit_was for at, path, _ in steps] == [was for _, _, was in steps]
    assert (day.day.visits[0].exit_path, day.day.visits[0].values[3]) == (10, 10)


def test_late_events_never_merge_two_visits() -> None:
    day = Day()
    for at in (0, 3000, 1500, 1400):
        day.arrive(at)
    assert [(visit.begin, visit.end) for visit in day.day.visits] == [(0, 1500), (3000, 3000)]


def test_the_seconds_of_all_events_are_the_duration() -> None:
    day = Day()
    seconds = [day.arrive(at).seconds for at in (1000, 1600, 1200, 400, 1601, 1601)]
    assert seconds == [0, 600, 0, 600, 1, 0]
    assert sum(seconds) == day.day.visits[0].end - day.day.visits[0].begin


@pytest.mark.parametrize(
    ("pings", "more", "duration"),
    [
        ((10,), (10,), 100),  # within what the visit lasts anyway
        ((150,), (150,), 150),
        ((150, 140, 150), (150, 0, 0), 150),
        ((50, 200, 130), (50, 150, 0), 200),
        ((ENGAGED_CAP + 999,), (ENGAGED_CAP,), ENGAGED_CAP),
        ((0,), (0,), 100),
    ],
)
def test_of_engaged_time_the_largest_counts_at_most_thirty_minutes(
    pings: tuple[int, ...], more: tuple[int, ...], duration: int
) -> None:
    day = Day()
    visit = day.arrive(0).visit
    day.arrive(100)
    answers = [day.day.engage(visit, 1, 0, seconds) for seconds in pings]
    assert tuple(given for given, _ in answers) == more
    assert 100 + sum(grown for _, grown in answers) == duration == visit.end - visit.begin


def test_engaged_time_never_makes_a_bounce_a_visit_of_two() -> None:
    day = Day()
    visit = day.arrive(0).visit
    day.day.engage(visit, 1, 0, 60)
    assert visit.bounced
    assert "unbounce" in names(day.arrive(1800 + 60))
