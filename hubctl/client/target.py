"""Where the gateway is and whom to trust there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import grpc

from hubctl.client.store import SessionStore
from hubctl.mesh.directory import DataDirectory
from hubkit.core.errors import InvalidArgument, PreconditionFailed

_MESSAGE_BYTES: Final = 8 * 1024 * 1024
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.primary_user_agent", "dochub"),
)
_HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway.

    Attributes:
        url: Such as `https://localhost:8443`.
        ca_file: The certificate to trust; None for those that the system trusts.
    """

    url: str
    ca_file: Path | None

    def open_channel(self) -> grpc.aio.Channel:
        """Open a channel to it; the caller closes it.

        Raises:
            InvalidArgument: The address or the certificate cannot be used.
        """
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/"):
            raise InvalidArgument(
                f"the hub's address is https://host:port, not {self.url!r}", field="url"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        trusted = None
        if self.ca_file is not None:
            try:
                trusted = self.ca_file.read_bytes()
            except OSError as error:
                raise InvalidArgument(
                    f"can't read the certificate {self.ca_file}: {error.strerror}", field="ca_file"
                ) from None
        credentials = grpc.ssl_channel_credentials(trusted)
        address = f"{host}:{parts.port or _HTTPS_PORT}"
        return grpc.aio.secure_channel(address, credentials, options=_OPTIONS)


def find_target(
    url: str | None, ca_file: Path | None, data_dir: Path, store: SessionStore
) -> Target:
    """Choose the gateway: the one named, the one of the data directory, or the last signed in to.

    Raises:
        PreconditionFailed: There is none.
    """
    if url:
        known = store.get(url)
        return Target(url, ca_file or (known.ca_file if known else None))
    state = DataDirectory(data_dir).read_state()
    if state is not None:
        return Target(state.url, ca_file or Path(state.ca_file))
    last = store.last()
    if last is not None:
        return Target(last.url, ca_file or last.ca_file)
    raise PreconditionFailed(
        f"no hub runs on {data_dir}: start one with `dochub up`, or name one by --url"
    )
