"""Borderless tables: rows of values that stand below one another, with the headings above."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ocr_service.pipeline.tables_grid import Grid, Span
from ocr_service.pipeline.tables_words import (
    Row,
    Run,
    TableWord,
    runs_of,
    visual_lines,
)

ALIGNED = 0.7
"""Edges or middles within so many text heights of each other are aligned."""
LEAST_RUNS = 3
"""A row of a table has so many runs …"""
LEAST_VALUES = 2
"""… and so many values among them, or one where every run stands under a title."""
FARTHEST = 12.0
"""Rows further apart, in text heights, belong to different tables."""
HEADING_GAP = 3.0
HEADING_LINE_GAP = 1.0
MOST_HEADING_LINES = 4
CONTINUED_GAP = 1.0
"""Text closer below the last row than this many heights goes on with it."""
ROWS_WITHOUT_HEADINGS = 4
"""Fewer rows without headings above them are not enough of a pattern."""
UNEVEN = 0.35
"""Gaps between lines differ by more than so many text heights where an entry ends."""
TITLED_GAP = 0.2
"""Narrowest gap that parts columns, where titles stand on its two sides."""
STRAY_SHARE = 0.12
"""Share of rows that may reach into a gap between columns: long names, wide sums."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows that make a table.

    Attributes:
        headings: Indices of rows above it, a column title each or part of one.
        entries: Indices of its rows of values, in order.
        last: Index of the last row that belongs to it.
    """

    headings: tuple[int, ...]
    entries: tuple[int, ...]
    last: int


def borderless_grids(words: Sequence[TableWord], height: float) -> list[Grid]:
    """Find tables by the alignment of words on the levelled page.

    Only rows with values (numbers, amounts, dates) make a table: text alone stands in columns in
    letterheads and footers too.
    """
    rows = [runs_of(line, height) for line in visual_lines(words, height)]
    return [_grid(rows, block, height) for block in _blocks(rows, height)]


def _blocks(rows: Sequence[Row], height: float) -> list[_Block]:
    blocks: list[_Block] = []
    entries: list[int] = []
    free = 0

    def close() -> None:
        nonlocal free
        block = _block(rows, entries, free, height) if entries else None
        if block is not None:
            blocks.append(block)
            free = block.last + 1
        entries.clear()

    for index, row in enumerate(rows):
        if not _has_values(row):
            continue
        if entries and not _goes_on(rows[entries[-1]], row, height):
            if sum(run.is_value for run in row) < LEAST_VALUES:
                continue  # a group's name with a figure beside it
            close()
        entries.append(index)
    close()
    return blocks


def _has_values(row: Row) -> bool:
    return len(row) >= LEAST_RUNS and any(run.is_value for run in row)


def _goes_on(above: Row, below: Row, height: float) -> bool:
    """Tell whether most values of the shorter row stand below those of the other."""
    if _top(below) - _bottom(above) > FARTHEST * height:
        return False
    values = [run for run in below if run.is_value]
    fewer = min(len(values), sum(run.is_value for run in above))
    matched = _matched(values, [run for run in above if run.is_value], height)
    if fewer >= LEAST_VALUES:
        return matched >= max(LEAST_VALUES, (fewer + 1) // 2)
    return matched > 0 and _matched(below, above, height) >= max(LEAST_RUNS, len(below) - 1)


def _matched(below: Sequence[Run], above: Sequence[Run], height: float) -> int:
    return sum(any(_aligned(run, other, height) for other in above) for run in below)


def _block(rows: Sequence[Row], entries: list[int], free: int, height: float) -> _Block | None:
    """Add headings and the lines below; None where that is no table."""
    first = entries[0]
    headings = _headings(rows, first, free, height)
    titled = sum(
        any(_overlap(run, title) for i in headings for title in rows[i]) for run in rows[first]
    )
    if headings and (titled < LEAST_VALUES or titled * 2 < len(rows[first])):
        headings, titled = (), 0
    if len(entries) == 1 and titled < max(4, 0.75 * len(rows[first])):
        return None
    values = sum(run.is_value for i in entries for run in rows[i])
    if values < LEAST_VALUES * len(entries) and titled < len(rows[first]):
        return None
    if not headings and len(entries) < ROWS_WITHOUT_HEADINGS:
        return None
    last = entries[-1]
    while last + 1 < len(rows) and _continues(rows, last, entries[-1], height):
        last += 1
    return _Block(headings, tuple(entries), last)


def _headings(rows: Sequence[Row], first: int, free: int, height: float) -> tuple[int, ...]:
    """Find the rows of titles above the first entry, over lines that begin the entry itself."""
    above = first - 1
    if above > free and len(rows[above]) == 1 and _gap(rows, above) < HEADING_GAP * height:
        above -= 1  # one line over the first row of values: a group's name, the start of a text
    found: list[int] = []
    widest = HEADING_GAP + (first - 1 - above) * HEADING_GAP
    while above >= free and len(found) < MOST_HEADING_LINES:
        row = rows[above]
        gap = _top(rows[found[-1] if found else first]) - _bottom(row)
        if gap > (HEADING_LINE_GAP if found else widest) * height:
            break
        if any(run.is_value for run in row) or (
            found and len(row) < 2 and len(rows[found[-1]]) < 2
        ):
            break
        found.append(above)
        above -= 1
    while found and len(rows[found[-1]]) < 2:
        found.pop()  # a line above the titles is not one of them
    return tuple(reversed(found))


def _continues(rows: Sequence[Row], last: int, entry: int, height: float) -> bool:
    """Tell whether the next row goes on with the text of the last entry."""
    row = rows[last + 1]
    names = [run for run in rows[entry] if not run.is_value]
    return (
        len(row) == 1
        and not row[0].is_value
        and _top(row) - _bottom(rows[last]) < CONTINUED_GAP * height
        and any(abs(row[0].x0 - run.x0) < ALIGNED * height for run in names)
        and last + 1 - entry <= MOST_HEADING_LINES
    )


def _grid(rows: Sequence[Row], block: _Block, height: float) -> Grid:
    titles = [run for i in block.headings for run in rows[i]]
    xs = _column_borders([rows[i] for i in block.entries], titles, height)
    groups = [list(block.headings)] if block.headings else []
    start = block.headings[-1] + 1 if block.headings else block.entries[0]
    starts = _starts(rows, block, start, height)
    for begin, end in zip(starts, [*starts[1:], block.last + 1], strict=True):
        groups.append(list(range(begin, end)))
    tops = [min(_top(rows[i]) for i in group) for group in groups]
    bottoms = [max(_bottom(rows[i]) for i in group) for group in groups]
    middles = [(b + t) / 2 for b, t in zip(bottoms, tops[1:], strict=False)]
    ys = (tops[0], *middles, bottoms[-1])
    spans = _spans([[_cut(rows[i], xs, height) for i in group] for group in groups], xs)
    return Grid(tuple(xs), ys, spans, is_ruled=False, header_rows=int(bool(block.headings)))


def _starts(rows: Sequence[Row], block: _Block, first: int, height: float) -> list[int]:
    """First row of each entry: behind the widest gap; evenly spaced lines belong to the upper."""
    starts = [first]
    for above, below in pairwise(block.entries):
        gaps = [_gap(rows, i) for i in range(above, below)]
        is_even = max(gaps) - min(gaps) < UNEVEN * height
        starts.append(below if is_even else above + 1 + gaps.index(max(gaps)))
    return starts


def _column_borders(entries: Sequence[Row], titles: Sequence[Run], height: float) -> list[float]:
    """Part columns where hardly any row has a word; titles part and widen them too."""
    runs = [run for row in entries for run in row]
    left = min(run.x0 for run in [*runs, *titles])
    right = max(run.x1 for run in [*runs, *titles])
    step = max(height / 8, 1.0)
    size = int((right - left) / step) + 2
    edges = np.zeros(size + 1)
    for run in runs:
        edges[int((run.x0 - left) / step)] += 1
        edges[int((run.x1 - left) / step) + 1] -= 1
    inked = np.cumsum(edges)[:size] > STRAY_SHARE * len(entries)
    turns = np.flatnonzero(np.diff(np.concatenate(([0], inked.astype(int), [0]))))
    columns = [(left + a * step, left + b * step) for a, b in turns.reshape(-1, 2).tolist()]
    for title in titles:
        if not any(title.x0 < x1 and x0 < title.x1 for x0, x1 in columns):
            columns.append((title.x0, title.x1))
    columns.sort()
    parted = [part for column in columns for part in _parted(column, runs, titles, height)]
    inner = [(a[1] + b[0]) / 2 for a, b in pairwise(parted)]
    return [left, *inner, right]


def _parted(
    column: tuple[float, float], runs: Sequence[Run], titles: Sequence[Run], height: float
) -> list[tuple[float, float]]:
    """Part a column under two titles where its words leave a gap between these."""
    inside = sorted(
        t for t in ((t.x0, t.x1) for t in titles) if t[0] < column[1] and column[0] < t[1]
    )
    words = sorted(
        (word.x0, word.x1) for run in runs for word in run.words if column[0] <= word.x0 < column[1]
    )
    parts, start, reached = [], column[0], column[0]
    for x0, x1 in words:
        between = any(a[1] <= x0 and b[0] >= reached for a, b in pairwise(inside))
        if x0 - reached > TITLED_GAP * height and between:
            parts.append((start, reached))
            start = x0
        reached = max(reached, x1)
    return [*parts, (start, column[1])]


def _spans(groups: Sequence[Sequence[Row]], xs: Sequence[float]) -> tuple[Span, ...]:
    """Make a cell of each field, and one of those that a run crosses alone."""
    spans = []
    columns = len(xs) - 1
    for number, group in enumerate(groups):
        joined = [False] * columns  # with the column on its right
        for row in group:
            touched = [_touched(run, xs) for run in row]
            for first, last in touched:
                if len(row) < columns and last > first:
                    joined[first:last] = [True] * (last - first)
        if len(group) > 1:
            joined = [
                j and all(_crosses_or_misses(row, xs, c) for row in group)
                for c, j in enumerate(joined)
            ]
        column = 0
        while column < columns:
            last = column
            while last + 1 < columns and joined[last]:
                last += 1
            spans.append(Span(number, column, 1, last - column + 1))
            column = last + 1
    return tuple(spans)


def _cut(row: Row, xs: Sequence[float], height: float) -> Row:
    """Part runs at the borders that stand in a gap of theirs."""
    cut: list[Run] = []
    for run in row:
        start = 0
        for n, (word, following) in enumerate(pairwise(run.words), 1):
            gap = following.x0 - word.x1 > TITLED_GAP * height
            if gap and any(word.x1 <= x <= following.x0 for x in xs):
                cut.append(Run(run.words[start:n]))
                start = n
        cut.append(Run(run.words[start:]))
    return tuple(cut)


def _crosses_or_misses(row: Row, xs: Sequence[float], column: int) -> bool:
    """Tell whether no two runs of a row stand on the two sides of a border."""
    sides = [
        run for run in row if _touched(run, xs)[0] <= column + 1 and _touched(run, xs)[1] >= column
    ]
    return len(sides) <= 1


def _touched(run: Run, xs: Sequence[float]) -> tuple[int, int]:
    """First and last column that a run's words stand in, by their middles."""
    ends = ((word.x0 + word.x1) / 2 for word in (run.words[0], run.words[-1]))
    first, last = (min(max(bisect_left(xs, x) - 1, 0), len(xs) - 2) for x in ends)
    return first, max(first, last)


def _aligned(a: Run, b: Run, height: float) -> bool:
    off = min(abs(a.x0 - b.x0), abs(a.x1 - b.x1), abs(a.x0 + a.x1 - b.x0 - b.x1) / 2)
    return off < ALIGNED * height


def _overlap(a: Run, b: Run) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1


def _gap(rows: Sequence[Row], index: int) -> float:
    return _top(rows[index + 1]) - _bottom(rows[index])


def _top(row: Row) -> float:
    return min(word.y0 for run in row for word in run.words)


def _bottom(row: Row) -> float:
    return max(word.y1 for run in row for word in run.words)
