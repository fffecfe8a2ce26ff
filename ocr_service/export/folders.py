"""Exports as files in folders: names, and no file that is already there."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hubkit.core.errors import InvalidArgument, PreconditionFailed, Unavailable
from ocr_service.domain.file_facts import MediaType
from ocr_service.domain.page import Page
from ocr_service.export.alto import alto
from ocr_service.export.hocr import hocr
from ocr_service.export.searchable_pdf import searchable_pdf
from ocr_service.intake.sniff import sniff


@dataclass(frozen=True, slots=True)
class ExportFolders:
    """Where to write what; None for not at all.

    Attributes:
        searchable_pdf: Gets a PDF with text for each file.
        hocr: Gets an hOCR document for each file.
        alto: Gets an ALTO document for each file.
    """

    searchable_pdf: Path | None = None
    hocr: Path | None = None
    alto: Path | None = None


@dataclass(frozen=True, slots=True)
class _Form:
    folder: Path
    ending: str
    write: Callable[[str, bytes, Sequence[Page]], bytes]


class Exporter:
    """Writes the exports of files that were read, under names of which each is given out once."""

    _one_at_a_time: ClassVar = threading.Lock()  # MuPDF is not made for threads

    def __init__(self, folders: ExportFolders) -> None:
        """Make the folders.

        Raises:
            InvalidArgument: One can't be made.
        """
        wanted = (
            (folders.searchable_pdf, ".pdf", _pdf),
            (folders.hocr, ".hocr", _hocr),
            (folders.alto, ".alto.xml", _alto),
        )
        self._forms = [_Form(folder, ending, write) for folder, ending, write in wanted if folder]
        self._taken: set[Path] = set()
        for form in self._forms:
            try:
                form.folder.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise InvalidArgument(
                    f"the folder {form.folder} can't be made: {exc.strerror}", field="folder"
                ) from exc

    def names(self, file: Path) -> list[Path]:
        """Name a file's exports after it, before the work of reading is spent on it.

        `scan.jpg` becomes `scan.pdf`, `scan.hocr` and `scan.alto.xml`; a second file of that name
        in one run `scan-2.pdf` and so on.

        Raises:
            PreconditionFailed: One is there already, perhaps somebody's original.
        """
        paths = []
        for form in self._forms:
            path, number = form.folder / f"{file.stem}{form.ending}", 1
            while path in self._taken:
                number += 1
                path = form.folder / f"{file.stem}-{number}{form.ending}"
            if path.exists():
                raise PreconditionFailed(
                    f"{path} is there already; name another folder or remove it"
                )
            self._taken.add(path)
            paths.append(path)
        return paths

    def write(self, paths: Sequence[Path], file: Path, data: bytes, pages: Sequence[Page]) -> None:
        """Write a file's exports; each is there whole or not at all.

        Args:
            paths: As `names` gave them.
            file: The file that was read.
            data: Its content.
            pages: Those that were read, in order.

        Raises:
            HubError: The file can't be made searchable, or a folder can't be written to.
        """
        with self._one_at_a_time:
            for form, path in zip(self._forms, paths, strict=True):
                _write_new(path, form.write(file.name, data, pages))


def _pdf(_: str, data: bytes, pages: Sequence[Page]) -> bytes:
    return searchable_pdf(data, pages)


def _hocr(file: str, data: bytes, pages: Sequence[Page]) -> bytes:
    return hocr(file, pages, is_pdf=sniff(data) is MediaType.PDF).encode()


def _alto(file: str, _: bytes, pages: Sequence[Page]) -> bytes:
    return alto(file, pages).encode()


def _write_new(path: Path, content: bytes) -> None:
    part = path.with_name(f".dochub-{os.getpid()}.part")
    try:
        try:
            part.write_bytes(content)
            path.touch(exist_ok=False)  # a rename alone would not notice that somebody was faster
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError as exc:
        raise PreconditionFailed(
            f"{path} is there already; name another folder or remove it"
        ) from exc
    except OSError as exc:
        raise Unavailable(f"{path} can't be written: {exc.strerror}") from exc
