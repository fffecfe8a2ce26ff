"""The models with their graphs changed, kept in the user's cache folder between starts.

A changed graph takes a second and the `onnx` package to make, and milliseconds to load. Entries
are named after the model's hash and the hash of the code that changes it, so a stale one is never
met; one that cannot be read is made again.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ocr_service.engine.models import installed_models, verified

Arrays = dict[str, NDArray[Any]]


def cache_folder() -> Path:
    """Give the folder for what can be made again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dochub" / "models"


def prepared_detector() -> bytes:
    """Give the detector's graph that ends in logits.

    Raises:
        Unavailable: The model is missing or is another one.
    """

    def make() -> Arrays:
        from ocr_service.engine import graphs  # noqa: PLC0415  slow to import, seldom needed

        return {"graph": _bytes_as_array(graphs.detector_of_logits(verified("detector")))}

    return _kept("detector", make)["graph"].tobytes()


def prepared_recogniser(role: str) -> Arrays:
    """Give a recogniser as `graphs.RecogniserParts` has it, by the names of its attributes.

    `graph` and `alphabet` are bytes, the latter lines of UTF-8; `western` and `weights` are there
    where it has a head for the whole alphabet.

    Raises:
        Unavailable: The model is missing or is another one.
    """

    def make() -> Arrays:
        from ocr_service.engine import graphs  # noqa: PLC0415  slow to import, seldom needed

        parts = graphs.recogniser_of_best_path(verified(role))
        arrays: Arrays = {
            "graph": _bytes_as_array(parts.graph),
            "alphabet": _bytes_as_array("\n".join(parts.alphabet).encode()),
            "step_px": np.array(parts.step_px),
        }
        if parts.head:
            arrays |= {"western": parts.head.western, "weights": parts.head.weights}
        return arrays

    return _kept(role, make)


def _kept(role: str, make: Callable[[], Arrays]) -> Arrays:
    code = hashlib.sha256(Path(__file__).with_name("graphs.py").read_bytes()).hexdigest()
    path = cache_folder() / f"{role}-{installed_models()[role].sha256[:16]}-{code[:16]}.npz"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
            return {name: entry[name] for name in entry.files}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        arrays = make()
        _write(path, arrays)
        return arrays


def _write(path: Path, arrays: Arrays) -> None:
    """Write an entry whole or not at all; a folder that cannot be written to costs time only."""
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(out.getvalue())
        Path(file.name).replace(path)
    except OSError:
        return


def _bytes_as_array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)
