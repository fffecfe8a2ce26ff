"""Reading speed and accuracy beside RapidOCR and Tesseract, on the same pages in turns.

Usage: python -m bench.ocr DATA [--limit N] [--peers NAME ...] [--rounds N] [--out FILE]

DATA holds `img/` with one picture a page and `box/<stem>.csv` with its lines, eight coordinates
and the text. Pages go in small groups through one reader after the other, so that a busy machine
slows all alike: trust the ratios, not the pages a minute. Each reader uses all cores in its own
way. Ours is measured twice: `busy` with as many pages at once as there are cores, `alone` with one
page after the other on an idle reader. Every reader has read all pages once before (`steady`).
"""

import argparse
import asyncio
import json
import os
import platform
import time
from collections import defaultdict
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
        self.peak_mib: int | None = 0

    def report(self, folder: Path) -> dict[str, object]:
        """Speed, accuracy and memory."""
        each = sorted(self.each)
        facts: dict[str, object] = {
            "pages_per_minute": round(60 * self.pages / self.seconds, 1),
            "p50_ms": round(1000 * each[len(each) // 2]),
            "p95_ms": round(1000 * each[int(len(each) * 0.95)]),
        }
        if self.read:
            pairs = [(got, truth(folder / "box" / f"{s}.csv")) for s, got in self.read.items()]
            total = score(pairs)
            facts |= {"word_f1": total.word_f1, "cer": total.cer}
        if self.peak_mib:
            facts["peak_mib"] = self.peak_mib
        return facts


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
                children = psutil.Process().children()
                own = [c for c in children if "ocr_service.engine.worker" in c.cmdline()]
                found["busy"].peak_mib = max(
                    found["busy"].peak_mib or 0, *(peak_mib(c.pid) for c in own)
                )
                print(
                    f"round {number}: {start + len(group)}/{len(stems)}, load {load()}", flush=True
                )
        for peer in peers:
            found[peer.name].peak_mib = peer.peak_mib()
            peer.stop()
    return found


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
    busy, alone = found["busy"], found["alone"]
    report = {
        "data": given.data.name,
        "pages": len(files),
        "ours": {name: found[name].report(given.data) for name in ("busy", "alone")},
        "peers": {
            name: {
                "version": versions()[name],
                **found[name].report(given.data),
                "our_speed_ratio": round(
                    found[name].seconds / found[name].pages * busy.pages / busy.seconds, 2
                ),
                "our_p95_ratio": round(
                    sorted(alone.each)[int(len(alone.each) * 0.95)]
                    / sorted(found[name].each)[int(len(found[name].each) * 0.95)],
                    3,
                ),
            }
            for name in given.peers
        },
        "machine": machine(),
    }
    out = given.out or Path(__file__).parent / "results" / f"ocr-{given.data.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
