"""What a report is broken down by: panels and their tabs, as a list. The first tab of a panel is open."""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from counter.question import Dimension, Filter, Operator


class TabKind(Enum):
    """How a tab is drawn."""

    ROWS = "rows"
    MAP = "map"  # the world, with the countries as rows next to it
    KEYS = "keys"  # names of properties; one leads to its values
    HEAT = "heat"  # weekday by hour
    BOTS = "bots"  # these two are counted separately: filters apply to events only
    DROPS = "drops"


class Tab(msgspec.Struct, frozen=True):
    """One breakdown. `only` are filters of its own, in addition to those of the reader."""

    name: str
    dimension: Dimension | None = None
    only: tuple[Filter, ...] = ()
    kind: TabKind = TabKind.ROWS
    key: str = ""  # of Dimension.PROPERTY: which property


class Panel(msgspec.Struct, frozen=True):
    name: str
    tabs: tuple[Tab, ...]

    def tab(self, name: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.name == name), None)


def _event(name: str) -> tuple[Filter, ...]:
    return (Filter(Dimension.EVENT, Operator.IS, (name,)),)


PANELS: Final[tuple[Panel, ...]] = (
    Panel("sources", (
        Tab("sources", Dimension.SOURCE),
        Tab("channels", Dimension.CHANNEL),
        Tab("referrers", Dimension.REFERRER),
        Tab("utm_source", Dimension.UTM_SOURCE),
        Tab("utm_medium", Dimension.UTM_MEDIUM),
        Tab("utm_campaign", Dimension.UTM_CAMPAIGN),
        Tab("utm_term", Dimension.UTM_TERM),
        Tab("utm_content", Dimension.UTM_CONTENT),
    )),
    Panel("pages", (
        Tab("pages", Dimension.PAGE),
        Tab("entry_pages", Dimension.ENTRY_PAGE),
        Tab("exit_pages", Dimension.EXIT_PAGE),
        Tab("hosts", Dimension.HOST),
        Tab("not_found", Dimension.PAGE, _event("not_found")),
    )),
    Panel("places", (
        Tab("map", Dimension.COUNTRY, kind=TabKind.MAP),
        Tab("countries", Dimension.COUNTRY),
        Tab("regions", Dimension.REGION),
        Tab("cities", Dimension.CITY),
    )),
    Panel("clients", (
        Tab("browsers", Dimension.BROWSER),
        Tab("browser_versions", Dimension.BROWSER_VERSION),
        Tab("systems", Dimension.SYSTEM),
        Tab("devices", Dimension.DEVICE),
        Tab("screens", Dimension.SCREEN),
        Tab("languages", Dimension.LANGUAGE),
    )),
    Panel("events", (
        Tab("events", Dimension.EVENT),
        Tab("goals", Dimension.GOAL),
        Tab("properties", Dimension.PROPERTY_KEY, kind=TabKind.KEYS),
        Tab("outbound", Dimension.PROPERTY, _event("outbound"), key="url"),
        Tab("downloads", Dimension.PROPERTY, _event("download"), key="url"),
    )),
    Panel("hours", (Tab("hours", kind=TabKind.HEAT),)),
    Panel("bots", (Tab("bots", kind=TabKind.BOTS), Tab("drops", kind=TabKind.DROPS))),
)  # fmt: skip


def tabs_of(panel: Panel, opened: Tab, *, several_hosts: bool) -> tuple[Tab, ...]:
    """The tabs to choose from: hosts where pages were seen on several, or where a link has opened them."""
    return tuple(tab for tab in panel.tabs if tab.dimension != Dimension.HOST or several_hosts or tab == opened)


BY_NAME: Final = {panel.name: panel for panel in PANELS}
