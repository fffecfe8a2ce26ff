"""The results of `bench.ocr` as a table in Markdown, for the README and docs/ocr.md.

Usage: python -m bench.table [RESULT.json ...]
"""

import json
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
TITLES = ("reader", "pages/min", "p50 ms", "p95 ms", "word F1", "CER", "boxes", "peak MiB")
PEERS = {
    "rapidocr": "RapidOCR {}, as it comes",
    "rapidocr-openvino": "RapidOCR on OpenVINO {}",
    "tesseract": "Tesseract {}, English",
}


def table(report: dict[str, Any]) -> str:
    """Write one report."""
    busy, alone = report["ours"]["busy"], report["ours"]["alone"]
    rows = [
        ("Document Hub, all cores busy", busy),
        ("Document Hub, one page at a time", alone),
        *((PEERS[name].format(peer["version"]), peer) for name, peer in report["peers"].items()),
    ]
    machine = report["machine"]
    bf16 = "with" if machine["avx512_bf16"] else "without"
    lines = [
        f"{report['data']}: {report['pages']} pages, {machine['cores']} cores {bf16} avx512_bf16, "
        f"{machine['runtime']}, load {machine['load_at_the_end']}",
        "",
        _row(TITLES),
        _row(["---"] * len(TITLES)),
        *(_row([name, *map(str, _cells(facts))]) for name, facts in rows),
        "",
    ]
    for name, peer in report["peers"].items():
        title = PEERS[name].format(peer["version"])
        speed, p95 = peer["our_speed_ratio"], peer["our_p95_ratio"]
        lines.append(f"- {title}: {speed} times its pages a minute, {p95} of its p95")
    return "\n".join(lines) + "\n"


def _cells(facts: dict[str, Any]) -> list[object]:
    return [
        facts["pages_per_minute"],
        facts.get("p50_ms", "–"),
        facts.get("p95_ms", "–"),
        f"{facts['word_f1']:.4f}",
        f"{facts['cer']:.4f}",
        f"{facts['box_recall']:.3f}",
        facts["peak_mib"],
    ]


def _row(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the tables."""
    named = [Path(name) for name in sys.argv[1:]]
    chosen = named or [
        path for path in sorted(RESULTS.glob("ocr-*.json")) if "memory" not in path.name
    ]
    for path in chosen:
        print(table(json.loads(path.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
