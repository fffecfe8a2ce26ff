"""What was found, how good the evidence is, and what else it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ocr_service.extraction.layout import Segment, Token

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)

LEAST_STRENGTH = 0.35
"""Weaker evidence gives no value at all."""

LEAST_OTHER = 0.2
"""Weaker evidence gives no alternative."""

MAX_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Found(Generic[V_co]):
    """A value with the words it was read from.

    Attributes:
        value: The typed value.
        raw: The characters it was read from.
        tokens: The words, grouped by the sheet they stand on.
        strength: How good the evidence is that this is the field's value, in [0, 1].
        checked: Arithmetic or a check digit agrees with it.
        others: Further values that the field may have, the strongest first.
        reason: As another's alternative: where it comes from.
    """

    value: V_co
    raw: str
    tokens: tuple[tuple[int, tuple[Token, ...]], ...]
    strength: float
    checked: bool = False
    others: tuple[Found[V_co], ...] = ()
    reason: str = "CANDIDATE"

    @property
    def sheet(self) -> int:
        """Index of the first sheet it stands on."""
        return self.tokens[0][0]

    def scaled(self, factor: float) -> Found[V_co]:
        """The same with weaker or stronger evidence, never above certainty."""
        return replace(self, strength=min(self.strength * factor, 1.0))


def with_others(best: Found[V], candidates: Iterable[Found[V]]) -> Found[V]:
    """Keep the next best candidates of other values with the chosen one."""
    kept = {f.value: f for f in best.others}
    for candidate in sorted(candidates, key=lambda f: f.strength, reverse=True):
        for one in (candidate, *candidate.others):
            if one.value != best.value and one.strength >= LEAST_OTHER:
                kept.setdefault(one.value, replace(one, others=()))
    return replace(best, others=tuple(kept.values())[:MAX_OTHERS])


def found_in(value: V, segment: Segment, start: int, end: int, strength: float) -> Found[V]:
    """Make a finding of the characters from `start` up to `end` of a segment."""
    tokens = segment.tokens_between(start, end) or segment.tokens
    return Found(value, segment.text[start:end].strip(), ((segment.sheet, tokens),), strength)


def joined(value: V, parts: Sequence[tuple[Segment, int, int]], strength: float) -> Found[V]:
    """Make a finding of several pieces of text, such as the lines of an address."""
    raw = " ".join(s.text[a:b].strip() for s, a, b in parts)
    tokens = tuple((s.sheet, s.tokens_between(a, b) or s.tokens) for s, a, b in parts)
    return Found(value, raw, tokens, strength)
