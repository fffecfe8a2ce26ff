"""The models by manifest: where their files lie and proof that they are the ones meant.

Most come with an installed package. The others are pulled by a person who wants them, see
`pulling`, and lie in a folder of their own.
"""

import hashlib
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources, util
from pathlib import Path
from typing import Any

from hubkit.core.errors import InvalidArgument, PreconditionFailed
from ocr_service.domain.errors import Unavailable

FOLDER_VARIABLE = "DOCHUB_MODELS"


@dataclass(frozen=True, slots=True)
class Model:
    """One model file.

    Attributes:
        role: `detector`, or the name of a recogniser.
        name: For people.
        path: Where it lies on this machine, or would lie.
        sha256: What its bytes must hash to.
        size_bytes: How many they must be.
        licence: SPDX identifier.
        origin: Who made it.
        languages: ISO 639-1 codes that it reads; empty for a detector.
        is_pulled: Comes by `dochub models pull`, not with a package.
    """

    role: str
    name: str
    path: Path
    sha256: str
    size_bytes: int
    licence: str
    origin: str
    languages: tuple[str, ...]
    is_pulled: bool = False

    @property
    def is_there(self) -> bool:
        """Whether there is a file; `verify` tells whether it is the right one."""
        return self.path.is_file()


def models_folder() -> Path:
    """Give the folder of pulled models."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "dochub" / "models"


def known_models() -> dict[str, Model]:
    """List all models of the manifest by role, also those that were not pulled.

    Raises:
        Unavailable: The distribution that carries a model is not installed.
    """
    return {role: _model(role, entry) for role, entry in _manifest().items()}


def installed_models() -> dict[str, Model]:
    """List the models that can be used, by role.

    Raises:
        Unavailable: The distribution that carries a model is not installed.
    """
    known = known_models()
    return {role: one for role, one in known.items() if one.is_there or not one.is_pulled}


def recogniser(role: str) -> Model:
    """Give the recogniser of a role.

    Raises:
        InvalidArgument: The manifest has none.
        PreconditionFailed: It was not pulled.
    """
    known = known_models()
    model = known.get(role)
    if model is None or not model.languages:
        roles = ", ".join(one for one, model in known.items() if model.languages)
        raise InvalidArgument(f"no recogniser is called {role}: there are {roles}", field="model")
    if model.is_pulled and not model.is_there:
        raise PreconditionFailed(
            f"{model.name} is not installed; dochub models pull {role} --from SOURCE gets it",
            model=role,
        )
    return model


def verify(model: Model) -> None:
    """Check a model's size and hash.

    Raises:
        Unavailable: The file is missing or is another one.
    """
    again = (
        f"dochub models pull {model.role} gets it again"
        if model.is_pulled
        else "install the locked requirements again"
    )
    if not model.is_there:
        raise Unavailable(f"{model.name}: the file is missing; {again}", model=model.role)
    if (
        model.path.stat().st_size != model.size_bytes
        or hashlib.sha256(model.path.read_bytes()).hexdigest() != model.sha256
    ):
        raise Unavailable(
            f"{model.name}: the file is not the one named in the manifest; {again}",
            model=model.role,
        )


def verified(role: str) -> bytes:
    """Give a model's bytes once they have proved to be the right ones.

    Raises:
        Unavailable: The file is missing or is another one.
    """
    model = known_models()[role]
    verify(model)
    return model.path.read_bytes()


@cache
def _manifest() -> dict[str, dict[str, Any]]:
    text = resources.files("ocr_service").joinpath("models.toml").read_text(encoding="utf-8")
    manifest = tomllib.loads(text)
    return {"detector": manifest["detector"], **manifest["recognisers"]}


def _model(role: str, entry: dict[str, Any]) -> Model:
    return Model(
        role=role,
        name=str(entry["name"]),
        path=_in_package(entry) if "package" in entry else models_folder() / str(entry["file"]),
        sha256=str(entry["sha256"]),
        size_bytes=int(entry["bytes"]),
        licence=str(entry["licence"]),
        origin=str(entry["origin"]),
        languages=tuple(map(str, entry["languages"])),
        is_pulled="package" not in entry,
    )


def _in_package(entry: dict[str, Any]) -> Path:
    # The package is located, not imported: importing it would load what we do not use.
    spec = util.find_spec(str(entry["package"]))
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"the package {entry['package']} that carries a model is not installed")
    return Path(spec.submodule_search_locations[0]) / str(entry["resource"])
