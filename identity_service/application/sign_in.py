"""Signing in: count the try, compare the password, choose the tenant, open a session."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from identity_service.application.admission import Admission
from identity_service.application.opening import Opening, SignedIn
from identity_service.application.second_factor import SecondFactors
from identity_service.application.trail import Later, Trail
from identity_service.domain.audit import Act, Actor, ActorKind
from identity_service.domain.errors import SecondFactorNeeded, WrongCredentials
from identity_service.domain.names import email_of, password_of
from identity_service.domain.people import Account, Member, choose_membership
from identity_service.domain.session import Place
from identity_service.domain.throttle import account_key
from identity_service.ports import Clock, Passwords, Store

_log: Final = structlog.get_logger("identity_service")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at the door.

    Attributes:
        email: As typed.
        password: As typed.
        tenant_slug: As typed; empty for the only tenant.
        second_factor: As typed; empty without one.
        place: Where the call comes from.
    """

    email: str
    password: str = field(repr=False)
    tenant_slug: str
    second_factor: str = field(repr=False)
    place: Place


class SignIn:
    """Let people in."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        *,
        admission: Admission,
        factors: SecondFactors,
        opening: Opening,
        trail: Trail,
        later: Later,
        clock: Clock,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._admission = admission
        self._factors = factors
        self._opening = opening
        self._trail = trail
        self._later = later
        self._clock = clock

    async def __call__(self, attempt: Attempt) -> SignedIn:
        """Check a try and open a session.

        Raises:
            InvalidArgument: E-mail or password have no possible form, or the tenant is missing.
            TooManyTries: It is not looked at yet.
            WrongCredentials: Nobody enters.
            SecondFactorNeeded: A code is needed as well.
            Busy: Too many passwords wait to be compared.
        """
        now = self._clock()
        email = email_of(attempt.email)
        password = password_of(attempt.password)
        source = attempt.place.source
        await self._admission(email, source, now)
        async with self._store.transaction(None) as unit:
            account = await unit.accounts.find_login(email)
        stored = None if account is None else account.password_hash
        matches = await self._passwords.verify(stored, password)
        try:
            member = choose_membership(account, matches, attempt.tenant_slug)
        except WrongCredentials:
            self._tell_refusal(account, source)
            raise
        fresh_hash = None
        if stored is not None and self._passwords.is_outdated(stored):
            fresh_hash = await self._passwords.hash(password)
        async with self._store.transaction(member.tenant.id) as unit:
            passes = await self._factors.passes(unit, member, attempt.second_factor, now)
            if passes:
                if account is not None and fresh_hash is not None:
                    await unit.accounts.replace_hash(
                        member.person.id, account.password_time, fresh_hash
                    )
                await unit.tries.forget(account_key(email, source))
                done = await self._opening(unit, member, attempt.place, now, way="password")
        if not passes:
            if not attempt.second_factor:
                raise SecondFactorNeeded
            self._tell_refusal(account, source)
            raise WrongCredentials
        _tell_log(done)
        return done

    def _tell_refusal(self, account: Account | None, source: str) -> None:
        """Tell the trails of all tenants of a person that somebody tried; nobody waits for it."""
        _log.info("sign-in refused", person_id=account.person.id if account else None)
        if account is None:
            return
        actor = Actor(ActorKind.NOBODY, None, None, source)
        act = Act("session.refused", account.person.id)
        for member in account.memberships:
            place = member.tenant.id
            self._later.do(partial(self._trail.tell_in, self._store, place, act, actor))


def _tell_log(done: SignedIn) -> None:
    member: Member = done.member
    _log.info(
        "signed in",
        person_id=member.person.id,
        tenant_id=member.tenant.id,
        session_id=done.session.id,
    )
