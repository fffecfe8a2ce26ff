"""A text layer is believed for its letters' habits, and doubted for what no writer would write."""

import random
import string
from collections.abc import Sequence
from pathlib import Path

import pytest

from ocr_service.domain.file_facts import Limits
from ocr_service.domain.page import Line, Word
from ocr_service.engine.text_layers import LayerReader
from ocr_service.intake.files import open_document
from ocr_service.intake.pdf_text import clean
from ocr_service.pipeline.plausibility import (
    has_lost_marks,
    is_language,
    is_plausible,
    is_strange,
)
from ocr_service.pipeline.recognition import WordInLine

FOLDER = Path(__file__).resolve().parents[2] / "data" / "odd"
SENTENCES = (
    "Please pay the amount within thirty days of receiving this invoice",
    "Bitte überweisen Sie den Betrag innerhalb von dreißig Tagen auf unser Konto",
    "Veuillez régler le montant de cette facture sous trente jours",
    "Le rogamos que abone el importe en un plazo de treinta días",
    "Gelieve het bedrag binnen dertig dagen over te maken",
    "กรุณาชำระเงินภายในสามสิบวันนับจากวันที่ได้รับใบแจ้งหนี้ฉบับนี้",
)
THAI = "กรุณาชำระเงินภายในสามสิบวันนับจากวันที่ได้รับใบแจ้งหนี้ฉบับนี้ ขอบคุณที่ใช้บริการ "
BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def line(text: str) -> Line:
    return Line(text, BOX, 1.0, tuple(Word(word, BOX, 1.0) for word in text.split()))


def without(text: str, first: str, last: str) -> str:
    return "".join(c for c in text if not first <= c <= last)


class NoEyes:
    """Pixels that nobody may look at."""

    def read_quads(self, *_: object) -> Sequence[tuple[WordInLine, ...]]:
        raise AssertionError("a sound page needs no inference")

    def read_picture(self, *_: object) -> tuple[Line, ...]:
        raise AssertionError("a sound page needs no inference")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_languages_are_known_by_their_letters(sentence: str) -> None:
    assert is_language(sentence)
    assert is_language(sentence.upper())


@pytest.mark.parametrize("sentence", SENTENCES[:5])
@pytest.mark.parametrize("seed", range(20))
def test_a_shuffled_alphabet_is_no_language(sentence: str, seed: int) -> None:
    letters = list(string.ascii_lowercase)
    random.Random(seed).shuffle(letters)  # noqa: S311  repeatable, not secret
    table = str.maketrans(string.ascii_lowercase, "".join(letters))
    assert not is_language(sentence.casefold().translate(table))


def test_little_text_and_numbers_prove_nothing() -> None:
    assert not is_language("Total")
    assert not is_language("1,284.50 20831 4711 " * 20)


def test_thai_without_its_marks_is_noticed() -> None:
    assert not has_lost_marks([line(THAI * 4)])
    assert has_lost_marks([line(without(THAI, "\u0e48", "\u0e4b") * 4)])
    bare = without(without(THAI, "\u0e47", "\u0e4e"), "\u0e34", "\u0e3a")
    assert has_lost_marks([line(bare)])


def test_thai_of_old_fonts_is_brought_to_the_standard() -> None:
    assert clean("ท\uf70a") == "ท\u0e48"
    assert clean("น\u0e49\u0e4d\u0e32") == clean("น\u0e4d\u0e49\u0e32") == "น\u0e49\u0e33"


@pytest.mark.parametrize("word", ["\ufffd\ufffd", "ab\ue012", "(cid:12)", "x\x07"])
def test_characters_that_mean_nothing_are_strange(word: str) -> None:
    assert is_strange(word)
    assert not is_plausible([line(f"{word} {word} good")])


def test_bullets_of_symbol_fonts_do_no_harm() -> None:
    assert is_plausible([line("\uf0b7 First item"), line("\uf0b7 Second")])


def test_a_sound_page_costs_no_inference() -> None:
    content = open_document((FOLDER / "plain.pdf").read_bytes(), Limits()).page(1)
    assert content.layer is not None
    believed = LayerReader().believed(content, content.layer, NoEyes())
    assert believed is not None
    assert believed.lines[0].text == "Invoice number 4711"
    assert "pixels" not in vars(content)  # nor a drawing
