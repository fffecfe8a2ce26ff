"""What a document truly says, and which of the extracted values agree with it.

Two forms of truth are read: a folder with `img/`, `key/<stem>.json` (company, date, address, total)
and `box/<stem>.csv`; or a folder of files, each with a `<stem>.json` beside it whose "truth" holds
nested fields and `line_items`.

Right means: dates equal; amounts equal to half a cent; numbers and codes equal on letters and
digits; names of the second form also right at a token F1 of 0.8, those of the first only when
equal. A line is right when its amount agrees (or, where the truth has none, quantity and unit
price) and its description is 0.7 alike; lines are matched one to one, best first.
"""

import difflib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rapidfuzz import fuzz

from bench.scoring import TextLine, truth  # noqa: TID251  nothing else imports it
from paperwork.readings import Extraction, FieldReading, canonical
from paperwork.values.dates import parse_date

PLACES = {
    "document_type": ("doc_type",),
    "number": ("number",),
    "issue_date": ("issue_date",),
    "due_date": ("due_date",),
    "seller_name": ("seller", "name"),
    "seller_tax_id": ("seller", "tax_id"),
    "buyer_name": ("buyer", "name"),
    "buyer_tax_id": ("buyer", "tax_id"),
    "po_number": ("po_number",),
    "currency": ("currency",),
    "subtotal": ("subtotal",),
    "tax_amount": ("tax",),
    "total": ("total",),
}
"""Where a nested truth keeps our fields."""

RECEIPT_KEYS = {
    "company": "seller_name",
    "date": "issue_date",
    "address": "seller_address",
    "total": "total",
}
AMOUNTS = {"subtotal", "tax_amount", "total"}
COUNTS_AS = {
    "tax_invoice": "invoice",
    "abbreviated_tax_invoice": "invoice",
    "notice": "other",
    "letter": "other",
}
TODAY = date(2026, 11, 1)
"""The reader's day in all measurements; it settles years of two digits."""

NAME_F1, LIKE, CENT = 0.8, 0.7, 0.005
READ_ALIKE = 70  # of 100; what OCR left of a text still resembles it

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Truth:
    """One document as it really is.

    Attributes:
        family: The same for all copies of one document, so that they are never told apart.
        fields: Written values by key; only those that the page shows.
        lines: Values of each item by key.
        boxes: True lines of text where they are known.
        exact_names: Names count only when equal.
    """

    stem: str
    file: Path
    family: str
    fields: dict[str, str]
    lines: tuple[dict[str, str | float], ...] = ()
    boxes: tuple[TextLine, ...] = ()
    exact_names: bool = False
    scanned: bool = False
    twin_of: str | None = None


@dataclass(slots=True)
class Tally:
    """Counts of one field or of all."""

    true: int = 0
    given: int = 0
    right: int = 0

    def add(self, *, given: bool, right: bool) -> None:
        self.true += 1
        self.given += given
        self.right += right

    def report(self) -> dict[str, float | int]:
        return {
            "n": self.true,
            "recall": ratio(self.given, self.true),
            "accuracy": ratio(self.right, self.true),
            "precision": ratio(self.right, self.given),
        }


@dataclass(slots=True)
class Marks:
    """How a group of documents came out."""

    fields: dict[str, Tally] = field(default_factory=dict)
    true_lines: int = 0
    given_lines: int = 0
    right_lines: int = 0
    tokens: Counter[str] = field(default_factory=Counter)

    def report(self) -> dict[str, object]:
        whole = Tally(*(sum(getattr(t, k) for t in self.fields.values()) for k in COUNTS))
        lines = {
            "n": self.true_lines,
            "precision": ratio(self.right_lines, self.given_lines),
            "recall": ratio(self.right_lines, self.true_lines),
            "f1": ratio(2 * self.right_lines, self.true_lines + self.given_lines),
        }
        t = self.tokens
        f1 = {"address_token_f1": ratio(2 * t["both"], t["given"] + t["true"])} if t else {}
        return {
            "micro": whole.report(),
            "lines": lines,
            **f1,
            "fields": {k: tally.report() for k, tally in sorted(self.fields.items())},
        }


COUNTS = ("true", "given", "right")


def ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def truths(folder: Path) -> list[Truth]:
    """Read the truth of every document in a folder."""
    if (folder / "key").is_dir():
        return [_receipt(folder, path) for path in sorted((folder / "key").glob("*.json"))]
    rows = {p: json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.json"))}
    return [_nested(path, row) for path, row in rows.items() if "truth" in row]


def _receipt(folder: Path, path: Path) -> Truth:
    row: dict[str, str] = json.loads(path.read_text("utf-8"))
    file = next((folder / "img").glob(f"{path.stem}.*"))
    fields = {ours: row[key] for key, ours in RECEIPT_KEYS.items() if row.get(key)}
    boxes = tuple(truth(folder / "box" / f"{path.stem}.csv"))
    return Truth(path.stem, file, path.stem, fields, boxes=boxes, exact_names=True, scanned=True)


def _nested(path: Path, row: Json) -> Truth:
    file = next(p for p in sorted(path.parent.glob(f"{path.stem}.*")) if p.suffix != ".json")
    told = row["truth"]
    assert isinstance(told, dict)
    fields = {k: str(v) for k, at in PLACES.items() if (v := _dig(told, at)) not in (None, "")}
    twin = row.get("variant_of")
    twin = str(twin) if twin else None
    return Truth(
        path.stem,
        file,
        twin or path.stem,
        fields,
        tuple(told.get("line_items") or ()),
        scanned=bool(row.get("scanned", True)),
        twin_of=twin,
    )


def _dig(tree: object, path: Sequence[str]) -> object:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def given(extraction: Extraction) -> dict[str, str]:
    """The written values that were extracted, the type among them."""
    values = {key: canonical(reading.value) for key, reading in extraction.fields.items()}
    return {**values, "document_type": extraction.document_type}


def mark(marks: Marks, true: Truth, got: Extraction) -> None:
    """Count one document."""
    values = given(got)
    for key in true.fields:
        value = values.get(key)
        marks.fields.setdefault(key, Tally()).add(
            given=bool(value), right=is_right(true, key, value)
        )
    if true.lines:
        marks.true_lines += len(true.lines)
        marks.given_lines += len(got.line_items)
        marks.right_lines += len(matched_items(got.line_items, true.lines))
    if (wanted := true.fields.get("seller_address")) is not None:
        have, want = _tokens(values.get("seller_address", "")), _tokens(wanted)
        marks.tokens.update(both=(have & want).total(), given=have.total(), true=want.total())


def is_right(true: Truth, key: str, value: str | None) -> bool:
    """Tell whether a written value is what the page says."""
    wanted = true.fields[key]
    if not value:
        return False
    if key in AMOUNTS:
        have, want = _number(value), _number(wanted)
        return have is not None and want is not None and abs(have - want) < CENT
    if key.endswith("_date"):
        return value == _iso(wanted)
    if key == "document_type":
        return COUNTS_AS.get(value, value) == COUNTS_AS.get(wanted, wanted)
    equal = squashed(value) == squashed(wanted)
    if key.endswith("_name") and not true.exact_names:
        return equal or _token_f1(value, wanted) >= NAME_F1
    return equal


def _iso(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return text
    read = parse_date(text, today=TODAY)
    return read.value.isoformat() if read else text


def _number(text: object) -> float | None:
    try:
        return float(re.sub(r"[^\d.\-]", "", str(text)))
    except ValueError:
        return None


def squashed(text: object) -> str:
    folded = unicodedata.normalize("NFKC", str(text)).casefold()
    return "".join(c for c in folded if c.isalnum())


def _tokens(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def _token_f1(a: str, b: str) -> float:
    x, y = _tokens(a), _tokens(b)
    return 2 * (x & y).total() / max(1, x.total() + y.total())


def matched_items(
    got: Sequence[Mapping[str, FieldReading]], true: Sequence[Mapping[str, str | float]]
) -> set[int]:
    """Which of the items given are right, each for another true one."""
    scored = []
    for i, item in enumerate(got):
        values = {key: canonical(reading.value) for key, reading in item.items()}
        for j, wanted in enumerate(true):
            has_amount = wanted.get("amount") is not None
            keys = ["amount"] if has_amount else ["quantity", "unit_price"]
            asked = [(key, wanted[key]) for key in keys if wanted.get(key) is not None]
            if all(_close(values.get(key), want) for key, want in asked):
                names = (
                    squashed(values.get("description", "")),
                    squashed(wanted.get("description", "")),
                )
                scored.append((difflib.SequenceMatcher(None, *names).ratio(), i, j))
    used_i: set[int] = set()
    used_j: set[int] = set()
    for like, i, j in sorted(scored, reverse=True):
        if like >= LIKE and i not in used_i and j not in used_j:
            used_i.add(i)
            used_j.add(j)
    return used_i


def _close(value: str | None, wanted: str | float) -> bool:
    have = _number(value) if value is not None else None
    return have is not None and abs(have - float(wanted)) < CENT


def misplaced(true: Truth, got: Extraction) -> Iterator[str]:
    """The values whose region is missing or lies where no such text stands."""
    readings = [*got.fields.values(), *(c for item in got.line_items for c in item.values())]
    for reading in readings:
        regions = [_bounds(region.box) for region in reading.regions]
        under = [x.text for x in true.boxes if any(_touch(_bounds(x.box), r) for r in regions)]
        raw, text = squashed(reading.raw_text), squashed(" ".join(under))
        if not regions or (raw and fuzz.partial_ratio(raw, text) < READ_ALIKE):
            yield f"{true.stem} {reading.key} {reading.raw_text!r} over {under!r}"


def _bounds(box: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in box], [y for _, y in box]
    return min(xs), min(ys), max(xs), max(ys)


def _touch(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    return across > 0 and down > 0.3 * min(a[3] - a[1], b[3] - b[1])
