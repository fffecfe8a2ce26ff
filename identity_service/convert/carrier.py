"""How a refresh token travels: a cookie for browsers, metadata for all others.

A browser is whoever sends an Origin header; scripts of a page can neither leave it out nor forge
it. What a browser holds must stay out of scripts' reach, so a browser never gets or sends the
token as metadata.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hubkit.core.caller import Caller
from hubkit.core.errors import PermissionDenied, Unauthenticated
from identity_service.domain.audit import Actor, ActorKind
from identity_service.domain.names import source_of
from identity_service.domain.session import Place, RefreshSecret

COOKIE: Final = "__Host-dochub-refresh"
METADATA: Final = "dochub-refresh-token"
API_KEY: Final = "dochub-api-key"
_LONGEST_AGENT: Final = 200
_ATTRIBUTES: Final = "Secure; HttpOnly; SameSite=Strict; Path=/"

Metadata = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came with a call beside its message.

    Attributes:
        source: Where it comes from, as far as the gateway or the connection tells.
        user_agent: What the calling program calls itself.
        is_browser: Whether an Origin header came along.
        cookies: Every refresh token found in cookies.
        native: Every refresh token found in metadata.
        api_keys: Every API key found in metadata.
    """

    source: str
    user_agent: str
    is_browser: bool
    cookies: frozenset[str] = field(repr=False)
    native: frozenset[str] = field(repr=False)
    api_keys: frozenset[str] = field(repr=False)

    @property
    def place(self) -> Place:
        """Where the call comes from."""
        return Place(self.source, self.user_agent)

    def actor(self, caller: Caller) -> Actor:
        """Give who acts, for the audit trail."""
        if caller.service is not None:
            return Actor(ActorKind.SERVICE, None, None, self.source)
        if caller.person_id is None:
            return Actor(ActorKind.API_KEY, caller.session_id, caller.session_id, self.source)
        return Actor(ActorKind.PERSON, caller.person_id, caller.session_id, self.source)

    def api_key(self) -> str:
        """Give the API key that came along.

        Raises:
            PermissionDenied: It comes from a browser, where nothing is secret.
            Unauthenticated: There is none, or more than one.
        """
        if self.is_browser:
            raise PermissionDenied("an API key is for programs, not for pages")
        if len(self.api_keys) != 1:
            raise Unauthenticated(f"no API key came as metadata {API_KEY}")
        return next(iter(self.api_keys))

    def presented(self) -> RefreshSecret:
        """Give the refresh token that came along.

        Raises:
            Unauthenticated: There is none, or more than one.
        """
        texts = self.cookies if self.is_browser else self.native
        secret = RefreshSecret.parse(next(iter(texts))) if len(texts) == 1 else None
        if secret is None:
            where = f"cookie {COOKIE}" if self.is_browser else f"metadata {METADATA}"
            raise Unauthenticated(f"no refresh token came as {where}; sign in")
        return secret

    def handed_out(
        self, secret: RefreshSecret, expire_time: datetime, now: datetime
    ) -> tuple[str, str]:
        """Give the response metadata that hands a refresh token to the client."""
        if not self.is_browser:
            return METADATA, secret.text
        seconds = max(int((expire_time - now).total_seconds()), 0)
        return "set-cookie", f"{COOKIE}={secret.text}; {_ATTRIBUTES}; Max-Age={seconds}"

    def taken_back(self) -> tuple[tuple[str, str], ...]:
        """Give the response metadata that makes the client forget its refresh token."""
        if not self.is_browser:
            return ()
        return (("set-cookie", f"{COOKIE}=; {_ATTRIBUTES}; Max-Age=0"),)


def arrival_of(metadata: Metadata, peer: str, browser_origins: Set[str]) -> Arrival:
    """Read what came with a call.

    Args:
        metadata: Of the call.
        peer: The connection's other end, as gRPC writes it.
        browser_origins: Whose pages may call.

    Raises:
        PermissionDenied: A page of another origin calls, or a browser sends its token in the open.
    """
    pairs = [(key, value) for key, value in metadata if isinstance(value, str)]
    origins = {value for key, value in pairs if key == "origin"}
    native = frozenset(value for key, value in pairs if key == METADATA)
    if not origins <= browser_origins:
        raise PermissionDenied("pages of this origin may not sign people in")
    if origins and native:
        raise PermissionDenied(
            f"a browser's refresh token comes as cookie {COOKIE}, never as metadata"
        )
    agents = [value for key, value in pairs if key in {"x-user-agent", "user-agent"}]
    agent = "".join(agents[:1])[:_LONGEST_AGENT]
    keys = frozenset(value for key, value in pairs if key == API_KEY)
    return Arrival(_source(pairs, peer), agent, bool(origins), _cookies(pairs), native, keys)


def _cookies(pairs: list[tuple[str, str]]) -> frozenset[str]:
    crumbs = (crumb for key, value in pairs if key == "cookie" for crumb in value.split(";"))
    named = (crumb.strip().partition("=") for crumb in crumbs)
    return frozenset(value for name, _, value in named if name == COOKIE)


def _source(pairs: list[tuple[str, str]], peer: str) -> str:
    """Tell where a call comes from: what the gateway wrote last counts, else the connection."""
    external = [value for key, value in pairs if key == "x-envoy-external-address"]
    forwarded = [value for key, value in pairs if key == "x-forwarded-for"]
    hops = [*external[-1:], *(value.rpartition(",")[2] for value in forwarded[-1:])]
    hops.append(peer.partition(":")[2].rpartition(":")[0].replace("%5B", "").replace("%5D", ""))
    return next((found for hop in hops if (found := source_of(hop))), "local")
