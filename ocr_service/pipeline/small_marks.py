"""Lone small marks that the detector passes over: dashes and thin digits in the cells of tables.

The detector looks for words; a dash or a single 1 in a cell of its own gives it next to nothing to
see. Where other rows have text above or below and the row itself has text to the left or right,
ink the size of such a mark is worth a second look.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.geometry import Floats, mapped, quad_sides, straightening

WORKING_SIDE_PX = 2400
"""Larger pages are searched on a picture of about this size."""
SURROUNDINGS_PX = 31
DARKER = 32
"""Ink is darker than its surroundings by so many of 255 levels; grain of paper is not."""
FEWEST_BOXES = 8
"""Pages with fewer lines have no tables to speak of."""
MOST_MARKS = 400
"""More are a pattern or a dirty page."""
DASH_WIDTH, DASH_HEIGHT, DASH_RATIO = (0.12, 0.6), (0.03, 0.2), 1.6
DIGIT_WIDTH, DIGIT_HEIGHT, DIGIT_RATIO = (0.08, 0.6), (0.3, 0.8), 1.3
"""Sizes in heights of a line's box, which is a third higher than its capitals."""
SAME_ROW = 0.25
"""Middles of a mark and its row differ by less than so many heights."""
ALIGNED = 0.4
"""Edges or middles within so many heights stand below one another."""
APART = 0.7
"""A mark nearer to other ink than this is part of something else."""
TALLEST, LEAST_PIXELS = 1.3, 4
"""Taller ink is a rule and smaller ink dust: neither is a neighbour."""
MARGIN = 0.5

Ink = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Marks:
    """Lone marks, in no order.

    Attributes:
        quads: (M, 4, 2) around each, as high as a line's, corners clockwise from the upper left.
        solid: (M,) how much of a bar's rectangle a dash fills, in (0, 1]; 0 for what is no dash.
    """

    quads: Floats
    solid: Floats


def missed_marks(image: NDArray[np.uint8], quads: Floats, skew_degrees: float) -> Marks:
    """Find the places on an (H, W, 3) BGR image that may hold a lone dash or digit.

    Args:
        image: Upright.
        quads: (N, 4, 2) of the text found on it.
        skew_degrees: Its slant, clockwise positive.

    Cost: linear in the pixels, about 15 ms for an A4 page at 200 dpi.
    """
    none = Marks(np.zeros((0, 4, 2)), np.zeros(0))
    if len(quads) < FEWEST_BOXES:
        return none
    height = float(np.median(quad_sides(quads)[1]))
    shrunk = max(1.0, max(image.shape[:2]) / WORKING_SIDE_PX)
    boxes, solid = _lone_ink(image, quads, height, shrunk)
    if not 0 < len(boxes) <= MOST_MARKS:
        return none
    level, *_ = straightening(image.shape[1], image.shape[0], skew_degrees)
    marks = _levelled(np.stack([boxes[:, [0, 1]], boxes[:, [2, 3]]], axis=1), level)
    texts = _levelled(quads, level)
    in_tables = _in_tables(marks, texts, height)
    chosen = marks[in_tables]
    x0, x1, y = chosen[:, 0], chosen[:, 2], _middle(chosen)
    left, right = x0 - MARGIN * height, x1 + MARGIN * height
    top, bottom = y - height / 2, y + height / 2
    corners = np.stack([left, top, right, top, right, bottom, left, bottom], axis=1)
    back = np.asarray(np.linalg.inv(level), np.float64)
    return Marks(mapped(corners.reshape(-1, 4, 2), back), solid[in_tables])


def _lone_ink(
    image: NDArray[np.uint8], quads: Floats, height: float, shrunk: float
) -> tuple[Floats, Floats]:
    """Find ink of the right size away from text: (K, 4) edges from the left, (K,) solidity."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if shrunk > 1:
        grey = cv2.resize(grey, None, fx=1 / shrunk, fy=1 / shrunk, interpolation=cv2.INTER_AREA)
    darker = cv2.subtract(cv2.blur(grey, (SURROUNDINGS_PX,) * 2), grey)
    ink: Ink = (darker > DARKER).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, w, h, area = stats.T.astype(np.float64)
    unit = height / shrunk
    dash, digit = _is_dash(w, h, unit), _is_digit(w, h, unit)
    found = np.stack([x, y, x + w, y + h], axis=1)[dash | digit]
    solid = np.where(dash, area / (w * h), 0.0)[dash | digit]
    ink = ((h <= TALLEST * unit) & (area >= LEAST_PIXELS))[labels].astype(np.uint8)
    text = np.zeros(ink.shape, np.uint8)
    cv2.fillPoly(text, list(np.round(quads / shrunk).astype(np.int32)), 1)
    lone = np.array(
        [_is_alone(box, ink, text, APART * unit) for box in found.astype(int).tolist()], np.bool_
    )
    return found[lone] * shrunk, solid[lone]


def _is_dash(w: Floats, h: Floats, unit: float) -> NDArray[np.bool_]:
    fits = _between(w, DASH_WIDTH, unit) & _between(h, DASH_HEIGHT, unit)
    return fits & (w >= DASH_RATIO * h)


def _is_digit(w: Floats, h: Floats, unit: float) -> NDArray[np.bool_]:
    fits = _between(w, DIGIT_WIDTH, unit) & _between(h, DIGIT_HEIGHT, unit)
    return fits & (h >= DIGIT_RATIO * w)


def _between(sizes: Floats, limits: tuple[float, float], unit: float) -> NDArray[np.bool_]:
    return np.asarray((sizes >= limits[0] * unit) & (sizes <= limits[1] * unit))


def _is_alone(box: list[int], ink: Ink, text: Ink, apart: float) -> bool:
    """Tell whether nothing stands close to the left or right of ink, nor text upon it."""
    x0, y0, x1, y1 = box
    if text[y0:y1, x0:x1].any():
        return False
    near = round(apart)
    rows = slice(max(0, y0 - near // 3), y1 + near // 3)
    beside = (ink[rows, max(0, x0 - near) : x0], ink[rows, x1 : x1 + near])
    return not any(part.any() for part in beside)


def _levelled(corners: Floats, level: Floats) -> Floats:
    """Give (N, 4) edges of shapes of any number of corners on the level page."""
    there = mapped(corners, level)
    return np.concatenate([there.min(axis=1), there.max(axis=1)], axis=1)


def _in_tables(marks: Floats, texts: Floats, height: float) -> NDArray[np.bool_]:
    """Tell which marks share a row with text, and stand below or above text or marks likewise."""
    others = np.concatenate([texts, marks])
    same_row = np.abs(_middle(marks)[:, None] - _middle(others)[None]) < SAME_ROW * height
    beside = same_row[:, : len(texts)].any(axis=1)
    edges = [others[:, 0], others[:, 2], (others[:, 0] + others[:, 2]) / 2]
    own = [marks[:, 0], marks[:, 2], (marks[:, 0] + marks[:, 2]) / 2]
    aligned = np.zeros(same_row.shape, np.bool_)
    for mine, theirs in zip(own, edges, strict=True):
        aligned |= np.abs(mine[:, None] - theirs[None]) < ALIGNED * height
    below = (aligned & ~same_row).sum(axis=1) >= 2
    return np.asarray(beside & below)


def _middle(edges: Floats) -> Floats:
    return np.asarray((edges[:, 1] + edges[:, 3]) / 2)
