"""What comes with a call beside its message, for every servicer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubkit.core.caller import current_caller
from identity_service.convert.carrier import Arrival, arrival_of
from identity_service.domain.audit import Actor

if TYPE_CHECKING:
    from typing import Any

    from grpc.aio import ServicerContext


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Reads what came with calls.

    Attributes:
        browser_origins: Whose pages may call.
    """

    browser_origins: frozenset[str]

    def of(self, context: ServicerContext[Any, Any]) -> Arrival:
        """Read what came with a call."""
        return arrival_of(context.invocation_metadata() or (), context.peer(), self.browser_origins)

    def actor(self, context: ServicerContext[Any, Any]) -> Actor:
        """Give who acts in a call that came with a token."""
        return self.of(context).actor(current_caller())
