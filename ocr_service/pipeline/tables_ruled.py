"""Ruled tables: lines that meet make grids, and lines that are missing make spans."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.page import CellKind
from ocr_service.pipeline.geometry import Floats
from ocr_service.pipeline.tables_grid import Grid, Span, clustered, spans_of
from ocr_service.pipeline.tables_rules import Rules
from ocr_service.pipeline.tables_words import TableWord, joined, kind_of, visual_lines

MEETING = 0.6
"""Lines whose ends are within this many text heights of each other meet."""
NEAREST = 0.9
"""Borders nearer to each other than this many text heights are one: double and thick lines."""
OPEN_SIDE = 1.5
"""Lines reaching so many text heights past the last border leave an open column or row there."""
COVERED = 0.6
"""Share of a field's side that lines must cover to divide it from the next."""
USED_COLUMNS = 0.5
"""With words in a smaller share of its columns a grid is a dashed line or a picture."""
MOST_BORDERS = 120
"""A grid with more rows or columns is a pattern, not a table."""


def ruled_grids(rules: Rules, words: Sequence[TableWord], height: float) -> list[Grid]:
    """Find the grids that lines make and that hold words in more than one row and column.

    Args:
        rules: Lines of the levelled page.
        words: Of the levelled page.
        height: Of its text.
    """
    grids = []
    for level, upright in _meeting(rules, MEETING * height):
        grid = _grid(rules.level[level], rules.upright[upright], height)
        if grid is None:
            continue
        grid = _parted_rows(grid, words, height)
        if _is_table(grid, words):
            grids.append(grid)
    return grids


def _meeting(rules: Rules, slack: float) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Group lines that touch one another, directly or by others."""
    level, upright = rules.level, rules.upright
    if len(level) < 2 or len(upright) < 1:
        return []
    x, y = upright[None, :, 2], level[:, None, 2]
    touch = (
        (level[:, None, 0] - slack <= x)
        & (x <= level[:, None, 1] + slack)
        & (upright[None, :, 0] - slack <= y)
        & (y <= upright[None, :, 1] + slack)
    )
    group = np.arange(len(level))
    while True:
        # Each upright line takes the lowest group it touches and hands it back; few rounds do.
        by_upright = np.where(touch, group[:, None], len(level)).min(axis=0)
        lower = np.minimum(group, np.where(touch, by_upright[None, :], len(level)).min(axis=1))
        if (lower == group).all():
            break
        group = lower
    return [
        (np.flatnonzero(group == g), np.flatnonzero(by_upright == g))
        for g in np.unique(group).tolist()
        if (by_upright == g).any()
    ]


def _grid(level: Floats, upright: Floats, height: float) -> Grid | None:
    ys = _borders(level[:, 2], upright[:, :2], height)
    xs = _borders(upright[:, 2], level[:, :2], height)
    if not (2 <= len(ys) <= MOST_BORDERS and 3 <= len(xs) <= MOST_BORDERS):
        return None
    slack = NEAREST * height
    down = [_cover(upright[np.abs(upright[:, 2] - x) <= slack, :2], ys) for x in xs]
    across = [_cover(level[np.abs(level[:, 2] - y) <= slack, :2], xs) for y in ys]
    spans = spans_of(
        len(ys) - 1,
        len(xs) - 1,
        lambda row, column: down[column + 1][row] >= COVERED,
        lambda row, column: across[row + 1][column] >= COVERED,
    )
    return Grid(tuple(xs), tuple(ys), spans, is_ruled=True)


def _borders(places: Floats, ends: Floats, height: float) -> list[float]:
    """Give the borders of one direction; the crossing lines' ends close an open side."""
    found = clustered(places.tolist(), NEAREST * height)
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if low < found[0] - OPEN_SIDE * height:
        found.insert(0, low)
    if high > found[-1] + OPEN_SIDE * height:
        found.append(high)
    return found


def _cover(lines: Floats, borders: Sequence[float]) -> list[float]:
    """Share of each stretch between borders that lines (start, end) cover."""
    shares = []
    for low, high in itertools.pairwise(borders):
        covered, reached = 0.0, low
        for start, end in sorted(lines.tolist()):
            covered += max(0.0, min(end, high) - max(start, reached))
            reached = max(reached, end)
        shares.append(covered / max(high - low, 1e-6))
    return shares


def _parted_rows(grid: Grid, words: Sequence[TableWord], height: float) -> Grid:
    """Part rows that hold several entries one below the other, as in forms without row lines."""
    ys: list[float] = [grid.ys[0]]
    spans: list[Span] = []
    first_of: list[int] = []  # the new number of each old row
    for row, (top, bottom) in enumerate(zip(grid.ys, grid.ys[1:], strict=False)):
        first_of.append(len(ys) - 1)
        across = [s for s in grid.spans if s.row <= row < s.row + s.rows]
        if all(s.rows == 1 for s in across) and len(across) > 2:
            inside = [w for w in words if top < w.middle < bottom]
            ys += _entry_borders(grid, across, inside, height)
        ys.append(bottom)
    first_of.append(len(ys) - 1)
    for span in grid.spans:
        start, end = first_of[span.row], first_of[span.row + span.rows]
        if span.rows > 1:
            spans.append(Span(start, span.column, end - start, span.columns))
        else:
            spans += [Span(r, span.column, 1, span.columns) for r in range(start, end)]
    ordered = tuple(sorted(spans, key=lambda s: (s.row, s.column)))
    return Grid(grid.xs, tuple(ys), ordered, is_ruled=True)


def _entry_borders(
    grid: Grid, across: Sequence[Span], words: Sequence[TableWord], height: float
) -> list[float]:
    """Find where entries begin: at the values of the column that has most of them."""
    columns = [
        visual_lines(
            [
                w
                for w in words
                if grid.xs[s.column] < (w.x0 + w.x1) / 2 < grid.xs[s.column + s.columns]
            ],
            height,
        )
        for s in across
    ]
    values = [
        [line for line in lines if kind_of(joined(line)) is not CellKind.TEXT] for lines in columns
    ]
    anchors = max(
        (found for found, lines in zip(values, columns, strict=True) if len(found) == len(lines)),
        key=len,
        default=[],
    )
    others = sum(len(lines) >= len(anchors) for lines in columns)
    if len(anchors) < 2 or others < 3:
        return []
    return [min(w.y0 for w in line) - 0.15 * height for line in anchors[1:]]


def _is_table(grid: Grid, words: Sequence[TableWord]) -> bool:
    """Tell whether words stand in two rows and two columns at least, and not just in a frame."""
    left, top, right, bottom = grid.box
    inside = [w for w in words if left < (w.x0 + w.x1) / 2 < right and top < w.middle < bottom]
    if not inside:
        return False
    rows = np.unique(np.searchsorted(grid.ys, [w.middle for w in inside]))
    columns = np.unique(np.searchsorted(grid.xs, [(w.x0 + w.x1) / 2 for w in inside]))
    used = len(columns) >= USED_COLUMNS * (len(grid.xs) - 1)
    return used and len(grid.spans) >= 4 and len(rows) > 1 and len(columns) > 1
