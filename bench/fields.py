"""Measure extraction on whole folders: accuracy, precision, lines, regions, confidence and time.

Usage: python -m bench.fields DATA... --cache FOLDER [--misses] [--out bench/results]

Pages are read once and kept in the cache folder as JSON; delete it after the reader has changed.
After that only the extraction runs, which takes seconds.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from bench.field_scoring import (  # noqa: TID251  nothing else imports it
    TODAY,
    Marks,
    Truth,
    given,
    is_right,
    mark,
    matched_items,
    misplaced,
    truths,
)
from ocr_service.domain.page import Line, Page, Quad, TextSource, Word
from ocr_service.extraction import extract
from ocr_service.offline import read_files
from paperwork.readings import Extraction

WORDS = ("total", "date", "1,234.50", "tax", "12/03/2024", "amount", "description", "qty", "Road")
PAGE_SIZES = (1_000, 20_000)
"""Words a page, for the growth of time with size."""


def pages_of(true: Sequence[Truth], cache: Path) -> dict[str, list[Page]]:
    """Read the pages of all files, or take them from the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = {t.stem: cache / f"{t.file.name}.json" for t in true}
    missing = [t for t in true if not kept[t.stem].exists()]
    results = read_files([t.file for t in missing], page_timeout_s=120)
    for one, result in zip(missing, results, strict=True):
        kept[one.stem].write_text(json.dumps(result["pages"], ensure_ascii=False), "utf-8")
    return {t: [_page(row) for row in json.loads(p.read_text("utf-8"))] for t, p in kept.items()}


def _page(row: dict[str, object]) -> Page:
    rows = row["lines"]
    assert isinstance(rows, list)
    lines = tuple(
        Line(
            r["text"],
            _quad(r["box"]),
            r["confidence"],
            tuple(Word(w["text"], _quad(w["box"]), w["confidence"]) for w in r["words"]),
        )
        for r in rows
    )
    number, width, height = (int(str(row[k])) for k in ("page_number", "width", "height"))
    return Page(number, width, height, TextSource(row["text_source"]), lines=lines)


def _quad(points: Sequence[Sequence[float]]) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in points)
    return (a, b, c, d)


def measure(folder: Path, cache: Path, *, misses: bool) -> dict[str, object]:
    """Extract every document of a folder and judge it."""
    true = truths(folder)
    pages = pages_of(true, cache / folder.name)
    groups: dict[str, Marks] = {"all": Marks()}
    twins = {t.twin_of for t in true if t.twin_of}
    wrong_places: list[str] = []
    seconds: list[float] = []
    for one in true:
        began = time.process_time()
        got = extract(pages[one.stem], TODAY)
        seconds.append((time.process_time() - began) / max(1, len(pages[one.stem])))
        names = ["all", "scanned" if one.scanned else "born digital"]
        names += ["scanned twins"] if one.twin_of else []
        names += ["their born digital twins"] if one.stem in twins else []
        for name in names:
            mark(groups.setdefault(name, Marks()), one, got)
        if one.boxes:
            wrong_places += misplaced(one, got)
        if misses:
            _print_misses(one, got)
    each = sorted(seconds)
    report: dict[str, object] = {"documents": len(true)}
    report |= {name: marks.report() for name, marks in groups.items()}
    report["misplaced_values"] = wrong_places
    report["ms_a_page"] = {
        "median": round(1000 * each[len(each) // 2], 1),
        "p95": round(1000 * each[int(0.95 * len(each))], 1),
        "most": round(1000 * each[-1], 1),
    }
    return report


def growth() -> float:
    """Tell how many times longer a page of 20,000 words takes than one of 1,000."""
    small, large = (_seconds(_crowded(count)) for count in PAGE_SIZES)
    return round(large / small, 1)


def _seconds(page: Page) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        extract([page], TODAY)
        best = min(best, time.process_time() - began)
    return best


def _crowded(count: int) -> Page:
    """A page of five words a line, so long that all find room."""
    lines = []
    for row in range(count // 10):
        for left in (0.0, 800.0):
            top = 16.0 * row
            words = tuple(
                Word(text, _box(left + 90 * n, top), 0.9)
                for n, text in enumerate(WORDS[(row + k) % len(WORDS)] for k in range(5))
            )
            text = " ".join(word.text for word in words)
            lines.append(
                Line(text, (*words[0].box[:1], *words[-1].box[1:3], words[0].box[3]), 0.9, words)
            )
    return Page(1, 1653, 16 * count // 10, TextSource.OCR, lines=tuple(lines))


def _box(left: float, top: float) -> Quad:
    return ((left, top), (left + 80, top), (left + 80, top + 12), (left, top + 12))


def _print_misses(true: Truth, got: Extraction) -> None:

    values = given(got)
    for key, wanted in true.fields.items():
        if not is_right(true, key, values.get(key)):
            print(f"{true.stem:24} {key:14} want {wanted!r} got {values.get(key)!r}")
    if true.lines:
        n = len(matched_items(got.line_items, true.lines))
        if not n == len(true.lines) == len(got.line_items):
            print(f"{true.stem:24} lines {n} of {len(true.lines)}, given {len(got.line_items)}")


def main() -> None:
    """Measure each folder and write its report."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path, nargs="+")
    arguments.add_argument("--cache", type=Path, required=True)
    arguments.add_argument("--misses", action="store_true")
    arguments.add_argument("--out", type=Path)
    asked = arguments.parse_args()
    slower = growth()
    for folder in asked.data:
        report = {**measure(folder, asked.cache, misses=asked.misses), "growth_times_20": slower}
        print(json.dumps(report, indent=1, ensure_ascii=False))
        if asked.out:
            asked.out.mkdir(parents=True, exist_ok=True)
            path = asked.out / f"fields-{folder.name}.json"
            path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
