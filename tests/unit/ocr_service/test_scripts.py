"""A quick reader reads every line, a large one those that the quick one is unsure of."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool
from ocr_service.pipeline.ctc import read_chars, surety
from ocr_service.pipeline.scripts import Recognisers, read_lines

DATA = Path(__file__).resolve().parents[2] / "data"
FOREIGN = "\ufffd"
Pixels = NDArray[np.uint8]
Read = Mapping[str, tuple[str, float]]


class Reader:
    """Reads what it was told of each line, which it knows by its shade, and keeps count."""

    def __init__(self, **lines: tuple[str, float]) -> None:
        """Take name = (text, confidence of every character)."""
        self.lines = lines
        self.alphabet = tuple(sorted({c for text, _ in lines.values() for c in text}))
        self.seen: list[str] = []

    def best_paths(
        self, strips: Sequence[Pixels]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        names = [NAMES[round(strip.mean() / 10) - 1] for strip in strips]
        self.seen += names
        return [self._path(*self.lines.get(name, ("", 1.0))) for name in names]

    def _path(self, text: str, confidence: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        classes = np.zeros(2 * len(text) + 1, np.int64)
        classes[1::2] = [self.alphabet.index(c) + 1 for c in text]
        shares = np.ones(len(classes), np.float32)
        shares[1::2] = confidence
        return classes, shares


NAMES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
"""Lines from the top of the page down."""


def read(first: Reader | None, second: Reader, lines: int, *, thai: bool = True) -> list[str]:
    page = np.zeros((lines * 60, 400, 3), np.uint8)
    for i in range(lines):
        page[60 * i : 60 * i + 60] = 10 * (i + 1)
    tops = np.arange(lines) * 60.0 + 6
    quads = np.array([[(0, y), (360, y), (360, y + 48), (0, y + 48)] for y in tops])
    recognisers = Recognisers(first=first, second=second, thai=thai)
    found = read_lines(page, quads.reshape(-1, 4, 2), recognisers)
    return [" ".join(word.text for word in words) for words in found]


def test_only_what_the_first_reader_is_unsure_of_is_read_twice() -> None:
    first = Reader(one=("Total 12.50", 0.97), two=("C4SH", 0.7), three=("Thank you", 0.99))
    second = Reader(two=("CASH", 0.8))
    assert read(first, second, 3) == ["Total 12.50", "CASH", "Thank you"]
    assert second.seen == ["two"]


def test_a_line_that_the_first_reader_finds_empty_is_read_twice() -> None:
    assert read(Reader(), Reader(one=("·", 0.9)), 1) == ["·"]


def test_a_character_unknown_to_the_first_reader_sends_its_line_to_the_second() -> None:
    first = Reader(one=(f"{FOREIGN} 12", 0.99), **dict.fromkeys(NAMES[1:], ("Paper", 0.99)))
    second = Reader(one=("合計 12", 0.95))
    assert read(first, second, 10) == ["合計 12", *["Paper"] * 9]
    assert second.seen == ["one"]


def test_a_page_in_a_foreign_script_is_read_by_the_second_reader_alone() -> None:
    first = Reader(one=(FOREIGN, 0.9), two=(f"{FOREIGN} 7", 0.9), three=("---", 0.99))
    second = Reader(one=("請求書", 0.9), two=("数量 7", 0.9), three=("一二三", 0.9))
    assert read(first, second, 3) == ["請求書", "数量 7", "一二三"]
    assert second.seen == ["one", "two", "three"]


def test_thai_is_never_left_to_the_reader_that_passes_over_it() -> None:
    first = Reader(one=("ใบเสร็จรับเงิน", 0.98), two=("ปีงบประมาณ 2565", 0.9), three=("IV-2559", 0.99))
    second = Reader(two=("2565", 1.0))
    assert read(first, second, 3) == ["ใบเสร็จรับเงิน", "ปีงบประมาณ 2565", "IV-2559"]
    assert second.seen == []


def test_on_a_thai_page_the_surer_of_two_readings_is_taken() -> None:
    first = Reader(one=("ใบเสร็จรับเงิน", 0.98), two=("2,4024", 0.7), three=("จำนวน", 0.7))
    second = Reader(two=("2.4024", 0.95), three=("nuu", 0.6))
    assert read(first, second, 3) == ["ใบเสร็จรับเงิน", "2.4024", "จำนวน"]


def test_a_thai_letter_in_a_latin_word_makes_no_thai_page() -> None:
    first = Reader(one=("Payabเe", 0.95), two=("ร", 0.95))
    second = Reader(one=("Payable", 0.9), two=("S", 0.6))
    assert read(first, second, 2) == ["Payable", "S"]


def test_where_thai_is_not_asked_for_its_letters_are_doubted() -> None:
    first, second = Reader(one=("ใบเสร็จ", 0.98)), Reader(one=("Tuiasa", 0.4))
    assert read(first, second, 1, thai=False) == ["Tuiasa"]


def test_without_a_first_reader_the_second_one_reads_everything() -> None:
    assert read(None, Reader(one=("guess", 0.3), two=("12", 0.9)), 2) == ["guess", "12"]


def test_a_page_without_lines_is_read_by_nobody() -> None:
    assert read(Reader(), Reader(), 0) == []


@pytest.mark.parametrize(
    ("classes", "confidences", "expected"),
    [
        ([0, 1, 0], [1.0, 0.8, 1.0], 0.8),
        ([0, 1, 1, 2, 0], [1.0, 0.4, 0.9, 0.7, 1.0], 0.7),
        ([1, 0, 0, 0, 2], [0.9, 0.5, 0.6, 0.5, 0.9], 0.6),  # something may stand in the gap
        ([1, 0, 0, 2], [0.9, 0.5, 0.5, 0.9], 0.9),  # where a blank begins and ends, it may waver
        ([0, 0, 0], [1.0, 1.0, 1.0], 0.0),
        ([], [], 0.0),
    ],
)
def test_a_reading_is_as_sure_as_its_least_sure_place(
    classes: list[int], confidences: list[float], expected: float
) -> None:
    sure = surety(np.array(classes, np.int64), np.array(confidences, np.float32))
    assert sure == pytest.approx(expected)


def test_a_thai_consonant_has_one_vowel_over_it() -> None:
    shares = np.array([1.0, 0.9, 0.6, 1.0], np.float32)
    chars = read_chars(np.array([1, 2, 3, 4]), shares, ("ด", "ิ", "ี", "ร"))
    assert "".join(char.text for char in chars) == "ดีร"


async def test_a_chinese_and_japanese_page_is_read() -> None:
    page = (DATA / "scripts" / "chinese_japanese.png").read_bytes()
    async with ReaderPool(PoolSettings(workers=1, page_timeout_s=60)) as pool:
        lines = (await pool.read_page(page, 1, ReadOptions(with_image=False))).page.lines
    read = [line.text.replace(" ", "") for line in lines]
    assert read[:1] + read[2:] == [
        "购买方名称：上海远东贸易有限公司",
        "税率13%税额1,599.00开票人王小明",
        "請求書株式会社山田商事御中",
        "お振込先三菱銀行普通預金1234567",
        "カタカナのノート二冊消費税10%",
        "一二三十工口日",
    ]


async def test_a_foreign_line_on_a_western_page_is_read() -> None:
    page = np.full((700, 900, 3), 255, np.uint8)
    foreign = cv2.imread(str(DATA / "scripts" / "chinese_japanese.png"))
    assert foreign is not None
    page[20:90] = foreign[20:90]
    for i in range(8):
        text = f"Item number {4711 + i} paper bags"
        cv2.putText(page, text, (50, 150 + 60 * i), cv2.FONT_HERSHEY_DUPLEX, 1.2, (0, 0, 0), 2)
    async with ReaderPool(PoolSettings(workers=1, page_timeout_s=60)) as pool:
        data = cv2.imencode(".png", page)[1].tobytes()
        lines = (await pool.read_page(data, 1, ReadOptions(with_image=False))).page.lines
    assert lines[0].text == "购买方名称：上海远东贸易有限公司"
    assert [line.text for line in lines[1:]] == [
        f"Item number {4711 + i} paper bags" for i in range(8)
    ]
