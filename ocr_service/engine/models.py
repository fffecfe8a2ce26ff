"""The models by manifest: where their files lie and proof that they are the ones meant."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources, util
from pathlib import Path

from ocr_service.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Model:
    """One model file.

    Attributes:
        role: `detector`, or the name of a recogniser.
        name: For people.
        path: Where it lies on this machine.
        sha256: What its bytes must hash to.
        size_bytes: How many they must be.
        licence: SPDX identifier.
        origin: Who made it.
        languages: ISO 639-1 codes that it reads; empty for a detector.
    """

    role: str
    name: str
    path: Path
    sha256: str
    size_bytes: int
    licence: str
    origin: str
    languages: tuple[str, ...]


@cache
def installed_models() -> dict[str, Model]:
    """List the models of the manifest by role.

    Raises:
        Unavailable: The distribution that carries a model is not installed.
    """
    manifest = tomllib.loads(
        resources.files("ocr_service").joinpath("models.toml").read_text(encoding="utf-8")
    )
    entries = {"detector": manifest["detector"], **manifest["recognisers"]}
    return {role: _model(role, entry) for role, entry in entries.items()}


def verify(model: Model) -> None:
    """Check a model's size and hash.

    Raises:
        Unavailable: The file is missing or is another one.
    """
    if not model.path.is_file():
        raise Unavailable(
            f"{model.name}: the file is missing; install the locked requirements again",
            model=model.role,
        )
    if (
        model.path.stat().st_size != model.size_bytes
        or hashlib.sha256(model.path.read_bytes()).hexdigest() != model.sha256
    ):
        raise Unavailable(
            f"{model.name}: the file is not the one named in the manifest;"
            " install the locked requirements again",
            model=model.role,
        )


def verified(role: str) -> bytes:
    """Give a model's bytes once they have proved to be the right ones.

    Raises:
        Unavailable: The file is missing or is another one.
    """
    model = installed_models()[role]
    verify(model)
    return model.path.read_bytes()


def _model(role: str, entry: dict[str, str | int | list[str]]) -> Model:
    # The package is located, not imported: importing it would load what we do not use.
    spec = util.find_spec(str(entry["package"]))
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"the package {entry['package']} that carries a model is not installed")
    languages = entry["languages"]
    return Model(
        role=role,
        name=str(entry["name"]),
        path=Path(spec.submodule_search_locations[0]) / str(entry["resource"]),
        sha256=str(entry["sha256"]),
        size_bytes=int(str(entry["bytes"])),
        licence=str(entry["licence"]),
        origin=str(entry["origin"]),
        languages=tuple(languages) if isinstance(languages, list) else (),
    )
