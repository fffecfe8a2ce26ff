"""Checks on a document's values: each finding says what disagrees and which fields to look at."""

from paperwork.validation.amounts import check_amounts, is_consistent
from paperwork.validation.identity import check_dates, check_tax_ids
from paperwork.validation.judge import check, judged

__all__ = [
    "check",
    "check_amounts",
    "check_dates",
    "check_tax_ids",
    "is_consistent",
    "judged",
]
