"""The pure packages load nothing that does I/O."""

import json
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

PURE = (
    "hubkit.core",
    "paperwork",
    "identity_service.domain",
    "document_service.domain",
    "ocr_service.domain",
    "ocr_service.pipeline",
    "ocr_service.extraction",
    "matching_service.matcher",
)
FOREIGN = ("grpc", "sqlalchemy", "asyncpg", "onnxruntime", "pymupdf", "structlog", "dochub")


def modules_of(package: str) -> list[str]:
    root = import_module(package)
    found = pkgutil.walk_packages(root.__path__, prefix=f"{package}.")
    return [package, *(module.name for module in found)]


@pytest.mark.parametrize("package", PURE)
def test_a_pure_package_loads_no_adapter(package: str) -> None:
    script = (
        "import importlib, json, sys\n"
        f"for name in {modules_of(package)!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert package in loaded
    assert not loaded.intersection(FOREIGN)
