"""What the service's own role can reach in the database, and what the operator's commands do."""

import re
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from hubkit.config import DatabaseSettings
from hubkit.core.errors import HubError, PreconditionFailed
from hubkit.core.ids import new_id
from hubkit.sql.database import Database
from hubkit.testing.failures import failure, reason
from identity_service import offline
from identity_service.application.sweep import Sweep
from identity_service.bootstrap import build
from identity_service.store.tables import METADATA
from identity_service.store.transaction import SqlStore
from tests.integration.identity.house import PASSWORD, Client, House

VERSIONS = Path(__file__).parents[3] / "db" / "migrations" / "versions"

# The last two are out of the service's own reach: only doors lead there.
OF_NO_TENANT = {"login_throttle", "allowance", "external_login", "mail_secret"}


async def as_service(house: House, statement: str, tenant_id: str = "") -> list[asyncpg.Record]:
    connection = await asyncpg.connect(house.database.dsn("dochub_identity"))
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", tenant_id)
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_the_list_of_doors_is_complete(house: House) -> None:
    found = await house.rows(
        "SELECT p.oid::regprocedure::text AS name, p.proconfig FROM pg_proc p"
        " WHERE pronamespace = 'identity'::regnamespace AND prosecdef"
    )
    docstring = "".join(
        path.read_text().partition('"""\n\nfrom')[0] for path in VERSIONS.glob("*_identity*.py")
    )
    listed = set(re.findall(r"^    (identity\.\w+)", docstring, re.MULTILINE))
    assert {row["name"].partition("(")[0] for row in found} == listed
    assert all(row["proconfig"] == ["search_path=pg_catalog, pg_temp"] for row in found)
    public = await house.rows(
        "SELECT p.proname FROM pg_proc p, aclexplode(p.proacl) a"
        " WHERE p.pronamespace = 'identity'::regnamespace AND p.prosecdef AND a.grantee = 0"
    )
    assert not public


async def test_every_tenants_table_is_walled(house: House) -> None:
    rows = await house.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'identity'::regnamespace"
        " AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
    )
    tables = {table.name for table in METADATA.tables.values()}
    assert {row["relname"] for row in rows} & tables == tables - OF_NO_TENANT


@pytest.mark.parametrize(
    "table", ["tenant", "person (id)", "membership", "session", "refresh_token"]
)
async def test_without_a_tenant_nothing_is_seen(house: House, client: Client, table: str) -> None:
    await client.login(await house.enroll(), PASSWORD)
    name, _, column = table.partition(" ")
    query = f"SELECT {column.strip('()') or '*'} FROM identity.{name}"  # noqa: S608  # both are ours
    assert await as_service(house, query) == []
    assert await as_service(house, query, new_id()) == []


async def test_a_tenant_sees_its_own_people_alone(house: House) -> None:
    ours, theirs = await house.enroll(slug="ours"), await house.enroll(slug="theirs")
    (tenant,) = await house.rows("SELECT id::text FROM identity.tenant WHERE slug = 'ours'")
    rows = await as_service(house, "SELECT email FROM identity.person", tenant["id"])
    emails = {row["email"] for row in rows}
    assert ours in emails
    assert theirs not in emails


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password_hash FROM identity.person",
        "UPDATE identity.person SET email = 'x'",
        "SELECT digest FROM identity.mail_secret",
        "SELECT subject FROM identity.external_login",
        "UPDATE identity.membership SET person_id = gen_random_uuid()",
        "DELETE FROM identity.membership",
        "UPDATE identity.api_key SET scopes = '{}'",
        "INSERT INTO identity.tenant (id, slug, display_name) VALUES (gen_random_uuid(), 'x', 'x')",
        "UPDATE identity.session SET expire_time = now()",
        "UPDATE identity.session SET tenant_id = gen_random_uuid()",
        "DELETE FROM identity.session",
        "DELETE FROM identity.refresh_token",
        "UPDATE identity.refresh_token SET session_id = gen_random_uuid()",
    ],
)
async def test_the_service_cannot_do_more_than_it_needs(house: House, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_service(house, statement)


async def test_making_an_admin_again_changes_nothing(house: House, client: Client) -> None:
    make = {"tenant_slug": "solo", "tenant_name": "Solo Ltd", "display_name": "Ann"}
    first = await offline.create_admin(house.owner_dsn, "Ann@Example.com", **make)
    again = await offline.create_admin(house.owner_dsn, "ann@example.com", **make)
    assert first.generated_password is not None
    assert first.is_new_person
    assert again.generated_password is None
    assert again.message == "ann@example.com is there already, as ADMIN of solo; the password stays"
    assert first.generated_password not in repr(first) + first.message
    message = (await client.login("ann@example.com", first.generated_password)).message
    assert message.tenant.display_name == "Solo Ltd"
    assert message.user.display_name == "Ann"


async def test_the_operators_mistakes_are_told(house: House) -> None:
    await house.enroll()
    for email, changes, complaint in (
        ("ann", {}, "email must be an address"),
        ("ann@x.y", {"tenant_slug": "no such"}, "a tenant's slug has"),
        ("ann@x.y", {"tenant_slug": "absent"}, "there is no tenant absent"),
        ("ann@x.y", {"role": "KING"}, "role must be one of VIEWER, OPERATOR"),
        ("ann@x.y", {"password": "short"}, "at least 12 characters"),
    ):
        arguments = {"tenant_slug": "acme", "role": "VIEWER"} | changes
        with pytest.raises(HubError, match=complaint):
            await offline.add_member(house.owner_dsn, email, **arguments)
    with pytest.raises(HubError, match="there is no person"):
        await offline.set_password(house.owner_dsn, "ghost@x.y")


async def test_a_person_let_in_again_can_sign_in(house: House, client: Client) -> None:
    email = await house.enroll()
    await offline.set_disabled(house.owner_dsn, email, disabled=True)
    assert reason(await failure(client.login(email, PASSWORD))) == "WRONG_CREDENTIALS"
    await offline.set_disabled(house.owner_dsn, email, disabled=False)
    await client.login(email, PASSWORD)


async def test_sweeping_forgets_what_no_decision_needs(house: House, client: Client) -> None:
    email = await house.enroll()
    await client.login(email, PASSWORD)
    await failure(client.login(email, "wrong horse"))
    await house.rows("UPDATE identity.session SET expire_time = now() - interval '31 days'")
    kept = (await client.login(email, PASSWORD)).refresh_token
    house.clock.forward(hours=1)
    async with Database.open(house.database.settings("dochub_identity")) as database:
        await Sweep(SqlStore(database), clock=house.clock)()
    assert len(await house.rows("SELECT FROM identity.session")) == 1
    assert not await house.rows("SELECT FROM identity.login_throttle")
    await client.refresh(kept)


async def test_nobody_can_sweep_what_still_counts(house: House, client: Client) -> None:
    await client.login(await house.enroll(), PASSWORD)
    later = house.clock.now + timedelta(days=365)
    await as_service(house, f"SELECT identity.sweep_sessions('{later.isoformat()}')")
    assert await house.rows("SELECT FROM identity.session")


async def test_a_missing_key_is_told_at_the_start(house: House) -> None:
    settings = house.settings()
    server = settings.server.model_copy(update={"service_key_file": None})
    with pytest.raises(PreconditionFailed, match="DOCHUB_SERVER__SERVICE_KEY_FILE"):
        async with build(settings.model_copy(update={"server": server})):
            pass


async def test_a_database_that_is_away_is_told(house: House) -> None:
    settings = house.settings()
    away = DatabaseSettings(dsn="postgresql://x:secret@127.0.0.1:1/none")  # type: ignore[arg-type]  # read like the environment
    with pytest.raises(HubError, match="database does not answer"):
        async with build(settings.model_copy(update={"database": away})):
            pass
