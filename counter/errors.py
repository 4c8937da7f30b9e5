"""The error tree: each error has a code for machines and a sentence for people.

    CounterError
    |-- BadInput          a hit or a request that cannot be understood            HTTP 400
    |   |-- TooLarge      a body over its limit                                   HTTP 413
    |   `-- WrongType     a body of a content type or encoding not taken here     HTTP 415
    |-- NotAuthorized     a token is missing or wrong                             HTTP 401
    |-- UnknownSite       no such site, or not for strangers                      HTTP 404
    |-- TooSlow           a body that did not arrive in time                      HTTP 408
    |-- Overloaded        the queue is full, or the service is stopping           HTTP 503
    |-- NotInstalled      an optional part of the service that is not there         HTTP 501, exit 1
    |-- ConfigError       config.toml or the environment says something wrong     exit 2
    |-- UsageError        a command was given something it cannot use             exit 2
    |-- DownloadFailed    what was to be fetched is not there, or is of no use     exit 1
    |-- TooExpensive      a report that takes too long to read                    HTTP 422, exit 1
    `-- StoreError        the database cannot be opened, read or written          HTTP 503, exit 1
        |-- Replaced      the file at the database's path is not the open one     HTTP 503, exit 1
        `-- Locked        another process holds the data directory                exit 1

Where they become answers:

    web/middleware.py   public routes and the command socket: code and sentence as JSON
    web/report.py       the API behind a read token: the same, never public
    web/widget.py       an image or a frame that cannot be read or counted: drawn with dashes, 503
    dashboard/app.py    pages: the reader's words for the code, and the sentence
    cli/__init__.py     one sentence on standard error, and the exit code

What works without a reader (jobs, writer, live feed, an export under way) logs them and goes on, or ends its own work.
"""

from __future__ import annotations

import errno
from enum import StrEnum
from typing import ClassVar, Final


class CounterError(Exception):
    """The root; `str(error)` is a sentence with the value, the limit and the unit."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1


class BadInput(CounterError):
    code = "bad_input"
    status = 400


class TooLarge(BadInput):
    code = "too_large"
    status = 413


class WrongType(BadInput):
    code = "wrong_type"
    status = 415


class NotAuthorized(CounterError):
    code = "not_authorized"
    status = 401


class UnknownSite(CounterError):
    code = "unknown_site"
    status = 404


class TooSlow(CounterError):
    code = "too_slow"
    status = 408


class Overloaded(CounterError):
    code = "overloaded"
    status = 503


class NotInstalled(CounterError):
    code = "not_installed"
    status = 501


class ConfigError(CounterError):
    code = "bad_config"
    exit_code = 2


class UsageError(CounterError):
    code = "bad_usage"
    exit_code = 2


class DownloadFailed(CounterError):
    code = "download_failed"


class TooExpensive(CounterError):
    code = "too_expensive"
    status = 422


class StorageReason(StrEnum):
    """Why hits can't be stored, in words that a stranger may read: no path, no number."""

    REPLACED = "the database file was moved, removed or replaced while the service runs"
    FULL = "the disk is full"
    READ_ONLY = "the disk is read-only"
    DISK = "the disk reports errors"
    DAMAGED = "the database is damaged"
    SALTS = "the salts can't be read or written"
    OTHER = "the database can't be written"


_OF_SYSTEM: Final = {
    errno.ENOSPC: StorageReason.FULL,
    errno.EDQUOT: StorageReason.FULL,
    errno.EROFS: StorageReason.READ_ONLY,
    errno.EIO: StorageReason.DISK,
    errno.EACCES: StorageReason.DISK,
    errno.EPERM: StorageReason.DISK,
}


def system_reason(error: OSError) -> StorageReason:
    """Why the system refused to read or write."""
    return _OF_SYSTEM.get(error.errno or 0, StorageReason.OTHER)


class StoreError(CounterError):
    """`reason` says the same as the sentence, without what only the owner may read."""

    code = "storage_failed"
    status = 503

    def __init__(self, sentence: str, reason: StorageReason = StorageReason.OTHER) -> None:
        super().__init__(sentence)
        self.reason = reason


class Replaced(StoreError):
    code = "database_replaced"

    def __init__(self, sentence: str, reason: StorageReason = StorageReason.REPLACED) -> None:
        super().__init__(sentence, reason)


class Locked(StoreError):
    code = "locked"
