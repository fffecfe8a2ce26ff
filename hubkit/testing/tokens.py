"""A mesh of keys for tests, and tokens of anybody in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hubkit.core.ids import new_id
from hubkit.tokens import Signer, generate_keys

SERVICES: Final = ("identity", "document", "ocr")


@dataclass(frozen=True, slots=True)
class Mesh:
    """Keys of all services, in a folder.

    Attributes:
        folder: Holds `keys/` and `jwks/`.
    """

    folder: Path

    @property
    def jwks_file(self) -> Path:
        """Everybody's public keys."""
        return self.folder / "jwks" / "mesh.json"

    def signer(self, name: str) -> Signer:
        """Give a service's signer."""
        return Signer.from_file(self.folder / "keys" / f"{name}.pem", name)

    def person_token(
        self,
        role: str = "OPERATOR",
        *,
        tenant_id: str | None = None,
        person_id: str | None = None,
        session_id: str | None = None,
    ) -> str:
        """Make a person's token; ids that are not given are new ones."""
        return self.signer("identity").person_token(
            person_id=person_id or new_id(),
            tenant_id=tenant_id or new_id(),
            session_id=session_id or new_id(),
            role=role,
        )

    def service_token(
        self,
        name: str,
        *,
        audience: str,
        tenant_id: str | None = None,
        person_id: str | None = None,
    ) -> str:
        """Make a service's token."""
        return self.signer(name).service_token(audience, tenant_id, person_id)


def make_mesh(folder: Path, services: tuple[str, ...] = SERVICES) -> Mesh:
    """Make keys for services in a folder."""
    generate_keys(folder / "keys", folder / "jwks", services)
    return Mesh(folder)


def issue_token(mesh: Mesh, role: str = "OPERATOR", **ids: str) -> str:
    """Make a person's token; `ids` may name `tenant_id`, `person_id` and `session_id`."""
    return mesh.person_token(role, **ids)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Give the metadata that carries a token."""
    return (("authorization", f"Bearer {token}"),)
