"""The shape of a demo year: shares that add up, weekdays, nights, growth, and what happens on its days."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from counter.calendar.localtime import LocalTime, day_date, day_number
from counter.demo.chance import allocate, deck
from counter.demo.shape import LAUNCH_AT, Plan, Wave, days_of, happenings, hour_weights, season

LAST = day_number(dt.date(2026, 11, 21))


def plan(hits: int = 100_000, days: int = 365, seed: int = 1, zone: str = "Europe/Berlin") -> Plan:
    return Plan(1, zone, LAST - days + 1, days, hits, seed, LocalTime(zone).midnight(LAST + 1))


class TestShares:
    def test_the_parts_of_a_total_are_whole_and_add_up_to_it(self) -> None:
        dice = random.Random(7)
        for total in (0, 1, 3, 1000, 999_999):
            weights = [dice.random() for _ in range(365)]
            parts = allocate(total, weights)
            assert sum(parts) == total
            assert all(part >= 0 for part in parts)
            assert all(abs(part - total * w / sum(weights)) <= 1 for part, w in zip(parts, weights, strict=True))

    def test_a_deck_has_each_value_as_often_as_its_weight_says(self) -> None:
        cards = deck((("often", 3.0), ("seldom", 1.0)), 400)
        assert (cards.count("often"), cards.count("seldom")) == (300, 100)


class TestDays:
    @pytest.mark.parametrize(("hits", "days"), [(1, 1), (5, 30), (1000, 7), (123_457, 365), (20_000, 800)])
    def test_the_hits_of_the_days_add_up_to_those_of_the_plan(self, hits: int, days: int) -> None:
        shapes = days_of(plan(hits, days))
        assert [shape.day for shape in shapes] == list(range(LAST - days + 1, LAST + 1))
        assert sum(shape.hits for shape in shapes) == hits

    def test_the_same_seed_makes_the_same_days_and_another_seed_others(self) -> None:
        assert days_of(plan(seed=3)) == days_of(plan(seed=3))
        assert days_of(plan(seed=3)) != days_of(plan(seed=4))

    def test_weekends_are_lower_than_weekdays_of_the_same_week(self) -> None:
        hits = {shape.day: shape.hits for shape in days_of(plan(1_000_000)) if len(shape.waves) == 1}
        mondays = [day for day in hits if day_date(day).weekday() == 0]
        weeks = [(hits[day + 1], hits[day + 5]) for day in mondays if {day + 1, day + 5} <= hits.keys()]
        assert len(weeks) > 30
        assert all(tuesday > 1.2 * saturday for tuesday, saturday in weeks)

    def test_the_last_quarter_has_half_as_much_again_as_the_first(self) -> None:
        hits = [shape.hits for shape in days_of(plan())]
        assert sum(hits[-91:]) > 1.5 * sum(hits[:91])

    def test_august_and_christmas_are_quiet(self) -> None:
        may, august, christmas = (season(dt.date(2026, *day)) for day in ((5, 5), (8, 5), (12, 26)))
        assert august < 0.85 * may
        assert christmas < 0.75 * may

    def test_the_launch_is_the_record_day_and_fades_within_eight_days(self) -> None:
        shapes = {shape.day: shape for shape in days_of(plan())}
        launch = happenings(plan())[Wave.LAUNCH]
        assert day_date(launch).weekday() == 1
        assert abs(launch - (LAST - 364 + 365 * LAUNCH_AT)) <= 7
        assert max(shapes.values(), key=lambda shape: shape.hits).day == launch
        before = sum(shapes[launch - day].hits for day in range(1, 8)) / 7
        assert 6 * before < shapes[launch].hits < 13 * before
        assert shapes[launch + 7].hits < 2 * before
        assert Wave.LAUNCH not in dict(shapes[launch + 8].waves)

    def test_the_newsletter_goes_out_on_the_first_wednesday_of_every_month(self) -> None:
        days = [day_date(shape.day) for shape in days_of(plan()) if Wave.LETTER in dict(shape.waves)]
        first = [day for day in days if day.weekday() == 2]
        assert {(day.year, day.month) for day in first} == {(2025, 12), *((2026, month) for month in range(1, 12))}
        assert all(day.day <= 7 for day in first)

    def test_bots_come_in_a_wave_of_ten_times_as_many(self) -> None:
        shapes = days_of(plan())
        wave = [shape.bots for shape in shapes if shape.bot_wave]
        usual = sorted(shape.bots for shape in shapes if not shape.bot_wave)
        assert 3 <= len(wave) <= 10
        assert max(wave) > 7 * usual[len(usual) // 2]

    def test_of_an_unfinished_day_only_the_part_that_is_over_has_hits(self) -> None:
        noon = LocalTime("Europe/Berlin").midnight(LAST) + 43_200
        whole = days_of(Plan(1, "Europe/Berlin", LAST - 9, 10, 10_000, 1, noon + 43_200))
        part = days_of(Plan(1, "Europe/Berlin", LAST - 9, 10, 10_000, 1, noon))
        assert part[-1].hits / part[-2].hits == pytest.approx(0.5 * whole[-1].hits / whole[-2].hits, rel=0.05)


class TestHours:
    def test_people_sleep_by_their_own_clock(self) -> None:
        midnight = day_number(dt.date(2026, 3, 4)) * 86_400
        slots = list(range(midnight, midnight + 86_400, 3600))
        london, tokyo = hour_weights(0, slots), hour_weights(9 * 3600, slots)
        assert london[3] * 5 < london[12]
        assert tokyo[(3 - 9) % 24] * 5 < tokyo[(12 - 9) % 24]
        assert tokyo == london[9:] + london[:9]
