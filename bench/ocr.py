"""Reading speed and accuracy beside RapidOCR's defaults, on the same pages in turns.

Usage: python bench/ocr.py DATA [--limit N] [--predictions FOLDER] [--out FILE]

DATA holds `img/` with one picture a page and `box/<stem>.csv` with its lines, eight coordinates
and the text. Pages go in small groups through one reader and then the other, so that a busy
machine slows both. Each uses all cores in its own way: RapidOCR one process with threads, ours
one process a core. Word F1 compares bags of words; a run of letters and digits is a word.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import time
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from rapidocr import RapidOCR

from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool

WORD = re.compile(r"\w+(?:[.,/:-](?=\d)\w+)*")
Lines = list[dict[str, object]]


def words(texts: list[str]) -> Counter[str]:
    return Counter(
        word
        for text in texts
        for word in WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("'", ""))
    )


def truth(path: Path) -> list[str]:
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    return [row.split(",", 8)[8] for row in rows if row.strip()]


def word_f1(read: dict[str, Lines], folder: Path) -> float:
    hits = total = 0
    for stem, lines in read.items():
        gold = words(truth(folder / "box" / f"{stem}.csv"))
        got = words([str(line["text"]) for line in lines])
        hits += (gold & got).total()
        total += gold.total() + got.total()
    return 2 * hits / total


class Peer:
    """RapidOCR as it comes."""

    def __init__(self) -> None:
        self.name = f"rapidocr {version('rapidocr')} default"
        self._engine = RapidOCR(params={"Global.log_level": "error"})
        self.peak_mib = 0

    def read(self, data: bytes) -> Lines:
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        out: Any = self._engine(pixels)
        self.peak_mib = max(self.peak_mib, psutil.Process().memory_info().rss >> 20)
        if out.boxes is None:
            return []
        return [
            {"text": text, "box": box.tolist()}
            for text, box in zip(out.txts, out.boxes, strict=True)
        ]


async def ours(pool: ReaderPool, data: bytes) -> Lines:
    read = await pool.read_page(data, 1, ReadOptions(with_image=False))
    return [{"text": line.text, "box": line.box} for line in read.page.lines]


async def measure(
    folder: Path, files: list[Path], workers: int
) -> tuple[dict[str, object], dict[str, dict[str, Lines]]]:
    peer = Peer()
    peer_read: dict[str, Lines] = {}
    our_read: dict[str, Lines] = {}
    peer_s, our_s, ratios = 0.0, 0.0, []
    peak = 0
    group = 2 * workers
    async with ReaderPool(PoolSettings(workers=workers, page_timeout_s=300)) as pool:
        warm = files[0].read_bytes()
        peer.read(warm)
        await asyncio.gather(*(ours(pool, warm) for _ in range(workers)))
        for start in range(0, len(files), group):
            part = files[start : start + group]
            data = [path.read_bytes() for path in part]
            began = time.perf_counter()
            for path, content in zip(part, data, strict=True):
                peer_read[path.stem] = peer.read(content)
            middle = time.perf_counter()
            results = await asyncio.gather(*(ours(pool, content) for content in data))
            ended = time.perf_counter()
            our_read.update(zip((path.stem for path in part), results, strict=True))
            children = psutil.Process().children()
            peak = max([peak, *(child.memory_info().rss >> 20 for child in children)])
            peer_s, our_s = peer_s + middle - began, our_s + ended - middle
            ratios.append((middle - began) / (ended - middle))
            print(f"{start + len(part)}/{len(files)}  ratio {ratios[-1]:.2f}", flush=True)
    report: dict[str, object] = {
        "pages": len(files),
        "speed_ratio": round(peer_s / our_s, 3),
        "speed_ratio_median_group": round(statistics.median(ratios), 3),
        "ours": {
            "pages_per_minute": round(60 * len(files) / our_s, 1),
            "word_f1": round(word_f1(our_read, folder), 4),
            "peak_worker_mib": peak,
            "workers": workers,
        },
        peer.name: {
            "pages_per_minute": round(60 * len(files) / peer_s, 1),
            "word_f1": round(word_f1(peer_read, folder), 4),
            "peak_mib": peer.peak_mib,
        },
    }
    return report, {"ours": our_read, "rapidocr": peer_read}


def machine() -> dict[str, object]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--limit", type=int)
    arguments.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments.add_argument("--predictions", type=Path, help="write what was read, as JSON lines")
    arguments.add_argument("--out", type=Path, help="default: bench/results/ocr-DATA.json")
    given = arguments.parse_args()
    files = sorted((given.data / "img").iterdir())[: given.limit]
    report, read = asyncio.run(measure(given.data, files, given.workers))
    report = {"data": given.data.name, **report, "machine": machine()}
    names = {path.stem: path.name for path in files}
    if given.predictions:
        given.predictions.mkdir(parents=True, exist_ok=True)
        for reader, pages in read.items():
            rows = [{"file": names[stem], "lines": lines} for stem, lines in pages.items()]
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (given.predictions / f"{reader}.jsonl").write_text(text, encoding="utf-8")
    out = given.out or Path(__file__).parent / "results" / f"ocr-{given.data.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
