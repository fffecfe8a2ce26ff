"""A page as it was read, its picture, and what its starts and failures lead to."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from document_service.domain.errors import Failure
from hubkit.core.errors import Kind

MAX_FAILURES = 3
"""A page that has failed or killed its reader so often is given up."""
MAX_STARTS = 10
"""A page handed out so often without an answer is given up, whatever the cause."""
MAX_RANGE = 4
"""Pages asked for in one request, so that no reader is pinned by a long document."""

PAGE_GIVEN_UP = "PAGE_GIVEN_UP"
PAGE_UNREADABLE = "PAGE_UNREADABLE"

RETRIED_REASONS = frozenset({"READER_DIED", "TIMEOUT", "INTERNAL", "BUSY", "UNAVAILABLE"})
"""Page errors that another try may mend; any other is the page's own and final."""

MAX_EXTRACTION_PAGES = (50, 10)
"""Of a long document the first 50 and the last 10 pages tell its fields."""
MAX_EXTRACTION_BYTES = 7 * 1024 * 1024
"""A message inside the mesh holds 8 MiB."""


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A page that was read, without its text.

    Attributes:
        number: Counted from 1.
        width_px: Width of the page as given; 0 when it is not known.
        height_px: Height of the page as given.
        text_source: `OCR`, `TEXT_LAYER`, `MIXED` or `NONE`.
        rotation: Degrees clockwise that bring the page as given upright.
        skew_degrees: The slant found after that turn, clockwise positive.
        mean_confidence: Of its lines, in [0, 1].
        line_count: Lines on it.
        warnings: Machine-readable words.
        error: Why it could not be read.
    """

    number: int
    width_px: int
    height_px: int
    text_source: str
    rotation: int
    skew_degrees: float
    mean_confidence: float
    line_count: int
    warnings: tuple[str, ...]
    error: Failure | None


@dataclass(frozen=True, slots=True)
class PageImage:
    """The stored upright picture of a page.

    Attributes:
        sha256: Under which the blob is kept.
        size_bytes: Its length.
        media_type: Such as `image/webp`.
        width_px: Its width.
        height_px: Its height.
    """

    sha256: str
    size_bytes: int
    media_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class PageReading:
    """A page as the reader answered.

    Attributes:
        info: The page without its text.
        layout: The reader's message, kept as it came: lines and words, normalised to the page.
        transform: Nine numbers, row by row, from pixels of the page as given to its picture.
        image: Bytes of the upright picture; empty when there is none.
        image_media_type: Such as `image/webp`.
        image_width_px: Width of the picture.
        image_height_px: Height of the picture.
    """

    info: PageInfo
    layout: bytes
    transform: tuple[float, ...] = ()
    image: bytes = b""
    image_media_type: str = ""
    image_width_px: int = 0
    image_height_px: int = 0

    @property
    def may_be_mended(self) -> bool:
        """Whether another try could read the page."""
        return self.info.error is not None and self.info.error.reason in RETRIED_REASONS

    def with_own_warning(self) -> "PageReading":
        """Make sure that a page without its content says so."""
        if self.info.error is None or PAGE_UNREADABLE in self.info.warnings:
            return self
        return replace(
            self, info=replace(self.info, warnings=(*self.info.warnings, PAGE_UNREADABLE))
        )


@dataclass(frozen=True, slots=True)
class PageStart:
    """How often a page was handed out.

    Attributes:
        starts: Times it was handed to a reader, counted before that.
        failures: Times its reader died, failed or took too long.
        last_reason: Why it failed last; empty when it has not.
    """

    starts: int
    failures: int
    last_reason: str = ""

    @property
    def is_given_up(self) -> bool:
        """Whether no further try is made."""
        return self.failures >= MAX_FAILURES or self.starts >= MAX_STARTS

    def why_given_up(self) -> Failure:
        """What is shown in place of the page."""
        if self.last_reason == "TIMEOUT":
            return Failure(Kind.TIMEOUT, "TIMEOUT", "reading the page took too long, several times")
        return Failure(Kind.INTERNAL, "READER_DIED", "the page could not be read in several tries")


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What to do next for a document's pages.

    Attributes:
        ranges: (first, last) inclusive, to be asked for.
        given_up: Pages to be stored as errors.
    """

    ranges: tuple[tuple[int, int], ...]
    given_up: tuple[int, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.ranges and not self.given_up


def plan_pages(page_count: int, stored: Set[int], starts: Mapping[int, PageStart]) -> PagePlan:
    """Decide which pages to ask for, and in which company.

    Pages never handed out go in ranges of up to four. A page that was handed out before goes
    alone: should it kill its reader, no other page is suspected or delayed.
    """
    ranges: list[tuple[int, int]] = []
    given_up: list[int] = []
    growing = False
    for number in range(1, page_count + 1):
        start = starts.get(number)
        if number in stored:
            growing = False
        elif start is not None and start.is_given_up:
            given_up.append(number)
            growing = False
        elif start is not None and start.starts > 0:
            ranges.append((number, number))
            growing = False
        elif growing and number - ranges[-1][0] < MAX_RANGE:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
            growing = True
    return PagePlan(tuple(ranges), tuple(given_up))


def pages_for_extraction(sizes: Mapping[int, int]) -> tuple[int, ...]:
    """Choose the pages whose text tells the fields: the first 50 and the last 10.

    Args:
        sizes: Bytes of each readable page's layout, by number.

    Returns:
        Page numbers in order; pages in the middle are left out until all fit one message.
    """
    first, last = MAX_EXTRACTION_PAGES
    numbers = sorted(sizes)
    chosen = numbers if len(numbers) <= first + last else numbers[:first] + numbers[-last:]
    while len(chosen) > 1 and sum(sizes[n] for n in chosen) > MAX_EXTRACTION_BYTES:
        del chosen[len(chosen) * 2 // 3]
    return tuple(chosen)
