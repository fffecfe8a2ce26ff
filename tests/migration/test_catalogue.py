"""The walls between tenants and between services, read from the server's own catalogue."""

# ruff: noqa: S608 - the names put into statements are written here
import asyncio

import asyncpg
import pytest

from hubkit.testing.postgres import SERVICE_ROLES, FreshDatabase

BUS_FUNCTIONS = {
    "bus.enqueue",
    "bus.last_seq",
    "bus.publish",
    "bus.read_events",
    "bus.schema_version",
}
# With the owner's rights, on tables that show the owner every row; tested by their service.
DOORS = {
    "document.tenants",
    "identity.add_mail_secret",
    "identity.append_audit",
    "identity.audit_heads",
    "identity.end_sessions",
    "identity.enroll_person",
    "identity.erase_audit_values",
    "identity.find_api_key",
    "identity.find_external",
    "identity.find_login",
    "identity.find_refresh",
    "identity.find_sessions",
    "identity.read_revocations",
    "identity.sweep_sessions",
    "identity.use_mail_secret",
}
# Tables of no tenant's.
GLOBAL_TABLES = {
    "bus.subscription",
    "identity.allowance",
    "identity.external_login",
    "identity.login_throttle",
    "identity.mail_secret",
    "public.alembic_version",
    *(
        f"{service}.pgqueuer{table}"
        for service in ("document", "identity")
        for table in ("", "_log", "_schedules", "_statistics")
    ),
}
# Whose tenant is told by another column or table.
OWN_POLICY = {"identity.tenant", "identity.person"}

OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"


class Catalogue:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        return asyncio.run(self._rows(query, args))

    async def _rows(self, query: str, args: tuple[object, ...]) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._dsn)
        try:
            return await connection.fetch(query, *args)
        finally:
            await connection.close()

    def names(self, query: str, *args: object) -> set[str]:
        return {row[0] for row in self.rows(query, *args)}


@pytest.fixture(scope="session")
def catalogue(migrated: FreshDatabase) -> Catalogue:
    return Catalogue(migrated.dsn("postgres"))


def test_every_tenants_table_is_behind_forced_row_security(catalogue: Catalogue) -> None:
    tables = catalogue.rows(f"""
        SELECT format('%s.%s', n.nspname, c.relname) AS name, c.relrowsecurity AS is_on,
               c.relforcerowsecurity AS is_forced, pg_get_userbyid(c.relowner) AS owner,
               EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                       AND a.attname = 'tenant_id' AND a.attnotnull) AS has_tenant
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND {OURS}""")
    walled = {row["name"] for row in tables if row["is_on"] and row["is_forced"]}
    tenants = {row["name"] for row in tables if row["has_tenant"]} | OWN_POLICY
    assert {row["name"] for row in tables} - tenants == GLOBAL_TABLES
    assert tenants - walled == set()
    assert {row["owner"] for row in tables} == {"dochub_owner"}


def test_nothing_but_tables_shows_rows(catalogue: Catalogue) -> None:
    """A view would read with its owner's eyes."""
    assert (
        catalogue.names(f"""
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm', 'f') AND {OURS}""")
        == set()
    )


def test_policies_compare_with_the_transactions_tenant(catalogue: Catalogue) -> None:
    policies = catalogue.rows("SELECT *, schemaname || '.' || tablename AS name FROM pg_policies")
    setting = "NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid"
    for policy in policies:
        if policy["policyname"] == "owner":
            assert policy["roles"] == ["dochub_owner"], policy["name"]
            continue
        assert setting in policy["qual"], policy["name"]
        assert policy["with_check"] is None, policy["name"]  # the same as for reading
        if policy["name"] not in OWN_POLICY:
            assert policy["qual"] == f"(tenant_id = ({setting})", policy["name"]
    owner_sees = {policy["name"] for policy in policies if policy["policyname"] == "owner"}
    assert {name for name in owner_sees if name.startswith("bus.")} == set()


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_service_role_has_no_special_right_and_owns_nothing(
    catalogue: Catalogue, role: str
) -> None:
    (row,) = catalogue.rows("SELECT * FROM pg_roles WHERE rolname = $1", role)
    rights = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")
    assert [right for right in rights if row[right]] == []
    assert (
        catalogue.names(
            "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = $1::regrole", role
        )
        == set()
    )
    for table, owner in (
        ("pg_class", "relowner"),
        ("pg_proc", "proowner"),
        ("pg_namespace", "nspowner"),
        ("pg_database", "datdba"),
        ("pg_type", "typowner"),
    ):
        assert catalogue.rows(f"SELECT 1 FROM {table} WHERE {owner} = $1::regrole", role) == []


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_service_role_has_rights_on_its_schema_and_the_bus_alone(
    catalogue: Catalogue, role: str
) -> None:
    own = role.removeprefix("dochub_")
    assert catalogue.names(
        f"""SELECT n.nspname FROM pg_namespace n
            WHERE {OURS} AND has_schema_privilege($1, n.oid, 'USAGE')""",
        role,
    ) == {own, "bus"}
    assert (
        catalogue.names(
            "SELECT nspname FROM pg_namespace n WHERE has_schema_privilege($1, n.oid, 'CREATE')",
            role,
        )
        == set()
    )
    assert catalogue.names(
        f"""SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {OURS} AND c.relkind IN ('r', 'p') AND (
                has_any_column_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                OR has_table_privilege($1, c.oid, 'DELETE, TRUNCATE, TRIGGER'))""",
        role,
    ) == {own}
    callable_ = catalogue.names(
        f"""SELECT format('%s.%s', n.nspname, p.proname)
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE {OURS} AND has_function_privilege($1, p.oid, 'EXECUTE')""",
        role,
    )
    assert {name for name in callable_ if not name.startswith(f"{own}.")} == BUS_FUNCTIONS
    assert (
        catalogue.rows(
            "SELECT has_database_privilege($1, current_database(), 'CREATE, TEMP') AS has", role
        )[0]["has"]
        is False
    )


def test_functions_with_the_owners_rights_are_listed_and_fix_their_path(
    catalogue: Catalogue,
) -> None:
    functions = catalogue.rows(f"""
        SELECT format('%s.%s', n.nspname, p.proname) AS name, p.proconfig AS settings,
               pg_get_userbyid(p.proowner) AS owner
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND {OURS}""")
    assert {row["name"] for row in functions} == BUS_FUNCTIONS | DOORS
    assert {row["owner"] for row in functions} == {"dochub_owner"}
    assert {tuple(row["settings"] or ()) for row in functions} == {
        ("search_path=pg_catalog, pg_temp",)
    }


def test_no_extension_is_needed(catalogue: Catalogue) -> None:
    assert catalogue.names("SELECT extname FROM pg_extension") == {"plpgsql"}


@pytest.fixture
def as_document(migrated: FreshDatabase) -> Catalogue:
    return Catalogue(migrated.dsn("dochub_document"))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM identity.person",
        "SELECT * FROM identity.pgqueuer",
        "SELECT * FROM bus.event",
        "INSERT INTO bus.subscription VALUES ('document', 'everything')",
        "SELECT bus.add_job('identity', 'k', gen_random_uuid(), gen_random_uuid(), 1, '', '', '0')",
        "SELECT bus.protect('document.pgqueuer')",
        "SET ROLE dochub_owner",
        "CREATE TABLE document.mine ()",
        "CREATE TEMP TABLE mine ()",
    ],
)
def test_service_is_refused_what_is_not_its_own(as_document: Catalogue, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        as_document.rows(statement)


def test_password_is_needed(migrated: FreshDatabase) -> None:
    dsn = migrated.dsn("dochub_document")
    secret = dsn.split("@")[0].rsplit(":", 1)[1]
    with pytest.raises(asyncpg.InvalidPasswordError):
        Catalogue(dsn.replace(secret, "wrong")).rows("SELECT 1")
