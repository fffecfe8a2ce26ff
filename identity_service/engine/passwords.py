"""Passwords: argon2id on a few threads, with a bounded line before them."""

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, Self, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from hubkit.core.errors import Busy
from identity_service.config import PasswordSettings

_RETRY_AFTER_S: Final = 2.0
_NICE: Final = 5
"""How far hashing stands back: other calls' 95th percentile under 50 sign-ins a second halves."""
R = TypeVar("R")


class PasswordPool:
    """Hashes and compares passwords without holding up the event loop.

    Work that has begun keeps its place until it is done, even if its caller has hung up: hanging
    up makes no room for more.
    """

    def __init__(self, settings: PasswordSettings, threads: ThreadPoolExecutor) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.iterations,
            memory_cost=settings.memory_kib,
            parallelism=settings.parallelism,
        )
        self._threads = threads
        self._room = threading.BoundedSemaphore(settings.max_waiting)
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    @classmethod
    @contextmanager
    def open(cls, settings: PasswordSettings) -> Iterator[Self]:
        """Hold the threads for the length of the block."""
        threads = ThreadPoolExecutor(settings.threads, "argon2", _step_back)
        try:
            yield cls(settings, threads)
        finally:
            threads.shutdown(cancel_futures=True)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Compare; for None it takes the same time and says no.

        Raises:
            Busy: Too many are waiting.
        """
        hashed = self._nobody if stored is None else stored
        return await self._in_line(lambda: self._compare(hashed, password)) and stored is not None

    async def hash(self, password: str) -> str:
        """Hash with the parameters of today.

        Raises:
            Busy: Too many are waiting.
        """
        return await self._in_line(lambda: self._hasher.hash(password))

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def _compare(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False

    async def _in_line(self, work: Callable[[], R]) -> R:
        if not self._room.acquire(blocking=False):
            raise Busy("too many people are signing in; try again", retry_after_s=_RETRY_AFTER_S)
        job = self._threads.submit(work)
        job.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(job)


def _step_back() -> None:
    """Let the event loop's thread go first; only Linux has priorities of single threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, now + _NICE)
