"""All checks over one extraction: its findings, and their ids among the warnings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from paperwork.readings import Extraction, Finding
from paperwork.validation.amounts import check_amounts
from paperwork.validation.context import Values
from paperwork.validation.identity import (
    check_branches,
    check_dates,
    check_tax_id_forms,
    check_tax_ids,
    check_vat_numbers,
)
from paperwork.validation.lines import check_line_sum, check_lines
from paperwork.validation.particulars import check_currency, check_particulars, check_postcodes
from paperwork.validation.taxes import check_tax, check_withholding, check_words

MAX_LINES = 2000
"""Further lines are not checked one by one."""


def check(
    values: Values, lines: Sequence[Values], functions: Collection[str], today: date
) -> list[Finding]:
    """Run every check; the order of the findings is always the same."""
    return [
        *check_arithmetic(values, lines),
        *check_tax_ids(values),
        *check_tax_id_forms(values),
        *check_vat_numbers(values),
        *check_branches(values),
        *check_dates(values, today),
        *check_withholding(values),
        *check_particulars(values, lines, functions),
        *check_currency(values),
        *check_postcodes(values),
    ]


def check_arithmetic(values: Values, lines: Sequence[Values]) -> list[Finding]:
    """Run the checks that tie amounts to each other."""
    return [
        *check_amounts(values),
        *check_lines(lines[:MAX_LINES]),
        *check_line_sum(values, lines),
        *check_tax(values, lines),
        *check_words(values),
    ]


def judged(extraction: Extraction, today: date) -> Extraction:
    """Run every check and put what it reports in place of what was reported before.

    Findings of other origin, such as a data file that differs from the page, are kept.
    """
    values = {key: field.value for key, field in extraction.fields.items()}
    lines = [{key: cell.value for key, cell in line.items()} for line in extraction.line_items]
    found = check(values, lines, extraction.functions, today)
    kept = [f for f in extraction.findings if f.id.startswith("einvoice.")]
    stale = {f.id for f in extraction.findings} - {f.id for f in kept}
    words = [w for w in extraction.warnings if w not in stale]
    findings = (*kept, *found)
    warnings = tuple(dict.fromkeys([*words, *(f.id for f in findings)]))
    return replace(extraction, findings=findings, warnings=warnings)
