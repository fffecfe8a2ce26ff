"""What is asked of the reader for one page, and what it gives back."""

from dataclasses import dataclass

from ocr_service.domain.page import Page

Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""A 3×3 transform, row by row, acting on column vectors (x, y, 1)."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a page.

    Attributes:
        languages: ISO 639-1 codes the page may be in; empty for whatever the models read.
        force_ocr: Read the pixels even where there is a good text layer.
        with_image: Give the upright picture of the page too.
    """

    languages: tuple[str, ...] = ()
    force_ocr: bool = False
    with_image: bool = True


@dataclass(frozen=True, slots=True)
class UprightImage:
    """The page turned upright and level.

    Attributes:
        webp: The encoded picture.
        width: Its width, pixels.
        height: Its height, pixels.
        from_page: Carries points of the page as given to the picture.
    """

    webp: bytes
    width: int
    height: int
    from_page: Matrix


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page's text and, where asked for, its picture."""

    page: Page
    image: UprightImage | None = None
