"""API keys: made, listed, withdrawn, and exchanged for tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from hubkit.core.caller import Caller
from hubkit.core.errors import NotFound
from hubkit.core.paging import PageTokens
from identity_service.application.access import AccessToken
from identity_service.application.admission import Admission
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor
from identity_service.domain.errors import SecretSpent
from identity_service.domain.keys import SECRET_BYTES, ApiKey, key_digest, key_text, new_key
from identity_service.domain.session import ACCESS_LIFETIME
from identity_service.ports import Clock, KeyTokens, NewId, RandomBytes, Store

_LIST: Final = b"dochub.identity.v1.ApiKeyService/ListApiKeys"
_USE_PAUSE: Final = timedelta(minutes=1)
"""How exact the time of the last use is."""


class ApiKeys:
    """Keys by which programs call."""

    def __init__(
        self,
        store: Store,
        signer: KeyTokens,
        trail: Trail,
        tokens: PageTokens,
        *,
        admission: Admission,
        clock: Clock,
        new_id: NewId,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._signer = signer
        self._trail = trail
        self._tokens = tokens
        self._admission = admission
        self._clock = clock
        self._new_id = new_id
        self._random_bytes = random_bytes

    async def create(
        self, caller: Caller, actor: Actor, name: str, scopes: Sequence[str], lifetime_days: int
    ) -> tuple[ApiKey, str]:
        """Make a key; gives it with its secret, which is kept nowhere."""
        text = key_text(self._random_bytes(SECRET_BYTES))
        key = new_key(
            self._new_id(),
            text,
            display_name=name,
            scopes=scopes,
            lifetime_days=lifetime_days,
            creator_id=caller.person_id or "",
            creator_may=caller.permissions,
            now=self._clock(),
        )
        async with self._store.transaction(caller.tenant_id) as unit:
            await unit.api_keys.add(caller.tenant_id, key, key_digest(text))
            facts = {"scopes": ",".join(key.scopes), "expire_time": key.expire_time.isoformat()}
            await self._trail.tell(unit, Act("api_key.created", key.id, facts), actor)
        return key, text

    async def page(self, caller: Caller, size: int, token: str) -> tuple[list[ApiKey], str]:
        """Give a page of keys, the newest first, and what leads on."""
        bound = _LIST + caller.tenant_id.encode()
        before = self._tokens.open(token, bound)[0] if token else None
        async with self._store.transaction(caller.tenant_id) as unit:
            found = await unit.api_keys.before(before, size + 1)
        more = len(found) > size
        return found[:size], self._tokens.seal((found[size - 1].id,), bound) if more else ""

    async def revoke(self, caller: Caller, actor: Actor, key_id: str) -> None:
        """Withdraw a key; nothing happens where it was.

        Raises:
            NotFound: There is no such key.
        """
        async with self._store.transaction(caller.tenant_id) as unit:
            key = await unit.api_keys.get(key_id)
            if key is None:
                raise NotFound("there is no such key", field="api_key_id")
            if key.revoke_time is None:
                await unit.api_keys.revoke(key_id, self._clock())
                await self._trail.tell(unit, Act("api_key.revoked", key_id), actor)

    async def exchange(self, text: str, source: str) -> AccessToken:
        """Give an access token for a key.

        Raises:
            TooManyTries: Too many that were none came from here.
            SecretSpent: It is none, ran out, or was withdrawn.
        """
        now = self._clock()
        async with self._store.transaction(None) as unit:
            place = await unit.api_keys.find(key_digest(text))
        if place is None:
            # A key is 256 random bits: only what is none has to be slowed down.
            await self._admission("api key", source, now)
            raise _refused()
        tenant_id, key_id = place
        async with self._store.transaction(tenant_id) as unit:
            key = await unit.api_keys.get(key_id)
            if key is None or not key.is_good(now):
                raise _refused()
            if key.last_use_time is None or now - key.last_use_time > _USE_PAUSE:
                await unit.api_keys.note_use(key_id, now)
        lifetime = min(ACCESS_LIFETIME, key.expire_time - now)
        token = self._signer.key_token(
            key_id=key_id,
            tenant_id=tenant_id,
            scopes=key.scopes,
            lifetime_s=int(lifetime.total_seconds()),
        )
        return AccessToken(token, now + lifetime)


def _refused() -> SecretSpent:
    return SecretSpent("this API key is none, ran out, or was withdrawn")
