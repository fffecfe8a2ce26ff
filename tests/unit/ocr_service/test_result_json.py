"""Findings, repairs and alternatives keep to the schema of the result."""

import json
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from hubkit.core.errors import NotFound
from ocr_service.domain.result_json import failure_json, reading_json
from paperwork.einvoice import merge, read_invoice
from paperwork.readings import Extraction, FieldReading, FieldSource, Value
from paperwork.validation import judged

jsonschema: Any = import_module("jsonschema")  # ships no types
ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "ocr_service" / "result.schema.json").read_text("utf-8"))
TODAY = date(2026, 6, 1)


def read(**values: Value) -> Extraction:
    fields = {
        key: FieldReading(key, value, str(value), 0.9, FieldSource.OCR)
        for key, value in values.items()
    }
    return Extraction("invoice", ("invoice",), 0.9, fields)


def test_a_repair_is_told_with_its_changes() -> None:
    paper = judged(read(subtotal=Decimal(100), tax_amount=Decimal(7), total=Decimal(170)), TODAY)
    result = reading_json("a.png", [], paper)
    jsonschema.validate(result, SCHEMA)
    repairs: Any = result["repairs"]
    assert {"key": "total", "line": None, "old_value": "170", "new_value": "107"} in [
        change for repair in repairs for change in repair["changes"]
    ]
    assert repairs[0]["mends"] == ["amount.total"]


def test_an_invoice_and_its_page_are_told_together() -> None:
    sample = ROOT / "tests" / "data" / "einvoices" / "etda.xml"
    invoice = read_invoice(sample.read_bytes())
    assert invoice is not None
    result = reading_json("a.pdf", [], judged(merge(read(total=Decimal(9)), invoice), TODAY))
    jsonschema.validate(result, SCHEMA)
    fields: Any = result["fields"]
    assert fields["total"]["extractor"] == "etda-e-tax"
    assert [each["value"] for each in fields["total"]["alternatives"]] == ["9"]
    findings: Any = result["findings"]
    assert "einvoice.differs" in [each["id"] for each in findings]


def test_a_file_that_was_not_read_keeps_the_form() -> None:
    jsonschema.validate(failure_json("a.pdf", NotFound("there is no such file")), SCHEMA)
