"""Detection around the model: the size it sees, and quads from its probability map.

Post-processing after Liao et al., "Real-time Scene Text Detection with Differentiable
Binarization", AAAI 2020, section 3.4, for rectangles: growing a rectangle with round joints and
taking the smallest rectangle around the result is the same as moving its sides out, so no
polygon library is needed.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.geometry import Floats, quad_sides
from ocr_service.pipeline.kernels import kernel_of
from ocr_service.pipeline.ports import TextDetector

MULTIPLE = 32
"""The model's total stride: sides must be multiples of it."""
MIN_SIDE_PX = 736
"""Smaller pages are enlarged to this shorter side: the model misses tiny text."""
FIRST_SIDE_PX = 1280
"""Larger pages are shrunk to this longer side for a first look; text of usual size is found there
as well as on the full page, in less than half of the time and memory."""
SECOND_SIDE_PX = 2000
"""The longer side for a second look, where the first one found small print."""
SMALL_PRINT_PX = 14
"""Box height under which the model begins to miss and merge lines."""
MAX_PIXELS = 2_900_000
"""Bounds the memory of one detection (about 200 MB a megapixel)."""
PIXEL_LOGIT = math.log(0.3 / 0.7)
"""Of the probability at which a pixel counts as text."""
BOX_THRESHOLD = 0.5
MAX_CANDIDATES = 3000


@dataclass(frozen=True, slots=True)
class Detection:
    """Text found on an image.

    Attributes:
        quads: (N, 4, 2) corners, clockwise from the upper left, pixels of the image.
        scores: (N,) mean probability inside, in [0, 1].
    """

    quads: Floats
    scores: NDArray[np.float64]


def model_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Choose the size at which the model sees an image; both sides are multiples of 32.

    Args:
        width: Of the image.
        height: Of the image.
        longest: The longer side is not to be longer than this.
    """
    scale = max(1.0, MIN_SIDE_PX / min(width, height))
    scale = min(scale, longest / max(width, height))
    scale = min(scale, (MAX_PIXELS / (width * height)) ** 0.5)
    return _multiple(width * scale), _multiple(height * scale)


def detect(image: NDArray[np.uint8], detector: TextDetector) -> Detection:
    """Find the text on an (H, W, 3) BGR image, with a closer look at small print."""
    found = _detect(image, detector, FIRST_SIDE_PX)
    longest = max(image.shape[:2])
    if longest > FIRST_SIDE_PX and len(found.quads):
        heights = np.minimum(*quad_sides(found.quads)) * FIRST_SIDE_PX / longest
        if np.percentile(heights, 25) < SMALL_PRINT_PX:
            return _detect(image, detector, SECOND_SIDE_PX)
    return found


def _detect(image: NDArray[np.uint8], detector: TextDetector, longest: int) -> Detection:
    height, width = image.shape[:2]
    seen_w, seen_h = model_size(width, height, longest)
    way = cv2.INTER_AREA if seen_w < width else cv2.INTER_LINEAR
    seen = cv2.resize(image, (seen_w, seen_h), interpolation=way)
    found = quads_from_map(detector.logits(np.asarray(seen, np.uint8)))
    found.quads[:] *= (width / seen_w, height / seen_h)
    return found


def quads_from_map(logits: NDArray[np.float32]) -> Detection:
    """Turn an (H, W) map of logits into quads in pixels of the map."""
    mask = cv2.dilate((logits > PIXEL_LOGIT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads, scores = [], []
    for contour in contours[:MAX_CANDIDATES]:
        kernel = kernel_of(np.asarray(contour, np.int32))
        if kernel is None:
            continue
        score = _mean_inside(logits, kernel.corners)
        if score < BOX_THRESHOLD:
            continue
        quads.append(clockwise_from_upper_left(kernel.box))
        scores.append(score)
    return Detection(
        np.array(quads, np.float64).reshape(-1, 4, 2), np.array(scores, np.float64).reshape(-1)
    )


def clockwise_from_upper_left(corners: Floats) -> Floats:
    """Order the (4, 2) corners of a rectangle: upper left, upper right, lower right, lower left."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float64)


def _mean_inside(logits: NDArray[np.float32], corners: Floats) -> float:
    height, width = logits.shape
    x0, y0 = np.floor(corners.min(axis=0)).astype(int)
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int)
    x0, x1 = max(x0, 0), min(x1, width - 1)
    y0, y1 = max(y0, 0), min(y1, height - 1)
    mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (x0, y0)).astype(np.int32)], 1)
    probabilities = 1 / (1 + np.exp(-logits[y0 : y1 + 1, x0 : x1 + 1]))
    return float(cv2.mean(probabilities, mask)[0])


def _multiple(side: float) -> int:
    return max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE)
