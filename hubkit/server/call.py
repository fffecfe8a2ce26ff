"""One call on its way through the layers, and what a layer is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from hubkit.core.caller import Caller
from hubkit.server.app import Method

# Quoted: generic for the type checker alone.
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(slots=True)
class Call:
    """What the layers know of a call.

    Attributes:
        method: What the contract says of it.
        context: gRPC's own handle on it.
        metadata: What came with it; of repeated keys the last.
        trace_id: Set by `trace`.
        caller: Set by `auth`.
        reason: Set by `errors` when it fails.
    """

    method: Method
    context: Context
    metadata: Mapping[str, str]
    trace_id: str = ""
    caller: Caller | None = None
    reason: str | None = None


Proceed = Callable[[], Awaitable[object]]
"""The way inward."""
Layer = Callable[[Call, Proceed], Awaitable[object]]
