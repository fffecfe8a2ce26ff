"""CTC: what was written comes back, in words that stand where their characters do."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_service.pipeline.ctc import BLANK, ReadChar, read_chars, words_of

ALPHABET = (*"abcdefghij0123456789.-", " ")
texts = st.text(st.sampled_from(ALPHABET), max_size=40)


def path_of(text: str, stay: int, gap: int) -> np.ndarray:
    """Write a text as a best path: each character `stay` steps, `gap` blanks between."""
    steps: list[int] = [BLANK]
    for char in text:
        steps += [ALPHABET.index(char) + 1] * stay + [BLANK] * gap
    return np.array(steps, np.int64)


@given(texts, st.integers(1, 3), st.integers(1, 3))
def test_a_path_reads_back_as_its_text(text: str, stay: int, gap: int) -> None:
    path = path_of(text, stay, gap)
    chars = read_chars(path, np.full(len(path), 0.5, np.float32), ALPHABET)
    assert "".join(char.text for char in chars) == text
    assert all(char.last - char.first == stay - 1 for char in chars)


@given(texts)
def test_words_are_what_stands_between_spaces(text: str) -> None:
    path = path_of(text, 1, 1)
    words = words_of(read_chars(path, np.ones(len(path), np.float32), ALPHABET), len(path))
    assert [word.text for word in words] == text.split()


@given(texts)
def test_words_stand_in_order_inside_the_crop(text: str) -> None:
    path = path_of(text, 2, 1)
    words = words_of(read_chars(path, np.ones(len(path), np.float32), ALPHABET), len(path))
    for word in words:
        assert 0 <= word.start < word.end <= len(path)
    for left, right in pairwise(words):
        assert left.end <= right.start + 1


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6))
def test_confidence_is_the_highest_of_a_run(values: list[float]) -> None:
    path = np.full(len(values), 1, np.int64)
    (char,) = read_chars(path, np.array(values, np.float32), ALPHABET)
    assert char.confidence == max(values)


def test_a_space_the_model_left_out_is_seen_in_the_gap() -> None:
    places = [2, 4, 6, 8, 10, 12, 22, 24, 26, 28]
    chars = [
        ReadChar(char, 1.0, place, place) for char, place in zip("2018231503", places, strict=True)
    ]
    assert [word.text for word in words_of(chars, 32)] == ["201823", "1503"]


@pytest.mark.parametrize("text", ["1.500", "第一二三四五六"])
def test_wide_gaps_at_dots_and_between_ideographs_part_nothing(text: str) -> None:
    places = [3 * i + (9 if i > 1 else 0) for i in range(len(text))]
    chars = [ReadChar(char, 1.0, place, place) for char, place in zip(text, places, strict=True)]
    assert [word.text for word in words_of(chars, 60)] == [text]


def test_an_empty_path_reads_as_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    assert read_chars(nothing, np.zeros(0, np.float32), ALPHABET) == []
    assert words_of([], 0) == []
