"""The second factor: beginning with it, using it, doing without it again."""

from base64 import b32encode
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import pyotp

from hubkit.core.caller import Caller
from hubkit.core.errors import InvalidArgument, PreconditionFailed
from identity_service.application.proof import Proof
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor
from identity_service.domain.errors import WrongCredentials
from identity_service.domain.people import Member, SecondFactor
from identity_service.domain.second_factor import (
    RECOVERY_CODES,
    SECRET_BYTES,
    after_code,
    recovery_code,
    recovery_digest,
)
from identity_service.ports import Clock, RandomBytes, Sealing, Store, Unit

ISSUER: Final = "Document Hub"
_PURPOSE: Final = "second factor:"


@dataclass(frozen=True, slots=True)
class Shared:
    """What an authenticator needs, shown once."""

    secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)


class SecondFactors:
    """Codes of authenticators.

    Args:
        store: Memory.
        sealing: Hides the shared secrets; None where there is no data key, and no second factor.
        proof: Asks for the password before anything changes.
        trail: Told of changes.
        clock: Tells the time.
        random_bytes: Makes secrets.
    """

    def __init__(
        self,
        store: Store,
        sealing: Sealing | None,
        proof: Proof,
        trail: Trail,
        *,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._proof = proof
        self._trail = trail
        self._clock = clock
        self._random_bytes = random_bytes

    async def passes(self, unit: Unit, member: Member, code: str, now: datetime) -> bool:
        """Tell whether a person may pass with a code, or needs none; a code is used up."""
        factor = await unit.accounts.second_factor(member.person.id)
        if factor.confirm_time is None:
            return True
        after = self._after(member.person.id, factor, code, now)
        if after is not None:
            await unit.accounts.save_second_factor(member.person.id, after)
        return after is not None

    async def is_on(self, caller: Caller) -> bool:
        """Tell whether the caller needs a code to sign in."""
        async with self._store.transaction(caller.tenant_id) as unit:
            factor = await unit.accounts.second_factor(caller.person_id or "")
        return factor.confirm_time is not None

    async def enroll(self, caller: Caller, actor: Actor, password: str) -> Shared:
        """Make a secret to share; codes are not asked for before one was confirmed.

        Raises:
            PreconditionFailed: There is a second factor, or no key to keep one.
            WrongCredentials: The password is wrong.
        """
        if self._sealing is None:
            raise PreconditionFailed("this hub keeps no second factors: it has no data key")
        member = await self._proof(caller, actor.source, password)
        secret = b32encode(self._random_bytes(SECRET_BYTES)).decode()
        sealed = self._sealing.seal(secret.encode(), _PURPOSE + member.person.id)
        async with self._store.transaction(caller.tenant_id) as unit:
            if (await unit.accounts.second_factor(member.person.id)).confirm_time is not None:
                raise PreconditionFailed("there is a second factor already: remove it first")
            await unit.accounts.save_second_factor(member.person.id, SecondFactor(sealed))
        uri = pyotp.TOTP(secret).provisioning_uri(name=member.person.email, issuer_name=ISSUER)
        return Shared(secret, uri)

    async def confirm(self, caller: Caller, actor: Actor, code: str) -> tuple[str, ...]:
        """Begin to ask for codes; gives the recovery codes.

        Raises:
            PreconditionFailed: Nothing was begun.
            InvalidArgument: The code is wrong.
        """
        now = self._clock()
        codes = tuple(recovery_code(self._random_bytes(16)) for _ in range(RECOVERY_CODES))
        person_id = caller.person_id or ""
        async with self._store.transaction(caller.tenant_id) as unit:
            factor = await unit.accounts.second_factor(person_id)
            if factor.sealed_secret is None or factor.confirm_time is not None:
                raise PreconditionFailed("begin with EnrollSecondFactor")
            after = self._after(person_id, factor, code, now)
            if after is None:
                raise InvalidArgument("this is not the code of now", field="code")
            digests = tuple(recovery_digest(one) for one in codes)
            on = replace(after, confirm_time=now, recovery_digests=digests)
            await unit.accounts.save_second_factor(person_id, on)
            await self._trail.tell(unit, Act("second_factor.added", person_id), actor)
        return codes

    async def remove(self, caller: Caller, actor: Actor, password: str, code: str) -> None:
        """Ask for no codes any more.

        Raises:
            WrongCredentials: Password or code is wrong.
        """
        member = await self._proof(caller, actor.source, password)
        async with self._store.transaction(caller.tenant_id) as unit:
            if not await self.passes(unit, member, code, self._clock()):
                raise WrongCredentials
            await unit.accounts.save_second_factor(member.person.id, SecondFactor())
            act = Act("second_factor.removed", member.person.id)
            await self._trail.tell(unit, act, actor)

    def _after(
        self, person_id: str, factor: SecondFactor, code: str, now: datetime
    ) -> SecondFactor | None:
        if self._sealing is None or factor.sealed_secret is None:
            return None  # the key is gone: nobody passes
        secret = self._sealing.open(factor.sealed_secret, _PURPOSE + person_id)
        return None if secret is None else after_code(factor, secret.decode(), code, now)
