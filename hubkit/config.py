"""Settings: small frozen pieces that services compose, and their complaints in plain words.

Every setting is an environment variable: `DOCHUB_`, the piece, two underscores, the name, such as
`DOCHUB_SERVER__LISTEN`.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "DOCHUB_"
NESTED = "__"

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class ConfigError(Exception):
    """The settings cannot work; the message has one plain sentence a line, none with a secret."""


class Piece(BaseModel):
    """A group of settings; a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Piece):
    """How a service is served.

    Attributes:
        listen: `host:port` or `unix:/path`; port 0 takes a free one.
        metrics_listen: Where Prometheus reads, as `host:port`; empty for nowhere.
        max_concurrent_calls: Unary calls at work at once; more are answered RESOURCE_EXHAUSTED.
        max_concurrent_streams: The same for streams.
        drain_s: How long calls in flight may take to end after a stop signal.
        reflection: Whether anybody who reaches the port may list the RPCs.
        log_level: Least level that is logged.
        otlp_endpoint: Where traces are sent, as `http://host:4317`; empty for nowhere.
        jwks_file: Public keys of everybody who may sign a token.
        service_key_file: This service's own key for calls to others.
        identity_target: Address of identity, which is asked what tokens no longer count; empty
            where there is none, as in tests: then tokens count until they end.
        revocation_poll_s: How often it is asked.
    """

    listen: str = "127.0.0.1:50051"
    metrics_listen: str = ""
    max_concurrent_calls: Annotated[int, Field(ge=1)] = 256
    max_concurrent_streams: Annotated[int, Field(ge=1)] = 1024
    drain_s: Annotated[float, Field(ge=0, le=600)] = 10
    reflection: bool = False
    log_level: LogLevel = "INFO"
    otlp_endpoint: str = ""
    jwks_file: Path
    service_key_file: Path | None = None
    identity_target: str = ""
    revocation_poll_s: Annotated[float, Field(gt=0, le=10)] = 5


class DatabaseSettings(Piece):
    """How a service reaches its database.

    Attributes:
        dsn: `postgresql://role:password@host:port/database`, or `?host=/socket/directory`.
        pool_size: Connections held at most.
        statement_timeout_ms: Longest time for one statement.
    """

    dsn: SecretStr
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    statement_timeout_ms: Annotated[int, Field(ge=100)] = 3000


class BlobSettings(Piece):
    """Where files are kept.

    Attributes:
        kind: A directory, or a store that speaks S3.
        root: The directory; for `filesystem`.
        s3_endpoint: `host:port`; for `s3`, like all that follow.
        s3_region: Region that requests are signed for.
        s3_bucket: It must exist.
        s3_access_key: Name of the key.
        s3_secret_key: The key.
        s3_secure: Whether to use TLS.
    """

    kind: Literal["filesystem", "s3"] = "filesystem"
    root: Path = Path(".dochub/blobs")
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_bucket: str = ""
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_secure: bool = True


class ServiceSettings(BaseSettings):
    """What every service's settings begin with; a service adds its own pieces."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=NESTED, frozen=True, extra="forbid"
    )

    server: ServerSettings


S = TypeVar("S", bound=BaseSettings)


def load_settings(kind: type[S]) -> S:
    """Read settings from the environment.

    Raises:
        ConfigError: One is missing, misspelt or of the wrong form; every one is named.
    """
    try:
        return kind()
    except ValidationError as error:
        complaints = [
            f"{_variable(kind, place['loc'])}: {place['msg'].lower()}" for place in error.errors()
        ]
        raise ConfigError("\n".join(complaints)) from None


def redacted(settings: BaseModel) -> str:
    """Write settings as JSON, with secrets as stars."""
    return json.dumps(settings.model_dump(mode="json"), indent=2)


def _variable(kind: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Name the variable of a setting; for a whole missing piece, those it cannot do without."""
    annotation = (
        kind.model_fields[str(place[0])].annotation if place[0] in kind.model_fields else None
    )
    name = ENV_PREFIX + NESTED.join(str(part) for part in place).upper()
    if len(place) == 1 and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        needed = [key for key, field in annotation.model_fields.items() if field.is_required()]
        return ", ".join(name + NESTED + key.upper() for key in needed) or name
    return name
