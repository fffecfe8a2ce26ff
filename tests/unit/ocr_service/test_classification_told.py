"""What a document is, as the contract and the JSON result tell it."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ocr_service.convert import extraction_to_proto
from ocr_service.domain.result_json import reading_json
from paperwork.readings import Extraction

jsonschema: Any = import_module("jsonschema")  # ships no types
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[3] / "ocr_service" / "result.schema.json").read_text("utf-8")
)


def bill(*, is_copy: bool | None) -> Extraction:
    return Extraction(
        "tax_invoice",
        ("tax_invoice", "delivery_note"),
        0.75,
        {},
        type_alternatives=(("receipt", 0.25),),
        etda_code="388",
        is_copy=is_copy,
    )


@pytest.mark.parametrize("is_copy", [True, False, None])
def test_code_alternatives_and_copy_are_told(is_copy: bool | None) -> None:
    paper = bill(is_copy=is_copy)
    message = extraction_to_proto(paper, [])
    assert message.etda_code == "388"
    (other,) = message.type_alternatives
    assert (other.document_type, other.confidence) == ("receipt", 0.25)
    assert (message.is_copy if message.HasField("is_copy") else None) is is_copy
    result = reading_json("bill.pdf", [], paper)
    jsonschema.validate(result, SCHEMA)
    assert result["type_alternatives"] == [{"document_type": "receipt", "confidence": 0.25}]
    assert (result["etda_code"], result["type_confidence"]) == ("388", 0.75)
    assert result["is_copy"] is is_copy
