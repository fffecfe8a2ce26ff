"""All checks over one extraction: its findings, and their ids among the warnings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from paperwork.readings import Extraction, Finding
from paperwork.validation.arithmetic import check_arithmetic
from paperwork.validation.context import Values
from paperwork.validation.identity import (
    check_branches,
    check_dates,
    check_tax_id_forms,
    check_tax_ids,
    check_vat_numbers,
)
from paperwork.validation.particulars import check_currency, check_particulars, check_postcodes
from paperwork.validation.repair import repairs_of
from paperwork.validation.taxes import check_withholding


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


def judged(extraction: Extraction, today: date) -> Extraction:
    """Run every check, propose repairs, and put both in place of what was there before.

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
    checked = replace(extraction, findings=findings, warnings=warnings)
    return replace(checked, repairs=repairs_of(checked))
