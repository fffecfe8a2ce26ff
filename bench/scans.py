"""Make scans of born-digital documents: image-only PDFs, skewed, blurred, noisy, JPEG, at 200 dpi.

Usage: python -m bench.scans DATA OUT

DATA holds `<stem>.pdf` and `<stem>.json`; OUT gets `<stem>-scan` of both, the truth marked as the
variant of its original. The same input gives the same scans.
"""

# mypy: disable-error-code="no-untyped-call"
# PyMuPDF types only some of its calls.

import argparse
import json
import random
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

DPI, MOST_PAGES = 200, 6


def scanned(page: NDArray[np.uint8], chance: random.Random) -> bytes:
    """Skew, blur, add noise and compress a grey page."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-1.2, 1.2), 1)
    skewed = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    blurred = cv2.GaussianBlur(skewed, (0, 0), chance.uniform(0.3, 0.8)).astype(np.float64)
    noise = np.random.default_rng(chance.randrange(9999))
    noisy = blurred + noise.normal(0, chance.uniform(3, 10), page.shape)
    grey = np.clip(noisy, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, chance.randrange(45, 80)])
    return data.tobytes()


def main() -> None:
    """Write the scans."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("out", type=Path)
    asked = arguments.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(asked.data.glob("*.pdf")):
        truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
        if truth.get("variant_of") or truth.get("scanned"):
            continue
        chance = random.Random(path.stem)  # noqa: S311  nothing secret, the same scans each time
        scan, original = pymupdf.open(), pymupdf.open(path)
        for number in range(min(original.page_count, MOST_PAGES)):
            page = original[number]
            drawn = page.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
            rows = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.stride)
            sheet = scan.new_page(width=page.rect.width, height=page.rect.height)
            sheet.insert_image(sheet.rect, stream=scanned(rows[:, : drawn.width], chance))
        scan.save(asked.out / f"{path.stem}-scan.pdf")
        marked = {**truth, "variant_of": path.stem, "scanned": True}
        (asked.out / f"{path.stem}-scan.json").write_text(json.dumps(marked), "utf-8")


if __name__ == "__main__":
    main()
