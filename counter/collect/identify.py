"""The identity of a visitor, for one site and one local day, and never longer.

A visitor is a keyed hash; the key is a salt of 32 random bytes made for the site and the day, kept as a file of
its own (a database would keep it in its journal and its backups), and destroyed 48 hours after it was made. From
then on it is impossible to tell which address a visitor had, or whether the same person came on two days.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from counter.address import group
from counter.errors import StorageReason, StoreError, system_reason

LIFETIME: Final = 48 * 3600  # seconds from the making of a salt to its end
KEY_BYTES: Final = 32
MAX_USER_AGENT: Final = 512  # characters that make an identity

_SALT = re.compile(r"(\d+)-(-?\d+)\.salt")


class Salt(NamedTuple):
    """A key and when it was made, in whole UTC seconds. The time is inside the file: copies lose their mtime."""

    key: bytes
    made_at: int

    def packed(self) -> bytes:
        """48 bytes: key, time, checksum."""
        content = self.key + self.made_at.to_bytes(8, signed=True)
        return content + blake2b(content, digest_size=8).digest()

    @classmethod
    def unpacked(cls, stored: bytes) -> Salt | None:
        """The salt in a file's content; None when it was not written to its end."""
        salt = cls(stored[:KEY_BYTES], int.from_bytes(stored[KEY_BYTES : KEY_BYTES + 8], signed=True))
        return salt if len(stored) == KEY_BYTES + 16 and salt.packed() == stored else None

    def expired(self, now: float) -> bool:
        """Made more than 48 h ago, or so far in the future that the clock must have been wrong."""
        return abs(now - self.made_at) > LIFETIME


class Salts:
    """The salts of a data directory, as files `{site_key}-{day}.salt` of mode 0600 in a folder of mode 0700.

    Several processes may share the folder: the second one reads what the first has made. Raises `StoreError`
    when the folder cannot be read or written.
    """

    def __init__(self, folder: Path, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._folder = folder
        self._random = random
        self._cache: dict[tuple[int, int], Salt] = {}  # two days of each site; expire() empties it
        self.failing: StoreError | None = None  # why the folder could not be read or written the last time

    def key(self, site_key: int, day: int, now: float) -> bytes:
        """The 32 bytes for a site and its local day (days since 1970), made at `now` (UTC seconds) if need be."""
        salt = self._cache.get((site_key, day))
        if salt is None or salt.expired(now):
            salt = self._cache[site_key, day] = self._read_or_make((site_key, day), now)
        return salt.key

    def probe(self) -> None:
        """Looks whether a salt could be made, and sets `failing`. Something is written only to end a failure."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            if self.failing is not None:
                self._try_to_write()
        except OSError as error:
            self.failing = self._failure(error)
        else:
            self.failing = None

    def _try_to_write(self) -> None:
        trial = self._folder / ".trial"
        try:
            trial.write_bytes(bytes(KEY_BYTES + 16))
        finally:
            trial.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> StoreError:
        full = system_reason(error) == StorageReason.FULL
        reason = StorageReason.FULL if full else StorageReason.SALTS
        return StoreError(f"The salts in {self._folder} cannot be read or written: {error}.", reason)

    def _read_or_make(self, pair: tuple[int, int], now: float) -> Salt:
        """The salt in the file of (site key, day), made if need be.

        One that has expired there is neither used nor replaced: perhaps the clock is wrong, and `expire` destroys it
        when that is certain. Until then one in memory takes its place.
        """
        path = self._folder / f"{pair[0]}-{pair[1]}.salt"
        with self._alone():
            salt = _read(path) or self._make(path, now)
        return Salt(self._random(KEY_BYTES), int(now)) if salt.expired(now) else salt

    def forget(self, now: float) -> None:
        """Drops expired salts from memory, in a process that leaves their files to the service."""
        self._drop_expired(now)

    def _drop_expired(self, now: float) -> set[tuple[int, int]]:
        """Called in a thread while the loop adds salts: a copy is made at once, and what is gone already stays so."""
        gone = {pair for pair, salt in self._cache.copy().items() if salt.expired(now)}
        for pair in gone:
            self._cache.pop(pair, None)
        return gone

    def expire(self, now: float) -> list[tuple[int, int]]:
        """Destroys the salts made more than 48 h before `now`; returns their (site_key, day).

        Each is overwritten, synced and removed. On a copy-on-write file system or an SSD the old bytes may outlive
        that; only an encrypted disk helps there.
        """
        gone = self._drop_expired(now)
        if not self._folder.is_dir():
            return sorted(gone)
        with self._alone():
            for path in sorted(self._folder.glob("*.salt*")):
                name = _SALT.fullmatch(path.name)
                if path.name.endswith(".salt.new"):  # what a crash left of a salt in the making
                    self._destroy(path)
                elif name and (_read(path) or Salt(b"", int(path.stat().st_mtime))).expired(now):
                    self._destroy(path)
                    gone.add((int(name[1]), int(name[2])))
            _sync_folder(self._folder)
        return sorted(gone)

    def line_key(self) -> bytes:
        """The 32 bytes that key the hashes of log lines; made once in `lines.key`, never expires.

        A damaged file raises `StoreError` instead of being replaced: a new key would count every old line again.
        """
        path = self._folder / "lines.key"
        with self._alone():
            if not path.exists():
                return self._make(path, 0.0).key
            salt = _read(path)
        if salt is None:
            raise StoreError(f"{path} is damaged: restore it, or remove it and import no log a second time.")
        return salt.key

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes out of the folder; otherwise the first writer of a salt would race with its reader."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            with (self._folder / ".lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            self.failing = self._failure(error)
            raise self.failing from error

    def _make(self, path: Path, now: float) -> Salt:
        """Writes a new salt whole or not at all, also across a power cut."""
        salt = Salt(self._random(KEY_BYTES), int(now))
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(salt.packed())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync_folder(self._folder)
        return salt

    def _destroy(self, path: Path) -> None:
        with path.open("r+b") as file:
            file.write(self._random(max(path.stat().st_size, KEY_BYTES + 16)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


class PassingSalts(Salts):
    """Salts that are never written down, for a run that only says what would be counted."""

    def key(self, site_key: int, day: int, now: float) -> bytes:
        salt = self._cache.get((site_key, day))
        if salt is None:
            salt = self._cache[site_key, day] = Salt(self._random(KEY_BYTES), int(now))
        return salt.key

    def line_key(self) -> bytes:
        """The existing key, which knows lines imported before; otherwise one that no line was ever hashed with."""
        path = self._folder / "lines.key"
        return super().line_key() if path.exists() else self._random(KEY_BYTES)


def _read(path: Path) -> Salt | None:
    try:
        return Salt.unpacked(path.read_bytes())
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def visitor_id(key: bytes, site_id: str, address: str, user_agent: str) -> int:
    """The visitor as a signed 64-bit number: keyed BLAKE2b over site id, address (IPv6 by its /64), user agent.

    The first two are preceded by their lengths, so that no other three texts make the same message.
    """
    whom = group(address)
    hasher = _keyed(key, f"{len(site_id)}:{site_id}").copy()
    hasher.update(f"{len(whom)}:{whom}{user_agent[:MAX_USER_AGENT]}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(hasher.digest(), signed=True)


@lru_cache(maxsize=64)
def _keyed(key: bytes, start: str) -> blake2b:
    """A hasher that has read its key and the site; copying it costs half as much as starting over."""
    return blake2b(start.encode("utf-8", "surrogatepass"), digest_size=8, key=key)
