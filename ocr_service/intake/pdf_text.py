"""A PDF page's text layer as lines of words with boxes on the page as given."""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np

from ocr_service.domain.page import Line, Quad, Word
from ocr_service.intake.content import Run, TextLayer

TEXT_FLAGS = 1 | 2 | 64
"""Keep ligatures and spaces, leave out what lies off the page. Not set: the flag that shows glyphs
without a character as their number in the font, which would pass for text."""
PAINTED = 16 | 32
"""Flags of a filled or stroked character; neither is set for hidden text."""
CELL_GAP = 1.5
"""Words further apart than this many line heights are no longer one line but cells of a row."""
INVISIBLE = "\u00a0\u200b\ufeff"

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""

# Corners from where reading starts, for text that runs right, down, left, up.
_START = {0: (0, 1, 2, 3), 90: (1, 2, 3, 0), 180: (2, 3, 0, 1), 270: (3, 0, 1, 2)}

# Old Thai fonts keep marks that were moved up or aside under private numbers.
_THAI_PRIVATE = {
    private + i: chr(real + i)
    for private, real, count in (
        *((0xF700, 0x0E10, 1), (0xF701, 0x0E34, 4), (0xF705, 0x0E48, 5), (0xF70A, 0x0E48, 5)),
        *((0xF70F, 0x0E0D, 1), (0xF710, 0x0E31, 1), (0xF711, 0x0E4D, 1), (0xF712, 0x0E47, 1)),
        *((0xF713, 0x0E48, 5), (0xF718, 0x0E38, 3)),
    )
    for i in range(count)
}


class _Span(TypedDict):
    """The parts of the library's dictionaries that are used."""

    font: str
    text: str
    char_flags: int
    bbox: Rect


class _Line(TypedDict):
    dir: tuple[float, float]
    spans: list[_Span]


class _Block(TypedDict, total=False):
    number: int
    lines: list[_Line]


def text_layer(page: Any, zoom: float, width: float, height: float) -> TextLayer | None:
    """Take a page's text; None where it has none.

    Args:
        page: An open `pymupdf.TextPage` of the page as given; the library is untyped.
        zoom: Pixels of the page as given in a point.
        width: Of the page, pixels; boxes are held inside.
        height: Of the page, pixels.
    """
    blocks: list[_Block] = page.extractDICT()["blocks"]
    turns: dict[tuple[int, int], int] = {}
    spans: list[tuple[_Span, int]] = []
    for block in blocks:
        for number, line in enumerate(block.get("lines", ())):
            x, y = line["dir"]
            turn = round(math.degrees(math.atan2(y, x)) / 90) % 4 * 90
            turns[block["number"], number] = turn
            spans += [(span, turn) for span in line["spans"]]

    def in_pixels(rects: Sequence[Rect]) -> list[Rect]:
        scaled = np.array(rects, np.float64).reshape(-1, 2, 2) * zoom
        rows = scaled.clip(0, (width, height)).round(2).reshape(-1, 4).tolist()
        return [(x0, y0, x1, y1) for x0, y0, x1, y1 in rows]

    runs: list[Run] = []
    painted = hidden = 0
    for (span, turn), rect in zip(spans, in_pixels([s["bbox"] for s, _ in spans]), strict=True):
        if text := clean(span["text"]).strip():
            runs.append(Run(span["font"], text, _quad(rect, turn)))
            if span["char_flags"] & PAINTED:
                painted += len(text)
            else:
                hidden += len(text)
    found = page.extractWORDS()
    words: dict[tuple[int, int], list[tuple[str, Rect]]] = defaultdict(list)
    for word, rect in zip(found, in_pixels([word[:4] for word in found]), strict=True):
        if cleaned := clean(word[4]):
            words[word[5], word[6]].append((cleaned, rect))
    lines: list[Line] = []
    facing: Counter[int] = Counter()
    for key, placed in words.items():
        turn = turns.get(key, 0)
        facing[turn] += sum(len(word) for word, _ in placed)
        for cell in _cells(placed, turn):
            made = tuple(Word(word, _quad(rect, turn), 1.0) for word, rect in cell)
            box = _quad(_around([rect for _, rect in cell]), turn)
            lines.append(Line(" ".join(word.text for word in made), box, 1.0, made))
    if not lines:
        return None
    # Text that runs down the page is brought upright by a turn back.
    rotation = -facing.most_common(1)[0][0] % 360
    return TextLayer(tuple(lines), tuple(runs), rotation, hidden > painted)


def clean(word: str) -> str:
    """Bring a word to one spelling: NFC, Thai by the standard's numbers and order, no blanks."""
    if word.isascii():
        return word
    text = word.translate(_THAI_PRIVATE)
    # Sara am taken apart, with or without a tone mark between its halves.
    for tone in ("", "\u0e48", "\u0e49", "\u0e4a", "\u0e4b"):
        text = text.replace(f"\u0e4d{tone}\u0e32", f"{tone}\u0e33")
        text = text.replace(f"{tone}\u0e4d\u0e32", f"{tone}\u0e33")
    return unicodedata.normalize("NFC", text).strip(INVISIBLE)


def _cells(words: list[tuple[str, Rect]], turn: int) -> list[list[tuple[str, Rect]]]:
    """Divide a line's words where a wide gap parts them."""
    low, across = (0, 1) if turn in (0, 180) else (1, 0)
    cells: list[list[tuple[str, Rect]]] = []
    for word, rect in words:
        if cells:
            last = cells[-1][-1][1]
            before, after = (rect, last) if turn in (180, 270) else (last, rect)
            gap = after[low] - before[low + 2]
            if gap <= CELL_GAP * (last[across + 2] - last[across]):
                cells[-1].append((word, rect))
                continue
        cells.append([(word, rect)])
    return cells


def _quad(rect: Rect, turn: int) -> Quad:
    x0, y0, x1, y1 = rect
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    a, b, c, d = _START[turn]
    return corners[a], corners[b], corners[c], corners[d]


def _around(rects: list[Rect]) -> Rect:
    x0, y0, x1, y1 = zip(*rects, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
