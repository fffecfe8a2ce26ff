"""What intake hands on for one page: pixels, text layer and what was noticed."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.file_facts import FileFacts
from ocr_service.domain.page import Line

WORKING_SIDE_PX = 4000
"""Longer pages are reduced while they are decoded: finer detail costs memory, and no letter that
a person can read on paper needs it."""


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The text a PDF page brings along.

    Attributes:
        lines: In the file's order; boxes in pixels of the page as given.
        rotation: Degrees clockwise (0, 90, 180, 270) that bring most of it upright.
        hidden: Whether most of it is not painted, as under a scan.
    """

    lines: tuple[Line, ...]
    rotation: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class PageContent:
    """One page, opened.

    Attributes:
        width: Of the page as given, pixels.
        height: Of the page as given, pixels.
        pixels: (h, w, 3) BGR of the whole page, at most `WORKING_SIDE_PX` a side.
        layer: The text layer; None for images and pages without text.
        picture_share: Part of the page that pictures cover, in [0, 1]; 1 for an image file.
        warnings: Machine-readable words.
    """

    width: int
    height: int
    pixels: NDArray[np.uint8]
    layer: TextLayer | None = None
    picture_share: float = 1.0
    warnings: tuple[str, ...] = ()


class OpenDocument(Protocol):
    """A file held open for reading its pages."""

    @property
    def facts(self) -> FileFacts:
        """What its headers tell."""
        ...

    def page(self, number: int) -> PageContent:
        """Open page `number`, counted from 1.

        Raises:
            HubError: The page cannot be opened; the others may.
        """
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...
