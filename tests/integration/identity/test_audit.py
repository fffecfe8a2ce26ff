"""The audit trail: what is in it, that no change goes unseen, and that people can be erased."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
import pytest

from dochub.identity.v1 import audit_service_pb2 as pb
from hubkit.core.ids import new_id
from hubkit.sql.database import Database
from hubkit.testing.failures import failure, reason
from identity_service.application.audit import KeepHeads
from identity_service.domain.audit import GENESIS, link
from identity_service.engine.heads import SignedHeads
from identity_service.engine.sealing import Sealer
from identity_service.store.transaction import SqlStore
from tests.integration.identity.house import PASSWORD, Client, House


class Admin:
    """An administrator who reads the trail of a tenant of their own."""

    def __init__(self, client: Client, message: Any) -> None:
        self.client = client
        self.token = message.access_token
        self.tenant_id = message.tenant.id
        self.person_id = message.user.id

    async def list(self, **choice: Any) -> Any:
        request = pb.ListAuditEventsRequest(**choice)
        return await self.client.call(self.client.audit.ListAuditEvents, request, self.token)

    async def verify(self, *heads: str) -> Any:
        request = pb.VerifyAuditChainRequest(signed_heads=heads)
        return await self.client.call(self.client.audit.VerifyAuditChain, request, self.token)

    async def erase(self, person_id: str) -> int:
        request = pb.ErasePersonalValuesRequest(person_id=person_id)
        done = await self.client.call(self.client.audit.ErasePersonalValues, request, self.token)
        return int(done.erased_count)


@pytest.fixture
async def admin(house: House, client: Client) -> Admin:
    slug = f"t{new_id()[-12:]}"
    email = await house.enroll("ADMIN", slug=slug)
    return Admin(client, (await client.login(email, PASSWORD)).message)


async def test_what_people_do_is_in_the_trail(house: House, client: Client, admin: Admin) -> None:
    (slug,) = await house.rows("SELECT slug FROM identity.tenant WHERE id = $1", admin.tenant_id)
    email = await house.enroll(slug=slug["slug"])
    await failure(client.login(email, "wrong horse"))
    token = (await client.login(email, PASSWORD)).message.access_token
    await client.logout(token)
    async with asyncio.timeout(20):
        events: list[pb.AuditEvent] = []
        while len(events) < 4:  # the refusal is written a little later
            events = (await admin.list()).events
    assert {event.action for event in events} == {
        "session.opened",
        "session.refused",
        "session.ended",
    }
    assert [event.seq for event in events] == [4, 3, 2, 1]
    ended = next(event for event in events if event.action == "session.ended")
    assert ended.actor_kind == pb.ACTOR_KIND_PERSON
    assert ended.actor_id == ended.subject_id != admin.person_id
    assert dict(ended.facts) == {"reason": "SIGNED_OUT"}
    refused = next(event for event in events if event.action == "session.refused")
    assert refused.actor_kind == pb.ACTOR_KIND_NOBODY
    assert refused.personal["source"].startswith("10.")
    assert refused.time.ToDatetime(UTC) == house.clock.now


async def append(house: House, tenant_id: str, count: int) -> None:
    connection = await asyncpg.connect(house.database.dsn("dochub_identity"))
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", tenant_id)
        for _ in range(count):
            payload = json.dumps(
                {"time": datetime.now(UTC).isoformat(), "action": "test.done", "actor_id": None,
                 "subject_id": None, "actor_kind": "NOBODY", "session_id": None, "facts": {},
                 "commitments": {}}
            )  # fmt: skip
            await connection.execute(
                "SELECT identity.append_audit($1, '{}', '{}', '{}', '{}')", payload
            )
    finally:
        await connection.close()


async def test_fifty_who_write_at_once_make_one_chain(house: House, admin: Admin) -> None:
    await asyncio.gather(*(append(house, admin.tenant_id, 4) for _ in range(50)))
    found = await admin.verify()
    assert (found.intact, found.event_count) == (True, 201)


async def test_lists_go_page_by_page_and_by_filter(house: House, admin: Admin) -> None:
    await append(house, admin.tenant_id, 7)
    seqs, token = [], ""
    while True:
        answer = await admin.list(page_size=3, page_token=token)
        seqs += [event.seq for event in answer.events]
        token = answer.next_page_token
        if not token:
            break
    assert seqs == list(range(8, 0, -1))
    for chosen, count in (
        (pb.AuditFilter(action="session."), 1),
        (pb.AuditFilter(action="test.done"), 7),
        (pb.AuditFilter(action="test"), 0),
        (pb.AuditFilter(actor_id=admin.person_id), 1),
        (pb.AuditFilter(subject_id=new_id()), 0),
    ):
        assert len((await admin.list(filter=chosen)).events) == count
    first = await admin.list(page_size=3)
    other = admin.list(page_token=first.next_page_token, filter=pb.AuditFilter(action="test."))
    assert reason(await failure(other)) == "BAD_PAGE_TOKEN"


async def tampered(house: House, statement: str) -> None:
    """Do what nobody may, as the superuser with every trigger off."""
    connection = await asyncpg.connect(house.database.dsn("postgres"))
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE identity.audit_event SET payload = replace(payload, 'done', 'undone')"
         " WHERE seq = 3 AND tenant_id = '{t}'", 3),
        ("UPDATE identity.audit_event SET actor_id = tenant_id WHERE seq = 3"
         " AND tenant_id = '{t}'", 3),
        ("DELETE FROM identity.audit_event WHERE seq = 3 AND tenant_id = '{t}'", 3),
        ("UPDATE identity.audit_event SET seq = CASE seq WHEN 3 THEN 94 ELSE 93 END"
         " WHERE seq IN (3, 4) AND tenant_id = '{t}';"
         "UPDATE identity.audit_event SET seq = seq - 90 WHERE seq > 90 AND tenant_id = '{t}'", 3),
        ("DELETE FROM identity.audit_event WHERE seq > 4 AND tenant_id = '{t}'", 5),
        ("UPDATE identity.audit_value SET value = 'elsewhere' WHERE seq = 1"
         " AND tenant_id = '{t}'", 1),
    ],
    ids=["changed", "column", "removed", "moved", "cut", "value"],
)  # fmt: skip
async def test_what_is_done_behind_its_back_is_found(
    house: House, admin: Admin, statement: str, seq: int
) -> None:
    await append(house, admin.tenant_id, 6)
    assert (await admin.verify()).intact
    await tampered(house, statement.replace("{t}", admin.tenant_id))
    found = await admin.verify()
    assert not found.intact
    assert found.fault_seq == seq
    assert found.fault


async def test_a_tail_cut_with_its_head_shows_by_a_head_kept_elsewhere(
    house: House, admin: Admin
) -> None:
    await append(house, admin.tenant_id, 6)
    kept = (await admin.verify()).signed_head
    await tampered(
        house,
        f"DELETE FROM identity.audit_event WHERE seq > 4 AND tenant_id = '{admin.tenant_id}';"  # noqa: S608  # ours
        "UPDATE identity.audit_head h SET seq = 4, hash = e.hash FROM identity.audit_event e"
        " WHERE e.tenant_id = h.tenant_id AND e.seq = 4",
    )
    assert (await admin.verify()).intact
    found = await admin.verify(kept)
    assert not found.intact
    error = await failure(admin.verify(kept[:-2]))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("role", ["dochub_identity", "dochub_owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity.audit_event SET payload = ''",
        "DELETE FROM identity.audit_event",
        "TRUNCATE identity.audit_event CASCADE",
    ],
)
async def test_nobody_changes_the_trail(
    house: House, admin: Admin, role: str, statement: str
) -> None:
    connection = await asyncpg.connect(house.database.dsn(role))
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", admin.tenant_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_people_are_erased_and_the_chain_stands(house: House, admin: Admin) -> None:
    (event,) = (await admin.list()).events
    assert event.personal["source"]
    assert await admin.erase(admin.person_id) == 1
    events = (await admin.list()).events
    assert events[-1].action == "session.opened"
    assert not events[-1].personal
    assert events[0].action == "audit.erased"
    assert (await admin.verify()).intact


async def test_an_export_can_be_checked_elsewhere(house: House, admin: Admin) -> None:
    await append(house, admin.tenant_id, 3)
    call = admin.client.audit.ExportAuditEvents(
        pb.ExportAuditEventsRequest(), metadata=(("authorization", f"Bearer {admin.token}"),)
    )
    text = b"".join([part.json_lines async for part in call])
    before = GENESIS
    for seq, line in enumerate(map(json.loads, text.splitlines()), 1):
        before = link(before, admin.tenant_id, seq, line["payload"])
        assert line["hash"] == before.hex()
    assert seq == 4


async def test_heads_are_kept_in_files(house: House, admin: Admin) -> None:
    folder = house.mesh.folder / "heads"
    signer = SignedHeads(Sealer.from_file(house.mesh.folder / "data.key"))
    async with Database.open(house.database.settings("dochub_identity")) as database:
        keep = KeepHeads(SqlStore(database), signer, folder, 1, clock=house.clock)
        await keep()
        await keep()
    (file,) = folder.iterdir()
    ours = [
        line["head"]
        for line in map(json.loads, file.read_text().splitlines())
        if line["tenant_id"] == admin.tenant_id
    ]
    assert len(ours) == 2
    assert (await admin.verify(*ours)).intact


async def test_only_administrators_read_it(house: House, client: Client) -> None:
    token = (await client.login(await house.enroll("MANAGER"), PASSWORD)).message.access_token
    error = await failure(
        client.call(client.audit.ListAuditEvents, pb.ListAuditEventsRequest(), token)
    )
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
