"""The noun Site: what is counted."""

from __future__ import annotations

import msgspec

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Site(msgspec.Struct, frozen=True):
    """One site of the catalog. `key` is the catalog's number for it, never reused; `id` is what owners write."""

    key: int
    id: str
    name: str
    hosts: tuple[str, ...] = ()  # lower case, no port; empty: any host
    timezone: str = "UTC"
    first_weekday: str = "monday"
    start_count: int = 0
    public: bool = True
    query_keys: tuple[str, ...] = ()  # query parameters that belong to the path of a page

    @property
    def first_weekday_number(self) -> int:
        """0 is Monday, as `datetime.date.weekday` counts."""
        return WEEKDAYS.index(self.first_weekday)
