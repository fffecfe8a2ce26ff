"""Members of a tenant: invited, given roles, shut out and let in again."""

from collections.abc import Callable
from typing import Final

from hubkit.core.caller import Caller
from hubkit.core.errors import InvalidArgument, NotFound
from hubkit.core.paging import PageTokens
from identity_service.application.passwords import MailedPassword
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor, Personal
from identity_service.domain.errors import AlreadyExists
from identity_service.domain.membership import Membership
from identity_service.domain.names import email_of
from identity_service.domain.people import Role
from identity_service.domain.session import EndReason
from identity_service.ports import Clock, NewId, Store

_LIST: Final = b"dochub.identity.v1.UserService/ListUsers"
_LONGEST_NAME: Final = 200


class Members:
    """What administrators do about people."""

    def __init__(
        self,
        store: Store,
        mailed: MailedPassword,
        trail: Trail,
        tokens: PageTokens,
        *,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._store = store
        self._mailed = mailed
        self._trail = trail
        self._tokens = tokens
        self._clock = clock
        self._new_id = new_id

    async def invite(
        self, caller: Caller, actor: Actor, email: str, name: str, role: Role
    ) -> Membership:
        """Make somebody a member; who is new gets a letter.

        Raises:
            InvalidArgument: It is no address, or the name is too long.
            AlreadyExists: They are a member, perhaps one that is shut out.
        """
        address = email_of(email)
        if len(name) > _LONGEST_NAME:
            raise InvalidArgument(
                f"display_name may have {_LONGEST_NAME} characters", field="display_name"
            )
        now = self._clock()
        async with self._store.transaction(caller.tenant_id) as unit:
            person, has_password = await unit.members.enroll(
                self._new_id(), address, name.strip() or address
            )
            if await unit.members.get(person.id) is not None:
                raise AlreadyExists("they are a member already", field="email")
            member = Membership(person, role, now)
            await unit.members.add(caller.tenant_id, member)
            tenant = await unit.members.tenant()
            act = Act(
                "user.invited",
                person.id,
                {"role": role.value},
                (Personal("email", address, person.id),),
            )
            await self._trail.tell(unit, act, actor)
        if not has_password:
            self._mailed.invite(address, tenant.display_name)
        return member

    async def get(self, caller: Caller, person_id: str) -> Membership:
        """Give one.

        Raises:
            NotFound: They are no member.
        """
        async with self._store.transaction(caller.tenant_id) as unit:
            found = await unit.members.get(person_id)
        if found is None:
            raise _stranger()
        return found

    async def page(self, caller: Caller, size: int, token: str) -> tuple[list[Membership], str]:
        """Give a page of members by address, and what leads on."""
        bound = _LIST + caller.tenant_id.encode()
        after = self._tokens.open(token, bound)[0] if token else ""
        async with self._store.transaction(caller.tenant_id) as unit:
            found = await unit.members.after(after, size + 1)
        more = len(found) > size
        last = found[size - 1].person.email if more else ""
        return found[:size], self._tokens.seal((last,), bound) if more else ""

    async def change_role(
        self, caller: Caller, actor: Actor, person_id: str, role: Role
    ) -> Membership:
        """Give a member another role."""
        return await self._change(
            caller, actor, person_id, "user.role_changed", lambda m, n: m.with_role(role, n)
        )

    async def deactivate(self, caller: Caller, actor: Actor, person_id: str) -> Membership:
        """Shut a member out; their sessions here end."""
        now = self._clock()
        return await self._change(
            caller, actor, person_id, "user.deactivated", lambda m, n: m.shut_out(now, n)
        )

    async def reactivate(self, caller: Caller, actor: Actor, person_id: str) -> Membership:
        """Let a member in again."""
        return await self._change(
            caller, actor, person_id, "user.reactivated", lambda m, _: m.let_in()
        )

    async def _change(
        self,
        caller: Caller,
        actor: Actor,
        person_id: str,
        action: str,
        decide: Callable[[Membership, int], Membership],
    ) -> Membership:
        now = self._clock()
        async with self._store.transaction(caller.tenant_id) as unit:
            before, other_admins = await unit.members.lock(caller.tenant_id, person_id)
            if before is None:
                raise _stranger()
            after = decide(before, other_admins)
            if after != before:
                await unit.members.save(after, now)
                if after.disable_time is not None:
                    await unit.sessions.end_here(person_id, now, EndReason.SHUT_OUT)
                facts = {"role_before": before.role.value, "role_after": after.role.value}
                await self._trail.tell(unit, Act(action, person_id, facts), actor)
        return after


def _stranger() -> NotFound:
    return NotFound("there is no such member", field="user_id")
