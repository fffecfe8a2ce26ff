"""What each role may do, by the names of `dochub.option.v1.Permission` without prefix."""

from typing import Final

PUBLIC: Final = "PUBLIC"
"""Needs no token."""
SIGNED_IN: Final = "SIGNED_IN"
"""Needs a person, of whatever role."""
REVOCATIONS_READ: Final = "REVOCATIONS_READ"
ALLOWANCE_TAKE: Final = "ALLOWANCE_TAKE"
INTERNAL: Final = frozenset({REVOCATIONS_READ, ALLOWANCE_TAKE})
"""No person has these: services ask each other for it."""

_ADDED: Final[dict[str, frozenset[str]]] = {
    "VIEWER": frozenset({"DOCUMENTS_READ", "USERS_READ", "TENANT_READ"}),
    "OPERATOR": frozenset({"DOCUMENTS_WRITE", "OCR_READ"}),
    "REVIEWER": frozenset(),
    "MANAGER": frozenset({"DOCUMENTS_DELETE"}),
    "ADMIN": frozenset(
        {
            "USERS_WRITE",
            "TENANT_WRITE",
            "API_KEYS_WRITE",
            "AUDIT_READ",
            "AUDIT_ERASE",
        }
    ),
}
ROLES: Final = tuple(_ADDED)
"""From the one that may least to the one that may most; each includes those before it."""

_OF_ROLE: Final = {
    role: frozenset[str]().union(*(_ADDED[lower] for lower in ROLES[: rank + 1]))
    for rank, role in enumerate(ROLES)
}

SERVICE_PERMISSIONS: Final = INTERNAL | {
    "OCR_READ",
    "DOCUMENTS_READ",
    "DOCUMENTS_WRITE",
    "TENANT_READ",
}
"""What a service may ask of another."""
KEY_SCOPES: Final = frozenset(
    {
        "OCR_READ",
        "DOCUMENTS_READ",
        "DOCUMENTS_WRITE",
        "DOCUMENTS_DELETE",
        "USERS_READ",
        "TENANT_READ",
    }
)
"""What an API key can be made for: never what makes people, keys or settings."""


def permissions_of(role: str) -> frozenset[str]:
    """Give what a role may do; nothing for a role that is not known here."""
    return _OF_ROLE.get(role, frozenset())
