"""Failures of the database in terms that a caller can act on.

Only what is nobody's bug is translated: a server that is away, a pool that is used up, a statement
that took too long. A broken constraint passes unchanged, because only the store knows what it
means; one that nobody catches is a bug.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hubkit.core.errors import Busy, DeadlineExceeded, HubError, Unavailable

_RETRY_AFTER_S: Final = 1.0

# SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_QUERY_CANCELED: Final = "57014"
_TOO_MANY_CONNECTIONS: Final = "53300"
_GONE: Final = re.compile("08...|57P0[1-5]")
"""No connection; or the server is shutting down, crashed, or starting up."""
_TRY_AGAIN: Final = re.compile("40001|40P01|55P03|25P03|53[124]00")
"""Serialisation failure, deadlock, lock not available, idle too long, out of disk or memory."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's failures within the block into `HubError`s.

    Raises:
        Unavailable: The database does not answer, or asks to try again.
        Busy: No connection is free, here or on the server.
        DeadlineExceeded: A statement took longer than allowed.
    """
    try:
        yield
    except PoolTimeout as error:
        raise Busy(
            "every database connection of this service is in use; try again",
            retry_after_s=_RETRY_AFTER_S,
        ) from error
    except TimeoutError as error:
        raise _too_slow() from error
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if (failure := _failure(error)) is None:
            raise
        raise failure from error


def is_gone(error: BaseException) -> bool:
    """Tell whether the connection or the whole server is gone, for the moment."""
    if isinstance(error, OSError | asyncpg.InterfaceError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = _sqlstate(error)
    return code is not None and _GONE.fullmatch(code) is not None


def unavailable() -> Unavailable:
    """Say that the database is away."""
    return Unavailable("the database does not answer; try again", retry_after_s=_RETRY_AFTER_S)


def _failure(error: BaseException) -> HubError | None:
    code = _sqlstate(error) or ""
    if code == _QUERY_CANCELED:
        return _too_slow()
    if code == _TOO_MANY_CONNECTIONS:
        return Busy("the database has no connection left", retry_after_s=_RETRY_AFTER_S)
    if is_gone(error) or _TRY_AGAIN.fullmatch(code) or _is_outdated(error):
        return unavailable()
    return None


def _too_slow() -> DeadlineExceeded:
    return DeadlineExceeded("the database took longer than allowed; ask for less, or later")


def _sqlstate(error: BaseException) -> str | None:
    """Find the SQLSTATE, which SQLAlchemy keeps on the driver's error that it wraps."""
    code = getattr(_origin(error), "sqlstate", None)
    return code if isinstance(code, str) else None


def _is_outdated(error: BaseException) -> bool:
    """Recognise a prepared statement that a migration made invalid: the next try prepares anew."""
    origin = _origin(error)
    return "InvalidCachedStatementError" in {type(origin).__name__, type(origin.__cause__).__name__}


def _origin(error: BaseException) -> BaseException:
    wrapped = error.orig if isinstance(error, DBAPIError) else None
    return error if wrapped is None else wrapped
