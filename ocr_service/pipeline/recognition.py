"""Reading quads on an image: crops in, lines of words with shares of their quad out."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.crops import cut, parts
from ocr_service.pipeline.ctc import read_chars, surety, words_of
from ocr_service.pipeline.geometry import Floats
from ocr_service.pipeline.ports import LineRecogniser
from paperwork.values.text import ordered_thai


@dataclass(frozen=True, slots=True)
class WordInLine:
    """One word as read on a strip.

    Attributes:
        text: In Unicode NFC, Thai marks in order.
        confidence: In [0, 1].
        start: Left edge as a share of the line's length.
        end: Right edge as a share of the line's length.
    """

    text: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class LineReading:
    """What a recogniser made of a strip.

    Attributes:
        words: From left to right.
        surety: Of its least sure place, see `ctc.surety`.
    """

    words: tuple[WordInLine, ...]
    surety: float


def recognise(
    image: NDArray[np.uint8], quads: Floats, recogniser: LineRecogniser
) -> list[tuple[WordInLine, ...]]:
    """Read (N, 4, 2) quads on an (H, W, 3) BGR image; an unread quad gives no words."""
    return read_strips([cut(image, quad) for quad in quads], recogniser)


def read_strips(
    strips: Sequence[NDArray[np.uint8]], recogniser: LineRecogniser
) -> list[tuple[WordInLine, ...]]:
    """Read (48, W, 3) BGR strips, each a line; an unread one gives no words."""
    return [reading.words for reading in readings(strips, recogniser)]


def readings(strips: Sequence[NDArray[np.uint8]], recogniser: LineRecogniser) -> list[LineReading]:
    """Read (48, W, 3) BGR strips, each a line, and tell how sure the reading is."""
    pieces = [(i, a, b) for i, strip in enumerate(strips) for a, b in parts(strip)]
    words: list[list[WordInLine]] = [[] for _ in strips]
    sureties = [1.0] * len(strips)
    paths = recogniser.best_paths([strips[i][:, a:b] for i, a, b in pieces])
    for (i, start, end), (classes, confidences) in zip(pieces, paths, strict=True):
        width = strips[i].shape[1]
        sureties[i] = min(sureties[i], surety(classes, confidences))
        chars = read_chars(classes, confidences, recogniser.alphabet)
        step_px = (end - start) / max(1, len(classes))
        for word in words_of(chars, len(classes)):
            words[i].append(
                WordInLine(
                    ordered_thai(unicodedata.normalize("NFC", word.text)),
                    word.confidence,
                    min(1.0, (start + word.start * step_px) / width),
                    min(1.0, (start + word.end * step_px) / width),
                )
            )
    return [LineReading(tuple(line), sure) for line, sure in zip(words, sureties, strict=True)]


def line_confidence(words: Sequence[WordInLine]) -> float:
    """Mean over the characters of a line; 0 for no words."""
    count = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / count if count else 0.0
