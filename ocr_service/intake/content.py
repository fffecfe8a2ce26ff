"""What intake hands on for one page: pixels, text layer and what was noticed."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.file_facts import FileFacts, PageSize
from ocr_service.domain.page import Line, Quad
from ocr_service.pipeline.geometry import Floats

WORKING_SIDE_PX = 4000
"""Longer pages are reduced while they are decoded: finer detail costs memory, and no letter that
a person can read on paper needs it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a text layer in one font.

    Attributes:
        font: Names the font within its file; two subsets of one typeface differ.
        text: As the file tells it.
        box: Where it stands, as for a line.
    """

    font: str
    text: str
    box: Quad


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The text a PDF page brings along.

    Attributes:
        lines: In the file's order; boxes in pixels of the page as given.
        runs: The same text by font.
        rotation: Degrees clockwise (0, 90, 180, 270) that bring most of it upright.
        hidden: Whether most of it is not painted, as under a scan.
    """

    lines: tuple[Line, ...]
    runs: tuple[Run, ...]
    rotation: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class Area:
    """An upright rectangle on the page as given, pixels: left, top, right, bottom."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on a PDF page.

    Attributes:
        name: The same for the same picture on other pages of the file.
        area: What it covers.
    """

    name: str
    area: Area


class Pixels(Protocol):
    """Where a page's pixels come from, once somebody asks for them."""

    def whole(self, share: float = 1.0) -> NDArray[np.uint8]:
        """Give the (h, w, 3) BGR page, at most `WORKING_SIDE_PX` a side.

        With a `share` under 1 the sides may be smaller by it, where that is less work.
        """
        ...

    def part(self, area: Area) -> NDArray[np.uint8]:
        """Give one part at the scale of the whole; its origin is the area's, rounded down."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pixels that are there already.

    Attributes:
        pixels: (h, w, 3) BGR of the whole page.
        size: Of the page as given.
    """

    pixels: NDArray[np.uint8]
    size: PageSize

    def whole(self, share: float = 1.0) -> NDArray[np.uint8]:  # noqa: ARG002  nothing to be saved
        """Give all."""
        return self.pixels

    def part(self, area: Area) -> NDArray[np.uint8]:
        """Cut a part out."""
        x, y = self.pixels.shape[1] / self.size.width, self.pixels.shape[0] / self.size.height
        rows = slice(int(area.y0 * y), math.ceil(area.y1 * y))
        return self.pixels[rows, int(area.x0 * x) : math.ceil(area.x1 * x)]


class PageContent:
    """One page, opened. Its pixels are made when they are first asked for.

    Attributes:
        width: Of the page as given, pixels.
        height: Of the page as given, pixels.
        layer: The text layer; None for images and pages without text.
        pictures: Those on a PDF page.
        strokes: (N, 4) ends of the straight lines that a PDF page with a text layer draws.
        picture_share: Part of the page that pictures cover, in [0, 1]; 1 for an image file.
        warnings: Machine-readable words.
    """

    def __init__(
        self,
        size: PageSize,
        source: Pixels,
        *,
        layer: TextLayer | None = None,
        pictures: tuple[Picture, ...] = (),
        strokes: Floats | None = None,
        picture_share: float = 1.0,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Take what is known; draw nothing."""
        self.width = size.width
        self.height = size.height
        self.layer = layer
        self.pictures = pictures
        self.strokes = strokes
        self.picture_share = picture_share
        self.warnings = warnings
        self._source = source

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """(h, w, 3) BGR of the whole page, at most `WORKING_SIDE_PX` a side."""
        return self._source.whole()

    def smaller(self, share: float) -> NDArray[np.uint8]:
        """(h, w, 3) BGR of the whole page for looking at; smaller by `share` if not drawn yet."""
        return self.pixels if "pixels" in self.__dict__ else self._source.whole(share)

    def part(self, area: Area) -> NDArray[np.uint8]:
        """(h, w, 3) BGR of one part, at the same scale, without drawing the rest."""
        return self._source.part(area)


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
