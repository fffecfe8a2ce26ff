"""Finds records of one thing by given columns, with weights learned from the records themselves.

Fellegi and Sunter 1969: a column that agrees to some degree counts log2(m / u), where m is how
often it does so among true pairs and u how often among others. Both are learned without labels by
expectation and maximisation over the pairs that share a block (Winkler 1988), or from pairs that
people decided. A rare common value counts more than a frequent one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log, log2
from typing import Final

from rapidfuzz.distance import OSA, JaroWinkler

from paperwork.values.text import fold

Row = Mapping[str, str]
Pattern = tuple[int, ...]

MISSING: Final = -1
LEVELS: Final = 5
"""Equal, nearly equal, alike, somewhat alike, different."""

BLOCK_CAP: Final = 50
"""Blocks of more members tell nothing and are passed over."""

ROUNDS: Final = 60
SMOOTH: Final = 0.5
"""Added to every count (Laplace), so that what was never seen is not impossible."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned: for each column the share of pairs on each level, and of true pairs.

    Attributes:
        m: Among pairs of one thing, from the highest level to the lowest.
        u: Among pairs of two things.
        share: How many of the compared pairs are true.
    """

    m: tuple[tuple[float, ...], ...]
    u: tuple[tuple[float, ...], ...]
    share: float

    def bits(self, pattern: Pattern) -> float:
        """The evidence of a pattern in bits; a missing value adds none."""
        return sum(
            log2(self.m[at][level] / self.u[at][level])
            for at, level in enumerate(pattern)
            if level != MISSING
        )

    def probability(self, pattern: Pattern, extra_bits: float = 0.0) -> float:
        """How likely a pair of this pattern is true."""
        odds = log(self.share / (1 - self.share)) + (self.bits(pattern) + extra_bits) * log(2)
        return 1 / (1 + exp(-max(-500.0, min(500.0, odds))))


def link(rows: Mapping[str, Row], columns: Sequence[str], threshold: float = 0.5) -> list[set[str]]:
    """Group rows that are about one thing; those alone are left out.

    Args:
        rows: Id to values by column.
        columns: The columns to compare, the same for all.
        threshold: From this probability on a pair is taken for true.
    """
    folded = {name: {c: fold(row.get(c) or "") for c in columns} for name, row in rows.items()}
    pairs = candidates(folded, columns)
    patterns = {pair: compare(folded[pair[0]], folded[pair[1]], columns) for pair in pairs}
    if not patterns:
        return []
    weights = learn_unlabelled(Counter(patterns.values()), folded, columns)
    rarity = [_bits_of_values(Counter(row[c] for row in folded.values())) for c in columns]
    good = [
        (chance, pair)
        for pair, pattern in patterns.items()
        if (
            chance := weights.probability(
                pattern,
                sum(
                    rarity[at][folded[pair[0]][column]]
                    for at, column in enumerate(columns)
                    if pattern[at] == 0
                ),
            )
        )
        >= threshold
    ]
    return _grouped(pair for _, pair in sorted(good, key=lambda one: (-one[0], one[1])))


def candidates(rows: Mapping[str, Row], columns: Sequence[str]) -> list[tuple[str, str]]:
    """List the pairs worth comparing: equal in one column that tells, or in the ends of two."""
    blocks: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(rows):
        row = rows[name]
        for column in columns:
            if row[column]:
                blocks[column, row[column]].append(name)
        for one, other in combinations(columns, 2):
            if row[one] and row[other]:
                blocks[one, other, row[one][:3], row[other][:3]].append(name)
    found = {
        pair
        for members in blocks.values()
        if 1 < len(members) <= BLOCK_CAP
        for pair in combinations(members, 2)
    }
    return sorted(found)


def compare(one: Row, other: Row, columns: Sequence[str]) -> Pattern:
    """Compare two rows column by column; 0 is equal, `LEVELS` - 1 different."""
    return tuple(_level(one[column], other[column]) for column in columns)


def _level(one: str, other: str) -> int:
    if not one or not other:
        return MISSING
    if one == other:
        return 0
    if one.isdigit() and other.isdigit():
        edits = OSA.distance(one, other, score_cutoff=3)
        return min(edits, LEVELS - 1) if 2 * edits < max(len(one), len(other)) else LEVELS - 1
    alike = JaroWinkler.normalized_similarity(one, other)
    return 1 if alike >= 0.94 else 2 if alike >= 0.88 else 3 if alike >= 0.75 else 4


def learn_unlabelled(
    counts: Counter[Pattern], rows: Mapping[str, Row], columns: Sequence[str]
) -> Weights:
    """Learn weights without labels.

    u comes from rows paired at random, which are next to never true, and stays fixed; only m and
    the share of true pairs are estimated from the pairs that share a block.
    """
    names = sorted(rows)
    # A fixed stride pairs every row with far ones: random enough, and the same each time.
    strides = [step for step in (1, 7, 31, 101, 211, 503, 997) if step < len(names)]
    random_pairs = Counter(
        compare(rows[name], rows[names[(at + step) % len(names)]], columns)
        for step in strides
        for at, name in enumerate(names)
    )
    u = _shares({pattern: float(n) for pattern, n in random_pairs.items()}, len(columns))
    m: tuple[tuple[float, ...], ...] = ((0.85, 0.06, 0.04, 0.02, 0.03),) * len(columns)
    share = 0.05
    for _ in range(ROUNDS):
        weights = Weights(m, u, share)
        true = {pattern: n * weights.probability(pattern) for pattern, n in counts.items()}
        total = sum(true.values())
        share = min(0.99, max(1e-6, total / counts.total()))
        m = _falling(_shares(true, len(columns)))
    return Weights(m, u, share)


def learn_decided(decided: Iterable[tuple[Pattern, bool]], columns: int) -> Weights:
    """Learn weights from pairs that people confirmed or rejected."""
    true: Counter[Pattern] = Counter()
    false: Counter[Pattern] = Counter()
    for pattern, is_true in decided:
        (true if is_true else false)[pattern] += 1
    share = (true.total() + SMOOTH) / (true.total() + false.total() + 2 * SMOOTH)
    return Weights(
        _shares({p: float(n) for p, n in true.items()}, columns),
        _shares({p: float(n) for p, n in false.items()}, columns),
        share,
    )


def _shares(counts: Mapping[Pattern, float], columns: int) -> tuple[tuple[float, ...], ...]:
    found = []
    for at in range(columns):
        sums = [SMOOTH] * LEVELS
        for pattern, count in counts.items():
            if pattern[at] != MISSING:
                sums[pattern[at]] += count
        total = sum(sums)
        found.append(tuple(one / total for one in sums))
    return tuple(found)


def _falling(m: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    """Keep equality the likeliest among true pairs, lest the two classes change places."""
    return tuple(column if column[0] == max(column) else (0.6, *(0.1,) * 4) for column in m)


def _bits_of_values(counts: Counter[str]) -> dict[str, float]:
    """What an equal value that is rarer or more frequent than usual adds, in bits."""
    rows = counts.total() - counts[""]
    usual = sum((n / rows) ** 2 for value, n in counts.items() if value) if rows else 0.0
    return {value: 0.5 * log2(usual * rows / n) for value, n in counts.items() if value}


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    group: dict[str, set[str]] = {}
    for one, other in pairs:
        joined = group.get(one, {one}) | group.get(other, {other})
        for name in joined:
            group[name] = joined
    unique = {id(members): members for members in group.values()}
    return sorted(unique.values(), key=min)
