"""The grid of a table: row and column borders, and which fields of it are one cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """The fields of a grid that one cell takes up."""

    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a table is divided, on the upright page.

    Attributes:
        xs: Column borders from left to right, one more than there are columns.
        ys: Row borders from the top, one more than there are rows.
        spans: By row, then column; they cover every field exactly once.
        is_ruled: Whether drawn lines divide it.
        header_rows: How many rows are known to be headings; None to tell it from the text.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    spans: tuple[Span, ...]
    is_ruled: bool
    header_rows: int | None = None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower edge."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


Divided = Callable[[int, int], bool]


def spans_of(rows: int, columns: int, right: Divided, below: Divided) -> tuple[Span, ...]:
    """Join fields that nothing divides into cells, each a rectangle.

    Where fields that nothing divides make another shape, it is cut into rectangles from the top.

    Args:
        rows: Of the grid.
        columns: Of the grid.
        right: Whether a field (row, column) is divided from the one on its right.
        below: Whether it is divided from the one below.
    """
    taken = [[False] * columns for _ in range(rows)]
    spans = []
    for row in range(rows):
        for column in range(columns):
            if taken[row][column]:
                continue
            last = column
            while last + 1 < columns and not taken[row][last + 1] and not right(row, last):
                last += 1
            wide = range(column, last + 1)
            bottom = row
            while (
                bottom + 1 < rows
                and not any(below(bottom, c) for c in wide)
                and _is_alone(bottom + 1, wide, columns, right)
            ):
                bottom += 1
            for r in range(row, bottom + 1):
                taken[r][column : last + 1] = [True] * (last + 1 - column)
            spans.append(Span(row, column, bottom - row + 1, last - column + 1))
    return tuple(spans)


def _is_alone(row: int, wide: range, columns: int, right: Divided) -> bool:
    """Tell whether fields of a row are one with each other and with none beside them."""
    return (
        not any(right(row, c) for c in wide[:-1])
        and (wide[0] == 0 or right(row, wide[0] - 1))
        and (wide[-1] == columns - 1 or right(row, wide[-1]))
    )


def clustered(places: Sequence[float], apart: float) -> list[float]:
    """Give the means of places that lie closer together than `apart`, in order."""
    groups: list[list[float]] = []
    for place in sorted(places):
        if groups and place - groups[-1][0] < apart:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [sum(group) / len(group) for group in groups]
