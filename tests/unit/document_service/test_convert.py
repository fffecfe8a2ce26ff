from datetime import date
from decimal import Decimal

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped]  # ships no types
from google.type.decimal_pb2 import Decimal as DecimalProto  # type: ignore[import-untyped]  # same

from dochub.document.v1 import document_pb2, document_service_pb2
from dochub.ocr.v1 import field_pb2, ocr_service_pb2
from dochub.type.v1 import value_pb2
from document_service.convert.basics import failure_from_proto, failure_to_proto
from document_service.convert.documents import document_filter_from_proto, options_from_proto
from document_service.convert.reading import extraction_from_proto, extraction_to_proto
from document_service.domain.errors import Failure
from document_service.domain.job import CANCELLED
from document_service.ports import DocumentFilter
from hubkit.core.errors import InvalidArgument, Kind
from tests.integration.document.directed_reader import EXTRACTION


def test_extraction_survives_the_wire() -> None:
    assert extraction_from_proto(extraction_to_proto(EXTRACTION)) == EXTRACTION


@pytest.mark.parametrize(
    "value",
    [
        value_pb2.Value(),
        value_pb2.Value(number=DecimalProto(value="NaN")),
        value_pb2.Value(number=DecimalProto(value="1,0")),
        value_pb2.Value(date=Date(year=2026, month=13, day=1)),
    ],
)
def test_reading_without_a_proper_value_is_left_out(value: value_pb2.Value) -> None:
    wire = field_pb2.Extraction(
        fields=[
            field_pb2.FieldReading(key="total", value=value),
            field_pb2.FieldReading(
                key="subtotal", value=value_pb2.Value(number=DecimalProto(value="1.50"))
            ),
            field_pb2.FieldReading(
                key="issue_date", value=value_pb2.Value(date=Date(year=2026, month=2, day=1))
            ),
        ]
    )
    found = extraction_from_proto(wire).fields
    assert [one.value for one in found] == [Decimal("1.50"), date(2026, 2, 1)]


def test_failure_survives_the_wire_and_a_cancel_has_its_own_code() -> None:
    failure = Failure(Kind.TIMEOUT, "TIMEOUT", "too long", {"page": "2"})
    assert failure_from_proto(failure_to_proto(failure)) == failure
    cancelled = failure_to_proto(CANCELLED)
    assert cancelled is not None
    assert (cancelled.code, len(cancelled.details)) == (1, 0)


def test_same_filter_in_another_order_is_the_same_list() -> None:
    states = [document_pb2.DOCUMENT_STATE_FAILED, document_pb2.DOCUMENT_STATE_UPLOADED]
    one = document_service_pb2.DocumentFilter(states=states, document_types=["receipt", "invoice"])
    two = document_service_pb2.DocumentFilter(
        states=states[::-1], document_types=["invoice", "receipt", "invoice"]
    )
    assert document_filter_from_proto(one) == document_filter_from_proto(two)
    assert document_filter_from_proto(document_service_pb2.DocumentFilter()) == DocumentFilter()


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({"states": [0]}, "filter.states"),
        ({"states": [99]}, "filter.states"),
        ({"document_types": ["no such type"]}, "filter.document_types"),
        ({"document_types": ["invoice\0"]}, "filter.document_types"),
        ({"create_time_from": Timestamp(seconds=1 << 60)}, "filter.create_time_from"),
        ({"create_time_to": Timestamp(seconds=-(1 << 60))}, "filter.create_time_to"),
    ],
)
def test_filter_that_means_nothing_names_its_field(wire: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        document_filter_from_proto(document_service_pb2.DocumentFilter(**wire))  # type: ignore[arg-type]  # by name
    assert refused.value.field == field


@pytest.mark.parametrize("languages", [["english!"], [""], ["th"] * 17])
def test_languages_that_are_none_are_refused(languages: list[str]) -> None:
    with pytest.raises(InvalidArgument):
        options_from_proto(ocr_service_pb2.OcrOptions(languages=languages))
