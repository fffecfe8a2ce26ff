"""Thai pages are read whichever way they lie, and Thai on pages that are mostly in English."""

import io
from pathlib import Path

import pytest
from PIL import Image

from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool
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
