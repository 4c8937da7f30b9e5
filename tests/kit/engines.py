"""The engines that the contract is for, and visits that leave something in every rollup."""

from __future__ import annotations

from collections.abc import Callable

from counter.event import Client, Event, Origin, Place
from counter.site import Site
from counter.store.open import Store, open_store
from tests.kit.events import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    custom,
    engaged,
    make,
)

ENGINES = {"sqlite": open_store}
Open = Callable[[], Store]
WIKI = Origin(referrer="https://wiki.example/a", referrer_host="wiki.example", source="Wiki", channel="referral")
NEWS = Origin(referrer="https://news.example/", referrer_host="news.example", source="News", channel="referral")
FIREFOX = Client("Firefox", "Firefox 128", "Linux", "desktop", "ka", "1920")


def some_visits(site: Site) -> list[Event]:
    """Two days, three visitors, a late event, a custom event, engaged time; something in every rollup."""
    return [
        make(site, NOON - DAY, 1, "/", hit_id="a", client=FIREFOX, place=Place("GE", "", "Batumi"), origin=WIKI),
        make(site, NOON - DAY + 60, 1, "/prices", hit_id="b"),
        make(site, NOON - DAY + 2 * HOUR, 1, "/", origin=NEWS, client=FIREFOX),
        make(site, NOON, 1, "/", hit_id="c", client=FIREFOX, origin=WIKI),
        make(site, NOON + 10, 2, "/blog", hit_id="d", place=Place("DE")),
        custom(site, NOON + 70, 2, "/blog", "signup", props='{"plan":"pro"}'),
        engaged(site, NOON + 500, "c", 45, who=1),
        make(site, NOON - 9 * MINUTE, 2, "/"),
        make(site, NOON + HOUR, 3, "/prices", hit_id="e"),
    ]
