"""The nightly check: every number is counted again from the raw rows, and what differs is logged.

Numbers that are too low are mended. One that would fall is kept: perhaps raw rows were lost, and then it is all that
is left of them. Only the owner lowers it, with `counter check --repair`.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from counter.calendar.localtime import LocalTime, day_date, month_text
from counter.errors import StoreError
from counter.question import Difference, Repair
from counter.service.changes.change import NIGHTLY
from counter.service.changes.numbers import MendNumbers
from counter.service.last_check import Checked, due, inode, write_checked
from counter.service.notices import renew_notices
from counter.service.service import Service

log = logging.getLogger(__name__)

EVERY = 600.0  # seconds between two looks whether it is due
SOON = 300.0  # seconds after a start: the service has enough to do then
LOGGED_DIFFERENCES = 20  # differences that are logged one by one


async def check_when_due(service: Service) -> None:
    """The job: checks when the first site's night has come, or the last check is too old."""
    renew_notices(service)  # what has come in since is logged although nobody asks /readyz
    sites = service.sites.all()
    local = sites[0].local if sites else LocalTime("UTC")
    if due(service.clock.now(), service.checked, local):
        await check_now(service)


async def check_now(service: Service) -> Checked:
    """Recount on a connection of its own while hits go on, mend what is too low, and keep the result."""
    folder = service.config.storage.path
    started = service.clock.monotonic()
    repair, error = Repair(), ""
    try:
        found = await service.store.check()
        repair = Repair(len(found))
        if found:
            _tell(found)
            repair = await _mend(service)
    except StoreError as failed:
        log.error("the check failed", extra={"error": str(failed)})
        error = str(failed)
    took = service.clock.monotonic() - started
    file = await asyncio.to_thread(inode, folder)
    checked = Checked(service.clock.now(), took, repair.differences, repair.mended, error, file)
    service.checked = checked
    renew_notices(service)
    await asyncio.to_thread(_keep, folder, checked)
    return checked


async def _mend(service: Service) -> Repair:
    repair = await MendNumbers(lower=False, actor=NIGHTLY).apply(service)
    if repair.mended:
        log.warning("numbers were mended from the raw rows", extra={"numbers": repair.mended})
    if repair.mended < repair.differences:
        log.error("numbers would fall and were kept", extra={"numbers": repair.differences - repair.mended})
    return repair


def _tell(found: list[Difference]) -> None:
    for one in found[:LOGGED_DIFFERENCES]:
        when = month_text(one.day) if one.table == "rollup_month" else day_date(one.day).isoformat()
        log.warning(
            "a number differs from the raw rows",
            extra={"table": one.table, "site_key": one.site_key, "when": when, "what": one.what,
                   "stored": one.stored, "counted": one.counted},
        )  # fmt: skip
    if len(found) > LOGGED_DIFFERENCES:
        log.warning("more numbers differ from the raw rows", extra={"numbers": len(found) - LOGGED_DIFFERENCES})


def _keep(folder: Path, checked: Checked) -> None:
    try:
        write_checked(folder, checked)
    except OSError as error:
        log.error("the result of the check could not be kept", extra={"error": str(error)})
