"""The look at the clock that stands before everything that is erased by it; `counter.trust` has the rule."""

from __future__ import annotations

import datetime as dt
import logging

from counter.errors import StoreError
from counter.service.service import Service
from counter.trust import AGREED, Moment, Trust, first_look

log = logging.getLogger(__name__)


async def clock_is_believed(service: Service, now: float) -> bool:
    """Look at the clock, which says `now`, and keep what came of it. Raises StoreError when that can't be kept."""
    moment = Moment(int(now), service.clock.monotonic())
    trust = await service.store.look_at_clock(moment, service.doubt_since)
    service.doubt_since = first_look(trust, moment, service.doubt_since)
    service.trust = trust
    return not trust.doubted


async def look_before_hits(service: Service) -> None:
    """At a start: what is stored by now was dated before this clock was read."""
    try:
        await clock_is_believed(service, service.clock.now())
    except StoreError as error:
        log.error("the look at the clock could not be kept", extra={"error": str(error)})


def clock_notice(trust: Trust) -> str:
    """What to say while the clock is in doubt; '' while it is believed. The same sentence at each look."""
    if trust.doubted_at is None:
        return ""
    return (
        f"the clock said {_utc(trust.doubted_at)}, and was last believed at {_utc(trust.trusted_at)}: until this is"
        " settled, nothing is erased, no address, hit, salt or session. If it is wrong, set it (timedatectl set-ntp"
        f" true); if it is right, wait: when it runs on, it is believed from {_utc(trust.doubted_at + AGREED)}"
    )


def _utc(at: int) -> str:
    try:
        return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):  # a clock may say anything
        return f"second {at}"
