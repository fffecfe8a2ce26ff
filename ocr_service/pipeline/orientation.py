"""Which way up a page lies: a vote of a few lines, read both ways, for the page as a whole.

A classifier that judges each line by itself turns upright lines over; a page does not lie in two
directions, so its longest lines vote together.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ocr_service.pipeline.geometry import Floats, quad_sides

VOTERS = 6
"""Lines that vote; more cost time and change nothing."""
SURE = 0.93
"""Mean confidence at which upright lines are believed without reading them upside down: lines
read upside down stay well below."""
ELONGATED = 2.0
"""Sides ratio from which a box tells the direction of its text."""

Confidence = Callable[[Floats, int], float]
"""Mean confidence of (N, 4, 2) quads read with the page turned clockwise by so many degrees."""


def is_sideways(quads: Floats) -> bool:
    """Tell whether most text runs up or down the page, by the area of the boxes that show it.

    Args:
        quads: (N, 4, 2) corners, clockwise from the upper left as seen on the page.
    """
    width, height = quad_sides(quads)
    area = width * height
    level = float(area[width >= ELONGATED * height].sum())
    return float(area[height >= ELONGATED * width].sum()) > level


def voters(quads: Floats) -> list[int]:
    """Choose the boxes with the most text: the longest in units of their height."""
    sides = np.stack(quad_sides(quads))
    worth = sides.max(axis=0) / np.maximum(sides.min(axis=0), 1)
    return [int(i) for i in np.argsort(-np.minimum(worth, 20), kind="stable")[:VOTERS]]


def page_rotation(quads: Floats, confidence: Confidence) -> int:
    """Find the clockwise turn (0, 90, 180, 270) that brings a page upright.

    Args:
        quads: (N, 4, 2) text boxes on the page as it lies.
        confidence: Reads the chosen boxes with the page turned; called at most twice.
    """
    if len(quads) == 0:
        return 0
    sideways = is_sideways(quads)
    chosen = quads[voters(quads)]
    first, second = (90, 270) if sideways else (0, 180)
    sure = confidence(chosen, first)
    if sure >= SURE:
        return first
    # The upright reading wins a draw.
    return first if sure >= confidence(chosen, second) else second


def turned_corners(quads: Floats, degrees: int) -> Floats:
    """Renumber corners for reading after a clockwise turn of the page, coordinates untouched.

    Args:
        quads: (N, 4, 2) corners, clockwise from the upper left as the page lies.
        degrees: 0, 90, 180 or 270.
    """
    return np.roll(quads, degrees // 90, axis=1)


def mean_of(confidences: Sequence[float]) -> float:
    """Mean, 0 for none."""
    return sum(confidences) / len(confidences) if confidences else 0.0
