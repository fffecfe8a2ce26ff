"""Why signing in or staying signed in fails: one class for each thing a caller can react to."""

from hubkit.core.errors import Busy, HubError, Kind

__all__ = [
    "AlreadyExists",
    "SecondFactorNeeded",
    "SecretSpent",
    "SessionOver",
    "TooManyTries",
    "WrongCredentials",
]


class WrongCredentials(HubError):
    """E-mail, password and tenant do not belong together; which of them is wrong is not told."""

    kind = Kind.UNAUTHENTICATED
    reason = "WRONG_CREDENTIALS"

    def __init__(self) -> None:
        """Say the same for every cause."""
        super().__init__("the e-mail address, the password or the company is wrong")


class SecondFactorNeeded(HubError):
    """The password is right; a code is needed as well."""

    kind = Kind.UNAUTHENTICATED
    reason = "SECOND_FACTOR_NEEDED"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "send a code of your authenticator, or a recovery code, as second_factor",
            field="second_factor",
        )


class SecretSpent(HubError):
    """A link or key that was used, withdrawn, or ran out; or never was one."""

    kind = Kind.UNAUTHENTICATED
    reason = "SECRET_SPENT"


class AlreadyExists(HubError):
    """The thing is there already."""

    kind = Kind.EXISTS
    reason = "ALREADY_EXISTS"


class TooManyTries(Busy):
    """Signing in was tried too often; the password was not looked at."""

    def __init__(self, wait_s: float) -> None:
        """Say how long to wait."""
        super().__init__(
            f"too many tries to sign in; try again in {max(1, round(wait_s))} s",
            retry_after_s=wait_s,
        )


class SessionOver(HubError):
    """The session was ended, ran out, or its refresh token was used before."""

    kind = Kind.UNAUTHENTICATED
    reason = "TOKEN_REVOKED"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("this session is over; sign in again")
