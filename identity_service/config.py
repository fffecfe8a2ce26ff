"""The settings of identity."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr

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


class MailSettings(Piece):
    """How letters leave.

    Attributes:
        smtp_host: The mail server; without one, letters are written into `outbox`.
        smtp_port: Its port.
        smtp_security: `starttls`, `tls` from the first byte, or `none` inside a closed network.
        smtp_user: Who we are there; empty for nobody.
        smtp_password: The password there.
        sender: The address that letters come from.
        outbox: Folder for letters where there is no mail server.
        link: Where links in letters lead; the secret is added.
    """

    smtp_host: str = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    sender: str = "dochub@localhost"
    outbox: Path = Path(".dochub/outbox")
    link: str = "https://localhost:8443/password#"


class AuditSettings(Piece):
    """How the audit trail is kept.

    Attributes:
        heads_dir: Where signed heads are written, one file a day; empty for nowhere.
        heads_pause_s: How often.
    """

    heads_dir: Path | None = None
    heads_pause_s: Annotated[float, Field(gt=0)] = 3600


class IdentitySettings(ServiceSettings):
    """What identity obeys.

    Attributes:
        database: As the role dochub_identity.
        passwords: How passwords are hashed.
        mail: How letters leave.
        audit: How the audit trail is kept.
        data_key_file: 32 secret bytes in hexadecimal, which seal what is kept of second factors and
            sign the heads of audit trails; without it there is neither. It is never rotated.
        browser_origins: Origins whose pages may sign people in, such as `https://hub.example.com`;
            with none, no browser may.
    """

    database: DatabaseSettings
    passwords: PasswordSettings = PasswordSettings()
    mail: MailSettings = MailSettings()
    audit: AuditSettings = AuditSettings()
    data_key_file: Path | None = None
    browser_origins: tuple[str, ...] = ()
