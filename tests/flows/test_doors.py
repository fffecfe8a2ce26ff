"""One document through every door of the hub: the answer is the same."""

import asyncio
import json
import os
from typing import Any

from google.protobuf.json_format import ParseDict

from dochub.document.v1 import document_service_pb2, field_service_pb2
from tests.flows.hub import ROOT, Hub, Member, distinct, member_of

BIN = ROOT / ".venv" / "bin"
Answer = tuple[document_service_pb2.GetDocumentResponse, field_service_pb2.ListFieldsResponse]


async def run(*command: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    out, complaint = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complaint.decode()
    answer: dict[str, Any] = json.loads(out)
    return answer


async def natively(member: Member, document_id: str) -> Answer:
    document = await member.call(
        member.documents.GetDocument, document_service_pb2.GetDocumentRequest(id=document_id)
    )
    fields = await member.call(
        member.fields.ListFields, field_service_pb2.ListFieldsRequest(document_id=document_id)
    )
    return document, fields


def parsed(answer: dict[str, Any]) -> Answer:
    """Read what a client printed; as messages, since each language writes floats its own way."""
    document = {"document": answer.pop("document")}
    return (
        ParseDict(document, document_service_pb2.GetDocumentResponse()),
        ParseDict(answer, field_service_pb2.ListFieldsResponse()),
    )


async def over_grpc_web(hub: Hub, member: Member, document_id: str) -> dict[str, Any]:
    """The generated TypeScript client, in Node."""
    return await run(
        str(BIN / "node"),
        str(ROOT / "clients" / "typescript" / "examples" / "read-document.js"),
        hub.state["url"],
        document_id,
        environment={"DOCHUB_TOKEN": member.token, "NODE_EXTRA_CA_CERTS": hub.state["ca_file"]},
    )


async def by_reflection(hub: Hub, member: Member, method: str, request: dict[str, str]) -> Any:
    """A tool that was never given the contract."""
    return await run(
        *(str(BIN / "buf"), "curl", "--protocol", "grpc", "--reflect-protocol", "grpc-v1alpha"),
        *("--cacert", hub.state["ca_file"], "--header", f"authorization: Bearer {member.token}"),
        *("--data", json.dumps(request), f"{hub.state['url']}/dochub.document.v1.{method}"),
    )


async def test_every_door_gives_the_same_answer(hub: Hub) -> None:
    async with member_of(hub, "doors") as member:
        uploaded = await member.upload(distinct("scanned-invoice.pdf", 1), "scan.pdf")
        await member.finished(uploaded.id)
        native = await natively(member, uploaded.id)
        web = await over_grpc_web(hub, member, uploaded.id)
        reflected = {
            **await by_reflection(hub, member, "DocumentService/GetDocument", {"id": uploaded.id}),
            **await by_reflection(
                hub, member, "FieldService/ListFields", {"documentId": uploaded.id}
            ),
        }
    document, fields = native
    assert document.document.document_type == "invoice"
    assert {field.key for field in fields.fields} >= {"number", "total", "seller_name"}
    assert parsed(web) == native
    assert parsed(reflected) == native
