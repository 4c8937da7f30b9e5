"""The days of a page about hits; the last seven by default."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

from counter.calendar.localtime import day_date
from counter.calendar.periods import Period, named_period
from counter.reports.grammar import read_period, wants_all_days
from dashboard.access.call import Call

DEFAULT: Final = "7d"
CUSTOM: Final = "custom"  # from and to


class Days(msgspec.Struct, frozen=True):
    """A period, and how it was asked for: one of counter.calendar.periods.NAMES, or CUSTOM."""

    period: Period
    name: str

    @property
    def first(self) -> dt.date:
        return day_date(self.period.start)

    @property
    def last(self) -> dt.date:
        return day_date(self.period.end - 1)

    @property
    def link_name(self) -> str | None:
        """The name of the period for links; None when they carry its dates."""
        return None if self.name == CUSTOM else self.name


async def read_days(call: Call) -> Days:
    """The period of the query, as strictly as the API reads it."""
    query, site = call.request.query, call.site
    today = site.local.day(call.now)
    if not {"period", "from", "to"} & query.keys():
        return Days(named_period(DEFAULT, today, site.site.first_weekday_number, None), DEFAULT)
    counted = await call.service.store.reports.counted_days(site.site.key) if wants_all_days(query) else None
    return Days(read_period(query, site, today, counted), query.get("period", CUSTOM))
