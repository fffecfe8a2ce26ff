"""Calls the document service over the wire, by the contract's own names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from dochub.document.v1 import (
    document_job_service_pb2,
    document_service_pb2,
    field_service_pb2,
    page_service_pb2,
    processing_service_pb2,
    upload_service_pb2,
)
from hubkit.clients import remote_errors
from hubkit.testing.tokens import Mesh, bearer

FILES = (
    document_job_service_pb2,
    document_service_pb2,
    field_service_pb2,
    page_service_pb2,
    processing_service_pb2,
    upload_service_pb2,
)
METHODS: dict[str, MethodDescriptor] = {
    method.full_name.removeprefix("dochub.document.v1."): method
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}


@dataclass
class Line:
    """A channel to the service, called by the contract's names."""

    channel: grpc.aio.Channel
    mesh: Mesh
    tenant_id: str
    person_id: str

    async def call(self, name: str, request: Message, tenant_id: str | None = None) -> list[Any]:
        """Call a method as a manager of a tenant; gives all messages, of a watch the first."""
        endless = METHODS[name].name.startswith("Watch")
        return await self._call(name, request, tenant_id, until=lambda _: endless)

    async def follow(self, name: str, request: Message) -> list[Any]:
        """Call a watch that ends by itself; gives all messages."""
        return await self._call(name, request, None, until=lambda _: False)

    async def wait(self, name: str, request: Message, until: Callable[[Any], bool]) -> None:
        """Call a watch until a message says what is waited for."""
        await self._call(name, request, None, until=until)

    async def _call(
        self, name: str, request: Message, tenant_id: str | None, *, until: Callable[[Any], bool]
    ) -> list[Any]:
        method = METHODS[name]
        path = f"/{method.containing_service.full_name}/{method.name}"
        answer = message_factory.GetMessageClass(method.output_type)
        token = self.mesh.person_token(
            "MANAGER",
            tenant_id=tenant_id or self.tenant_id,
            person_id=self.person_id,
        )
        make: Any = (
            self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        )
        call = make(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )(request, metadata=bearer(token), timeout=90)
        messages: list[Any] = []
        with remote_errors():
            if not method.server_streaming:
                return [await call]
            async for message in call:
                messages.append(message)
                if until(message):
                    call.cancel()
                    break
        return messages
