"""Columns of text are read one by one, tables row by row."""

import numpy as np

from ocr_service.pipeline.reading_order import reading_order

Box = tuple[float, float, float]
HEIGHT = 20.0


def order(boxes: list[Box]) -> list[int]:
    """Order boxes given as left, top and width."""
    corners = [[[x, y], [x + w, y], [x + w, y + HEIGHT], [x, y + HEIGHT]] for x, y, w in boxes]
    return reading_order(np.array(corners, float).reshape(-1, 4, 2))


def column(x: float, top: float, lines: int, width: float = 400) -> list[Box]:
    """Set lines of running text, the last one short."""
    return [(x, top + 30 * n, width - 9 * (n % 3)) for n in range(lines - 1)] + [
        (x, top + 30 * (lines - 1), width / 3)
    ]


def test_two_columns_are_read_one_after_the_other() -> None:
    boxes = column(50, 100, 8) + column(500, 105, 8)
    assert order(boxes) == list(range(16))


def test_three_columns_too() -> None:
    boxes = column(50, 100, 8, 280) + column(360, 100, 7, 280) + column(670, 100, 8, 280)
    assert order(boxes) == list(range(23))


def test_a_title_stands_before_its_columns_and_a_footer_after_them() -> None:
    title, footer = (50.0, 40.0, 850.0), (300.0, 900.0, 300.0)
    boxes = [title, *column(50, 100, 8), *column(500, 100, 8), footer]
    assert order(boxes) == list(range(18))


def test_a_heading_between_two_pairs_of_columns_keeps_them_apart() -> None:
    boxes = [
        *column(50, 100, 6),
        *column(500, 100, 6),
        (50.0, 320.0, 850.0),
        *column(50, 380, 6),
        *column(500, 380, 6),
    ]
    assert order(boxes) == list(range(25))


def test_a_table_is_read_row_by_row() -> None:
    boxes: list[Box] = []
    for n in range(8):
        y = 100 + 30 * n
        boxes += [(50.0, y, 120.0 + 37 * (n % 4)), (450.0, y, 60.0), (700.0, y, 90.0)]
    assert order(boxes) == list(range(24))


def test_two_addresses_side_by_side_are_read_row_by_row() -> None:
    boxes = [(x, 100.0 + 30 * n, 200.0 - 40 * n) for n in range(3) for x in (50.0, 500.0)]
    assert order(boxes) == list(range(6))


def test_names_and_values_are_read_row_by_row() -> None:
    boxes = [
        (x, 100.0 + 30 * n, w)
        for n in range(9)
        for x, w in ((50.0, 90.0 + 30 * (n % 5)), (400.0, 40.0 + 55 * (n % 6)))
    ]
    assert order(boxes) == list(range(18))
