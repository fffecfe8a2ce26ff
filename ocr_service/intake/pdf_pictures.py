"""The pictures on a PDF page: where they are, how much they cover, and how large they unfold."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ocr_service.domain.errors import FileTooLarge
from ocr_service.domain.file_facts import Limits, PageSize
from ocr_service.intake.content import Area, Picture

GRID = 100
"""Pictures are laid on a grid of so many cells a side to see what they cover together."""


def pictures_of(page: Any, zoom: float, size: PageSize, limits: Limits) -> tuple[Picture, ...]:
    """List the pictures of an open `pymupdf.TextPage`; the library is untyped.

    Raises:
        FileTooLarge: One would unfold to more pixels than allowed.
    """
    found = []
    for info in page.extractIMGINFO(hashes=False):
        if info["width"] * info["height"] > limits.page_pixels:
            raise FileTooLarge(
                f"a picture in the PDF has {info['width']} × {info['height']} pixels, at most"
                f" {limits.page_pixels // 1_000_000} megapixels are read; scan at 300 dpi",
                field="content",
            )
        x0, y0, x1, y1 = (value * zoom for value in info["bbox"])
        area = Area(max(x0, 0), max(y0, 0), min(x1, size.width), min(y1, size.height))
        if area.x0 < area.x1 and area.y0 < area.y1:
            name = f"{info['width']}x{info['height']}:{info['size']}"
            found.append(Picture(name, area))
    return tuple(found)


def share_of(areas: Sequence[Area], size: PageSize) -> float:
    """Part of a page that areas cover together, in [0, 1]."""
    covered = np.zeros((GRID, GRID), bool)
    for area in areas:
        x0, x1 = (x / size.width * GRID for x in (area.x0, area.x1))
        y0, y1 = (y / size.height * GRID for y in (area.y0, area.y1))
        covered[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] = True
    return float(covered.mean()) if areas else 0.0
