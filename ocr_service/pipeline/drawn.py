"""What is read like text and is none: rules drawn with characters, and texture."""

from collections.abc import Sequence
from itertools import groupby

from ocr_service.pipeline.recognition import WordInLine, line_confidence

RULE_MARKS = 8
"""A line of so many marks and nothing else divides a page and says nothing."""
RULE_KINDS = 2
"""It is drawn with one mark, or with two in turns."""
TEXTURE_RUN = 5
"""No word has one letter so many times in a row; the torn edge of a receipt has."""
TEXTURE_CONFIDENCE = 0.8
"""Surer lines are believed: `XXXXXXXXXXXX1234` is a card's number."""


def is_rule(words: Sequence[WordInLine]) -> bool:
    """Tell whether a line is one drawn with marks, such as a row of asterisks."""
    text = "".join(word.text for word in words)
    return (
        len(text) >= RULE_MARKS and not any(map(str.isalnum, text)) and len(set(text)) <= RULE_KINDS
    )


def is_texture(words: Sequence[WordInLine]) -> bool:
    """Tell whether a line that was read unsurely repeats itself as no text does."""
    text = "".join(word.text for word in words)
    runs = (len(list(run)) for letter, run in groupby(text) if not letter.isdigit())
    return line_confidence(words) < TEXTURE_CONFIDENCE and max(runs, default=0) >= TEXTURE_RUN
