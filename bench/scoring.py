"""How well pages were read: word F1 as bags of words, CER and box recall by place.

A run of letters and digits is a word; `. , / : -` stay inside one between digits. For the CER,
read and true lines are linked where one covers half of the smaller; each group of linked lines is
compared whole, so that a line in two parts costs nothing but its space. What is linked to nothing
is wrong in full. A true line is found where read boxes cover half of it together.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

WORD = re.compile(r"\w+(?:[.,/:-](?=\d)\w+)*")
COVERED = 0.5


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text and its four corners."""

    text: str
    box: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Over all pages."""

    word_f1: float
    cer: float
    box_recall: float


def truth(path: Path) -> list[TextLine]:
    """Read a page's true lines: eight coordinates and the text a row."""
    lines = []
    for row in path.read_text(encoding="utf-8-sig").splitlines():
        if row.strip():
            *numbers, text = row.split(",", 8)
            x = list(map(float, numbers))
            lines.append(TextLine(text, tuple(zip(x[::2], x[1::2], strict=True))))
    return lines


def score(pages: Sequence[tuple[list[TextLine], list[TextLine]]]) -> Score:
    """Compare (read, true) lines of each page."""
    hits = total = wrong = characters = found = lines = 0
    for read, true in pages:
        got, gold = _words(read), _words(true)
        hits += (got & gold).total()
        total += got.total() + gold.total()
        common = _common(read, true)
        wrong += _errors(read, true, common)
        characters += sum(len(_folded(line.text)) for line in true)
        found += _covered(common, true)
        lines += len(true)
    return Score(
        round(2 * hits / max(1, total), 4),
        round(wrong / max(1, characters), 4),
        round(found / max(1, lines), 4),
    )


def _words(lines: Sequence[TextLine]) -> Counter[str]:
    return Counter(w for line in lines for w in WORD.findall(_folded(line.text).replace("'", "")))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _common(read: Sequence[TextLine], true: Sequence[TextLine]) -> NDArray[np.float64]:
    """Give the (read, true) areas that boxes have in common."""
    hulls = [_hull(line) for line in read], [_hull(line) for line in true]
    areas = [[cv2.intersectConvexConvex(a, b)[0] for b in hulls[1]] for a in hulls[0]]
    return np.array(areas, np.float64).reshape(len(read), len(true))


def _covered(common: NDArray[np.float64], true: Sequence[TextLine]) -> int:
    """Count the true lines that read boxes cover by half."""
    return int(np.sum(common.sum(axis=0) >= COVERED * _areas(true)))


def _errors(read: Sequence[TextLine], true: Sequence[TextLine], common: NDArray[np.float64]) -> int:
    group = list(range(len(read) + len(true)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    smaller = np.minimum(_areas(read)[:, None], _areas(true))
    for i, j in np.argwhere((common >= COVERED * smaller) & (smaller > 0)).tolist():
        group[root(i)] = root(len(read) + j)
    members: dict[int, list[int]] = {}
    for i in range(len(group)):
        members.setdefault(root(i), []).append(i)
    return sum(
        Levenshtein.distance(
            _joined([read[i] for i in own if i < len(read)]),
            _joined([true[i - len(read)] for i in own if i >= len(read)]),
        )
        for own in members.values()
    )


def _areas(lines: Sequence[TextLine]) -> NDArray[np.float64]:
    return np.array([cv2.contourArea(_hull(line)) for line in lines], np.float64)


def _hull(line: TextLine) -> NDArray[np.float32]:
    return np.asarray(cv2.convexHull(np.array(line.box, np.float32)), np.float32)


def _joined(lines: Sequence[TextLine]) -> str:
    """Join lines row by row, each row from the left."""
    rows: list[list[tuple[float, float, float, str]]] = []
    for line in sorted(lines, key=lambda line: sum(y for _, y in line.box)):
        ys = [y for _, y in line.box]
        entry = (min(x for x, _ in line.box), sum(ys) / 4, max(ys) - min(ys), line.text)
        if rows and abs(rows[-1][0][1] - entry[1]) < min(rows[-1][0][2], entry[2]) / 2:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return _folded(" ".join(text for row in rows for *_, text in sorted(row)))
