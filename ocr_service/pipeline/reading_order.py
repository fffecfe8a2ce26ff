"""The order in which people read the lines of an upright, level page."""

import numpy as np

from ocr_service.pipeline.geometry import Floats

SAME_ROW_OVERLAP = 0.5
"""Share of the lower of two heights that must be common for two boxes to share a row."""


def reading_order(quads: Floats) -> list[int]:
    """Order (N, 4, 2) quads row by row from the top, each row from the left.

    A row is grown from its first box, not from the last one added, so that a slanted or stepped
    run of boxes does not chain two rows into one.
    """
    if len(quads) == 0:
        return []
    top, bottom = quads[:, :, 1].min(axis=1), quads[:, :, 1].max(axis=1)
    left = quads[:, :, 0].min(axis=1)
    rows: list[list[int]] = []
    for i in np.lexsort((left, (top + bottom) / 2)).tolist():
        if rows:
            first = rows[-1][0]
            common = min(bottom[i], bottom[first]) - max(top[i], top[first])
            lower = min(bottom[i] - top[i], bottom[first] - top[first])
            if common >= SAME_ROW_OVERLAP * lower:
                rows[-1].append(i)
                continue
        rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda k: (left[k], top[k]))]
