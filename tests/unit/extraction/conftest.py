"""Pages written as rows of text at places, as a reader of pixels would hand them over."""

import math
from collections.abc import Callable, Sequence

import pytest

from ocr_service.domain.page import Line, Page, Point, Quad, TextSource, Word

Row = tuple[float, float, str]
"""Left edge, top edge, text."""

Paper = Callable[..., Page]
CHAR_WIDTH, HEIGHT = 11.0, 24.0


def _line(row: Row, turn: Callable[[Point], Point], confidence: float) -> Line:
    left, top, text = row
    words, x = [], left
    for part in text.split(" "):
        right = x + CHAR_WIDTH * len(part)
        words.append(Word(part, _quad(x, top, right, turn), confidence))
        x = right + CHAR_WIDTH
    return Line(text, _quad(left, top, x - CHAR_WIDTH, turn), confidence, tuple(words))


def _quad(left: float, top: float, right: float, turn: Callable[[Point], Point]) -> Quad:
    bottom = top + HEIGHT
    return (
        turn((left, top)),
        turn((right, top)),
        turn((right, bottom)),
        turn((left, bottom)),
    )


@pytest.fixture
def paper() -> Paper:
    """Build a page from rows; `degrees` turns the sheet clockwise about its origin."""

    def build(
        rows: Sequence[Row],
        *,
        number: int = 1,
        confidence: float = 1.0,
        degrees: float = 0.0,
        source: TextSource = TextSource.OCR,
    ) -> Page:
        angle = math.radians(degrees)

        def turn(point: Point) -> Point:
            x, y = point
            return (
                x * math.cos(angle) - y * math.sin(angle),
                x * math.sin(angle) + y * math.cos(angle),
            )

        lines = tuple(_line(row, turn, confidence) for row in rows)
        return Page(number, 1653, 2339, source, lines=lines)

    return build
