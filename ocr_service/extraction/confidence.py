"""From evidence to a confidence that means what it says: how many such readings are right."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from ocr_service.extraction.evidence import Found
from ocr_service.extraction.layout import Sheet
from paperwork.fields import HEADER_FIELDS, FieldType
from paperwork.readings import Alternative, FieldReading, Region, Value

FEATURES = ("evidence", "lead", "checked", "read", "worst")
"""What the confidence is made of; `weights.toml` has a weight for each."""

_SURE = 0.995  # nothing that was read is certain


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model: one base for each kind of field, one weight for each feature."""

    base: dict[str, float]
    weights: tuple[float, ...]

    def confidence(self, kind: str, features: Sequence[float]) -> float:
        """The chance, in [0, 1], that a reading with such features is right."""
        pairs = zip(self.weights, features, strict=True)
        score = self.base[kind] + sum(w * x for w, x in pairs)
        return min(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score)))), _SURE)


def kind_of(key: str) -> str:
    """The kind of header field whose readings succeed alike: its type, or names or addresses."""
    if key.endswith(("_name", "_address")):
        return key.rsplit("_", 1)[1].upper()
    field_type = HEADER_FIELDS[key].type
    return (FieldType.MONEY if field_type is FieldType.NUMBER else field_type).name


def features_of(found: Found[Value]) -> tuple[float, ...]:
    """Evidence and its lead over the next value, as logits; then how well the words were read."""
    words = [t for _, tokens in found.tokens for t in tokens]
    letters = [max(len(t.text), 1) for t in words]
    read = sum(t.confidence * n for t, n in zip(words, letters, strict=True)) / sum(letters)
    rival = max((f.strength for f in found.others), default=0.0)
    return (
        _logit(found.strength),
        found.strength - rival,
        float(found.checked),
        _logit(read),
        min(t.confidence for t in words),
    )


def _logit(share: float) -> float:
    bounded = min(max(share, 0.02), 0.98)
    return math.log(bounded / (1 - bounded))


def reading(
    key: str, found: Found[Value], sheets: Sequence[Sheet], *, cell: bool = False
) -> FieldReading:
    """Turn a finding into a reading, with its place and its alternatives.

    Args:
        key: Of the field.
        found: What was found.
        sheets: Of the document.
        cell: It is a cell of a line item.
    """
    kind = "CELL" if cell else kind_of(key)
    confidence = STORED.confidence(kind, features_of(found))
    alternatives = tuple(
        Alternative(
            other.value,
            other.raw,
            round(_share(found, other) * (1.0 - confidence), 4),
            other.reason,
            _regions(other, sheets),
        )
        for other in found.others
    )
    return FieldReading(
        key,
        found.value,
        found.raw,
        round(confidence, 4),
        sheets[found.sheet].source,
        _regions(found, sheets),
        alternatives=alternatives,
    )


def _share(found: Found[Value], other: Found[Value]) -> float:
    """What is left of certainty goes to the alternatives by their evidence, and some to none."""
    return other.strength / (0.5 + sum(f.strength for f in found.others))


def _regions(found: Found[Value], sheets: Sequence[Sheet]) -> tuple[Region, ...]:
    return tuple(dict.fromkeys(sheets[n].region(tokens) for n, tokens in found.tokens))


def _stored() -> Weights:
    text = resources.files("ocr_service.extraction").joinpath("weights.toml").read_text("utf-8")
    rows = tomllib.loads(text)
    return Weights(rows["base"], tuple(float(rows["weights"][name]) for name in FEATURES))


STORED: Weights = _stored()
"""As fitted; `python -m bench.confidence` makes them anew."""
