"""Lays fields out for a terminal."""

import sys
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

PIPE_WIDTH: Final = 240
"""Columns where there is no terminal to ask: enough to cut nothing short."""
SURE: Final = 0.9
LIKELY: Final = 0.7


def console() -> Console:
    """Write to standard output, as wide as it is; into a pipe, wide enough for all."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def fields_table(fields: Iterable[tuple[str, object, float]]) -> Table:
    """Lay out fields: key, value, confidence, the last by colour too."""
    table = Table(box=None, show_header=False, pad_edge=True)
    for key, value, confidence in fields:
        colour = "green" if confidence >= SURE else "yellow" if confidence >= LIKELY else "red"
        table.add_row(f"[dim]{key}[/]", escape(str(value)), f"[{colour}]{confidence:.0%}[/]")
    return table
