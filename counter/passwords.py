"""Passwords are kept as argon2id hashes, made and compared in a thread of their own, one at a time."""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from counter.accounts import LONGEST_PASSWORD

TIME_COST: Final = 3  # passes over the memory
MEMORY_KIB: Final = 65_536
PARALLELISM: Final = 1  # lanes
HASH_BYTES: Final = 32
SALT_BYTES: Final = 16


class Passwords:
    """Makes and compares hashes. One thread, so that however many people sign in, only one hash uses memory."""

    def __init__(
        self, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB, parallelism: int = PARALLELISM
    ) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism, HASH_BYTES, SALT_BYTES, type=Type.ID)
        self._nobody = _hash_of_nothing(time_cost, memory_kib, parallelism)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._hasher.hash, _typed(password))

    async def matches(self, hash: str, password: str) -> bool:  # noqa: A002 - the field's word
        """Whether `password` matches `hash`; '' matches none, and takes as long to check."""
        known = hash or self._nobody
        same = await asyncio.get_running_loop().run_in_executor(self._thread, self._verify, known, password)
        return same and bool(hash)

    def needs_rehash(self, hash: str) -> bool:  # noqa: A002 - the field's word
        """Whether `hash` was made with other parameters than today's and should be renewed at the next sign-in."""
        try:
            return bool(hash) and self._hasher.check_needs_rehash(hash)
        except InvalidHashError:
            return True

    def _verify(self, known: str, password: str) -> bool:
        try:
            self._hasher.verify(known, _typed(password))
        except (VerificationError, InvalidHashError):
            return False
        return True


def _typed(password: str) -> bytes:
    """The normal form of a typed password, cut beyond the longest that may be chosen; takes lone surrogates."""
    return unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1]).encode("utf-8", "surrogatepass")


def _hash_of_nothing(time_cost: int, memory_kib: int, parallelism: int) -> str:
    """A hash that no password matches, made without the cost of hashing: its digest is random."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, HASH_BYTES)
    )
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${digest}"
