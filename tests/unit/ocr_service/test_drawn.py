"""Rules drawn with characters and texture are told from text."""

import pytest

from ocr_service.pipeline.drawn import is_rule, is_texture
from ocr_service.pipeline.recognition import WordInLine


def line(text: str, confidence: float = 0.99) -> tuple[WordInLine, ...]:
    return tuple(WordInLine(word, confidence, 0.0, 1.0) for word in text.split())


@pytest.mark.parametrize(
    "text", ["********************", "----------", "=-=-=-=-=-", "- - - - - - - -"]
)
def test_a_row_of_marks_is_a_rule(text: str) -> None:
    assert is_rule(line(text))


@pytest.mark.parametrize(
    "text", ["", "-", "***", "**** THANK YOU ****", "00000000", "IIIIIIIIII", "(*) [+] {-} <=>"]
)
def test_text_and_lone_marks_are_no_rule(text: str) -> None:
    assert not is_rule(line(text))


def test_an_unsure_line_that_repeats_itself_is_texture() -> None:
    assert is_texture(line("wwwwwwwwww m", 0.65))
    assert not is_texture(line("Mittwoch, wwwy", 0.65))


def test_a_masked_card_and_zeros_are_text() -> None:
    assert not is_texture(line("XXXXXXXXXXXX1234", 0.95))
    assert not is_texture(line("1000000000", 0.6))
