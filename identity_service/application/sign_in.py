"""Signing in: count the try, compare the password, choose the tenant, open a session."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from identity_service.application.access import AccessToken, access_token
from identity_service.domain.errors import TooManyTries, WrongCredentials
from identity_service.domain.names import email_of, password_of
from identity_service.domain.people import Member, choose_membership
from identity_service.domain.session import (
    SECRET_BYTES,
    RefreshSecret,
    Session,
    StoredToken,
    open_session,
    token_for,
)
from identity_service.domain.throttle import (
    PER_ACCOUNT,
    PER_SOURCE,
    account_key,
    source_key,
    wait_for,
    within,
)
from identity_service.ports import Clock, NewId, Passwords, PersonTokens, RandomBytes, Store

_log: Final = structlog.get_logger("identity_service")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at the door.

    Attributes:
        email: As typed.
        password: As typed.
        tenant_slug: As typed; empty for the only tenant.
        source: Where the call comes from, as `names.source_of` writes it.
    """

    email: str
    password: str = field(repr=False)
    tenant_slug: str
    source: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session with everything the client takes home."""

    member: Member
    session: Session
    refresh: RefreshSecret
    refresh_expire_time: datetime
    access: AccessToken


class SignIn:
    """Let people in."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        signer: PersonTokens,
        *,
        clock: Clock,
        new_id: NewId,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._signer = signer
        self._clock = clock
        self._new_id = new_id
        self._random_bytes = random_bytes

    async def __call__(self, attempt: Attempt) -> SignedIn:
        """Check a try and open a session.

        Raises:
            InvalidArgument: E-mail or password have no possible form, or the tenant is missing.
            TooManyTries: It is not looked at yet.
            WrongCredentials: Nobody enters.
            Busy: Too many passwords wait to be compared.
        """
        now = self._clock()
        email = email_of(attempt.email)
        password = password_of(attempt.password)
        await self._admit(email, attempt.source, now)
        async with self._store.transaction(None) as unit:
            account = await unit.accounts.find_login(email)
        stored = None if account is None else account.password_hash
        matches = await self._passwords.verify(stored, password)
        try:
            member = choose_membership(account, matches, attempt.tenant_slug)
        except WrongCredentials:
            _log.info("sign-in refused", person_id=account.person.id if account else None)
            raise
        fresh_hash = None
        if stored is not None and self._passwords.is_outdated(stored):
            fresh_hash = await self._passwords.hash(password)
        secret, session, token = self._new_session(member, now)
        async with self._store.transaction(member.tenant.id) as unit:
            await unit.sessions.add(session, token)
            if account is not None and fresh_hash is not None:
                await unit.accounts.replace_hash(
                    member.person.id, account.password_time, fresh_hash
                )
            await unit.tries.forget(account_key(email, attempt.source))
        _log.info(
            "signed in",
            person_id=member.person.id,
            tenant_id=member.tenant.id,
            session_id=session.id,
        )
        access = access_token(self._signer, member, session, now)
        return SignedIn(member, session, secret, token.expire_time, access)

    async def _admit(self, email: str, source: str, now: datetime) -> None:
        """Count the try against its account and its source, or refuse it uncounted."""
        limits = {account_key(email, source): PER_ACCOUNT, source_key(source): PER_SOURCE}
        longest = max(limit.window for limit in limits.values())
        async with self._store.transaction(None) as unit:
            tries = await unit.tries.lock(tuple(limits), now + longest)
            wait = max(wait_for(limit, tries[key], now) for key, limit in limits.items())
            if wait == timedelta(0):
                for key, limit in limits.items():
                    counted = (*within(limit, tries[key], now), now)
                    await unit.tries.save(key, counted, now + limit.window)
        if wait > timedelta(0):
            _log.info("sign-in throttled", wait_s=round(wait.total_seconds(), 1))
            raise TooManyTries(wait.total_seconds())

    def _new_session(
        self, member: Member, now: datetime
    ) -> tuple[RefreshSecret, Session, StoredToken]:
        secret = RefreshSecret(self._random_bytes(SECRET_BYTES))
        session = open_session(self._new_id(), member.tenant.id, member.person.id, now)
        return secret, session, token_for(session, secret, now)
