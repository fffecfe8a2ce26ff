"""Dashes and thin digits alone in the cells of a table are found, dust and rules are not."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_service.pipeline.geometry import Floats, mapped
from ocr_service.pipeline.recipe import upright_image
from ocr_service.pipeline.small_marks import Marks, missed_marks

ROWS, HEIGHT = 6, 36
COLUMNS = (400, 600, 800)
Page = NDArray[np.uint8]


def table() -> tuple[Page, Floats]:
    """Draw a ruled table whose first column and last amounts a detector has found."""
    page = np.full((700, 1000, 3), 245, np.uint8)
    quads = []
    for row in range(ROWS):
        y = 100 + row * 80
        cv2.line(page, (20, y - 30), (950, y - 30), (0, 0, 0), 2)
        for left, right in ((40, 260), (860, 940)):
            cv2.rectangle(page, (left + 8, y - 8), (right - 8, y + 8), (20, 20, 20), -1)
            half = HEIGHT / 2
            quads.append([[left, y - half], [right, y - half], [right, y + half], [left, y + half]])
    for x in (20, 300, 500, 700, 950):
        cv2.line(page, (x, 70), (x, 570), (0, 0, 0), 2)
    return page, np.array(quads, float)


def put(page: Page, width: int, height: int) -> Floats:
    """Draw a mark into each empty cell; gives their middles."""
    places = [(x, 100 + row * 80) for row in range(ROWS) for x in COLUMNS]
    for x, y in places:
        corner = (x - width // 2, y - height // 2)
        cv2.rectangle(
            page, corner, (corner[0] + width - 1, corner[1] + height - 1), (60, 60, 60), -1
        )
    return np.array(places, float)


def middles(marks: Marks) -> list[tuple[int, int]]:
    found = marks.quads.mean(axis=1)
    return sorted((round(y / 20) * 20, round(x / 20) * 20) for x, y in found.tolist())


@pytest.mark.parametrize("skew", [0.0, 2.0, -9.0])
def test_a_dash_in_each_cell_is_found(skew: float) -> None:
    page, quads = table()
    places = put(page, 10, 3)
    turned, transform = upright_image(page, 0, skew)
    marks = missed_marks(turned, mapped(quads, transform), -skew)
    assert len(marks.quads) == len(places)
    there = mapped(places, transform)
    off = np.linalg.norm(marks.quads.mean(axis=1)[:, None] - there[None], axis=2).min(axis=1)
    assert off.max() < 4
    assert (marks.solid > 0.5).all()


def test_a_thin_digit_is_no_dash() -> None:
    page, quads = table()
    places = put(page, 4, 20)
    marks = missed_marks(page, quads, 0.0)
    assert middles(marks) == sorted((y, x) for x, y in places.tolist())
    assert not marks.solid.any()


@pytest.mark.parametrize("size", [(3, 3), (2, 2), (40, 3), (30, 30), (1, 1)])
def test_dust_bars_and_blots_are_left_alone(size: tuple[int, int]) -> None:
    page, quads = table()
    put(page, *size)
    assert len(missed_marks(page, quads, 0.0).quads) == 0


def test_a_table_without_marks_has_none() -> None:
    page, quads = table()
    assert len(missed_marks(page, quads, 0.0).quads) == 0


def test_a_mark_beside_no_row_is_left_alone() -> None:
    page, quads = table()
    for x in COLUMNS:
        cv2.rectangle(page, (x, 640), (x + 9, 642), (60, 60, 60), -1)
    assert len(missed_marks(page, quads, 0.0).quads) == 0


def test_a_single_mark_below_nothing_is_left_alone() -> None:
    page, quads = table()
    cv2.rectangle(page, (400, 179), (409, 181), (60, 60, 60), -1)
    assert len(missed_marks(page, quads, 0.0).quads) == 0


def test_a_page_without_text_has_no_tables() -> None:
    page, _ = table()
    put(page, 10, 3)
    assert len(missed_marks(page, np.zeros((0, 4, 2)), 0.0).quads) == 0
