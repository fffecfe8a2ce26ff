"""The tenant and its settings."""

from dataclasses import replace
from typing import Final
from zoneinfo import available_timezones

from hubkit.core.caller import Caller
from hubkit.core.errors import InvalidArgument, Stale
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor
from identity_service.ports import Store, TenantRow

LOCALES: Final = frozenset({"en", "th"})
_LONGEST_NAME: Final = 200


class Tenants:
    """What a tenant is called, speaks, and which time it keeps."""

    def __init__(self, store: Store, trail: Trail) -> None:
        self._store = store
        self._trail = trail

    async def get(self, caller: Caller) -> TenantRow:
        """Give the caller's tenant."""
        async with self._store.transaction(caller.tenant_id) as unit:
            return await unit.members.tenant()

    async def update(
        self,
        caller: Caller,
        actor: Actor,
        *,
        display_name: str,
        locale: str,
        time_zone: str,
        etag: str,
    ) -> TenantRow:
        """Change the settings.

        Raises:
            InvalidArgument: One is none; the message says which can be.
            Stale: Somebody else changed them since they were read.
        """
        name = display_name.strip()
        if not name or len(name) > _LONGEST_NAME:
            raise InvalidArgument(
                f"display_name must have 1 to {_LONGEST_NAME} characters",
                field="settings.display_name",
            )
        if locale not in LOCALES:
            raise InvalidArgument("locale must be en or th", field="settings.locale")
        if time_zone not in available_timezones():
            raise InvalidArgument(
                "time_zone must be a name such as Asia/Bangkok", field="settings.time_zone"
            )
        async with self._store.transaction(caller.tenant_id) as unit:
            before = await unit.members.tenant()
            after = replace(before, display_name=name, locale=locale, time_zone=time_zone)
            if etag != str(before.revision) or not await unit.members.save_tenant(after):
                raise Stale("the settings were changed meanwhile: read them again", field="etag")
            facts = {
                f"{field}_{when}": getattr(row, field)
                for when, row in (("before", before), ("after", after))
                for field in ("display_name", "locale", "time_zone")
            }
            await self._trail.tell(unit, Act("tenant.updated", caller.tenant_id, facts), actor)
        return replace(after, revision=after.revision + 1)
