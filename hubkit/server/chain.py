"""The layers that every call passes, in one fixed order, for single answers and streams alike.

A layer is given the call and the way inward; whatever the answer's form, that way is one awaitable,
so no layer is written twice. The order matters: the log sees the status that leaves, the
deadline covers waiting and work, and the caller is known to all that lies inside `auth`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, Final, TypeAlias

import grpc

from hubkit.server.app import Method
from hubkit.server.call import Call, Context, Layer, Proceed
from hubkit.server.deadlines import STALL_S, stall_limit

ORDER: Final = ("trace", "log", "errors", "deadline", "concurrency", "auth")

# Quoted: generic for the type checker alone.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Chain(grpc.aio.ServerInterceptor):
    """Leads each call of the contract's methods through the layers.

    Health and reflection are no part of the contract and pass as they are.

    Args:
        methods: By path.
        layers: By name; exactly those of `ORDER`.
    """

    def __init__(self, methods: Mapping[str, Method], layers: Mapping[str, Layer]) -> None:
        if set(layers) != set(ORDER):
            raise ValueError(f"the layers must be {', '.join(ORDER)}")
        self._methods = methods
        self._inmost_first = tuple(layers[name] for name in reversed(ORDER))
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Give the handler with the layers around it; made once a method."""
        path = handler_call_details.method
        if path not in self._wrapped:
            handler = await continuation(handler_call_details)
            method = self._methods.get(path)
            if handler is None or method is None:
                return handler
            self._wrapped[path] = self._around(handler, method)
        return self._wrapped[path]

    def _around(self, handler: Handler, method: Method) -> Handler:
        behaviour: Any = handler.unary_stream if method.streams else handler.unary_unary

        async def serve(request: object, context: Context) -> object:
            call = Call(method, context, _text_metadata(context))
            proceed: Proceed
            if method.streams:
                proceed = partial(_send_all, behaviour, request, context)
            else:
                proceed = partial(behaviour, request, context)
            for layer in self._inmost_first:
                proceed = partial(layer, call, proceed)
            return await proceed()

        make = (
            grpc.unary_stream_rpc_method_handler
            if method.streams
            else grpc.unary_unary_rpc_method_handler
        )
        return make(serve, handler.request_deserializer, handler.response_serializer)


async def _send_all(
    behaviour: Callable[[object, Context], AsyncIterator[object]], request: object, context: Context
) -> None:
    """Send a stream; a message that is not made or not taken in time ends it."""
    async with aclosing(behaviour(request, context)) as messages:  # type: ignore[type-var]  # servicers are async generators
        while True:
            async with stall_limit(STALL_S):
                try:
                    message = await anext(messages)
                except StopAsyncIteration:
                    return
                await context.write(message)


def _text_metadata(context: Context) -> dict[str, str]:
    pairs = context.invocation_metadata() or ()
    return {key: value for key, value in pairs if isinstance(value, str)}
