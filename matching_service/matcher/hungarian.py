"""The best one-to-one assignment (Kuhn 1955, in the shortest-path form of Jonker and Volgenant)."""

from collections.abc import Sequence


def best_assignment(weights: Sequence[Sequence[float]]) -> list[int | None]:
    """Give every row at most one column, so that the sum of the weights is greatest.

    Args:
        weights: Rows of equal length; a pair of weight 0 or less is never assigned.

    Returns:
        The column of each row, or None. Cost is rows² x columns; ties go to the earlier column.
    """
    if not weights or not weights[0]:
        return [None] * len(weights)
    turned = len(weights) > len(weights[0])
    rows = [list(column) for column in zip(*weights, strict=True)] if turned else weights
    columns = _solve(rows)
    if not turned:
        return [c if c is not None and weights[r][c] > 0 else None for r, c in enumerate(columns)]
    found: list[int | None] = [None] * len(weights)
    for column, row in enumerate(columns):
        if row is not None and weights[row][column] > 0:
            found[row] = column
    return found


def _solve(weights: Sequence[Sequence[float]]) -> list[int | None]:
    """Assign every row, with at least as many columns as rows; weights below 0 count as 0."""
    n, m = len(weights), len(weights[0])
    top = max(0.0, *(max(row) for row in weights))
    row_price, column_price = [0.0] * (n + 1), [0.0] * (m + 1)
    row_of, back = [0] * (m + 1), [0] * (m + 1)
    for row in range(1, n + 1):
        row_of[0], column = row, 0
        least, used = [float("inf")] * (m + 1), [False] * (m + 1)
        while row_of[column]:
            used[column] = True
            current, step, following = row_of[column], float("inf"), 0
            for other in range(1, m + 1):
                if used[other]:
                    continue
                cost = top - max(0.0, weights[current - 1][other - 1])
                reduced = cost - row_price[current] - column_price[other]
                if reduced < least[other]:
                    least[other], back[other] = reduced, column
                if least[other] < step:
                    step, following = least[other], other
            for other in range(m + 1):
                if used[other]:
                    row_price[row_of[other]] += step
                    column_price[other] -= step
                else:
                    least[other] -= step
            column = following
        while column:
            row_of[column] = row_of[back[column]]
            column = back[column]
    found: list[int | None] = [None] * n
    for column in range(1, m + 1):
        if row_of[column]:
            found[row_of[column] - 1] = column - 1
    return found
