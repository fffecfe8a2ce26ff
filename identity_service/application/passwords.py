"""Setting a password: knowing the present one, or by a link that was mailed."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from hubkit.core.caller import Caller
from identity_service.application.admission import Admission
from identity_service.application.proof import Proof
from identity_service.application.trail import Later, Trail
from identity_service.domain.audit import Act, Actor, ActorKind
from identity_service.domain.errors import SecretSpent
from identity_service.domain.names import email_of, new_password_of
from identity_service.domain.session import EndReason
from identity_service.ports import Clock, Letter, Mail, Passwords, RandomBytes, Store

RESET_LIFETIME: Final = timedelta(hours=1)
INVITATION_LIFETIME: Final = timedelta(days=7)
_SECRET_BYTES: Final = 32
_log: Final = structlog.get_logger("identity_service")

IsCommon = Callable[[str], bool]


class ChangePassword:
    """Set another password."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        proof: Proof,
        trail: Trail,
        is_common: IsCommon,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._proof = proof
        self._trail = trail
        self._is_common = is_common
        self._clock = clock

    async def __call__(self, caller: Caller, actor: Actor, present: str, wanted: str) -> None:
        """Set a password; every other session of the person ends.

        Raises:
            WrongCredentials: The present one is wrong.
            InvalidArgument: The wanted one is too weak.
        """
        member = await self._proof(caller, actor.source, present)
        chosen = new_password_of(wanted, self._is_common, member.person.email, "new_password")
        new_hash = await self._passwords.hash(chosen)
        now = self._clock()
        who = member.person.id
        async with self._store.transaction(caller.tenant_id) as unit:
            await unit.accounts.change_password(who, new_hash, now)
            await unit.sessions.end_of_person(
                who, now, EndReason.PASSWORD_CHANGED, but=caller.session_id
            )
            await self._trail.tell(unit, Act("password.changed", who), actor)


class MailedPassword:
    """Set a password by a link that was mailed; who asks learns nothing of who is there.

    Args:
        store: Memory.
        passwords: Slow hashing.
        mail: Sends the link.
        admission: Counts what is asked for and tried.
        trail: Told of the change.
        later: Does what the answer must not wait for.
        is_common: Tells passwords that everybody knows.
        link: Begins the link, such as `https://hub.example/password#`; the secret follows.
        clock: Tells the time.
        random_bytes: Makes secrets.
    """

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        mail: Mail,
        *,
        admission: Admission,
        trail: Trail,
        later: Later,
        is_common: IsCommon,
        link: str,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._mail = mail
        self._admission = admission
        self._trail = trail
        self._later = later
        self._is_common = is_common
        self._link = link
        self._clock = clock
        self._random_bytes = random_bytes

    async def request(self, email: str, source: str) -> None:
        """Have a link mailed, if anybody has the address.

        Raises:
            InvalidArgument: It is no address.
            TooManyTries: Too many were asked for.
        """
        address = email_of(email)
        await self._admission(f"reset {address}", source, self._clock())
        self._later.do(partial(self.send, address, RESET_LIFETIME, _RESET))

    def invite(self, email: str, tenant_name: str) -> None:
        """Have a link mailed to somebody new."""
        words = _INVITATION.replace("{tenant}", tenant_name)
        self._later.do(partial(self.send, email, INVITATION_LIFETIME, words))

    async def send(self, address: str, lifetime: timedelta, words: str) -> None:
        """Mail a link; the one before no longer works."""
        secret = urlsafe_b64encode(self._random_bytes(_SECRET_BYTES)).rstrip(b"=").decode()
        until = self._clock() + lifetime
        async with self._store.transaction(None) as unit:
            person = await unit.accounts.add_mail_secret(address, _digest(secret), until)
        if person is None:
            return
        subject, _, text = words.partition("\n")
        filled = text.replace("{name}", person.display_name).replace("{link}", self._link + secret)
        await self._mail.send(Letter(address, subject, filled))
        _log.info("link mailed", person_id=person.id)

    async def confirm(self, secret: str, wanted: str, source: str) -> None:
        """Set a password by a link; every session of the person ends.

        Raises:
            TooManyTries: Too many links were tried from here.
            InvalidArgument: The password is too weak.
            SecretSpent: The link is dead, or never was one.
        """
        now = self._clock()
        await self._admission(f"link {secret}", source, now)
        chosen = new_password_of(wanted, self._is_common, "", "new_password")
        new_hash = await self._passwords.hash(chosen)
        async with self._store.transaction(None) as unit:
            done = await unit.accounts.use_mail_secret(_digest(secret), new_hash, now)
        if done is None:
            raise SecretSpent("this link was used, ran out, or is wrong; ask for another")
        actor = Actor(ActorKind.PERSON, done.person_id, None, source)
        for tenant_id in done.tenant_ids:
            act = Act("password.reset", done.person_id)
            self._later.do(partial(self._trail.tell_in, self._store, tenant_id, act, actor))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(f"mail\0{secret}".encode()).digest()


_RESET: Final = """Your password at Document Hub
Hello {name},

somebody, we hope you, asked for a new password. Set it within an hour at

{link}

If it was not you, do nothing: your password stays as it is.
"""
_INVITATION: Final = """You are invited to {tenant} at Document Hub
Hello {name},

{tenant} invites you to its papers at Document Hub. Choose a password within seven days at

{link}
"""
