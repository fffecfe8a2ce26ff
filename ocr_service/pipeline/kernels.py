"""From a blot on the detector's map to a text's box, without the bumps of stacked Thai marks.

A line of Latin gives the map a bar. Over a Thai line the marks that stand two high come out as
bumps on the bar; the smallest rectangle around both is twice as high as the line, so that the line
is read at half its size, or is dropped because the rectangle is mostly empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.geometry import Floats

GROWTH = 1.6
"""How far a shrunk text kernel grows: area × growth / perimeter, as the model was trained."""
MIN_KERNEL_PX = 3
FULL = 0.8
"""A contour that fills its smallest rectangle by this share has no bumps."""
ELONGATED = 1.5
"""Rounder contours have no direction to look along."""
BODY_SHARE = 0.5
"""A row belongs to the body of a line where it is as long as this share of the longest row."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The middle of a text, as the detector draws it.

    Attributes:
        corners: (4, 2) of its rectangle, in the order of a rotation.
        box: (4, 2) of the text around it, likewise.
    """

    corners: Floats
    box: Floats


def kernel_of(contour: NDArray[np.int32]) -> Kernel | None:
    """Measure an (N, 1, 2) contour; None where it is too thin to be text."""
    centre, size, angle = cv2.minAreaRect(contour)
    if min(size) < MIN_KERNEL_PX:
        return None
    if max(size) >= ELONGATED * min(size) and cv2.contourArea(contour) < FULL * size[0] * size[1]:
        return _without_bumps(contour)
    out = _growth(*size)
    grown = (size[0] + 2 * out, size[1] + 2 * out)
    return Kernel(_rectangle(centre, size, angle), _rectangle(centre, grown, angle))


def _without_bumps(contour: NDArray[np.int32]) -> Kernel | None:
    x0, y0, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, [contour], 0, 1, cv2.FILLED, offset=(-x0, -y0))
    points = np.argwhere(mask)[:, ::-1] + (x0, y0)
    inside = np.ones(len(points), np.bool_)
    for _ in range(2):  # the bumps tilt the first direction
        frame = _frame(points[inside])
        along, across = (points @ frame).T
        inside = _is_body(across)
    body, whole = (along[inside], across[inside]), (along, across)
    low, high = (np.array([f(values) for values in body]) for f in (np.min, np.max))
    lowest, highest = (np.array([f(values) for values in whole]) for f in (np.min, np.max))
    if min(high - low) < MIN_KERNEL_PX:
        return None
    out = _growth(*(high - low))
    # The box reaches over the bumps, but does not grow from them.
    box = np.minimum(low - out, lowest), np.maximum(high + out, highest)
    return Kernel(_between(low, high) @ frame.T, _between(*box) @ frame.T)


def _growth(length: float, thickness: float) -> float:
    return GROWTH * length * thickness / (2 * (length + thickness))


def _frame(points: NDArray[np.int64]) -> Floats:
    """Give two axes as columns: along the longest extent of (N, 2) points, and across it."""
    _, axes = np.linalg.eigh(np.cov(points.T))
    x, y = axes[:, 1]
    return np.array([[x, -y], [y, x]])


def _is_body(across: Floats) -> NDArray[np.bool_]:
    """Tell which points lie on rows that are long enough, from the longest row outwards."""
    rows = np.floor(across - across.min() + 0.5).astype(int)
    lengths = np.bincount(rows)
    longest = int(lengths.argmax())
    short = np.flatnonzero(lengths < BODY_SHARE * lengths[longest])
    first = max(short[short < longest].tolist(), default=-1) + 1
    last = min(short[short > longest].tolist(), default=len(lengths)) - 1
    return np.asarray((rows >= first) & (rows <= last))


def _between(low: Floats, high: Floats) -> Floats:
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])])


def _rectangle(centre: Sequence[float], size: Sequence[float], angle: float) -> Floats:
    return np.asarray(cv2.boxPoints((centre, size, angle)), np.float64)
