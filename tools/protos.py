"""Generate the Python of the contract into `dochub/`; the folder holds nothing else.

Run by `make protos`. `--check` generates into a temporary folder and fails when the committed
files differ, so that a proto can't change without its code.
"""

import argparse
import filecmp
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
VENDORED = PROTOS / "third_party" / "googleapis"


def generate(target: Path) -> None:
    """Write modules, stubs and package files below `target`/dochub."""
    files = [str(path.relative_to(PROTOS)) for path in sorted(PROTOS.glob("dochub/**/*.proto"))]
    includes = [PROTOS, VENDORED, Path(protoc.__file__).parent / "_proto"]
    outputs = ["python_out", "grpc_python_out", "mypy_out", "mypy_grpc_out"]
    arguments = ["protoc", *(f"-I{path}" for path in includes)]
    arguments += [f"--{name}={target}" for name in outputs]
    if protoc.main([*arguments, *files]):
        sys.exit("protoc failed; its message is above")
    package = target / "dochub"
    for folder in [package, *folders_below(package)]:
        (folder / "__init__.py").write_text('"""Generated from protos/ by `make protos`."""\n')
    (package / "py.typed").touch()


def folders_below(folder: Path) -> list[Path]:
    """Name the packages, but not the folders where Python keeps what it compiled."""
    return [one for one in folder.rglob("*") if one.is_dir() and one.name != "__pycache__"]


def files_below(folder: Path) -> set[Path]:
    """Name the generated files, relative to `folder`."""
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


def check() -> None:
    """Fail when the committed code is not what the protos give."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh, committed = Path(scratch) / "dochub", ROOT / "dochub"
        names = files_below(fresh) | files_below(committed)
        different = sorted(
            str(name)
            for name in names
            if not (fresh / name).exists()
            or not (committed / name).exists()
            or not filecmp.cmp(fresh / name, committed / name, shallow=False)
        )
    if different:
        sys.exit("out of date, run `make protos`: " + ", ".join(different))


def main() -> None:
    """Generate, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if parser.parse_args().check:
        check()
    else:
        generate(ROOT)


if __name__ == "__main__":
    main()
