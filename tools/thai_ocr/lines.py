"""Seeded line images: text drawn on paper with its surroundings, worn, and cut as a detector cuts.

    python lines.py SHARDS --first 0 --count 50      # 50 shards of 4,096 lines
    python lines.py SHEET.png --sheet                # a picture to check by eye

A shard is one .npz: the grey pixels of all crops (48 rows each), their widths and their texts.
Shard n depends on n and the code alone.
"""

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import texts
import wear
import western
from fonts import Face, Library, Typeface, runs, sized
from numpy.typing import NDArray
from PIL import Image, ImageDraw

LINES_IN_SHARD = 4096
WESTERN = range(50_000, 90_000)
"""Shards of these numbers hold Western lines, all others Thai ones."""
LONGEST_PX = 960
"""The product parts longer lines."""
STACKED_MARKS = 0.95
"""Ink higher than this share of the font size has marks above marks."""
SEED = 20_260_000
Ink = NDArray[np.float32]
Rng = random.Random
Text = tuple[str, str, Typeface]
Parts = list[tuple[str, Face]]
Source = Callable[[Rng, Library], Text]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text as coverage of ink.

    Attributes:
        ink: (H, W) in [0, 1].
        box: Left, top, right, bottom of the ink in pixels.
        em: Font size in pixels.
    """

    ink: Ink
    box: tuple[int, int, int, int]
    em: int


def make_line(rng: Rng, library: Library, source: Source) -> tuple[NDArray[np.uint8], str]:
    """Make one (48, W) crop with its text."""
    while True:
        text, said, typeface = source(rng, library)
        low, high = rng.choices([(11, 15), (15, 26), (26, 36), (36, 66)], [6, 60, 24, 10])[0]
        em = round(rng.uniform(low, high))
        drawn = _draw(rng, text, typeface, em, receipts=source is western_text)
        if drawn is None:
            continue
        crop = _worn_crop(rng, drawn, library, source)
        if crop.shape[1] <= LONGEST_PX:
            return crop, said


def thai_text(rng: Rng, library: Library) -> Text:
    """Choose a text of Thai paper, what the model is to read, and a typeface."""
    text = texts.line(rng)
    return text, text, library.choose(rng, text)


def western_text(rng: Rng, library: Library) -> Text:
    """The same of Western paper."""
    text, said = western.line(rng)
    return text, said, library.choose_western(rng, text)


def _draw(
    rng: Rng, text: str, typeface: Typeface, em: int, *, receipts: bool = False
) -> Drawn | None:
    """Draw a text; None where a font lacks a character or nothing shows."""
    if rng.random() < 0.25:  # spaces of any width are one space to the reader
        widest = rng.choice([3, 3, 8])
        text = "".join(" " * rng.randint(1, widest) if c == " " else c for c in text)
    parts = runs(text, typeface)
    if parts is None:
        return None
    manner = Manner(em)
    if receipts:
        parts, manner = _as_printed(rng, parts, em)
    ink = _inked(parts, manner)
    if manner.dot is not None:
        ink = wear.enlarged(rng, ink, em / manner.size, dots=manner.dot)
    stretch = rng.uniform(0.64, 1.15) if rng.random() < 0.35 else 1.0
    if receipts and manner.dot is not None and rng.random() < 0.5:
        stretch = rng.uniform(0.5, 1.4)
    if stretch != 1.0:
        ink = np.asarray(
            cv2.resize(ink, None, fx=stretch, fy=1, interpolation=cv2.INTER_AREA), np.float32
        )
    columns, rows = np.flatnonzero(ink.max(0) > 0.3), np.flatnonzero(ink.max(1) > 0.3)
    if len(columns) == 0:
        return None
    return Drawn(ink, (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1), em)


@dataclass(frozen=True, slots=True)
class Manner:
    """How letters are put on paper.

    Attributes:
        size: Font size they are drawn at.
        tracking: Pixels added between letters.
        dot: Whether each pixel becomes a dot, or a square; None where letters have outlines.
    """

    size: int
    tracking: float = 0.0
    dot: bool | None = None


def _as_printed(rng: Rng, parts: Parts, em: int) -> tuple[Parts, Manner]:
    """Choose how a receipt's line is printed, and part it letter by letter where that is needed."""
    draw = rng.random()
    if draw < 0.08:
        return parts, Manner(rng.randint(9, 13), dot=True)
    if draw < 0.26:
        return parts, Manner(rng.randint(11, 24), dot=False)
    if draw < 0.42 and all(part.isascii() for part, _ in parts):
        letters = [(letter, face) for part, face in parts for letter in part]
        return letters, Manner(
            em, tracking=em * rng.choice([rng.uniform(-0.05, 0), rng.uniform(0, 0.18)])
        )
    return parts, Manner(em)


def _inked(parts: Parts, manner: Manner) -> Ink:
    size = manner.size
    fonts = [sized(face.path, size) for _, face in parts]
    widths = [
        font.getlength(part) + manner.tracking for (part, _), font in zip(parts, fonts, strict=True)
    ]
    canvas = Image.new("L", (int(sum(widths)) + 4 * size, 4 * size))
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = "L" if manner.dot is None else "1"
    x = 2.0 * size
    for (part, _), font, width in zip(parts, fonts, widths, strict=True):
        pen.text((x, 2.4 * size), part, font=font, fill=255, anchor="ls")
        x += width
    return np.asarray(np.asarray(canvas, np.float32) / 255, np.float32)


def _worn_crop(rng: Rng, drawn: Drawn, library: Library, source: Source) -> NDArray[np.uint8]:
    quad = _detected(rng, drawn)
    treatment = wear.choose(rng)
    ink = drawn.ink
    if source is western_text and rng.random() < 0.35:
        ink = wear.thermal(rng, ink)
    ink = wear.printed(rng, ink)
    around = _surroundings(rng, drawn, quad, library, source)
    ground = wear.paper(rng, (ink.shape[0], ink.shape[1]))
    black = rng.choice([0, rng.uniform(0, 70), rng.uniform(40, 130)])
    page = ground - np.clip(ground - black, 40, 255) * ink
    page = page - np.clip(page - rng.uniform(0, 110), 0, 255) * around
    if source is western_text and rng.random() < 0.2:
        page = wear.faded(rng, page)
    if rng.random() < 0.025:
        page = 255 - page
    page, transform = wear.turned(page, treatment.skew, float(ground.mean()))
    quad = quad @ transform[:, :2].T + transform[:, 2]
    return wear.cut(wear.scanned(rng, page, treatment), quad)


def _detected(rng: Rng, drawn: Drawn) -> NDArray[np.float64]:
    """Give the corners that a detector would: looser than the ink, a little off and askew."""
    left, top, right, bottom = drawn.box
    ink_height = max(bottom - top, 0.45 * drawn.em)
    height = ink_height * float(np.clip(rng.gauss(1.72, 0.3), 1.0, 2.5))
    if rng.random() < 0.06:
        height = ink_height * rng.uniform(0.9, 1.1)
    middle = (top + bottom) / 2 + ink_height * float(np.clip(rng.gauss(-0.07, 0.09), -0.35, 0.2))
    # A detector may clip upper marks a little; what stands below the line it hardly ever clips.
    lowest = bottom - 0.03 * ink_height - height / 2
    highest = top + rng.choice([0, 0, 0.04, 0.12]) * ink_height + height / 2
    middle = min(max(middle, lowest), highest) if lowest <= highest else lowest
    if ink_height > STACKED_MARKS * drawn.em and rng.random() < 0.18:
        # It looks for bodies of letters; a tone above a vowel it may cut off in part.
        middle = max(middle, top + rng.uniform(0, 0.13) * ink_height + height / 2)
    near, far = (height * float(np.clip(rng.gauss(0.18, 0.08), -0.03, 0.42)) for _ in range(2))
    slope = np.tan(np.radians(rng.gauss(0, 0.25))) * (right - left) / 2
    x0, x1, y0, y1 = left - near, right + far, middle - height / 2, middle + height / 2
    return np.array([[x0, y0 - slope], [x1, y0 + slope], [x1, y1 + slope], [x0, y1 - slope]])


def _surroundings(
    rng: Rng, drawn: Drawn, quad: NDArray[np.float64], library: Library, source: Source
) -> Ink:
    """Draw what else stands near: rules, neighbouring lines, stamps."""
    ink = np.zeros_like(drawn.ink)
    left, top, right, bottom = drawn.box
    _draw_rules(rng, ink, drawn, quad)
    if rng.random() < 0.10:
        other, _, typeface = source(rng, library)
        beside = _draw(rng, other, typeface, drawn.em)
        if beside:
            ink = np.maximum(ink, _reaching_in(rng, beside, drawn, quad))
    if rng.random() < 0.03:  # a stamp's rings or a signature's stroke
        centre = (rng.randint(left, right), rng.randint(top - drawn.em, bottom + drawn.em))
        axes = (rng.randint(drawn.em, 6 * drawn.em), rng.randint(drawn.em, 4 * drawn.em))
        grey, thick = rng.uniform(0.2, 0.6), rng.randint(1, 3)
        cv2.ellipse(ink, centre, axes, rng.uniform(0, 180), 0, 360, grey, thick)
    return ink


def _draw_rules(rng: Rng, ink: Ink, drawn: Drawn, quad: NDArray[np.float64]) -> None:
    """Draw table lines around, between and through the words, and underlines."""
    height, width = ink.shape
    left, top, right, bottom = drawn.box
    (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
    thick, grey = rng.choice([1, 1, 2, 2, 3]), rng.uniform(0.3, 1.0)
    rows, columns = list[float](), list[float]()
    if rng.random() < 0.22:
        for edge, inner in ((y0, top), (y1, bottom)):
            if rng.random() < 0.6:
                rows.append(rng.uniform(min(edge, inner), max(edge, inner)))
    if rng.random() < 0.14:
        for edge, inner in ((x0, left), (x1, right)):
            if rng.random() < 0.6:
                columns.append(rng.uniform(min(edge, inner) - 2, max(edge, inner)))
    if rng.random() < 0.12:  # between cells
        columns += [x for x in _wide_gaps(drawn) if rng.random() < 0.7]
    if rng.random() < 0.03:  # through the text
        columns.append(rng.randint(left, right))
    for y in rows:
        cv2.line(ink, (0, round(y)), (width, round(y)), grey, thick)
    for x in columns:
        cv2.line(ink, (round(x), 0), (round(x), height), grey, thick)
    if rng.random() < 0.04:
        y = bottom + drawn.em * rng.uniform(-0.25, 0.1)
        cv2.line(ink, (left, round(y)), (right, round(y)), grey, thick)


def _reaching_in(rng: Rng, beside: Drawn, drawn: Drawn, quad: NDArray[np.float64]) -> Ink:
    """Place the line above or below so that its feet or its marks reach into the crop."""
    _, top, _, bottom = drawn.box
    y0, y1 = quad[:, 1].min(), quad[:, 1].max()
    above = rng.random() < 0.5
    reach = rng.uniform(0.02, 0.28) * (top - y0 if above else y1 - bottom)
    shift = round(y0 + reach) - beside.box[3] if above else round(y1 - reach) - beside.box[1]
    moved = np.zeros_like(drawn.ink)
    width = min(moved.shape[1], beside.ink.shape[1])
    first, end = max(0, shift), min(moved.shape[0], beside.ink.shape[0] + shift)
    moved[first:end, :width] = beside.ink[first - shift : end - shift, :width]
    return moved


def _wide_gaps(drawn: Drawn) -> list[int]:
    """Give a column in each gap between words that is wide enough for a table line."""
    left, _, right, _ = drawn.box
    empty = drawn.ink[:, left:right].max(0) < 0.1
    edges = np.flatnonzero(np.diff(empty.astype(np.int8), prepend=0, append=0))
    gaps = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [left + (a + b) // 2 for a, b in gaps if b - a >= drawn.em * 0.5]


def write_shard(folder: Path, number: int, library: Library) -> None:
    """Write shard `number`; an existing one is kept."""
    path = folder / f"{number:05d}.npz"
    if path.exists():
        return
    rng = random.Random(SEED + number)  # noqa: S311 - drawing, not secrecy
    source = western_text if number in WESTERN else thai_text
    made = [make_line(rng, library, source) for _ in range(LINES_IN_SHARD)]
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez(
            file,
            pixels=np.concatenate([crop for crop, _ in made], axis=1),
            widths=np.array([crop.shape[1] for crop, _ in made], np.int32),
            texts=np.array([text for _, text in made]),
        )
    temporary.rename(path)


def write_sheet(path: Path, library: Library, seed: int) -> None:
    """Write a picture of 60 lines above their texts' first characters."""
    rng = random.Random(seed)  # noqa: S311 - drawing, not secrecy
    source = western_text if seed in WESTERN else thai_text
    rows = []
    for _ in range(28):
        row = np.full((52, 1500), 128, np.uint8)
        x = 0
        while x < 1400:
            crop, _ = make_line(rng, library, source)
            width = min(crop.shape[1], 1500 - x)
            row[:48, x : x + width] = crop[:, :width]
            x += width + 6
        rows.append(row)
    cv2.imwrite(str(path), np.concatenate(rows))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "--fonts", type=Path, default=Path("fontsource"), help="unpacked fontsource packages"
    )
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--step", type=int, default=1, help="for several processes side by side")
    parser.add_argument("--sheet", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    library = Library(given.fonts)
    print(len(library.families()), "Thai families:", " ".join(library.families()))
    if given.sheet:
        write_sheet(given.target, library, given.first)
        return
    given.target.mkdir(parents=True, exist_ok=True)
    for number in range(given.first, given.first + given.count * given.step, given.step):
        start = time.monotonic()
        write_shard(given.target, number, library)
        print(f"shard {number}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
