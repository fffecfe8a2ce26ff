"""Points, quads and 3×3 transforms between the page as given and the upright image.

All coordinates are continuous pixels: origin at the top left corner of the top left pixel, x
right, y down. A transform is a (3, 3) float64 matrix acting on column vectors (x, y, 1).
"""

import math

import numpy as np
from numpy.typing import NDArray

from ocr_service.domain.page import Quad

Floats = NDArray[np.float64]


def scaling(x: float, y: float) -> Floats:
    """Scale about the origin."""
    return np.diag([x, y, 1.0])


def turning(width: float, height: float, degrees: int) -> Floats:
    """Turn a page clockwise by a multiple of 90 degrees so that it lies at the origin again.

    Args:
        width: Width of the page before the turn.
        height: Height of the page before the turn.
        degrees: 0, 90, 180 or 270.

    Raises:
        ValueError: Another angle.
    """
    match degrees:
        case 0:
            return np.eye(3)
        case 90:
            return np.array([[0.0, -1.0, height], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        case 180:
            return np.array([[-1.0, 0.0, width], [0.0, -1.0, height], [0.0, 0.0, 1.0]])
        case 270:
            return np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width], [0.0, 0.0, 1.0]])
        case _:
            raise ValueError(f"a page is turned by 0, 90, 180 or 270 degrees, not {degrees}")


def straightening(width: float, height: float, skew_degrees: float) -> tuple[Floats, int, int]:
    """Rotate a slanted page level on a canvas just large enough to lose nothing.

    Args:
        width: Width of the slanted page.
        height: Height of the slanted page.
        skew_degrees: Its slant, clockwise positive.

    Returns:
        The transform and the canvas' width and height.
    """
    angle = math.radians(-skew_degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    canvas_w = math.ceil(abs(width * cos) + abs(height * sin))
    canvas_h = math.ceil(abs(width * sin) + abs(height * cos))
    x = canvas_w / 2 - (cos * width - sin * height) / 2
    y = canvas_h / 2 - (sin * width + cos * height) / 2
    return np.array([[cos, -sin, x], [sin, cos, y], [0.0, 0.0, 1.0]]), canvas_w, canvas_h


def mapped(points: Floats, transform: Floats) -> Floats:
    """Carry (..., 2) points through a transform."""
    return points @ transform[:2, :2].T + transform[:2, 2]


def as_quad(corners: Floats, width: float, height: float) -> Quad:
    """Write (4, 2) corners as a value, held inside a page of that size, in hundredths."""
    x = np.clip(corners[:, 0], 0, width).round(2).tolist()
    y = np.clip(corners[:, 1], 0, height).round(2).tolist()
    return ((x[0], y[0]), (x[1], y[1]), (x[2], y[2]), (x[3], y[3]))


def quad_sides(quads: Floats) -> tuple[Floats, Floats]:
    """Lengths along the reading direction and across it of (N, 4, 2) quads."""
    return (
        np.linalg.norm(quads[:, 1] - quads[:, 0], axis=-1),
        np.linalg.norm(quads[:, 3] - quads[:, 0], axis=-1),
    )


def slant(quads: Floats) -> float:
    """Common slant in degrees (clockwise positive) of near-level text quads.

    The mean weighted by length, of quads at least five times as long as high, after those that
    stray from the median are dropped; 0 where there are none.

    Args:
        quads: (N, 4, 2) corners, clockwise from the reading start.
    """
    if len(quads) == 0:
        return 0.0
    length, thickness = quad_sides(quads)
    long = length >= 5 * np.maximum(thickness, 1)
    if not long.any():
        return 0.0
    run = quads[long, 1] - quads[long, 0] + quads[long, 2] - quads[long, 3]
    angles = np.degrees(np.arctan2(run[:, 1], run[:, 0]))
    near = np.abs(angles - np.median(angles)) <= 2.0
    return float(np.average(angles[near], weights=length[long][near]))


def part_of(quad: Floats, start: float, end: float) -> Floats:
    """Cut the part from `start` to `end` (shares of its length) out of a (4, 2) quad."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    return np.array(
        [
            quad[0] + start * top,
            quad[0] + end * top,
            quad[3] + end * bottom,
            quad[3] + start * bottom,
        ]
    )
