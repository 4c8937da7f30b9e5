"""A shape as a theme writes it: `polygon(0 0, 100% 0, 50% 100%)`, the same text for `clip-path` and for an image."""

from __future__ import annotations

import re
from typing import NamedTuple

from counter.errors import ConfigError

MAX_POINTS = 400  # of one shape; the segments of an 8 take 56

_POLYGON = re.compile(r"polygon\(([0-9.%,\s]+)\)")
_POINT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)(%?)\s+([0-9]{1,3}(?:\.[0-9]{1,2})?)(%?)")


class Shape(NamedTuple):
    """Points in percent of a box: (across, down)."""

    points: tuple[tuple[float, float], ...]

    def within(self, x: float, y: float, width: float, height: float) -> str:
        """The `points` of an SVG polygon that fills a box, in pixels."""
        return " ".join(f"{x + across * width / 100:.4g},{y + down * height / 100:.4g}" for across, down in self.points)


def read_shape(name: str, text: str) -> Shape:
    """The shape of a property; `ConfigError` when it is no polygon in percent."""
    found = _POLYGON.fullmatch(text)
    points = [_point(name, point.strip()) for point in found[1].split(",")] if found else []
    if not 3 <= len(points) <= MAX_POINTS:
        raise ConfigError(f"{name} is {text[:40]!r}; it may be polygon(...) of 3 to {MAX_POINTS} points in percent.")
    return Shape(tuple(points))


def _point(name: str, text: str) -> tuple[float, float]:
    found = _POINT.fullmatch(text)
    if found is None or any(float(number) > 0 and not unit for number, unit in (found.group(1, 2), found.group(3, 4))):
        raise ConfigError(f"{name} has the point {text[:40]!r}; a point is two percentages, such as 50% 0.")
    across, down = float(found[1]), float(found[3])
    if max(across, down) > 100:
        raise ConfigError(f"{name} has the point {text!r}; it lies outside of 0 to 100 percent.")
    return across, down
