"""T-42: when the clock is believed, as a pure rule."""

from __future__ import annotations

import pytest

from counter.trust import AGREED, FAR, STEP, Moment, Trust, first_look, look
from tests.kit.app import NOON

NOW = int(NOON)
DAY, HOUR = 86_400, 3_600
YEARS = 3_650 * DAY

# trusted at NOW; seconds that the clock is away from it; whether it is believed, trusted at from then on
NEAR = [
    (0, True, 0),
    (HOUR, True, HOUR),
    (FAR, True, FAR),
    (-HOUR, True, 0),
    (-FAR, True, 0),
    (FAR + 1, False, 0),
    (-FAR - 1, False, 0),
    (YEARS, False, 0),
    (-YEARS, False, 0),
]


@pytest.mark.parametrize(("away", "believed", "moved"), NEAR)
def test_a_clock_within_two_days_of_its_mark_is_believed_and_never_sets_it_back(
    away: int, believed: bool, moved: int
) -> None:
    trust = look(Trust(NOW), Moment(NOW + away, 0.0), None)
    assert trust == (Trust(NOW + moved) if believed else Trust(NOW, NOW + away))


def test_a_clock_that_comes_back_is_believed_and_the_doubt_is_forgotten() -> None:
    doubt = Trust(NOW, NOW + YEARS)
    assert look(doubt, Moment(NOW + HOUR, 10.0), Moment(NOW + YEARS, 0.0)) == Trust(NOW + HOUR)


def looks(trust: Trust, *steps: tuple[int, float], away: int) -> list[Trust]:
    """Looks of one process; each step is what the wall clock and the monotonic one went on since the look before."""
    wall, monotonic, first, seen = NOW + away, 0.0, None, []
    for on, ran in ((0, 0.0), *steps):
        wall, monotonic = wall + on, monotonic + ran
        moment = Moment(wall, monotonic)
        trust = look(trust, moment, first)
        first = first_look(trust, moment, first)
        seen.append(trust)
    return seen


@pytest.mark.parametrize("away", [10 * DAY, YEARS, -10 * DAY, -YEARS])
def test_a_day_of_looks_that_agree_makes_it_believed_and_not_a_second_less(away: int) -> None:
    hourly = [(HOUR, float(HOUR))] * 23
    seen = looks(Trust(NOW), *hourly, (HOUR - 1, HOUR - 1.0), (1, 1.0), away=away)
    assert {one.doubted_at for one in seen[:-1]} == {NOW + away}
    assert seen[-1] == Trust(NOW + away + AGREED)


def test_a_clock_that_runs_ahead_of_the_monotonic_one_is_not_believed_before_both_say_a_day() -> None:
    fast = looks(Trust(NOW), (AGREED, AGREED - STEP / 2), (STEP // 2, STEP / 2), away=YEARS)
    assert [one.doubted for one in fast] == [True, True, False]


@pytest.mark.parametrize("jump", [STEP + 1, DAY, YEARS, -STEP - 1])
def test_a_jump_while_in_doubt_begins_the_day_again(jump: int) -> None:
    before, after = looks(Trust(NOW), (20 * HOUR + jump, 20.0 * HOUR), away=YEARS)
    assert before.doubted_at == NOW + YEARS
    assert after.doubted_at == NOW + YEARS + 20 * HOUR + jump
    seen = looks(Trust(NOW), (20 * HOUR + jump, 20.0 * HOUR), (23 * HOUR, 23.0 * HOUR), (HOUR, HOUR), away=YEARS)
    assert [one.doubted for one in seen] == [True, True, True, False]


# doubted at, seconds from trust, by another process; now, seconds from trust; what comes of it
RESTARTS = [
    (YEARS, YEARS + DAY - 1, "in doubt as before"),
    (YEARS, YEARS + DAY, "believed"),
    (10 * DAY, 20 * DAY, "believed"),
    (YEARS, YEARS - DAY, "in doubt again"),
    (-YEARS, YEARS, "in doubt again"),
    (YEARS, -YEARS, "in doubt again"),
]


@pytest.mark.parametrize(("doubted", "now", "expected"), RESTARTS)
def test_after_a_restart_the_wall_clock_alone_tells_how_long_the_doubt_lasts(
    doubted: int, now: int, expected: str
) -> None:
    trust = look(Trust(NOW, NOW + doubted), Moment(NOW + now, 0.0), None)
    assert (
        trust
        == {
            "in doubt as before": Trust(NOW, NOW + doubted),
            "in doubt again": Trust(NOW, NOW + now),
            "believed": Trust(NOW + now),
        }[expected]
    )
