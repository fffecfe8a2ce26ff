"""Whether a reading process grows: one worker, many pages of all shapes.

Usage: python -m bench.memory DATA [DATA ...] [--pages 500] [--seed N] [--out FILE]

Pages are drawn from the pictures in DATA/img, or in DATA itself where there is no such folder,
scaled, turned and skewed by chance, the same for the same seed. Writes the peak, and the growth of
what the worker holds from the fiftieth page on.
"""

import argparse
import asyncio
import json
from pathlib import Path

import psutil

from bench.ocr import machine  # noqa: TID251  nothing else imports it
from bench.pages import mixed  # noqa: TID251  nothing else imports it
from bench.peers import peak_mib  # noqa: TID251  nothing else imports it
from ocr_service.domain.errors import FileTooLarge
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool

WARM = 50
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
OPTIONS = ReadOptions()


async def measure(files: list[Path], pages: int, seed: int) -> dict[str, object]:
    """Read the pages; nothing may replace the worker."""
    settings = PoolSettings(workers=1, page_timeout_s=300, memory_cap=8 << 30, recycle_at=8 << 30)
    held: list[int] = []
    refused = 0
    async with ReaderPool(settings) as pool:
        (worker,) = psutil.Process().children()
        for number, data in enumerate(mixed(files, pages, seed), 1):
            try:
                await pool.read_page(data, 1, OPTIONS)
            except FileTooLarge:  # the largest picture drawn at one and a half its size
                refused += 1
            held.append(worker.memory_info().rss >> 20)
            if number % 25 == 0:
                print(f"{number}/{pages}: {held[-1]} MiB, peak {peak_mib(worker.pid)}", flush=True)
        peak = peak_mib(worker.pid)
    first, last = max(held[: WARM + 1]), max(held[-WARM:])
    return {
        "pages": pages,
        "refused_as_too_large": refused,
        "peak_mib": peak,
        "held_after_50_mib": first,
        "held_at_the_end_mib": last,
        "growth_percent": round(100 * (last - first) / first, 1),
    }


def pictures(folder: Path) -> list[Path]:
    """List the pages of a data folder."""
    inner = folder / "img"
    inside = inner if inner.is_dir() else folder
    return sorted(path for path in inside.iterdir() if path.suffix.lower() in PICTURES)


def main() -> None:
    """Measure and write the report."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path, nargs="+")
    arguments.add_argument("--pages", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=1)
    default = Path(__file__).parent / "results" / "ocr-memory.json"
    arguments.add_argument("--out", type=Path, default=default)
    given = arguments.parse_args()
    files = [path for folder in given.data for path in pictures(folder)]
    report = {**asyncio.run(measure(files, given.pages, given.seed)), "machine": machine()}
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
