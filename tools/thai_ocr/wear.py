"""What happens to a line between the printer and the recogniser: ink, paper, scanner, crop."""

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT_PX = 48
SHRINK_FIRST = 1.25
"""The product averages a line larger than this many times 48 pixels before it samples it."""

Grey = NDArray[np.uint8]
Ink = NDArray[np.float32]
Rng = random.Random


@dataclass(frozen=True, slots=True)
class Wear:
    """How hard a page was treated.

    Attributes:
        blur: Sigma of the optics in pixels.
        noise: Sigma of the sensor in grey levels.
        specks: Dust particles per 10,000 pixels.
        jpeg: Quality of the stored picture; None for lossless.
        skew: Clockwise degrees.
        shrink: Scale of a lower scanning resolution; 1 for none.
    """

    blur: float
    noise: float
    specks: float
    jpeg: int | None
    skew: float
    shrink: float


def choose(rng: Rng) -> Wear:
    """Choose from clean to badly worn."""
    level = rng.choices(["clean", "light", "middle", "heavy"], [18, 27, 43, 12])[0]
    skew = rng.gauss(0, 0.7)
    shrink = rng.uniform(0.5, 0.9) if rng.random() < 0.12 else 1.0
    if level == "clean":
        return Wear(0, 0, 0, None, rng.choice([0, 0, skew]), shrink)
    if level == "light":
        return Wear(rng.uniform(0, 0.6), rng.uniform(1, 5), 0.2, rng.randint(65, 92), skew, shrink)
    if level == "middle":
        return Wear(
            rng.uniform(0.3, 1.1),
            rng.uniform(3, 11),
            rng.uniform(0, 2),
            rng.randint(40, 75),
            skew,
            shrink,
        )
    return Wear(
        rng.uniform(0.6, 1.5),
        rng.uniform(5, 20),
        rng.uniform(0, 6),
        rng.randint(22, 55),
        skew * 1.5,
        shrink,
    )


def printed(rng: Rng, ink: Ink) -> Ink:
    """Change ink as printers do: dots, thin or fat strokes, faded bands, dropouts.

    Args:
        rng: Seeded source.
        ink: (H, W) coverage in [0, 1].
    """
    draw = rng.random()
    if draw < 0.05:  # dot matrix
        step = rng.uniform(2.2, 3.4)
        y, x = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]].astype(np.float32)
        dots = np.cos(y * (2 * np.pi / step)) * np.cos(x * (2 * np.pi / step))
        ink = ink * np.clip(0.62 + 0.6 * dots, 0.15, 1)
    elif draw < 0.12:  # thermal head: faded bands along or across
        along = rng.random() < 0.5
        size = ink.shape[0] if along else ink.shape[1]
        phase, length = rng.uniform(0, 6.3), rng.uniform(10, 200)
        band = 0.72 + 0.28 * np.sin(np.arange(size, dtype=np.float32) * (6.3 / length) + phase)
        ink = ink * (band[:, None] if along else band[None, :])
    elif draw < 0.22:  # starved or bleeding ink
        soft = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.6, 1.1))
        level = rng.choice([rng.uniform(0.2, 0.35), rng.uniform(0.5, 0.62)])
        ink = np.clip((soft - level) * 5 + 0.5, 0, 1)
    elif draw < 0.27:  # photocopy: hard edges, spots missing
        grain = cv2.GaussianBlur(_normal(rng, ink.shape), (0, 0), 1.2) * 2.4
        hard = np.clip((ink - 0.45 + 0.18 * grain) * 4 + 0.3, 0, 1)
        ink = np.asarray(hard * (ink > 0.08), np.float32)
    return np.asarray(ink, np.float32)


def enlarged(rng: Rng, ink: Ink, scale: float, *, dots: bool) -> Ink:
    """Print each pixel as a dot of a needle or as a square of a thermal head."""
    fine = 4
    large = cv2.resize(ink, None, fx=fine, fy=fine, interpolation=cv2.INTER_NEAREST)
    if dots:
        y, x = np.mgrid[0:fine, 0:fine].astype(np.float32) - (fine - 1) / 2
        size = rng.uniform(1.3, 2.3)
        dot = np.clip(size - np.hypot(x, y) + 0.5, 0, 1)
        large = large * np.tile(dot, ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.float32)


def thermal(rng: Rng, ink: Ink) -> Ink:
    """Take ink away as thermal heads do: in patches, and where a heating element is dead."""
    patches = cv2.GaussianBlur(_normal(rng, ink.shape), (0, 0), rng.uniform(1, 7))
    patches /= max(1e-3, float(patches.std()))
    ink = ink * np.clip(rng.uniform(0.6, 1.3) + rng.uniform(0.1, 0.5) * patches, 0, 1)
    if rng.random() < 0.12:
        ink = ink.copy()
        for _ in range(rng.randint(1, 2)):
            row = rng.randrange(ink.shape[0])
            ink[row : row + rng.choice([1, 1, 2])] *= rng.uniform(0, 0.5)
    return np.asarray(ink, np.float32)


def faded(rng: Rng, page: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bleach a page, as old receipts are, or sharpen it, as phones do."""
    if rng.random() < 0.6:
        keep = rng.uniform(0.18, 0.6)
        return np.asarray(page * keep + (1 - keep) * rng.uniform(215, 255), np.float32)
    soft = cv2.GaussianBlur(page, (0, 0), rng.uniform(0.8, 2))
    return np.asarray(page + rng.uniform(0.4, 1.5) * (page - soft), np.float32)


def paper(rng: Rng, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Make blank paper: a tone, a slope of light, sometimes texture or the tint of a table head."""
    height, width = shape
    tone = rng.choice([255, 255, rng.uniform(225, 255), rng.uniform(185, 240)])
    ground = np.full(shape, tone, np.float32)
    if rng.random() < 0.4:
        x = np.linspace(-1, 1, width, dtype=np.float32) * rng.uniform(-18, 18)
        ground += x[None, :] + np.linspace(-1, 1, height, dtype=np.float32)[:, None] * rng.uniform(
            -8, 8
        )
    if rng.random() < 0.08:
        ground += cv2.GaussianBlur(_normal(rng, shape), (0, 0), rng.uniform(3, 9)) * rng.uniform(
            15, 60
        )
    if rng.random() < 0.08:
        ground -= rng.uniform(15, 70)
    return ground


def scanned(rng: Rng, page: NDArray[np.float32], wear: Wear) -> Grey:
    """Put a drawn page through optics, sensor, dust and compression."""
    height, width = page.shape
    if wear.shrink < 1:
        small = cv2.resize(page, None, fx=wear.shrink, fy=wear.shrink, interpolation=cv2.INTER_AREA)
        page = np.asarray(
            cv2.resize(
                small,
                (width, height),
                interpolation=rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]),
            ),
            np.float32,
        )
    if wear.blur > 0.15:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), wear.blur), np.float32)
    if wear.noise:
        grain = _normal(rng, page.shape)
        if rng.random() < 0.3:
            grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * 1.8
        page = page + grain * wear.noise
    grey = np.clip(page, 0, 255).astype(np.uint8)
    for _ in range(int(wear.specks * grey.size / 10_000 + rng.random())):
        if wear.specks:
            x, y = rng.randrange(width), rng.randrange(height)
            cv2.circle(grey, (x, y), rng.choice([0, 1, 1, 2]), rng.choice([0, 30, 60, 255]), -1)
    if wear.jpeg:
        _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, wear.jpeg])
        grey = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey


def turned(
    page: NDArray[np.float32], degrees: float, fill: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Lay a page askew; gives it with the (2, 3) transform of its points."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    if abs(degrees) < 0.05:
        return page, np.asarray(np.eye(2, 3))
    out = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=fill)
    return np.asarray(out, np.float32), np.asarray(matrix, np.float64)


def cut(page: Grey, quad: NDArray[np.float64]) -> Grey:
    """Cut a (4, 2) quad as the product's pipeline does, straight to 48 pixels."""
    across = float(np.linalg.norm(quad[3] - quad[0]))
    width = max(8, round(HEIGHT_PX * float(np.linalg.norm(quad[1] - quad[0])) / across))
    if across > HEIGHT_PX * SHRINK_FIRST:
        scale = HEIGHT_PX / across
        page = np.asarray(
            cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        quad = quad * scale
    source = np.asarray(quad[[0, 1, 3]] - 0.5, np.float32)
    target = np.array([[0, 0], [width, 0], [0, HEIGHT_PX]], np.float32) - np.float32(0.5)
    strip = cv2.warpAffine(
        page, cv2.getAffineTransform(source, target), (width, HEIGHT_PX),
        flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(strip, np.uint8)


_NOISE = np.random.default_rng(20_260).standard_normal(1 << 22, np.float32)
"""Drawn once: a fresh draw for every line took a third of the time."""


def _normal(rng: Rng, shape: tuple[int, int]) -> NDArray[np.float32]:
    size = shape[0] * shape[1]
    if size > len(_NOISE):
        return np.resize(_NOISE, shape)
    start = rng.randrange(len(_NOISE) - size + 1)
    return _NOISE[start : start + size].reshape(shape)
