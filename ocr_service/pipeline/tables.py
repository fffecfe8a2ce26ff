"""Tables of a page: grids from lines or alignment, words put into cells, cells typed."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.page import Cell, CellKind, Line, Page, Quad, Table, TextSource
from ocr_service.pipeline.geometry import Floats, mapped, straightening, turning
from ocr_service.pipeline.tables_borderless import borderless_grids
from ocr_service.pipeline.tables_grid import Grid, Span
from ocr_service.pipeline.tables_ruled import ruled_grids
from ocr_service.pipeline.tables_rules import Rules, rules_in, rules_of_strokes
from ocr_service.pipeline.tables_words import (
    TableWord,
    joined,
    kind_of,
    text_height,
    visual_lines,
    words_on,
)

Pixels = NDArray[np.uint8]
Edges = tuple[float, float, float, float]

FEWEST_WORDS = 6
MOST_WORDS = 20_000
"""Pages with fewer or more words are not looked at for tables."""
FRAME_CELLS = 12
"""A ruled grid with fewer cells around a whole borderless table is the page's frame."""


def with_tables(page: Page, strokes: Floats | None, pixels: Callable[[], Pixels]) -> Page:
    """Add its tables to a page that was read.

    Args:
        page: With lines.
        strokes: (N, 4) ends of the lines that its file draws, pixels of the page as given.
        pixels: Gives the (H, W, 3) BGR page; asked only where the lines must be found in it.
    """
    if not FEWEST_WORDS <= sum(len(line.words) for line in page.lines) <= MOST_WORDS:
        return page
    size, rotation, skew = (page.width, page.height), page.rotation, page.skew_degrees
    if page.text_source is TextSource.TEXT_LAYER and strokes is not None:
        rules = rules_of_strokes(strokes, uprighting(size, rotation, skew))
    else:
        rules = rules_on_page(pixels(), size, rotation, skew)
    return replace(page, tables=find_tables(page.lines, rules, size, rotation, skew))


def find_tables(
    lines: Sequence[Line],
    rules: Rules,
    size: tuple[float, float],
    rotation: int = 0,
    skew_degrees: float = 0.0,
) -> tuple[Table, ...]:
    """Find the tables of a page, from top to bottom.

    Args:
        lines: As read, boxes in pixels of the page as given.
        rules: Drawn lines, on the page turned upright and levelled.
        size: Width and height of the page as given.
        rotation: Clockwise degrees that bring the page upright.
        skew_degrees: Slant left after that turn, clockwise positive.
    """
    to_upright = uprighting(size, rotation, skew_degrees)
    words = words_on(lines, to_upright)
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
        return ()
    height = text_height(words)
    grids = _chosen(ruled_grids(rules, words, height), borderless_grids(words, height))
    back = np.asarray(np.linalg.inv(to_upright), np.float64)
    return tuple(
        _table(grid, words, height, back, size) for grid in sorted(grids, key=lambda g: g.ys[0])
    )


def rules_on_page(
    image: Pixels, size: tuple[float, float], rotation: int, skew_degrees: float
) -> Rules:
    """Find the lines of a page in a picture of it, in pixels of the upright page."""
    found = rules_in(image, rotation, skew_degrees)
    scale = size[0] / image.shape[1]
    return Rules(found.level * scale, found.upright * scale)


def uprighting(size: tuple[float, float], rotation: int, skew_degrees: float) -> Floats:
    """Give the transform from the page as given to the upright, level page."""
    width, height = size if rotation in (0, 180) else (size[1], size[0])
    level, *_ = straightening(width, height, skew_degrees)
    return level @ turning(size[0], size[1], rotation)


def _chosen(ruled: Sequence[Grid], borderless: Sequence[Grid]) -> list[Grid]:
    """Prefer drawn lines, except for a frame that holds a table of its own."""
    kept = [
        grid
        for grid in ruled
        if len(grid.spans) >= FRAME_CELLS or not any(_in_one_cell(b, grid) for b in borderless)
    ]
    return kept + [b for b in borderless if not any(_overlap(b, grid) for grid in kept)]


def _in_one_cell(inner: Grid, outer: Grid) -> bool:
    x0, y0, x1, y1 = inner.box
    for span in outer.spans:
        left, top, right, bottom = _edges(outer, span)
        if left <= (x0 + x1) / 2 <= right and top <= y0 and y1 <= bottom:
            return x1 - x0 <= 1.05 * (right - left)
    return False


def _overlap(a: Grid, b: Grid) -> bool:
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a.box, b.box
    return ax0 < bx1 and bx0 < ax1 and ay0 < by1 and by0 < ay1


def _table(
    grid: Grid, words: Sequence[TableWord], height: float, back: Floats, size: tuple[float, float]
) -> Table:
    held: dict[Span, list[TableWord]] = defaultdict(list)
    owner = {
        (row, column): span
        for span in grid.spans
        for row in range(span.row, span.row + span.rows)
        for column in range(span.column, span.column + span.columns)
    }
    left, top, right, bottom = grid.box
    for word in words:
        x = (word.x0 + word.x1) / 2
        if left <= x <= right and top <= word.middle <= bottom:
            held[owner[_place(grid.ys, word.middle), _place(grid.xs, x)]].append(word)
    texts = {
        span: "\n".join(joined(line) for line in visual_lines(held[span], height))
        for span in grid.spans
    }
    kinds = {span: kind_of(text) for span, text in texts.items()}
    heading_rows = grid.header_rows
    if heading_rows is None:
        heading_rows = _heading_rows(grid, texts, kinds)

    whole, *boxes = _quads([grid.box, *(_edges(grid, span) for span in grid.spans)], back, size)
    cells = tuple(
        Cell(
            span.row,
            span.column,
            span.rows,
            span.columns,
            span.row < heading_rows,
            kinds[span],
            texts[span],
            box,
            _confidence(held[span]),
        )
        for span, box in zip(grid.spans, boxes, strict=True)
    )
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    return Table(rows, columns, grid.is_ruled, whole, cells)


def _heading_rows(grid: Grid, texts: dict[Span, str], kinds: dict[Span, CellKind]) -> int:
    """Count the rows of headings: text in most cells of the first, over values below it."""
    first = [span for span in grid.spans if span.row == 0]
    rows = max(span.rows for span in first)
    top = [span for span in grid.spans if span.row < rows]
    titled = sum(bool(texts[span]) for span in top)
    plain = all(kinds[span] is CellKind.TEXT for span in top)
    values = any(kinds[span] is not CellKind.TEXT for span in grid.spans if span.row >= rows)
    return rows if plain and values and titled > 1 and titled * 2 >= len(top) else 0


def _edges(grid: Grid, span: Span) -> Edges:
    return (
        grid.xs[span.column],
        grid.ys[span.row],
        grid.xs[span.column + span.columns],
        grid.ys[span.row + span.rows],
    )


def _place(borders: Sequence[float], at: float) -> int:
    return min(max(bisect_left(borders, at) - 1, 0), len(borders) - 2)


def _quads(edges: Sequence[Edges], back: Floats, size: tuple[float, float]) -> list[Quad]:
    x0, y0, x1, y1 = np.array(edges, np.float64).T
    upright = np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1).reshape(-1, 4, 2)
    held = np.clip(mapped(upright, back), 0, size).round(2).tolist()
    return [((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])) for a, b, c, d in held]


def _confidence(words: Sequence[TableWord]) -> float:
    count = sum(len(word.text) for word in words)
    if not count:
        return 1.0
    return round(sum(word.confidence * len(word.text) for word in words) / count, 4)
