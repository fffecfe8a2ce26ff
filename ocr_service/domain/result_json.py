"""The JSON form of a reading, as `result.schema.json` states it."""

from collections.abc import Mapping, Sequence

from hubkit.core.errors import HubError
from ocr_service.domain.page import Line, Page, Table, Word
from paperwork.readings import (
    Alternative,
    Extraction,
    FieldReading,
    Finding,
    Region,
    Repair,
    canonical,
)

SCHEMA_VERSION = 1

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | None
Result = dict[str, Json]


def reading_json(
    file: str, pages: Sequence[Page], extraction: Extraction, warnings: Sequence[str] = ()
) -> Result:
    """Render a file that was read.

    Args:
        file: Its base name.
        pages: Those that were asked for, in order.
        extraction: Made from these pages.
        warnings: On the file as a whole, before those of the extraction.
    """
    failed = [page.failure for page in pages if page.failure]
    error = failed[0] if failed and len(failed) == len(pages) else None
    return {
        "schema_version": SCHEMA_VERSION,
        "file": file,
        "document_type": extraction.document_type,
        "functions": list(extraction.functions),
        "type_confidence": round(extraction.type_confidence, 4),
        "type_alternatives": [
            {"document_type": name, "confidence": round(confidence, 4)}
            for name, confidence in extraction.type_alternatives
        ],
        "etda_code": extraction.etda_code,
        "is_copy": extraction.is_copy,
        "warnings": list(dict.fromkeys([*warnings, *extraction.warnings])),
        "pages": [_page(page) for page in pages],
        "fields": {key: _field(field) for key, field in extraction.fields.items()},
        "line_items": [
            {key: _field(field) for key, field in item.items()} for item in extraction.line_items
        ],
        "findings": [_finding(finding) for finding in extraction.findings],
        "repairs": [_repair(repair) for repair in extraction.repairs],
        "error": {"reason": error.reason, "message": error.message} if error else None,
    }


def failure_json(file: str, error: HubError) -> Result:
    """Render a file that could not be read."""
    return {
        "schema_version": SCHEMA_VERSION,
        "file": file,
        "document_type": None,
        "functions": [],
        "type_confidence": 0.0,
        "type_alternatives": [],
        "etda_code": None,
        "is_copy": None,
        "warnings": [],
        "pages": [],
        "fields": {},
        "line_items": [],
        "findings": [],
        "repairs": [],
        "error": {"reason": error.reason, "message": str(error)},
    }


def _page(page: Page) -> Json:
    failure = page.failure
    return {
        "page_number": page.number,
        "width": page.width,
        "height": page.height,
        "text_source": page.text_source.value,
        "rotation": page.rotation,
        "skew_degrees": page.skew_degrees,
        "warnings": list(page.warnings),
        "error": {"reason": failure.reason, "message": failure.message} if failure else None,
        "lines": [_line(line) for line in page.lines],
        "tables": [_table(table) for table in page.tables],
    }


def _line(line: Line) -> Json:
    return {**_word(line), "words": [_word(word) for word in line.words]}


def _table(table: Table) -> Json:
    return {
        "rows": table.rows,
        "columns": table.columns,
        "is_ruled": table.is_ruled,
        "box": _box(table.box),
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "row_span": cell.row_span,
                "column_span": cell.column_span,
                "is_header": cell.is_header,
                "kind": cell.kind.value,
                "text": cell.text,
                "confidence": cell.confidence,
                "box": _box(cell.box),
            }
            for cell in table.cells
        ],
    }


def _word(word: Word | Line) -> dict[str, Json]:
    return {"text": word.text, "confidence": word.confidence, "box": _box(word.box)}


def _field(field: FieldReading) -> Json:
    first = field.regions[0] if field.regions else None
    return {
        "value": canonical(field.value),
        "raw_text": field.raw_text,
        "confidence": round(field.confidence, 4),
        "source": field.source.value,
        "regions": [_region(region) for region in field.regions],
        "page_number": first.page_number if first else None,
        "box": _box(first.box) if first else None,
        "extractor": field.extractor,
        "alternatives": [_alternative(other) for other in field.alternatives],
    }


def _alternative(other: Alternative) -> Json:
    return {
        "value": canonical(other.value),
        "raw_text": other.raw_text,
        "confidence": round(other.confidence, 4),
        "reason": other.reason,
        "regions": [_region(region) for region in other.regions],
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "message_en": finding.message_en,
        "message_th": finding.message_th,
        "fields": list(finding.fields),
        "line": finding.line,
    }


def _repair(repair: Repair) -> Json:
    return {
        "changes": [
            {
                "key": change.key,
                "line": change.line,
                "old_value": None if change.old is None else canonical(change.old),
                "new_value": canonical(change.new),
            }
            for change in repair.changes
        ],
        "mends": list(repair.mends),
        "confidence": repair.confidence,
        "reason_en": repair.reason_en,
        "reason_th": repair.reason_th,
    }


def _region(region: Region) -> Json:
    return {"page_number": region.page_number, "box": _box(region.box)}


def _box(corners: Sequence[tuple[float, float]]) -> Json:
    return [[round(x, 2), round(y, 2)] for x, y in corners]
