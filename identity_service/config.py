"""The settings of identity."""

from typing import Annotated, Final

from pydantic import Field

from hubkit.config import DatabaseSettings, Piece, ServiceSettings

# The OWASP Password Storage Cheat Sheet's least for argon2id.
_LEAST_MEMORY_KIB: Final = 19_456
_LEAST_ITERATIONS: Final = 2


class PasswordSettings(Piece):
    """How passwords are hashed; hashes made otherwise are renewed when their person signs in.

    Attributes:
        memory_kib: Memory of one hash.
        iterations: Passes over it.
        parallelism: Lanes of one hash.
        threads: Hashes at work at once.
        max_waiting: Hashes at work and waiting; more are answered RESOURCE_EXHAUSTED.
    """

    memory_kib: Annotated[int, Field(ge=_LEAST_MEMORY_KIB, le=1_048_576)] = _LEAST_MEMORY_KIB
    iterations: Annotated[int, Field(ge=_LEAST_ITERATIONS, le=20)] = _LEAST_ITERATIONS
    parallelism: Annotated[int, Field(ge=1, le=16)] = 1
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    max_waiting: Annotated[int, Field(ge=1, le=10_000)] = 64


class IdentitySettings(ServiceSettings):
    """What identity obeys.

    Attributes:
        database: As the role dochub_identity.
        passwords: How passwords are hashed.
        browser_origins: Origins whose pages may sign people in, such as `https://hub.example.com`;
            with none, no browser may.
    """

    database: DatabaseSettings
    passwords: PasswordSettings = PasswordSettings()
    browser_origins: tuple[str, ...] = ()
