"""Whatever stands on a page, its tables are whole: every field in one cell, every box inside."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_service.domain.page import Line, Table, Word
from ocr_service.pipeline.tables import find_tables
from ocr_service.pipeline.tables_grid import clustered, spans_of
from ocr_service.pipeline.tables_rules import Rules

WIDTH, HEIGHT = 1000.0, 800.0

places = st.integers(0, 40).map(lambda n: n * 20.0)
texts = st.sampled_from(["Paper", "12", "4.00", "€ 3,50", "01.02.2024", "Qty", "x", "รวม", "7 %"])


@st.composite
def line_values(draw: st.DrawFn) -> Line:
    x, y, text = draw(places), draw(places), draw(texts)
    wide, high = 10.0 * len(text), draw(st.sampled_from([14.0, 20.0, 26.0]))
    box = ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
    return Line(text, box, 0.9, (Word(text, box, 0.9),))


@st.composite
def rule_values(draw: st.DrawFn) -> Rules:
    def some() -> list[tuple[float, float, float]]:
        ends = draw(st.lists(st.tuples(places, places, places), max_size=12))
        return [(min(a, b), max(a, b), c) for a, b, c in ends]

    level, upright = (np.array(some(), np.float64).reshape(-1, 3) for _ in range(2))
    return Rules(level, upright)


def assert_whole(table: Table) -> None:
    fields = [
        (row, column)
        for cell in table.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    ]
    assert len(fields) == len(set(fields)) == table.rows * table.columns
    assert [(c.row, c.column) for c in table.cells] == sorted(
        (c.row, c.column) for c in table.cells
    )
    for cell in table.cells:
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in cell.box)
        assert 0 <= cell.confidence <= 1


@settings(max_examples=200)
@given(
    st.lists(line_values(), max_size=40),
    rule_values(),
    st.sampled_from([0, 90, 180, 270]),
    st.floats(-8, 8),
)
def test_tables_of_any_page_are_whole(
    lines: list[Line], rules: Rules, rotation: int, skew: float
) -> None:
    tables = find_tables(lines, rules, (WIDTH, HEIGHT), rotation, skew)
    for table in tables:
        assert_whole(table)
        words = [word for cell in table.cells for word in cell.text.split()]
        read = [word for line in lines for word in line.text.split()]
        assert all(words.count(word) <= read.count(word) for word in words)


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_spans_cover_a_grid_exactly_once(rows: int, columns: int, data: st.DataObject) -> None:
    flags = st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=6, max_size=6)
    right, below = data.draw(flags), data.draw(flags)
    spans = spans_of(rows, columns, lambda r, c: right[r][c], lambda r, c: below[r][c])
    covered = [
        (row, column)
        for s in spans
        for row in range(s.row, s.row + s.rows)
        for column in range(s.column, s.column + s.columns)
    ]
    assert sorted(covered) == [(r, c) for r in range(rows) for c in range(columns)]


@given(st.lists(st.floats(0, 1000), max_size=30), st.floats(1, 50))
def test_borders_keep_their_distance(found: list[float], apart: float) -> None:
    borders = clustered(found, apart)
    assert borders == sorted(borders)
    assert bool(borders) == bool(found)
    assert all(any(abs(place - b) <= apart for b in borders) for place in found)
