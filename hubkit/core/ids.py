"""Ids: UUIDs of version 7, so that rows made later sort later."""

from uuid import UUID

import uuid_utils

from hubkit.core.errors import InvalidArgument


def new_id() -> str:
    """Make an id that no one else has, in canonical form."""
    return str(uuid_utils.uuid7())


def check_id(value: str, field: str) -> str:
    """Give an id that came from outside in canonical lower-case form.

    Args:
        value: What the caller sent.
        field: Its path in the request, for the complaint.

    Raises:
        InvalidArgument: It is no UUID of 32 hexadecimal digits with four dashes.
    """
    try:
        canonical = str(UUID(value))
    except ValueError:
        canonical = None
    # UUID() also takes braces, URNs and digits without dashes: one thing has one name here.
    if canonical is None or canonical != value.lower():
        raise InvalidArgument(
            f"{field} must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057", field=field
        )
    return canonical
