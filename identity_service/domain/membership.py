"""Members of a tenant: what may become of them, and what keeps a tenant governable."""

from dataclasses import dataclass, replace
from datetime import datetime

from hubkit.core.errors import PreconditionFailed
from identity_service.domain.people import Person, Role


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a tenant.

    Attributes:
        person: Who.
        role: What they may do.
        create_time: Since when.
        disable_time: Since when they are shut out; None while they are not.
    """

    person: Person
    role: Role
    create_time: datetime
    disable_time: datetime | None = None

    def with_role(self, role: Role, other_admins: int) -> "Membership":
        """Give another role.

        Raises:
            PreconditionFailed: Nobody would be left to administer the tenant.
        """
        if role is not Role.ADMIN:
            self._keep_an_admin(other_admins)
        return replace(self, role=role)

    def shut_out(self, now: datetime, other_admins: int) -> "Membership":
        """Shut out; who is out stays out since when they were.

        Raises:
            PreconditionFailed: Nobody would be left to administer the tenant.
        """
        self._keep_an_admin(other_admins)
        return replace(self, disable_time=self.disable_time or now)

    def let_in(self) -> "Membership":
        """Let in again."""
        return replace(self, disable_time=None)

    def _keep_an_admin(self, other_admins: int) -> None:
        if self.role is Role.ADMIN and self.disable_time is None and not other_admins:
            raise PreconditionFailed(
                "this is the tenant's only administrator: make another one first"
            )
