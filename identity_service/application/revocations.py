"""What every service must know: the tokens that no longer count."""

from datetime import datetime, timedelta
from typing import Final

from hubkit.server.revocations import Told
from identity_service.domain.session import ACCESS_LIFETIME
from identity_service.ports import Clock, Store

_LONGEST: Final = ACCESS_LIFETIME + timedelta(minutes=2)
"""A token revoked before that has run out, whatever clocks differ by."""
_OVERLAP: Final = timedelta(seconds=15)
"""What is committed late bears an earlier time: so far back is told again."""


class ReadRevocations:
    """Tell what was revoked."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, since: datetime | None) -> Told:
        """Tell what was revoked since a time, or all that may still matter."""
        now = self._clock()
        oldest = now - _LONGEST
        after = oldest if since is None else max(oldest, since - _OVERLAP)
        async with self._store.transaction(None) as unit:
            return Told(await unit.revocations.read(after), now)
