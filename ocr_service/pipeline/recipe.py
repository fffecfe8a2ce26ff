"""How an image becomes lines: find, bring upright, level, read, put in order, map back."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.page import Line, Quad, Word
from ocr_service.pipeline.detection import detect
from ocr_service.pipeline.drawn import is_rule, is_texture
from ocr_service.pipeline.geometry import (
    Floats,
    as_quad,
    mapped,
    part_of,
    quad_sides,
    slant,
    straightening,
    turning,
)
from ocr_service.pipeline.orientation import (
    is_sideways,
    is_surely_upright,
    lies_on_its_head,
    mean_of,
    turned_corners,
    voters,
)
from ocr_service.pipeline.ports import TextDetector
from ocr_service.pipeline.reading_order import reading_order
from ocr_service.pipeline.recognition import WordInLine, line_confidence
from ocr_service.pipeline.scripts import Recognisers, read_lines
from ocr_service.pipeline.small_marks import missed_marks

MIN_LINE_CONFIDENCE = 0.5
"""Less sure lines are mostly stains, pictures and scripts that the model cannot read."""
UPRIGHT_LETTERS_ACROSS = 1.5
"""Boxes higher than wide by this may hold text that runs up or down."""
SOLID_DASH = 0.6
"""Dashes fill their rectangle; specks and strokes do less."""
SURE_MARK = 0.8
"""Lone digits must be read with this confidence: dust looks like them."""
LEVEL_DEGREES = 0.3
"""Smaller slants are not worth resampling the upright image."""

Image = NDArray[np.uint8]
ReadQuad = tuple[Floats, tuple[WordInLine, ...]]


@dataclass(frozen=True, slots=True)
class ImageReading:
    """What was read on an image.

    Attributes:
        lines: In reading order; boxes in pixels of the image as it came.
        rotation: Clockwise degrees that bring it upright.
        skew_degrees: Slant left after that turn, clockwise positive.
        unread: Boxes found whose text could not be read with confidence.
    """

    lines: tuple[Line, ...]
    rotation: int
    skew_degrees: float
    unread: int


def read_image(image: Image, detector: TextDetector, recognisers: Recognisers) -> ImageReading:
    """Read an (H, W, 3) BGR image that may lie on any of its sides and be a little slanted."""
    height, width = image.shape[:2]
    quads = detect(image, detector).quads
    rotation = 0
    if is_sideways(quads):
        # The model finds lines that lie otherwise, but parts and joins them worse: it looks again.
        rotation = _quarter_turn(image, quads, recognisers)
        image = turn(image, rotation)
        quads = detect(image, detector).quads
    found = _read_quads(image, quads, recognisers)
    if _lies_on_its_head(image, found, recognisers):
        rotation = (rotation + 180) % 360
        image = turn(image, 180)
        quads = detect(image, detector).quads
        found = _read_quads(image, quads, recognisers)
    skew = slant(quads)
    found = [(quad, words) for quad, words in found if not is_rule(words)]
    kept = [
        (quad, words)
        for quad, words in found
        if line_confidence(words) >= MIN_LINE_CONFIDENCE and not is_texture(words)
    ]
    kept += _read_marks(image, quads, skew, recognisers)
    level, *_ = straightening(image.shape[1], image.shape[0], skew)
    order = reading_order(mapped(np.array([q for q, _ in kept]).reshape(-1, 4, 2), level))
    back = np.asarray(np.linalg.inv(turning(width, height, rotation)), np.float64)
    return ImageReading(
        tuple(_line(*kept[i], back, width, height) for i in order),
        rotation,
        round(skew, 2),
        len(found) - len(kept),
    )


def turn(image: Image, degrees: int) -> Image:
    """Turn an image clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(image, -degrees // 90))


def upright_image(image: Image, rotation: int, skew_degrees: float) -> tuple[Image, Floats]:
    """Turn and level an image; gives the transform from the image as it came to the result."""
    height, width = image.shape[:2]
    transform = turning(width, height, rotation)
    upright = turn(image, rotation) if rotation else image
    if abs(skew_degrees) < LEVEL_DEGREES:
        return upright, transform
    level, canvas_w, canvas_h = straightening(upright.shape[1], upright.shape[0], skew_degrees)
    # The matrix speaks of edges of pixels, warpAffine of their centres.
    centres = level[:2].copy()
    centres[:, 2] += centres[:, :2] @ (0.5, 0.5) - 0.5
    straight = cv2.warpAffine(
        upright, centres, (canvas_w, canvas_h), flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255)
    )
    return np.asarray(straight, np.uint8), level @ transform


def _quarter_turn(image: Image, quads: Floats, recognisers: Recognisers) -> int:
    """Tell which turn brings a page upright that lies on its side: 90 or 270 degrees."""
    chosen = quads[voters(quads)]
    sure = {
        degrees: mean_of(
            [
                line_confidence(words)
                for words in read_lines(image, turned_corners(chosen, degrees), recognisers)
            ]
        )
        for degrees in (90, 270)
    }
    return 90 if sure[90] >= sure[270] else 270


def _lies_on_its_head(image: Image, found: Sequence[ReadQuad], recognisers: Recognisers) -> bool:
    """Ask the longest lines, for the page as a whole."""
    chosen = [found[i] for i in voters(np.array([q for q, _ in found]).reshape(-1, 4, 2))]
    upright = [line_confidence(words) for _, words in chosen]
    if not chosen or is_surely_upright(upright):
        return False
    turned = turned_corners(np.array([quad for quad, _ in chosen]), 180)
    over = [line_confidence(words) for words in read_lines(image, turned, recognisers)]
    return lies_on_its_head(upright, over)


def _read_quads(image: Image, quads: Floats, recognisers: Recognisers) -> list[ReadQuad]:
    """Read quads of an upright image; tall ones also as text that runs up or down."""
    lines = list(zip(quads, read_lines(image, quads, recognisers), strict=True))
    along, across = quad_sides(quads) if len(quads) else (np.zeros(0), np.zeros(0))
    tall = np.flatnonzero(across > UPRIGHT_LETTERS_ACROSS * along)
    for degrees in (90, 270) if len(tall) else ():
        turned = turned_corners(quads[tall], degrees)
        for i, quad, words in zip(
            tall.tolist(), turned, read_lines(image, turned, recognisers), strict=True
        ):
            if line_confidence(words) > line_confidence(lines[i][1]):
                lines[i] = (quad, words)
    return lines


def _read_marks(
    image: Image, quads: Floats, skew: float, recognisers: Recognisers
) -> list[ReadQuad]:
    """Read the lone dashes and digits that the detector passed over.

    A dash is told by its shape: readers see too little in it, and find anything or nothing.
    """
    marks = missed_marks(image, quads, skew)
    found: list[ReadQuad] = [
        (quad, (WordInLine("-", float(solid), 0.0, 1.0),))
        for quad, solid in zip(marks.quads, marks.solid, strict=True)
        if solid >= SOLID_DASH
    ]
    others = marks.quads[marks.solid == 0]
    for quad, words in zip(others, read_lines(image, others, recognisers), strict=True):
        if line_confidence(words) >= SURE_MARK and "".join(w.text for w in words).isdigit():
            found.append((quad, words))
    return found


def _line(
    quad: Floats, words: tuple[WordInLine, ...], back: Floats, width: int, height: int
) -> Line:
    def box(corners: Floats) -> Quad:
        return as_quad(mapped(corners, back), width, height)

    return Line(
        " ".join(word.text for word in words),
        box(quad),
        round(line_confidence(words), 4),
        tuple(
            Word(word.text, box(part_of(quad, word.start, word.end)), round(word.confidence, 4))
            for word in words
        ),
    )
