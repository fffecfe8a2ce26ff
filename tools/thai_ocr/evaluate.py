"""Measure a recogniser on pages with known segments, beside Tesseract on the same crops.

    python evaluate.py TREE --model MODEL.onnx [--tesseract] [-v]

TREE holds pictures and <id>.json with `segments` (text, box before the page was laid askew). The
boxes are widened as a detector widens them, so this measures the recogniser alone. Errors are
counted after all white space is removed, as Thai spacing is free.
"""

import argparse
import csv
import io
import json
import re
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from alphabet import canonical, decode
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from wear import cut

HEIGHT_FACTOR = 1.72
"""Height of a detected box to the height of the ink: the median over the development pages."""
RISE = 0.07
SIDE = 0.18
BUCKET_PX = 16
PADDING = 127
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Crop:
    """One segment.

    Attributes:
        page: Its page's id.
        pixels: (48, W).
        text: What it says, in canonical spelling.
    """

    page: str
    pixels: Grey
    text: str


def crops_of(tree: Path) -> list[Crop]:
    """Cut every segment of a tree."""
    found = []
    for file in sorted(tree.glob("*.json")):
        truth = json.loads(file.read_text(encoding="utf-8"))
        picture = next(p for p in file.parent.glob(file.stem + ".*") if p.suffix != ".json")
        grey = np.asarray(cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE), np.uint8)
        height, width = grey.shape
        angle = truth.get("degrade", {}).get("skew_deg", 0.0)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        usual = float(np.median([s["box"][3] - s["box"][1] for s in truth["segments"]]))
        for segment in truth["segments"]:
            quad = _widened(*segment["box"], 0.6 * usual) @ turn[:, :2].T + turn[:, 2]
            found.append(Crop(truth["id"], cut(grey, quad), canonical(segment["text"])))
    return found


def batched(pixels: Sequence[Grey], share: int = 10240) -> list[tuple[list[int], Grey]]:
    """Group (48, W) crops of like width into (N, 48, W') batches padded with grey."""
    order = sorted(range(len(pixels)), key=lambda i: pixels[i].shape[1])
    batches, group = [], list[int]()
    for i in [*order, -1]:
        width = 0 if i < 0 else _bucket(pixels[i].shape[1])
        if group and (
            i < 0
            or width * (len(group) + 1) > share
            or width > _bucket(pixels[group[0]].shape[1]) + 64
        ):
            wide = _bucket(max(pixels[k].shape[1] for k in group))
            block = np.full((len(group), 48, wide), PADDING, np.uint8)
            for row, k in enumerate(group):
                block[row, :, : pixels[k].shape[1]] = pixels[k]
            batches.append((group, block))
            group = []
        if i >= 0:
            group.append(i)
    return batches


def onnx_reader(path: Path) -> Callable[[Sequence[Grey]], list[str]]:
    """Read crops with an exported model."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def read(pixels: Sequence[Grey]) -> list[str]:
        out = [""] * len(pixels)
        for group, block in batched(pixels, 5120):
            blue_green_red = np.repeat(block[:, None], 3, axis=1).astype(np.float32) / 127.5 - 1
            (probabilities,) = session.run(None, {"x": blue_green_red})
            for i, path_ in zip(group, probabilities.argmax(2), strict=True):
                out[i] = decode(path_.tolist())
        return out

    return read


def read_with_tesseract(pixels: Sequence[Grey]) -> list[str]:
    """Read crops with `tesseract -l tha+eng --psm 7`, one process for all of them."""
    folder = Path(
        subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip()
    )
    names = []
    for i, crop in enumerate(pixels):
        name = folder / f"{i}.png"
        cv2.imwrite(str(name), cv2.copyMakeBorder(crop, 6, 6, 10, 10, cv2.BORDER_REPLICATE))
        names.append(str(name))
    (folder / "list").write_text("\n".join(names))
    table = subprocess.run(
        ["tesseract", str(folder / "list"), "-", "-l", "tha+eng", "--psm", "7", "tsv"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    out = [""] * len(pixels)
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["text"] and row["text"].strip():
            out[int(row["page_num"]) - 1] += row["text"].strip()
    return [canonical(text) for text in out]


def bare(text: str) -> str:
    """Remove what does not count: white space and dotted rules."""
    return re.sub(r"[._·…-]{4,}", "", re.sub(r"\s+", "", canonical(text)))


def report(
    name: str, crops: Sequence[Crop], read: Sequence[str], *, verbose: bool
) -> dict[str, float]:
    """Print and give the figures of one reader on one tree."""
    errors = chars = numbers = numbers_right = exact = 0
    by_kind: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    swaps: Counter[tuple[str, str]] = Counter()
    for crop, got in zip(crops, read, strict=True):
        want, have = bare(crop.text), bare(got)
        if not want:
            continue
        wrong = min(Levenshtein.distance(want, have), len(want))
        errors, chars, exact = errors + wrong, chars + len(want), exact + (wrong == 0)
        kinds.update(kind(c) for c in want)
        for op in Levenshtein.editops(want, have):
            there = want[op.src_pos] if op.tag != "insert" else ""
            here = have[op.dest_pos] if op.tag != "delete" else ""
            by_kind[kind(there or here)] += 1
            swaps[there, here] += 1
        if re.fullmatch(r"[\d๐-๙,./:()A-Z#-]+", want) and len(re.findall(r"[\d๐-๙]", want)) >= 3:
            numbers, numbers_right = numbers + 1, numbers_right + (want == have)
        if verbose and wrong:
            print(f"  {crop.page} {crop.text!r} -> {got!r}")
    figures = {
        "segments": len(crops),
        "seg_cer": errors / max(1, chars),
        "exact": exact / max(1, len(crops)),
        "numbers": numbers_right / max(1, numbers),
    }
    print(
        f"{name}: "
        + "  ".join(f"{k} {v:.4f}" if k != "segments" else f"{k} {v}" for k, v in figures.items())
    )
    print("  errors by kind: " + "  ".join(f"{k} {n}/{kinds[k]}" for k, n in by_kind.most_common()))
    print(
        "  commonest: "
        + "  ".join(f"{a or '∅'}→{b or '∅'} {n}" for (a, b), n in swaps.most_common(25))
    )
    return figures


def kind(char: str) -> str:
    """Name the kind of a character."""
    if "๐" <= char <= "๙":
        return "Thai digit"
    if "\u0e00" <= char <= "\u0e7f":
        if unicodedata.category(char) == "Mn":
            return "Thai tone or sign" if char in "่้๊๋์ํ็" else "Thai vowel above or below"
        return "Thai letter" if char < "ะ" else "Thai vowel beside"
    if char.isdigit():
        return "digit"
    return "Latin letter" if char.isalpha() else "sign"


def _widened(x0: float, y0: float, x1: float, y1: float, least: float) -> NDArray[np.float64]:
    """Widen a box of ink; a dash is no lower to a detector than other small text."""
    height = max(y1 - y0, least) * HEIGHT_FACTOR
    middle = (y0 + y1) / 2 - height / HEIGHT_FACTOR * RISE
    left, right = x0 - SIDE * height, x1 + SIDE * height
    top, bottom = middle - height / 2, middle + height / 2
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _bucket(width: int) -> int:
    return max(32, -(-width // BUCKET_PX) * BUCKET_PX)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trees", type=Path, nargs="+")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tesseract", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args()
    for tree in given.trees:
        crops = crops_of(tree)
        pixels = [crop.pixels for crop in crops]
        if given.model:
            report(
                f"{tree.name} {given.model.name}",
                crops,
                onnx_reader(given.model)(pixels),
                verbose=given.verbose,
            )
        if given.tesseract:
            report(
                f"{tree.name} tesseract", crops, read_with_tesseract(pixels), verbose=given.verbose
            )


if __name__ == "__main__":
    main()
