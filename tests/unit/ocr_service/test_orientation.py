"""A page lies on its side when its lines run up or down, slanted or not."""

import math

import numpy as np
import pytest

from ocr_service.pipeline.detection import clockwise_from_upper_left
from ocr_service.pipeline.geometry import Floats
from ocr_service.pipeline.orientation import is_sideways


def lines(degrees: float) -> Floats:
    """Draw ten lines that run at an angle, corners ordered as the detector orders them."""
    angle = math.radians(degrees)
    along = 400 * np.array([math.cos(angle), math.sin(angle)])
    across = 20 * np.array([-math.sin(angle), math.cos(angle)])
    start = np.array([1000.0, 1000.0])
    quad = np.array([start, start + along, start + along + across, start + across])
    return np.array([clockwise_from_upper_left(quad + 2 * n * across) for n in range(10)])


@pytest.mark.parametrize("slant", [-15, -7, -1, 0, 1, 7, 15])
@pytest.mark.parametrize(("turn", "expected"), [(0, False), (90, True), (180, False), (270, True)])
def test_lines_tell_how_their_page_lies(turn: int, slant: int, expected: bool) -> None:
    assert is_sideways(lines(turn + slant)) is expected


def test_a_page_without_lines_stays() -> None:
    assert not is_sideways(np.zeros((0, 4, 2)))
