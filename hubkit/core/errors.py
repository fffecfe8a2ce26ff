"""Expected failures: what every layer raises when it can say what went wrong.

A `HubError` names what a caller can do about it (`kind`), the machine-readable reason
(`reason`, a value of `dochub.error.v1.ErrorReason` without its prefix) and, for people, a
message that says what to do. `hubkit.server.errors` alone turns it into a wire status.
Anything else that is raised is a bug.
"""

from enum import Enum
from typing import ClassVar


class Kind(Enum):
    """What the caller can do about a failure."""

    INVALID = "invalid"  # mend the request
    NOT_FOUND = "not_found"  # nothing of that name, or not yours
    EXISTS = "exists"  # it is there already
    STALE = "stale"  # read again, then try again
    PRECONDITION = "precondition"  # bring the thing into the right state first
    UNAUTHENTICATED = "unauthenticated"  # sign in
    DENIED = "denied"  # ask someone with the right
    BUSY = "busy"  # too much at once: wait, then try again
    UNAVAILABLE = "unavailable"  # a part is down: try again
    TIMEOUT = "timeout"  # it took longer than allowed
    INTERNAL = "internal"  # a defect that is known by name, such as corrupt stored data


class HubError(Exception):
    """An expected failure; subclasses fix `kind` and `reason`.

    Attributes:
        field: The request field at fault, as a proto path such as `page_size`.
        retry_after_s: How long to wait before trying again, where waiting helps.
        facts: Further machine-readable details; never a secret, never document text.
    """

    kind: ClassVar[Kind] = Kind.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        retry_after_s: float | None = None,
        **facts: str,
    ) -> None:
        """Hold the sentence for people and the facts for programs."""
        super().__init__(message)
        self.field = field
        self.retry_after_s = retry_after_s
        self.facts = facts


class InvalidArgument(HubError):
    """A value in the request breaks a rule that the message states."""

    kind = Kind.INVALID
    reason = "INVALID_ARGUMENT"


class NotFound(HubError):
    """Nothing of that id exists, or it belongs to another tenant."""

    kind = Kind.NOT_FOUND
    reason = "NOT_FOUND"


class Stale(HubError):
    """The thing changed after the caller read it."""

    kind = Kind.STALE
    reason = "ETAG_MISMATCH"


class PreconditionFailed(HubError):
    """The thing is not in a state that allows this."""

    kind = Kind.PRECONDITION
    reason = "PRECONDITION_FAILED"


class Unauthenticated(HubError):
    """No valid token came with the request."""

    kind = Kind.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"


class PermissionDenied(HubError):
    """The caller is known and may not do this."""

    kind = Kind.DENIED
    reason = "PERMISSION_DENIED"


class Busy(HubError):
    """A limit on concurrent work is reached."""

    kind = Kind.BUSY
    reason = "BUSY"


class Unavailable(HubError):
    """A part that the request needs does not answer."""

    kind = Kind.UNAVAILABLE
    reason = "UNAVAILABLE"


class DeadlineExceeded(HubError):
    """The work did not end within the time allowed."""

    kind = Kind.TIMEOUT
    reason = "TIMEOUT"
