"""Pages made of other pages: turned, skewed and of many sizes, the same for the same seed.

Usage: python -m bench.pages DATA OUT [--turn 90] [--skew 10] [--least 0] [--seed N]

DATA holds img/*.jpg with box/*.csv, or pictures with a JSON file each beside them; OUT gets the
same. Every page is turned clockwise by `--turn` and skewed either way by `--least` to `--skew`
degrees. The boxes of csv files go with it; JSON files are copied as they are.
"""

import argparse
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.scoring import truth  # noqa: TID251  nothing else imports it

JPEG_QUALITY = 90
PICTURES = (".jpg", ".png")
Image = NDArray[np.uint8]


def turned(image: Image, degrees: float) -> tuple[Image, NDArray[np.float64]]:
    """Turn a picture clockwise on a white canvas that holds all of it; gives the transform too."""
    height, width = image.shape[:2]
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1), np.float64)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    across, down = round(width * cos + height * sin), round(width * sin + height * cos)
    matrix[:, 2] += (across - width) / 2, (down - height) / 2
    # The matrix speaks of edges of pixels, warpAffine of their centres.
    centres = matrix.copy()
    centres[:, 2] += centres[:, :2] @ (0.5, 0.5) - 0.5
    canvas = cv2.warpAffine(
        image, centres, (across, down), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255)
    )
    return np.asarray(canvas, np.uint8), matrix


def mixed(files: Sequence[Path], count: int, seed: int) -> Iterator[bytes]:
    """Draw `count` pages from files: of sizes from a half to one and a half, some turned."""
    chance = random.Random(seed)  # noqa: S311  nothing secret, the same pages each time
    for _ in range(count):
        image = _opened(chance.choice(files))
        scale = chance.uniform(0.5, 1.5)
        shrunk = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        degrees = chance.choice((0, 0, 0, 90, 180, 270)) + chance.uniform(-10, 10)
        page, _ = turned(np.asarray(shrunk, np.uint8), degrees)
        yield _jpeg(page)


def slants(least: float, most: float, seed: int) -> Iterator[float]:
    """Draw slants either way, in degrees."""
    chance = random.Random(seed)  # noqa: S311  nothing secret, the same pages each time
    while True:
        yield chance.choice((-1, 1)) * chance.uniform(least, most)


def _opened(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()


def _boxes(path: Path, matrix: NDArray[np.float64]) -> str:
    """Write a page's true lines where they stand after a transform."""
    rows = []
    for line in truth(path):
        corners = np.array(line.box) @ matrix[:, :2].T + matrix[:, 2]
        rows.append(",".join([*(f"{x:.1f}" for x in corners.ravel()), line.text]))
    return "\n".join(rows) + "\n"


def main() -> None:
    """Write the pages."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--turn", type=int, default=0, choices=(0, 90, 180, 270))
    arguments.add_argument("--skew", type=float, default=0)
    arguments.add_argument("--least", type=float, default=0)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    boxed = (given.data / "box").is_dir()
    source = given.data / "img" if boxed else given.data
    for folder in ("img", "box") if boxed else (".",):
        (given.out / folder).mkdir(parents=True, exist_ok=True)
    pictures = sorted(path for path in source.iterdir() if path.suffix in PICTURES)
    for path, slant in zip(pictures, slants(given.least, given.skew, given.seed), strict=False):
        page, matrix = turned(_opened(path), given.turn + slant)
        name = f"{path.stem}.jpg"
        (given.out / ("img" if boxed else ".") / name).write_bytes(_jpeg(page))
        if boxed:
            told = _boxes(given.data / "box" / f"{path.stem}.csv", matrix)
            (given.out / "box" / f"{path.stem}.csv").write_text(told, "utf-8")
        else:
            shutil.copy(path.with_suffix(".json"), given.out)


if __name__ == "__main__":
    main()
