"""Reading one page in a worker process: intake, text layer or pixels, picture."""

import io
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_service.domain.file_facts import FileFacts, Limits
from ocr_service.domain.page import Line, Page, Quad, TextSource, Word
from ocr_service.domain.page_read import Matrix, PageRead, ReadOptions, UprightImage
from ocr_service.engine.engines import FIRST, OWN
from ocr_service.engine.line_readers import line_readers
from ocr_service.engine.networks import Detector
from ocr_service.engine.runtime import AUTO, runtime
from ocr_service.engine.text_layers import SCAN_PICTURE, Believed, LayerReader
from ocr_service.intake.content import OpenDocument, PageContent, TextLayer
from ocr_service.intake.files import open_document
from ocr_service.pipeline.geometry import Floats, as_quad, mapped, scaling, turning
from ocr_service.pipeline.plausibility import (
    MIN_AGREEMENT,
    is_plausible,
    words_in_common,
)
from ocr_service.pipeline.ports import TextDetector
from ocr_service.pipeline.reading_order import reading_order
from ocr_service.pipeline.recipe import ImageReading, read_image, upright_image
from ocr_service.pipeline.recognition import WordInLine
from ocr_service.pipeline.scripts import Recognisers, read_lines
from ocr_service.pipeline.tables import with_tables

FEW_CHARS = 40
"""A layer with fewer characters over a large picture is a stamp or a footer, not the text."""
LARGE_PICTURE = 0.5
WEBP_QUALITY = 80
WEBP_METHOD = 1
"""0 to 6: 2 takes a quarter longer for a sixth less, 4 twice as long for a third less."""
PREVIEW_SHARE = 0.75
LEGIBLE_PX = 17
"""A page is drawn for looking at with 150 dpi, or with more where print is smaller than 8 pt."""
DOUBTFUL = 0.75
"""Lines less sure than this are mostly guesses, as at a script the model cannot read."""
READ_FROM_PIXELS = (TextSource.OCR, TextSource.MIXED)
UNREAD_SHARE = 0.4
UNREAD_LINES = 4
"""From so many boxes and such a share without text that can be trusted, the page says so."""


class PageReader:
    """Holds the models and the last document; used by one process, one page at a time."""

    def __init__(
        self,
        threads: int,
        limits: Limits,
        backend: str = AUTO,
        *,
        engine: str = OWN,
        first: str = FIRST,
    ) -> None:
        """Load the models.

        Args:
            threads: The most that a page may have.
            limits: Files are held to.
            backend: What runs the models, see `runtime`.
            engine: Who reads lines, see `line_readers`.
            first: Role of the model that reads every line.

        Raises:
            HubError: A model file or Tesseract is missing, or is another one.
        """
        machine = runtime(backend)
        self._detector = Detector.load(machine, threads)
        self._lines = line_readers(engine, first, machine, threads)
        self._crew = ThreadPoolExecutor(threads) if threads > 1 else None
        self._page_crew: ThreadPoolExecutor | None = None
        self._limits = limits
        self._document: tuple[str, OpenDocument] | None = None
        self._layers = LayerReader()

    def open(self, digest: str, data: bytes) -> FileFacts:
        """Make a file the document that pages are read from; raises like `open_document`."""
        self.close()
        document = open_document(data, self._limits)
        self._document = (digest, document)
        self._layers = LayerReader()
        return document.facts

    def close(self) -> None:
        """Let go of the document."""
        if self._document:
            self._document[1].close()
        self._document = None

    def read(self, number: int, options: ReadOptions, *, alone: bool = False) -> PageRead:
        """Read page `number`, counted from 1, of the open document.

        Args:
            number: Of the page.
            options: How to read it.
            alone: No other page is being read: this one may have all threads.

        Raises:
            HubError: The page cannot be opened.
        """
        if self._document is None:
            raise RuntimeError("no document is open")
        self._page_crew = self._crew if alone else None
        self._detector = self._detector.with_threads(together=self._page_crew is not None)
        content = self._document[1].page(number)
        page = self._text(number, content, options)
        page = with_tables(page, content.strokes, lambda: content.pixels)
        if set(options.languages) - self._lines.languages and page.text_source in READ_FROM_PIXELS:
            page = replace(page, warnings=(*page.warnings, "LANGUAGE_NOT_SUPPORTED"))
        return PageRead(page, _picture(content, page) if options.with_image else None)

    def _recognisers(self, options: ReadOptions) -> Recognisers:
        return self._lines.for_page(options.languages, self._page_crew)

    def _text(self, number: int, content: PageContent, options: ReadOptions) -> Page:
        blank = Page(
            number,
            content.width,
            content.height,
            TextSource.NONE,
            warnings=content.warnings,
        )
        recognisers = self._recognisers(options)
        if content.layer is None or options.force_ocr:
            return self._from_pixels(blank, content, recognisers)
        page = self._with_layer(blank, content, content.layer, recognisers)
        if page is None:
            page = self._from_pixels(blank, content, recognisers)
            page = replace(page, warnings=(*page.warnings, "TEXT_LAYER_REFUSED"))
        return page

    def _with_layer(
        self, blank: Page, content: PageContent, layer: TextLayer, recognisers: Recognisers
    ) -> Page | None:
        """Use the text layer as far as it can be believed; None where it can't be at all."""
        if layer.hidden and content.picture_share >= SCAN_PICTURE:
            # Somebody else's OCR under a scan: ours is read with boxes and confidences of its own.
            page = self._from_pixels(blank, content, recognisers)
            if words_in_common(layer.lines, page.lines) < MIN_AGREEMENT:
                page = replace(page, warnings=(*page.warnings, "TEXT_LAYER_REFUSED"))
            return page
        chars = sum(len(line.text) for line in layer.lines)
        if (
            chars < FEW_CHARS
            and content.picture_share >= LARGE_PICTURE
            and is_plausible(layer.lines)
        ):
            return _merged(self._from_pixels(blank, content, recognisers), layer)
        believed = self._layers.believed(content, layer, _Eyes(self._detector, recognisers))
        return _from_layer(blank, believed, layer.rotation) if believed else None

    def _from_pixels(self, blank: Page, content: PageContent, recognisers: Recognisers) -> Page:
        read = read_image(content.pixels, self._detector, recognisers)
        lines = _on_page(read, _to_pixels(content), content)
        bad = read.unread + sum(line.confidence < DOUBTFUL for line in lines)
        many = bad >= max(UNREAD_LINES, UNREAD_SHARE * (len(lines) + read.unread))
        return replace(
            blank,
            text_source=TextSource.OCR if lines else TextSource.NONE,
            rotation=read.rotation,
            skew_degrees=read.skew_degrees,
            lines=lines,
            warnings=(*blank.warnings, "MANY_LINES_UNREADABLE") if many else blank.warnings,
        )


@dataclass(frozen=True, slots=True)
class _Eyes:
    """What a text layer is checked with."""

    detector: TextDetector
    recognisers: Recognisers

    def read_quads(
        self, image: NDArray[np.uint8], quads: Floats
    ) -> Sequence[tuple[WordInLine, ...]]:
        return read_lines(image, quads, self.recognisers)

    def read_picture(self, image: NDArray[np.uint8]) -> tuple[Line, ...]:
        return read_image(image, self.detector, self.recognisers).lines


def _from_layer(blank: Page, believed: Believed, rotation: int) -> Page:
    lines = (*believed.lines, *believed.read)
    upright = turning(blank.width, blank.height, rotation)
    quads = np.array([line.box for line in lines], np.float64).reshape(-1, 4, 2)
    return replace(
        blank,
        text_source=TextSource.MIXED if believed.read else TextSource.TEXT_LAYER,
        rotation=rotation,
        lines=tuple(lines[i] for i in reading_order(mapped(quads, upright))),
    )


def _merged(page: Page, layer: TextLayer) -> Page:
    """Replace what was read where the layer has the same place by the layer's own lines."""
    read = [line for line in page.lines if not any(_covers(own, line) for own in layer.lines)]
    lines = [*read, *layer.lines]
    upright = turning(page.width, page.height, page.rotation)
    quads = np.array([line.box for line in lines], np.float64).reshape(-1, 4, 2)
    order = reading_order(mapped(quads, upright))
    source = TextSource.MIXED if read else TextSource.TEXT_LAYER
    return replace(page, text_source=source, lines=tuple(lines[i] for i in order))


def _covers(own: Line, other: Line) -> bool:
    x, y = np.mean(other.box, axis=0)
    (x0, y0), (x1, y1) = np.min(own.box, axis=0), np.max(own.box, axis=0)
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def _to_pixels(content: PageContent) -> Floats:
    height, width = content.pixels.shape[:2]
    return scaling(width / content.width, height / content.height)


def _on_page(read: ImageReading, to_pixels: Floats, content: PageContent) -> tuple[Line, ...]:
    """Carry lines from the working picture to the page as given."""
    if np.array_equal(to_pixels, np.eye(3)):
        return read.lines
    back = np.asarray(np.linalg.inv(to_pixels), np.float64)

    def box(quad: Quad) -> Quad:
        return as_quad(mapped(np.array(quad), back), content.width, content.height)

    return tuple(
        Line(
            line.text,
            box(line.box),
            line.confidence,
            tuple(Word(word.text, box(word.box), word.confidence) for word in line.words),
        )
        for line in read.lines
    )


def _picture(content: PageContent, page: Page) -> UprightImage:
    source = content.smaller(_needed_share(page))
    pixels, transform = upright_image(source, page.rotation, page.skew_degrees)
    height, width = source.shape[:2]
    values = (transform @ scaling(width / content.width, height / content.height)).ravel().tolist()
    a, b, c, d, e, f, g, h, i = values
    matrix: Matrix = (a, b, c, d, e, f, g, h, i)
    return UprightImage(_webp(pixels), pixels.shape[1], pixels.shape[0], matrix)


def _needed_share(page: Page) -> float:
    """How small a page that need not be read from its picture may be drawn for looking at."""
    if page.text_source is not TextSource.TEXT_LAYER:
        return 1.0
    heights = [math.dist(line.box[0], line.box[3]) for line in page.lines]
    return min(1.0, max(PREVIEW_SHARE, LEGIBLE_PX / float(np.percentile(heights, 10))))


def _webp(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels[:, :, ::-1]).save(out, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return out.getvalue()
