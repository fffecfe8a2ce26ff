"""Line images for the recogniser: cut straight to its height, long ones parted at word gaps."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.geometry import Floats

HEIGHT_PX = 48
"""Height the recogniser was trained on."""
STEP_PX = 8
"""Width of one time step."""
LONG_PX = 960
"""Longer lines are parted: the recogniser loses characters of very long ones."""
WINDOW_PX = 320
"""How far from the end of a part a gap is looked for."""
MIN_GAP_PX = 6

Image = NDArray[np.uint8]


def cut(image: Image, quad: Floats) -> Image:
    """Cut a quad out of a BGR image as a straight strip 48 pixels high.

    Args:
        image: (H, W, 3).
        quad: (4, 2) corners, clockwise from the reading start.

    Returns:
        (48, W, 3); W follows the quad's own proportions.
    """
    along = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    across = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    width = max(1, round(HEIGHT_PX * along / max(across, 1e-6)))
    height, page_width = image.shape[:2]
    x0, y0 = np.floor(quad.min(axis=0)).astype(int) - 2
    x1, y1 = np.ceil(quad.max(axis=0)).astype(int) + 3
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(page_width, x1), min(height, y1)
    if x1 <= x0 or y1 <= y0:
        return np.full((HEIGHT_PX, width, 3), 255, np.uint8)
    region = image[y0:y1, x0:x1]
    corners = quad - (x0, y0)
    if across > HEIGHT_PX * 1.25:
        # Sampling a large line at a few points makes aliases; averaging first does not.
        shrunk = (
            max(1, round(region.shape[1] * HEIGHT_PX / across)),
            max(1, round(region.shape[0] * HEIGHT_PX / across)),
        )
        corners = corners * (shrunk[0] / region.shape[1], shrunk[1] / region.shape[0])
        region = np.asarray(cv2.resize(region, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    # Corners are edges of pixels, warpAffine wants their centres.
    source = np.asarray(corners[[0, 1, 3]] - 0.5, np.float32)
    target = np.array([[0, 0], [width, 0], [0, HEIGHT_PX]], np.float32) - np.float32(0.5)
    strip = cv2.warpAffine(
        region,
        cv2.getAffineTransform(source, target),
        (width, HEIGHT_PX),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(strip, np.uint8)


def parts(strip: Image) -> list[tuple[int, int]]:
    """Divide a strip into pieces no longer than the recogniser reads well.

    Cuts fall into the widest gap between words near the end of each piece. A stretch without a
    gap stays whole, however long.

    Returns:
        (start, end) columns that follow on one another and cover the strip.
    """
    width = strip.shape[1]
    pieces, start = [], 0
    gaps = _gaps(strip) if width > LONG_PX else []
    while width - start > LONG_PX:
        ideal = start + _even_share(width - start)
        near = [g for g in gaps if start + STEP_PX * 8 < g[0] and g[1] <= start + LONG_PX]
        if not near:
            near = [g for g in gaps if g[0] > start + LONG_PX][:1]
            if not near:
                break
        a, b = max(near, key=lambda g: min(g[1] - g[0], 24) - abs(_middle(g) - ideal) / 16)
        end = _middle((a, b))
        pieces.append((start, end))
        start = end
    pieces.append((start, width))
    return pieces


def _gaps(strip: Image) -> list[tuple[int, int]]:
    """Find runs of columns without ink that are wide enough to part words."""
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if ink.mean() > 0.5:  # light text on dark ground
        ink = 1 - ink
    # The rims are left out: ascenders of the next line and ruled lines reach into them.
    columns = ink[6 : HEIGHT_PX - 6].sum(axis=0) <= 1
    edges = np.flatnonzero(np.diff(columns.astype(np.int8), prepend=0, append=0))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(a, b) for a, b in runs if b - a >= MIN_GAP_PX]


def _middle(gap: tuple[int, int]) -> int:
    return (gap[0] + gap[1]) // 2


def _even_share(width: int) -> int:
    return round(width / -(-width // (LONG_PX - STEP_PX * 8)))
