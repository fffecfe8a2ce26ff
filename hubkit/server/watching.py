"""What is told of each call: a span, one line in the log, and figures."""

import asyncio
import time
from typing import Final

import grpc
import structlog

from hubkit.observe.metrics import RPC_CALLS, RPC_IN_FLIGHT, RPC_SECONDS
from hubkit.observe.traces import Tracing
from hubkit.server.call import Call, Layer, Proceed

_log: Final = structlog.get_logger("hubkit.server")
_OURS: Final = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
"""Codes that say the fault is on our side."""


def tracing_layer(tracing: Tracing) -> Layer:
    """Make the layer that puts each call into its trace."""

    async def trace(call: Call, proceed: Proceed) -> object:
        with tracing.server_span(call.method.path, call.metadata) as trace_id:
            call.trace_id = trace_id
            return await proceed()

    return trace


async def log_call(call: Call, proceed: Proceed) -> object:
    """Write one line for the call when it has ended, and count it."""
    path = call.method.path
    in_flight = RPC_IN_FLIGHT.labels(path)
    in_flight.inc()
    started = time.perf_counter()
    code = "UNKNOWN"
    try:
        answer = await proceed()
    except grpc.aio.AbortError:
        code = call.context.code().name
        raise
    except asyncio.CancelledError:
        code = "DEADLINE_EXCEEDED" if call.context.time_remaining() == 0 else "CANCELLED"
        raise
    else:
        code = "OK"
        return answer
    finally:
        seconds = time.perf_counter() - started
        in_flight.dec()
        RPC_CALLS.labels(path, code).inc()
        RPC_SECONDS.labels(path).observe(seconds)
        (_log.error if code in _OURS else _log.info)("call", **_facts(call, code, seconds))


def _facts(call: Call, code: str, seconds: float) -> dict[str, object]:
    facts: dict[str, object] = {
        "method": call.method.path,
        "code": code,
        "duration_ms": round(seconds * 1000, 2),
        "trace_id": call.trace_id,
    }
    if call.reason is not None:
        facts["reason"] = call.reason
    if call.caller is not None:
        facts["tenant_id"] = call.caller.tenant_id
        facts["person_id"] = call.caller.person_id
        facts["caller_service"] = call.caller.service
    return facts
