"""Sessions and their refresh tokens."""

from datetime import datetime

from sqlalchemy import Select, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.domain.people import Tenant
from identity_service.domain.session import EndReason, OpenSession, Session, StoredToken
from identity_service.ports import TokenPlace
from identity_service.store.tables import refresh_token, session

_FIND_REFRESH = text("SELECT tenant_id, session_id FROM identity.find_refresh(:digest)")
_SWEEP = text("SELECT identity.sweep_sessions(:before)")
_OF_PERSON = text("SELECT * FROM identity.find_sessions(CAST(:person AS uuid), :now)")
_END = text(
    "SELECT session_id FROM identity.end_sessions("
    "CAST(:person AS uuid), CAST(:only AS uuid), CAST(:but AS uuid), :now, :reason)"
)
_SessionRows = Select[str, str, str, datetime, datetime, datetime | None, str, str]


class SqlSessions:
    """Sessions on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_token(self, digest: bytes) -> TokenPlace | None:
        """Tell where a refresh token belongs; works before a tenant is known."""
        found = await self._connection.execute(_FIND_REFRESH, {"digest": digest})
        row = found.one_or_none()
        return None if row is None else TokenPlace(str(row.tenant_id), str(row.session_id))

    async def add(self, new: Session, token: StoredToken) -> None:
        """Keep a new session with its first token."""
        await self._connection.execute(
            insert(session).values(
                id=new.id,
                tenant_id=new.tenant_id,
                person_id=new.person_id,
                start_time=new.start_time,
                expire_time=new.expire_time,
                source=new.source,
                user_agent=new.user_agent,
            )
        )
        await self._add_token(token)

    async def get(self, session_id: str) -> Session | None:
        """Give one."""
        return await self._one(_SESSIONS.where(session.c.id == session_id))

    async def lock(self, session_id: str) -> Session | None:
        """Give one and keep others from changing it until the transaction ends."""
        return await self._one(_SESSIONS.where(session.c.id == session_id).with_for_update())

    async def token(self, digest: bytes) -> StoredToken | None:
        """Give a refresh token, as it stands since the session was locked."""
        found = await self._connection.execute(_TOKENS.where(refresh_token.c.digest == digest))
        row = found.one_or_none()
        return None if row is None else StoredToken(*row)

    async def rotate(self, used: StoredToken, successor: StoredToken) -> None:
        """Keep a used token and its successor, and throw older seals away."""
        of_session = refresh_token.c.session_id == used.session_id
        await self._connection.execute(
            update(refresh_token)
            .where(of_session, refresh_token.c.sealed_successor.is_not(None))
            .values(sealed_successor=None)
        )
        await self._connection.execute(
            update(refresh_token)
            .where(refresh_token.c.digest == used.digest)
            .values(rotate_time=used.rotate_time, sealed_successor=used.sealed_successor)
        )
        await self._add_token(successor)

    async def end(self, session_id: str, now: datetime, reason: EndReason) -> None:
        """End one with all its tokens, unless it has ended."""
        await self._connection.execute(
            update(session)
            .where(session.c.id == session_id, session.c.end_time.is_(None))
            .values(end_time=now, end_reason=reason.value)
        )

    async def sweep(self, before: datetime) -> int:
        """Forget sessions of all tenants that ran out before a time; tells how many."""
        return int(await self._connection.scalar(_SWEEP, {"before": before}) or 0)

    async def end_here(self, person_id: str, now: datetime, reason: EndReason) -> None:
        """End a person's sessions in this tenant."""
        await self._connection.execute(
            update(session)
            .where(session.c.person_id == person_id, session.c.end_time.is_(None))
            .values(end_time=now, end_reason=reason.value)
        )

    async def of_person(self, person_id: str, now: datetime) -> list[OpenSession]:
        """List a person's open sessions in every tenant, the newest first."""
        rows = (await self._connection.execute(_OF_PERSON, {"person": person_id, "now": now})).all()
        return [
            OpenSession(
                Session(
                    str(row.session_id),
                    str(row.tenant_id),
                    person_id,
                    row.start_time,
                    row.expire_time,
                    source=row.source,
                    user_agent=row.user_agent,
                ),
                Tenant(str(row.tenant_id), row.tenant_slug, row.tenant_name),
                row.last_use_time or row.start_time,
            )
            for row in rows
        ]

    async def end_of_person(
        self,
        person_id: str,
        now: datetime,
        reason: EndReason,
        *,
        only: str | None = None,
        but: str | None = None,
    ) -> list[str]:
        """End a person's sessions in every tenant; gives the ids of those that ended."""
        choice = {"person": person_id, "only": only, "but": but}
        rows = await self._connection.execute(_END, {**choice, "now": now, "reason": reason.value})
        return [str(row.session_id) for row in rows]

    async def _one(self, query: _SessionRows) -> Session | None:
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else Session(*row)

    async def _add_token(self, token: StoredToken) -> None:
        await self._connection.execute(
            insert(refresh_token).values(
                digest=token.digest,
                session_id=token.session_id,
                issue_time=token.issue_time,
                expire_time=token.expire_time,
            )
        )


# In the order of the fields of `Session` and `StoredToken`.
_SESSIONS = select(
    session.c.id,
    session.c.tenant_id,
    session.c.person_id,
    session.c.start_time,
    session.c.expire_time,
    session.c.end_time,
    session.c.source,
    session.c.user_agent,
)
_TOKENS = select(
    refresh_token.c.digest,
    refresh_token.c.session_id,
    refresh_token.c.issue_time,
    refresh_token.c.expire_time,
    refresh_token.c.rotate_time,
    refresh_token.c.sealed_successor,
)
