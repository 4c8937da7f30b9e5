"""Whether the clock can be trusted before anything is erased.

A machine that starts with a wrong clock would otherwise erase every hit, address and salt that has a term. So the
clock is believed while it is near the last moment at which it was believed. When it is far away, it is in doubt, and
nothing is erased until it has run on for a day: then the service was off, or the clock was wrong before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

FAR: Final = 2 * 86_400  # seconds: a service may be off for a weekend
AGREED: Final = 86_400  # seconds from the first look in doubt to one that agrees with it
STEP: Final = 3_600  # seconds that a clock may be slewed or set while in doubt


class Moment(NamedTuple):
    """A reading of both clocks: UTC seconds, and monotonic seconds that mean nothing in another process."""

    wall: int
    monotonic: float


@dataclass(frozen=True, slots=True)
class Trust:
    """The last moment at which the clock was believed, and since when it is in doubt; UTC seconds."""

    trusted_at: int
    doubted_at: int | None = None

    @property
    def doubted(self) -> bool:
        return self.doubted_at is not None


def look(trust: Trust, moment: Moment, first: Moment | None) -> Trust:
    """Judge the clock at `moment`; `first` is this process's first look in an ongoing doubt, if any."""
    if abs(moment.wall - trust.trusted_at) <= FAR:
        return Trust(max(moment.wall, trust.trusted_at))
    if trust.doubted_at is None or _is_another_doubt(trust, trust.doubted_at, moment, first):
        return Trust(trust.trusted_at, moment.wall)
    if min(moment.wall, _as_it_ran(moment, first)) - trust.doubted_at >= AGREED:
        return Trust(moment.wall)
    return trust


def _is_another_doubt(trust: Trust, doubted_at: int, moment: Moment, first: Moment | None) -> bool:
    """Whether the clock was set since: it is before the doubt, on the other side of trust, or ran at another speed."""
    ahead, was_ahead = moment.wall > trust.trusted_at, doubted_at > trust.trusted_at
    return ahead != was_ahead or moment.wall < doubted_at or abs(moment.wall - _as_it_ran(moment, first)) > STEP


def _as_it_ran(moment: Moment, first: Moment | None) -> float:
    """What the wall clock would show if it had run like the monotonic one since `first`."""
    return moment.wall if first is None else first.wall + moment.monotonic - first.monotonic


def first_look(trust: Trust, moment: Moment, first: Moment | None) -> Moment | None:
    """What to pass as `first` to the next look, after `look` at `moment` gave `trust`."""
    if not trust.doubted:
        return None
    return moment if first is None or trust.doubted_at == moment.wall else first
