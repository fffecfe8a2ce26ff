"""Fit the confidence of fields to how often they are right, and judge it by cross-validation.

Usage: python -m bench.confidence DATA... --cache FOLDER [--write] [--out bench/results]

Every field, document type and cell of a line item that has a truth is one row: its evidence and
whether it was right. Documents are dealt into ten folds, all copies of one document into the
same; each fold is judged by a model fitted on the other nine. The model is logistic with a ridge,
fitted by Newton's method. `--write` fits it on all rows and writes the weights that the
extraction reads.
"""

import argparse
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.field_scoring import (  # noqa: TID251  nothing else imports it
    TODAY,
    Truth,
    is_right,
    matched_items,
    ratio,
    truths,
)
from bench.fields import pages_of  # noqa: TID251  the same
from ocr_service.domain.page import Page
from ocr_service.extraction.confidence import FEATURES, Weights, features_of, kind_of, reading
from ocr_service.extraction.extract import gather
from paperwork.readings import canonical

KINDS = ("TYPE", "CODE", "DATE", "TAX_ID", "MONEY", "TEXT", "NAME", "ADDRESS", "CELL")
FOLDS, BINS, ROUNDS = 10, 10, 30
RIDGE = 1.0
BELIEFS = (1.0, 0.5, 0.5, 1.0, 1.0)
"""What each feature is believed to weigh before any reading is seen, in the order of FEATURES.

Pages measured here are mostly read well, so that they say little about pages that are not.
"""
LONGEST_STEP = 1.0
HOLD = 20.0
"""How firmly, in readings of middling confidence."""
STORED_AT = Path(__file__).parents[1] / "ocr_service" / "extraction" / "weights.toml"
HEAD = """\
# Weights of the confidence of a reading: made by `python -m bench.confidence --write`, see there.
# Fitted on {rows} readings of {documents} documents. base is per kind of field; TYPE is the
# document's type, CELL a cell of a line item. weights are per feature of `confidence.py`.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One reading that can be judged."""

    data: str
    family: str
    kind: str
    features: tuple[float, ...]
    right: bool


def rows_of(data: str, true: Truth, pages: list[Page]) -> list[Row]:
    """All readings of one document that its truth speaks of."""
    gathered = gather(pages, TODAY)
    rows = []
    for key, found in gathered.found.items():
        if key in true.fields:
            right = is_right(true, key, canonical(found.value))
            rows.append(Row(data, true.family, kind_of(key), features_of(found), right))
    if "document_type" in true.fields:
        right = is_right(true, "document_type", gathered.kind.main)
        rows.append(Row(data, true.family, "TYPE", gathered.kind.features, right))
    if true.lines:
        sheets = gathered.document.sheets
        items = [
            {key: reading(key, cell, sheets, cell=True) for key, cell in item.items()}
            for item in gathered.items
        ]
        good = matched_items(items, true.lines)
        for number, item in enumerate(gathered.items):
            for key in item.keys() & {"description", "amount"}:
                features = features_of(item[key])
                rows.append(Row(data, true.family, "CELL", features, number in good))
    return rows


def fitted(rows: Sequence[Row]) -> Weights:
    """Fit base and weights to rows, starting from what is believed of the weights."""
    table, right = _table(rows), np.array([row.right for row in rows], float)
    w = _newton(table, right)
    base = {kind: round(float(w[0] + w[1 + n]), 4) for n, kind in enumerate(KINDS)}
    return Weights(base, tuple(round(float(x), 4) for x in w[1 + len(KINDS) :]))


def _newton(table: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    ridge = np.array([1e-6, *(RIDGE for _ in KINDS), *(HOLD for _ in BELIEFS)])
    held = np.array([0.0, *(0.0 for _ in KINDS), *BELIEFS])
    w = held.copy()
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(table @ w, -30, 30)))
        slope = table.T @ (right - p) - ridge * (w - held)
        bend = (table.T * (p * (1 - p))) @ table + np.diag(ridge + 1e-9)
        step = np.linalg.solve(bend, slope)
        w = w + step * min(1.0, LONGEST_STEP / float(np.abs(step).max() + 1e-12))
    return np.asarray(w, np.float64)


def _table(rows: Sequence[Row]) -> NDArray[np.float64]:
    kinds = np.array([[row.kind == kind for kind in KINDS] for row in rows], float)
    features = np.array([row.features for row in rows], float)
    return np.hstack([np.ones((len(rows), 1)), kinds, features])


def cross_validated(rows: Sequence[Row]) -> list[tuple[Row, float]]:
    """Tell each row's confidence by a model that never saw its document."""
    fold = [zlib.crc32(row.family.encode()) % FOLDS for row in rows]
    out = []
    for n in range(FOLDS):
        model = fitted([row for row, f in zip(rows, fold, strict=True) if f != n])
        mine = [row for row, f in zip(rows, fold, strict=True) if f == n]
        out += [(row, model.confidence(row.kind, row.features)) for row in mine]
    return out


def reliability(told: Sequence[tuple[Row, float]]) -> dict[str, object]:
    """Expected calibration error over ten equal bins, with the table it is made from."""
    bins: list[dict[str, float]] = []
    error = 0.0
    for n in range(BINS):
        inside = [(row, p) for row, p in told if n <= min(p * BINS, BINS - 1e-9) < n + 1]
        if inside:
            mean = sum(p for _, p in inside) / len(inside)
            right = sum(row.right for row, _ in inside) / len(inside)
            error += abs(mean - right) * len(inside) / len(told)
            bins.append(
                {
                    "from": n / BINS,
                    "readings": len(inside),
                    "confidence": round(mean, 3),
                    "right": round(right, 3),
                }
            )
    return {"readings": len(told), "expected_calibration_error": round(error, 4), "bins": bins}


def error_of(told: Sequence[tuple[Row, float]]) -> dict[str, object]:
    """The reliability without its table."""
    return {key: value for key, value in reliability(told).items() if key != "bins"}


def order(told: Sequence[tuple[Row, float]]) -> float:
    """Tell how often a right reading has more confidence than a wrong one (area under ROC)."""
    wrong = [p for row, p in told if not row.right]
    right = [p for row, p in told if row.right]
    wins = sum((r > w) + 0.5 * (r == w) for w in wrong for r in right)
    return ratio(wins, len(wrong) * len(right))


def floors(told: Sequence[tuple[Row, float]]) -> list[dict[str, float]]:
    """What is left, and how precise, above each least confidence."""
    out = []
    for floor in (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        kept = [row for row, p in told if p >= floor]
        right = sum(row.right for row in kept)
        out.append(
            {
                "floor": floor,
                "given": ratio(len(kept), len(told)),
                "precision": ratio(right, len(kept)),
            }
        )
    return out


def main() -> None:
    """Judge by cross-validation, and write the weights where asked."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("data", type=Path, nargs="+")
    arguments.add_argument("--cache", type=Path, required=True)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--out", type=Path)
    asked = arguments.parse_args()
    rows: list[Row] = []
    for folder in asked.data:
        true = truths(folder)
        pages = pages_of(true, asked.cache / folder.name)
        for one in true:
            rows += rows_of(folder.name, one, pages[one.stem])
    told = cross_validated(rows)
    sets = sorted({row.data for row in rows})
    kinds = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
    report = {
        "all": {**reliability(told), "right_before_wrong": order(told)},
        "sets": {name: error_of([t for t in told if t[0].data == name]) for name in sets},
        "kinds": {kind: error_of([t for t in told if t[0].kind == kind]) for kind in kinds},
        "floors": floors(told),
    }
    print(json.dumps(report, indent=1))
    if asked.out:
        (asked.out / "fields-confidence.json").write_text(json.dumps(report, indent=1) + "\n")
    if asked.write:
        STORED_AT.write_text(_toml(fitted(rows), rows), "utf-8")


def _toml(model: Weights, rows: Sequence[Row]) -> str:
    documents = len({(row.data, row.family) for row in rows})
    base = "\n".join(f"{kind} = {model.base[kind]}" for kind in KINDS)
    weights = "\n".join(f"{n} = {w}" for n, w in zip(FEATURES, model.weights, strict=True))
    head = HEAD.format(rows=len(rows), documents=documents)
    return f"{head}\n[base]\n{base}\n\n[weights]\n{weights}\n"


if __name__ == "__main__":
    main()
