"""Referrer spam: fake referrers meant to be seen in statistics. The owner's list of hosts, on disk and in memory."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from counter.collect.page import split_url
from counter.errors import StoreError
from counter.folders import make_open_folder

log = logging.getLogger(__name__)

MAX_LINE: Final = 300  # characters; a host has at most 253
_HEADER: Final = "# Hosts of referrer spam, one a line. 'counter lists update' replaces this file.\n"


class BadLine(NamedTuple):
    number: int  # from 1
    text: str


class HostList(NamedTuple):
    """What a list says: its hosts, and the lines that name none."""

    hosts: frozenset[str]
    bad: tuple[BadLine, ...]


def spam_file(data: Path) -> Path:
    """Where the list is kept below the data directory."""
    return data / "lists" / "spam_referrers.txt"


def read_hosts(text: str) -> HostList:
    """The hosts of a list, one a line; what follows '#' is a comment. Never raises."""
    hosts: set[str] = set()
    bad: list[BadLine] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        host = _listed_host(said)
        if host:
            hosts.add(host)
        elif said:
            bad.append(BadLine(number, said[:MAX_LINE]))
    return HostList(frozenset(hosts), tuple(bad))


def _listed_host(text: str) -> str:
    """The host a line names, as hosts are compared; '' for anything else, also for a bare ending such as 'com'."""
    if len(text) > MAX_LINE or set(" \t/\\@:?[") & set(text):
        return ""
    url = split_url(f"http://{text}")  # not `host_of`: a long list would push live referrers out of its cache
    host = url.host.removeprefix("www.") if url is not None else ""
    _, dot, ending = host.rpartition(".")
    return host if dot and len(ending) > 1 and ending[0].isalpha() else ""


def write_hosts(file: Path, hosts: Iterable[str]) -> None:
    """Put the list in the place of the old one, whole or not at all; StoreError when the disk refuses."""
    try:
        make_open_folder(file.parent)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".spam-")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as written:
                written.write(_HEADER + "".join(f"{host}\n" for host in sorted(hosts)))
                written.flush()
                os.fsync(written.fileno())
            Path(name).chmod(0o644)  # nothing secret: the service may run as another user than the owner
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"{file} can't be written: {error.strerror}") from error


class SpamReferrers:
    """The list in force: `host in spam` is whether the host, or one that it is below of, is listed."""

    __slots__ = ("_file", "_hosts", "_seen", "_told")

    def __init__(self, hosts: Iterable[str] = (), file: Path | None = None) -> None:
        self._hosts = frozenset(hosts)
        self._file = file
        self._seen: tuple[int, ...] = ()
        self._told = ""

    @classmethod
    def of_file(cls, file: Path) -> SpamReferrers:
        """The list in `file`, or an empty one as long as there is no such file."""
        spam = cls(file=file)
        spam.renew()
        return spam

    def __len__(self) -> int:
        return len(self._hosts)

    def __contains__(self, host: str) -> bool:
        hosts = self._hosts
        while host:
            if host in hosts:
                return True
            host = host.partition(".")[2]
        return False

    def renew(self) -> bool:
        """Read the file again if it has changed, and return whether it had. It waits for the disk.

        A file that is gone is an empty list; one that can't be read leaves the list unchanged, and is logged once.
        """
        if self._file is None:
            return False
        try:
            seen = _signature(self._file)
            if seen == self._seen:
                return False
            text = self._file.read_text(encoding="utf-8", errors="replace") if seen else ""
        except OSError as error:
            self._complain(f"{self._file} can't be read: {error.strerror}")
            return False
        self._hosts, self._seen, self._told = read_hosts(text).hosts, seen, ""
        log.info("the list of spam referrers is in force", extra={"hosts": len(self._hosts)})
        return True

    def _complain(self, sentence: str) -> None:
        if sentence != self._told:
            log.warning(sentence)
        self._told = sentence


def _signature(file: Path) -> tuple[int, ...]:
    """A value that changes with the file; empty when there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
