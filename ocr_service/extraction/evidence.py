"""What was found and how good the evidence is; the last step turns it into a field reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ocr_service.extraction.layout import Segment, Sheet, Token
from paperwork.readings import FieldReading, Region, Value

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)

LEAST_STRENGTH = 0.35
"""Weaker evidence gives no value at all."""


@dataclass(frozen=True, slots=True)
class Found(Generic[V_co]):
    """A value with the words it was read from.

    Attributes:
        value: The typed value.
        raw: The characters it was read from.
        tokens: The words, grouped by the sheet they stand on.
        strength: How good the evidence is that this is the field's value, in [0, 1].
    """

    value: V_co
    raw: str
    tokens: tuple[tuple[int, tuple[Token, ...]], ...]
    strength: float

    @property
    def sheet(self) -> int:
        """Index of the first sheet it stands on."""
        return self.tokens[0][0]

    def scaled(self, factor: float) -> Found[V_co]:
        """The same with weaker or stronger evidence, never above certainty."""
        return replace(self, strength=min(self.strength * factor, 1.0))


def found_in(value: V, segment: Segment, start: int, end: int, strength: float) -> Found[V]:
    """Make a finding of the characters from `start` up to `end` of a segment."""
    tokens = segment.tokens_between(start, end) or segment.tokens
    return Found(value, segment.text[start:end].strip(), ((segment.sheet, tokens),), strength)


def joined(value: V, parts: Sequence[tuple[Segment, int, int]], strength: float) -> Found[V]:
    """Make a finding of several pieces of text, such as the lines of an address."""
    raw = " ".join(s.text[a:b].strip() for s, a, b in parts)
    tokens = tuple((s.sheet, s.tokens_between(a, b) or s.tokens) for s, a, b in parts)
    return Found(value, raw, tokens, strength)


def reading(key: str, found: Found[Value], sheets: Sequence[Sheet]) -> FieldReading:
    """Turn a finding into a reading: confidence is evidence times how well the words were read."""
    regions: list[Region] = [sheets[n].region(tokens) for n, tokens in found.tokens]
    words = [t for _, tokens in found.tokens for t in tokens]
    weights = [max(len(t.text), 1) for t in words]
    read = sum(t.confidence * w for t, w in zip(words, weights, strict=True)) / sum(weights)
    confidence = max(0.0, min(1.0, found.strength * read))
    return FieldReading(
        key,
        found.value,
        found.raw,
        round(confidence, 4),
        sheets[found.sheet].source,
        tuple(dict.fromkeys(regions)),
    )
