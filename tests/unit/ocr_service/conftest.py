"""Pages drawn for the tests, so that what they say is known."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont

LINES = (
    "Delivery note 4711",
    "Customer number 20831",
    "Thank you for your order",
    "Twelve boxes of paper clips",
    "Total amount 1,284.50 EUR",
    "Payable within thirty days",
)

Draw = Callable[..., Image.Image]


def draw_page(
    lines: tuple[str, ...] = LINES, size: tuple[int, int] = (800, 560), px: int = 30
) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(px)
    for row, text in enumerate(lines):
        pen.text((60, 50 + row * px * 2.6), text, font=font, fill="black")
    return picture


def encode_image(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def draw() -> Draw:
    return draw_page


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    return encode_image


@pytest.fixture(scope="session")
def lines() -> tuple[str, ...]:
    return LINES
