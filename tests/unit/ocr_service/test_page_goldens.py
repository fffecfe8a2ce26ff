"""A dozen drawn pages and what must be read on them: columns, tables, rules, turns and slants."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.pages import turned  # noqa: TID251  the same slants as are measured
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool

TEXT_ONLY = ReadOptions(with_image=False)
LEFT = [
    "The goods stay the property of the",
    "seller until they have been paid in",
    "full. Claims are to be made within",
    "eight days after they have arrived.",
    "Payment is due after thirty days.",
]
RIGHT = [
    "Returned goods are taken back when",
    "they are clean and in their packing.",
    "Freight is borne by the buyer unless",
    "something else was agreed on paper.",
    "The courts of the seller decide.",
]
CELLS = [
    ["Item", "Quantity", "Discount", "Amount"],
    ["Paper clips", "1", "-", "12.50"],
    ["Staples", "7", "-", "84.00"],
    ["Folders", "1", "3.20", "41.75"],
    ["Pencils", "1", "-", "15.00"],
    ["Markers", "4", "-", "63.20"],
]
RECEIPT = ["Corner Shop", "Bread 3.20", "Milk 1.15", "Total 4.35", "Thank you"]


def blank(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (width, height), "white")
    return page, ImageDraw.Draw(page)


def letter(px: int = 30) -> Image.Image:
    page, pen = blank(900, 640)
    for row, text in enumerate(LEFT):
        pen.text((60, 60 + row * px * 2), text, font=ImageFont.load_default(px), fill="black")
    return page


def columns() -> Image.Image:
    page, pen = blank(1400, 520)
    font = ImageFont.load_default(30)
    pen.text((60, 40), "Terms of business", font=ImageFont.load_default(40), fill="black")
    for x, lines in ((60, LEFT), (760, RIGHT)):
        for row, text in enumerate(lines):
            pen.text((x, 140 + row * 56), text, font=font, fill="black")
    return page


def table() -> Image.Image:
    page, pen = blank(1100, 560)
    font = ImageFont.load_default(28)
    for row, cells in enumerate(CELLS):
        for column, text in enumerate(cells):
            pen.text((60 + 260 * column, 60 + 70 * row), text, font=font, fill="black")
    for row in range(len(CELLS) + 1):
        pen.line((40, 42 + 70 * row, 1060, 42 + 70 * row), fill="black", width=2)
    return page


def receipt() -> Image.Image:
    page, pen = blank(520, 640)
    font = ImageFont.load_default(30)
    for row, text in enumerate([RECEIPT[0], "*" * 24, *RECEIPT[1:4], "-" * 30, RECEIPT[4]]):
        pen.text((50, 50 + row * 76), text, font=font, fill="black")
    return page


def unspaced(text: str) -> str:
    """Leave out spaces: that the recogniser sees them is tested elsewhere."""
    return text.replace(" ", "")


def slanted(page: Image.Image, degrees: float) -> Image.Image:
    return Image.fromarray(turned(np.asarray(page, np.uint8), degrees)[0])


PAGES: dict[str, tuple[Callable[[], Image.Image], list[str], int]] = {
    "letter": (letter, LEFT, 0),
    "small print": (lambda: letter(16), LEFT, 0),
    "two columns": (columns, ["Terms of business", *LEFT, *RIGHT], 0),
    "table": (table, [text for row in CELLS for text in row], 0),
    "receipt with rules": (receipt, RECEIPT, 0),
    "turned by 90": (lambda: slanted(letter(), 90), LEFT, 270),
    "turned by 180": (lambda: slanted(letter(), 180), LEFT, 180),
    "turned by 270": (lambda: slanted(letter(), 270), LEFT, 90),
    "slanted by 10": (lambda: slanted(letter(), 10), LEFT, 0),
    "slanted by -10": (lambda: slanted(letter(), -10), LEFT, 0),
    "slanted by 15": (lambda: slanted(letter(), 15), LEFT, 0),
    "turned and slanted": (
        lambda: slanted(columns(), 263),
        ["Terms of business", *LEFT, *RIGHT],
        90,
    ),
}


async def test_pages_are_read_as_they_were_drawn() -> None:
    read, expected = {}, {}
    async with ReaderPool(PoolSettings(workers=1, page_timeout_s=60)) as pool:
        for name, (draw, lines, rotation) in PAGES.items():
            out = io.BytesIO()
            draw().save(out, "PNG")
            page = (await pool.read_page(out.getvalue(), 1, TEXT_ONLY)).page
            read[name] = (page.rotation, [unspaced(line.text) for line in page.lines])
            expected[name] = (rotation, [unspaced(line) for line in lines])
    assert read == expected
