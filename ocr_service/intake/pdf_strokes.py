"""The straight lines that a PDF page draws: borders and rules, straight from its own orders."""

from typing import Any

import numpy as np

from ocr_service.pipeline.geometry import Floats, mapped

THIN_PT = 3.0
"""Filled rectangles thinner than this are lines."""
SHORTEST_PT = 5.0
LARGEST_CONTENT = 400_000
"""Bytes of orders, compressed; a page with more is a map or a plan, and slow to look through."""
WHITE = 0.97


def strokes_of(page: Any, zoom: float) -> Floats:
    """Give (N, 4) start x, y and end x, y of level and upright lines, pixels of the page as given.

    Args:
        page: An open `pymupdf.Page`; the library is untyped.
        zoom: Pixels of the page as given in a point.
    """
    orders = sum(len(page.parent.xref_stream_raw(xref)) for xref in page.get_contents())
    if orders > LARGEST_CONTENT:
        return np.zeros((0, 4))
    lines: list[tuple[float, float, float, float]] = []
    for path in page.get_cdrawings():
        is_stroked = "s" in path["type"] and min(path.get("color") or (0,)) < WHITE
        is_filled = "f" in path["type"] and min(path.get("fill") or (1,)) < WHITE
        for shape, *points in path["items"]:
            if shape == "l" and is_stroked:
                lines.append((*points[0], *points[1]))
            elif shape == "re":
                lines += _sides(*points[0], is_stroked=is_stroked, is_filled=is_filled)
    found = np.array(lines, np.float64).reshape(-1, 2, 2)
    run = np.abs(found[:, 1] - found[:, 0])
    kept = found[(run.max(axis=1) >= SHORTEST_PT) & (run.min(axis=1) < 1.0)]
    a, b, c, d, e, f = page.rotation_matrix
    to_pixels = np.array([[a, c, e], [b, d, f], [0, 0, 1]]) * [[zoom], [zoom], [1]]
    return mapped(kept, to_pixels).reshape(-1, 4)


def _sides(
    x0: float, y0: float, x1: float, y1: float, *, is_stroked: bool, is_filled: bool
) -> list[tuple[float, float, float, float]]:
    """Give the border of a rectangle, or the one line that a thin filled one is."""
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if min(x1 - x0, y1 - y0) < THIN_PT:
        line = (x0, y, x1, y) if x1 - x0 > y1 - y0 else (x, y0, x, y1)
        return [line] if is_stroked or is_filled else []
    if not is_stroked:
        return []
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]
