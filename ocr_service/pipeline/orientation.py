"""Which way up a page lies: a vote of a few lines, read both ways, for the page as a whole.

A classifier that judges each line by itself turns upright lines over; a page does not lie in two
directions, so its longest lines vote together.
"""

from collections.abc import Sequence

import numpy as np

from ocr_service.pipeline.geometry import Floats, quad_sides

VOTERS = 6
"""Lines that vote; more cost time and change nothing."""
SURE = 0.93
"""Mean confidence at which upright lines are believed without reading them upside down: lines
read upside down stay well below."""
READABLE = 0.8
"""Mean confidence that lines turned over must reach: in a script the model cannot read, both ways
are guesses, and the page stays as it lies."""
ELONGATED = 2.0
"""Sides ratio from which a box tells the direction of its text."""


def is_sideways(quads: Floats) -> bool:
    """Tell whether most text runs up or down the page, by the area of the boxes that show it.

    Args:
        quads: (N, 4, 2) corners, clockwise from the upper left as seen on the page.
    """
    width, height = quad_sides(quads)
    sides = np.where(
        (width >= height)[:, None], quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    )
    # By where the longer side points: of a slanted page's boxes either may be called the upper.
    upright = np.abs(sides[:, 1]) > np.abs(sides[:, 0])
    area = width * height
    area[np.maximum(width, height) < ELONGATED * np.minimum(width, height)] = 0
    return float(area[upright].sum()) > float(area[~upright].sum())


def voters(quads: Floats) -> list[int]:
    """Choose the boxes with the most text: the longest in units of their height."""
    sides = np.stack(quad_sides(quads))
    worth = sides.max(axis=0) / np.maximum(sides.min(axis=0), 1)
    return [int(i) for i in np.argsort(-np.minimum(worth, 20), kind="stable")[:VOTERS]]


def is_surely_upright(confidences: Sequence[float]) -> bool:
    """Tell by the confidences of the chosen lines whether reading them turned over is needless."""
    return mean_of(confidences) >= SURE


def lies_on_its_head(upright: Sequence[float], over: Sequence[float]) -> bool:
    """Compare the confidences of the chosen lines as they lie and turned over; a draw stays."""
    return mean_of(over) >= READABLE and mean_of(over) > mean_of(upright)


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
