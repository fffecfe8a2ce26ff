"""Runs a service's jobs; being written: the names and arguments stand."""

from collections.abc import Awaitable, Callable, Mapping

from hubkit.config import DatabaseSettings
from hubkit.jobs.delivery import Delivery, Handler


class Worker:
    """Takes jobs of one service's queue and hands them to handlers."""

    def __init__(
        self,
        settings: DatabaseSettings,
        schema: str,
        handlers: Mapping[str, Handler],
        *,
        on_dead: Callable[[Delivery, Exception], Awaitable[None]] | None = None,
        slots: int = 4,
        tenant_slots: int = 2,
        lease_s: float = 15.0,
    ) -> None:
        self._settings = settings

    async def run(self) -> None:
        """Work until cancelled."""
        raise NotImplementedError
