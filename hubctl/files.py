"""Finds the files that a person means."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hubkit.core.errors import NotFound

SUFFIXES: Final = frozenset(
    (
        *(".pdf", ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
        *(".heic", ".heif", ".jp2", ".j2k", ".jpx"),
    )
)
"""What is taken from a folder; a file that is named itself is read whatever its name."""


def collect(paths: Iterable[Path]) -> list[Path]:
    """List the files to read: those named, and those of folders that look like documents.

    Raises:
        NotFound: There is nothing to read.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
            visible = (
                one
                for one in inside
                if not any(part.startswith(".") for part in one.relative_to(path).parts)
            )
            files += sorted(one for one in visible if one.is_file())
        else:
            # One that is missing gets a result that says so, like any that can't be read.
            files.append(path)
    if not files:
        raise NotFound(
            f"there is nothing to read: no file there ends in {' '.join(sorted(SUFFIXES))}",
            field="path",
        )
    return files
