"""Draw the learning curve of trainings that follow on each other.

python curves.py RUN/log.jsonl NEXT_RUN/log.jsonl PICTURE.svg
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

NAMES = {
    "held_back": "generated Thai lines, all wear",
    "held_back_western": "generated Western lines, all wear",
    "thai-dev": "Thai development pages, synthetic",
    "thai-real-dev": "Thai development pages, real",
}


def draw(logs: list[Path], target: Path) -> None:
    """Draw character error rate over batches learnt from."""
    rows: list[dict[str, float]] = []
    for log in logs:
        before = rows[-1]["step"] if rows else 0
        for line in log.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            rows.append(row | {"step": before + row["step"]})
    mpl.rcParams["svg.hashsalt"] = "thai"  # the same log gives the same file
    figure, axes = plt.subplots(figsize=(7, 4))
    for key, name in NAMES.items():
        points = [(row["step"], 100 * row[key]) for row in rows if key in row]
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
        axes.annotate(f"{points[-1][1]:.1f}", points[-1], xytext=(4, 4), textcoords="offset points")
    axes.set_yscale("log")
    axes.set_yticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.set_xlabel("batches of about 24 lines")
    axes.set_ylabel("character errors, %")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", type=Path, nargs="+")
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    draw(given.logs, given.target)


if __name__ == "__main__":
    main()
