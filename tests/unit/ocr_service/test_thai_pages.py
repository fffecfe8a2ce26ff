"""Thai pages are read with the Thai model, others as if there were no such model."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool
from ocr_service.pipeline.scripts import Recognisers, read_lines
from paperwork.values.text import has_thai

DATA = Path(__file__).resolve().parents[2] / "data" / "ocr" / "thai"
SETTINGS = PoolSettings(workers=1, page_timeout_s=60)
TEXT_ONLY = ReadOptions(with_image=False)
INVOICE = [
    "บริษัท ก้าวหน้าการค้า จำกัด (สำนักงานใหญ่)",
    "เลขประจำตัวผู้เสียภาษี 0105536000315",
    "เลขที่ IV6701-2559 วันที่ ๒๔ มกราคม ๒๕๖๗",
    "น้ำมันหล่อลื่น 15W-40 Premium 12 แกลลอน",
    "รวมเงินทั้งสิ้น 49,274.93 บาท",
    "กรุณาชำระเงินภายใน 30 วัน",
]
DELIVERY_NOTE = [
    "Delivery note 4711",
    "Customer number 20831",
    "Ship to: Siam Trading Limited",
    "ถนนวิภาวดีรังสิต เขตจตุจักร กรุงเทพฯ 10900",
    "Total amount 1,284.50 EUR",
    "Payable within thirty days",
]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
async def test_a_thai_page_is_read_whichever_way_it_lies(rotation: int) -> None:
    out = io.BytesIO()
    Image.open(DATA / "invoice.png").convert("L").rotate(rotation, expand=True).save(out, "PNG")
    async with ReaderPool(SETTINGS) as pool:
        page = (await pool.read_page(out.getvalue(), 1, TEXT_ONLY)).page
    assert [line.text for line in page.lines] == INVOICE
    assert page.rotation == rotation
    assert page.warnings == ()
    assert min(line.confidence for line in page.lines) > 0.9


async def test_a_thai_line_on_an_english_page_is_read_too() -> None:
    async with ReaderPool(SETTINGS) as pool:
        page = (await pool.read_page((DATA / "english-with-thai.png").read_bytes(), 1)).page
    assert [line.text for line in page.lines] == DELIVERY_NOTE


async def test_words_stand_where_their_letters_do() -> None:
    async with ReaderPool(SETTINGS) as pool:
        page = (await pool.read_page((DATA / "invoice.png").read_bytes(), 1, TEXT_ONLY)).page
    words = page.lines[3].words
    assert [word.text for word in words] == INVOICE[3].split()
    edges = [x for word in words for x in (word.box[0][0], word.box[1][0])]
    drawn = [51, 247, 258, 376, 387, 524, 536, 572, 585, 711]
    assert edges == pytest.approx(drawn, abs=12)


async def test_thai_is_left_alone_where_it_was_not_asked_for() -> None:
    options = ReadOptions(("en",), with_image=False)
    async with ReaderPool(SETTINGS) as pool:
        page = (await pool.read_page((DATA / "invoice.png").read_bytes(), 1, options)).page
    assert page.lines
    assert not any(has_thai(line.text) for line in page.lines)


class Says:
    """A recogniser that reads the same on every strip, and remembers how much it read."""

    step_px = 8

    def __init__(self, text: str, confidence: float) -> None:
        self.alphabet = tuple(text)
        self.confidence = confidence
        self.pixels = 0

    def best_paths(
        self, strips: Sequence[NDArray[np.uint8]]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        self.pixels += sum(strip.shape[1] for strip in strips)
        path = np.arange(1, len(self.alphabet) + 1)
        return [(path, np.full(len(path), self.confidence, np.float32)) for _ in strips]


def read_with(latin: Says, thai: Says | None, lines: int = 20) -> list[str]:
    page = np.full((lines * 60, 800, 3), 255, np.uint8)
    tops = np.arange(lines) * 60.0
    quads = np.array([[(0, y), (720, y), (720, y + 48), (0, y + 48)] for y in tops])
    read = read_lines(page, quads, Recognisers(latin, thai))
    return ["".join(word.text for word in words) for words in read]


def test_a_latin_page_costs_the_thai_model_four_short_samples() -> None:
    latin, thai = Says("Payablewithinthirtydaysfrom", 0.99), Says("Payabเewithinthirtydays", 0.95)
    assert set(read_with(latin, thai)) == {"Payablewithinthirtydaysfrom"}
    assert thai.pixels == 4 * 384


def test_a_thai_page_is_not_read_by_the_latin_model() -> None:
    latin, thai = Says("unu7uw", 0.6), Says("ใบเสร็จรับเงิน", 0.98)
    assert set(read_with(latin, thai)) == {"ใบเสร็จรับเงิน"}
    assert latin.pixels == 0


def test_of_two_readings_without_thai_the_surer_one_is_taken() -> None:
    # The samples say Thai; where single lines do not, both models are at home.
    class Numbers(Says):
        def best_paths(
            self, strips: Sequence[NDArray[np.uint8]]
        ) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
            sample = strips[0].shape[1] < 720
            words = Says("ใบเสร็จรับเงิน" if sample else "2,4024", 0.98 if sample else 0.9)
            self.alphabet = words.alphabet
            return words.best_paths(strips)

    assert set(read_with(Says("2.4024", 0.99), Numbers("", 0))) == {"2.4024"}
    assert set(read_with(Says("Z.4O24", 0.8), Numbers("", 0))) == {"2,4024"}


def test_without_a_thai_model_the_latin_one_reads_everything() -> None:
    assert read_with(Says("guess", 0.3), None, lines=2) == ["guess", "guess"]


def test_a_page_without_lines_is_read_by_nobody() -> None:
    assert read_with(Says("a", 1.0), Says("ก", 1.0), lines=0) == []
