"""All checks that tie amounts to each other, as one."""

from collections.abc import Sequence

from paperwork.readings import Finding
from paperwork.validation.amounts import check_amounts
from paperwork.validation.context import Values
from paperwork.validation.lines import check_line_sum, check_lines
from paperwork.validation.taxes import check_tax, check_words

MAX_LINES = 2000
"""Further lines are not checked one by one."""


def check_arithmetic(values: Values, lines: Sequence[Values]) -> list[Finding]:
    """Run the checks that tie amounts to each other."""
    return [*check_sums(values, lines), *check_lines(lines[:MAX_LINES])]


def check_sums(values: Values, lines: Sequence[Values]) -> list[Finding]:
    """Run those that tie the sums to each other and to the lines together."""
    return [
        *check_amounts(values),
        *check_line_sum(values, lines),
        *check_tax(values, lines),
        *check_words(values),
    ]
