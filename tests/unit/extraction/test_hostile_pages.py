"""Pages made to hurt end soon: the work stays linear in the words."""

import random
from datetime import date

import pytest

from ocr_service.domain.page import Line, Page, Quad, TextSource, Word
from ocr_service.extraction import extract

TODAY = date(2026, 11, 23)
WORDS = [
    *("total", "date", "invoice", "no", "1,234.50", "tax", "12/03/2024", "amount", "description"),
    *("qty", "price", "seller", "buyer", "ABC", "Ltd", "10", "street", "วันที่", "เลขที่", "รวม"),
]


def quad(x: float, y: float, width: float, height: float = 12.0) -> Quad:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def line(text: str, x: float, y: float, *, split: bool = True) -> Line:
    parts = text.split() if split else [text]
    words, left = [], x
    for part in parts:
        words.append(Word(part, quad(left, y, 8.0 * len(part)), 0.9))
        left += 8.0 * len(part) + 6
    return Line(text, quad(x, y, left - x), 0.9, tuple(words))


def page(lines: list[Line]) -> Page:
    return Page(1, 1653, 2339, TextSource.OCR, lines=tuple(lines))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "text",
    ["total1", "1", "1.", "วันที่", "ก่่", "(", "a1-", " - 1"],
)
def test_an_endless_word_is_passed_over(text: str) -> None:
    assert (
        extract(
            [page([line(text * (1_000_000 // len(text)), 0, 100, split=False)])], TODAY
        ).line_items
        == ()
    )


@pytest.mark.timeout(120)
def test_a_megabyte_line_of_words_ends_soon() -> None:
    extract([page([line("total 1,2.3 " * 85_000, 0, 100)])], TODAY)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("layout", ["scattered", "one row", "one place", "headings"])
def test_twenty_thousand_words_end_soon(layout: str) -> None:
    chance = random.Random(7)  # noqa: S311 - a seeded shuffle of a test page
    if layout == "scattered":
        lines = [
            line(" ".join(chance.choices(WORDS, k=5)), chance.random() * 1500, 2300 * n / 4000)
            for n in range(4000)
        ]
    elif layout == "one row":
        lines = [line(chance.choice(WORDS), 90.0 * n, 100) for n in range(20_000)]
    elif layout == "one place":
        lines = [line(chance.choice(WORDS), 100, 100) for _ in range(20_000)]
    else:
        lines = [line("description qty unit price amount", 0, 14.0 * n) for n in range(4000)]
    extract([page(lines)], TODAY)


@pytest.mark.timeout(120)
def test_items_are_cut_with_a_warning() -> None:
    rows = [line("Description", 0, 0), line("Qty", 300, 0), line("Amount", 600, 0)]
    for n in range(2500):
        y = 20.0 + 16 * n
        rows += [line("thing", 0, y), line("2", 300, y), line("10.00", 600, y)]
    got = extract([page(rows)], TODAY)
    assert len(got.line_items) == 2000
    assert "LINE_ITEMS_CUT" in got.warnings


def test_boxes_without_size_do_no_harm() -> None:
    flat = quad(0, 0, 0, 0)
    words = (Word("Total", flat, 0.9), Word("5.00", flat, 0.9))
    extract([page([Line("Total 5.00", flat, 0.9, words), Line("x", flat, 0.0)])], TODAY)
