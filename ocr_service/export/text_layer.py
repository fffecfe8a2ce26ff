"""Lines as PDF operators that lay invisible words over their picture."""

from collections.abc import Iterable, Sequence

import numpy as np

from ocr_service.domain.page import Line
from ocr_service.export.glyphless import ADVANCE, DESCENT, EM, CharCodes
from ocr_service.export.words import PlacedWord, placed_words
from ocr_service.pipeline.geometry import Floats, mapped

SMALLEST = 0.5
"""Points; a box that has shrunk to less still carries its word."""


def text_operators(lines: Iterable[Line], to_user: Floats, font: str, codes: CharCodes) -> bytes:
    """Write a content stream that leaves the graphics state as it finds it.

    Every word is stretched over its own box, along the line's slant, so that searching, selecting
    and copying follow what is seen.

    Args:
        lines: Those to write.
        to_user: (3, 3) transform from pixels of the page as given to the page's user space.
        font: The font's name in the page's resources.
        codes: Of the document; what occurs is added.
    """
    texts = [
        operators
        for line in lines
        if (words := placed_words(line))
        for operators in _line(words, to_user, font, codes)
    ]
    return "\n".join(["q", "BT", "3 Tr", *texts, "ET", "Q", ""]).encode("ascii")


def _line(
    words: Sequence[PlacedWord], to_user: Floats, font: str, codes: CharCodes
) -> Iterable[str]:
    quads = mapped(np.array([word.box for word in words], np.float64), to_user)
    along = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    # One direction for the line: that of a single narrow character would be mostly noise.
    course = along.sum(axis=0)
    length = float(np.linalg.norm(course))
    cos, sin = course / length if length > 0 else (1.0, 0.0)
    run, up = np.array([cos, sin]), np.array([-sin, cos])
    starts, ends = quads @ run, quads @ run
    heights = np.abs((quads[:, 0] + quads[:, 1] - quads[:, 2] - quads[:, 3]) @ up) / 2
    for index, word in enumerate(words):
        size = max(float(heights[index]), SMALLEST)
        start = float(starts[index, [0, 3]].mean())
        width = max(float(ends[index, [1, 2]].mean()) - start, SMALLEST)
        middle = float((quads[index] @ up).mean())
        x, y = start * run + (middle - size * (0.5 + DESCENT / EM)) * up
        stretch = 100 * width / (size * (codes.advance(word.text) or ADVANCE) / EM)
        # A space ends the line too: what stands close behind it is no part of its last word. It
        # goes with its word, as some readers take no notice of a space by itself.
        ends_here = word.is_spaced or index == len(words) - 1
        shown = codes.hexadecimal(word.text + " " if ends_here else word.text)
        turn = f"{cos:.6f} {sin:.6f} {-sin:.6f} {cos:.6f}"
        yield f"/{font} {size:.3f} Tf {turn} {x:.3f} {y:.3f} Tm {stretch:.3f} Tz <{shown}> Tj"
