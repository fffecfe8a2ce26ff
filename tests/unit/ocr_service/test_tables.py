"""Tables are found where people see them, with spans and types, and nowhere else."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_service.domain.page import Cell, CellKind, Line, Page, Quad, Table, TextSource, Word
from ocr_service.intake.pdf_strokes import strokes_of
from ocr_service.pipeline.geometry import as_quad, mapped
from ocr_service.pipeline.tables import find_tables, rules_on_page, uprighting, with_tables
from ocr_service.pipeline.tables_rules import no_rules

pymupdf: Any = import_module("pymupdf")  # it ships no types

SIZE = (1000, 800)
LETTER_PX = 10
LINE_PX = 20
ITEMS = (
    ("Item", "Qty", "Price", "Amount"),
    ("Paper", "2", "10.00", "20.00"),
    ("Ink cartridge", "1", "35.50", "35.50"),
    ("Stapler", "12", "4.00", "48.00"),
)
LEFT = (100, 420, 560, 720)

Image = NDArray[np.uint8]


def line(text: str, x: float, y: float) -> Line:
    """A line whose letters are ten pixels wide and whose spaces are four."""
    words = []
    for word in text.split(" "):
        x1 = x + LETTER_PX * len(word)
        words.append(Word(word, ((x, y), (x1, y), (x1, y + LINE_PX), (x, y + LINE_PX)), 0.9))
        x = x1 + 4
    box: Quad = (words[0].box[0], words[-1].box[1], words[-1].box[2], words[0].box[3])
    return Line(text, box, 0.9, tuple(words))


def lines_of(
    rows: Sequence[Sequence[str]], left: Sequence[float] = LEFT, top: float = 200
) -> list[Line]:
    return [
        line(text, x, top + 40 * n)
        for n, row in enumerate(rows)
        for x, text in zip(left, row, strict=False)
        if text
    ]


def ruled_page(xs: Sequence[int], ys: Sequence[int]) -> Image:
    page = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    for x in xs:
        cv2.line(page, (x, ys[0]), (x, ys[-1]), (120, 120, 120), 1)
    for y in ys:
        cv2.line(page, (xs[0], y), (xs[-1], y), (120, 120, 120), 1)
    return page


def found_on(image: Image, lines: Sequence[Line]) -> tuple[Table, ...]:
    return find_tables(lines, rules_on_page(image, SIZE, 0, 0), SIZE)


def at(table: Table, row: int, column: int) -> Cell:
    return next(c for c in table.cells if (c.row, c.column) == (row, column))


def rows_of(table: Table) -> list[tuple[str, ...]]:
    return [
        tuple(cell.text for cell in table.cells if cell.row == row) for row in range(table.rows)
    ]


def test_a_ruled_table_has_a_cell_for_each_field() -> None:
    image = ruled_page((80, 400, 540, 700, 860), (190, 230, 270, 310, 350))
    (table,) = found_on(image, lines_of(ITEMS))
    assert (table.rows, table.columns, table.is_ruled) == (4, 4, True)
    assert rows_of(table) == list(ITEMS)
    assert [cell.is_header for cell in table.cells] == [True] * 4 + [False] * 12
    (x0, y0), _, (x1, y1), _ = at(table, 2, 1).box
    assert np.allclose((x0, y0, x1, y1), (400, 270, 540, 310), atol=3)


def test_cells_are_typed_by_their_text() -> None:
    rows = (
        ("Day", "Qty", "Price", "Note"),
        ("12.03.2024", "3", "€ 1,250.00", "room 12"),
        ("2024-04-01", "19 %", "7.50", ""),
    )
    image = ruled_page((80, 400, 540, 700, 860), (190, 230, 270, 310))
    (table,) = found_on(image, lines_of(rows))
    kinds = [cell.kind for cell in table.cells if cell.row > 0]
    assert kinds == [
        *(CellKind.DATE, CellKind.NUMBER, CellKind.AMOUNT, CellKind.TEXT),
        *(CellKind.DATE, CellKind.NUMBER, CellKind.AMOUNT, CellKind.TEXT),
    ]
    assert at(table, 2, 3).text == ""
    assert at(table, 2, 3).confidence == 1


def test_a_missing_line_makes_a_span_across_and_down() -> None:
    image = ruled_page((80, 400, 540, 700, 860), (190, 230, 270, 310, 350))
    image[192:229, 530:550] = 255  # the first row's second and third field are one
    image[265:275, 82:399] = 255  # so are the first column's second and third
    rows = (("Item", "Sizes", "", "Amount"), *ITEMS[1:])
    (table,) = found_on(image, lines_of(rows))
    assert (at(table, 0, 1).column_span, at(table, 0, 1).row_span) == (2, 1)
    assert (at(table, 1, 0).column_span, at(table, 1, 0).row_span) == (1, 2)
    assert at(table, 1, 0).text == "Paper\nInk cartridge"


def test_a_form_without_row_lines_is_parted_by_its_values() -> None:
    image = ruled_page((80, 400, 540, 700, 860), (190, 230, 600))
    rows = (*ITEMS[:2], ("in reams", "", "", ""), *ITEMS[2:])
    (table,) = found_on(image, lines_of(rows))
    assert table.rows == 4
    assert at(table, 1, 0).text == "Paper\nin reams"
    assert [at(table, row, 3).text for row in (1, 2, 3)] == ["20.00", "35.50", "48.00"]


def test_aligned_values_make_a_table_without_lines() -> None:
    lines = lines_of((*ITEMS[:2], ("in reams", "", "", ""), *ITEMS[2:]))
    greeting = line("Thank you for your order of last week", 100, 120)
    (table,) = find_tables([greeting, *lines], no_rules(), SIZE)
    assert (table.rows, table.columns, table.is_ruled) == (4, 4, False)
    assert at(table, 1, 0).text.startswith("Paper")
    assert [cell.text for cell in table.cells if cell.is_header] == list(ITEMS[0])
    assert at(table, 3, 3).text == "48.00"


def test_a_title_over_two_columns_spans_them() -> None:
    rows = [line("Item", 100, 200), line("Price and amount", 580, 200), line("Qty", 420, 200)]
    (table,) = find_tables([*rows, *lines_of(ITEMS[1:], top=240)], no_rules(), SIZE)
    assert at(table, 0, 2).column_span == 2


@pytest.mark.parametrize(
    "lines",
    [
        [line("We are writing to you about 12 boxes of paper", 100, 40 * n) for n in range(12)],
        lines_of([(f"Street {n}", "Phone", "Bank") for n in range(5)]),
        lines_of(
            [("Total", "", "", "48.00"), ("Cash", "", "", "50.00"), ("Change", "", "", "2.00")]
        ),
        lines_of(ITEMS[1:3]),
    ],
    ids=["a letter", "a footer in columns", "labels and sums", "two rows without titles"],
)
def test_other_text_is_no_table(lines: list[Line]) -> None:
    assert find_tables(lines, no_rules(), SIZE) == ()


def test_a_frame_round_the_page_is_no_table() -> None:
    image = ruled_page((20, 980), (20, 780))
    (table,) = found_on(image, lines_of(ITEMS))
    assert not table.is_ruled


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_has_the_same_table_at_its_own_place(rotation: int) -> None:
    image = ruled_page((80, 400, 540, 700, 860), (190, 230, 270, 310, 350))
    lines = lines_of(ITEMS)
    (upright,) = found_on(image, lines)
    lying = np.ascontiguousarray(np.rot90(image, rotation // 90))
    size = (lying.shape[1], lying.shape[0])
    away = np.asarray(np.linalg.inv(uprighting(size, rotation, 0)), np.float64)

    def carried(box: Quad) -> Quad:
        return as_quad(mapped(np.array(box), away), *size)

    turned = [
        Line(
            each.text,
            carried(each.box),
            each.confidence,
            tuple(Word(w.text, carried(w.box), w.confidence) for w in each.words),
        )
        for each in lines
    ]
    page = Page(1, *size, TextSource.OCR, rotation, lines=tuple(turned))
    (table,) = with_tables(page, None, lambda: lying).tables
    assert [c.text for c in table.cells] == [c.text for c in upright.cells]
    assert np.allclose(table.box, carried(upright.box), atol=4)


def test_the_orders_of_a_pdf_give_the_lines_without_pixels() -> None:
    document = pymupdf.open()
    drawn = document.new_page(width=500, height=400)
    for x in (40, 200, 270, 350, 430):
        drawn.draw_line((x, 95), (x, 175), width=0.1)
    for y in (95, 115, 135, 155, 175):
        drawn.draw_line((40, y), (430, y), width=0.1)
    drawn.draw_circle((300, 300), 40)
    strokes = strokes_of(drawn, 2.0)
    assert len(strokes) == 10

    def no_pixels() -> Image:
        raise AssertionError("nobody needs the pixels")

    page = Page(1, *SIZE, TextSource.TEXT_LAYER, lines=tuple(lines_of(ITEMS)))
    (table,) = with_tables(page, strokes, no_pixels).tables
    assert rows_of(table) == list(ITEMS)
    assert table.is_ruled


def test_an_empty_page_costs_nothing() -> None:
    def no_pixels() -> Image:
        raise AssertionError("nobody needs the pixels")

    page = Page(1, *SIZE, TextSource.NONE)
    assert with_tables(page, None, no_pixels) is page
