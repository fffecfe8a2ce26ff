"""Who is calling: set once for each call or job, read wherever a decision needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from hubkit.core.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, a service or the holder of an API key, in one tenant.

    Attributes:
        tenant_id: The tenant whose data may be seen; empty for a service that acts for none, which
            row security lets see nothing.
        person_id: The person signed in, or the one a service acts for.
        session_id: The sign-in that the person's token belongs to, or the API key's id.
        service: The calling service's name; None when a person calls.
        role: The person's role in the tenant, such as `REVIEWER`; None for a service.
        permissions: What they may do, as named in `dochub.option.v1.Permission` without prefix.
        epoch: Of the person's place in the tenant when the token was made: a change of role makes
            tokens of an earlier one worthless.
        expires_at: When the token ends, in seconds since 1970; 0 for never.
    """

    tenant_id: str
    person_id: str | None
    session_id: str | None
    service: str | None
    role: str | None
    permissions: frozenset[str]
    epoch: int = 0
    expires_at: float = 0.0


_caller: ContextVar[Caller | None] = ContextVar("hubkit_caller", default=None)


def current_caller() -> Caller:
    """Tell who is calling.

    Raises:
        Unauthenticated: Nobody has proved who they are, as in a call anybody may make.
    """
    caller = _caller.get()
    if caller is None:
        raise Unauthenticated("sign in: this call came without a token")
    return caller


def caller_or_none() -> Caller | None:
    """Tell who is calling where it may be nobody."""
    return _caller.get()


@contextmanager
def use_caller(caller: Caller | None) -> Iterator[None]:
    """Act as a caller for the length of the block."""
    before = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(before)
