"""What can be known of a file before it is read, and the limits it is held to."""

from dataclasses import dataclass
from enum import Enum

from paperwork.readings import Extraction


class MediaType(Enum):
    """The types that are read, by content."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    BMP = "image/bmp"
    JPEG2000 = "image/jp2"
    HEIC = "image/heic"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost; checked from its headers before anything large is allocated."""

    file_bytes: int = 50 * 1024 * 1024
    pages: int = 2000
    page_pixels: int = 100_000_000


@dataclass(frozen=True, slots=True)
class PageSize:
    """Size of one page as given, in pixels (a PDF page at 200 dpi)."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a look at the headers tells.

    Attributes:
        media_type: By content; the file's name plays no part.
        page_sizes: One for each page, in order.
        warnings: Machine-readable words on the whole file, such as `FILE_REPAIRED`.
        invoice: What an electronic invoice inside the file says, if there is one.
    """

    media_type: MediaType
    page_sizes: tuple[PageSize, ...]
    warnings: tuple[str, ...] = ()
    invoice: Extraction | None = None

    @property
    def page_count(self) -> int:
        """Number of pages, at least 1."""
        return len(self.page_sizes)
