"""An icon for each line: SVG paths on a grid of 16, strokes only, drawn by us."""

from __future__ import annotations

from collections.abc import Mapping

_CLOCK = "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M8 5v3.2l2.2 1.3"
_SHEET = (
    "M2.5 4.75a1.5 1.5 0 0 1 1.5-1.5h8a1.5 1.5 0 0 1 1.5 1.5v7.5a1.5 1.5 0 0 1-1.5 1.5h-8a1.5 1.5 0 0 1-1.5-1.5z"
    "M2.5 6.75h11M5.5 2v2M10.5 2v2"
)
_WEEK = _SHEET + "M5.2 10.3h5.6"
_MONTH = _SHEET + "M5.4 9.3h.01M8 9.3h.01M10.6 9.3h.01M5.4 11.4h.01M8 11.4h.01M10.6 11.4h.01"

ICONS: Mapping[str, str] = {
    "today": _CLOCK,
    "yesterday": _CLOCK,
    "this_week": _WEEK,
    "last_week": _WEEK,
    "this_month": _MONTH,
    "last_month": _MONTH,
    "all": "M2.5 13.5h11M4.25 11V8M8 11V3M11.75 11V5.5",
    "online": "M8 7.9h.01M5.3 10.7a3.8 3.8 0 0 1 0-5.4M10.7 5.3a3.8 3.8 0 0 1 0 5.4"
    "M3.2 12.8a6.8 6.8 0 0 1 0-9.6M12.8 3.2a6.8 6.8 0 0 1 0 9.6",
    "record_day": "M8 2.2l1.75 3.7 4.05.5-3 2.8.8 4L8 11.2l-3.6 2 .8-4-3-2.8 4.05-.5z",
    "countries": "M3.75 14V2.5M3.75 3.25h8.75l-2 3 2 3H3.75",
    "ip": "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M2.25 8h11.5"
    "M8 2.25c-3.2 3.3-3.2 8.2 0 11.5c3.2-3.3 3.2-8.2 0-11.5",
    "your_country": "M8 14c-2.8-2.9-4.4-5.2-4.4-7.4a4.4 4.4 0 0 1 8.8 0C12.4 8.8 10.8 11.1 8 14zM8 6.5h.01",
    "your_system": "M3.5 2.75h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z"
    "M5.5 13.5h5M8 10.75v2.75",
}
