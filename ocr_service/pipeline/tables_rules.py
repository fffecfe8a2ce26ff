"""The straight lines drawn on a page, as they divide tables: in its pixels or its file."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.geometry import Floats, mapped, straightening

WORKING_SIDE_PX = 1200
"""Lines are looked for on a picture of about this size; a hair line survives the reduction."""
SURROUNDINGS_PX = 31
DARKER = 14
"""Ink is darker than its surroundings by so many of 255 levels."""
SHORTEST_ACROSS = 1 / 30
"""Shortest level line as a share of the page's width: longer than any stroke of a letter."""
SHORTEST_DOWN_PX = 22
"""Shortest upright line on the working picture; a row of a table is hardly lower."""
THICKEST_PX = 5
"""Thicker marks are bars and filled fields, whose edges are two lines."""
MOST_RULES = 800
"""Of each direction, the longest: pictures and patterns may have any number."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Straight lines on the upright, level page.

    Attributes:
        level: (N, 3) left end, right end and height of those that run across.
        upright: (M, 3) upper end, lower end and place from the left of those that run down.
    """

    level: Floats
    upright: Floats


def no_rules() -> Rules:
    """Stand for a page without lines."""
    return Rules(np.zeros((0, 3)), np.zeros((0, 3)))


def rules_of_strokes(strokes: Floats, to_upright: Floats) -> Rules:
    """Sort drawn lines, (N, 4) start and end on the page as given, by where they run."""
    ends = mapped(strokes.reshape(-1, 2, 2), to_upright)
    run = np.abs(ends[:, 1] - ends[:, 0])
    is_level = run[:, 0] >= run[:, 1]
    return Rules(_sorted(ends[is_level]), _sorted(ends[~is_level][:, :, ::-1]))


def rules_in(image: NDArray[np.uint8], rotation: int, skew_degrees: float) -> Rules:
    """Find the lines of an (H, W, 3) BGR page; coordinates are those of the levelled page.

    Cost: linear in the pixels, about 10 ms for an A4 page at 200 dpi.
    """
    reduced = max(1, round(max(image.shape[:2]) / WORKING_SIDE_PX))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    # The darkest pixel of each block: a mean would wash hair lines out.
    small = cv2.erode(grey, np.ones((reduced, reduced), np.uint8), anchor=(0, 0))
    small = np.rot90(small[::reduced, ::reduced], -rotation // 90)
    height, width = small.shape
    level, canvas_w, canvas_h = straightening(width, height, skew_degrees)
    small = cv2.warpAffine(
        np.ascontiguousarray(small), level[:2], (canvas_w, canvas_h), borderValue=(255,)
    )
    ink = (
        small.astype(np.int16) < cv2.blur(small, (SURROUNDINGS_PX,) * 2).astype(np.int16) - DARKER
    ).astype(np.uint8)
    across = max(SHORTEST_DOWN_PX, round(canvas_w * SHORTEST_ACROSS))
    return Rules(
        _runs(ink, across) * reduced,
        _runs(np.ascontiguousarray(ink.T), SHORTEST_DOWN_PX) * reduced,
    )


def _sorted(ends: Floats) -> Floats:
    """Write (N, 2, 2) level lines as start, end and height, the longest ones only."""
    low, high = ends[:, :, 0].min(axis=1), ends[:, :, 0].max(axis=1)
    longest = np.argsort(low - high, kind="stable")[:MOST_RULES]
    return np.stack([low, high, ends[:, :, 1].mean(axis=1)], axis=1)[longest]


def _runs(ink: NDArray[np.uint8], shortest: int) -> Floats:
    """Find the level lines of a 0/1 picture: (N, 3) start, end and height."""
    runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, shortest), np.uint8))
    # Outlines come a good ten times faster than labelled components.
    outlines, _ = cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = sorted((cv2.boundingRect(outline) for outline in outlines), key=lambda b: -b[2])
    lines = []
    for left, top, wide, high in boxes[:MOST_RULES]:
        inked = cv2.countNonZero(runs[top : top + high, left : left + wide])
        edges = (top + high / 2,) if inked <= THICKEST_PX * wide else (top, top + high)
        lines += [(left, left + wide, edge) for edge in edges]
    return np.array(lines, np.float64).reshape(-1, 3)
