"""What the owner should know while the service runs: shown by /readyz, written to the log when it is new."""

from __future__ import annotations

import logging

from counter.service.clock_doubt import clock_notice
from counter.service.last_check import Checked
from counter.service.service import Service
from counter.store.open import wal_reset_bug

log = logging.getLogger(__name__)


def notices_of(service: Service) -> list[str]:
    """Every notice that holds now, as a sentence."""
    notices = []
    if wal_reset_bug():
        notices.append(
            "this SQLite has the WAL-reset bug (3.7.0 to 3.51.2); it is harmless as long as only this service opens"
            " the database for writing, so do not write to it with other programs"
        )
    if service.pipeline.geo.problem:
        notices.append(service.pipeline.geo.problem)
    if service.config.storage.durability == "normal":
        notices.append('durability is "normal": a power cut can lose the last hits although they were answered')
    if service.trust and (doubt := clock_notice(service.trust)):
        notices.append(doubt)
    return notices + _of_the_check(service.checked) + _of_proxies(service)


def _of_the_check(checked: Checked | None) -> list[str]:
    if checked is None:
        return []
    if checked.error:
        return ["the last check could not recount the numbers; the log and 'counter doctor' say why"]
    if checked.unrepaired:
        notice = (
            f"{checked.unrepaired} numbers differ from the raw rows and were kept, because mending them would lower"
            " what was published; perhaps raw rows were lost. If not, mend them with 'counter check --repair'"
        )
        return [notice]
    if checked.differences:
        return [f"{checked.differences} numbers differed from the raw rows in the last check, and were mended"]
    return []


def _of_proxies(service: Service) -> list[str]:
    """Without their addresses: whoever reads /readyz could be anyone, and a stranger may play with the header."""
    seen = service.proxies.likely(sum(service.outcomes.values()))
    notices = []
    if any(not one.trusted for one in seen):
        header = next(one.header for one in seen if not one.trusted)
        notices.append(
            f"a proxy sends {header} but is not in [server] trusted_proxies, so its visitors all have its address;"
            " 'counter doctor' names it"
        )
    if any(one.trusted for one in seen):
        header = next(one.header for one in seen if one.trusted)
        notices.append(
            f"a trusted proxy sends {header}, but [server] address_header is"
            f" {service.config.server.address_header}, so visitors may share an address; 'counter doctor' says more"
        )
    return notices


def renew_notices(service: Service) -> None:
    """Puts what holds now in the place of what held before; what is new is logged once."""
    former, service.notices = service.notices, notices_of(service)
    for notice in service.notices:
        if notice not in former:
            log.warning(notice)


async def renew_places(service: Service) -> str:
    """Takes the database of places up when it changed; what to tell of it: the one in force, and its problem."""
    if await service.pipeline.geo.renew():
        renew_notices(service)
    geo = service.pipeline.geo
    if geo.problem or geo.edition is None:
        return geo.problem or "no database is open"
    return f"{geo.edition.kind} of {geo.edition.built_on} is in force"
