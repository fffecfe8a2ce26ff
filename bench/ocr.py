"""Reading speed and accuracy beside RapidOCR and Tesseract, on the same pages in turns.

Usage: python -m bench.ocr DATA [--limit N] [--peers NAME ...] [--rounds N] [--out FILE]

DATA holds `img/` with one picture a page and `box/<stem>.csv` with its lines, eight coordinates
and the text. Pages go in small groups through one reader after the other, so that a busy machine
slows all alike: trust the ratios, not the pages a minute. Each reader uses all cores in its own
way. Ours is measured twice: `busy` with as many pages at once as there are cores, for pages a
minute; `alone` with one page after the other, as the peers read, for p50 and p95. Every reader has
read all pages once before, Tesseract left out, which starts anew for each page.
"""

import argparse
import asyncio
import json
import os
import platform
import time
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.peers import Peer, load, peak_mib, versions  # noqa: TID251  nothing else imports it
from bench.scoring import TextLine, score, truth  # noqa: TID251  nothing else imports it
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool
from ocr_service.engine.runtime import runtime

GROUP = 8
TEXT_ONLY = ReadOptions(with_image=False)


class Measured:
    """What one reader did."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.pages = 0
        self.seconds = 0.0
        self.each: list[float] = []
        self.read: dict[str, list[TextLine]] = {}
        self.peak_mib = 0

    def quantile_ms(self, share: float) -> int:
        """The time of a page that this share of pages does not pass."""
        return round(1000 * sorted(self.each)[int(len(self.each) * share)])

    def report(self, folder: Path, *, one_by_one: bool = True) -> dict[str, object]:
        """Speed, accuracy and memory; times of pages only where none waited for another."""
        pairs = [(got, truth(folder / "box" / f"{stem}.csv")) for stem, got in self.read.items()]
        times = {"p50_ms": self.quantile_ms(0.5), "p95_ms": self.quantile_ms(0.95)}
        return {
            "pages_per_minute": round(60 * self.pages / self.seconds, 1),
            **(times if one_by_one else {}),
            **asdict(score(pairs)),
            "peak_mib": self.peak_mib,
        }


async def ours(pool: ReaderPool, data: bytes) -> tuple[list[TextLine], float]:
    """Read a page with our own pool."""
    began = time.perf_counter()
    read = await pool.read_page(data, 1, TEXT_ONLY)
    seconds = time.perf_counter() - began
    return [TextLine(line.text, line.box) for line in read.page.lines], seconds


async def measure(
    files: list[Path], names: list[str], settings: PoolSettings, rounds: int
) -> dict[str, Measured]:
    """Send every group of pages through every reader."""
    found: dict[str, Measured] = defaultdict(Measured)
    peers = [Peer.start(name) for name in names]
    pages = {path.stem: path.read_bytes() for path in files}
    stems = list(pages)
    async with ReaderPool(settings) as pool:
        for number in range(rounds + 1):  # the first warms
            for start in range(0, len(stems), GROUP):
                group = stems[start : start + GROUP]
                turn = await _turn(pool, peers, {stem: pages[stem] for stem in group}, number == 0)
                if number:
                    _add(found, turn)
                for name in ("busy", "alone"):
                    found[name].peak_mib = max(found[name].peak_mib, *map(peak_mib, own_workers()))
                print(
                    f"round {number}: {start + len(group)}/{len(stems)}, load {load()}", flush=True
                )
        for peer in peers:
            found[peer.name].peak_mib = peer.stop()
    return found


def own_workers() -> list[int]:
    """List our reading processes."""
    children = psutil.Process().children()
    return [c.pid for c in children if "ocr_service.engine.worker" in c.cmdline()]


Turn = dict[str, tuple[float, dict[str, tuple[list[TextLine], float]]]]


async def _turn(pool: ReaderPool, peers: list[Peer], pages: dict[str, bytes], warm: bool) -> Turn:
    turn: Turn = {}
    for peer in peers:
        if warm and peer.name == "tesseract":
            continue  # a new process for each page
        began = time.perf_counter()
        read = {stem: await asyncio.to_thread(peer.read, data) for stem, data in pages.items()}
        turn[peer.name] = (time.perf_counter() - began, read)
    began = time.perf_counter()
    results = await asyncio.gather(*(ours(pool, data) for data in pages.values()))
    turn["busy"] = (time.perf_counter() - began, dict(zip(pages, results, strict=True)))
    began = time.perf_counter()
    read = {stem: await ours(pool, data) for stem, data in pages.items()}
    turn["alone"] = (time.perf_counter() - began, read)
    return turn


def _add(found: dict[str, Measured], turn: Turn) -> None:
    for name, (seconds, read) in turn.items():
        own = found[name]
        own.pages += len(read)
        own.seconds += seconds
        own.each += [took for _, took in read.values()]
        own.read |= {stem: lines for stem, (lines, _) in read.items()}


def machine() -> dict[str, object]:
    """Facts without which the figures say nothing."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "avx512_bf16": "avx512_bf16" in flags,
        "amx_bf16": "amx_bf16" in flags,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "runtime": runtime().name,
        "onnxruntime": version("onnxruntime"),
        "python": platform.python_version(),
        "load_at_the_end": load(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _beside(name: str, found: dict[str, Measured], folder: Path) -> dict[str, object]:
    """What a peer did, and ours as a multiple of it."""
    peer, busy, alone = found[name], found["busy"], found["alone"]
    speed = (busy.pages / busy.seconds) / (peer.pages / peer.seconds)
    return {
        "version": versions()[name],
        **peer.report(folder),
        "our_speed_ratio": round(speed, 2),
        "our_p95_ratio": round(alone.quantile_ms(0.95) / peer.quantile_ms(0.95), 3),
    }


def main() -> None:
    """Measure and write the report."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--limit", type=int)
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--peers", nargs="*", default=list(versions()), choices=list(versions()))
    arguments.add_argument("--backend", default="auto")
    arguments.add_argument("--out", type=Path, help="default: bench/results/ocr-DATA.json")
    given = arguments.parse_args()
    files = sorted((given.data / "img").iterdir())[: given.limit]
    settings = PoolSettings(page_timeout_s=300, backend=given.backend)
    found = asyncio.run(measure(files, given.peers, settings, given.rounds))
    report = {
        "data": given.data.name,
        "pages": len(files),
        "workers": settings.workers,
        "ours": {
            "busy": found["busy"].report(given.data, one_by_one=False),
            "alone": found["alone"].report(given.data),
        },
        "peers": {name: _beside(name, found, given.data) for name in given.peers},
        "machine": machine(),
    }
    out = given.out or Path(__file__).parent / "results" / f"ocr-{given.data.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
