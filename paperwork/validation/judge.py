"""All checks over one extraction: its findings, and their ids among the warnings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from paperwork.readings import Extraction
from paperwork.validation.amounts import check_amounts
from paperwork.validation.identity import check_dates, check_tax_ids


def judged(extraction: Extraction, today: date) -> Extraction:
    """Run every check and put what it reports in place of what was reported before.

    Findings of other origin, such as a data file that differs from the page, are kept.
    """
    values = {key: field.value for key, field in extraction.fields.items()}
    found = (*check_tax_ids(values), *check_amounts(values), *check_dates(values, today))
    kept = tuple(f for f in extraction.findings if f.id.startswith("einvoice."))
    stale = {f.id for f in extraction.findings} - {f.id for f in kept}
    words = [w for w in extraction.warnings if w not in stale]
    findings = (*kept, *found)
    warnings = tuple(dict.fromkeys([*words, *(f.id for f in findings)]))
    return replace(extraction, findings=findings, warnings=warnings)
