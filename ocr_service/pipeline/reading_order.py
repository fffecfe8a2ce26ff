"""The order in which people read the lines of an upright, level page.

Rows are read from the top, each from the left. Text that is set in columns is read column by
column; a table is not, though it has columns too: its cells are short.
"""

from itertools import pairwise
from statistics import median

import numpy as np

from ocr_service.pipeline.geometry import Floats

SAME_ROW_OVERLAP = 0.5
"""Share of the lower of two heights that must be common for two boxes to share a row."""
GUTTER = 0.8
"""Columns of text stand at least so many text heights apart …"""
COLUMN_WIDTH = 12.0
"""… are so many heights wide …"""
COLUMN_LINES = 4
"""… have so many lines …"""
FULL_LINES = 0.7
"""… and most of these take up this share of the column's width, as the cells of a table do not."""


def reading_order(quads: Floats) -> list[int]:
    """Order (N, 4, 2) quads: rows from the top, each from the left, columns of text one by one."""
    if len(quads) == 0:
        return []
    edges = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    return _ordered(list(range(len(edges))), edges)


def _ordered(members: list[int], edges: Floats) -> list[int]:
    """Order boxes by number; edges are (N, 4): left, upper, right, lower."""
    rows = _rows(members, edges)
    order: list[int] = []
    at = 0
    while at < len(rows):
        end, gutter = _columns(rows, at, edges)
        if end > at:
            inside = [i for row in rows[at:end] for i in row]
            left = [i for i in inside if edges[i, 2] <= gutter]
            order += _ordered(left, edges) + _ordered([i for i in inside if i not in left], edges)
            at = end
        else:
            order += rows[at]
            at += 1
    return order


def _rows(members: list[int], edges: Floats) -> list[list[int]]:
    """Gather boxes into rows.

    A row is grown from its first box, not from the last one added, so that a slanted or stepped
    run of boxes does not chain two rows into one.
    """
    left, top, _, bottom = edges.T
    rows: list[list[int]] = []
    for i in sorted(members, key=lambda i: ((top[i] + bottom[i]) / 2, left[i])):
        if rows:
            first = rows[-1][0]
            common = min(bottom[i], bottom[first]) - max(top[i], top[first])
            lower = min(bottom[i] - top[i], bottom[first] - top[first])
            if common >= SAME_ROW_OVERLAP * lower:
                rows[-1].append(i)
                continue
        rows.append([i])
    return [sorted(row, key=lambda k: (left[k], top[k])) for row in rows]


def _columns(rows: list[list[int]], start: int, edges: Floats) -> tuple[int, float]:
    """Find how far two columns go on from a row, and where they part; `start` where they do not."""
    for one, other in pairwise(rows[start]):
        if not (_is_long(edges[one]) and _is_long(edges[other])):
            continue
        low, high = edges[one, 2], edges[other, 0]
        end = start
        while end < len(rows):
            narrower = _gap(rows[end], edges, low, high)
            height = median(edges[i, 3] - edges[i, 1] for i in rows[end])
            if narrower is None or narrower[1] - narrower[0] < GUTTER * height:
                break
            low, high = narrower
            end += 1
        middle = (low + high) / 2
        inside = [i for row in rows[start:end] for i in row]
        left = [i for i in inside if edges[i, 2] <= middle]
        right = [i for i in inside if i not in left]
        if _is_text(left, edges) and _is_text_in_columns(right, edges):
            return end, middle
    return start, 0.0


def _is_long(edges: Floats) -> bool:
    """Tell whether one box could be a line of a column."""
    height = edges[3] - edges[1]
    return bool(edges[2] - edges[0] >= FULL_LINES * COLUMN_WIDTH * height)


def _gap(row: list[int], edges: Floats, low: float, high: float) -> tuple[float, float] | None:
    """Narrow a gap by the boxes of a row; None where one of them goes through it."""
    for i in row:
        x0, x1 = edges[i, 0], edges[i, 2]
        if x0 <= low and x1 >= high:
            return None
        middle = (low + high) / 2
        if (x0 + x1) / 2 < middle:
            low = max(low, x1)
        else:
            high = min(high, x0)
    return low, high


def _is_text_in_columns(members: list[int], edges: Floats) -> bool:
    """Tell whether boxes are running text, in one column or several."""
    if _is_text(members, edges):
        return True
    rows = _rows(members, edges)
    return _columns(rows, 0, edges)[0] == len(rows)


def _is_text(column: list[int], edges: Floats) -> bool:
    """Tell whether boxes are the lines of running text."""
    if len(column) < COLUMN_LINES:
        return False
    boxes = edges[column]
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    wide = float(boxes[:, 2].max() - boxes[:, 0].min())
    full = float(np.median(boxes[:, 2] - boxes[:, 0])) >= FULL_LINES * wide
    return full and wide >= COLUMN_WIDTH * height
