"""Proving once more who one is, before anything about one's account changes."""

from hubkit.core.caller import Caller
from identity_service.application.admission import Admission
from identity_service.application.current import WhoAmI
from identity_service.domain.errors import WrongCredentials
from identity_service.domain.names import password_of
from identity_service.domain.people import Member
from identity_service.domain.throttle import account_key
from identity_service.ports import Clock, Passwords, Store


class Proof:
    """Asks people who are signed in for their password, as often as at the door."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        admission: Admission,
        who_am_i: WhoAmI,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._admission = admission
        self._who_am_i = who_am_i
        self._clock = clock

    async def __call__(self, caller: Caller, source: str, password: str) -> Member:
        """Give who they are.

        Raises:
            SessionOver: The session has ended.
            TooManyTries: The password is not looked at yet.
            WrongCredentials: It is wrong.
        """
        given = password_of(password, "current_password")
        member = await self._who_am_i(caller)
        email = member.person.email
        await self._admission(email, source, self._clock())
        async with self._store.transaction(None) as unit:
            account = await unit.accounts.find_login(email)
        if account is None or not await self._passwords.verify(account.password_hash, given):
            raise WrongCredentials
        async with self._store.transaction(None) as unit:
            await unit.tries.forget(account_key(email, source))
        return member
