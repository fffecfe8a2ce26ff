"""A line's box follows the line, not the marks that stand two high on it."""

import cv2
import numpy as np
import pytest

from ocr_service.pipeline.geometry import Floats
from ocr_service.pipeline.kernels import GROWTH, kernel_of


def box_of(bumps: list[tuple[int, int]], degrees: float = 0.0) -> Floats:
    """Draw a bar of 240 × 12 with bumps on it and measure it, turned level again."""
    mask = np.zeros((400, 400), np.uint8)
    mask[200:212, 80:320] = 1
    for start, end in bumps:
        mask[188:200, start:end] = 1
    way = cv2.getRotationMatrix2D((200, 200), degrees, 1.0)
    turned = cv2.warpAffine(mask, way, (400, 400), flags=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(turned, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    kernel = kernel_of(np.asarray(contours[0], np.int32))
    assert kernel is not None
    back = cv2.getRotationMatrix2D((200, 200), -degrees, 1.0)
    return np.asarray(kernel.box @ back[:, :2].T + back[:, 2])


@pytest.mark.parametrize("degrees", [0.0, 4.0, -7.0, 90.0])
@pytest.mark.parametrize("bumps", [[], [(130, 150)], [(100, 112), (230, 260)], [(296, 320)]])
def test_bumps_do_not_raise_the_box(bumps: list[tuple[int, int]], degrees: float) -> None:
    box = box_of(bumps, degrees)
    out = GROWTH * 240 * 12 / (2 * 252)
    (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
    assert (left, right, bottom) == pytest.approx((80 - out, 320 + out, 212 + out), abs=3)
    # The bump itself stays inside, and the box reaches hardly beyond.
    assert 182 <= top <= 192


def test_what_is_too_thin_is_no_text() -> None:
    line = np.array([[[10, 10]], [[200, 10]], [[200, 11]], [[10, 11]]], np.int32)
    assert kernel_of(line) is None
