"""A person's sessions: seeing them, ending them, going on in another tenant."""

from hubkit.core.caller import Caller
from hubkit.core.errors import NotFound
from identity_service.application.current import WhoAmI
from identity_service.application.opening import Opening, SignedIn
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor
from identity_service.domain.errors import SessionOver
from identity_service.domain.people import Tenant
from identity_service.domain.session import EndReason, OpenSession, Place
from identity_service.ports import Clock, Store


class Sessions:
    """What people do about their sessions."""

    def __init__(
        self, store: Store, who_am_i: WhoAmI, opening: Opening, trail: Trail, *, clock: Clock
    ) -> None:
        self._store = store
        self._who_am_i = who_am_i
        self._opening = opening
        self._trail = trail
        self._clock = clock

    async def open_ones(self, caller: Caller) -> list[OpenSession]:
        """List the caller's open sessions in every tenant, the newest first."""
        async with self._store.transaction(caller.tenant_id) as unit:
            return await unit.sessions.of_person(caller.person_id or "", self._clock())

    async def end(self, caller: Caller, actor: Actor, session_id: str) -> None:
        """End one of the caller's sessions; nothing happens where none of them is open."""
        await self._end(caller, actor, only=session_id)

    async def end_all(self, caller: Caller, actor: Actor, *, keep_current: bool) -> int:
        """End the caller's sessions; tells how many."""
        return len(await self._end(caller, actor, but=caller.session_id if keep_current else None))

    async def tenants(self, caller: Caller) -> tuple[Tenant, ...]:
        """Give the tenants that the caller may be in."""
        member = await self._who_am_i(caller)
        async with self._store.transaction(None) as unit:
            account = await unit.accounts.find_login(member.person.email)
        return tuple(one.tenant for one in account.memberships) if account else ()

    async def switch(self, caller: Caller, actor: Actor, place: Place, slug: str) -> SignedIn:
        """Go on in another tenant.

        Raises:
            SessionOver: The present session has ended.
            NotFound: The person does not belong there.
        """
        now = self._clock()
        member = await self._who_am_i(caller)
        async with self._store.transaction(None) as unit:
            account = await unit.accounts.find_login(member.person.email)
        places = account.memberships if account and not account.is_disabled else ()
        wanted = next((m for m in places if m.tenant.slug == slug.strip().lower()), None)
        if wanted is None:
            raise NotFound("you do not belong to that company", field="tenant_slug")
        async with self._store.transaction(caller.tenant_id) as unit:
            session = await unit.sessions.lock(caller.session_id or "")
            if session is None or not session.is_open(now):
                raise SessionOver
            await unit.sessions.end(session.id, now, EndReason.SWITCHED)
            act = Act("session.ended", member.person.id, {"reason": EndReason.SWITCHED.value})
            await self._trail.tell(unit, act, actor)
        async with self._store.transaction(wanted.tenant.id) as unit:
            return await self._opening(
                unit, wanted, place, now, way="switch", until=session.expire_time
            )

    async def _end(
        self, caller: Caller, actor: Actor, *, only: str | None = None, but: str | None = None
    ) -> "list[str]":
        person_id = caller.person_id or ""
        async with self._store.transaction(caller.tenant_id) as unit:
            ended = await unit.sessions.end_of_person(
                person_id, self._clock(), EndReason.REVOKED, only=only, but=but
            )
            if ended:
                facts = {"reason": EndReason.REVOKED.value, "sessions": ",".join(ended)}
                await self._trail.tell(unit, Act("session.ended", person_id, facts), actor)
        return ended
