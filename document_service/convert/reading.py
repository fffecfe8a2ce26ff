"""Pages and fields: as the reader sends them, as they are kept, as they are shown."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from google.type.date_pb2 import Date  # type: ignore[import-untyped]  # ships no types
from google.type.decimal_pb2 import Decimal as DecimalProto  # type: ignore[import-untyped]  # same

from dochub.document.v1 import document_pb2, field_service_pb2
from dochub.ocr.v1 import field_pb2, page_pb2
from dochub.type.v1 import geometry_pb2, value_pb2
from document_service.convert.basics import failure_from_proto, failure_to_proto
from document_service.domain.correction import Edit
from document_service.domain.document import Classification
from document_service.domain.field import Extraction, FieldValue, Region, StoredField
from document_service.domain.page import PageInfo, PageReading
from hubkit.core.errors import InvalidArgument
from paperwork.readings import FieldSource, Finding, Severity, Value, canonical

_PREFIX = "TEXT_SOURCE_"
_SOURCES = {
    FieldSource.OCR: field_pb2.FIELD_SOURCE_OCR,
    FieldSource.TEXT_LAYER: field_pb2.FIELD_SOURCE_TEXT_LAYER,
    FieldSource.XML: field_pb2.FIELD_SOURCE_XML,
    FieldSource.HUMAN: field_pb2.FIELD_SOURCE_HUMAN,
}
_SEVERITIES = {
    Severity.WARNING: field_pb2.SEVERITY_WARNING,
    Severity.ERROR: field_pb2.SEVERITY_ERROR,
}
_FROM_SOURCES: dict[int, FieldSource] = {wire: source for source, wire in _SOURCES.items()}


def page_from_proto(wire: page_pb2.PageResult, image: bytes, media_type: str) -> PageReading:
    """Read a page as the reader sent it, with its picture."""
    lines = len(wire.lines)
    confidence = sum(line.confidence for line in wire.lines) / lines if lines else 0.0
    info = PageInfo(
        number=wire.page_number,
        width_px=wire.size_px.width,
        height_px=wire.size_px.height,
        text_source=_text_source_from_proto(wire.text_source),
        rotation=wire.rotation,
        skew_degrees=wire.skew_degrees,
        mean_confidence=confidence,
        line_count=lines,
        warnings=tuple(wire.warnings),
        error=failure_from_proto(wire.error) if wire.HasField("error") else None,
    )
    return PageReading(
        info=info,
        layout=wire.SerializeToString(deterministic=True),
        transform=tuple(wire.transform),
        image=image,
        image_media_type=media_type,
        image_width_px=wire.image_size_px.width,
        image_height_px=wire.image_size_px.height,
    )


def page_to_proto(info: PageInfo) -> document_pb2.Page:
    """Write a page without its text."""
    return document_pb2.Page(
        page_number=info.number,
        size_px=geometry_pb2.Size(width=info.width_px, height=info.height_px),
        text_source=_text_source_to_proto(info.text_source),
        rotation=info.rotation,
        skew_degrees=info.skew_degrees,
        mean_confidence=info.mean_confidence,
        line_count=info.line_count,
        warnings=info.warnings,
        error=failure_to_proto(info.error),
    )


def layout_to_proto(info: PageInfo, layout: bytes) -> page_pb2.PageResult:
    """Write a page with its lines and words: as the reader sent it, with what we found beside."""
    page = page_pb2.PageResult.FromString(layout)
    page.page_number = info.number
    page.text_source = _text_source_to_proto(info.text_source)
    page.warnings[:] = info.warnings
    error = failure_to_proto(info.error)
    if error is not None:
        page.error.CopyFrom(error)
    return page


def extraction_from_proto(wire: field_pb2.Extraction) -> Extraction:
    """Read what was extracted; a reading without a value is left out."""
    return Extraction(
        classification=Classification(
            wire.document_type, tuple(wire.functions), wire.type_confidence
        ),
        fields=_readings(wire.fields),
        line_items=tuple(_readings(line.cells) for line in wire.line_items),
        warnings=tuple(wire.warnings),
    )


def extraction_to_proto(found: Extraction) -> field_pb2.Extraction:
    """Write what was extracted."""
    return field_pb2.Extraction(
        document_type=found.classification.document_type,
        functions=found.classification.functions,
        type_confidence=found.classification.confidence,
        fields=[_reading_to_proto(one) for one in found.fields],
        line_items=[
            field_pb2.LineItemReading(cells=[_reading_to_proto(cell) for cell in cells])
            for cells in found.line_items
        ],
        warnings=found.warnings,
    )


def fields_to_proto(
    fields: tuple[StoredField, ...], findings: tuple[Finding, ...]
) -> field_service_pb2.ListFieldsResponse:
    """Write a document's fields, its line items in order, and what the checks report."""
    answer = field_service_pb2.ListFieldsResponse(
        findings=[finding_to_proto(finding) for finding in findings]
    )
    lines: dict[int, field_service_pb2.LineItem] = {}
    for one in fields:
        wire = field_to_proto(one)
        if one.position is None:
            answer.fields.append(wire)
        else:
            line = lines.setdefault(one.position, field_service_pb2.LineItem(position=one.position))
            line.cells.append(wire)
    answer.line_items.extend(lines[position] for position in sorted(lines))
    return answer


def date_to_proto(day: date) -> Date:
    """Write a calendar day."""
    return Date(year=day.year, month=day.month, day=day.day)


def edit_from_proto(wire: field_service_pb2.FieldEdit) -> Edit:
    """Read what a field is to be.

    Raises:
        InvalidArgument: It is to be taken away and to be something.
    """
    if wire.clear and wire.text:
        raise InvalidArgument("send text, or set clear", field="clear")
    text = None if wire.clear else wire.text.strip()
    return Edit(wire.position or None, wire.key, text, wire.etag)


def finding_to_proto(finding: Finding) -> field_pb2.Finding:
    """Write what a check reports."""
    return field_pb2.Finding(
        id=finding.id,
        severity=_SEVERITIES[finding.severity],
        message_en=finding.message_en,
        message_th=finding.message_th,
        fields=finding.fields,
        line=finding.line or 0,
    )


def field_to_proto(field: StoredField) -> field_service_pb2.Field:
    """Write one field as it stands."""
    value = field.value
    return field_service_pb2.Field(
        id=field.id,
        key=value.key,
        value=_value_to_proto(value.value),
        raw_text=value.raw_text,
        confidence=value.confidence,
        source=_SOURCES[value.source],
        regions=[_region_to_proto(region) for region in value.regions],
        etag=field.etag,
    )


def _reading_to_proto(value: FieldValue) -> field_pb2.FieldReading:
    return field_pb2.FieldReading(
        key=value.key,
        value=_value_to_proto(value.value),
        raw_text=value.raw_text,
        confidence=value.confidence,
        source=_SOURCES[value.source],
        regions=[_region_to_proto(region) for region in value.regions],
    )


def _readings(wires: Iterable[field_pb2.FieldReading]) -> tuple[FieldValue, ...]:
    """Read fields; of one key the first counts."""
    found: dict[str, FieldValue] = {}
    for wire in wires:
        value = _value_from_proto(wire.value)
        if value is not None and wire.key not in found:
            found[wire.key] = FieldValue(
                key=wire.key,
                value=value,
                raw_text=wire.raw_text,
                confidence=wire.confidence,
                source=_FROM_SOURCES.get(wire.source, FieldSource.OCR),
                regions=tuple(_region_from_proto(region) for region in wire.regions),
            )
    return tuple(found.values())


def _value_to_proto(value: Value) -> value_pb2.Value:
    written = canonical(value)
    if isinstance(value, Decimal):
        return value_pb2.Value(number=DecimalProto(value=written), canonical=written)
    if isinstance(value, date):
        return value_pb2.Value(date=date_to_proto(value), canonical=written)
    return value_pb2.Value(text=value, canonical=written)


def _value_from_proto(wire: value_pb2.Value) -> Value | None:
    kind = wire.WhichOneof("kind")
    if kind == "text":
        return wire.text
    try:
        if kind == "number":
            number = Decimal(wire.number.value)
            return number if number.is_finite() else None
        if kind == "date":
            return date(wire.date.year, wire.date.month, wire.date.day)
    except (InvalidOperation, ValueError):
        # A figure or day that does not exist is no value; the text beside it was no reading.
        return None
    return None


def _region_to_proto(region: Region) -> geometry_pb2.Region:
    vertices = [geometry_pb2.Vertex(x=x, y=y) for x, y in region.polygon]
    return geometry_pb2.Region(
        page_number=region.page_number, polygon=geometry_pb2.Polygon(vertices=vertices)
    )


def _region_from_proto(wire: geometry_pb2.Region) -> Region:
    return Region(wire.page_number, tuple((v.x, v.y) for v in wire.polygon.vertices))


def _text_source_from_proto(number: int) -> str:
    if number in page_pb2.TextSource.values():
        name = page_pb2.TextSource.Name(page_pb2.TextSource.ValueType(number))
        if name != "TEXT_SOURCE_UNSPECIFIED":
            return name.removeprefix(_PREFIX)
    return "NONE"


def _text_source_to_proto(word: str) -> page_pb2.TextSource.ValueType:
    return page_pb2.TextSource.Value(_PREFIX + word)
