"""A PDF page's text layer as lines of words with boxes on the page as given."""

import unicodedata
from collections import Counter, defaultdict
from typing import Any

import numpy as np

from ocr_service.domain.page import Line, Word
from ocr_service.intake.content import TextLayer
from ocr_service.pipeline.geometry import Floats, as_quad, mapped

TEXT_FLAGS = 1 | 2 | 64
"""Keep ligatures and spaces, leave out what lies off the page. Not set: the flag that shows glyphs
without a character as their number in the font, which would pass for text."""
PAINTED = 16 | 32
"""Flags of a filled or stroked character; neither is set for hidden text."""
CELL_GAP = 1.5
"""Words further apart than this many line heights are no longer one line but cells of a row."""

# Corners from where reading starts, for text that runs right, down, left, up.
_START = {0: (0, 1, 2, 3), 90: (1, 2, 3, 0), 180: (2, 3, 0, 1), 270: (3, 0, 1, 2)}


def text_layer(page: Any, zoom: float) -> TextLayer | None:
    """Take a page's text; None where it has none.

    Args:
        page: An open `pymupdf.Page`; the library is untyped.
        zoom: Pixels of the page as given in a point.
    """
    text = page.get_textpage(flags=TEXT_FLAGS)
    turns, hidden = _directions(text.extractDICT())
    a, b, c, d, e, f = page.rotation_matrix
    to_pixels = np.array([[a, c, e], [b, d, f], [0, 0, 1]]) * [[zoom], [zoom], [1]]
    width, height = page.rect.width * zoom, page.rect.height * zoom
    cells: dict[tuple[int, int], list[tuple[str, Floats]]] = defaultdict(list)
    for x0, y0, x1, y1, word, block, line, _ in text.extractWORDS():
        cleaned = unicodedata.normalize("NFC", word).strip("\u00a0\u200b\ufeff")
        if cleaned:
            corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
            cells[block, line].append((cleaned, corners))
    lines = []
    facing: Counter[int] = Counter()
    for key, words in cells.items():
        turn = turns.get(key, 0)
        facing[(turn + page.rotation) % 360] += sum(len(word) for word, _ in words)
        for cell in _cells(words, turn):
            made = [(word, mapped(box, to_pixels)[list(_START[turn])]) for word, box in cell]
            line_box = mapped(_around([box for _, box in cell]), to_pixels)[list(_START[turn])]
            lines.append(
                Line(
                    " ".join(word for word, _ in made),
                    as_quad(line_box, width, height),
                    1.0,
                    tuple(Word(word, as_quad(box, width, height), 1.0) for word, box in made),
                )
            )
    if not lines:
        return None
    # Text that runs down the page is brought upright by a turn back.
    return TextLayer(tuple(lines), -facing.most_common(1)[0][0] % 360, hidden)


def _directions(
    text: dict[str, list[dict[str, object]]],
) -> tuple[dict[tuple[int, int], int], bool]:
    """Give the clockwise angle each line runs at, and whether most characters are hidden."""
    turns = {}
    painted = hidden = 0
    for block in text["blocks"]:
        for number, line in enumerate(_listed(block.get("lines"))):
            x, y = _pair(line["dir"])
            turns[int(str(block["number"])), number] = (
                round(float(np.degrees(np.arctan2(y, x))) / 90) * 90 % 360
            )
            for span in _listed(line["spans"]):
                count = len(str(span["text"]))
                if int(str(span["char_flags"])) & PAINTED:
                    painted += count
                else:
                    hidden += count
    return turns, hidden > painted


def _cells(words: list[tuple[str, Floats]], turn: int) -> list[list[tuple[str, Floats]]]:
    """Divide a line's words where a wide gap parts them."""
    along, across = (0, 1) if turn in (0, 180) else (1, 0)
    backward = turn in (180, 270)
    cells: list[list[tuple[str, Floats]]] = []
    for word, box in words:
        if cells:
            last = cells[-1][-1][1]
            low, high = (box, last) if backward else (last, box)
            gap = high[:, along].min() - low[:, along].max()
            if gap <= CELL_GAP * np.ptp(last[:, across]):
                cells[-1].append((word, box))
                continue
        cells.append([(word, box)])
    return cells


def _around(boxes: list[Floats]) -> Floats:
    points = np.concatenate(boxes)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _pair(value: object) -> tuple[float, float]:
    return (float(value[0]), float(value[1])) if isinstance(value, tuple) else (1.0, 0.0)
